"""The run's WARC: opened at the first exchange worth keeping, sealed into the blob store at the end of the run."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.capture.warc import SpoolWarc, recover
from archiver.records.models import WarcFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archiver.archive import Archive
    from archiver.platforms.contract import AccountRef, Exchange
    from archiver.records.store import Located

SEALED = "warc"
_CHUNK = 1 << 20


def key_of(name: str) -> str:
    """Where a sealed WARC lies in the blob store."""
    return f"{SEALED}/{name}"


class RunWarc:
    """The WARC of one account and run; writes nothing, not even an empty file, until there is something to keep."""

    def __init__(self, archive: Archive, account: AccountRef, run_id: str) -> None:
        self._archive, self._account, self._run_id = archive, account, run_id
        self.name = f"account-{account.id}-{run_id}.warc.gz"
        self._warc: SpoolWarc | None = None
        self._last: str | None = None

    def write(self, exchanges: Sequence[Exchange]) -> list[Located]:
        """Append the exchanges, synced to disk when this returns. The last one again (a large file whose items are stored in
        several transactions) is not written twice.
        """
        exchanges = [exchange for exchange in exchanges if exchange.id != self._last]
        if not exchanges:
            return []
        if self._warc is None:
            with self._archive.engine.begin() as connection:
                connection.execute(
                    sa.text(
                        "insert into warc_files (name, account_id, run_id, opened_at) "
                        "values (:name, :account, :run, :now) on conflict do nothing"
                    ),
                    {"name": self.name, "account": self._account.id, "run": self._run_id, "now": self._archive.now()},
                )
            self._warc = SpoolWarc(self._archive.spool / self.name, self._archive.settings.user_agent)
        located = self._warc.append(exchanges)
        self._last = exchanges[-1].id
        return located

    def seal(self) -> None:
        """Close the file and move it into the blob store. Raises `archiver.blobs.BlobDamaged`."""
        if self._warc is not None:
            self._warc.close()
            self._warc = None
            seal(self._archive, self.name)


@contextlib.contextmanager
def run_warc(archive: Archive, account: AccountRef, run_id: str) -> Iterator[RunWarc]:
    """The WARC of a run, sealed when the block ends, however it ends."""
    warc = RunWarc(archive, account, run_id)
    try:
        yield warc
    finally:
        warc.seal()


def seal(archive: Archive, name: str) -> bool:
    """Upload a spool file, read it back, mark it sealed and remove it from the spool. False where it is not here."""
    path = archive.spool / name
    if not path.exists():
        return False
    recover(path)
    digest = _digest(path)
    archive.blobs.put_named(path, key_of(name), digest)
    with archive.engine.begin() as connection:
        connection.execute(
            sa.update(WarcFile)
            .where(WarcFile.name == name)
            .values(state="sealed", sealed_at=archive.now(), sha256=digest, size=path.stat().st_size)
        )
    path.unlink()
    return True


def seal_left_behind(archive: Archive, account: AccountRef, *, but: str) -> list[str]:
    """Seal what crashed runs of the account left on this machine's spool, except the running one's file."""
    with archive.engine.connect() as connection:
        names = connection.scalars(
            sa.select(WarcFile.name).where(WarcFile.account_id == account.id, WarcFile.state == "spool")
        ).all()
    return [name for name in names if name != but and seal(archive, name)]


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()
