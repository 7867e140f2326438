"""Plain words: states, times, sizes, the form, the limits."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from typing import Any

import pytest

from archiver.i18n.languages import speaking
from archiver.platforms.items import StreamKind
from archiver.records.shapes import AuthorShape, ItemShape, MediumShape, SightingShape, StateShape
from clerk import removals, words
from clerk.limiter import _MOST_KEYS, LoginLimiter, network_of
from clerk.searching import form_of, request_of
from clerk.times import day, moment, time_tag
from clerk.views import medium_view
from search.errors import QueryError
from search.query import Limits, Sort

ZONE = zoneinfo.ZoneInfo("America/Los_Angeles")
SEEN = dt.datetime(2026, 5, 4, 4, 30, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 5, 5, 9, 10, tzinfo=dt.UTC)


def sighting(state: str, stream: str = "posts", last_seen_at: dt.datetime = SEEN) -> SightingShape:
    """A sighting by the city's account."""
    return SightingShape(
        1, uuid.uuid4(), "bluesky", "", "did:plc:x", "city.example.gov", (), "Parks", stream, state, SEEN, last_seen_at
    )


def item(state: str, *states: StateShape, sightings: tuple[SightingShape, ...] | None = None) -> ItemShape:
    """An item found so."""
    seen = (sighting(state),) if sightings is None else sightings
    return ItemShape(
        1,
        uuid.uuid4(),
        "bluesky",
        "",
        "at://x",
        "post",
        1,
        state,
        None,
        None,
        None,
        None,
        SEEN,
        (),
        states,
        seen,
        (),
        {},
        None,
    )


def found(state: str, *, by_lookup: bool = False) -> StateShape:
    """An entry of the history."""
    return StateShape(state, "the platform's words", LATER, by_lookup, 1, "posts")


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (item("present"), "Present when last looked for on 3 May 2026, 21:30 PDT"),
        (item("not_returned", found("not_returned")), "Not seen since 3 May 2026, 21:30 PDT, reason unknown"),
        (item("hidden", found("hidden")), "Hidden by the platform or its owner, noticed on 5 May 2026"),
        (item("gone_confirmed", found("gone_confirmed", by_lookup=True)), "Confirmed gone on 5 May 2026"),
        (
            item("access_lost", found("access_lost")),
            "Cannot be looked for: access to the account was lost; last seen on 3 May 2026, 21:30 PDT",
        ),
        (item("present", sightings=()), "Shown inside another record, never looked for itself"),
        (item("not_returned", sightings=()), "Not seen any more, reason unknown"),
    ],
)
def test_a_state_is_a_sentence(shape: ItemShape, sentence: str) -> None:
    """Each state reads as what is known, in the city's time; what is not known is called unknown."""
    assert words.state_sentence(shape, ZONE) == sentence


def test_an_item_seen_twice_was_last_seen_at_the_later_time() -> None:
    """Of several sightings the latest counts for the item, each its own for itself."""
    shape = item("present", sightings=(sighting("present"), sighting("present", "mentions", LATER)))
    assert words.state_sentence(shape, ZONE).endswith("5 May 2026, 02:10 PDT")
    assert words.sighting_sentence(shape.sightings[0], (), ZONE).endswith("3 May 2026, 21:30 PDT")


def test_an_import_is_no_look_for_an_item_that_captures_saw() -> None:
    """When it was last seen, and since when it is hidden, is not told by somebody's copy, unless nothing else is known."""
    copied, hidden = sighting("present", "import", LATER), StateShape("hidden", "", SEEN, False, 1, "posts")
    by_import = StateShape("hidden", "", LATER, False, 1, "import")
    missing = item("not_returned", sightings=(sighting("not_returned"), copied))
    assert words.state_sentence(missing, ZONE) == "Not seen since 3 May 2026, 21:30 PDT, reason unknown"
    both = item("hidden", hidden, by_import, sightings=(sighting("hidden"), sighting("hidden", "import", LATER)))
    for sentence in (words.state_sentence, words.state_sentence_then):
        assert sentence(both, ZONE).endswith("noticed on 3 May 2026")
    assert words.state_sentence(item("present", sightings=(copied,)), ZONE).endswith("5 May 2026, 02:10 PDT")


def test_absence_is_never_called_deletion() -> None:
    """No sentence about an item says that somebody deleted it."""
    for state in words.STATE_NAMES:
        for shape in (item(state), item(state, found(state)), item(state, sightings=())):
            assert "delet" not in words.state_sentence(shape, ZONE).lower()


def test_who_wrote_it_is_the_city_or_not_or_unknown() -> None:
    """The city is who is in its register; whoever has no id at all is not stated to be anybody."""
    assert words.author_label(AuthorShape(1, "did:plc:x", "", "h", "N", is_city=True)) == "City account"
    assert words.author_label(AuthorShape(1, "did:plc:y", "", "h", "N", is_city=False)) == "Not a city account"
    assert words.author_label(AuthorShape(None, None, "", None, "N", is_city=False)) == "Author not stated"
    assert words.author_label(None) == "Author not stated"


def test_times_are_the_citys_on_both_sides_of_a_clock_change() -> None:
    """The hour that comes twice is told apart by the zone's abbreviation; a day is a day there."""
    before, after = dt.datetime(2026, 11, 1, 8, 30, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)
    assert (moment(before, ZONE), moment(after, ZONE)) == ("1 November 2026, 01:30 PDT", "1 November 2026, 01:30 PST")
    assert day(dt.datetime(2026, 1, 1, 7, 59, tzinfo=dt.UTC), ZONE) == "31 December 2025"
    assert time_tag(after, ZONE) == ('<time datetime="2026-11-01T01:30:00-08:00">1 November 2026, 01:30 PST</time>')


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (2_000_000, "2.0 MB"),
        (10**12, "1,000.0 GB"),
    ],
)
def test_sizes_have_the_unit_that_suits_them(number: int, text: str) -> None:
    """A size is readable."""
    assert words.size(number) == text


def medium(**values: Any) -> MediumShape:
    """An attachment."""
    given = {
        "public_id": uuid.uuid4(), "platform_id": "x", "kind": "image", "alt_text": None, "state": "wanted",
        "reason": None, "url": None, "content_type": None, "size": None, "sha256": None,
    } | values  # fmt: skip
    return MediumShape(**given)


def test_an_attachment_that_is_not_kept_says_why() -> None:
    """Not fetched, failed and withheld are told apart, with the reason; a missing description is called missing."""
    assert medium_view(medium()).note == "The picture is not kept yet: it has not been fetched."
    failed = medium_view(medium(kind="video", state="failed", reason="410 Gone"))
    assert failed.note == "The video is not kept: 410 Gone."
    assert "refused it (too large)" in medium_view(medium(state="withheld", reason="too large")).note
    kept = medium_view(medium(state="kept", sha256=b"x", content_type="image/svg+xml", size=10))
    assert (kept.is_kept, kept.is_picture, kept.alt) == (True, False, "Picture without a description")


def test_the_words_are_in_the_readers_language() -> None:
    """States, kinds, sizes and who did what; what is stored in English is named so, and a stranger's name is left alone."""
    missing = medium(kind="video", state="failed", reason="410 <Gone>")
    with speaking("es"):
        assert words.state_sentence(item("gone_confirmed", found("gone_confirmed")), ZONE) == (
            "Desaparici\u00f3n confirmada el 5 de mayo de 2026"
        )
        assert words.sighting_sentence(sighting("not_returned"), (), ZONE) == (
            "No visto desde el 3 de mayo de 2026, 21:30 PDT; se desconoce el motivo"
        )
        assert (words.kind("comment"), words.kind_within("comment")) == ("Comentario", "el comentario")
        assert (words.size(1), words.size(1500), words.size(None)) == ("1 byte", "1.5 kB", "tama\u00f1o desconocido")
        assert removals.sentence("deleted", "the author", "platform") == "Eliminado por el autor"
        assert removals.sentence("hidden", "100% Rosa", "clerk") == (
            "Oculto por 100% Rosa, seg\u00fan escribi\u00f3 una persona"
        )
        assert medium_view(missing).note == 'El video no se conserva: <span lang="en">410 &lt;Gone&gt;</span>.'
    assert medium_view(missing).note == "The video is not kept: 410 &lt;Gone&gt;."
    assert words.flag("html_escaped_text") == (
        "The platform wrote &, < and > of the text as &amp;, &lt; and &gt;; it is kept as received."
    )


def test_what_has_no_name_of_ours_is_said_as_it_is_called() -> None:
    """A code that is new is shown, in any language, with spaces for its lines."""
    for tag in ("en", "es"):
        with speaking(tag):
            assert (words.kind("live_stream"), words.stream("x"), words.platform("x%s")) == ("Live stream", "x", "x%s")
            assert (words.counter("super_likes"), words.flag("cut_short")) == ("super likes", "cut short")
            says = (words.mode, words.outcome, words.source, words.action)
            assert [say("new%") for say in says] == ["new%"] * len(says)
            assert words.whom("new%", "platform") == "new%"
            assert words.state_sentence(item("half_there"), ZONE) == "Half there"
    assert words.kind_within("live_stream") == "the live stream"


def test_a_form_becomes_a_search_and_an_address_again() -> None:
    """What is filled in is searched for, and stands in the address of the next page; nothing else does."""
    form = form_of({"q": " pot\x00hole ", "from": "2026-03-01", "sort": "newest", "page": "3", "other": "x"})
    request = request_of(form, ZONE, None, limits=Limits())
    assert (request.text, request.date_from, request.sort) == ("pot\ufffdhole", dt.date(2026, 3, 1), Sort.NEWEST)
    assert form.page == 3
    assert form.address(after="c", page="4") == "/?q=pot%EF%BF%BDhole&from=2026-03-01&sort=newest&after=c&page=4"
    assert not form_of({"page": "2"}).asked
    assert form_of({"q": ""}).asked
    assert form_of({"q": ""}).address() == "/?q="
    with pytest.raises(QueryError, match="2026-13-01"):
        request_of(form_of({"to": "2026-13-01"}), ZONE, None, limits=Limits())


def test_attempts_are_limited_in_a_sliding_window_and_memory_is_bounded() -> None:
    """The eleventh attempt waits until the first is a window old; a success frees the name; old names are forgotten."""
    limiter, now = LoginLimiter(), dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    for second in range(10):
        assert limiter.attempt("dana", "a", now + dt.timedelta(seconds=second)) is None
    wait = limiter.attempt("dana", "b", now + dt.timedelta(seconds=10))
    assert wait == dt.timedelta(minutes=15) - dt.timedelta(seconds=10)
    assert limiter.attempt("dana", "b", now + wait + dt.timedelta(seconds=10)) is None
    limiter.succeeded("dana", "b")
    assert limiter.attempt("dana", "b", now + wait + dt.timedelta(seconds=11)) is None
    for number in range(_MOST_KEYS):
        limiter.attempt(f"name {number}", f"address {number}", now)
    assert len(limiter._attempts) == _MOST_KEYS


def test_a_network_counts_as_one_address() -> None:
    """Whoever has 2^64 IPv6 addresses has one count; an IPv4 address written as IPv6 is itself."""
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("unknown") == "unknown"


@pytest.mark.parametrize("kind", list(StreamKind))
def test_every_stream_has_words_in_both_languages(kind: StreamKind) -> None:
    """None is shown by the name that the programs give it, which no reader of Spanish would take for a word."""
    assert kind.value in words.STREAMS
    with speaking("es"):
        assert words.stream(kind.value) != kind.value or kind is StreamKind.REELS
