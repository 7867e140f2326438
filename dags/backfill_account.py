"""One account from its beginning: after it was added, after an outage, or stream by stream."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from _common import ACCOUNT_PATTERN, ARCHIVE_RECORDS, RETRIES, TAGS, captured
from airflow.sdk import Param, dag, task

from archiver.platforms.items import StreamKind

DOC = """
Captures one account as far back as the platform allows, going on from where an earlier try ended. It may take hours; the
nightly run of the same account waits, or is made up for the next night.

**Red?** The last line of the log says what is missing and what to do. What was captured is kept: clear the task and it
goes on from there.
"""


@dag(
    dag_id="backfill_account",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=2,
    tags=TAGS,
    params={
        "account": Param(
            type="string",
            pattern=ACCOUNT_PATTERN,
            title="Account",
            description="As the register names it, `platform:handle-or-id`, for instance `bluesky:parks.example.gov`.",
        ),
        "mode": Param(
            "backfill",
            type="string",
            enum=["backfill", "nightly"],
            title="Kept as",
            description="`backfill` reads everything again, to its end; `nightly` what a night reads, to make up for one.",
        ),
        "streams": Param(
            [],
            type="array",
            items={
                "type": "string",
                "enum": [kind.value for kind in StreamKind if kind not in (StreamKind.IMPORT, StreamKind.LISTS)],
            },
            title="Only these streams",
            description="Leave it empty for all that the platform has.",
        ),
    },
    doc_md=DOC,
)
def backfill_account() -> None:
    """The DAG."""

    @task(
        map_index_template="{{ account }}",
        execution_timeout=timedelta(hours=24),
        outlets=[ARCHIVE_RECORDS],
        doc_md=DOC,
        **{**RETRIES, "retries": 10},
    )
    def backfill(params: dict[str, Any] | None = None) -> dict[str, Any]:
        asked = params or {}
        return captured(asked["account"], mode=asked["mode"], wait=True, streams=asked["streams"])

    backfill()


backfill_account()
