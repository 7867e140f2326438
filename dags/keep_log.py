"""Once a day: the log's root signed and published, and a share of everything kept read again."""

from __future__ import annotations

from datetime import timedelta

from _common import RETRIES, TAGS, archive
from airflow.sdk import CronTriggerTimetable, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from archiver.settings import settings

DOC = """
Appends what is not in the log yet, signs the log's root and writes it to the folder that the city publishes, and reads a share
of everything kept again (WARCs, media, versions, the log itself).

**Red?** The log of the task says which file, record or row is not what it was, and what to do; nothing is mended by itself. See
the documentation of the single task.
"""
APPEND_DOC = """
Appends what captures could not append themselves.

**Red?** The database did not answer, or the log is damaged (the last line says so). No capture is lost by it: what waits is
appended the next time. Where the log is damaged, run `civic-archive log fixity --whole`.
"""
ROOT_DOC = """
Signs the root, asks the timestamp authority, and writes the file.

**Red?** The last line says why. *No timestamp*: the root is signed and published without one; the authority may answer at the
next try, which signs another root. *Not the beginning*: the log was changed after its last root was signed, no further root is
signed, and `civic-archive log fixity --whole` names what was changed.
"""
FIXITY_DOC = """
Reads again what was longest not read.

**Red?** Something kept is not what it was: the last line names the file, record and item, and what to do. Do not clear the task
before a copy of the damaged thing is put aside: it is evidence. Then run `civic-archive log fixity --whole`.
"""


@dag(
    dag_id="keep_log",
    schedule=CronTriggerTimetable(settings().log_schedule, timezone=settings().time_zone, run_immediately=timedelta(0)),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    tags=TAGS,
    doc_md=DOC,
)
def keep_log() -> None:
    """The DAG."""

    @task(execution_timeout=timedelta(hours=6), doc_md=APPEND_DOC, **RETRIES)
    def append() -> dict[str, int]:
        from archiver import log_keeping  # noqa: PLC0415 - in the task: DAG files are read every few minutes

        try:
            with archive() as found:
                done = log_keeping.append(found)
        except log_keeping.LogDamaged as error:
            raise AirflowFailException(str(error)) from error
        return {"leaves": done.leaves, "size": done.size, "waiting": done.waiting}

    @task(execution_timeout=timedelta(hours=1), doc_md=ROOT_DOC, **RETRIES)
    def root() -> dict[str, str]:
        from archiver import log_keeping  # noqa: PLC0415 - as above

        try:
            with archive() as found:
                made = log_keeping.publish_root(found)
        except (log_keeping.RootRefused, log_keeping.KeyProblem, log_keeping.LogDamaged) as error:
            raise AirflowFailException(str(error)) from error
        if made.failed:
            raise AirflowException(f"{made.path.name} was signed and published without a timestamp: {made.untimed}")
        return {"file": made.path.name, "root": made.document["root"]}

    @task(execution_timeout=timedelta(hours=12), trigger_rule=TriggerRule.ALL_DONE, doc_md=FIXITY_DOC, **RETRIES)
    def fixity() -> dict[str, int]:
        from archiver import log_keeping  # noqa: PLC0415 - as above

        with archive() as found:
            report = log_keeping.check_fixity(found)
        if report.findings:
            raise AirflowFailException(
                f"{len(report.findings)} things are not what they were: " + " | ".join(log_keeping.sentences(report))
            )
        return {**report.checked, "bytes": report.bytes}

    append() >> [root(), fixity()]


keep_log()
