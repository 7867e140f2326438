"""The parts of a search receipt that need no server: its list's lines, two lists as one, what print cannot show."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.blobs import BlobStore
from search.query.everything import Found
from search.query.model import SearchRequest
from search.query.parse import parse
from search.receipts import listing, scope, words
from search.receipts.differences import Cause, Event, History, Kind, Pair, Since, account_changes, explained, merged
from search.receipts.glyphs import drawable
from search.receipts.model import Line
from search.receipts.pdf import _glyphs
from search.receipts.scope import On
from tests.fixtures.query_table import TODAY, ZONE

if TYPE_CHECKING:
    from pathlib import Path

THEN = dt.datetime(2026, 5, 3, 12, tzinfo=dt.UTC)
BEFORE, AFTER = THEN - dt.timedelta(hours=1), THEN + dt.timedelta(hours=1)
GLYPHS = _glyphs()


def identity(item_id: int) -> uuid.UUID:
    """The public id of a record."""
    return uuid.UUID(int=item_id)


found_of = st.dictionaries(st.integers(1, 30), st.tuples(st.integers(1, 3), st.none() | st.integers(1, 2)))
waiting_of = st.dictionaries(st.integers(1, 30), st.integers(1, 9))


def found_list(found: dict[int, tuple[int, int | None]]) -> list[Found]:
    """Records as a walk gives them."""
    return [Found(each, identity(each), *found[each]) for each in sorted(found)]


@given(found_of, waiting_of)
def test_a_list_holds_what_was_found_and_what_waits_each_record_once(
    found: dict[int, tuple[int, int | None]], waiting: dict[int, int]
) -> None:
    """In the order of the records' ids, and read back as it was written."""
    waits = [(each, identity(each), waiting[each]) for each in sorted(waiting)]
    lines = list(listing.joined(found_list(found), waits))
    assert [line.item_id for line in lines] == sorted(found.keys() | waiting.keys())
    assert {line.item_id: (line.revision, line.version) for line in lines if line.found} == found
    assert {line.item_id: line.waiting for line in lines if line.waiting is not None} == waiting
    assert [listing.parsed(listing.written(line)) for line in lines] == lines


@given(found_of, waiting_of, found_of)
def test_two_lists_are_compared_record_by_record(
    then: dict[int, tuple[int, int | None]], waiting: dict[int, int], now: dict[int, tuple[int, int | None]]
) -> None:
    """New is what only the second has found, gone what only the first has; a version's change is one; the rest is the same."""
    waits = [(each, identity(each), waiting[each]) for each in sorted(waiting)]
    pairs = list(merged(listing.joined(found_list(then), waits), found_list(now)))
    kinds = {pair.item_id: pair.kind for pair in pairs}
    assert kinds.keys() == then.keys() | now.keys()
    both = then.keys() & now.keys()
    assert {each for each, kind in kinds.items() if kind is Kind.NEW} == now.keys() - then.keys()
    assert {each for each, kind in kinds.items() if kind is Kind.GONE} == then.keys() - now.keys()
    assert {each for each, kind in kinds.items() if kind is Kind.OTHER_VERSION} == {
        each for each in both if then[each][1] != now[each][1]
    }
    assert {pair.item_id for pair in pairs if pair.touched} == {
        each for each in both if then[each][1] == now[each][1] and then[each][0] != now[each][0]
    }
    assert all(pair.then is None or pair.then.waiting == waiting.get(pair.item_id) for pair in pairs)


def test_a_list_is_the_same_file_for_the_same_records(tmp_path: Path) -> None:
    """Its digest says what it holds, not when it was written."""
    blobs = BlobStore(str(tmp_path))
    lines = [Line(number, identity(number), 1, None, None) for number in range(1, 1000)]
    lines.append(Line(1000, identity(1000), None, None, 7))
    stored = listing.store(blobs, iter(lines))
    assert stored == listing.store(blobs, iter(lines))
    assert stored[2] == 999
    with listing.opened(blobs, stored[0], 1) as read:
        assert list(read) == lines


@given(st.text(max_size=60))
def test_nothing_of_a_text_is_lost_in_print(text: str) -> None:
    """What the font has stays as it is, in its order; everything else is there by its number."""
    glyphs = GLYPHS
    shown = drawable(text, glyphs)
    assert all(each == "\n" or ord(each) in glyphs for each in shown)
    assert not any(unicodedata.bidirectional(each) in {"R", "AL", "AN", "RLO", "LRO"} for each in shown)
    kept = re.sub(r"\[U\+[^\]]*\]", "", shown) if "[U+" not in text else None
    for character in text:
        assert character in shown or f"U+{ord(character):04X}" in shown
    if kept is not None:
        assert kept == "".join(each for each in text if drawable(each, glyphs) == each)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("reunión pública, żółw, Ελλάδα, дорога", "reunión pública, żółw, Ελλάδα, дорога"),
        ("snow \U0001f6a7!", "snow [U+1F6A7 CONSTRUCTION SIGN]!"),
        ("\u062d\u0641\u0631\u0629 road", "[U+062D U+0641 U+0631 U+0629] road"),
        ("a\u202eb", "a[U+202E]b"),
        ("坑", "[U+5751]"),
        ("tab\there\nline", "tab[U+0009]here\nline"),
    ],
)
def test_what_print_cannot_show_stands_by_its_number(text: str, shown: str) -> None:
    """Emoji with their names, letters of other scripts as numbers, what turns others round as what it is."""
    assert drawable(text, GLYPHS) == shown


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", set()),
        ("pothole", {On.VERSIONS}),
        ("pothole state:deleted", {On.VERSIONS, On.STATE}),
        ("state:edited", {On.LATEST}),
        ("is:city type:post", {On.LATEST, On.REGISTER}),
        ("account:parks -platform:x", {On.PLACES, On.REGISTER}),
        ("date:2026 has:image", {On.LATEST, On.VERSIONS}),
        ("a OR (b NOT author:rosa)", {On.VERSIONS, On.LATEST}),
        ("-tag:budget type:post", {On.TAGS}),
    ],
)
def test_what_an_answer_hangs_on_is_told_by_the_search(typed: str, expected: set[On]) -> None:
    """Only that can explain why it is another one later."""
    asked = SearchRequest(zone=ZONE, text=typed, today=TODAY)
    assert scope.hangs_on(parse(typed, TODAY), asked) == expected


def history(**more: Any) -> History:
    """A record that nothing happened to since."""
    usual = {
        "first_seen_at": BEFORE,
        "versions": [Event(BEFORE, "Version 1 was captured", BEFORE, 1)],
        "states": [],
        "places": [Event(BEFORE, "Seen through x:y (posts)")],
        "accounts": frozenset(),
        "waiting": False,
        "revision": 3,
        "indexed": 3,
    }
    return History(**{**usual, **more})


NEW = Pair(1, identity(1), None, Found(1, identity(1), 3, 1))
GONE = Pair(1, identity(1), Line(1, identity(1), 3, 1, None), None)
WAITED = Pair(1, identity(1), Line(1, identity(1), None, None, 3), Found(1, identity(1), 3, 1))
CHANGED = {"revision": 4, "indexed": 4}
STATE = [Event(AFTER, "Hidden", AFTER)]
EDIT = [Event(BEFORE, "Version 1 was captured", BEFORE, 1), Event(AFTER, "Version 2 was captured", AFTER, 2)]


def waited(revision: int, waiting: int) -> Pair:
    """A record that was found by an older copy, a change of which waited."""
    return Pair(1, identity(1), Line(1, identity(1), revision, 1, waiting), None)


@pytest.mark.parametrize(
    ("pair", "kind", "known", "on", "cause"),
    [
        (NEW, Kind.NEW, history(), {On.VERSIONS}, Cause.UNEXPLAINED),
        (NEW, Kind.NEW, history(first_seen_at=AFTER), set(), Cause.CAPTURED),
        (NEW, Kind.NEW, history(versions=EDIT), {On.VERSIONS}, Cause.UNEXPLAINED),
        (NEW, Kind.NEW, None, set(), Cause.LOST),
        (NEW, Kind.NEW, history(first_seen_at=AFTER, altered=True), set(), Cause.LOST),
        (NEW, Kind.NEW, history(first_seen_at=AFTER, indexed=4, waiting=True), set(), Cause.LOST),
        (NEW, Kind.NEW, history(versions=EDIT), {On.LATEST}, Cause.VERSION),
        (NEW, Kind.NEW, history(states=STATE), {On.VERSIONS}, Cause.UNEXPLAINED),
        (NEW, Kind.NEW, history(states=STATE), {On.STATE}, Cause.STATE),
        (NEW, Kind.NEW, history(indexed=2), set(), Cause.LOST),
        (WAITED, Kind.NEW, history(), {On.VERSIONS}, Cause.NOT_INDEXED_THEN),
        (WAITED, Kind.NEW, history(indexed=2), {On.VERSIONS}, Cause.LOST),
        (waited(revision=3, waiting=4), Kind.GONE, history(**CHANGED), {On.STATE}, Cause.NOT_INDEXED_THEN),
        (waited(revision=3, waiting=4), Kind.GONE, history(**CHANGED), {On.VERSIONS}, Cause.UNEXPLAINED),
        (waited(revision=4, waiting=4), Kind.GONE, history(**CHANGED), {On.STATE}, Cause.UNEXPLAINED),
        (GONE, Kind.GONE, None, set(), Cause.LEFT),
        (GONE, Kind.GONE, history(versions=EDIT, **CHANGED), {On.VERSIONS}, Cause.UNEXPLAINED),
        (GONE, Kind.GONE, history(versions=EDIT, **CHANGED), {On.LATEST}, Cause.VERSION),
        (GONE, Kind.GONE, history(versions=EDIT), {On.LATEST}, Cause.UNEXPLAINED),
        (GONE, Kind.GONE, history(versions=EDIT, revision=4, indexed=None), {On.LATEST}, Cause.LOST),
        (GONE, Kind.GONE, history(versions=EDIT, altered=True, **CHANGED), {On.LATEST}, Cause.LOST),
        (GONE, Kind.GONE, history(versions=EDIT[1:], **CHANGED), {On.LATEST}, Cause.LEFT),
        (GONE, Kind.GONE, history(revision=2, indexed=2), {On.VERSIONS}, Cause.LEFT),
        (GONE, Kind.GONE, history(within=False), {On.PLACES}, Cause.UNEXPLAINED),
        (GONE, Kind.GONE, history(within=False, sighted_at=BEFORE), {On.PLACES}, Cause.UNEXPLAINED),
        (GONE, Kind.GONE, history(within=False, sighted_at=AFTER), {On.PLACES}, Cause.PLACE),
        (GONE, Kind.GONE, history(indexed=None), {On.VERSIONS}, Cause.LOST),
        (GONE, Kind.GONE, history(indexed=None, waiting=True), {On.VERSIONS}, Cause.NOT_INDEXED_NOW),
        (GONE, Kind.GONE, history(revision=4, waiting=True), {On.VERSIONS}, Cause.UNEXPLAINED),
        (GONE, Kind.GONE, history(accounts=frozenset({"a"})), {On.REGISTER}, Cause.REGISTER),
        (GONE, Kind.GONE, history(accounts=frozenset({"b"})), {On.REGISTER}, Cause.UNEXPLAINED),
    ],
)
def test_a_reason_is_given_only_where_it_can_have_changed_the_answer(
    pair: Pair, kind: Kind, known: History | None, on: set[On], cause: Cause
) -> None:
    """What happened to a record explains nothing of a search that does not ask for it."""
    since = Since(THEN, ZONE, frozenset(on), {"a": "The account x:a changed."}, None, None)
    difference = explained(pair, kind, known, since)
    assert difference.cause is cause
    assert difference.explained is (cause not in {Cause.UNEXPLAINED, Cause.LOST, Cause.LEFT})


def test_an_index_or_a_query_of_another_kind_explains_what_nothing_else_does() -> None:
    """Behind whatever the record's own history tells."""
    since = Since(THEN, ZONE, frozenset({On.LATEST}), {}, "Built otherwise.", "Put otherwise.")
    assert explained(GONE, Kind.GONE, history(found_as_put_then=True), since).cause is Cause.QUERY
    reasons = explained(GONE, Kind.GONE, history(versions=EDIT, found_as_put_then=True, **CHANGED), since).reasons
    assert [each.cause for each in reasons] == [Cause.VERSION, Cause.QUERY, Cause.INDEX]


@pytest.mark.parametrize(
    ("pair", "kind", "found", "explains"),
    [
        (GONE, Kind.GONE, True, True),
        (GONE, Kind.GONE, False, False),
        (GONE, Kind.GONE, None, False),
        (NEW, Kind.NEW, False, True),
        (NEW, Kind.NEW, True, False),
        (NEW, Kind.NEW, None, False),
    ],
)
def test_that_a_search_is_put_otherwise_explains_only_what_it_finds_otherwise(
    pair: Pair, kind: Kind, *, found: bool | None, explains: bool
) -> None:
    """It is tried: put as it was then, it must find what it found then."""
    since = Since(THEN, ZONE, frozenset({On.VERSIONS}), {}, None, "Put otherwise.")
    cause = explained(pair, kind, history(found_as_put_then=found), since).cause
    assert cause is (Cause.QUERY if explains else Cause.UNEXPLAINED)


def test_what_is_wrong_with_a_record_comes_before_every_reason() -> None:
    """A reason does not make it right; the reasons stand behind it."""
    since = Since(THEN, ZONE, frozenset({On.LATEST}), {}, "Built otherwise.", "Put otherwise.")
    known = history(versions=EDIT, found_as_put_then=True, revision=4, indexed=None)
    causes = [each.cause for each in explained(GONE, Kind.GONE, known, since).reasons]
    assert causes == [Cause.LOST, Cause.VERSION, Cause.QUERY, Cause.INDEX]


@pytest.mark.parametrize(
    ("typed", "hangs"),
    [
        ("", False),
        ("account:parks -platform:x is:city", False),
        ("date:2026 captured:2026 tag:budget type:post", False),
        ("state:edited", True),
        ("account:parks state:deleted", True),
        ("author:rosa", True),
        ("has:link", True),
        ("account:parks -pothole", True),
        ("#budget", True),
    ],
)
def test_what_hangs_on_the_definition_of_the_index(typed: str, *, hangs: bool) -> None:
    """Words, names, what comes with them and states are told by it; accounts and days are compared as they are."""
    assert scope.hangs_on_definition(parse(typed, TODAY)) is hangs


def test_two_records_that_have_one_number_one_after_the_other_are_two() -> None:
    """A database that was set back gives the same numbers again: the one then is not the one now."""
    other = Found(1, identity(2), 3, 1)
    found = Line(1, identity(1), 3, 1, None)
    assert [(each.public_id, each.kind) for each in merged([found], [other])] == [
        (identity(1), Kind.GONE), (identity(2), Kind.NEW),
    ]  # fmt: skip
    waited_for = Line(1, identity(1), None, None, 3)
    assert [(each.public_id, each.kind) for each in merged([waited_for], [other])] == [(identity(2), Kind.NEW)]


def test_what_changed_in_the_register_is_said_account_by_account() -> None:
    """New ones, and other names, ids or departments; the time of the last capture is no change."""
    old = {"id": "1", "name": "x:parks", "platform_id": None, "department": "Parks", "streams": []}
    new = {**old, "name": "x:parksrec", "platform_id": "7", "streams": [{"stream": "posts"}]}
    assert account_changes([old], [{**old, "streams": [{}]}]) == {}
    said = account_changes([old], [new, {**old, "id": "2", "name": "x:pool"}])
    assert "its name was \u201cx:parks\u201d and is \u201cx:parksrec\u201d now" in said["1"]
    assert "its id was not known and is \u201c7\u201d now" in said["1"]
    assert said["2"] == "The account x:pool was not in the register when the receipt was made."


def test_the_statement_is_of_a_search_that_found_nothing_and_of_this_archive_only() -> None:
    """It names who searched, when, for what, and what it does not say."""
    body: dict[str, Any] = {
        "number": 14,
        "total": 0,
        "made_at": THEN.isoformat(),
        "made_by": "dana.ortiz",
        "sentence": "Everything that says exactly \u201czeppelin\u201d in one version.",
        "archive": {"city": "Carson Grove"},
        "register": [{}, {}],
        "gaps": [],
    }
    said = words.statement(body, ZONE)
    assert said[0].startswith(
        "On 3 May 2026 at 05:00 PDT, dana.ortiz searched the social media archive of Carson Grove"
    )
    assert "about this archive only" in " ".join(said)
    assert words.statement({**body, "total": 1}, ZONE) == []
