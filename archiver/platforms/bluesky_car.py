"""Reading a repository of Bluesky's from a CAR file, as `com.atproto.sync.getRepo` gives it: the records of the root commit only.

A CAR is a header (`{roots, version: 1}`) and blocks, each with its length as a varint before it; a block is a CID and bytes. A
commit is `{did, version, data, rev, prev, sig}`: version 2 chains by `prev` and may have no `rev`, version 3 is current. `data`
is the tree of records, whose nodes are `{l, e: [{p, k, v, t}]}` with keys that share their beginnings. A CAR can hold blocks of
older commits: only what the root commit leads to is a record. Source: platforms.md, section 7, "Bluesky CAR".
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any, BinaryIO

import libipld

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BLOCK = 4 << 20
"""Far more than a record may have; a longer length is a lie or harm."""
CID_LENGTH = 36
_LINKS = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")
"""How a CID begins here: version 1, DAG-CBOR or raw bytes, SHA-256 of 32 bytes."""
_VARINT_BYTES = 5
_MORE, _SEVEN = 0x80, 7
_COMMITS = (2, 3)


class BrokenRepositoryError(Exception):
    """The file is no CAR of a repository, or lies about its contents."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What the tree leads to. `value` is the record in the JSON form that listRecords gives; None where its block is missing.

    `uri` is None where the missing block is a node of the tree, so that nobody can say which records it led to.
    """

    uri: str | None
    cid: str
    value: dict[str, Any] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: `block` is the first byte and the length of its own bytes, None where they are missing. `uri` as in
    `Found`.
    """

    uri: str | None
    cid: str
    block: tuple[int, int] | None


class Repository:
    """A repository whose blocks have all been checked against their CIDs, and its commit."""

    def __init__(self, stream: BinaryIO, blocks: dict[bytes, tuple[int, int]], root: bytes) -> None:
        self._stream, self._blocks = stream, blocks
        commit = self._node(root, "the root commit")
        if commit is None:
            raise BrokenRepositoryError(f"the block of the root commit {_name(root)} is missing")
        did, self.version, self.rev = commit.get("did"), commit.get("version"), commit.get("rev")
        if not isinstance(did, str) or not did.startswith("did:") or self.version not in _COMMITS:
            raise BrokenRepositoryError(f"the root {_name(root)} is no commit of version 2 or 3")
        self.did: str = did
        self._data = _link(commit.get("data"), "the commit")

    def found(self) -> Iterator[Found]:
        """Every record in the order of the tree, and every missing block. Raises `BrokenRepositoryError`."""
        for place in self.places():
            yield Found(place.uri, place.cid, self.value(place))

    def places(self) -> Iterator[Place]:
        """As `found`, without reading the records. Raises `BrokenRepositoryError` where the tree is none."""
        seen: set[bytes] = set()
        last = b""
        todo: list[tuple[bytes, bytes | None]] = [(self._data, None)]
        while todo:
            link, key = todo.pop()
            if key is not None:
                if key <= last:
                    raise BrokenRepositoryError(f"the key {key!r} in the tree is out of order")
                last = key
                yield Place(self._uri(key), _name(link), self._blocks.get(link))
                continue
            if link in seen:
                raise BrokenRepositoryError(f"the node {_name(link)} stands in the tree twice")
            seen.add(link)
            node = self._node(link, "a node")
            if node is None:
                yield Place(None, _name(link), None)
            else:
                todo.extend(reversed(list(_steps(node, _name(link)))))

    def value(self, place: Place) -> dict[str, Any] | None:
        """The record of that place, None where its block is missing. Raises `BrokenRepositoryError`."""
        if place.uri is None or place.block is None:
            return None
        self._stream.seek(place.block[0])
        try:
            value: dict[str, Any] = _json(_map(self._stream.read(place.block[1]), place.uri))
        except RecursionError as error:
            raise BrokenRepositoryError(f"{place.uri} is nested too deeply") from error
        return value

    def _uri(self, key: bytes) -> str:
        try:
            return f"at://{self.did}/{key.decode()}"
        except UnicodeDecodeError as error:
            raise BrokenRepositoryError(f"the key {key!r} in the tree is no text") from error

    def _node(self, link: bytes, what: str) -> dict[str, Any] | None:
        if (place := self._blocks.get(link)) is None:
            return None
        self._stream.seek(place[0])
        return _map(self._stream.read(place[1]), what)


def read_repository(stream: BinaryIO) -> Repository:
    """The repository in a seekable CAR. Only where the blocks lie is kept in memory.

    Raises `BrokenRepositoryError` where a block is cut off, too long, or not what its CID says.
    """
    header = _map(_exactly(stream, _length(stream) or 0), "the header")
    roots = header.get("roots")
    if header.get("version") != 1 or not isinstance(roots, list) or not roots:
        raise BrokenRepositoryError("the header names no root")
    blocks: dict[bytes, tuple[int, int]] = {}
    while (length := _length(stream)) is not None:
        start = stream.tell() + CID_LENGTH
        block = _exactly(stream, length)
        link = _link(block[:CID_LENGTH], f"the block at byte {start - CID_LENGTH}")
        if hashlib.sha256(block[CID_LENGTH:]).digest() != link[4:]:
            raise BrokenRepositoryError(f"the bytes of block {_name(link)} are not those that its CID names")
        blocks[link] = (start, length - CID_LENGTH)
    return Repository(stream, blocks, _link(roots[0], "the header"))


def _steps(node: dict[str, Any], name: str) -> Iterator[tuple[bytes, bytes | None]]:
    """What a node leads to, in order: a record with its key, or another node without one."""
    entries = node.get("e")
    if not isinstance(entries, list):
        raise BrokenRepositoryError(f"the node {name} has no entries")
    if node.get("l") is not None:
        yield _link(node["l"], name), None
    key = b""
    for entry in entries:
        shared, rest = (entry.get("p"), entry.get("k")) if isinstance(entry, dict) else (None, None)
        if type(shared) is not int or not isinstance(rest, bytes) or not 0 <= shared <= len(key):
            raise BrokenRepositoryError(f"the node {name} has an entry without a key")
        key = key[:shared] + rest
        yield _link(entry.get("v"), name), key
        if entry.get("t") is not None:
            yield _link(entry["t"], name), None


def _json(value: Any) -> Any:
    """A record as JSON: links as `$link`, other bytes as `$bytes` (the data model of AT Protocol)."""
    if isinstance(value, bytes):
        if len(value) == CID_LENGTH and value.startswith(_LINKS):
            return {"$link": _name(value)}
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    if isinstance(value, dict):
        return {key: _json(inner) for key, inner in value.items()}
    return [_json(inner) for inner in value] if isinstance(value, list) else value


def _map(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = libipld.decode_dag_cbor(data)
    except (ValueError, RecursionError, OverflowError) as error:
        raise BrokenRepositoryError(f"{what} is no DAG-CBOR") from error
    if not isinstance(value, dict):
        raise BrokenRepositoryError(f"{what} is no map")
    return value


def _link(value: object, where: str) -> bytes:
    if not isinstance(value, bytes) or len(value) != CID_LENGTH or not value.startswith(_LINKS):
        raise BrokenRepositoryError(f"{where} has no CID of version 1 with SHA-256 where one belongs")
    return value


def _name(link: bytes) -> str:
    return "b" + base64.b32encode(link).decode().lower().rstrip("=")


def _length(stream: BinaryIO) -> int | None:
    """The varint before a block; None at the end of the file."""
    value = 0
    for place in range(_VARINT_BYTES):
        byte = stream.read(1)
        if not byte:
            if place:
                raise BrokenRepositoryError("the file ends within a length")
            return None
        value |= (byte[0] & ~_MORE) << (_SEVEN * place)
        if not byte[0] & _MORE:
            if value > MAX_BLOCK:
                break
            return value
    raise BrokenRepositoryError(f"a block before byte {stream.tell()} claims to be longer than {MAX_BLOCK} bytes")


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise BrokenRepositoryError("the file ends within a block")
    return data
