"""The run's WARC: opened at the first exchange worth keeping, sealed into the blob store at the end of the run."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from archiver.blobs import BlobDamaged, BlobStore
from archiver.capture.half_fetched import forget_old
from archiver.capture.warc import SpoolDamaged, SpoolInUse, SpoolWarc, lock, recover
from archiver.records.models import WarcFile, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archiver.archive import Archive
    from archiver.platforms.pages import AccountRef, Exchange
    from archiver.records.store import Located

_SEALED_STATE = "sealed"
_log = structlog.get_logger(__name__)


_POINTED_AT = """
    select coalesce((select max(r."offset" + r.length) from warc_records r where r.file = f.name), 0) as needed, f.state
    from warc_files f where f.name = :name
"""


def key_of(name: str) -> str:
    """Where a sealed WARC lies in the blob store."""
    return BlobStore.warc_key(name)


class RunWarc:
    """The WARC of one account and run; writes nothing, not even an empty file, until there is something to keep.

    The file's name is new each time, so that a run that is tried again under its old name never replaces what was sealed.
    """

    def __init__(self, archive: Archive, account: AccountRef, run_id: str) -> None:
        self._archive, self._account, self._run_id = archive, account, run_id
        self.name = f"account-{account.id}-{uuid7()}.warc.gz"
        self._warc: SpoolWarc | None = None
        self._written: dict[str, Located] = {}

    def write(self, exchanges: Sequence[Exchange]) -> list[Located]:
        """Append the exchanges, synced to disk when this returns. Gives where they lie.

        What the last call wrote is not written again: a transaction that is tried anew, or a large file whose items are
        stored in several transactions, points at the same records.
        """
        fresh = [exchange for exchange in exchanges if exchange.id not in self._written]
        if fresh:
            located = {each.exchange_id: each for each in self._open().append(fresh)}
            kept = {each.id: self._written[each.id] for each in exchanges if each.id in self._written}
            self._written = kept | located
        return [self._written[exchange.id] for exchange in exchanges]

    def _open(self) -> SpoolWarc:
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
        return self._warc

    def seal(self) -> None:
        """Close the file and move it into the blob store. Raises `archiver.blobs.BlobDamaged`.

        Where the store or the database does not answer, the file stays on the spool, and the account's next run seals it.
        """
        if self._warc is None:
            return
        self._warc.close()
        self._warc = None
        try:
            seal(self._archive, self.name)
        except (sa.exc.DBAPIError, OSError) as error:
            _log.warning("not sealed yet", file=self.name, error=type(error).__name__)


@contextlib.contextmanager
def run_warc(archive: Archive, account: AccountRef, run_id: str) -> Iterator[RunWarc]:
    """The WARC of a run, sealed when the block ends, however it ends."""
    warc = RunWarc(archive, account, run_id)
    try:
        yield warc
    finally:
        warc.seal()


def seal(archive: Archive, name: str) -> bool:
    """Upload a spool file, read it back, mark it sealed and remove it from the spool.

    False where it is not here, or is being written. Raises `SpoolDamaged` and `archiver.blobs.BlobDamaged`.
    """
    path = archive.spool / name
    try:
        with path.open("rb") as file:
            lock(file, path)
            _seal(archive, path)
    except (FileNotFoundError, SpoolInUse):
        return False
    return True


def _seal(archive: Archive, path: Path) -> None:
    with archive.engine.connect() as connection:
        needed, state = connection.execute(sa.text(_POINTED_AT), {"name": path.name}).one()
    if state == _SEALED_STATE:  # a run died between telling the database and removing the file
        path.unlink()
        return
    recover(path, needed)
    digest = _digest(path)
    archive.blobs.put_named(path, key_of(path.name), digest)
    with archive.engine.begin() as connection:
        connection.execute(
            sa.update(WarcFile)
            .where(WarcFile.name == path.name)
            .values(state=_SEALED_STATE, sealed_at=archive.now(), sha256=digest, size=path.stat().st_size)
        )
    path.unlink()


def seal_left_behind(archive: Archive, account: AccountRef, *, but: str) -> list[str]:
    """Seal what crashed runs of the account left on this machine's spool; files that are being written are left alone.

    What cannot be sealed is logged and stays: an old file must not keep the account from being captured.
    """
    sealed = []
    for path in sorted(archive.spool.glob(f"account-{account.id}-*.warc.gz")):
        if path.name == but:
            continue
        try:
            if seal(archive, path.name):
                sealed.append(path.name)
        except (OSError, BlobDamaged, SpoolDamaged, sa.exc.SQLAlchemyError) as error:
            _log.error("not sealed", file=path.name, error=str(error))
    forget_old(archive.spool)
    return sealed


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
