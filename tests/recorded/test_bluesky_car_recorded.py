"""A real repository's CAR is read whole, and damage to it is found."""

from __future__ import annotations

import io

import pytest

from archiver.platforms.bluesky_car import BrokenRepositoryError, read_repository
from tests.fixtures.recorded import recorded

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
