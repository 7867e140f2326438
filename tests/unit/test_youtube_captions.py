"""Captions on YouTube: their lists and tracks, what they cost, and what becomes of those that are refused or not there yet."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms import youtube_captions as captions
from archiver.platforms.errors import MediumWithheldError, UnreadableAnswerError
from archiver.platforms.items import CAPTIONS, Item, ItemKind, Media, Source, StreamKind
from archiver.platforms.youtube import YouTube
from archiver.platforms.youtube_server import Server
from tests.fixtures.hostile import anything, body, keepable
from tests.fixtures.judged import JudgedSession
from tests.fixtures.sessions import Answer, account
from tests.unit.test_youtube import CHANNEL, KEY, PARKS, VIDEOS, failed, listed, upload, video

if TYPE_CHECKING:
    from archiver.platforms.apart import Completed

API = "https://youtube.googleapis.com/youtube/v3"
POSTS = dataclasses.replace(PARKS, settings={**PARKS.settings, "stream": "posts"})
ITEM = Item(
    ItemKind.POST,
    "poolOpen001",
    Source.API,
    media=(Media("poolOpen001/cover", "image"),),
    not_requested=frozenset({CAPTIONS}),
)
UPDATED = "2026-03-03T18:00:00.123456Z"
quick = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def track(identity: str = "AUie1", **snippet: Any) -> dict[str, Any]:
    """A track as short as it may be."""
    told = {"lastUpdated": UPDATED, "trackKind": "standard", "language": "en", "name": "", "status": "serving"}
    return {"kind": "youtube#caption", "id": identity, "snippet": {**told, **snippet}}


def completed(*tracks: Any, **given_settings: str) -> Completed:
    """The video with what its list of tracks says."""
    who = dataclasses.replace(POSTS, settings={**POSTS.settings, **given_settings})
    return YouTube().complete(JudgedSession(YouTube(), listed(*tracks)), who, [ITEM])


def test_tracks_are_attachments_of_their_video() -> None:
    """Each by its id and when it was last changed, with its language, its kind and its name; a draft is said to be one."""
    found = completed(
        track(), track("AUie2", language="de", name="Deutsch", isDraft=True), track("AUie3", trackKind="ASR")
    )
    item = found.items["poolOpen001"]
    assert item.media[1:] == (
        Media(
            f"poolOpen001/captions/AUie2@{UPDATED}", "file", None, "captions in de, draft, named “Deutsch”", "text/vtt"
        ),
        Media(f"poolOpen001/captions/AUie1@{UPDATED}", "file", None, "captions in en", "text/vtt"),
    )
    assert item.not_requested == frozenset()
    assert item.evidence[CAPTIONS] == [
        {"id": "AUie2", "language": "de", "kind": "standard", "name": "Deutsch", "updated": UPDATED, "draft": True},
        {"id": "AUie1", "language": "en", "kind": "standard", "updated": UPDATED},
    ]
    every = completed(track("AUie3", trackKind="ASR"), captions="all").items["poolOpen001"]
    assert every.media[1].alt_text == "captions in en, made by speech recognition"


def test_a_track_that_was_changed_is_another_medium() -> None:
    """The same track with a later `lastUpdated` has another id, so that its bytes are fetched anew and the old ones stay."""
    before, after = (
        completed(track(lastUpdated=at)).items["poolOpen001"].media[1].id for at in (UPDATED, "2026-03-04T0Z")
    )
    assert before != after


def test_a_video_without_tracks_has_none() -> None:
    """An empty list is an answer: there are no captions, and that is known."""
    item = completed().items["poolOpen001"]
    assert (item.media, item.evidence, item.not_requested) == (ITEM.media, {}, frozenset())


def test_a_refused_list_is_a_note_and_leaves_what_is_known() -> None:
    """403 (the token is not the owner's) and 404 (the video went meanwhile) are said, and nothing is taken for deleted."""
    for answer in (failed("forbidden"), failed("videoNotFound", 404)):
        found = YouTube().complete(JudgedSession(YouTube(), answer), POSTS, [ITEM])
        assert found.items == {"poolOpen001": ITEM}
        assert [each.lost for each in found.skipped] == [False]
        assert "Google's words" in found.skipped[0].reason


def test_a_track_without_words_is_named_and_not_fetched() -> None:
    """One that failed is told in the evidence; one that is being made is asked for again the next night."""
    found = completed(track(status="failed", failureReason="unknownFormat"))
    item = found.items["poolOpen001"]
    assert item.media == ITEM.media
    assert item.evidence[CAPTIONS] == [
        {"id": "AUie1", "language": "en", "kind": "standard", "updated": UPDATED, "status": "failed unknownFormat"}
    ]
    assert "unknownFormat" in found.skipped[0].reason
    assert not completed(track(), track("AUie2", status="syncing")).items


def test_a_track_that_cannot_be_read_leaves_the_video_to_be_asked_for_again() -> None:
    """A broken entry is named as lost, and the list is not taken for whole."""
    found = completed(track(), {"id": "AUie2", "snippet": {"language": "en"}})
    assert not found.items
    assert [each.lost for each in found.skipped] == [True]


def test_a_track_is_asked_for_with_the_token_in_the_head_alone() -> None:
    """As WebVTT, by its id without its time; its id is escaped, and no address holds the token."""
    session = JudgedSession(YouTube(), Answer(b"WEBVTT\n"))
    medium = Media(f"poolOpen001/captions/AU/ie=1@{UPDATED}", "file")
    exchange = YouTube().media_request(session, PARKS, medium)
    assert not isinstance(exchange, str)
    assert exchange.body == b"WEBVTT\n"
    (asked,) = session.asked
    assert asked.url == f"{API}/captions/AU%2Fie%3D1"
    assert asked.params == {"tfmt": "vtt"}
    assert asked.headers["Authorization"] == "Bearer ya29.old"
    assert YouTube().may_wait(medium)
    assert not YouTube().may_wait(ITEM.media[0])


def test_a_track_that_is_refused_or_gone_is_withheld() -> None:
    """The right to read it (a contribution of others) or the track itself is not there: it is not asked for again and again."""
    for answer in (failed("forbidden"), failed("captionNotFound", 404)):
        with pytest.raises(MediumWithheldError, match="Google's words"):
            YouTube().media_request(
                JudgedSession(YouTube(), answer), PARKS, Media(f"poolOpen001/captions/AUie1@{UPDATED}", "file")
            )


def test_a_list_costs_fifty_and_a_track_two_hundred_of_their_own_share() -> None:
    """Both draw from the project's units as well; what is neither, and only begins alike, does not."""
    youtube = YouTube()
    own, project = youtube.draws(PARKS, "GET", f"{API}/captions?videoId=a&part=id")
    assert (own.units, own.budget.units, project.units, project.budget.units) == (50, 1000, 50, 10_000)
    own, project = youtube.draws(PARKS, "GET", f"{API}/captions/AUie1?tfmt=vtt")
    assert (own.units, own.budget.units, project.units) == (200, 2000, 200)
    assert [draw.units for draw in youtube.draws(PARKS, "GET", f"{API}/captionsets")] == [1]
    share = account("youtube", CHANNEL, token="t", caption_units="300", account_units="5000")
    assert [draw.budget.units for draw in youtube.draws(share, "GET", f"{API}/captions")] == [100, 5000, 10_000]
    assert youtube.draws(PARKS, "GET", VIDEOS)[0].units == 1


def test_what_is_kept_is_a_setting_and_needs_the_owners_grant() -> None:
    """With a key alone there are none, whatever is set; comments have none; the pace is a setting."""
    youtube = YouTube()
    how = youtube.apart(POSTS)
    assert how is not None
    assert (how.again, how.later, how.looks_up) == (timedelta(days=6.5), timedelta(days=179.5), True)
    for who in (
        dataclasses.replace(KEY, settings={**KEY.settings, "stream": "posts", "captions": "all"}),
        dataclasses.replace(POSTS, settings={**POSTS.settings, "captions": "none"}),
        dataclasses.replace(POSTS, settings={**POSTS.settings, "stream": "comments"}),
    ):
        assert youtube.apart(who) is None
    nightly = youtube.apart(dataclasses.replace(POSTS, settings={**POSTS.settings, "captions_days": "0"}))
    assert nightly is not None
    assert (nightly.again, nightly.later) == (timedelta(), timedelta())


@pytest.mark.parametrize(
    ("told", "kept", "asked"),
    [("true", "uploaded", True), ("false", "uploaded", False), (None, "uploaded", True), ("false", "all", True)],
)
def test_a_video_that_has_no_captions_is_not_asked_for_its_list(told: str | None, kept: str, *, asked: bool) -> None:
    """YouTube says it with the video; captions by speech recognition are not counted there, and are asked for of every video."""
    who = dataclasses.replace(POSTS, settings={**POSTS.settings, "captions": kept})
    shown = video("poolOpen001", "2026-03-03T18:00:00Z")
    shown["contentDetails"] = {} if told is None else {"caption": told}
    session = JudgedSession(YouTube(), listed(upload("poolOpen001")), listed(shown))
    (page,) = YouTube().pages(session, who, StreamKind.POSTS, None, {})
    assert (page.items[0].apart is not None) is asked
    assert page.items[0].not_requested == {CAPTIONS}
    (found,) = YouTube().lookup(JudgedSession(YouTube(), listed(shown)), who, ["poolOpen001"])
    assert found.item is not None
    assert found.item.apart == page.items[0].apart


@quick
@given(
    st.lists(anything(["id", "snippet", "lastUpdated", "language", "name", "status", "isDraft"], ["serving", "en", ""]))
)
def test_no_list_breaks_a_capture(tracks: list[Any]) -> None:
    """Whatever JSON comes, a video that can be kept comes of it, or the documented error."""
    with contextlib.suppress(UnreadableAnswerError):
        session = JudgedSession(YouTube(), Answer(body({"kind": "youtube#captionListResponse", "items": tracks})))
        assert keepable(captions.complete(_server(session), ITEM).items.values())


def _server(session: JudgedSession) -> Server:
    return Server(session, POSTS)
