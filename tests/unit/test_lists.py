"""Lists of accounts: what changed between two readings, the digests that prove it, and which lists are read at all."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.evidence.lists import Difference, difference, digest_of, replayed
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Party
from archiver.platforms.lists import chosen, unknown
from archiver.platforms.mastodon import MANIFEST as MASTODON
from archiver.platforms.x_manifest import MANIFEST as X
from archiver.records.store.lists import by_key

_KEYS = st.tuples(st.sampled_from(["", "a.example", "b.example"]), st.text(min_size=1, max_size=4))
_LISTS = st.frozensets(_KEYS, max_size=12)


@given(st.lists(_LISTS, max_size=8))
def test_snapshots_rebuilt_from_their_differences_equal_the_lists(nights: list[frozenset[tuple[str, str]]]) -> None:
    """Whatever comes and goes: the differences up to a night add up to that night's list, and so does its digest."""
    differences: list[Difference] = []
    before: frozenset[tuple[str, str]] = frozenset()
    for after in nights:
        differences.append(difference(before, after))
        before = after
    for number, night in enumerate(nights, 1):
        rebuilt = replayed(differences[:number])
        assert rebuilt == night
        assert digest_of(rebuilt) == digest_of(night)


@given(_LISTS, _LISTS)
def test_a_difference_says_what_changed_and_nothing_else(
    before: frozenset[tuple[str, str]], after: frozenset[tuple[str, str]]
) -> None:
    """Nobody joins who was there, nobody leaves who stays; two equal lists have an empty one."""
    changed = difference(before, after)
    assert changed.joined | changed.left == before ^ after
    assert not changed.joined & before
    assert not changed.left & after
    assert (changed == Difference()) is (before == after)


@given(_LISTS, _LISTS)
def test_two_lists_have_one_digest_only_if_they_are_one(
    one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]
) -> None:
    """The order is of no account, every member is; the same of the changes."""
    assert (digest_of(one) == digest_of(other)) is (one == other)
    assert digest_of(sorted(one)) == digest_of(sorted(one, reverse=True))
    assert (Difference(one, other).digest == Difference(other, one).digest) is (one == other)


def test_the_digest_can_be_made_with_ordinary_tools() -> None:
    """As the module states it: one line of JSON for each member, sorted by bytes, SHA-256."""
    members = [("", "b"), ("", "a"), ("social.example", 'é"'), ("", "A")]
    lines = b'["","b"]\n["","a"]\n["social.example","\xc3\xa9\\""]\n["","A"]\n'
    done = subprocess.run(["sort"], input=lines, env={"LC_ALL": "C"}, capture_output=True, check=True)
    assert digest_of(members) == hashlib.sha256(done.stdout).digest()


def test_what_does_not_follow_is_no_history() -> None:
    """Somebody who leaves without having been there, or joins twice, is refused."""
    somebody = frozenset({("", "a")})
    for wrong in ([Difference(left=somebody)], [Difference(joined=somebody), Difference(joined=somebody)]):
        with pytest.raises(ValueError, match="do not follow"):
            replayed(wrong)


def test_a_hostile_id_is_stored_as_it_can_be() -> None:
    """An endless id, NUL and half a surrogate pair become keys that Postgres holds; two ids that differ stay two."""
    found = by_key([Party("x" * 100_000), Party("x" * 100_001), Party("a\x00\ud83d", namespace="n\x00")])
    assert len(found) == 3
    assert all(len(key[1]) < 1100 and "\x00" not in "".join(key) for key in found)
    digest_of(found)


def test_followers_are_read_only_where_the_setting_asks() -> None:
    """Without it the blocked alone, and on X, where each entry costs, nobody; `none` reads nothing."""
    assert chosen(MASTODON, {}) == ["blocked"]
    assert chosen(MASTODON, {"lists": " "}) == ["blocked"]
    assert chosen(MASTODON, {"lists": "followers"}) == ["followers"]
    assert chosen(MASTODON, {"lists": "Followers, blocked"}) == ["blocked", "followers"]
    assert chosen(MASTODON, {"lists": "none"}) == []
    assert chosen(X, {}) == []
    assert chosen(X, {"lists": "blocked"}) == ["blocked"]
    assert unknown(MASTODON, "none") == []
    assert unknown(MASTODON, "blocked;friends") == ["friends"]


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_no_platform_gives_followers_unasked(name: str) -> None:
    """Follower lists are off by default, whatever a connector can read."""
    manifest = PLATFORMS[name].manifest
    assert "followers" not in chosen(manifest, {})
    assert set(manifest.lists) <= {"blocked", "followers"}
    assert chosen(dataclasses.replace(manifest, lists=("blocked", "followers")), {"lists": "followers"}) == [
        "followers"
    ]
