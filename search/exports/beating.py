"""Signs of life of a worker, from a thread of their own: the walk, the packing and the store may each take minutes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

import structlog
from sqlalchemy.exc import SQLAlchemyError

from search.exports import jobs

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.engine import Engine, Row

_SECONDS = 2.0
_log = structlog.get_logger(__name__)


class Heart:
    """A context in which a job is known to be worked at. Its progress is told with each beat."""

    def __init__(self, engine: Engine, job: Row[Any], *, every: float = _SECONDS) -> None:
        self._engine, self._job, self._every = engine, job, every
        self._stopped, self._lost = threading.Event(), threading.Event()
        self._written: int | None = None
        self._thread = threading.Thread(target=self._beat, name=f"export-{job.public_id}", daemon=True)

    def __enter__(self) -> Self:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._stopped.set()
        self._thread.join()

    def progress(self, written: int) -> None:
        """So many records are written."""
        self._written = written

    def check(self) -> None:
        """Go on only while the job is this worker's.

        Raises:
            LostError: it was cancelled, or taken up by another worker.
        """
        if self._lost.is_set():
            raise jobs.LostError(f"export {self._job.public_id}")

    def _beat(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                written = self._written
                jobs.write(self._engine, self._job, **({} if written is None else {"written": written}))
            except jobs.LostError:
                self._lost.set()
                return
            except SQLAlchemyError as error:
                _log.warning("the database does not answer", export=str(self._job.public_id), error=str(error))
