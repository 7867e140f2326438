"""The app view's shapes (app.bsky.feed.defs, app.bsky.actor.defs) of a night's state.

What is left out and what stays follows the app view's published behaviour: a reply that is missing, or whose author's
account is not in order, leaves no trace among its parent's replies, nor do the replies under it; a missing parent is a
`#notFoundPost`; counters still count what cannot be shown. A reply that the thread's gate did not allow is neither shown nor
counted; one that it hides is shown as any other, with the gate at the root; a detached quote shows `#viewDetached`
(`tests/servers/test_bluesky_moderation.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samplecity import records
from samplecity.ids import parse_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from samplecity.world import Stored, World

Json = dict[str, Any]
_DEFS = "app.bsky.feed.defs#"


class Views:
    """Makes, and keeps, the views of one night.

    Args:
        world: the night's state.
        origin: the server's origin, for the addresses of images.
    """

    def __init__(self, world: World, origin: str) -> None:
        self.world = world
        self.origin = origin
        self._posts: dict[str, Json] = {}
        self._basics: dict[str, Json] = {}
        self._lines: dict[tuple[str, str], tuple[list[str], list[Stored]]] = {}

    def basic(self, did: str) -> Json:
        """Give an author as shown on a post (`profileViewBasic`)."""
        if did not in self._basics:
            view: Json = {"did": did, "handle": self.world.handles[did], "labels": []}
            profile = self._profile(did)
            if profile:
                view["displayName"] = profile.record["displayName"]
                view["createdAt"] = profile.record["createdAt"]
            self._basics[did] = view
        return self._basics[did]

    def detailed(self, did: str) -> Json:
        """Give a profile whole (`profileViewDetailed`)."""
        profile = self._profile(did)
        view = {
            **self.basic(did),
            "followersCount": len(self.world.followers(did)),
            "followsCount": 12,
            "postsCount": len(self.world.keys.get((did, records.POST), ())),
        }
        if profile:
            view |= {"description": profile.record["description"], "indexedAt": self.world.indexed(profile)}
        return view

    def plain(self, did: str) -> Json:
        """Give a profile as lists show it (`profileView`)."""
        whole = self.detailed(did)
        return {name: whole[name] for name in (*self.basic(did), "description", "indexedAt") if name in whole}

    def _profile(self, did: str) -> Stored | None:
        return self.world.records.get(f"at://{did}/{records.PROFILE}/self")

    def post(self, stored: Stored) -> Json:
        """Give a post (`postView`)."""
        view = self._posts.get(stored.uri)
        if view is None:
            view = self._posts[stored.uri] = self._make_post(stored, depth=0)
        return view

    def _make_post(self, stored: Stored, depth: int) -> Json:
        world = self.world
        view: Json = {
            "uri": stored.uri,
            "cid": stored.cid,
            "author": self.basic(stored.did),
            "record": stored.record,
            "bookmarkCount": 0,
            "replyCount": len(world.children.get(stored.uri, ())),
            "repostCount": len(world.reposting.get(stored.uri, ())),
            "likeCount": 0,
            "quoteCount": len(world.quoting.get(stored.uri, ())),
            "indexedAt": world.indexed(stored),
            "labels": [],
        }
        embed = self._embed(stored, stored.record.get("embed"), depth)
        if embed:
            view["embed"] = embed
        gate = None if "reply" in stored.record else world.gate(stored.uri, records.THREAD_GATE)
        if gate:
            view["threadgate"] = {"uri": gate.uri, "cid": gate.cid, "record": gate.record, "lists": []}
        return view

    def _embed(self, by: Stored, embed: Json | None, depth: int) -> Json | None:
        kind = embed["$type"] if embed else ""
        if embed is None:
            return None
        if kind == "app.bsky.embed.images":
            return self._images(by.did, embed)
        if kind == "app.bsky.embed.external":
            return {"$type": f"{kind}#view", "external": embed["external"]}
        if kind == "app.bsky.embed.record":
            return {"$type": f"{kind}#view", "record": self._quoted(by.uri, embed["record"]["uri"], depth)}
        return {
            "$type": f"{kind}#view",
            "record": {"record": self._quoted(by.uri, embed["record"]["record"]["uri"], depth)},
            "media": self._embed(by, embed["media"], depth),
        }

    def _images(self, did: str, embed: Json) -> Json:
        shown = []
        for one in embed["images"]:
            where = f"plain/{did}/{one['image']['ref']['$link']}@png"
            shown.append(
                {
                    "thumb": f"{self.origin}/img/feed_thumbnail/{where}",
                    "fullsize": f"{self.origin}/img/feed_fullsize/{where}",
                    "alt": one["alt"],
                    "aspectRatio": one["aspectRatio"],
                }
            )
        return {"$type": "app.bsky.embed.images#view", "images": shown}

    def _quoted(self, by: str, uri: str, depth: int) -> Json:
        stored = self.world.readable(uri)
        gate = self.world.gate(uri, records.POST_GATE) if stored else None
        if gate and by in gate.record.get("detachedEmbeddingUris", ()):
            return {"$type": "app.bsky.embed.record#viewDetached", "uri": uri, "detached": True}
        if stored is None:
            return {"$type": "app.bsky.embed.record#viewNotFound", "uri": uri, "notFound": True}
        view = self._make_post(stored, depth + 1) if depth == 0 else {**self.post(stored), "embed": None}
        embed = view.pop("embed", None)
        value = view.pop("record")
        for field in ("bookmarkCount", "threadgate"):  # of postView alone
            view.pop(field, None)
        return {
            "$type": "app.bsky.embed.record#viewRecord",
            **view,
            "value": value,
            **({"embeds": [embed] if embed else []} if depth == 0 else {}),
        }

    def shared(self, uri: str) -> Json:
        """Give a post as it is shown in a message."""
        return {"$type": "app.bsky.embed.record#view", "record": self._quoted("", uri, 0)}

    def thread(self, stored: Stored, depth: int, height: int) -> Json:
        """Give a post with its replies and parents (`threadViewPost`).

        Args:
            stored: the anchor.
            depth: levels of replies.
            height: levels of parents.
        """
        view: Json = {"$type": _DEFS + "threadViewPost", "post": self.post(stored), "threadContext": {}}
        parent = self._parent(stored, height)
        if parent:
            view["parent"] = parent
        replies = self._replies(stored.uri, depth)
        if replies is not None:
            view["replies"] = replies
        return view

    def _replies(self, uri: str, depth: int) -> list[Json] | None:
        if depth < 1:
            return None
        shown = []
        for child in self.world.children.get(uri, ()):
            stored = self.world.readable(child)
            if stored is None:
                continue
            view: Json = {"$type": _DEFS + "threadViewPost", "post": self.post(stored), "threadContext": {}}
            replies = self._replies(child, depth - 1)
            if replies is not None:
                view["replies"] = replies
            shown.append(view)
        return shown

    def _parent(self, stored: Stored, height: int) -> Json | None:
        reply = stored.record.get("reply")
        if not reply or height < 1:
            return None
        parent = self.world.readable(reply["parent"]["uri"])
        if parent is None:
            return self._not_found(reply["parent"]["uri"])
        view: Json = {"$type": _DEFS + "threadViewPost", "post": self.post(parent), "threadContext": {}}
        above = self._parent(parent, height - 1)
        if above:
            view["parent"] = above
        return view

    def _not_found(self, uri: str) -> Json:
        return {"$type": _DEFS + "notFoundPost", "uri": uri, "notFound": True}

    def feed_item(self, stored: Stored) -> Json | None:
        """Give a line of an author's feed (`feedViewPost`); None when what it shows is gone."""
        if stored.record["$type"] == records.REPOST:
            subject = self.world.readable(stored.record["subject"]["uri"])
            if subject is None:
                return None
            reason = {
                "$type": _DEFS + "reasonRepost",
                "by": self.basic(stored.did),
                "uri": stored.uri,
                "cid": stored.cid,
                "indexedAt": self.world.indexed(stored),
            }
            return {"post": self.post(subject), "reason": reason}
        line: Json = {"post": self.post(stored)}
        reply = stored.record.get("reply")
        if reply:
            line["reply"] = {end: self._end(reply[end]["uri"]) for end in ("root", "parent")}
        return line

    def _end(self, uri: str) -> Json:
        stored = self.world.readable(uri)
        return {"$type": _DEFS + "postView", **self.post(stored)} if stored else self._not_found(uri)

    def line(self, did: str, name: str, wanted: Callable[[Stored], bool]) -> tuple[list[str], list[Stored]]:
        """Give (places, records) of an author's timeline under a filter, oldest first; kept by the filter's name."""
        if (did, name) not in self._lines:
            chosen = [stored for stored in self.world.timelines.get(did, ()) if wanted(stored)]
            self._lines[did, name] = ([stored.place for stored in chosen], chosen)
        return self._lines[did, name]

    def warm(self) -> None:
        """Make every post's view now, so that a benchmark's first reader does not pay for it."""
        for uri, stored in self.world.records.items():
            if parse_uri(uri)[1] == records.POST:
                self.post(stored)
