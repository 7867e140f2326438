"""The XRPC methods of a PDS and of the app view, and the PLC directory, as pure functions over a night's state.

Shapes: the lexicons of bluesky-social/atproto. Errors: as measured on real servers (a PDS tells deactivated, taken down
and deleted repositories apart in `com.atproto.sync.*`, the app view says "Profile not found" to all three).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from samplecity import records
from samplecity.images import MIME, reencoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from samplecity.views import Views
    from samplecity.world import Stored

Json = dict[str, Any]
MAX_PAGE, MAX_POSTS, MAX_DEPTH_PARAMETER = 100, 25, 1000
THREAD_DEPTH = 10  # the server's own cap, below the parameter's: clients ask again for the leaves
_FILTERS = (
    "posts_with_replies",
    "posts_no_replies",
    "posts_with_media",
    "posts_and_author_threads",
    "posts_with_video",
)


class XrpcError(Exception):
    """An XRPC error answer.

    Attributes:
        status: HTTP status.
        name: the `error` field.
        message: the `message` field.
    """

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(f"{name}: {message}")
        self.status, self.name, self.message = status, name, message


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is not JSON."""

    body: bytes
    mime: str


class Query:
    """An XRPC request's parameters, checked as a server checks them."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Give every value of a repeated parameter."""
        return [value for key, value in self._pairs if key in (name, name + "[]")]

    def need(self, name: str) -> str:
        """Give a parameter that must be there.

        Raises:
            XrpcError: InvalidRequest without it.
        """
        values = self.all(name)
        if not values or not values[0]:
            raise XrpcError("InvalidRequest", f'Error: Params must have the property "{name}"')
        return values[0]

    def get(self, name: str) -> str:
        """Give an optional parameter, empty when absent."""
        return next(iter(self.all(name)), "")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Give a whole number within bounds.

        Raises:
            XrpcError: InvalidRequest when it is none or out of bounds.
        """
        text = self.get(name)
        if not text:
            return default
        if not text.lstrip("-").isdigit():
            raise XrpcError("InvalidRequest", f"Error: {name} must be an integer")
        value = int(text)
        if value > high:
            raise XrpcError("InvalidRequest", f"Error: {name} can not be greater than {high}")
        if value < low:
            raise XrpcError("InvalidRequest", f"Error: {name} can not be less than {low}")
        return value


def did_document(views: Views, did: str) -> Json:
    """Answer the PLC directory's `GET /{did}`.

    Raises:
        XrpcError: 404 for a DID never registered. A deleted account's document stays, as in the real directory.
    """
    world = views.world
    if did not in world.handles:
        raise XrpcError("NotFound", f"DID not registered: {did}", 404)
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "alsoKnownAs": [f"at://{world.handles[did]}"],
        "verificationMethod": [],
        "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": views.origin}],
    }


def _resolve_handle(views: Views, query: Query) -> Json:
    did = views.world.resolve(query.need("handle"))
    if did is None:
        raise XrpcError("InvalidRequest", "Unable to resolve handle")
    return {"did": did}


def _actor(views: Views, actor: str) -> str:
    did = views.world.resolve(actor)
    if did is None:
        raise XrpcError("InvalidRequest", "Profile not found")
    return did


def _get_profile(views: Views, query: Query) -> Json:
    return views.detailed(_actor(views, query.need("actor")))


def _get_profiles(views: Views, query: Query) -> Json:
    query.need("actors")
    dids = [views.world.resolve(actor) for actor in query.all("actors")[:MAX_POSTS]]
    return {"profiles": [views.detailed(did) for did in dids if did]}


def _repo(views: Views, query: Query) -> str:
    repo = query.need("repo")
    did = views.world.resolve(repo)
    if did is None:
        raise XrpcError("InvalidRequest", f"Could not find repo: {repo}")
    return did


def _record(stored: Stored) -> Json:
    return {"uri": stored.uri, "cid": stored.cid, "value": stored.record}


def _list_records(views: Views, query: Query) -> Json:
    did, collection = _repo(views, query), query.need("collection")
    limit = query.number("limit", 50, 1, MAX_PAGE)
    page = views.world.page(did, collection, limit, query.get("cursor"), reverse=query.get("reverse") == "true")
    answer: Json = {"records": [_record(stored) for stored in page]}
    if page:  # a cursor until an empty page, as the real server
        answer["cursor"] = page[-1].uri.rpartition("/")[2]
    return answer


def _get_record(views: Views, query: Query) -> Json:
    uri = f"at://{_repo(views, query)}/{query.need('collection')}/{query.need('rkey')}"
    stored = views.world.readable(uri)
    if stored is None or query.get("cid") not in ("", stored.cid):
        raise XrpcError("RecordNotFound", f"Could not locate record: {uri}")
    return _record(stored)


def _describe_repo(views: Views, query: Query) -> Json:
    did = _repo(views, query)
    return {
        "handle": views.world.handles[did],
        "did": did,
        "didDoc": did_document(views, did),
        "collections": sorted({collection for owner, collection in views.world.keys if owner == did}),
        "handleIsCorrect": True,
    }


def _available(views: Views, query: Query) -> str:
    did = query.need("did")
    status = views.world.status.get(did, "deleted")
    if status == "deleted":
        raise XrpcError("RepoNotFound", f"Could not find repo for DID: {did}")
    if status == "takendown":
        raise XrpcError("RepoTakendown", f"Repo has been takendown: {did}")
    if status == "deactivated":
        raise XrpcError("RepoDeactivated", f"Repo has been deactivated: {did}")
    return did


def _latest_commit(views: Views, query: Query) -> Json:
    cid, rev = views.world.head(_available(views, query))
    return {"cid": cid, "rev": rev}


def _repo_status(views: Views, query: Query) -> Json:
    did = query.need("did")
    status = views.world.status.get(did, "deleted")
    if status == "deleted":
        raise XrpcError("RepoNotFound", f"Could not find repo for DID: {did}")
    if status != "active":
        return {"did": did, "active": False, "status": status}
    return {"did": did, "active": True, "rev": views.world.head(did)[1]}


def _get_repo(views: Views, query: Query) -> Raw:
    """Answer with the errors of the real one; of the archive itself only the CAR header is made, with no block."""
    _available(views, query)
    header = b"\xa2\x65roots\x80\x67version\x01"  # DAG-CBOR of {"roots": [], "version": 1}
    return Raw(bytes((len(header),)) + header, "application/vnd.ipld.car")


def _get_blob(views: Views, query: Query) -> Raw:
    did, cid = _available(views, query), query.need("cid")
    if (did, cid) not in views.world.blobs:
        raise XrpcError("BlobNotFound", "Blob not found")
    return Raw(views.world.pictures[did, cid].data, MIME)


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


METHODS: Mapping[str, Callable[[Views, Query], Json | Raw]] = {
    "com.atproto.identity.resolveHandle": _resolve_handle,
    "com.atproto.repo.listRecords": _list_records,
    "com.atproto.repo.getRecord": _get_record,
    "com.atproto.repo.describeRepo": _describe_repo,
    "com.atproto.sync.getLatestCommit": _latest_commit,
    "com.atproto.sync.getRepoStatus": _repo_status,
    "com.atproto.sync.getRepo": _get_repo,
    "com.atproto.sync.getBlob": _get_blob,
    "app.bsky.actor.getProfile": _get_profile,
    "app.bsky.actor.getProfiles": _get_profiles,
    "app.bsky.feed.getPosts": _get_posts,
    "app.bsky.feed.getPostThread": _get_post_thread,
    "app.bsky.feed.getAuthorFeed": _get_author_feed,
}


def call(views: Views, method: str, query: Query) -> Json | Raw:
    """Answer an XRPC query.

    Raises:
        XrpcError: as the method does; 501 MethodNotImplemented for one the city does not have.
    """
    function = METHODS.get(method)
    if function is None:
        raise XrpcError("MethodNotImplemented", f"Method Not Implemented: {method}", 501)
    return function(views, query)
