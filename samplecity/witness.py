"""Works out the truth from the log, night by night; shares no index with the endpoints, so each checks the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from samplecity import records
from samplecity.events import Delete, FeedDrop, FeedPut, Put, SetHandle, SetStatus
from samplecity.ids import parse_uri, stamp
from samplecity.images import MIME
from samplecity.truth import TrueAccount, TrueItem, TrueMedia, TrueSighting, TrueVersion, Truth

if TYPE_CHECKING:
    from samplecity.accounts import CityFeed
    from samplecity.city import City
    from samplecity.events import Entry, Event

_KINDS = {records.REPOST: "repost", records.PROFILE: "profile"}
_STREAMS = {records.POST: "posts", records.REPOST: "reposts", records.PROFILE: "profile"}
_ItemKey = tuple[str, str, str]


class Witness:
    """Follows the city from night to night and writes down what could be seen.

    Args:
        city: to follow.
    """

    def __init__(self, city: City) -> None:
        self.city = city
        self.items: dict[_ItemKey, TrueItem] = {}
        self._now: dict[_ItemKey, TrueVersion] = {}  # what stands at this moment
        self._record: dict[str, dict[str, Any]] = {}
        self._entries: dict[tuple[str, str], Entry] = {}
        self._status: dict[str, str] = {}
        self._handles: dict[str, str] = {}
        self._gates: dict[str, dict[str, Any]] = {}
        self._barred: set[str] = set()
        self._sightings: dict[tuple[_ItemKey, str, str], list[int]] = defaultdict(list)
        self._accounts = {
            ("bluesky", one.did): TrueAccount("bluesky", one.did, one.key, {}, {}, {}, {}) for one in city.accounts
        } | {("rss", one.key): TrueAccount("rss", one.key, one.key, {}, {}, {}, {}) for one in city.feeds}

    def watch(self, night: int) -> Truth:
        """Follow the log up to a night and give the truth then."""
        for one in range(1, night + 1):
            for event in self.city.log:
                if event.night == one:
                    self._happen(event)
            self._end_of(one)
        named = defaultdict(list)
        for name, ids in self.city.story.items():
            for item_id in ids:
                named[item_id].append(name)
        for (key, account, stream), nights in sorted(self._sightings.items()):
            self.items[key].sightings.append(TrueSighting(account, stream, nights))
        for key, item in self.items.items():
            self._conclude(key, item, night)
            item.story = named[item.id]
        ordered = sorted(self.items.items())
        accounts = list(self._accounts.values())
        return Truth(self.city.seed, night, self.city.nights, accounts, [item for _, item in ordered])

    def _happen(self, event: Event) -> None:
        match event:
            case Put(uri=uri, cid=cid, record=record):
                self._write(uri, cid, record)
            case Delete(uri=uri):
                self._now.pop(("bluesky", "", uri), None)
                self._gates.pop(uri, None)
            case SetStatus(did=did, status=status):
                self._status[did] = status
            case SetHandle(did=did, handle=handle):
                self._handles[did] = handle
            case FeedPut(feed=feed, entry=entry):
                self._print(feed, entry)
            case FeedDrop(feed=feed, key=key):
                self._now.pop(("rss", feed, key), None)

    def _write(self, uri: str, cid: str, record: dict[str, Any]) -> None:
        did, collection, _ = parse_uri(uri)
        if collection in records.GATES:
            self._gate(uri, record)
            return
        if collection == records.BLOCK:  # a list of accounts, no item
            return
        reply = record.get("reply")
        kind = _KINDS.get(collection) or ("comment" if reply else "post")
        item = self.items.setdefault(("bluesky", "", uri), TrueItem("bluesky", "", uri, kind, did))
        if reply:
            item.root, item.parent = reply["root"]["uri"], reply["parent"]["uri"]
            if self._gate_of(item.root, records.THREAD_GATE).get("allow") == [] and parse_uri(item.root)[0] != did:
                self._barred.add(uri)
        item.refers_to = record["subject"]["uri"] if kind == "repost" else records.quoted(record)
        self._record[uri] = record
        self._add_version(
            item,
            TrueVersion(
                number=len(item.versions) + 1,
                title=None,
                text=record.get("text", record.get("description", "")),
                cid=cid,
                created_at=record["createdAt"],
                media=[self._media(did, one) for one in records.pictures_of(record)],
                langs=list(record.get("langs", ())),
                rules=self._rules(uri),
            ),
        )

    def _gate(self, uri: str, record: dict[str, Any]) -> None:
        """A gate was set: with other rules its post says something else, though its record is the same."""
        self._gates[uri] = record
        key = ("bluesky", "", record["post"])
        standing, rules = self._now.get(key), self._rules(record["post"])
        if standing is not None and standing.rules != rules:
            number = len(self.items[key].versions) + 1
            self._add_version(
                self.items[key], replace(standing, number=number, rules=rules, nights=[], observable=False)
            )

    def _gate_of(self, post: str, collection: str) -> dict[str, Any]:
        return self._gates.get(records.gate_uri(post, collection), {})

    def _rules(self, post: str) -> dict[str, Any]:
        return records.gate_rules(*(self._gate_of(post, collection) for collection in records.GATES))

    def _media(self, did: str, one: dict[str, Any]) -> TrueMedia:
        cid = one["image"]["ref"]["$link"]
        shown = self.city.pictures[did, cid]
        return TrueMedia(shown.sha256, cid, one["alt"], MIME, len(shown.data))

    def _print(self, feed: str, entry: Entry) -> None:
        item = self.items.setdefault(("rss", feed, entry.key), TrueItem("rss", feed, entry.key, "post", feed))
        self._entries[feed, entry.key] = entry
        media = []
        if entry.picture:
            media.append(TrueMedia(entry.picture.sha256, None, entry.alt, MIME, len(entry.picture.data)))
        self._add_version(
            item,
            TrueVersion(
                number=len(item.versions) + 1,
                title=entry.title,
                text=entry.body,
                cid=None,
                created_at=stamp(entry.published),
                media=media,
            ),
        )

    def _add_version(self, item: TrueItem, version: TrueVersion) -> None:
        item.versions.append(version)
        self._now[item.platform, item.namespace, item.id] = version

    def _end_of(self, night: int) -> None:
        for key in self._now:
            if key[0] == "bluesky" and self._readable(key[2]):
                self._see(key, night)
                root = self.items[key].root
                if root and key[2] in self._gate_of(root, records.THREAD_GATE).get("hiddenReplies", ()):
                    self.items[key].hidden_nights.append(night)
        for feed in self.city.feeds:
            window = self._window(feed)
            for key in window:
                self._see(key, night)
                self._sightings[key, feed.key, "entries"].append(night)
            account = self._accounts["rss", feed.key]
            account.status_by_night[night], account.handle_by_night[night] = "active", feed.key
            account.counts_by_night[night] = {"post": len(window)}
        replies: dict[str, list[str]] = defaultdict(list)
        for _, _, uri in self._now:
            parent = self._record.get(uri, {}).get("reply", {}).get("parent", {}).get("uri")
            if parent and self._readable(uri) and uri not in self._barred:
                replies[parent].append(uri)
        for one in self.city.accounts:
            self._account_at(one.did, night, replies)

    def _see(self, key: _ItemKey, night: int) -> None:
        self._now[key].nights.append(night)
        self.items[key].visible_nights.append(night)

    def _readable(self, uri: str) -> bool:
        return ("bluesky", "", uri) in self._now and self._status.get(parse_uri(uri)[0], "active") == "active"

    def _window(self, feed: CityFeed) -> list[_ItemKey]:
        standing = [self._entries[feed.key, key[2]] for key in self._now if key[:2] == ("rss", feed.key)]
        standing.sort(key=lambda one: (one.published, one.link), reverse=True)
        return [("rss", feed.key, one.key) for one in standing[: feed.window]]

    def _account_at(self, did: str, night: int, replies: dict[str, list[str]]) -> None:
        account = self._accounts["bluesky", did]
        account.status_by_night[night] = self._status.get(did, "active")
        account.handle_by_night[night] = self._handles[did]
        own = [uri for _, _, uri in self._now if uri.startswith(f"at://{did}/") and self._readable(uri)]
        account.counts_by_night[night] = dict(Counter(self.items["bluesky", "", uri].kind for uri in own))
        account.comments_by_night[night] = {}
        for uri in own:
            item = self.items["bluesky", "", uri]
            self._sight(uri, did, _STREAMS[parse_uri(uri)[1]], night)
            if item.refers_to:
                self._sight(item.refers_to, did, "references", night)
            for quote in self._gate_of(uri, records.POST_GATE).get("detachedEmbeddingUris", ()):
                self._sight(quote, did, "references", night)
            for answered in (item.parent, item.root):
                if answered and not answered.startswith(f"at://{did}/"):
                    self._sight(answered, did, "answered", night)
            if item.kind == "post":
                found = _below(uri, replies)
                account.comments_by_night[night][uri] = len(found)
                for comment in found:
                    self._sight(comment, did, "comments", night)

    def _sight(self, uri: str, account: str, stream: str, night: int) -> None:
        if self._readable(uri):
            nights = self._sightings[("bluesky", "", uri), account, stream]
            if not nights or nights[-1] != night:
                nights.append(night)

    def _conclude(self, key: _ItemKey, item: TrueItem, night: int) -> None:
        for version in item.versions:
            version.observable = bool(version.nights)
        item.observable = bool(item.visible_nights)
        if item.visible_nights and item.visible_nights[-1] == night:
            return
        status = self._status.get(item.author, "active")
        if item.platform == "rss":
            item.state = "not_shown"
        elif key not in self._now:
            item.state = "deleted"
        else:
            item.state = f"account_{status}"
        seen = item.visible_nights
        item.gone_since = seen[-1] + 1 if seen else None


def _below(root: str, replies: dict[str, list[str]]) -> list[str]:
    """Give all replies reachable from a post through readable replies, in order of depth."""
    found = [*replies.get(root, ())]
    for uri in found:  # grows while it is walked
        found.extend(replies.get(uri, ()))
    return found


def tell_truth(city: City, night: int) -> Truth:
    """Give the truth of a city after a night.

    Raises:
        ValueError: when the history has no such night.
    """
    if not 1 <= night <= city.nights:
        raise ValueError(f"the city has nights 1 to {city.nights}, not {night}")
    return Witness(city).watch(night)
