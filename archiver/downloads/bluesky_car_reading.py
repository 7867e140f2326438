"""The records of a repository as the connector's items, in the order of the file, so that it can be kept in pieces."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

from archiver.downloads.alone import is_car
from archiver.downloads.contract import DownloadFile
from archiver.downloads.errors import DamagedArchiveError
from archiver.platforms import bluesky_records as records
from archiver.platforms.answers import read
from archiver.platforms.bluesky_car import CID_LENGTH, BrokenRepositoryError
from archiver.platforms.bluesky_gates import POST_GATE, THREAD_GATE, rules
from archiver.platforms.items import Item, Skipped, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.unpack import Tree
    from archiver.platforms.bluesky_car import Place, Repository

READ = frozenset({records.POST, records.REPOST})
"""The collections of what an account published; its profile is read beside them."""
_GATES = (THREAD_GATE, POST_GATE)
_PIECE = 8 << 20
_MOST_ITEMS = 2000
_LENGTH = 4
"""The longest varint before a block."""
_CHUNK = 1 << 20
_BLOB = re.compile(r"b[a-z2-7]{58}", re.ASCII)


def collection_of(uri: str | None) -> str:
    """The collection that a record belongs to; empty for none."""
    parts = (uri or "").removeprefix("at://").split("/", 2)
    return parts[1] if len(parts) > 1 else ""


class Reading:
    """Reads one repository. `skipped` and `unread` (records of other collections) are whole once `files` has ended."""

    def __init__(self, name: str, repository: Repository, stream: IO[bytes], blobs: Blobs, piece: int = _PIECE) -> None:
        self._name, self._repository, self._stream, self._blobs = name, repository, stream, blobs
        self._piece = piece
        self._gates: dict[str, Place] = {}
        self.skipped: list[Skipped] = []
        self.unread: Counter[str] = Counter()

    def files(self) -> Iterator[DownloadFile]:
        """The file in pieces, each with the records whose blocks lie in it. Raises `BrokenRepositoryError`."""
        size = self._stream.seek(0, 2)
        for first, end, places in self._cut(self._wanted(), size):
            items = [item for place in places if (item := self._item(place)) is not None]
            media = {each.id: path for item in items for each in item.media if (path := self._blobs.file(each.id))}
            self._stream.seek(first)
            body = self._stream.read(end - first)
            span = None if (first, end) == (0, size) else (first, end)
            yield DownloadFile(self._name, body, items, media=media, span=span, keep=True)

    def _wanted(self) -> list[tuple[int, int, Place]]:
        """The records to be read, by where their blocks lie; all else is counted or named."""
        found = []
        for place in self._repository.places():
            collection = collection_of(place.uri)
            if place.uri is None:
                what = "a part of the tree of records is missing, and nobody can say which records it led to"
                self.skipped.append(Skipped(f"{self._name}: the node {place.cid}", what))
            elif collection in _GATES:
                self._gates[place.uri] = place
            elif collection not in READ and place.uri != records.profile_uri(self._repository.did):
                self.unread[collection] += 1
            elif place.block is None:
                self.skipped.append(Skipped(place.uri, f"its block {place.cid} is missing from {self._name}"))
            else:
                found.append((*place.block, place))
        return sorted(found, key=lambda each: each[0])

    def _cut(self, wanted: list[tuple[int, int, Place]], size: int) -> Iterator[tuple[int, int, list[Place]]]:
        """Pieces of the file, none of which ends within a block that is read."""
        first, last = 0, 0
        places: list[Place] = []
        for start, length, place in wanted:
            while start - first > self._piece:
                yield first, first + self._piece, places
                first, places = first + self._piece, []
            full = start + length - first > self._piece or len(places) >= _MOST_ITEMS
            if full and start >= last:  # else one block is the record of several keys
                cut = max(first, last, start - CID_LENGTH - _LENGTH)
                yield first, cut, places
                first, places = cut, []
            places.append(place)
            last = max(last, start + length)
        while size - first > self._piece:
            yield first, first + self._piece, places
            first, places = first + self._piece, []
        yield first, size, places

    def _item(self, place: Place) -> Item | None:
        uri = str(place.uri)
        try:
            value = self._repository.value(place)
        except BrokenRepositoryError as error:
            self.skipped.append(Skipped(uri, error.why))
            return None
        item = read(uri, self.skipped, _made, uri, place.cid, value or {})
        if item is None:
            return None
        if collection_of(uri) == records.POST:
            said = rules(*(self._gate(collection, records.rkey_of(uri)) for collection in _GATES))
            item = dataclasses.replace(
                item, evidence={**item.evidence, **said}, not_requested=item.not_requested - records.GATES
            )
        pointer = uri.removeprefix(f"at://{self._repository.did}")
        return dataclasses.replace(
            item, source=Source.IMPORT, order_key=records.rkey_of(uri), exchange=0, pointer=pointer
        )

    def _gate(self, collection: str, rkey: str) -> dict[str, Any] | None:
        """The gate of a post, which has the post's own key."""
        uri = f"at://{self._repository.did}/{collection}/{rkey}"
        place = self._gates.get(uri)
        if place is None:
            return None
        try:
            if (value := self._repository.value(place)) is not None:
                return value
            why = f"its block {place.cid} is missing from {self._name}"
        except BrokenRepositoryError as error:
            why = error.why
        self.skipped.append(Skipped(uri, why))
        return None


def _made(uri: str, cid: str, value: dict[str, Any]) -> Item:
    """A record as the connector makes it. Raises `KeyError` and the like."""
    match collection_of(uri):
        case records.POST:
            return records.post_item(uri, cid, value)
        case records.REPOST:
            return records.repost_item(uri, cid, value)
        case _:
            return records.profile_item(records.did_of(uri), None, cid, value)


class Blobs:
    """The files beside a CAR that are named by a CID, and which of them records name."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files: dict[str, str] = {}
        for name in tree.names():
            stem = name.rpartition("/")[2].partition(".")[0]
            if _BLOB.fullmatch(stem):
                self._files.setdefault(stem, name)
        self._good: dict[str, str | None] = {}
        self.lacking: dict[str, None] = {}
        """The CIDs that records name and no file has, in order."""
        self.skipped: list[Skipped] = []

    def file(self, cid: str) -> str | None:
        """The file with a blob's bytes, checked against the SHA-256 that its CID states; None where there is no good one."""
        if cid in self._good:
            return self._good[cid]
        name = self._files.get(cid)
        if name is None:
            self.lacking[cid] = None
            return None
        self._good[cid] = name if self._fits(name, cid) else None
        return self._good[cid]

    def _fits(self, name: str, cid: str) -> bool:
        stated = records.sha256_of_cid(cid)
        if stated is None:
            self.skipped.append(Skipped(name, "its CID states no SHA-256 of its bytes, so that they cannot be checked"))
            return False
        digest = hashlib.sha256()
        try:
            with self._tree.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except DamagedArchiveError as error:
            self.skipped.append(Skipped(name, error.why))
            return False
        if digest.digest() != stated:
            self.skipped.append(
                Skipped(name, "its bytes are not those that its name, the CID, states; save the blob again")
            )
        return digest.digest() == stated

    def unnamed(self) -> list[str]:
        """The files that no record names."""
        return [name for cid, name in self._files.items() if cid not in self._good and not is_car(name, b"")]
