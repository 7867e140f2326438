"""The WARC on the spool: readable by others, whole after any crash, written by one at a time."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from warcio.archiveiterator import ArchiveIterator

from archiver.capture.warc import SpoolDamaged, SpoolInUse, SpoolWarc, read_record, recover
from tests.fixtures.sessions import Answer, exchange_of

if TYPE_CHECKING:
    from archiver.platforms.pages import Exchange
    from archiver.records.store import Located

HEADERS = (
    ("Content-Type", "application/json"),
    ("Content-Encoding", "gzip"),
    ("Transfer-Encoding", "chunked"),
    ("X-Ü", "ÿ"),
)
HEAD_END = b"\r\n\r\n"


def exchange(number: int, size: int = 200) -> Exchange:
    """An exchange whose body says which it is."""
    return exchange_of(
        f"https://city.example/posts?page={number}", Answer(f"{number}:".encode() + os.urandom(size), 200, HEADERS)
    )


def written(path: Path, count: int) -> tuple[list[Exchange], list[Located]]:
    """A file with so many exchanges."""
    exchanges = [exchange(number) for number in range(count)]
    with SpoolWarc(path, "test") as spool:
        return exchanges, spool.append(exchanges)


def payload(path: Path, located: Located) -> bytes:
    """The body of a record, read by its offset alone."""
    with path.open("rb") as file:
        record = read_record(file, located.offset, located.length)
    block = record.partition(HEAD_END)[2]
    return block.partition(HEAD_END)[2].removesuffix(b"\r\n\r\n")


def test_another_reader_finds_every_record_and_agrees_with_the_digests(tmp_path: Path) -> None:
    """Warcio's own reader reads what was written, times to the microsecond and our SHA-256 included."""
    path = tmp_path / "a.warc.gz"
    exchanges, _ = written(path, 3)
    with path.open("rb") as file:
        records = [
            (record.rec_type, record.content_stream().read(), record.rec_headers)
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    assert [kind for kind, _, _ in records] == ["warcinfo", *["response", "request"] * 3]
    for each, (_, body, headers) in zip(exchanges, records[1::2], strict=True):
        assert body == each.received
        assert headers.protocol == "WARC/1.1"
        assert headers.get_header("WARC-Payload-Digest") == f"sha256:{hashlib.sha256(each.received).hexdigest()}"
        assert headers.get_header("WARC-Record-ID") == f"<urn:uuid:{each.id}>"
        assert headers.get_header("WARC-Target-URI") == each.url


def test_the_checker_of_warcio_has_no_complaint(tmp_path: Path) -> None:
    """`warcio check` passes the file."""
    path = tmp_path / "a.warc.gz"
    written(path, 2)
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "warcio"), "check", "-v", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert "digest pass" in checked.stdout
    assert "fail" not in checked.stdout


def test_a_record_is_read_by_its_place_alone(tmp_path: Path) -> None:
    """Each member stands by itself, and its payload has the digest that was noted."""
    path = tmp_path / "a.warc.gz"
    exchanges, located = written(path, 4)
    for each, place in zip(exchanges, located, strict=True):
        assert payload(path, place) == each.received
        assert hashlib.sha256(payload(path, place)).digest() == place.payload_sha256


def test_a_scrubbed_copy_says_so_and_names_what_was_received(tmp_path: Path) -> None:
    """The kept body is the clean one; the digest of the bytes as received stands beside it."""
    path = tmp_path / "a.warc.gz"
    dirty = dataclasses.replace(exchange(1), kept_body=b"clean", scrubbed=("access_token",))
    with SpoolWarc(path, "test") as spool:
        (place,) = spool.append([dirty])
    assert payload(path, place) == b"clean"
    with path.open("rb") as file:
        head = read_record(file, place.offset, place.length)
    assert b"X-Scrubbed: access_token" in head
    assert hashlib.sha256(dirty.received).hexdigest().encode() in head
    assert b"X-Received-Content-Encoding: gzip" in head


def test_a_torn_tail_is_cut_wherever_it_is_torn(tmp_path: Path) -> None:
    """Cut at every byte of the last two members, the file keeps all whole members before, and can be appended to."""
    path = tmp_path / "a.warc.gz"
    _, located = written(path, 3)
    whole = path.read_bytes()
    torn = tmp_path / "torn.warc.gz"
    response = located[-1]
    ends = [response.offset, response.offset + response.length, len(whole)]
    for size in range(response.offset, len(whole)):
        torn.write_bytes(whole[:size])
        kept = max(end for end in ends if end <= size)
        assert recover(torn) == size - kept
        assert torn.read_bytes() == whole[:kept]
    torn.write_bytes(whole[: response.offset + 7])
    late = exchange(9)
    with SpoolWarc(torn, "test") as spool:
        (place,) = spool.append([late])
    assert payload(torn, place) == late.received
    with torn.open("rb") as file:
        assert sum(1 for _ in ArchiveIterator(file, check_digests="raise")) == 1 + 2 * 3


def test_a_tail_of_zeros_is_cut(tmp_path: Path) -> None:
    """A file system that had promised blocks before a power cut leaves zeros."""
    path = tmp_path / "a.warc.gz"
    written(path, 2)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(5000))
    assert recover(path) == 5000
    assert path.read_bytes() == whole


def test_what_is_pointed_at_is_never_cut(tmp_path: Path) -> None:
    """A file that is damaged before the end of a known record is left as it is, with an error that says so."""
    path = tmp_path / "a.warc.gz"
    _, located = written(path, 2)
    path.write_bytes(path.read_bytes()[: located[1].offset + 5])
    with pytest.raises(SpoolDamaged):
        recover(path, located[1].offset + located[1].length)
    assert path.stat().st_size == located[1].offset + 5


def test_a_failed_write_leaves_no_half_record_between_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a full disk the file ends where it ended before, and what is written next can be read."""
    path = tmp_path / "a.warc.gz"
    with SpoolWarc(path, "test") as spool:
        (first,) = spool.append([exchange(1)])
        before = path.stat().st_size

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                spool.append([exchange(2, size=100_000)])
        assert path.stat().st_size == before
        with pytest.raises(SpoolInUse):
            SpoolWarc(path, "other")
        third = exchange(3)
        (place,) = spool.append([third])
    assert place.offset == before
    assert payload(path, place) == third.received
    assert payload(path, first)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second writer is refused while the first writes, and let in when it has closed."""
    path = tmp_path / "a.warc.gz"
    with SpoolWarc(path, "test"), pytest.raises(SpoolInUse, match="another capture"):
        SpoolWarc(path, "test")
    with SpoolWarc(path, "test") as again:
        again.append([exchange(1)])


def test_a_member_cut_short_is_told(tmp_path: Path) -> None:
    """Reading beyond what is there is an error, not a shorter record."""
    path = tmp_path / "a.warc.gz"
    _, located = written(path, 1)
    with path.open("rb") as file, pytest.raises(ValueError, match="cut short"):
        read_record(file, located[0].offset, located[0].length - 1)


def test_an_import_is_a_resource(tmp_path: Path) -> None:
    """A file of a download was asked of nobody: it has no request, and its bytes are the block."""
    path = tmp_path / "a.warc.gz"
    file = dataclasses.replace(exchange(1), method="IMPORT", url="import:x.zip/tweet.js", status=0)
    with SpoolWarc(path, "test") as spool:
        spool.append([file])
    with path.open("rb") as opened:
        kinds = [(r.rec_type, r.content_stream().read()) for r in ArchiveIterator(opened, check_digests="raise")]
    assert kinds[1:] == [("resource", file.received)]
