"""The methods of the app view (app.bsky), with `resolveHandle` as the app view answers it, and its image service.

The app view tells deactivated, taken down and deleted accounts apart in getProfile only
(`tests/recorded/bluesky_network`).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from samplecity import records
from samplecity.images import MIME, reencoded
from samplecity.xrpc import Json, Query, Raw, XrpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samplecity.views import Views
    from samplecity.world import Stored

MAX_PAGE, MAX_POSTS, MAX_DEPTH_PARAMETER = 100, 25, 1000
THREAD_DEPTH = 10  # the server's own cap, below the parameter's: clients ask again for the leaves
_FILTERS = (
    "posts_with_replies",
    "posts_no_replies",
    "posts_with_media",
    "posts_and_author_threads",
    "posts_with_video",
)


def _resolve_handle(views: Views, query: Query) -> Json:
    did = views.world.dids.get(query.need("handle").lower())
    if did is None or views.world.status[did] == "deleted":
        raise XrpcError("InvalidRequest", "Unable to resolve handle")
    return {"did": did}


def _actor(views: Views, actor: str) -> str:
    did = views.world.resolve(actor)
    if did is None:
        raise XrpcError("InvalidRequest", "Profile not found")
    return did


def _get_profile(views: Views, query: Query) -> Json:
    actor = query.need("actor")
    status = views.world.status.get(actor if actor.startswith("did:") else views.world.dids.get(actor.lower(), ""))
    if status == "deactivated":
        raise XrpcError("AccountDeactivated", "Account is deactivated")
    if status == "takendown":
        raise XrpcError("AccountTakedown", "Account has been suspended")
    return views.detailed(_actor(views, actor))


def _get_profiles(views: Views, query: Query) -> Json:
    query.need("actors")
    dids = [views.world.resolve(actor) for actor in query.all("actors")[:MAX_POSTS]]
    return {"profiles": [views.detailed(did) for did in dids if did]}


def image(views: Views, did: str, cid: str) -> Raw:
    """Answer the app view's image service: the picture in other bytes than were uploaded.

    Raises:
        XrpcError: 404 when no present post of an active account shows it.
    """
    if not views.world.active(did) or (did, cid) not in views.world.blobs:
        raise XrpcError("NotFound", "Image not found", 404)
    return Raw(reencoded(views.world.pictures[did, cid].data), MIME)


def _get_posts(views: Views, query: Query) -> Json:
    query.need("uris")
    uris = query.all("uris")
    if len(uris) > MAX_POSTS:
        raise XrpcError("InvalidRequest", f"Error: uris must not have more than {MAX_POSTS} elements")
    found = [views.world.readable(uri) for uri in uris]
    return {"posts": [views.post(stored) for stored in found if stored and stored.record["$type"] == records.POST]}


def _get_quotes(views: Views, query: Query) -> Json:
    uri = query.need("uri")
    limit = query.number("limit", 50, 1, MAX_PAGE)
    quoting = sorted(
        (stored for other in views.world.quoting.get(uri, ()) if (stored := views.world.readable(other))),
        key=lambda stored: stored.place,
    )
    cursor = query.get("cursor")
    left = [stored for stored in quoting if not cursor or stored.place < cursor]
    page = left[-limit:][::-1]
    answer: Json = {"uri": uri, "posts": [views.post(stored) for stored in page]}
    if len(left) > limit:
        answer["cursor"] = page[-1].place
    return answer


def _get_post_thread(views: Views, query: Query) -> Json:
    uri = query.need("uri")
    depth = min(query.number("depth", 6, 0, MAX_DEPTH_PARAMETER), THREAD_DEPTH)
    height = query.number("parentHeight", 80, 0, MAX_DEPTH_PARAMETER)
    stored = views.world.readable(uri)
    if stored is None or stored.record["$type"] != records.POST:
        raise XrpcError("NotFound", f"Post not found: {uri}")
    return {"thread": views.thread(stored, depth, height)}


def _wanted(stored: Stored, name: str) -> bool:
    if name == "posts_with_video":
        return False
    if stored.record["$type"] == records.REPOST:
        return name != "posts_with_media"
    reply = stored.record.get("reply")
    if name == "posts_with_media":
        return bool(records.pictures_of(stored.record))
    if not reply or name == "posts_with_replies":
        return True
    own = f"at://{stored.did}/"
    to_self = reply["root"]["uri"].startswith(own) and reply["parent"]["uri"].startswith(own)
    return name == "posts_and_author_threads" and to_self


def _get_author_feed(views: Views, query: Query) -> Json:
    did = _actor(views, query.need("actor"))
    limit = query.number("limit", 50, 1, MAX_PAGE)
    name = query.get("filter") or _FILTERS[0]
    if name not in _FILTERS:
        raise XrpcError("InvalidRequest", f"Error: filter must be one of {', '.join(_FILTERS)}")
    places, line = views.line(did, name, lambda stored: _wanted(stored, name))
    cursor = query.get("cursor")
    end = bisect_left(places, cursor) if cursor else len(places)
    page = line[max(0, end - limit) : end][::-1]
    # What is gone is dropped after paging, so a page may run short.
    answer: Json = {"feed": [shown for stored in page if (shown := views.feed_item(stored))]}
    if end > limit:
        answer["cursor"] = page[-1].place
    return answer


def _get_followers(views: Views, query: Query) -> Json:
    did = _actor(views, query.need("actor"))
    limit = query.number("limit", 50, 1, MAX_PAGE)
    there = [one for one in views.world.followers(did) if views.world.active(one)]
    start = int(query.get("cursor") or 0)
    answer: Json = {
        "subject": views.plain(did),
        "followers": [views.plain(one) for one in there[start : start + limit]],
    }
    if len(there) > start + limit:
        answer["cursor"] = str(start + limit)
    return answer


METHODS: Mapping[str, Callable[[Views, Query], Json | Raw]] = {
    "com.atproto.identity.resolveHandle": _resolve_handle,
    "app.bsky.actor.getProfile": _get_profile,
    "app.bsky.actor.getProfiles": _get_profiles,
    "app.bsky.feed.getPosts": _get_posts,
    "app.bsky.feed.getPostThread": _get_post_thread,
    "app.bsky.feed.getQuotes": _get_quotes,
    "app.bsky.feed.getAuthorFeed": _get_author_feed,
    "app.bsky.graph.getFollowers": _get_followers,
}
