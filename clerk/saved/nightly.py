"""The nightly run: each kept search whose owner asked for it, and an e-mail where it finds something new.

What is new is put down as told once the mail server has taken the e-mail, and not before: an e-mail that cannot be sent is tried
again by the next run, with whatever has come meanwhile. Where a program dies between the two, the owner reads the same twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from archiver import audit, mail
from archiver.i18n.languages import ENGLISH, speaking
from clerk.roles import Ability, may
from clerk.saved import news, store
from clerk.saved.letter import letter
from search.errors import IndexMissingError, IndexUnavailableError, QueryError, SearchError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Engine

    from archiver.archive import Archive
    from clerk.saved.store import Saved
    from clerk.visibility import Sight

_LOCK = sa.text("select pg_try_advisory_lock(hashtextextended('saved searches by night', 0))")
_UNLOCK = sa.text("select pg_advisory_unlock(hashtextextended('saved searches by night', 0))")
_log = structlog.get_logger(__name__)

LEFT_OUT = "left out"
"""The outcome of a search whose owner is not to be written to; the others are those of `saved_runs`."""
_OUR_FAULT = "A fault of the program: the operator finds it in the log. What is new is told once it is mended."


class BusyError(Exception):
    """Another run is at work."""


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What came of one search. `again`: the next run may do better, without anybody changing the search."""

    public_id: uuid.UUID
    name: str
    owner: str
    outcome: str
    found: int | None = None
    new: int | None = None
    problem: str | None = None
    again: bool = False


@speaking(ENGLISH)
def run(archive: Archive, client: Elasticsearch, index: str) -> list[Done]:
    """Run every search that is to run by night, one after the other; one that fails keeps none of the others back.

    Args:
        archive: open; its settings name the mail server, the city and where the pages are.
        client: from `search.client.client_for`.
        index: the alias.

    Raises:
        BusyError: another run is at work.
    """
    with _alone(archive.engine):
        with archive.engine.connect() as connection:
            wanted = [each.row.public_id for each in store.nightly(connection)]
        return [done for each in wanted if (done := _one(archive, client, index, each)) is not None]


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(_LOCK):
            raise BusyError("The saved searches are being run by another process: wait for it to end.")
        try:
            yield
        finally:
            connection.execute(_UNLOCK)


def _one(archive: Archive, client: Elasticsearch, index: str, public_id: uuid.UUID) -> Done | None:
    """Run one as it and its owner are now, however long those before it took; None where it is to run no more."""
    with archive.engine.connect() as connection:
        saved = store.one(connection, public_id)
    if saved is None or not saved.row.nightly:
        return None
    row = saved.row
    done = Done(row.public_id, row.name, row.owner, LEFT_OUT)
    if row.disabled or not may(row.role, Ability.SAVE_SEARCHES):
        return dataclasses.replace(done, problem="Its owner may not log in, or not keep searches, any more.")
    with archive.engine.connect() as connection:
        change, has_base = news.began(connection, saved)
    if change is None:
        return None
    try:
        return _told(archive, client, index, saved, change, has_base=has_base)
    except (mail.MailError, SearchError) as error:
        again, problem, words = not isinstance(error, QueryError), str(error), _owners_words(error)
        _log.warning("a saved search was not told of", search=str(row.public_id), problem=problem)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one search may not keep the others from their owners
        again, problem, words = True, f"A fault of the program: {type(error).__name__}.", _OUR_FAULT
        _log.exception("a saved search was not told of", search=str(row.public_id))
    news.put_down_failure(archive, saved, change, words, archive.now())
    return dataclasses.replace(done, outcome="failed", problem=problem, again=again)


def _told(archive: Archive, client: Elasticsearch, index: str, saved: Saved, change: int, *, has_base: bool) -> Done:
    row, now = saved.row, archive.now()
    done = Done(row.public_id, row.name, row.owner, "base")
    with archive.engine.connect() as connection:
        sight = news.sight_of(connection, saved, now)
    found = news.walk(archive, client, index, saved, sight)
    if not has_base:
        news.put_down_base(archive, saved, change, found, now)
        return dataclasses.replace(done, found=found.total)
    fresh = news.news(archive, saved, sight, found)
    if fresh.new:
        _send(archive, saved, fresh, sight)
    news.put_down_told(archive, saved, change, fresh, now)
    return dataclasses.replace(done, outcome="told" if fresh.new else "nothing", found=fresh.found, new=len(fresh.new))


def _send(archive: Archive, saved: Saved, fresh: news.News, sight: Sight) -> None:
    row, settings = saved.row, archive.settings
    if row.email is None:
        raise mail.MailError(
            "The archive does not know where to write to: an administrator puts the address on the page Users."
        )
    if (problem := mail.problem_of(settings)) is not None:
        raise mail.MailError(problem)
    message = letter(
        city=settings.city,
        sender=settings.smtp_from or "",
        to=row.email,
        name=row.name,
        public_id=row.public_id,
        address=saved.address,
        pages=settings.clerk_url,
        new=len(fresh.new),
        digest=fresh.digest,
        cards=news.cards(archive, sight, fresh.latest),
        zone=settings.zone,
        now=archive.now(),
    )
    mail.send(settings, message)
    with archive.engine.begin() as connection:
        detail = {"name": row.name, "to": row.email, "new": len(fresh.new)}
        audit.write(connection, row.owner, "saved search told", str(row.public_id), detail)


def _owners_words(error: Exception) -> str:
    """What the owner reads on the page Saved: not what is the operator's to know."""
    if isinstance(error, IndexUnavailableError | IndexMissingError):
        return "The search could not answer then."
    return str(error)
