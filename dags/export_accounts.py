"""The night: every account of the register is exported, each by a task of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from _common import ACCOUNT_PATTERN, ARCHIVE_RECORDS, RETRIES, TAGS, archive, captured
from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowFailException

from archiver.platforms import PLATFORMS
from archiver.settings import settings

ACCOUNTS_AT_ONCE = 16

EXPORT_DOC = """
Exports one account: every stream of it, from where the last run ended, and again over the last 30 days.

**Red?** Open the task's log; its last lines say which stream is not whole and why, in a sentence.

* *Rate-limited, could not be reached, answered 500:* it was tried again by itself, several times. What was captured is
  kept, and the next night goes on from there. Nothing to do, unless it is red three nights running.
* *Cannot be read, token, log-in, deactivated:* trying again cannot help, so it was not tried again. Ask the account's
  steward (`civic-archive accounts list` names one) to log in or to give access again; then clear this task.
* *The register:* correct the account's line in the register; then clear this task.

The other accounts are not affected. Nothing is ever marked as deleted because a task failed.
"""

REPORT_DOC = """
Prints what the night brought, account by account, and is red when an account is not whole: its line says what is missing.
Mend the account (see its own task), clear that task, then clear this one.
"""

PICTURES_DOC = """
Makes the small pictures that the accounts' own tasks did not (of imported media, and where there were too many), for at most two
hours; the rest waits for the next night.

**Red?** The database or the store did not answer. Nothing kept is touched by it: the pages show the originals meanwhile, and
`civic-archive media thumbnails` makes what is missing.
"""


@dag(
    dag_id="export_accounts",
    # No start date and no time of grace (`run_immediately`; False would be one of 10 % of the interval): a new installation
    # waits for its first night instead of running the one it missed. A night missed by an installation that has run before
    # (the server was off) is made up for at once, and only the last one.
    schedule=CronTriggerTimetable(
        settings().export_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    params={
        "accounts": Param(
            [],
            type="array",
            items={"type": "string", "pattern": ACCOUNT_PATTERN},
            title="Only these accounts",
            description="As `platform:handle`, one a line. Leave it empty for every active account of the register.",
        )
    },
    doc_md=__doc__
    + "\n\nOne task for each account; `report`, the last one, says in a table how the night went. Accounts are added, "
    "paused and closed in the register (`civic-archive accounts`), never here. How many accounts of a platform are "
    "captured at once is the size of the pool `platform_…`.\n",
)
def export_accounts() -> None:
    """The DAG."""

    @task(task_id="accounts", doc_md="Reads the platform's active accounts from the register.", **RETRIES)
    def accounts_on(platform: str, params: dict[str, Any] | None = None) -> list[str]:
        from archiver import nightly  # noqa: PLC0415 - in the task: DAG files are read every few minutes

        with archive() as found:
            try:
                return nightly.accounts_on(found.engine, platform, (params or {})["accounts"])
            except nightly.RegisterError as error:
                raise AirflowFailException(str(error)) from error

    @task(
        task_id="export",
        map_index_template="{{ account }}",
        max_active_tis_per_dagrun=ACCOUNTS_AT_ONCE,
        execution_timeout=timedelta(hours=6),
        outlets=[ARCHIVE_RECORDS],
        doc_md=EXPORT_DOC,
        **RETRIES,
    )
    def export(account: str) -> dict[str, Any]:
        return captured(account, mode="nightly")

    @task(trigger_rule="all_done", retries=2, retry_delay=timedelta(minutes=1), doc_md=REPORT_DOC)
    def report(params: dict[str, Any] | None = None) -> None:
        from archiver import nightly  # noqa: PLC0415 - in the task: DAG files are read every few minutes

        with archive() as found:
            run_id = get_current_context()["run_id"]
            nights = nightly.night(found.engine, run_id, (params or {})["accounts"])
        print(nightly.as_table(nights))  # noqa: T201 - a task's output is its log
        bad = [night for night in nights if night.problems]
        if bad:
            raise AirflowFailException(
                f"{len(bad)} of {len(nights)} accounts are not whole: "
                + " | ".join(f"{night.name}: {'; '.join(night.problems)}" for night in bad)
            )

    @task(execution_timeout=timedelta(hours=3), trigger_rule="all_done", doc_md=PICTURES_DOC, **RETRIES)
    def small_pictures() -> dict[str, int]:
        from archiver import nightly  # noqa: PLC0415 - in the task: DAG files are read every few minutes

        with archive() as found:
            done = nightly.small_pictures(found)
        for each in (*done.unmade, *done.later):
            print(f"no small picture of {each}")  # noqa: T201 - a task's output is its log
        return {"made": done.made, "not_made": len(done.unmade) + len(done.later)}

    last = [report(), small_pictures()]
    for platform in PLATFORMS:

        @task_group(group_id=platform)
        def on_platform(platform: str = platform) -> None:
            export.override(pool=f"platform_{platform}").expand(account=accounts_on(platform))

        on_platform() >> last


export_accounts()
