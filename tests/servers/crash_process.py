"""A process to be killed: captures accounts of an archive, or indexes it, as told (by one JSON argument, if run by itself).

Says `ready` when everything is imported and the work begins, so that a killer knows from when to count, and `complete` or
`incomplete` when it is done.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elasticsearch import Elasticsearch

from archiver import accounts
from archiver.archive import Archive
from archiver.blobs import BlobStore
from archiver.capture.export import export_account
from archiver.database import engine_for
from archiver.settings import Settings
from search.indexer import drain

if TYPE_CHECKING:
    from collections.abc import Callable


def capture(order: dict[str, Any], say: Callable[[str], None]) -> bool:
    """Export the accounts, one after the other. Gives whether all of them are whole."""
    home = Path(order["home"])
    ahead = timedelta(seconds=order["ahead"])
    archive = Archive(
        engine=engine_for(order["database_url"]),
        settings=Settings(allowed_origins=order["origin"], max_wait=5, request_timeout=20),
        blobs=BlobStore(str(home / "blobs")),
        spool=home / "spool",
        now=lambda: datetime.now(UTC) + ahead,
    )
    refs = [accounts.find(archive.engine, name) for name in order["accounts"]]
    say("ready")
    before = memory()
    whole = False not in [export_account(archive, ref).complete for ref in refs]
    say(f"memory {before} {memory()}")
    return whole


def memory() -> int:
    """The most memory that this process ever held, in KiB (proc(5), VmHWM: unlike getrusage it knows nothing of the parent)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def index(order: dict[str, Any], say: Callable[[str], None]) -> bool:
    """Bring what waits into the index, in small batches. Gives whether nothing is left."""
    engine = engine_for(order["database_url"])
    client = Elasticsearch(order["elasticsearch_url"], basic_auth=(order["user"], order["password"]), max_retries=0)
    say("ready")
    return drain(engine, client, order["alias"], batch=order["batch"]).remaining == 0


def work(order: dict[str, Any], say: Callable[[str], None]) -> None:
    """Do as told, saying how far it is."""
    done = {"capture": capture, "index": index}[order["work"]](order, say)
    say("complete" if done else "incomplete")


def write(word: str) -> None:
    """Say it on standard output."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work(json.loads(sys.argv[1]), write)
