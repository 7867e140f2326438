"""The pages as a program of their own: started, asked, interrupted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from clerk.serve import serve

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.clerk import City

PROGRAM = """
import sys
from contextlib import closing
from pathlib import Path
from elasticsearch import Elasticsearch
from archiver.archive import open_archive
from archiver.settings import Settings
from clerk.serve import serve
settings = Settings()
with open_archive(settings, settings.database_url.get_secret_value(), Path(sys.argv[1])) as archive:
    with closing(Elasticsearch(settings.elasticsearch_url)) as client:
        serve(archive, client, ready=lambda address: print(address, flush=True))
print("ended in order", flush=True)
"""


def test_it_serves_until_interrupted(city: City, stack: Endpoints, tmp_path: Path) -> None:
    """The address is told once the pages can be had, on this machine only; an interruption ends it in order."""
    environment = os.environ | {
        "DATABASE_URL": city.searchable.urls.app_url,
        "ELASTICSEARCH_URL": stack.elasticsearch_url,
        "CIVIC_ARCHIVE_INDEX_NAME": city.searchable.alias,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert httpx.get(f"{address}/healthz").text == "ok\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ended in order\n"
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()


def test_a_taken_port_is_an_error_at_once(module_city: City) -> None:
    """A port that another program listens on is refused before anything starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(module_city.archive, module_city.searchable.client, port=taken.getsockname()[1])
