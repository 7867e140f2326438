"""Comparing a listing with a second source: what is missing, what came back, what was overwritten, what is lacking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.capture.crosscheck import differences, is_due
from archiver.platforms import bluesky_check
from archiver.platforms.bluesky_records import POST, REPOST
from archiver.platforms.items import StreamKind
from archiver.platforms.pages import Holding
from samplecity import car
from samplecity.ids import dag_cbor, record_cid
from tests.fixtures.sessions import Answer, RecordedSession, account

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
STATES = ("present", "not_returned", "hidden", "gone_confirmed")
held = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.sampled_from(STATES), st.sampled_from(["1", "2", None]))
)
exports = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["1", "2"]))


@given(held, exports)
def test_each_difference_is_in_one_place(mine: dict[str, tuple[str, str | None]], export: dict[str, str]) -> None:
    """Whatever is held and exported: what is missing, back, changed and lacking are told apart, and nothing is in two of them."""
    rows = [(number, name, *mine[name]) for number, name in enumerate(mine)]
    found = differences(rows, {name: Holding(mark) for name, mark in export.items()})
    assert set(found.missing) == set(export) - set(mine)
    assert {name for _, name in found.lacking} == {each for each in mine if mine[each][0] == "present"} - set(export)
    assert set(found.returned) == {n for n in export if n in mine and mine[n][0] in {"not_returned", "gone_confirmed"}}
    changed = {n for n in export if n in mine and mine[n][0] == "present" and mine[n][1] not in {None, export[n]}}
    assert set(found.changed) == changed
    assert len(found.to_ask) == len(set(found.to_ask))


@pytest.mark.parametrize(
    ("every", "mode", "last", "due"),
    [
        (None, "nightly", None, False),
        (timedelta(days=6), "nightly", None, True),
        (timedelta(days=6), "nightly", NOW - timedelta(days=5), False),
        (timedelta(days=6), "nightly", NOW - timedelta(days=7), True),
        (timedelta(days=6), "backfill", NOW, True),
        (timedelta(days=6), "light", None, False),
        (timedelta(days=6), "now", None, False),
    ],
)
def test_a_check_has_its_turn(every: timedelta | None, mode: str, last: datetime | None, due: bool) -> None:  # noqa: FBT001
    """A night checks when the last check is long ago, a backfill always, a light pass and a click never."""
    assert is_due(every, mode, last.isoformat() if last else None, NOW) is due


def test_a_cursor_that_holds_nonsense_is_as_good_as_none() -> None:
    """What was written by another version does not keep the check from being made."""
    assert is_due(timedelta(1), "nightly", "yesterday", NOW)
    assert is_due(timedelta(1), "nightly", 7, NOW)


def test_how_often_is_one_of_three_words() -> None:
    """Weekly unless the setting says nightly or off; another word is refused with the account's name."""
    assert bluesky_check.checked_every(account("bluesky", DID)) == timedelta(days=6, hours=12)
    assert bluesky_check.checked_every(account("bluesky", DID, repository_check="nightly")) == timedelta(hours=20)
    assert bluesky_check.checked_every(account("bluesky", DID, repository_check="off")) is None
    with pytest.raises(ValueError, match=r"parks\.example: the setting repository_check is 'daily'"):
        bluesky_check.checked_every(account("bluesky", DID, "parks.example", repository_check="daily"))


def exported(did: str = DID, *, without: str = "") -> bytes:
    """A repository of a post, a repost and a like; one block left out by the key of its record, or `tree`."""
    records = {
        f"{POST}/3ka": {"text": "a"},
        f"{REPOST}/3kb": {"subject": "b"},
        "app.bsky.feed.like/3kc": {"subject": "c"},
    }
    nodes: car.Blocks = {}
    root = car.tree({key: record_cid(value) for key, value in records.items()}, nodes)
    commit = car.commit(did, root, "3kaaaaaaaaa22")
    values = {record_cid(value): dag_cbor(value) for key, value in records.items() if key != without}
    kept = {} if without == "tree" else nodes
    return car.archive(record_cid(commit), {record_cid(commit): dag_cbor(commit), **kept, **values}.items())


def inventory(body: bytes) -> tuple[dict[StreamKind, list[str]], str, str | None]:
    """What the check reads out of an answer: ids by stream, words, problem."""
    session = RecordedSession(Answer(body))
    with bluesky_check.read_inventory(session, account("bluesky", DID, pds_url="https://pds.example")) as read:
        assert session.asked[0].url == "https://pds.example/xrpc/com.atproto.sync.getRepo"
        return {kind: list(found) for kind, found in read.holdings.items()}, read.words, read.problem


def test_a_repository_tells_its_posts_and_reposts() -> None:
    """Other collections are none of the streams; the revision is in the words."""
    found, words, problem = inventory(exported())
    assert found == {StreamKind.POSTS: [f"at://{DID}/{POST}/3ka"], StreamKind.REPOSTS: [f"at://{DID}/{REPOST}/3kb"]}
    assert words == "the account's repository at revision 3kaaaaaaaaa22"
    assert problem is None


def test_a_record_whose_block_is_missing_is_there_all_the_same() -> None:
    """The tree names it: it exists, whatever it says."""
    found, _, problem = inventory(exported(without=f"{POST}/3ka"))
    assert found[StreamKind.POSTS] == [f"at://{DID}/{POST}/3ka"]
    assert problem is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (exported(without="tree"), "1 blocks of its tree are missing"),
        (exported("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"), "it is the repository of did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"),
        (exported()[:-3], "the file ends within a block"),
        (exported()[:-1] + b"x", "the bytes of block"),
        (b"", "the header is no DAG-CBOR"),
        (b"<!DOCTYPE html><html></html>", "the file ends within a block"),
    ],
)
def test_a_repository_that_cannot_be_relied_on_says_why(body: bytes, problem: str) -> None:
    """Damaged, cut short, not whole, somebody else's, or none at all: the inventory says so, and raises nothing."""
    _, _, said = inventory(body)
    assert said is not None
    assert problem in said


def test_the_answer_is_read_from_a_file() -> None:
    """What was downloaded is in the exchange's file, and nothing of it in memory."""
    session = RecordedSession(Answer(exported()))
    with session.download("https://pds.example/x") as exchange:
        assert exchange.file is not None
        assert exchange.file.read() == exported()
        assert exchange.body == b""
