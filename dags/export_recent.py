"""The light pass: the newest posts, stories and comments of every account whose turn it is, many times a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from _common import ARCHIVE_RECORDS, RETRIES, TAGS, archive, take_secrets
from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from archiver.platforms import PLATFORMS
from archiver.settings import settings

DOC = """
A post that is taken down on the day it was put up is lost to the nightly export. This reads the newest ones of each account
(over the last two days) as often as the account's setting `light_minutes` says, else its platform's.

**Red?** The last line names the accounts and why. A token that died is told here first: connect the account anew. Anything
else is tried again at the next turn, and by the night.
"""


@dag(
    dag_id="export_recent",
    schedule=CronTriggerTimetable(
        settings().recent_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    doc_md=DOC,
)
def export_recent() -> None:
    """The DAG."""
    for platform in PLATFORMS:

        @task(
            task_id=platform,
            pool=f"platform_{platform}",
            outlets=[ARCHIVE_RECORDS],
            execution_timeout=timedelta(hours=2),
            doc_md=DOC,
            **{**RETRIES, "retries": 1},
        )
        def recent(platform: str = platform) -> dict[str, Any]:
            from archiver import recent as light  # noqa: PLC0415 - in the task: DAG files are read every few minutes

            context = get_current_context()
            with archive() as found:
                names = light.due(found.engine, platform, found.now())
                for name in names:
                    take_secrets(found, name)
                brought = list(light.capture_recent(found, names, scheduler_run=context["run_id"]))
            if problem := light.failures(brought):
                raise AirflowFailException(problem)
            counts = {"accounts": len(brought), "versions_new": sum(each.versions_new for each in brought)}
            context["outlet_events"][ARCHIVE_RECORDS].extra = counts
            return counts

        recent()


export_recent()
