"""Small pictures of kept media, in a real Postgres and store: made once, by nights and by hand, and shown on the pages."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from archiver import accounts, nightly
from archiver.blobs import BlobStore
from archiver.cli import app
from archiver.records.store.thumbnails import thumbnails_of
from archiver.thumbnails import run
from archiver.thumbnails.making import Limits, is_webp
from tests.fixtures.clerk import picture
from tests.fixtures.social_nights import social_town
from tests.servers.test_five_nights import night_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.fixtures.archives import ArchiveMaker, TestArchive


def keep(
    archive: TestArchive, media: Mapping[str, bytes], kind: str = "image", content_type: str = "image/png"
) -> None:
    """Media that are kept, by the platform's id."""
    for name, data in media.items():
        digest = hashlib.sha256(data).digest()
        path = archive.archive.spool / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        archive.archive.blobs.put_file(path, digest)
        path.unlink()
        with archive.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "insert into media (public_id, platform, namespace, platform_id, kind, state, sha256, size, content_type) "
                    "values (gen_random_uuid(), 'x', '', :name, :kind, 'kept', :digest, :size, :type)"
                ),
                {"name": name, "kind": kind, "digest": digest, "size": len(data), "type": content_type},
            )


def made_of(archive: TestArchive, data: bytes) -> Any:
    """What was made of these bytes."""
    digest = hashlib.sha256(data).digest()
    with archive.engine.connect() as connection:
        return thumbnails_of(connection, [digest]).get(digest)


def test_a_picture_is_made_small_once(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two media that are the same bytes have one; a second run does nothing; videos and what is not kept are left alone."""
    archive = make_archive()
    keep(archive, {"a": picture(), "b": picture(), "c": picture(64, 64)})
    keep(archive, {"film": b"\x00\x00\x00\x18ftypmp42"}, "video", "video/mp4")
    with archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into media (public_id, platform, namespace, platform_id, kind) "
                "values (gen_random_uuid(), 'x', '', 'w', 'image')"
            )
        )
    done = run.make_waiting(archive.archive)
    assert (done.made, done.unmade, done.later) == (2, [], [])
    row = made_of(archive, picture())
    assert (row.width, row.height, row.reason) == (320, 200, None)
    with archive.archive.blobs.open(BlobStore.key(bytes(row.thumbnail_sha256))) as file:
        assert is_webp(file.read())
    monkeypatch.setattr(run, "make", lambda *_: pytest.fail("made again"))
    assert run.make_waiting(archive.archive).made == 0
    assert not [path for path in archive.archive.spool.iterdir() if path.name.endswith(".medium")]


def test_a_picture_that_breaks_the_decoder_costs_itself_alone(make_archive: ArchiveMaker) -> None:
    """The reason is on record, the others are made, and it is tried again only when somebody asks."""
    archive = make_archive()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    keep(archive, {"1": picture(), "2": svg, "3": picture()[:-60], "4": picture(10, 10)})
    done = run.make_waiting(archive.archive)
    assert done.made == 2
    assert len(done.unmade) == 2
    assert made_of(archive, svg).reason == "its bytes are none of a picture that browsers show"
    assert made_of(archive, svg).thumbnail_sha256 is None
    assert run.make_waiting(archive.archive).unmade == []
    assert len(run.make_waiting(archive.archive, again=True).unmade) == 2


def test_what_is_late_or_lost_is_tried_again_by_itself(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine and a store without the bytes say nothing of the picture."""
    archive = make_archive()
    keep(archive, {"1": picture()})
    assert len(run.make_waiting(archive.archive, limits=Limits(clock=0.001)).later) == 1
    assert made_of(archive, picture()) is None
    with monkeypatch.context() as patched:
        patched.setattr(BlobStore, "open", lambda *_: (_ for _ in ()).throw(FileNotFoundError("gone")))
        assert "the store gave no bytes" in run.make_waiting(archive.archive).later[0]
    assert run.make_waiting(archive.archive).made == 1


def test_a_run_ends_in_time_and_the_next_goes_on(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait; batches end where they ended."""
    archive = make_archive()
    keep(archive, {str(number): picture(8, number) for number in range(1, 8)})
    monkeypatch.setattr(run, "_BATCH", 2)
    assert run.make_waiting(archive.archive, longest=-1).made == 0
    assert run.make_waiting(archive.archive).made == 7


def test_a_night_makes_them_and_loses_nothing_for_them(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an account's capture its pictures have small ones, and only its; a fault there is no fault of the night."""
    with social_town(make_archive, monkeypatch, "mastodon", faulty=False) as town:
        town.running.at(1)
        town.archive.clock.set(night_of(town.city, 1))
        first, second = accounts.active_names(town.archive.engine)[:2]
        said: list[str] = []
        nightly.capture(town.archive.archive, first, mode="nightly", scheduler_run="one", say=said.append)
        (kept,) = town.sql("select count(distinct sha256) from media where state = 'kept' and kind = 'image'")[0]
        (made,) = town.sql("select count(*) from thumbnails where reason is null")[0]
        assert made == kept > 0
        assert any("(blocked): " in line for line in said)

        def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError("no process to be had")

        monkeypatch.setattr(nightly, "make_waiting", broken)
        nightly.capture(town.archive.archive, second, mode="nightly", scheduler_run="one")
        assert town.sql("select count(*) from thumbnails") == [(made,)]


def test_small_pictures_are_made_on_the_command_line(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As JSON and as sentences that name the medium."""
    from archiver.settings import settings  # noqa: PLC0415 - read anew for this database

    archive = make_archive()
    keep(archive, {"good": picture(), "bad": b"nothing"})
    monkeypatch.setenv("DATABASE_URL", archive.app_url)
    monkeypatch.setenv("MIGRATION_DATABASE_URL", archive.migration_url)
    monkeypatch.setenv("CIVIC_ARCHIVE_HOME", str(tmp_path))
    monkeypatch.setenv("CIVIC_ARCHIVE_BLOBS_URL", archive.archive.blobs._root)
    settings.cache_clear()
    request.addfinalizer(settings.cache_clear)
    printed = CliRunner().invoke(app, ["media", "thumbnails", "--json"]).stdout
    found = json.loads(printed[printed.index("{\n") :])
    assert found["made"] == 1
    assert found["unmade"][0].startswith("x bad (SHA-256 ")
    again = CliRunner().invoke(app, ["media", "thumbnails", "--again"])
    assert "0 small pictures made." in again.output
    assert "none can be made of x bad" in again.output
    assert "Every attachment is kept." in CliRunner().invoke(app, ["media", "missing"]).output
