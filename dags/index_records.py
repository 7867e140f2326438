"""Keeps the search index level with the archive: `index_records` all day, `check_index` once a night."""

from __future__ import annotations

from datetime import timedelta

from _common import ARCHIVE_RECORDS, RETRIES, TAGS, archive_and_index
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

from archiver.settings import settings

DRAIN_DOC = """
Brings what waits in the outbox into Elasticsearch. It begins whenever an export stored something, and every quarter of an
hour besides, because an export that failed half-way has stored something too and cannot say so.

An index that an earlier version of the program made is first built anew, behind the one in use; that may take hours.

**Red?** Elasticsearch does not answer, or refuses documents: the log says which. Nothing is lost, the outbox keeps what
waits, and the search page says how far the index is. When the cluster is well, the next run catches up by itself.
"""

CHECK_DOC = """
Compares every document of the index with its record, by id and revision, puts what differs into the outbox, indexes it,
and compares again. An index that an earlier version of the program made is built anew before.

**Red?** Something still differs: the log gives examples. Build the index anew with `civic-archive index --rebuild`; searches
go on meanwhile. The archive itself is not affected, the index can always be made from it.
"""


@dag(
    dag_id="index_records",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(
            settings().index_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)
        ),
        assets=[ARCHIVE_RECORDS],
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    doc_md=DRAIN_DOC,
)
def index_records() -> None:
    """The DAG."""

    @task(execution_timeout=timedelta(hours=6), doc_md=DRAIN_DOC, **RETRIES)
    def drain() -> dict[str, int]:
        from search import indexer, rebuild  # noqa: PLC0415 - in the task: DAG files are read every few minutes

        with archive_and_index() as (archive, client):
            where = archive.engine, client, archive.settings.index_name
            rebuild.renew(*where)
            done = indexer.drain(*where)
        if done.refused:
            raise AirflowFailException(
                f"Elasticsearch refused {len(done.refused)} records, which cannot be searched until this is mended (the "
                f"others are indexed): item {done.refused[0].item_id}: {done.refused[0].reason}"
            )
        return {"indexed": done.indexed, "deleted": done.deleted, "waiting": done.remaining}

    drain()


@dag(
    dag_id="check_index",
    schedule=CronTriggerTimetable(
        settings().check_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    doc_md=CHECK_DOC,
)
def check_index() -> None:
    """The DAG."""

    @task(execution_timeout=timedelta(hours=6), doc_md=CHECK_DOC, **RETRIES)
    def check() -> dict[str, int]:
        from search import indexer, parity, rebuild  # noqa: PLC0415 - in the task: DAG files are read every few minutes

        with archive_and_index() as (archive, client):
            where = archive.engine, client, archive.settings.index_name
            rebuild.renew(*where)
            indexer.drain(*where)
            repaired = parity.repair(archive.engine, parity.drifts(*where))
            if repaired:
                indexer.drain(*where)
            found = parity.check(*where)
        if not found.is_level:
            raise AirflowFailException(
                f"index and archive differ in {sum(found.drifted.values())} of {found.items} records, after "
                f"{repaired} were mended: " + "; ".join(str(drift) for drift in found.examples[:5])
            )
        return {"items": found.items, "documents": found.documents, "repaired": repaired}

    check()


index_records()
check_index()
