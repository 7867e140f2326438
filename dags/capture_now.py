"""One account, or one post with its comments, captured at once: before a comment is removed, or when somebody asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from _common import ACCOUNT_PATTERN, ARCHIVE_RECORDS, RETRIES, TAGS, captured
from airflow.sdk import Param, dag, task

DOC = """
Captures one account now, or one post's comments and then the newest posts. A capture of the account that is already running
is waited for.

**Red?** The last line of the log says what was not captured and what to do. What was captured is kept.
"""


@dag(
    dag_id="capture_now",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=4,
    tags=TAGS,
    params={
        "account": Param(
            type="string",
            pattern=ACCOUNT_PATTERN,
            title="Account",
            description="As the register names it, `platform:handle-or-id`, for instance `bluesky:parks.example.gov`.",
        ),
        "post": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="One post only",
            description="The platform's own id of a post (on Bluesky its `at://` address): its comments are captured at "
            "once, then the newest posts, which takes seconds. Leave it empty for the whole account.",
        ),
    },
    doc_md=DOC,
)
def capture_now() -> None:
    """The DAG."""

    @task(
        map_index_template="{{ account }}",
        execution_timeout=timedelta(hours=2),
        outlets=[ARCHIVE_RECORDS],
        doc_md=DOC,
        **{**RETRIES, "retries": 1},
    )
    def capture(params: dict[str, Any] | None = None) -> dict[str, Any]:
        asked = params or {}
        return captured(asked["account"], mode="now", wait=True, thread=asked["post"])

    capture()


capture_now()
