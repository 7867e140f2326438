"""Checking a WARC: the whole file against the digest it was sealed with, and each record against where and what it should be."""

from __future__ import annotations

import dataclasses
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.blobs import BlobStore
from archiver.custody.findings import DATABASE, Checked, Finding, shown_by
from archiver.custody.warc_reading import Record, Source, Trouble, members

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from archiver.archive import Archive

_SEALED = "sealed"
_RECORDS = """
    select exchange_id, warc_record_id, "offset" as at, length, payload_sha256 from warc_records
    where file = :name order by "offset"
"""


def check(archive: Archive, name: str) -> Checked | None:
    """Read a WARC again from beginning to end. None where it is not sealed yet and not on this machine's spool."""
    with archive.engine.connect() as connection:
        row = _row(connection, name)
        opened = _opened(archive, name, row)
        if opened is None:
            row = _row(connection, name)  # it may have been sealed in between
            if row.state != _SEALED:
                return None
            opened = _opened(archive, name, row)
        if opened is None:
            what = "the sealed file is not in the store"
            return Checked(0, [Finding("warc_file", name, what, f"{row.size} bytes", "no file")])
        with opened as file:
            return _read(archive, connection, name, row, file)


def _row(connection: Connection, name: str) -> Row[Any]:
    return connection.execute(
        sa.text("select state, sha256, size from warc_files where name = :name"), {"name": name}
    ).one()


def _opened(archive: Archive, name: str, row: Row[Any]) -> IO[bytes] | None:
    try:
        if row.state == _SEALED:
            return archive.blobs.open(BlobStore.warc_key(name))
        return (archive.spool / name).open("rb")
    except FileNotFoundError:
        return None


def _read(archive: Archive, connection: Connection, name: str, row: Row[Any], file: IO[bytes]) -> Checked:
    source, checked = Source(file), Checked()
    odd: list[int] = []
    sealed = row.state == _SEALED
    found = connection.execution_options(stream_results=True, max_row_buffer=1000)
    for record in found.execute(sa.text(_RECORDS), {"name": name}):
        if record.at < source.position:
            what = f"two records are said to lie at byte {record.at}"
            checked.findings.append(_named(archive, name, record, Trouble(record.at, what), DATABASE))
            continue
        troubles, begins = members(source, record.at - source.position)
        checked.findings += [_between(name, each) for each in troubles]
        odd += begins
        odd += _record(archive, checked, name, record, source)
    if sealed:
        troubles, begins = members(source, None)
        checked.findings += [_between(name, each) for each in troubles]
        _whole(checked, name, row, source, odd + begins)
    checked.bytes = source.position
    return checked


def _record(archive: Archive, checked: Checked, name: str, record: Row[Any], source: Source) -> list[int]:
    """Check one record, and add what is wrong with it. Gives where members begin oddly."""
    held: list[Record] = []
    troubles, odd = members(source, record.length, held)
    advice = None
    if not troubles:
        digest, expected = held[0].finish(), bytes(record.payload_sha256)
        if len(held) != 1:
            troubles = [Trouble(record.at, f"{len(held)} records lie where one should")]
        elif held[0].id != record.warc_record_id:
            troubles = [Trouble(record.at, "another record lies there", record.warc_record_id, held[0].id)]
        elif digest != expected:
            troubles = [Trouble(record.at, "its payload is another", expected.hex(), digest.hex())]
            if held[0].declared == digest.hex():
                troubles = [Trouble(record.at, "the database names another digest", digest.hex(), expected.hex())]
                advice = DATABASE
        elif held[0].wrong:
            troubles = [Trouble(record.at, held[0].wrong)]
    for each in troubles[:1]:
        checked.findings.append(_named(archive, name, record, each, advice))
    return odd


def _named(archive: Archive, name: str, record: Row[Any], trouble: Trouble, advice: str | None = None) -> Finding:
    with archive.engine.connect() as connection:
        records = shown_by(connection, record.exchange_id)
    found = Finding(
        "warc_record",
        f"{record.exchange_id} of {name}",
        trouble.what,
        trouble.expected,
        trouble.found,
        at=record.at,
        length=record.length,
        records=records,
    )
    return found if advice is None else dataclasses.replace(found, advice=advice)


def _between(name: str, trouble: Trouble) -> Finding:
    what = f"a request or the file's own head, beside the records that are pointed at: {trouble.what}"
    return Finding("warc_file", name, what, trouble.expected, trouble.found, at=trouble.at)


def _whole(checked: Checked, name: str, row: Row[Any], source: Source, odd: list[int]) -> None:
    expected, found = bytes(row.sha256), source.sha256()
    if source.position != row.size:
        what = "the sealed file has another length"
        checked.findings.append(Finding("warc_file", name, what, f"{row.size} bytes", f"{source.position} bytes"))
    elif found != expected:
        what = "the sealed file is another"
        if not checked.findings:
            what += ", though every record in it reads right: the change is where nothing is stored"
            what += (
                f" (a gzip head at byte {', '.join(map(str, odd))})" if odd else " (the filling bits of a record's end)"
            )
        checked.findings.append(Finding("warc_file", name, what, expected.hex(), found.hex()))
