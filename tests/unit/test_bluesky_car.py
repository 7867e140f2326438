"""A repository's CAR from a stranger: only current records are read, what is missing is named, and lies are refused."""

from __future__ import annotations

import contextlib
import hashlib
import io
from typing import Any

import libipld
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.bluesky_car import BrokenRepositoryError, Found, read_repository

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
POST = "app.bsky.feed.post"


def block(value: object) -> tuple[bytes, bytes]:
    """The CID and the bytes of a value."""
    data = libipld.encode_dag_cbor(value)
    return b"\x01\x71\x12\x20" + hashlib.sha256(data).digest(), data


def car(root: bytes, *blocks: tuple[bytes, bytes]) -> bytes:
    """A CAR with these blocks."""
    whole = b""
    for part in (libipld.encode_dag_cbor({"roots": [root], "version": 1}), *(cid + data for cid, data in blocks)):
        length = len(part)
        whole += bytes([length & 127 | 128, length >> 7]) + part
    return whole


def repository(entries: list[dict[str, Any]], *others: tuple[bytes, bytes], version: int = 3) -> bytes:
    """A CAR whose tree is one node with these entries."""
    tree = block({"l": None, "e": entries})
    commit = block({"did": DID, "version": version, "data": tree[0], "rev": "3k", "prev": None, "sig": b"x"})
    return car(commit[0], commit, tree, *others)


def entry(key: str, cid: bytes, shared: int = 0, tree: bytes | None = None) -> dict[str, Any]:
    """One entry of a node."""
    return {"p": shared, "k": key.encode(), "v": cid, "t": tree}


def found(data: bytes) -> list[Found]:
    """Everything found in a CAR."""
    return list(read_repository(io.BytesIO(data)).found())


@pytest.mark.parametrize("version", [2, 3])
def test_orphans_are_no_records(version: int) -> None:
    """Keys that share their beginnings are put together, and a post that only an older commit led to is not given."""
    one, two, orphan = (block({"$type": POST, "text": text}) for text in ("one", "two", "orphan"))
    shared = len(POST) + 1
    data = repository([entry(f"{POST}/a", one[0]), entry("b", two[0], shared)], one, two, orphan, version=version)
    values = [(each.uri, each.value and each.value["text"]) for each in found(data)]
    assert values == [(f"at://{DID}/{POST}/a", "one"), (f"at://{DID}/{POST}/b", "two")]


def test_missing_blocks_are_named() -> None:
    """A record and a node whose blocks are absent are each given by their CID, without a value."""
    record, node = block({"text": "gone"}), block({"l": None, "e": []})
    lost = found(repository([entry(f"{POST}/a", record[0], tree=node[0])]))
    assert [(each.uri, each.value) for each in lost] == [(f"at://{DID}/{POST}/a", None), (None, None)]
    assert all(each.cid.startswith("bafyrei") for each in lost)


def test_a_tree_that_leads_to_a_node_again_is_refused() -> None:
    """A node that stands in the tree twice would be walked again and again."""
    node, record = block({"l": None, "e": []}), block({"text": "a"})
    twice = [entry("x/a", record[0], tree=node[0]), entry("x/b", record[0], tree=node[0])]
    with pytest.raises(BrokenRepositoryError, match="twice"):
        found(repository(twice, node, record))


def test_keys_out_of_order_are_refused() -> None:
    """The same key twice would be two records with one URI."""
    record = block({"text": "a"})
    with pytest.raises(BrokenRepositoryError, match="out of order"):
        found(repository([entry("x/a", record[0]), entry("x/a", record[0])], record))


@pytest.mark.parametrize("length", [b"\xff\xff\xff\x7f", b"\xff" * 12])
def test_a_huge_length_is_refused(length: bytes) -> None:
    """No memory is set aside for what a length claims."""
    with pytest.raises(BrokenRepositoryError, match="claims to be longer"):
        read_repository(io.BytesIO(repository([]) + length))


@pytest.mark.parametrize("depth", [900, 5000])
def test_a_record_that_is_nested_deeply_is_refused_by_name(depth: int) -> None:
    """No depth of nesting ends in anything but a refusal that names the record."""
    data = b"\xa1\x61a" + b"\x81" * depth + b"\xf6"
    record = b"\x01\x71\x12\x20" + hashlib.sha256(data).digest(), data
    with pytest.raises(BrokenRepositoryError, match="x/a"):
        found(repository([entry("x/a", record[0])], record))


def test_a_key_that_is_no_text_is_refused() -> None:
    """Two keys that are no UTF-8 would else become one URI."""
    record = block({"text": "a"})
    with pytest.raises(BrokenRepositoryError, match="no text"):
        found(repository([{"p": 0, "k": b"x/\xff", "v": record[0], "t": None}], record))


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int) -> None:
    """Whatever the bytes are, there is a repository or a `BrokenRepositoryError`, and nothing else."""
    whole = repository([entry("x/a", block({"text": "a"})[0])])
    for data in (noise, whole[:place] + noise + whole[place:]):
        with contextlib.suppress(BrokenRepositoryError):
            assert all(each.cid for each in found(data))
