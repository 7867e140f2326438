"""Tells people by e-mail what their saved searches newly find."""

from __future__ import annotations

from datetime import timedelta

from _common import RETRIES, TAGS, archive_and_index
from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowException

from archiver.settings import settings

TELL_DOC = """
Brings what waits into the index, then runs each saved search whose owner asked to be told each night, within what they may see,
and writes to them where something is new. The first run of a search tells nothing: it puts down what is there already.

**Red?** The mail server or Elasticsearch did not answer, or refused: the log says which search and why. Nothing is lost: what
could not be told is told by the next try. Check the settings `CIVIC_ARCHIVE_SMTP_…` (or the connection `civic_archive_smtp`).
"""


@dag(
    dag_id="tell_saved",
    schedule=CronTriggerTimetable(
        settings().saved_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    doc_md=TELL_DOC,
)
def tell_saved() -> None:
    """The DAG."""

    @task(execution_timeout=timedelta(hours=6), doc_md=TELL_DOC, **RETRIES)
    def tell() -> dict[str, int]:
        from clerk.saved import nightly  # noqa: PLC0415 - in the task: DAG files are read every few minutes
        from search import indexer, rebuild  # noqa: PLC0415 - as above

        with archive_and_index() as (archive, client):
            where = archive.engine, client, archive.settings.index_name
            rebuild.renew(*where)
            indexer.drain(*where)
            done = nightly.run(archive, *where[1:])
        failed = [each for each in done if each.again]
        if failed:
            raise AirflowException(
                f"{len(failed)} of {len(done)} saved searches could not be told of: {failed[0].name}: {failed[0].problem}"
            )
        return {"searches": len(done), "told": sum(each.outcome == "told" for each in done)}

    tell()


tell_saved()
