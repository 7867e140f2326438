"""A WARC read piece by piece: healthy ones have no trouble, and a flipped bit is found in the very record it lies in."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING

import pytest

from archiver.capture.warc import SpoolWarc
from archiver.custody import warc_reading
from archiver.custody.warc_reading import Record, Source, members
from tests.fixtures.sessions import Answer, exchange_of

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.records.store import Located

HEADERS = (("Content-Type", "application/json"),)


def written(path: Path, sizes: list[int]) -> tuple[bytes, list[Located]]:
    """A WARC of exchanges with bodies of these sizes."""
    exchanges = [
        exchange_of(f"https://city.example/{number}", Answer(os.urandom(size // 2).hex().encode(), 200, HEADERS))
        for number, size in enumerate(sizes)
    ]
    with SpoolWarc(path, "test") as spool:
        located = spool.append(exchanges)
    return path.read_bytes(), located


def read(data: bytes, located: list[Located]) -> tuple[list[int], bytes]:
    """The numbers of the records with trouble (-1: beside them), and the digest over everything."""
    source = Source(io.BytesIO(data))
    wrong = []
    for number, place in enumerate(located):
        if members(source, place.offset - source.position)[0]:
            wrong.append(-1)
        held: list[Record] = []
        troubles, _ = members(source, place.length, held)
        if (
            troubles or len(held) != 1 or held[0].finish() != place.payload_sha256
            or held[0].id != place.record_id or held[0].wrong
        ):  # fmt: skip
            wrong.append(number)
    if members(source, None)[0]:
        wrong.append(-1)
    return wrong, source.sha256()


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 18])
def test_a_healthy_file_has_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """However small the pieces are that it is read in; the digest is the file's."""
    monkeypatch.setattr(warc_reading, "CHUNK", chunk)
    data, located = written(tmp_path / "a.warc.gz", [0, 2, 300, 5000])
    assert read(data, located) == ([], hashlib.sha256(data).digest())


def test_every_flipped_bit_is_found_in_its_place(tmp_path: Path) -> None:
    """One bit of every byte flipped in turn: the file's digest always tells, and no other record than its own is blamed.

    A record that still reads right has lost nothing: the flip is in its gzip head, or in bits that fill its end.
    """
    data, located = written(tmp_path / "a.warc.gz", [40, 600])
    spans = {number: (each.offset, each.offset + each.length) for number, each in enumerate(located)}
    blamed = 0
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        wrong, digest = read(bytes(flipped), located)
        assert digest != hashlib.sha256(data).digest()
        inside = next((number for number, (start, end) in spans.items() if start <= at < end), -1)
        assert set(wrong) <= {inside}, at
        blamed += bool(wrong)
    assert blamed > len(data) * 0.95


def test_a_missing_end_is_told(tmp_path: Path) -> None:
    """A file cut short anywhere is not whole."""
    data, located = written(tmp_path / "a.warc.gz", [40, 600])
    last = located[-1]
    for size in range(last.offset, last.offset + last.length):
        assert read(data[:size], located)[0] == [1]


def test_a_record_of_megabytes_is_read_in_little_memory(tmp_path: Path) -> None:
    """The reader holds pieces, not records: thirty megabytes of one letter, which are a few kilobytes packed, pass through it."""
    import tracemalloc  # noqa: PLC0415 - for this test alone

    exchange = exchange_of("https://city.example/", Answer(b"a" * 30_000_000, 200, HEADERS))
    with SpoolWarc(tmp_path / "a.warc.gz", "test") as spool:
        located = spool.append([exchange])
    data = (tmp_path / "a.warc.gz").read_bytes()
    del exchange
    tracemalloc.start()
    assert read(data, located)[0] == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000
