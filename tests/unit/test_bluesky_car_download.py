"""A repository as a download: kept in pieces that are the file, and whatever its records are, each is read or named."""

from __future__ import annotations

import contextlib
import io
import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.downloads.bluesky_car import BlueskyCar
from archiver.downloads.bluesky_car_reading import Blobs, Reading
from archiver.downloads.errors import DownloadError
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms.bluesky_car import read_repository
from archiver.records.storable import storable
from tests.fixtures.importing import tree_of
from tests.fixtures.repositories import block, repository_car

if TYPE_CHECKING:
    from archiver.downloads.contract import DownloadFile

_DID = "did:plc:riverbendlibrary234567"
_POST = "app.bsky.feed.post"
_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_FIELDS = (
    "text",
    "createdAt",
    "langs",
    "tags",
    "facets",
    "reply",
    "embed",
    "labels",
    "subject",
    "displayName",
    "avatar",
)
_RECORD = st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=5)
_EMBED = st.fixed_dictionaries(
    {
        "$type": st.sampled_from(
            [f"app.bsky.embed.{kind}" for kind in ("images", "video", "record", "recordWithMedia")]
        ),
        "images": _JSON | st.lists(st.fixed_dictionaries({"image": _JSON, "alt": _JSON}), max_size=2),
        "video": _JSON,
        "record": _JSON,
        "media": _JSON,
    }
)


def _read(data: bytes) -> list[DownloadFile]:
    tree, car = tree_of({"repo.car": data}), BlueskyCar()
    owner = car.owner(tree)
    expected = car.expected(tree)
    files = list(car.files(tree, owner))
    own = sum(1 for file in files for item in file.items if not item.id.endswith("/self"))
    lost = sum(1 for file in files for each in file.skipped if each.lost)
    assert expected is not None
    assert own + lost >= expected
    for file in files:
        for item in file.items:
            fit = storable(item)
            content_hash(evidence_fields(fit))
    return files


@given(
    st.dictionaries(st.text("234567abcdef", min_size=1, max_size=9), st.integers(0, 400), max_size=12),
    st.integers(600, 4000),
)
def test_pieces_are_the_file_and_hold_their_records(sizes: dict[str, int], piece: int) -> None:
    """Of whatever size the pieces are, they are the file, one after the other, and a record's block lies in its own piece."""
    posts = {f"{_POST}/{key}": {"text": "a" * size} for key, size in sizes.items()}
    likes = {f"app.bsky.feed.like/{key}": {"text": "b" * size} for key, size in sizes.items()}
    data = repository_car(_DID, posts | likes)
    stream = io.BytesIO(data)
    reading = Reading("repo.car", read_repository(stream), stream, Blobs(tree_of({})), piece)
    files = list(reading.files())
    assert b"".join(file.body for file in files) == data
    spans = [file.span or (0, len(data)) for file in files]
    assert all(one[1] == two[0] for one, two in itertools.pairwise(spans))
    assert [data[first:end] for first, end in spans] == [file.body for file in files]
    found = {item.pointer.removeprefix("/"): file.body for file in files for item in file.items}
    assert set(found) == set(posts)
    assert all(block(value)[1] in found[key] for key, value in posts.items())
    assert reading.unread.total() == len(likes)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [f"{_POST}/a", "app.bsky.feed.repost/a", "app.bsky.actor.profile/self", "app.bsky.feed.threadgate/a"]
    ),
    _RECORD | st.fixed_dictionaries({"text": _TEXT, "embed": _EMBED}),
)
def test_any_record_is_read_or_named(key: str, value: dict[str, Any]) -> None:
    """A record whose fields are anything at all never stops the import, and what is read of it can be stored."""
    _read(repository_car(_DID, {key: value, f"{_POST}/a": {"text": "fine"}} | {key: value}))


@given(st.binary(max_size=40), st.integers(0, 2000), st.integers(0, 60))
def test_any_bytes_are_read_or_refused(noise: bytes, at: int, gone: int) -> None:
    """Other bytes in a CAR's midst end in a refusal by name or in records that can be stored, never in anything else."""
    whole = repository_car(_DID, {f"{_POST}/{n}": {"text": f"post {n}"} for n in range(9)})
    with contextlib.suppress(DownloadError):
        _read(whole[:at] + noise + whole[at + gone :])
