"""The methods of a PDS (com.atproto.repo, com.atproto.sync) and the PLC directory.

A PDS tells deactivated, taken down and deleted repositories apart in `com.atproto.sync.*` and describeRepo; in
listRecords and getRecord the three look alike (`tests/recorded/bluesky_network`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity import car
from samplecity.images import MIME
from samplecity.xrpc import Json, Query, Raw, XrpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samplecity.views import Views
    from samplecity.world import Stored

MAX_PAGE = 100


def did_document(views: Views, did: str) -> Json | None:
    """Answer the PLC directory's `GET /{did}`; None for a DID never registered.

    The document of a deleted account stays, as in the real directory (unless its owner tombstones it).
    """
    world = views.world
    if did not in world.handles:
        return None
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "alsoKnownAs": [f"at://{world.handles[did]}"],
        "verificationMethod": [car.verification_method(did)],
        "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": views.origin}],
    }


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
    repo = query.need("repo")
    did = _in_order(views, repo if repo.startswith("did:") else views.world.dids.get(repo.lower(), repo))
    return {
        "handle": views.world.handles[did],
        "did": did,
        "didDoc": did_document(views, did),
        "collections": sorted({collection for owner, collection in views.world.keys if owner == did}),
        "handleIsCorrect": True,
    }


def _available(views: Views, query: Query) -> str:
    return _in_order(views, query.need("did"))


def _in_order(views: Views, did: str) -> str:
    status = views.world.status.get(did, "deleted")
    if status == "deleted":
        raise XrpcError("RepoNotFound", f"Could not find repo for DID: {did}")
    if status == "takendown":
        raise XrpcError("RepoTakendown", f"Repo has been takendown: {did}")
    if status == "deactivated":
        raise XrpcError("RepoDeactivated", f"Repo has been deactivated: {did}")
    return did


def _latest_commit(views: Views, query: Query) -> Json:
    did = _available(views, query)
    return {"cid": views.world.repository(did)[0], "rev": views.world.rev(did)}


def _repo_status(views: Views, query: Query) -> Json:
    did = query.need("did")
    status = views.world.status.get(did, "deleted")
    if status == "deleted":
        raise XrpcError("RepoNotFound", f"Could not find repo for DID: {did}")
    if status != "active":
        return {"did": did, "active": False, "status": status}
    return {"did": did, "active": True, "rev": views.world.rev(did)}


def _get_repo(views: Views, query: Query) -> Raw:
    commit, blocks = views.world.repository(_available(views, query))
    return Raw(car.archive(commit, blocks.items()), car.MIME)


def _get_blob(views: Views, query: Query) -> Raw:
    did, cid = _available(views, query), query.need("cid")
    if (did, cid) not in views.world.blobs:
        raise XrpcError("InvalidRequest", "Blob not found")
    return Raw(views.world.pictures[did, cid].data, MIME)


METHODS: Mapping[str, Callable[[Views, Query], Json | Raw]] = {
    "com.atproto.repo.listRecords": _list_records,
    "com.atproto.repo.getRecord": _get_record,
    "com.atproto.repo.describeRepo": _describe_repo,
    "com.atproto.sync.getLatestCommit": _latest_commit,
    "com.atproto.sync.getRepoStatus": _repo_status,
    "com.atproto.sync.getRepo": _get_repo,
    "com.atproto.sync.getBlob": _get_blob,
}
