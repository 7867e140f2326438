"""The sample city's repositories are those of the protocol: read by other hands, signed by the key that the directory names."""

from __future__ import annotations

import io

import libipld
import pytest
from atproto import CAR
from atproto_crypto.verify import verify_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.platforms.bluesky_car import read_repository
from samplecity import bluesky, car, pds
from samplecity.city import City
from samplecity.ids import dag_cbor, record_cid
from samplecity.views import Views
from samplecity.xrpc import Query, Raw, XrpcError

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


@pytest.fixture(scope="module")
def views() -> Views:
    """The default city after its last night."""
    return Views(City.build().at(5), "http://127.0.0.1:1")


def repository(views: Views, did: str) -> bytes:
    """The CAR of an account."""
    answer = bluesky.call(views, "com.atproto.sync.getRepo", Query([("did", did)]))
    assert isinstance(answer, Raw)
    return answer.body


def test_a_repository_holds_what_the_listings_give(views: Views) -> None:
    """Every account in order exports exactly its records, each under its own CID."""
    for did in (each for each, status in views.world.status.items() if status == "active"):
        found = {
            each.uri: (each.cid, each.value) for each in read_repository(io.BytesIO(repository(views, did))).found()
        }
        records = {uri: (one.cid, one.record) for uri, one in views.world.records.items() if one.did == did}
        assert found == records


def test_the_commit_is_signed_by_the_key_of_the_directory(views: Views) -> None:
    """The PyPI client `atproto` verifies the commit with the key of the account's DID document, and reads every block."""
    did = next(iter(each for each, status in views.world.status.items() if status == "active"))
    exported = CAR.from_bytes(repository(views, did))
    commit = dict(exported.blocks[exported.root])
    document = pds.did_document(views, did)
    assert document is not None
    (method,) = document["verificationMethod"]
    signature = commit.pop("sig")
    signed = libipld.encode_dag_cbor(commit)
    assert verify_signature(f"did:key:{method['publicKeyMultibase']}", signed, signature)
    assert not verify_signature(f"did:key:{method['publicKeyMultibase']}", signed + b"x", signature)
    latest = bluesky.call(views, "com.atproto.sync.getLatestCommit", Query([("did", did)]))
    assert latest == {"cid": read_cid(exported.root), "rev": commit["rev"]}


def read_cid(link: bytes) -> str:
    """A CID as text, by the library."""
    return str(libipld.encode_cid(link)) if isinstance(link, bytes) else str(link)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z.]{3,9}/[2-7a-z]{1,13}", fullmatch=True), st.integers(0, 9), max_size=60))
def test_any_set_of_keys_makes_a_tree_that_leads_to_each(keys: dict[str, int]) -> None:
    """However the keys fall into layers, the tree leads to every record and to nothing else, in order."""
    records = {f"{key}": {"number": value} for key, value in keys.items()}
    nodes: car.Blocks = {}
    root = car.tree({key: record_cid(value) for key, value in records.items()}, nodes)
    commit = car.commit(DID, root, "3kaaaaaaaaa22")
    values = {record_cid(value): dag_cbor(value) for value in records.values()}
    blocks = {record_cid(commit): dag_cbor(commit), **nodes, **values}
    found = list(read_repository(io.BytesIO(car.archive(record_cid(commit), blocks.items()))).found())
    assert [(each.uri, each.value) for each in found] == [
        (f"at://{DID}/{key}", records[key]) for key in sorted(records)
    ]


def test_an_account_out_of_order_exports_nothing(views: Views) -> None:
    """A taken-down repository is refused in the words of a real server."""
    did = next(each for each, status in views.world.status.items() if status == "takendown")
    with pytest.raises(XrpcError, match="RepoTakendown"):
        repository(views, did)
