"""Merkle tree hashing against the published vectors and against the definition itself."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.evidence.merkle import leaf_hash, node_hash, root, root_of_hashes

INPUTS = [
    b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70)),
]  # fmt: skip
"""The leaves of the test vectors of Certificate Transparency (google/certificate-transparency, merkletree tests), whose
hashing RFC 9162 took over."""
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined(entries: list[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, word for word: split at the largest power of two smaller than n."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + defined(entries[:k]) + defined(entries[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int) -> None:
    """The roots over the first one to eight leaves are those that others publish."""
    assert root(INPUTS[:size]).hex() == ROOTS[size - 1]


def test_no_leaves_have_the_hash_of_nothing() -> None:
    """The empty tree is SHA-256 of the empty string."""
    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_every_size_agrees_with_the_definition(entries: list[bytes]) -> None:
    """Level by level or split at a power of two: the tree is the same."""
    assert root(entries) == defined(entries)
    assert root_of_hashes([leaf_hash(entry) for entry in entries]) == defined(entries)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=20), st.data())
def test_any_change_of_a_leaf_changes_the_root(entries: list[bytes], data: st.DataObject) -> None:
    """A leaf altered, dropped, doubled or exchanged with another that differs gives another root."""
    at = data.draw(st.integers(0, len(entries) - 1))
    changed = [*entries[:at], entries[at] + b"x", *entries[at + 1 :]]
    assert root(changed) != root(entries)
    assert root(entries[:at] + entries[at + 1 :]) != root(entries)
    assert root([*entries, entries[at]]) != root(entries)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    """The prefixes keep the two apart, so that no inner node can be passed off as an entry."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
