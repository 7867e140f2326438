"""A process that makes what waits, as told by one JSON argument, and says how far its memory rose meanwhile."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from elasticsearch import Elasticsearch

from archiver.archive import open_archive
from archiver.settings import Settings
from search.exports.worker import work
from tests.servers.crash_process import memory, write


def main() -> None:
    """Make it. Prints the peak of the memory before and after, in KiB."""
    order = json.loads(sys.argv[1])
    credentials = (order["user"], order["password"])
    with (
        open_archive(Settings(), order["database_url"], Path(order["home"])) as archive,
        contextlib.closing(Elasticsearch(order["elasticsearch_url"], basic_auth=credentials)) as client,
    ):
        before = memory()
        done = work(archive, client, order["alias"], once=True)
        write(f"memory {before} {memory()}")
        write(f"made {done.made}")


if __name__ == "__main__":
    main()
