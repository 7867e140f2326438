"""The growing tree and its proofs: against RFC 9162's own example, and against its definitions written down once more."""

from __future__ import annotations

import functools
import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.evidence import tree, verify
from archiver.evidence.merkle import leaf_hash, root_of_hashes
from archiver.evidence.tree import Peaks, Place, Range
from tests.unit.test_merkle import INPUTS, ROOTS

LARGEST = 300
ENTRIES = [f"entry {number}".encode() for number in range(LARGEST)]


def split(count: int) -> int:
    """K of RFC 9162: the largest power of two smaller than n."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


@functools.cache
def mth(start: int, end: int) -> bytes:
    """MTH(D[start:end]) of section 2.1.1, word for word."""
    if start == end:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return hashlib.sha256(b"\x00" + ENTRIES[start]).digest()
    k = start + split(end - start)
    return hashlib.sha256(b"\x01" + mth(start, k) + mth(k, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end]) of section 2.1.3.1, word for word."""
    n = end - start
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, b: bool) -> list[bytes]:  # noqa: FBT001 - the RFC's letter
    """SUBPROOF(m, D[start:end], b) of section 2.1.4.1, word for word."""
    n = end - start
    if m == n:
        return [] if b else [mth(start, end)]
    k = split(n)
    if m <= k:
        return [*subproof(m, start, start + k, b), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, b=False), mth(start, start + k)]


@pytest.fixture(scope="module")
def grown() -> tuple[dict[Place, bytes], list[bytes]]:
    """All nodes of a tree that grew to 300 leaves, and its root at every size on the way."""
    peaks, nodes, roots = Peaks(), {}, [Peaks().root()]
    for index, entry in enumerate(ENTRIES):
        nodes[Place(0, index)] = leaf_hash(entry)
        nodes |= dict(peaks.push(leaf_hash(entry)))
        roots.append(peaks.root())
    return nodes, roots


def test_the_published_roots_come_out_one_leaf_at_a_time() -> None:
    """The tree that grows has the roots that others publish for one to eight leaves."""
    peaks = Peaks()
    for entry, expected in zip(INPUTS, ROOTS, strict=True):
        peaks.push(leaf_hash(entry))
        assert peaks.root().hex() == expected


def test_the_example_of_the_rfc(grown: tuple[dict[Place, bytes], list[bytes]]) -> None:
    """RFC 9162 section 2.1.5: the proofs of its tree of seven leaves name the very nodes that the RFC names.

    a to g are the hashes of d0 to d6, h i j those of pairs, k of the first four, l of d4 to d6.
    """
    nodes, roots = grown
    a, b, c, d, f, j = (nodes[Place(0, index)] for index in (0, 1, 2, 3, 5, 6))
    g, h, i, k = nodes[Place(1, 0)], nodes[Place(1, 1)], nodes[Place(1, 2)], nodes[Place(2, 0)]
    ell = hashlib.sha256(b"\x01" + i + j).digest()
    assert roots[7] == hashlib.sha256(b"\x01" + k + ell).digest()

    def included(index: int) -> list[bytes]:
        return tree.hashes(tree.inclusion(index, 7), nodes)

    assert included(0) == [b, h, ell]
    assert included(3) == [c, g, ell]
    assert included(4) == [f, j, k]
    assert included(6) == [i, k]
    assert tree.hashes(tree.consistency(3, 7), nodes) == [c, d, g, ell]
    assert tree.hashes(tree.consistency(4, 7), nodes) == [ell]
    assert tree.hashes(tree.consistency(6, 7), nodes) == [i, j, k]
    assert a == leaf_hash(ENTRIES[0])


def test_every_root_and_every_inclusion_up_to_300(grown: tuple[dict[Place, bytes], list[bytes]]) -> None:
    """For every size and every leaf, root and path are those of the definition, and the path proves the leaf."""
    nodes, roots = grown
    for size in range(LARGEST + 1):
        assert roots[size] == mth(0, size) == root_of_hashes([leaf_hash(each) for each in ENTRIES[:size]])
        for index in range(size):
            proof = tree.hashes(tree.inclusion(index, size), nodes)
            assert proof == path(index, 0, size)
            assert verify.verify_inclusion(nodes[Place(0, index)], index, size, proof, roots[size])


def test_every_pair_of_sizes_up_to_300(grown: tuple[dict[Place, bytes], list[bytes]]) -> None:
    """For every pair the proof of consistency is that of the definition, and proves it."""
    nodes, roots = grown
    for second in range(LARGEST + 1):
        for first in range(second + 1):
            proof = tree.hashes(tree.consistency(first, second), nodes)
            if first:
                assert proof == subproof(first, 0, second, b=True)
            assert verify.verify_consistency(first, second, roots[first], roots[second], proof)


@settings(max_examples=300)
@given(st.integers(1, LARGEST), st.data())
def test_no_other_leaf_place_size_or_root_is_proven(size: int, data: st.DataObject) -> None:
    """A proof of inclusion, with anything about it altered, proves nothing."""
    index = data.draw(st.integers(0, size - 1))
    proof, leaf, root = path(index, 0, size), mth(index, index + 1), mth(0, size)
    assert verify.verify_inclusion(leaf, index, size, proof, root)
    assert not verify.verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    other = data.draw(st.integers(-1, LARGEST + 1).filter(lambda each: each != index))
    assert not verify.verify_inclusion(leaf, other, size, proof, root)
    assert not verify.verify_inclusion(leaf, index, size, [*proof, b"\x00" * 32], root)
    assert not verify.verify_inclusion(leaf, index, size, proof, leaf_hash(root))
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not verify.verify_inclusion(leaf, index, size, proof[:at] + proof[at + 1 :], root)
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
        assert not verify.verify_inclusion(leaf, index, size, [*proof[:at], flipped, *proof[at + 1 :]], root)


@settings(max_examples=300)
@given(st.integers(1, LARGEST), st.integers(1, LARGEST), st.data())
def test_no_other_beginning_is_proven(one: int, other: int, data: st.DataObject) -> None:
    """A proof of consistency, with anything about it altered, proves nothing."""
    first, second = sorted((one, other))
    proof, before, after = subproof(first, 0, second, b=True), mth(0, first), mth(0, second)
    assert verify.verify_consistency(first, second, before, after, proof)
    assert not verify.verify_consistency(first, second, leaf_hash(before), after, proof)
    assert not verify.verify_consistency(first, second, before, leaf_hash(after), proof)
    assert not verify.verify_consistency(first, second, before, after, [*proof, b"\x00" * 32])
    assert first == second or not verify.verify_consistency(second, first, after, before, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
        assert not verify.verify_consistency(first, second, before, after, [*proof[:at], flipped, *proof[at + 1 :]])
        assert not verify.verify_consistency(first, second, before, after, proof[:at] + proof[at + 1 :])


@given(st.integers(0, LARGEST - 1), st.integers(0, LARGEST))
def test_a_tree_goes_on_growing_from_its_peaks(at: int, to: int) -> None:
    """What is kept of a tree of some size is enough to make every later one, with the same nodes on the way."""
    start, end = sorted((at, to))
    kept = [mth(*_leaves_of(place)) for place in tree.places(Range(0, start))]
    peaks = Peaks(start, kept)
    for index in range(start, end):
        for place, made in peaks.push(leaf_hash(ENTRIES[index])):
            assert made == mth(*_leaves_of(place))
    assert (peaks.size, peaks.root()) == (end, mth(0, end))


def _leaves_of(place: Place) -> tuple[int, int]:
    return place.at << place.level, (place.at + 1) << place.level


def test_what_is_not_there_is_refused() -> None:
    """A leaf beyond the log, a log that shrank, peaks that are not those of the size."""
    for wrong in (-1, 5):
        with pytest.raises(ValueError, match="has no leaf"):
            tree.inclusion(wrong, 5)
    with pytest.raises(ValueError, match="was never one"):
        tree.consistency(6, 5)
    with pytest.raises(ValueError, match="2 peaks"):
        Peaks(5, [b"\x00" * 32])


def test_proofs_of_a_large_log_are_short() -> None:
    """Of a log of a thousand million leaves, a proof names at most thirty subtrees, of 30 nodes each."""
    drawn = random.Random(7)  # noqa: S311 - a sample
    size = 1_000_000_007
    for _ in range(100):
        proof = tree.inclusion(drawn.randrange(size), size)
        assert len(proof) <= 30
        assert all(len(tree.places(each)) <= 30 for each in proof)
        assert len(tree.consistency(drawn.randrange(1, size), size)) <= 31
