"""Making one export: fix the set, read its records, write them, compare, put the file into the store."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import shutil
import uuid
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import structlog

from archiver.blobs import BlobDamaged, BlobStore
from archiver.i18n.languages import ENGLISH, speaking
from archiver.platforms.items import ItemKind
from search.errors import IndexUnavailableError, SearchError
from search.exports import jobs
from search.exports.about import About
from search.exports.asked import limits_under
from search.exports.beating import Heart
from search.exports.fixing import fix
from search.exports.formats import FORMATS
from search.exports.found_set import DamagedSetError, batches
from search.exports.reading import records_of
from search.exports.stream import LostPlaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Row

    from archiver.archive import Archive
    from search.exports.rows import Record
    from search.exports.writer import Writer
    from search.query.everything import Found
    from search.query.model import Limits

FOLDER = "exports"
"""In the spool."""
BATCH = 1_000
"""Records that are read at once; they are in memory three times over, as the next ones are read meanwhile."""
WHOLE_BATCH = 250
"""The same where everything of them is read, all that they ever said."""
_READERS = 2
"""Batches that are read while one is written: most of that time is Postgres's."""
OFTEN = 5_000
"""Records between two places to go on from."""
_WAITS = (2.0, 10.0, 30.0)
"""Seconds, where the index does not answer."""
_log = structlog.get_logger(__name__)


class ShortError(Exception):
    """What was written is not what was found: there is no file."""


class MessageError(Exception):
    """A direct message came up in an export that must have none."""


@speaking(ENGLISH)
def run(archive: Archive, client: Elasticsearch, index: str, job: Row[Any]) -> bool:
    """Make an export that `jobs.claim` gave, in English. Gives whether there is a file; why there is none stands in the job.

    Raises:
        BaseException: what ends the worker itself (a signal, a database that is gone); the job is given back, or taken up
            by another worker later, and gone on with.
    """
    folder = folder_of(archive, job) / uuid.uuid4().hex
    try:
        with Heart(archive.engine, job) as heart:
            digest, size, name, writer = _made(archive, client, index, job, folder, heart)
        jobs.finish(
            archive.engine, job, archive.now(), sha256=digest, size=size, file_name=name, written=writer.written
        )
    except jobs.LostError:
        _log.info("export given up", export=str(job.public_id))
        shutil.rmtree(folder, ignore_errors=True)
        return False
    except (SearchError, ShortError, MessageError, DamagedSetError, BlobDamaged, OSError) as error:
        _failed(archive, job, _sentence(error))
        return False
    except (KeyboardInterrupt, SystemExit):
        with contextlib.suppress(jobs.LostError):
            jobs.release(archive.engine, job)
        raise
    shutil.rmtree(folder_of(archive, job), ignore_errors=True)
    return True


def folder_of(archive: Archive, job: Row[Any]) -> Path:
    """Where workers write, each in a folder of its own therein, since one that was taken for dead may still write."""
    return archive.spool / FOLDER / str(job.public_id)


def sweep(archive: Archive) -> None:
    """Remove what workers left of exports that have ended."""
    for folder in (archive.spool / FOLDER).glob("*"):
        with contextlib.suppress(ValueError):
            public_id = uuid.UUID(folder.name)
            with archive.engine.connect() as connection:
                job = jobs.one(connection, public_id)
            if job is None or job.finished_at is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _failed(archive: Archive, job: Row[Any], sentence: str) -> None:
    _log.warning("export failed", export=str(job.public_id), error=sentence)
    with contextlib.suppress(jobs.LostError):
        jobs.fail(archive.engine, job, sentence, archive.now())
    shutil.rmtree(folder_of(archive, job), ignore_errors=True)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"The file could not be written or read ({error.strerror or type(error).__name__}): tell the operator."
    return str(error)


def _made(
    archive: Archive, client: Elasticsearch, index: str, job: Row[Any], folder: Path, heart: Heart
) -> tuple[bytes, int, str, Writer]:
    folder.mkdir(parents=True)
    if job.set_sha256 is None:
        _fixed(archive, client, index, job, folder, heart)
        with archive.engine.connect() as connection:
            again = jobs.one(connection, job.public_id)
        if again is None or again.attempt != job.attempt:
            raise jobs.LostError(f"export {job.public_id}")
        job = again
    writer, gone, changed = _begun(archive, job, folder)
    with contextlib.closing(writer):
        gone, changed = _write(archive, job, writer, heart, {"folder": folder.name, "gone": gone, "changed": changed})
        about = _about(archive, job, writer, gone, changed)
        target = folder / "finished"
        writer.package(target, about)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    heart.check()
    size = target.stat().st_size
    archive.blobs.put_file(target, digest)
    return digest, size, about.name(writer.suffix), writer


def _fixed(archive: Archive, client: Elasticsearch, index: str, job: Row[Any], folder: Path, heart: Heart) -> None:
    for wait in _WAITS:
        try:
            return fix(archive, client, index, job, folder, heart.check)
        except IndexUnavailableError:
            _log.info("the index does not answer", export=str(job.public_id), seconds=wait)
            archive.sleep(wait)
            heart.check()
    return fix(archive, client, index, job, folder, heart.check)


def _begun(archive: Archive, job: Row[Any], folder: Path) -> tuple[Writer, int, int]:
    """A writer, and how many of its records are gone and changed: where the worker before stopped, if that can be had."""
    kind = FORMATS[job.format]
    if job.place is not None:
        try:
            before = folder_of(archive, job) / job.place["folder"]
            writer = kind(folder, before, job.place["writer"])
        except LostPlaceError:
            _log.info("export begun anew", export=str(job.public_id))
        else:
            return writer, job.place["gone"], job.place["changed"]
    return kind(folder), 0, 0


def _write(archive: Archive, job: Row[Any], writer: Writer, heart: Heart, place: dict[str, Any]) -> tuple[int, int]:
    """Write all records behind those that are written; gives how many are gone and changed in all.

    Raises:
        ShortError: less, or more, was written than was found.
    """
    kept, gone, changed = writer.written, place["gone"], place["changed"]
    with archive.blobs.open(BlobStore.key(bytes(job.set_sha256))) as file:
        sets = batches(file, WHOLE_BATCH if writer.whole else BATCH, after=writer.written)
        for records in _ahead(archive, sets, limits=limits_under(job), whole=writer.whole, after=writer.written):
            heart.check()
            for record in records:
                _refuse_messages(job, record)
                gone += record.revision is None
                changed += record.changed
                writer.add(record)
            heart.progress(writer.written)
            if writer.written - kept >= OFTEN:
                kept = writer.written
                place |= {"gone": gone, "changed": changed, "writer": writer.place()}
                jobs.write(archive.engine, job, written=kept, gone=gone, changed=changed, place=place)
    jobs.write(archive.engine, job, written=writer.written, gone=gone, changed=changed)
    if writer.written != job.expected:
        raise ShortError(
            f"{job.expected:,} records were found and {writer.written:,} written: there is no file; ask for it again."
        )
    return gone, changed


def _refuse_messages(job: Row[Any], record: Record) -> None:
    if record.kind == ItemKind.MESSAGE and not job.messages:
        raise MessageError(
            "A direct message stands in the index of everything else: tell the operator. There is no file."
        )


def _ahead(
    archive: Archive, sets: Iterator[list[Found]], *, limits: Limits, whole: bool, after: int
) -> Iterator[list[Record]]:
    """The records batch by batch, the next one being read while one is written."""
    read = partial(records_of, archive.engine, archive.settings.zone, limits=limits, whole=whole)
    with ThreadPoolExecutor(_READERS, "export-reader") as reader:
        waiting: deque[Future[list[Record]]] = deque()
        while True:
            for batch in islice(sets, _READERS - len(waiting)):
                waiting.append(reader.submit(read, batch, after))
                after += len(batch)
            if not waiting:
                return
            yield waiting.popleft().result()


def _about(archive: Archive, job: Row[Any], writer: Writer, gone: int, changed: int) -> About:
    return About(
        public_id=job.public_id,
        city=archive.settings.city,
        zone=archive.settings.zone,
        format=job.format,
        search=job.search,
        sentence=job.sentence,
        messages=job.messages,
        asked_by=job.asked_by,
        asked_at=job.asked_at,
        found=job.found,
        fixed_at=dt.datetime.fromisoformat(job.standing["at"]),
        standing=job.standing,
        set_sha256=bytes(job.set_sha256).hex(),
        expected=job.expected,
        written=writer.written,
        gone=gone,
        changed=changed,
        altered=dict(writer.altered),
    )
