"""Exports as jobs: held by one worker, cancelled, gone on with where another stopped."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from search.exports import fixing, jobs, run
from search.exports.run import folder_of
from tests.fixtures.exporting import TABLES, fill

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.exporting import Exports


def test_a_job_is_held_by_one_worker(exports: Exports) -> None:
    """No two take the same; one that fell silent loses it, and can write nothing afterwards; five deaths are enough."""
    fill(exports)
    public_id = exports.ask("pothole")
    engine, now = exports.archive.engine, exports.archive.now()
    first = jobs.claim(engine, now)
    assert first is not None
    assert jobs.claim(engine, now) is None
    at_once = dt.timedelta(0)
    second = jobs.claim(engine, now, silent_for=at_once)
    assert second is not None
    assert (first.id, second.attempt) == (second.id, 2)
    with pytest.raises(jobs.LostError):
        jobs.write(engine, first, written=1)
    with pytest.raises(jobs.LostError):
        jobs.fail(engine, first, "no", now)
    jobs.release(engine, second)
    assert exports.job(public_id).state == "waiting"
    for _ in range(4):
        assert jobs.claim(engine, now, silent_for=at_once) is not None
    assert jobs.claim(engine, now, silent_for=at_once) is None
    assert exports.job(public_id).error.startswith("5 workers ended while they made it")


def test_a_cancelled_export_stops(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it began, or in the middle: there is no file, and nothing on the spool."""
    fill(exports)
    engine = exports.archive.engine
    waiting = exports.ask("pothole")
    with engine.begin() as connection:
        assert jobs.cancel(connection, waiting, "sam", exports.archive.now())
    exports.work()
    assert exports.job(waiting).state == "cancelled"
    running = exports.ask("pothole")
    fixed = fixing.fix

    def then(*arguments: Any) -> None:
        fixed(*arguments)
        with engine.begin() as connection:
            assert jobs.cancel(connection, running, "sam", exports.archive.now())

    monkeypatch.setattr("search.exports.run.fix", then)
    exports.work()
    job = exports.job(running)
    assert (job.state, job.sha256) == ("cancelled", None)
    with engine.begin() as connection:
        assert not jobs.cancel(connection, running, "sam", exports.archive.now())
        actors = connection.execute(
            sa.text("select actor, subject from audit where action = 'export cancelled' order by id")
        ).all()
    assert actors == [("sam", str(waiting)), ("sam", str(running))]
    exports.work()
    assert not list((exports.archive.spool / "exports").iterdir())


@pytest.mark.parametrize("damage", ["none", "lost", "torn", "altered"])
def test_a_worker_goes_on_where_another_stopped(exports: Exports, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """From its place where what it left is whole, from the beginning where it is not; the file is the same either way."""
    fill(exports)
    monkeypatch.setattr(run, "BATCH", 2)
    monkeypatch.setattr(run, "OFTEN", 4)
    whole = {form: exports.made("pothole", form).rows for form in TABLES}
    for form in TABLES:
        public_id = exports.ask("pothole", form)
        _interrupt(exports, monkeypatch, after=3)
        job = exports.job(public_id)
        assert (job.state, job.place["writer"]["written"]) == ("waiting", 4)
        left = folder_of(exports.archive, job) / job.place["folder"] / "records"
        size = job.place["writer"]["streams"]["records"]["bytes"]
        assert left.stat().st_size >= size
        if damage == "lost":
            left.unlink()
        elif damage == "torn":
            left.write_bytes(left.read_bytes()[: size - 1])
        elif damage == "altered":
            left.write_bytes(b"#" + left.read_bytes()[1:])
        with monkeypatch.context() as patched:
            begun: list[int] = []
            writing = run._write

            def noted(archive: Any, job: Any, writer: Any, *more: Any) -> Any:
                begun.append(writer.written)  # noqa: B023 - called at once
                return writing(archive, job, writer, *more)  # noqa: B023 - as above

            patched.setattr(run, "_write", noted)
            exports.work()
        assert begun == [4 if damage == "none" else 0]
        assert exports.opened(public_id).rows == whole[form]


def _interrupt(exports: Exports, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Have a worker told to end when it takes up its so manieth batch."""

    class Ending(run.Heart):
        checked = 0

        def check(self) -> None:
            self.checked += 1
            if self.checked > after:
                raise SystemExit(0)
            super().check()

    with monkeypatch.context() as patched:
        patched.setattr(run, "Heart", Ending)
        with pytest.raises(SystemExit):
            exports.work()


def test_what_dead_workers_left_is_swept_away(exports: Exports) -> None:
    """Folders of exports that ended go with the next worker; what is no job's stays."""
    fill(exports)
    public_id = exports.ask("pothole")
    with exports.archive.engine.begin() as connection:
        jobs.cancel(connection, public_id, "sam", exports.archive.now())
    left: Path = folder_of(exports.archive, exports.job(public_id)) / "half"
    other = exports.archive.spool / "exports" / "notes"
    for folder in (left, other):
        folder.mkdir(parents=True)
    exports.work()
    assert not left.exists()
    assert other.exists()
