"""YouTube's Data API: its refusals, its day's units, its page tokens, its threads, and whatever else may stand in an answer."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Media, State, StreamKind
from archiver.platforms.manners import Meaning, Verdict
from archiver.platforms.youtube import YouTube
from archiver.platforms.youtube_threads import OFF, PUBLISHED_ONLY
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.sessions import Answer, RecordedSession, ReplayError, account, exchange_of

if TYPE_CHECKING:
    from archiver.platforms.pages import Page

API = "https://youtube.googleapis.com/youtube/v3"
VIDEOS, OAUTH = f"{API}/videos?part=snippet", "https://oauth2.googleapis.com/token"
CHANNEL = "UCriverbendParks0000000A"
RENEWING = {"refresh_token": "1//old", "client_id": "app", "client_secret": "app-secret"}
PARKS = account("youtube", CHANNEL, "RiverbendParks", token="ya29.old", uploads_playlist="UUparks", **RENEWING)
KEY = account("youtube", CHANNEL, "RiverbendParks", api_key="a-key", uploads_playlist="UUparks")
NAMES = [
    "items", "kind", "id", "snippet", "nextPageToken", "error", "errors", "reason", "message", "code", "details", "metadata",
    "topLevelComment", "totalReplyCount", "replies", "comments", "moderationStatus", "textDisplay", "textOriginal", "parentId",
    "authorChannelId", "value", "authorDisplayName", "publishedAt", "updatedAt", "imageUrl", "channelId", "title", "description",
    "tags", "thumbnails", "default", "url", "status", "privacyStatus", "uploadStatus", "statistics", "commentCount",
    "contentDetails", "videoId", "resourceId", "relatedPlaylists", "uploads", "liveStreamingDetails", "customUrl",
    "brandingSettings", "image", "channel", "access_token", "refresh_token", "expires_in",
]  # fmt: skip
WORDS = [
    "youtube#commentThreadListResponse",
    "2026-03-03T18:00:00Z",
    "9999-12-31T23:59:59Z",
    "heldForReview",
    "poolOpen001",
    "UgxFirst",
    "private",
    "deleted",
]
quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def failed(reason: str, status: int = 403, **more: Any) -> Answer:
    """An answer that says that it failed, as Google writes it."""
    errors = [{"message": "Google's words", "domain": "youtube", "reason": reason}]
    return Answer(
        body({"error": {"code": status, "message": "Google's words", "errors": errors, **more}}), status=status
    )


def listed(*entries: Any, following: str | None = None) -> Answer:
    """A page of a listing."""
    told = {"kind": "youtube#someListResponse", "items": list(entries)}
    return Answer(body(told if following is None else {**told, "nextPageToken": following}))


def video(identity: str, at: str, **status: Any) -> dict[str, Any]:
    """A video as short as it may be."""
    return {"id": identity, "snippet": {"channelId": CHANNEL, "title": identity, "publishedAt": at}, "status": status}


def upload(identity: str) -> dict[str, Any]:
    """An entry of the playlist of uploads."""
    return {"id": f"PL{identity}", "contentDetails": {"videoId": identity}}


def comment(identity: str, **snippet: Any) -> dict[str, Any]:
    """A comment as short as it may be."""
    shown = {
        "textDisplay": identity,
        "publishedAt": "2026-03-03T18:00:00Z",
        "updatedAt": "2026-03-03T18:00:00Z",
        **snippet,
    }
    return {"id": identity, "snippet": shown}


def thread(first: dict[str, Any], *shown: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    """An entry of a listing of threads."""
    answers = len(shown) if total is None else total
    told: dict[str, Any] = {"id": first["id"], "snippet": {"topLevelComment": first, "totalReplyCount": answers}}
    return {**told, "replies": {"comments": list(shown)}} if shown else told


def judged(answer: Answer, url: str = VIDEOS) -> Verdict:
    """What an answer means; it has a meaning."""
    verdict = YouTube().judge(exchange_of(url, answer))
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("reason", "status", "meaning"),
    [
        ("quotaExceeded", 403, Meaning.EXHAUSTED),
        ("dailyLimitExceeded", 403, Meaning.EXHAUSTED),
        ("rateLimitExceeded", 403, Meaning.WAIT),
        ("rateLimitExceeded", 429, Meaning.WAIT),
        ("userRateLimitExceeded", 403, Meaning.WAIT),
        ("commentsDisabled", 403, Meaning.FORBIDDEN),
        ("forbidden", 403, Meaning.FORBIDDEN),
        ("insufficientPermissions", 403, Meaning.FORBIDDEN),
        ("SERVICE_UNAVAILABLE", 403, Meaning.FORBIDDEN),
        ("videoNotFound", 404, Meaning.FINAL),
        ("playlistNotFound", 404, Meaning.FINAL),
        ("keyInvalid", 400, Meaning.TOKEN),
        ("accessNotConfigured", 403, Meaning.TOKEN),
        ("authError", 401, Meaning.TOKEN),
        ("somethingNew", 401, Meaning.TOKEN),
        ("processingFailure", 400, Meaning.RETRY),
        ("invalidPageToken", 400, Meaning.FINAL),
    ],
)
def test_each_reason_means_what_google_says(reason: str, status: int, meaning: Meaning) -> None:
    """Each reason of the error table has its meaning, in Google's words."""
    verdict = judged(failed(reason, status))
    assert verdict.meaning is meaning
    assert f"{status} {reason}: Google's words" in verdict.words


def test_a_limit_says_which_it_is_in_the_details() -> None:
    """429 with a limit by the minute waits until the next one, one by the day until midnight, one that names a wait as long."""

    def limited(*details: dict[str, Any]) -> Verdict:
        return judged(Answer(body({"error": {"code": 429, "message": "Quota", "details": list(details)}}), status=429))

    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}
    minute = limited({**info, "metadata": {"quota_limit": "defaultPerMinutePerProject"}})
    assert (minute.meaning, minute.seconds) == (Meaning.WAIT, 60.0)
    day = limited({**info, "metadata": {"quota_limit": "defaultPerDayPerProject"}})
    assert day.meaning is Meaning.EXHAUSTED
    told = limited(info, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"})
    assert (told.meaning, told.seconds) == (Meaning.WAIT, 1.5)
    assert (limited(info).meaning, limited(info).seconds) == (Meaning.WAIT, None)


def test_a_days_units_end_at_midnight_in_los_angeles() -> None:
    """09:30 UTC in March is 01:30 there: what is used up opens again after 22.5 hours, for everybody of the same project."""
    exchange = exchange_of(VIDEOS, failed("quotaExceeded"))
    verdict = judged(failed("quotaExceeded"))
    assert verdict.seconds == 22.5 * 3600
    (told,) = YouTube().usage(PARKS, exchange)
    assert (told.remaining, told.resets_at) == (0, datetime(2026, 3, 3, 8, 0, tzinfo=UTC))
    assert told.budget == YouTube().draws(PARKS, "GET", VIDEOS)[0].budget
    assert not YouTube().usage(PARKS, exchange_of(VIDEOS, listed()))


def test_every_question_costs_a_unit_of_the_projects_day() -> None:
    """Accounts of one project draw from one budget, those of another from another; a share is an account's own."""
    youtube = YouTube()
    (draw,) = youtube.draws(PARKS, "GET", VIDEOS)
    assert (draw.units, draw.budget.units, draw.budget.shared_by) == (1, 10_000, "everyone")
    assert youtube.draws(KEY, "GET", VIDEOS) == (draw,)
    other = account("youtube", CHANNEL, token="t", project="library", daily_units="500", account_units="50")
    own, shared = youtube.draws(other, "GET", VIDEOS)
    assert (own.budget.units, own.budget.shared_by) == (50, "account")
    assert shared.budget.units == 500
    assert shared.budget.name != draw.budget.name
    assert not youtube.draws(PARKS, "POST", OAUTH)
    assert not youtube.draws(PARKS, "GET", "https://i.ytimg.com/vi/poolOpen001/maxresdefault.jpg")


def test_an_error_within_a_200_and_what_is_no_answer_of_the_api() -> None:
    """A 200 with an error in it is one; a picture's answers are HTTP's, so is a bare 502."""
    assert judged(dataclasses.replace(failed("backendError", 503), status=200)).meaning is Meaning.RETRY
    youtube = YouTube()
    assert youtube.judge(exchange_of("https://i.ytimg.com/vi/x/hq.jpg", failed("authError", 401))) is None
    assert youtube.judge(exchange_of(VIDEOS, Answer(b"<h1>502</h1>", status=502))) is None
    assert youtube.judge(exchange_of(VIDEOS, failed("backendError", 503))) is None
    assert youtube.judge(exchange_of(VIDEOS, listed({"id": "error"}))) is None


def test_a_refused_renewal_is_a_dead_token() -> None:
    """`invalid_grant` has another form; whoever reads it learns what to do."""
    refused = Answer(body({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}), 400)
    verdict = judged(refused, OAUTH)
    assert verdict.meaning is Meaning.TOKEN
    assert "Token has been expired or revoked. (connect the channel anew" in verdict.words


def test_a_renewal_keeps_the_refresh_token_unless_another_comes() -> None:
    """Google sends an access token of an hour; with a consent screen in testing it says when the refresh token ends, too."""
    session = RecordedSession(Answer(body({"access_token": "ya29.new", "expires_in": 3599, "token_type": "Bearer"})))
    renewal = YouTube().renew(session, PARKS)
    assert renewal is not None
    assert renewal.secrets == {"token": "ya29.new"}
    assert renewal.expires_at == {"token": datetime(2026, 3, 2, 10, 29, 59, tzinfo=UTC)}
    assert (session.asked[0].url, session.asked[0].sent) == (OAUTH, {**RENEWING, "grant_type": "refresh_token"})
    testing = {"access_token": "ya29.new", "expires_in": 3599, "refresh_token_expires_in": 604_799}
    renewal = YouTube().renew(RecordedSession(Answer(body(testing))), PARKS)
    assert renewal is not None
    assert renewal.secrets == {"token": "ya29.new", "refresh_token": "1//old"}
    assert renewal.expires_at["refresh_token"] - renewal.expires_at["token"] == timedelta(seconds=604_799 - 3599)
    assert YouTube().renew(RecordedSession(), KEY) is None
    with pytest.raises(UnreadableAnswerError):
        YouTube().renew(RecordedSession(Answer(body({"access_token": 7}))), PARKS)


def test_a_token_is_the_channels_own_or_lacks_its_grant() -> None:
    """A token of another channel opens no held comments, and is said to lack the owner's grant; a key tells nothing."""
    mine = YouTube().token(RecordedSession(listed({"id": CHANNEL})), PARKS)
    assert mine is not None
    assert (mine.alive, mine.missing, mine.renewable) == (True, (), True)
    other = YouTube().token(RecordedSession(listed({"id": "UCother"})), PARKS)
    assert other is not None
    assert CHANNEL in other.missing[0]
    assert "UCother" in other.words
    key = YouTube().token(RecordedSession(), KEY)
    assert key is not None
    assert (key.alive, key.renewable) == (None, False)


def test_a_key_is_sent_only_where_there_is_no_token() -> None:
    """The token goes into the head of a request, the key into its query, never both."""
    for who, sent, key in ((PARKS, "Bearer ya29.old", None), (KEY, None, "a-key")):
        session = RecordedSession(listed({"id": CHANNEL, "snippet": {}}))
        YouTube().status(session, dataclasses.replace(who, settings={**who.settings, "api_key": "a-key"}))
        assert session.asked[0].headers.get("Authorization") == sent
        assert session.asked[0].params.get("key") == key


def test_a_channel_is_found_by_its_handle_then_by_its_id() -> None:
    """The handle's case is the register's own; a changed one is learnt; one that nobody has is refused."""
    new = dataclasses.replace(PARKS, platform_id=None)
    session = RecordedSession(listed({"id": CHANNEL, "snippet": {"customUrl": "@riverbendparks"}}))
    status = YouTube().status(session, new)
    assert session.asked[0].params["forHandle"] == "@RiverbendParks"
    assert (status.platform_id, status.handle, status.state) == (CHANNEL, "RiverbendParks", State.PRESENT)
    status = YouTube().status(RecordedSession(listed({"id": CHANNEL, "snippet": {"customUrl": "@parks2"}})), PARKS)
    assert status.handle == "parks2"
    with pytest.raises(NoSuchHandleError):
        YouTube().status(RecordedSession(listed()), new)
    gone = YouTube().status(RecordedSession(Answer(body({"kind": "youtube#channelListResponse"}))), PARKS)
    assert gone.state is State.HIDDEN


def walked(*answers: Answer, resume: Any = None) -> list[Page]:
    """A walk over the uploads."""
    return list(YouTube().pages(RecordedSession(*answers), PARKS, StreamKind.POSTS, resume, {}))


def test_a_walk_follows_short_and_empty_pages_and_goes_on_where_it_stopped() -> None:
    """An empty page with a token is no end; a walk that is taken up again covers what follows, no more and no less."""
    first, second = video("newestVideo", "2026-03-03T18:00:00Z"), video("olderVideo1", "2026-03-02T18:00:00Z")
    answers = [
        listed(upload("newestVideo"), following="A"),
        listed(first),
        listed(following="B"),
        listed(upload("olderVideo1")),
        listed(second),
    ]
    pages = walked(*answers)
    assert [[item.id for item in page.items] for page in pages] == [["newestVideo"], [], ["olderVideo1"]]
    coverages = [page.coverage for page in pages]
    assert all(coverages)
    assert coverages[0] is not None
    assert coverages[0].before is None
    assert coverages[-1] is not None
    assert coverages[-1].after is None
    again = walked(*answers[3:], resume=pages[1].resume)
    assert (again[-1].items, again[-1].coverage) == (pages[-1].items, pages[-1].coverage)


def test_pages_that_circle_are_left_and_named() -> None:
    """A token that comes again leads nowhere: the walk ends, says so, and covers nothing more."""
    answers = [listed(upload("newestVideo"), following="A"), listed(video("newestVideo", "2026-03-03T18:00:00Z"))] * 2
    pages = walked(*answers)
    assert len(pages) == 2
    assert pages[-1].coverage is None
    assert pages[-1].skipped[0].lost
    with pytest.raises(UnreadableAnswerError):
        walked(*(listed(following=f"T{number}") for number in range(30)))


def test_a_playlist_that_ends_at_twenty_thousand_covers_no_more_than_it_showed() -> None:
    """Beyond the newest 20,000 uploads nothing is listed: the older are not missing for that."""
    resume = {"at": "Z", "below": "01772557201", "seen": 19_990}
    (page,) = walked(listed(upload("olderVideo1")), listed(video("olderVideo1", "2026-03-02T18:00:00Z")), resume=resume)
    assert page.coverage is not None
    assert page.coverage.after is not None


def test_what_youtube_says_is_deleted_is_no_video() -> None:
    """A video whose upload is `deleted` is taken at YouTube's word, and asked for again later."""
    answers = (
        listed(upload("goneVideo01")),
        listed(video("goneVideo01", "2026-03-02T18:00:00Z", uploadStatus="deleted")),
    )
    (page,) = walked(*answers)
    assert not page.items
    assert [(stone.id, stone.state) for stone in page.tombstones] == [("goneVideo01", State.NOT_RETURNED)]
    (found,) = YouTube().lookup(RecordedSession(answers[1]), PARKS, ["goneVideo01"])
    assert found.state is State.GONE_CONFIRMED


def read_thread(*answers: Answer, who: Any = PARKS, known: bytes | None = None) -> list[Page]:
    """The pages of a thread."""
    return list(YouTube().thread(RecordedSession(*answers), who, "poolOpen001", known))


def test_answers_beyond_the_subset_are_asked_for_to_the_last_page() -> None:
    """A thread that says that it has more answers than it shows is asked for them; one that shows all is not."""
    more = thread(comment("UgA"), comment("UgA.1", parentId="UgA"), total=3)
    whole = thread(comment("UgB"), comment("UgB.1", parentId="UgB"))
    answers = [listed(comment("UgA.2", parentId="UgA"), following="N"), listed(comment("UgA.3", parentId="UgA"))]
    pages = read_thread(listed(more, whole), *answers, who=KEY)
    shown = [item.id for page in pages for item in page.items]
    assert sorted(shown) == ["UgA", "UgA.1", "UgA.2", "UgA.3", "UgB", "UgB.1"]
    assert pages[-1].coverage is not None
    assert [page.coverage for page in pages[:-1]] == [None, None]
    assert pages[-1].counts[0].reason == PUBLISHED_ONLY
    orphaned = read_thread(listed(more), failed("commentNotFound", 404), who=KEY)
    assert orphaned[-1].coverage is not None


def test_held_comments_are_hidden_in_youtubes_word() -> None:
    """All three states are read with the owner's grant; a thread is listed as held for the sake of one answer, too."""
    held = comment("UgC", moderationStatus="heldForReview")
    answer = comment("UgA.1", parentId="UgA", moderationStatus="likelySpam")
    known = comment("UgA", moderationStatus="published")
    silent = comment("UgD")
    pages = read_thread(
        listed(thread(known)), listed(thread(held), thread(known, answer, total=9)), listed(thread(silent))
    )
    found = {item.id: item.hidden for page in pages for item in page.items}
    assert found == {
        "UgA": None,
        "UgC": "held for review (heldForReview)",
        "UgA.1": "held as likely spam (likelySpam)",
        "UgD": "held as likely spam (likelySpam)",
    }
    assert sum(item.id == "UgA" for page in pages for item in page.items) == 1


def test_comments_are_there_though_what_comes_after_them_fails() -> None:
    """The listing of those that are held fails: the page that was read is not lost for it, and covers nothing."""
    walk = YouTube().thread(RecordedSession(listed(thread(comment("UgA"))), Answer(b"", 500)), PARKS, "poolOpen001")
    page = next(walk)
    assert ([item.id for item in page.items], page.coverage) == (["UgA"], None)
    with pytest.raises(ReplayError):
        next(walk)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("comments?parentId=UgA", listed(comment("UgA.2", parentId="UgA"))),
        ("commentThreads?videoId=poolOpen001&moderationStatus=likelySpam", listed(thread(comment("UgD")))),
        ("commentThreads?videoId=poolOpen001", None),
        ("comments?parentId=UgUnknown", None),
        ("comments?id=UgA", None),
    ],
)
def test_a_part_of_a_thread_is_read_by_its_address(asked: str, answer: Answer | None) -> None:
    """Answers to a comment whose video is known, and what is held, as in the thread; a thread's beginning is no part of it."""
    session = RecordedSession(*filter(None, [answer]))
    known = {"UgA": "poolOpen001"}.get
    pages = list(YouTube().part_of_thread(session, PARKS, f"https://www.googleapis.com/youtube/v3/{asked}", known))
    found = {item.id: item.hidden for page in pages for item in page.items}
    assert found == ({} if answer is None else {"UgA.2": None} if "parentId" in asked else {
        "UgD": "held as likely spam (likelySpam)"
    })  # fmt: skip
    assert all(page.coverage is None for page in pages)


def test_a_comment_that_cannot_be_read_is_named_and_covers_nothing() -> None:
    """A broken entry costs itself alone; the thread is not whole, and its name ends with the video's id."""
    pages = read_thread(listed(thread(comment("UgA")), {"id": "UgB", "snippet": {"topLevelComment": []}}), who=KEY)
    assert [item.id for item in pages[0].items] == ["UgA"]
    assert pages[0].coverage is None
    assert pages[0].skipped[0].what.endswith("poolOpen001")


def test_comments_that_are_switched_off_are_a_fact() -> None:
    """`commentsDisabled` is no error: it is recorded, read as far as can be, and nothing held is missing for it."""
    (page,) = read_thread(failed("commentsDisabled"))
    assert [each.lost for each in page.skipped] == [False]
    assert page.counts[0].reason == OFF
    assert page.coverage is not None
    assert page.coverage.before == page.coverage.after
    (page,) = read_thread(failed("videoNotFound", 404))
    assert page.coverage is None


def test_the_same_answer_again_is_unchanged() -> None:
    """With a key a small thread comes in one answer: where the same bytes come, they are not read again."""
    answer = listed(thread(comment("UgA")))
    digest = exchange_of(VIDEOS, answer).received_sha256
    (page,) = read_thread(answer, who=KEY, known=digest)
    assert page.unchanged
    assert page.coverage is not None
    assert not page.items


def test_an_edit_is_told_by_another_time() -> None:
    """`updatedAt` other than `publishedAt` is an edit, the same moment written otherwise is none; names that are handles are."""
    edited = comment(
        "UgA", updatedAt="2026-03-03T19:00:00Z", authorDisplayName="@rosa", authorChannelId={"value": "UCr"}
    )
    same = comment("UgB", updatedAt="2026-03-03T18:00:00.000Z", authorDisplayName="Rosa")
    (page,) = read_thread(listed(thread(edited), thread(same)), who=KEY)
    first, second = page.items
    assert first.edited_at == datetime(2026, 3, 3, 19, tzinfo=UTC)
    assert first.author is not None
    assert (first.author.id, first.author.handle) == ("UCr", "rosa")
    assert (second.edited_at, second.author, second.evidence) == (None, None, {"author_name": "Rosa"})


def test_what_is_gone_is_said_with_what_a_key_cannot_tell() -> None:
    """What is left out of an answer by id is gone; with a key it may be private or held, and the words say so."""
    for who, told in ((PARKS, False), (KEY, True)):
        found = list(YouTube().lookup(RecordedSession(*[listed()] * 4), who, ["goneVideo01", "UgA"]))
        assert [each.state for each in found] == [State.GONE_CONFIRMED] * 2
        assert all(("held for review" in each.words) is told for each in found)


def test_a_comment_that_is_held_is_not_taken_for_deleted() -> None:
    """What is not shown by its id is looked for among all that are held on the channel, once for all that are asked for."""
    held = thread(comment("UgA", moderationStatus="published"), comment("UgA.1", moderationStatus="heldForReview"))
    spam = thread(comment("UgB"))
    session = RecordedSession(listed(), listed(following="N"), listed(held), listed(spam))
    found = {each.id: each for each in YouTube().lookup(session, PARKS, ["UgA", "UgA.1", "UgB", "UgC"])}
    assert {identity: each.state for identity, each in found.items()} == {
        "UgA": State.GONE_CONFIRMED,
        "UgA.1": State.HIDDEN,
        "UgB": State.HIDDEN,
        "UgC": State.GONE_CONFIRMED,
    }
    assert found["UgB"].words == "held as likely spam (likelySpam)"
    assert session.asked[1].params["allThreadsRelatedToChannelId"] == CHANNEL
    (unsure,) = YouTube().lookup(RecordedSession(listed(), failed("forbidden"), failed("forbidden")), PARKS, ["UgA"])
    assert "held for review" in unsure.words
    flood = [listed(spam, following=f"T{number}") for number in range(50)]
    (cut,) = YouTube().lookup(RecordedSession(listed(), *flood, listed()), PARKS, ["UgC"])
    assert cut.state is None


def test_a_walk_whose_place_is_forgotten_begins_anew() -> None:
    """Where YouTube does not know a page token any more, the uploads are walked from the newest again."""
    resume = {"at": "old", "below": "01772557201", "seen": 50}
    answers = [listed(upload("newestVideo")), listed(video("newestVideo", "2026-03-03T18:00:00Z"))]
    (page,) = walked(failed("invalidPageToken", 400), *answers, resume=resume)
    assert page.coverage is not None
    assert (page.coverage.before, page.coverage.after) == (None, None)


def test_nothing_to_ask_with_is_a_dead_token() -> None:
    """An account with neither token nor key is told so by Google, in other words than a token that is refused."""
    words = "The request is missing a valid API key."
    answer = Answer(body({"error": {"code": 403, "message": words, "errors": [{"reason": "forbidden"}]}}), status=403)
    assert judged(answer).meaning is Meaning.TOKEN


def test_pictures_are_fetched_from_where_they_are() -> None:
    """A cover has its own address; a picture in a comment is asked for afresh; what has none is refused."""
    youtube = YouTube()
    cover = Media("poolOpen001/cover", "image", "https://i.ytimg.com/vi/poolOpen001/hq.jpg")
    assert youtube.media_request(RecordedSession(), PARKS, cover) == cover.url
    session = RecordedSession(listed(comment("UgA", imageUrl="https://yt3.ggpht.com/new")), listed())
    assert youtube.media_request(session, PARKS, Media("UgA/image", "image", "old")) == "https://yt3.ggpht.com/new"
    with pytest.raises(UnreadableAnswerError):
        youtube.media_request(session, PARKS, Media("UgA/image", "image", "old"))


@quick
@given(st.lists(objects(NAMES, WORDS) | anything(NAMES, WORDS), min_size=8, max_size=8))
def test_no_answer_breaks_a_walk(answers: list[Any]) -> None:
    """Whatever JSON comes, a walk gives items that can be kept, or the documented error, and never another."""
    given_answers = [Answer(body(each)) for each in answers]
    youtube = YouTube()
    for walk in (
        lambda session: youtube.pages(session, PARKS, StreamKind.POSTS, None, {}),
        lambda session: youtube.thread(session, PARKS, "poolOpen001"),
    ):
        with contextlib.suppress(UnreadableAnswerError, IndexError):  # no further answer
            for page in walk(RecordedSession(*given_answers)):
                assert keepable(page.items)
    with contextlib.suppress(UnreadableAnswerError):
        status = youtube.status(RecordedSession(*given_answers), PARKS)
        assert keepable([status.profile] if status.profile else [])
    with contextlib.suppress(UnreadableAnswerError):
        list(youtube.lookup(RecordedSession(*given_answers), PARKS, ["poolOpen001", "UgA"]))
    for each in given_answers:
        youtube.judge(exchange_of(VIDEOS, dataclasses.replace(each, status=403)))


@quick
@given(st.lists(anything(NAMES, WORDS), max_size=4), st.lists(anything(NAMES, WORDS), max_size=4))
def test_no_entry_breaks_its_page(threads: list[Any], videos: list[Any]) -> None:
    """An entry of any form costs itself alone: the page is given."""
    good = thread(comment("UgGood"))
    pages = read_thread(listed(*threads, good), *([listed()] * 12), who=PARKS)
    assert any(item.id == "UgGood" for page in pages for item in page.items)
    (page, *_) = walked(listed(upload("goodVideo01")), listed(*videos, video("goodVideo01", "2026-03-03T18:00:00Z")))
    assert any(item.id == "goodVideo01" for item in page.items)
    assert keepable(page.items)
