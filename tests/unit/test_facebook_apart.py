"""Alternative texts and captions on Facebook: asked for by themselves, fifty at once, and what of them is refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from archiver.platforms.errors import MediumWithheldError, UnreadableAnswerError
from archiver.platforms.facebook import Facebook
from archiver.platforms.facebook_apart import MARKS, marked
from archiver.platforms.items import ALT_TEXTS, CAPTIONS, Item, ItemKind, Media, Source
from archiver.platforms.pages import AccountRef
from tests.fixtures.graph import GONE, TOKEN, refused, told, unknown
from tests.fixtures.hostile import anything, body, keepable
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, ReplayError, account

CITY = account("facebook", "565225540184937", "riverbendparks", token=TOKEN, stream="posts")
TRACK = {
    "id": "77",
    "locale": "en_US",
    "locale_name": "English (US)",
    "uri": "https://video.xx.fbcdn.net/v/1.srt?oh=x",
    "is_auto_generated": True,
    "is_default": True,
    "created_time": "2026-03-02T17:33:30+0000",
}
quick = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def post(*media: Media, identity: str = "1_2") -> Item:
    """A post of the page as its listing shows it."""
    return marked(Item(ItemKind.POST, identity, Source.API, media=media))


def picture(identity: str, beside: str | None = None) -> Media:
    """A picture."""
    return Media(identity, "image", f"https://scontent.xx.fbcdn.net/{identity}.jpg", beside)


def test_pictures_have_the_pages_own_alternative_text_or_the_platforms() -> None:
    """Whose it is, is evidence; what was written beside a picture follows; one that has neither has no words."""
    item = post(picture("11", "Opening day"), picture("12"), picture("13"), picture("https://elsewhere/1.jpg"))
    answer = {
        "11": {"id": "11", "alt_text": "Children in a pool", "alt_text_custom": "Children in a pool"},
        "12": {"id": "12", "alt_text": "May be an image of text"},
        "13": {"id": "13"},
    }
    session = JudgedSession(Facebook(), told(answer))
    found = Facebook().complete(session, CITY, [item]).items["1_2"]
    assert [each.alt_text for each in found.media] == [
        "Children in a pool\n\nOpening day",
        "May be an image of text",
        None,
        None,
    ]
    assert found.evidence[ALT_TEXTS] == [
        {"id": "11", "text": "Children in a pool", "by": "page"},
        {"id": "12", "text": "May be an image of text", "by": "platform"},
    ]
    assert found.not_requested == frozenset()
    (asked,) = session.asked
    assert asked.url == "https://graph.facebook.com/v26.0/"
    assert (asked.params["ids"], asked.params["fields"]) == ("11,12,13", "alt_text,alt_text_custom")


def test_captions_are_attachments_of_the_post_of_their_video() -> None:
    """By the track's id and time, with the language; that the platform made them is said."""
    item = post(Media("21", "video"))
    found = Facebook().complete(JudgedSession(Facebook(), told({"21": {"captions": {"data": [TRACK]}}})), CITY, [item])
    medium = found.items["1_2"].media[1]
    assert medium == Media(
        "21/captions/77@2026-03-02T17:33:30+0000",
        "file",
        TRACK["uri"],
        "captions in English (US), made by the platform",
    )
    assert found.items["1_2"].evidence[CAPTIONS] == [
        {
            "video": "21",
            "id": "77",
            "locale": "en_US",
            "name": "English (US)",
            "created": "2026-03-02T17:33:30+0000",
            "automatic": True,
            "default": True,
        }
    ]
    bare = {"locale": "en_US", "uri": TRACK["uri"]}
    ids = {
        Facebook()
        .complete(JudgedSession(Facebook(), told({"21": {"captions": {"data": [{**bare, "uri": uri}]}}})), CITY, [item])
        .items["1_2"]
        .media[1]
        .id
        for uri in (TRACK["uri"], "https://scontent.xx.fbcdn.net/v/1.srt?oh=y", "https://video.xx.fbcdn.net/v/2.srt")
    }
    assert len(ids) == 2


def test_one_that_cannot_be_read_costs_itself_alone() -> None:
    """The platform refuses all for one: the others are read in halves, and the one is noted."""
    item = post(*(picture(str(number)) for number in range(11, 15)))
    answers = [
        GONE,
        told({"11": {"alt_text": "A"}, "12": {"alt_text": "B"}}),
        GONE,
        GONE,
        told({"14": {"alt_text": "D"}}),
    ]
    session = JudgedSession(Facebook(), *answers)
    found = Facebook().complete(session, CITY, [item])
    assert [each.params["ids"] for each in session.asked] == ["11,12,13,14", "11,12", "13,14", "13", "14"]
    assert [each.alt_text for each in found.items["1_2"].media] == ["A", "B", None, "D"]
    (note,) = found.skipped
    assert not note.lost
    assert "picture 13" in note.what


def test_what_is_refused_stands_as_it_was() -> None:
    """Without the permission nothing is asked for twice, nothing is taken for empty, and each is noted."""
    item = post(picture("11"), picture("12"), Media("21", "video"))
    answers = (refused(10, "(#10) This endpoint requires the permission", status=403),) * 2
    session = JudgedSession(Facebook(), *answers)
    found = Facebook().complete(session, CITY, [item])
    assert found.items["1_2"].not_requested == MARKS
    assert len(session.asked) == 2
    assert [each.lost for each in found.skipped] == [False] * 3


def test_a_field_that_a_version_does_not_know_is_asked_for_no_more() -> None:
    """A detail of a track is left out; where alternative texts themselves are unknown, three questions are enough."""
    item = post(Media("21", "video"))
    answers = (unknown("is_default", "VideoCaption"), told({"21": {"captions": {"data": [TRACK]}}}))
    session = JudgedSession(Facebook(), *answers)
    assert len(Facebook().complete(session, CITY, [item]).items["1_2"].media) == 2
    assert "is_default" not in str(session.asked[1].params["fields"])
    many = post(*(picture(str(number)) for number in range(100, 140)))
    session = JudgedSession(Facebook(), *[unknown("alt_text", "Photo")] * 40)
    found = Facebook().complete(session, CITY, [many])
    assert found.items["1_2"].not_requested == MARKS - {CAPTIONS}
    assert len(session.asked) < 12
    assert len(found.skipped) == 40


def test_an_outage_is_no_refusal() -> None:
    """An error without a code, or one that passes, is raised; an answer that leaves out what was asked for is unreadable."""
    item = post(picture("11"))
    for answer in (Answer(b"<html>", 502), refused(2, status=500), refused(190, status=401)):
        with pytest.raises(ReplayError):
            Facebook().complete(JudgedSession(Facebook(), answer), CITY, [item])
    with pytest.raises(UnreadableAnswerError):
        Facebook().complete(JudgedSession(Facebook(), told({})), CITY, [item])


def test_the_address_of_a_track_is_asked_for_afresh() -> None:
    """It is signed and expires; a track that is there no more, or is refused, is withheld."""
    medium = Media("21/captions/77@2026-03-02T17:33:30+0000", "file", "https://old")
    session = JudgedSession(Facebook(), told({"21": {"captions": {"data": [{}, TRACK]}}}))
    assert Facebook().media_request(session, CITY, medium) == TRACK["uri"]
    for answer in (told({"21": {}}), GONE):
        with pytest.raises(MediumWithheldError):
            Facebook().media_request(JudgedSession(Facebook(), answer), CITY, medium)


def test_only_what_has_pictures_or_videos_of_the_platform_is_asked_for() -> None:
    """Other media tell what changes; a post without any has nothing to be asked for; what tags the page is not the page's."""
    assert post().apart is None
    assert post(picture("https://elsewhere/1.jpg")).apart is None
    assert post(picture("11")).apart != post(picture("12")).apart
    mention = AccountRef(1, "facebook", "", "1", "p", {**CITY.settings, "stream": "mentions"})
    assert Facebook().apart(mention) is None
    assert Facebook().apart(CITY) is not None


@quick
@given(anything(["11", "21", "captions", "data", "alt_text", "uri", "locale", "id", "error", "code"], ["a", "1"]))
def test_no_answer_breaks_a_capture(answer: Any) -> None:
    """Whatever JSON comes, a post that can be kept comes of it, or the documented error."""
    item = post(picture("11"), Media("21", "video"))
    with contextlib.suppress(UnreadableAnswerError, ReplayError, IndexError):
        session = JudgedSession(Facebook(), *[Answer(body(answer))] * 4)
        assert keepable(Facebook().complete(session, CITY, [item]).items.values())
