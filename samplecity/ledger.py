"""The pen that writes the city's log: keeps keys unique, content ids right and references current."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from samplecity import records
from samplecity.days import Days
from samplecity.events import Delete, Entry, Event, FeedDrop, FeedPut, Put, SetHandle, SetStatus, Status
from samplecity.ids import record_cid, tid

if TYPE_CHECKING:
    from datetime import datetime

    from samplecity.images import Picture

_SEEN_AFTER = timedelta(milliseconds=1370)  # how long the network takes to see a record


@dataclass
class Ledger(Days):
    """Collects events in any order and gives them in the order of time.

    Attributes:
        start: the date of day 1, in city time.
        nights: how many days the history has; later events are left out.
        handles: DID by handle, for mentions.
        story: item ids by the name of what happens to them, for tests and demos.
        pictures: every picture uploaded, by (DID, CID).
    """

    handles: dict[str, str]
    story: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[tuple[str, str], Picture] = field(default_factory=dict)
    _log: list[tuple[datetime, int, Event]] = field(default_factory=list)
    _cids: dict[str, str] = field(default_factory=dict)
    _records: dict[str, dict[str, Any]] = field(default_factory=dict)

    def _add(self, at: datetime, event: Event) -> None:
        if event.night <= self.nights:
            self._log.append((at, len(self._log), event))

    def events(self) -> list[Event]:
        """Give the log in order of time."""
        return [event for _, _, event in sorted(self._log, key=lambda line: line[:2])]

    def note(self, name: str, *ids: str) -> None:
        """Remember items under a name of the story."""
        self.story.setdefault(name, []).extend(ids)

    def put(self, did: str, collection: str, record: dict[str, Any], at: datetime, rkey: str = "") -> str:
        """Write a record and give its address.

        Args:
            did: whose repository.
            collection: NSID.
            record: what it says.
            at: when, with zone.
            rkey: the key to write at; empty makes a new one of the time.
        """
        clock = hashlib.sha256(did.encode()).digest()[0]
        uri = f"at://{did}/{collection}/{rkey or tid(at, clock)}"
        while not rkey and uri in self._cids:
            clock += 1
            uri = f"at://{did}/{collection}/{tid(at, clock)}"
        cid = record_cid(record)
        self._cids[uri] = cid
        self._records[uri] = record
        self._add(at, Put(self.night(at), uri, cid, record, at + _SEEN_AFTER))
        return uri

    def post(
        self,
        did: str,
        text: str,
        at: datetime,
        *,
        langs: tuple[str, ...] = ("en",),
        under: str = "",
        pictures: tuple[tuple[Picture, str], ...] = (),
        quoting: str = "",
        card: dict[str, Any] | None = None,
    ) -> str:
        """Publish a post and give its address.

        Args:
            did: the author.
            text: what it says.
            at: when, with zone.
            langs: language tags.
            under: the post it answers.
            pictures: (picture, alt text) pairs.
            quoting: the post it quotes.
            card: an external link's embed.
        """
        for picture, _ in pictures:
            self.pictures[did, picture.cid] = picture
        embed = records.images(pictures) if pictures else card
        if quoting:
            embed = records.quote(self.ref(quoting), embed)
        record = records.post(
            text, at, langs=langs, reply=self._reply(under) if under else None, embed=embed, mentions=self.handles
        )
        return self.put(did, records.POST, record, at)

    def gate_thread(
        self, uri: str, at: datetime, *, allow: tuple[str, ...] | None = None, hidden: tuple[str, ...] = ()
    ) -> None:
        """Set who may answer a post and which answers are hidden, over an earlier gate."""
        did, _, rkey = uri.removeprefix("at://").split("/")
        self.put(did, records.THREAD_GATE, records.thread_gate(uri, at, allow=allow, hidden=hidden), at, rkey)

    def gate_post(self, uri: str, at: datetime, *, detached: tuple[str, ...] = (), closed: bool = False) -> None:
        """Set who may quote a post and which quotes it was detached from, over an earlier gate."""
        did, _, rkey = uri.removeprefix("at://").split("/")
        self.put(did, records.POST_GATE, records.post_gate(uri, at, detached=detached, closed=closed), at, rkey)

    def ref(self, uri: str) -> records.Ref:
        """Give the strong reference to what was last written at an address."""
        return {"uri": uri, "cid": self._cids[uri]}

    def _reply(self, under: str) -> tuple[records.Ref, records.Ref]:
        parent = self._records[under].get("reply")
        return (parent["root"] if parent else self.ref(under)), self.ref(under)

    def edit(self, uri: str, at: datetime, **changes: object) -> None:
        """Overwrite a record with changes to its fields; a changed text gets its marks anew."""
        did, collection, rkey = uri.removeprefix("at://").split("/")
        record = {**self._records[uri], **changes}
        if "text" in changes:
            marks = records.facets(str(record["text"]), self.handles)
            record.pop("facets", None)
            if marks:
                record["facets"] = marks
        self.put(did, collection, record, at, rkey)

    def delete(self, uri: str, at: datetime) -> None:
        """Delete a record."""
        self._add(at, Delete(self.night(at), uri))

    def status(self, did: str, status: Status, at: datetime) -> None:
        """Change how an account is hosted."""
        self._add(at, SetStatus(self.night(at), did, status))

    def rename(self, did: str, handle: str, at: datetime) -> None:
        """Give an account a handle."""
        self.handles[handle] = did
        self._add(at, SetHandle(self.night(at), did, handle))

    def publish(self, feed: str, entry: Entry) -> Entry:
        """Publish an entry of a feed, or change it: the time is its `updated`."""
        self._add(entry.updated, FeedPut(self.night(entry.updated), feed, entry))
        return entry

    def amend(self, feed: str, entry: Entry, at: datetime, **changes: str) -> Entry:
        """Publish an entry again with other words."""
        return self.publish(feed, replace(entry, updated=at, **changes))  # type: ignore[arg-type] # title and body are text

    def withdraw(self, feed: str, key: str, at: datetime) -> None:
        """Take an entry out of a feed."""
        self._add(at, FeedDrop(self.night(at), feed, key))
