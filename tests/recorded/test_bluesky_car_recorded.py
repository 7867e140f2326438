"""A real repository's CAR is read whole, and damage to it is found."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter

import atproto
import pytest

from archiver.downloads.bluesky_car import BlueskyCar
from archiver.downloads.unpack import open_tree
from archiver.platforms.bluesky_car import BrokenRepositoryError, read_repository
from archiver.platforms.items import ItemKind
from tests.fixtures.recorded import recorded
from tests.fixtures.repositories import named, tree

_FOLDER = recorded("bluesky") / "bluesky-social__indigo"
_PROOFS = recorded("bluesky") / "bluesky-social__atproto" / "packages" / "repo" / "tests" / "commit-proof-fixtures.json"
CAR = (recorded("bluesky") / "bluesky-social__indigo" / "paul_staging.repo.car").read_bytes()


def test_a_real_repository_gives_its_records_and_misses_none() -> None:
    """Every record that the root commit leads to is read, once each, under the owner's DID."""
    repository = read_repository(io.BytesIO(CAR))
    found = list(repository.found())
    assert found
    assert all(one.value is not None and "$type" in one.value for one in found)
    uris = [one.uri or "" for one in found]
    assert len(set(uris)) == len(uris)
    assert all(uri.startswith(f"at://{repository.did}/") for uri in uris)


def test_a_changed_byte_is_found() -> None:
    """A block whose bytes are not those of its CID is refused."""
    with pytest.raises(BrokenRepositoryError, match="CID"):
        read_repository(io.BytesIO(CAR[:-1] + bytes([CAR[-1] ^ 1])))


def test_a_file_that_is_cut_off_is_refused() -> None:
    """A CAR that ends within a block is not read as if it were whole."""
    with pytest.raises(BrokenRepositoryError, match="ends within"):
        read_repository(io.BytesIO(CAR[:-10]))


def test_a_real_repository_is_imported_as_another_library_reads_it() -> None:
    """Every post, reply and repost of a real CAR becomes an item with the text and time that the atproto library finds."""
    importer = BlueskyCar()
    with open_tree(_FOLDER / "paul_staging.repo.car") as car:
        owner = importer.owner(car)
        files = list(importer.files(car, owner))
        assert importer.expected(car) == 116
    blocks = {str(cid): value for cid, value in atproto.CAR.from_bytes(CAR).blocks.items()}
    items = [item for file in files for item in file.items]
    assert Counter(item.kind for item in items) == {
        ItemKind.POST: 88, ItemKind.COMMENT: 13, ItemKind.REPOST: 15, ItemKind.PROFILE: 1,
    }  # fmt: skip
    for item in items:
        record = blocks[str(atproto.CID.decode(item.fingerprint or ""))]
        assert item.created_text == record.get("createdAt")
        assert item.text == (record.get("description") if item.kind is ItemKind.PROFILE else record.get("text"))
    assert not any(skipped.lost for file in files for skipped in file.skipped)


def test_the_trees_that_tests_make_are_those_of_the_protocol() -> None:
    """A tree made for a test has the root that the protocol's own fixtures name, before and after each commit."""
    for case in json.loads(_PROOFS.read_text("utf-8")):
        leaf = base64.b32decode(case["leafValue"][1:].upper() + "=" * (-len(case["leafValue"][1:]) % 8))
        after = {*case["keys"], *case["adds"]} - set(case["dels"])
        for keys, root in ((case["keys"], case["rootBeforeCommit"]), (after, case["rootAfterCommit"])):
            assert named(tree(sorted((key.encode(), leaf) for key in keys), [])) == root
