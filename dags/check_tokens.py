"""Once a day: how every account's token stands, so that nobody learns of a dead one from a gap."""

from __future__ import annotations

from datetime import timedelta

from _common import RETRIES, TAGS, archive, take_secrets
from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

from archiver.settings import settings

DOC = """
Asks each platform how the account's token stands: alive, its permissions, when it ends. Tokens that the platform renews are
renewed by themselves.

**Red?** A token is dead, ends within fourteen days, or lacks a permission: the last line names the account. Ask its steward
to connect it anew, put the new token where the account's setting says (`env:NAME`), and clear this task.
"""


@dag(
    dag_id="check_tokens",
    schedule=CronTriggerTimetable(
        settings().token_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    doc_md=DOC,
)
def check_tokens() -> None:
    """The DAG."""

    @task(execution_timeout=timedelta(hours=1), doc_md=DOC, **{**RETRIES, "retries": 1})
    def check() -> dict[str, int]:
        from archiver import accounts, token_health  # noqa: PLC0415 - in the task: DAG files are read every few minutes
        from archiver.nightly import RegisterError  # noqa: PLC0415 - as above

        failed: list[str] = []
        with archive() as found:
            names = accounts.active_names(found.engine)
            for name in names:
                try:
                    take_secrets(found, name)
                except RegisterError as error:
                    failed.append(f"{name}: {error}")
                else:
                    failed += [f"{name}: {why}" for why in token_health.check(found, [name]).values()]
            wrong = failed + token_health.problems(found)
        if wrong:
            raise AirflowFailException(f"{len(wrong)} of {len(names)} accounts: " + " | ".join(wrong))
        return {"accounts": len(names)}

    check()


check_tokens()
