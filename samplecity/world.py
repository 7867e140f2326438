"""The city as it stands at one night: every index the endpoints need, built once by folding the log."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from samplecity import car, records
from samplecity.events import Delete, Entry, FeedDrop, FeedPut, Put, SetHandle, SetStatus, Status
from samplecity.ids import EPOCH, dag_cbor, dice, parse_uri, record_cid, stamp, tid
from samplecity.people import RESIDENTS

_FOLLOWS = 0.6
"""The share of the residents that follows an account."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from samplecity.events import Event
    from samplecity.images import Picture


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it stands.

    Attributes:
        uri: its address.
        did: its repository.
        cid: of its content.
        record: its JSON form.
        at: when the network saw this content.
    """

    uri: str
    did: str
    cid: str
    record: dict[str, Any]
    at: datetime

    @property
    def place(self) -> str:
        """Where it stands in lists by time: the declared time of creation, which an edit does not change."""
        return f"{self.record['createdAt']}::{self.uri}"


@dataclass
class World:
    """One night's state; build it with `World.fold`, do not change it after."""

    records: dict[str, Stored] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, Entry]] = field(default_factory=dict)
    pictures: dict[tuple[str, str], Picture] = field(default_factory=dict)
    last_change: dict[str, datetime] = field(default_factory=dict)
    deletions: Counter[str] = field(default_factory=Counter)
    barred: set[str] = field(default_factory=set)
    """Replies by others that came while the thread's gate let nobody answer."""
    _repositories: dict[str, tuple[str, car.Blocks]] = field(default_factory=dict, repr=False)

    @classmethod
    def fold(cls, events: Iterable[Event], pictures: dict[tuple[str, str], Picture]) -> World:
        """Fold events, in order, into the state after the last of them."""
        world = cls(pictures=pictures)
        for event in events:
            match event:
                case Put(uri=uri, cid=cid, record=record, at=at):
                    did = parse_uri(uri)[0]
                    world.records[uri] = Stored(uri, did, cid, record, at)
                    world.last_change[did] = at
                    if world._let_nobody_answer(did, record):
                        world.barred.add(uri)
                case Delete(uri=uri):
                    world.records.pop(uri, None)
                    world.deletions[parse_uri(uri)[0]] += 1
                case SetStatus(did=did, status=status):
                    world.status[did] = status
                case SetHandle(did=did, handle=handle):
                    world.handles[did] = handle
                    world.status.setdefault(did, "active")
                case FeedPut(feed=feed, entry=entry):
                    world.entries.setdefault(feed, {})[entry.key] = entry
                case FeedDrop(feed=feed, key=key):
                    world.entries.get(feed, {}).pop(key, None)
        return world

    def _let_nobody_answer(self, did: str, record: dict[str, Any]) -> bool:
        root = record.get("reply", {}).get("root", {}).get("uri", "")
        gate = self.records.get(records.gate_uri(root, records.THREAD_GATE)) if root else None
        return gate is not None and gate.record.get("allow") == [] and gate.did != did

    def gate(self, uri: str, collection: str) -> Stored | None:
        """Give a post's gate of a collection, None without one."""
        return self.readable(records.gate_uri(uri, collection))

    @cached_property
    def dids(self) -> dict[str, str]:
        """DID by present handle."""
        return {handle: did for did, handle in self.handles.items()}

    @cached_property
    def keys(self) -> dict[tuple[str, str], list[str]]:
        """Record keys, ascending, by (DID, collection)."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for uri in self.records:
            did, collection, rkey = parse_uri(uri)
            found[did, collection].append(rkey)
        return {place: sorted(rkeys) for place, rkeys in found.items()}

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """Direct replies by the post they answer, newest first, as the app view lists them; those that no gate barred."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for stored in self.records.values():
            reply = stored.record.get("reply")
            if reply and stored.uri not in self.barred:
                found[reply["parent"]["uri"]].append(stored)
        return {
            parent: [one.uri for one in sorted(replies, key=lambda one: one.place, reverse=True)]
            for parent, replies in found.items()
        }

    @cached_property
    def reposting(self) -> dict[str, list[str]]:
        """Reposts by the post they repost."""
        return self._by_target(records.REPOST, lambda record: str(record["subject"]["uri"]))

    @cached_property
    def quoting(self) -> dict[str, list[str]]:
        """Posts by the post they quote."""
        return self._by_target(records.POST, records.quoted)

    def _by_target(self, kind: str, target: Callable[[dict[str, Any]], str | None]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for stored in self.records.values():
            if stored.record["$type"] == kind and (uri := target(stored.record)):
                found[uri].append(stored.uri)
        return found

    @cached_property
    def blobs(self) -> set[tuple[str, str]]:
        """(DID, CID) of the blobs that a present record refers to; a server drops the others."""
        return {
            (stored.did, one["image"]["ref"]["$link"])
            for stored in self.records.values()
            for one in records.pictures_of(stored.record)
        }

    @cached_property
    def timelines(self) -> dict[str, list[Stored]]:
        """Posts and reposts by author, oldest first."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for stored in self.records.values():
            if stored.record["$type"] in (records.POST, records.REPOST):
                found[stored.did].append(stored)
        for line in found.values():
            line.sort(key=lambda one: one.place)
        return found

    def followers(self, did: str) -> list[str]:
        """Give who follows an account, in a fixed order: residents, whether their accounts are in order or not."""
        return [
            one.did
            for one in RESIDENTS
            if one.did in self.handles and dice("follows", one.did, did).random() < _FOLLOWS
        ]

    def active(self, did: str) -> bool:
        """Tell whether an account is known and in order."""
        return self.status.get(did) == "active"

    def readable(self, uri: str) -> Stored | None:
        """Give a record whose author's account is in order, None otherwise."""
        stored = self.records.get(uri)
        return stored if stored and self.active(stored.did) else None

    def resolve(self, actor: str) -> str | None:
        """Give the DID of an active account by handle or DID."""
        did = actor if actor.startswith("did:") else self.dids.get(actor.lower())
        return did if did and self.active(did) else None

    def page(self, did: str, collection: str, limit: int, cursor: str, *, reverse: bool) -> list[Stored]:
        """Give a page of a collection: newest key first, or oldest first when `reverse`; `cursor` is the last key."""
        keys = self.keys.get((did, collection), [])
        if reverse:
            start = bisect_right(keys, cursor) if cursor else 0
            chosen = keys[start : start + limit]
        else:
            end = bisect_left(keys, cursor) if cursor else len(keys)
            chosen = keys[max(0, end - limit) : end][::-1]
        return [self.records[f"at://{did}/{collection}/{rkey}"] for rkey in chosen]

    def rev(self, did: str) -> str:
        """Give the revision (a TID) of a repository; it changes with its content."""
        return tid(self.last_change.get(did, EPOCH), self.deletions[did])

    def repository(self, did: str) -> tuple[str, car.Blocks]:
        """Give the CID of a repository's commit, and all blocks of the repository, the commit first."""
        if did not in self._repositories:
            own = {uri: stored for uri, stored in self.records.items() if stored.did == did}
            nodes: car.Blocks = {}
            root = car.tree({uri.removeprefix(f"at://{did}/"): stored.cid for uri, stored in own.items()}, nodes)
            commit = car.commit(did, root, self.rev(did))
            values = {stored.cid: dag_cbor(stored.record) for stored in own.values()}
            self._repositories[did] = record_cid(commit), {record_cid(commit): dag_cbor(commit), **nodes, **values}
        return self._repositories[did]

    def indexed(self, stored: Stored) -> str:
        """Give the time the app view says it saw a record."""
        return stamp(stored.at)
