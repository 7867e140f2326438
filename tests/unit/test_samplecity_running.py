"""The sample city runs as a process of its own, small or big, and writes its truth file."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from archiver.accounts import FIELDS, parse_name
from archiver.platforms import PLATFORMS
from samplecity.__main__ import main
from samplecity.accounts import ACCOUNTS
from samplecity.bulk import bulk_city
from samplecity.city import City
from samplecity.running import spawn

if TYPE_CHECKING:
    from pathlib import Path

POST = "app.bsky.feed.post"


def test_a_city_in_its_own_process_is_the_same_city() -> None:
    """`python -m samplecity` serves what `City.build` builds, at the night asked for, until it is stopped."""
    with spawn(["--night", "3", "--seed", "9"]) as server:
        assert server.night == 3
        assert server.truth() == json.loads(City.build(seed=9).truth_after(3).to_json())
        url = server.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=2)


def test_a_big_account_is_served_page_by_page() -> None:
    """A bulk city has as many posts, and comments under each, as asked; the truth counts them all."""
    with spawn(["--bulk", "12:150"]) as server:
        did = ACCOUNTS[0].did
        listed = requests.get(
            f"{server.url}/xrpc/com.atproto.repo.listRecords",
            params={"repo": did, "collection": POST, "limit": 100},
            timeout=10,
        ).json()["records"]
        assert len(listed) == 12
        thread = requests.get(
            f"{server.url}/xrpc/app.bsky.feed.getPostThread", params={"uri": listed[0]["uri"]}, timeout=10
        ).json()["thread"]
        assert len(thread["replies"]) == thread["post"]["replyCount"] == 150
        assert len(server.register_rows()) == 1
    truth = bulk_city(12, 150).truth_after(1)
    assert sum(item.kind == "comment" for item in truth.expected()) == 1800
    assert len({version.text for item in truth.items for version in item.versions}) > 1800


def test_the_truth_can_be_written_to_a_file(tmp_path: Path) -> None:
    """`--truth FILE` writes the truth after the night and serves nothing."""
    target = tmp_path / "truth.json"
    main(["--night", "2", "--truth", str(target)])
    assert json.loads(target.read_text(encoding="utf-8"))["night"] == 2


def test_a_taken_port_is_named() -> None:
    """Starting on a port in use ends with a sentence that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"cannot start on port {port}"):
            main(["--port", str(port)])


def test_a_wrong_night_is_named() -> None:
    """Starting at a night outside the history ends with the nights there are."""
    with pytest.raises(SystemExit, match="nights 1 to 5, not 8"):
        main(["--port", "0", "--night", "8"])


def test_a_process_that_cannot_start_is_an_error() -> None:
    """A city that ends before it serves is reported with its command."""
    with pytest.raises(RuntimeError, match="--night 8"):
        spawn(["--night", "8"])


def test_a_city_ends_with_whoever_started_it() -> None:
    """When its starter is killed, the city's process does not stay behind."""
    script = "from samplecity.running import spawn; import time; print(spawn().url, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        url = str(starter.stdout and starter.stdout.readline()).strip()
        assert requests.get(f"{url}/_city/night", timeout=5).json() == {"night": 1, "nights": 5}
        starter.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            return
        time.sleep(0.05)
    pytest.fail(f"the city still answers at {url}")


def test_the_register_knows_every_field_and_setting_of_the_rows() -> None:
    """The rows' fields and settings are those of the archive's register, and the CSV says the same as the rows."""
    city = City.build()
    rows = city.register_rows("http://127.0.0.1:8900")
    table = list(csv.DictReader(io.StringIO(city.register_csv("http://127.0.0.1:8900"))))
    assert len(rows) == len(table) == len(city.accounts) + len(city.feeds)
    for row, line in zip(rows, table, strict=True):
        platform, handle = parse_name(row["account"])
        assert (platform, handle) == (row["platform"], row["handle_or_id"])
        fields = row.keys() - {"account", "platform", "handle_or_id", "settings"}
        assert fields <= set(FIELDS)
        assert {name: line[name] for name in fields} == {name: row[name] for name in fields}
        known = {setting.name for setting in PLATFORMS[platform].manifest.settings}
        assert row["settings"].keys() <= known
        given = {name.removeprefix("setting."): value for name, value in line.items() if name.startswith("setting.")}
        assert {name: value for name, value in given.items() if value} == row["settings"]
