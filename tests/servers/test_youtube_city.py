"""The city's channels on YouTube: captured, night after night, they are what was true."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests
import sqlalchemy as sa
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from archiver import accounts
from archiver.capture.export import export_account
from archiver.capture.tokens import standings
from archiver.coverage import posts_of
from archiver.platforms.youtube_threads import OFF, PUBLISHED_ONLY
from samplecity.faults import Fault
from samplecity.social import APIS
from samplecity.social.youtube import CLIENT, KEY, YouTube
from tests.fixtures.discovery import faults_of
from tests.fixtures.recorded import recorded
from tests.fixtures.social_nights import social_town
from tests.fixtures.social_trouble import end_equal_to_the_truth, lost_access
from tests.servers.test_facebook_city import unlike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samplecity.social.model import Thing
    from samplecity.social.world import SocialWorld
    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.social_nights import SocialTown

NIGHTS = 11
"""The last channel's token is refused in nights 2 to 4, and it is suspended in nights 7 to 9."""
_AT_TIMES = frozenset({"tags", "defaultLanguage", "textOriginal"})
"""Keys of recorded snippets that only some of the city's have."""
_MIDNIGHT = sa.text("update allowances set window_ends = now() - interval '1 s', held_until = null")


def set_settings(town: SocialTown, settings: Mapping[str, str | None]) -> None:
    """Change settings of every account in the register; None takes one out."""
    kept = {name: value for name, value in settings.items() if value is not None}
    gone = [name for name, value in settings.items() if value is None]
    with town.archive.engine.begin() as connection:
        connection.execute(
            sa.text("update accounts set settings = (settings || cast(:kept as jsonb)) - cast(:gone as text[])"),
            {"kept": json.dumps(kept), "gone": gone},
        )


def _busiest(world: SocialWorld, key: str) -> Thing:
    return max(world.posts("youtube", key), key=lambda one: len(world.comments("youtube", one.id)))


def test_eleven_nights_end_equal_to_the_truth(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos with covers and captions, and comments in all states of moderation, whatever went wrong on the way, and nothing
    else; a second capture of the last night changes nothing, every record's evidence is there, and no token is in any address.
    """
    monkeypatch.setitem(APIS, "youtube", YouTube(most=8))
    with social_town(make_archive, monkeypatch, "youtube", nights=NIGHTS, max_attempts=8) as town:
        set_settings(town, {"captions_days": "0"})
        end_equal_to_the_truth(town, NIGHTS)


def test_what_became_of_held_comments_is_in_the_moderation_record(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held and published, held and rejected, published and held later, and spam: each with the day on which it was seen."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        for night in range(1, 6):
            assert not town.troubles(night, town.night(night))
        story = town.city.social.story

        def acts(name: str) -> list[tuple[str, str]]:
            ((_, identity),) = story[name]
            return [
                (str(action), str(who))
                for action, who in town.sql(
                    "select m.action, m.by_whom from moderation m join items i on i.id = m.item_id "
                    "where i.platform_id = :id order by m.id",
                    id=identity,
                )
            ]

        assert acts("held_then_published") == [("held_for_review", "unknown"), ("unhidden", "unknown")]
        assert acts("held_then_rejected") == [("held_for_review", "unknown"), ("deleted", "unknown")]
        assert acts("likely_spam") == [("held_for_review", "the platform")]
        assert acts("published_then_held") == [("held_for_review", "unknown")]


def test_comments_that_are_switched_off_are_recorded_as_such(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video whose comments are off is read without an error, and what was there before is not missing for it."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        for night in (1, 2, 3):
            assert not town.troubles(night, town.night(night))
        closed = {identity for _, identity in town.city.social.story["comments_closed_and_back"]}
        closed |= {identity for _, identity in town.city.social.story["comments_closed"]}
        said = dict(
            town.sql(
                "select distinct on (i.platform_id) i.platform_id, k.reason from completeness k "
                "join items i on i.id = k.item_id where i.platform_id = any(:ids) order by i.platform_id, k.id desc",
                ids=list(closed),
            )
        )
        assert said == dict.fromkeys(closed, OFF)
        states = town.sql("select distinct state from items where root_id = any(:ids)", ids=list(closed))
        assert states == [("present",)]


def test_a_key_alone_reads_what_everybody_sees_and_says_so(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the owner's grant there are published comments only, the coverage says why, and the key is in no record."""
    monkeypatch.setenv("SAMPLE_CITY_KEY_YOUTUBE", KEY)
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        set_settings(town, {"token": None, "api_key": "env:SAMPLE_CITY_KEY_YOUTUBE"})
        assert not town.troubles(1, town.night(1))
        world = town.city.social.at(1)
        public = {
            one.id
            for account in town.city.social.accounts
            for post in world.posts("youtube", account.key)
            if not post.comments_disabled
            for one in world.comments("youtube", post.id)
            if one.moderation == "published"
        }
        held = {identity for (identity,) in town.sql("select platform_id from items where kind = 'comment'")}
        assert held == public
        (account_id,) = town.sql("select min(id) from accounts")[0]
        with town.archive.engine.connect() as connection:
            found = posts_of(connection, account_id, "youtube")
        words = Counter(each for post in found for each in post.explained.stated)
        assert set(words) == {PUBLISHED_ONLY}
        assert words[PUBLISHED_ONLY] == len(found)
        assert town.sql("select count(*) from exchanges where url like :key", key=f"%{KEY}%") == [(0,)]
        files = [path for path in town.archive.archive.spool.parent.rglob("*.warc*") if path.is_file()]
        kept = b"".join(gzip.decompress(path.read_bytes()) for path in files)
        assert b"commentThreadListResponse" in kept
        assert KEY.encode() not in kept
        assert town.sql("select count(*) from token_checks where alive is null")[0][0] == 2


def test_a_token_that_dies_is_no_deletion(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Google refuses a channel's token, nothing is said of any video."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        lost_access(town, 1, 2)


def test_a_token_of_an_hour_is_renewed_and_kept(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yesterday's access token is refused: another is had for the refresh token, and sealed before it is used. That it ends
    within the hour is nobody's to mend.
    """
    monkeypatch.setitem(APIS, "youtube", YouTube(lasting=False))
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        first = town.city.social.accounts[0]
        with town.archive.engine.begin() as connection:
            connection.execute(
                sa.text("update accounts set status = 'closed' where handle <> :handle"), {"handle": first.handle}
            )
        secret = f"env:{first.token_variable}"
        app = {"client_id": CLIENT, "token_url": f"{town.running.url}/youtube/token"}
        set_settings(town, {"refresh_token": secret, "client_secret": secret, **app})
        for night in (1, 2, 3):
            reports = town.night(night)
            assert all(report.complete for report in reports.values()), reports
        kept = town.sql("select setting, renewed_at, expires_at from account_tokens")
        assert [(setting, ends is not None) for setting, _, ends in kept] == [("token", True)]
        assert town.running.requests[3]["/youtube/token"] >= 1
        assert town.sql("select count(*) from exchanges where url like '%ya29%'") == [(0,)]
        assert [each.problem for each in standings(town.archive.archive) if each.account.endswith(first.handle)] == [
            None
        ]


def test_a_token_that_ends_under_way_is_renewed_and_the_stream_read_again(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that outlives its token's hour has another at the first refusal: the night is whole, no gap is put on record, and the
    capture that broke off says why.
    """
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        first = town.city.social.accounts[0]
        secret = f"env:{first.token_variable}"
        app = {"client_id": CLIENT, "token_url": f"{town.running.url}/youtube/token"}
        with town.archive.engine.begin() as connection:
            connection.execute(
                sa.text("update accounts set status = 'closed' where handle <> :handle"), {"handle": first.handle}
            )
        set_settings(town, {"refresh_token": secret, "client_secret": secret, **app})
        assert all(report.complete for report in town.night(1).values())
        town.running.install(Fault("^/youtube/youtube/v3/commentThreads", "expired_token", skip=1))
        report = export_account(town.archive.archive, accounts.active(town.archive.engine)[0])
        assert report.complete, report
        assert town.running.faults[0]["struck"] == 1
        ended = town.sql("select outcome, error from captures where outcome <> 'complete'")
        assert [outcome for outcome, _ in ended] == ["failed"]
        assert "renewed under way" in ended[0][1]
        assert town.sql("select count(*) from gaps where closed_at is null") == [(0,)]
        assert town.sql("select count(*) from states where state in ('not_returned', 'gone_confirmed')") == [(0,)]


def test_the_days_units_are_shared_and_the_next_day_goes_on(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Google says that the day's units are used up, every account of the project stops asking, nothing is said of any item,
    and the next night's capture is whole.
    """
    monkeypatch.setitem(APIS, "youtube", YouTube(units=40))
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        set_settings(town, {"captions": "none"})
        reports = town.night(1)
        assert not any(report.complete for report in reports.values())
        assert any("quotaExceeded" in problem for report in reports.values() for problem in report.problems)
        asked = sum(count for path, count in town.running.requests[1].items() if "/youtube/v3/" in path)
        assert asked == 41
        town.night(1)
        again = sum(count for path, count in town.running.requests[1].items() if "/youtube/v3/" in path)
        assert again == asked
        assert town.sql("select distinct state from sightings order by 1") == [("hidden",), ("present",)]
        pass_midnight(town)
        monkeypatch.setitem(APIS, "youtube", YouTube())
        reports = town.night(1)
        assert not town.troubles(1, reports)
        assert not _but_for_captions(town, 1)


def pass_midnight(town: SocialTown) -> None:
    """Let the day of Google's units end."""
    with town.archive.engine.begin() as connection:
        connection.execute(_MIDNIGHT)


def test_no_more_is_asked_than_the_project_may(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive counts by itself: with so many units a day for the project, or for an account, it stops before Google does."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        set_settings(town, {"captions": "none", "daily_units": "30", "account_units": "20"})
        town.running.at(1)
        names = [account.name for account in accounts.active(town.archive.engine)]
        spent = []
        for account in accounts.active(town.archive.engine):
            report = export_account(town.archive.archive, account)
            assert not report.complete
            spent.append(_asked(town))
        assert len(names) == 2
        assert spent == [20, 30]
        pass_midnight(town)
        set_settings(town, {"daily_units": None, "account_units": None})
        assert not town.troubles(1, town.night(1))
        assert not _but_for_captions(town, 1)


def _but_for_captions(town: SocialTown, night: int) -> list[str]:
    """The differences of things without captions: the others lack theirs."""
    captioned = {thing.id for thing in town.city.social.at(night).things("youtube") if thing.tracks}
    return [each for each in town.differences(night) if not any(identity in each for identity in captioned)]


def _asked(town: SocialTown) -> int:
    return sum(count for path, count in town.running.requests[1].items() if "/youtube/v3/" in path)


def test_too_many_requests_are_waited_for(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google names how long to wait: the capture waits as long, and ends whole."""
    with social_town(make_archive, monkeypatch, "youtube", faulty=False, limits={"youtube": (30, 1)}) as town:
        assert not town.troubles(1, town.night(1))
        assert not town.differences(1)
        assert town.sql("select count(*) from exchanges where status = 429")[0][0] > 0


def client(town: SocialTown, token: str, refresh_token: str | None = None) -> Any:
    """Google's own client with the discovery document that it ships, pointed at the city."""
    origin = f"{town.running.url}/youtube"
    credentials = Credentials(
        token,
        refresh_token=refresh_token,
        token_uri=f"{origin}/token",
        client_id=CLIENT,
        client_secret=town.city.social.accounts[0].token,
    )
    return build(
        "youtube", "v3", credentials=credentials, static_discovery=True, client_options={"api_endpoint": origin}
    )


def _every(method: Any, **asked: Any) -> list[dict[str, Any]]:
    """All entries of a listing, as Google's client walks it; each of its answers is as the discovery document has it."""
    found: list[dict[str, Any]] = []
    request = method.list(**asked)
    while request is not None:
        answer = request.execute(num_retries=0)
        assert not faults_of(answer)
        found += answer["items"]
        request = method.list_next(request, answer)
    return found


def test_googles_client_reads_the_channel_to_the_end(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """google-api-python-client pages through uploads, threads and answers, knows the errors, and renews a token that is refused;
    every answer fits the document.
    """
    monkeypatch.setitem(APIS, "youtube", YouTube(most=7))
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        town.running.at(5)
        world = town.city.social.at(5)
        mine, other = town.city.social.accounts[0], town.city.social.accounts[-1]
        api = client(town, mine.token)
        (channel,) = _every(api.channels(), part="snippet,contentDetails,statistics,brandingSettings", mine=True)
        assert (channel["id"], channel["snippet"]["customUrl"]) == (mine.id, f"@{mine.handle}")
        uploads = channel["contentDetails"]["relatedPlaylists"]["uploads"]
        listed = _every(api.playlistItems(), part="snippet,contentDetails,status", playlistId=uploads, maxResults=50)
        posts = world.posts("youtube", mine.key)
        assert [each["contentDetails"]["videoId"] for each in listed] == [post.id for post in posts]
        parts = "snippet,contentDetails,statistics,status,liveStreamingDetails"
        videos = _every(api.videos(), part=parts, id=",".join(post.id for post in posts[:20]))
        assert [each["id"] for each in videos] == [post.id for post in posts[:20]]
        post = _busiest(world, mine.key)
        found = set()
        for status in ("published", "heldForReview", "likelySpam"):
            asked = {"videoId": post.id, "moderationStatus": status, "textFormat": "plainText"}
            for thread in _every(api.commentThreads(), part="snippet,replies", maxResults=100, **asked):
                found.add(thread["id"])
                answers = _every(api.comments(), part="snippet", parentId=thread["id"], maxResults=100)
                assert thread["snippet"]["totalReplyCount"] == len(answers)
                found |= {each["id"] for each in answers}
        assert found == {one.id for one in world.comments("youtube", post.id)}
        (closed,) = town.city.social.story["comments_closed"]
        for asked, who, reason in (
            ({"videoId": closed[1]}, mine, "disabled comments"),
            ({"videoId": post.id, "moderationStatus": "likelySpam"}, other, "properly authorized"),
            ({"videoId": "-----------"}, mine, "could not be found"),
        ):
            with pytest.raises(HttpError, match=reason):
                client(town, who.token).commentThreads().list(part="snippet", **asked).execute()
        renewing = client(town, "token-youtube-nobody", mine.token)
        assert [each["id"] for each in _every(renewing.channels(), part="id", mine=True)] == [mine.id]
        with pytest.raises(RefreshError, match="invalid_grant"):
            client(town, "token-youtube-nobody", "another").channels().list(part="id", mine=True).execute()


def test_answers_have_the_keys_and_types_of_recorded_ones(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The city's answers have the recorded keys, of the recorded types; both fit the document."""
    root = recorded("youtube/sns-sdks__python-youtube/testdata")
    models = {
        "channels": "apidata/channels/info_multiple.json",
        "playlistItems": "modeldata/playlist_items/playlist_item_info.json",
        "videos": "modeldata/videos/video_api_response.json",
        "commentThreads": "modeldata/comments/comment_thread_api_response.json",
        "comments": "apidata/comments/comments_by_parent_paged_2.json",
    }
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        town.running.at(5)
        world = town.city.social.at(5)
        mine = town.city.social.accounts[0]
        post = _busiest(world, mine.key)
        ((_, busy),) = town.city.social.story["busy_comment"]
        asked: dict[str, tuple[str, dict[str, str]]] = {
            "channels": ("snippet,contentDetails,statistics,brandingSettings", {"id": mine.id}),
            "playlistItems": ("snippet,contentDetails,status", {"playlistId": f"UU{mine.id[2:]}"}),
            "videos": ("snippet,contentDetails,statistics,status", {"id": post.id}),
            "commentThreads": ("snippet,replies", {"videoId": post.id}),
            "comments": ("snippet", {"parentId": busy}),
        }
        for method, (part, params) in asked.items():
            answer = requests.get(
                f"{town.running.url}/youtube/youtube/v3/{method}",
                params={"part": part, **params},
                headers={"Authorization": f"Bearer {mine.token}"},
                timeout=20,
            ).json()
            model = json.loads((root / models[method]).read_text("utf-8"))
            theirs = model["items"][0] if "items" in model else model
            assert answer["items"]
            assert not [*faults_of(model), *faults_of(answer)]
            for each in answer["items"]:
                assert not unlike(each, theirs), method
                assert not set(theirs["snippet"]) - set(each["snippet"]) - _AT_TIMES, method
