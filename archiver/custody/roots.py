"""The log's signed roots: made, kept word for word in the database, and written to a folder that the city publishes."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.custody import keys, nodes
from archiver.database import repeatable_read
from archiver.evidence import roots, tree, verify
from archiver.evidence.roots import Head
from archiver.evidence.timestamps import TimestampRefused
from archiver.records.models import LogRoot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from archiver.archive import Archive
    from archiver.evidence.roots import Stamp

_LOCK = 0x_C1_71C_200
_LAST = "select id, size, root_hash, document from log_roots order by id desc limit 1"


class RootRefused(Exception):
    """The log is not what it was when its last root was signed, and no further one is signed. The message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Published:
    """A root that was made: its document, where it was written, and why it has no timestamp (None: it has one)."""

    document: dict[str, Any]
    path: Path
    untimed: str | None
    failed: bool
    """Whether a timestamp was wanted and not given."""


def folder_of(archive: Archive) -> Path:
    """Where roots are written for the city to publish."""
    return archive.settings.roots_folder or archive.spool.parent / "roots"


def key_file(public: bytes) -> str:
    """How the file of a public key is called: a new key stands beside the old one."""
    return f"public-key-{public.hex()[:16]}.txt"


@contextlib.contextmanager
def _held(archive: Archive, function: str) -> Iterator[None]:
    """Hold the lock of the roots, alone (`pg_advisory_lock`) or with others that read (`pg_advisory_lock_shared`)."""
    unlock = function.replace("_lock", "_unlock")
    with archive.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as lock:
        lock.execute(sa.text(f"select {function}(:key)"), {"key": _LOCK})
        try:
            yield
        finally:
            lock.execute(sa.text(f"select {unlock}(:key)"), {"key": _LOCK})


def unchanging(archive: Archive) -> contextlib.AbstractContextManager[None]:
    """While this is open no root is made: what the table and the folder hold is of one moment."""
    return _held(archive, "pg_advisory_lock_shared")


def publish(archive: Archive, stamp: Callable[[bytes], Stamp | None]) -> Published:
    """Sign the log as it is now, have it timestamped, keep it, and write it to the folder.

    `stamp` asks the authority for a timestamp over the bytes it is given: None where no authority is set, `TimestampRefused`
    where it gives none. The root is signed and published all the same, and says why it has none.

    Raises `RootRefused` where the log no longer begins with what was signed last, `keys.KeyProblem`, `nodes.LogDamaged`.
    """
    key = keys.signing_key(archive)
    with _held(archive, "pg_advisory_lock"):  # while an authority is asked, no transaction is open
        time = archive.now()
        head, previous, consistency = _state(archive)
        document = roots.signed(
            head,
            archive=archive.settings.city,
            time=time,
            previous=previous,
            consistency=consistency,
            key=key,
        )
        stamped, why, failed = _stamped(stamp, document)
        text = roots.finished(document, stamped, why or "")
        name = roots.file_name(time, head.size)
        with archive.engine.begin() as connection:
            connection.execute(
                sa.insert(LogRoot).values(
                    size=head.size,
                    root_hash=head.root,
                    made_at=time,
                    timestamped_at=stamped.time if stamped else None,
                    file_name=name,
                    document=text,
                )
            )
        write_missing(archive)
    return Published(json.loads(text), folder_of(archive) / name, why, failed)


def _stamped(stamp: Callable[[bytes], Stamp | None], document: dict[str, Any]) -> tuple[Stamp | None, str | None, bool]:
    """The stamp, why there is none, and whether that is a failure."""
    try:
        got = stamp(verify.stamped_bytes(document))
    except TimestampRefused as error:
        return None, f"none: {error}", True
    return got, None if got else roots.NO_AUTHORITY, False


def _state(archive: Archive) -> tuple[Head, Head | None, list[bytes]]:
    """The log now, its last root, and the proof from that to this. Raises `RootRefused`."""
    with repeatable_read(archive.engine) as connection:
        size = nodes.size(connection)
        last = connection.execute(sa.text(_LAST)).one_or_none()
        if last is None:
            return nodes.head(connection, size), None, []
        previous = Head(last.size, bytes(last.root_hash))
        if previous.size > size:
            raise RootRefused(
                f"the log has {size} leaves, its last root was signed over {previous.size}: leaves are gone, and no root is "
                "signed; run `civic-archive log fixity --whole` and restore the database from a copy"
            )
        head = nodes.head(connection, size)
        (path,) = nodes.proofs(connection, [tree.consistency(previous.size, size)], size)
        if not verify.verify_consistency(previous.size, size, previous.root, head.root, path):
            raise RootRefused(
                f"the log of {size} leaves does not begin with the {previous.size} leaves that its last root was signed over: "
                "something in it was changed, and no root is signed; `civic-archive log fixity --whole` names it"
            )
    return head, previous, path


def last(connection: Connection) -> dict[str, Any] | None:
    """The last root's document, None where none was made yet."""
    row = connection.execute(sa.text(_LAST)).one_or_none()
    return None if row is None else json.loads(row.document)


def write_missing(archive: Archive) -> list[Path]:
    """Write every root whose file is not in the folder, and the public key. A file that is there is left as it is."""
    folder = folder_of(archive)
    folder.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in folder.iterdir()}
    written = []
    public = roots.raw(keys.signing_key(archive).public_key())
    if key_file(public) not in there:
        written.append(_write(folder / key_file(public), f"{public.hex()}\n"))
    with archive.engine.connect() as connection:
        names = connection.execute(sa.text("select file_name from log_roots order by id")).scalars().all()
        for name in names:
            if name not in there:
                text = connection.scalar(
                    sa.text("select document from log_roots where file_name = :name"), {"name": name}
                )
                written.append(_write(folder / name, str(text)))
    return written


def _write(path: Path, text: str) -> Path:
    """Write a file whole or not at all, readable by all: it is there to be published."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path
