"""The command line, as a person or a program calls it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from samplecity.city import City
from samplecity.running import serve
from tests.fixtures.importing import files_of, zipped
from tests.fixtures.program import start_anew
from tests.fixtures.recorded import recorded
from tests.fixtures.repositories import write_sample
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archiver.local.endpoints import Endpoints
    from tests.fixtures.program import Commands
    from tests.fixtures.stack import DatabaseMaker


class Run(Protocol):
    """Runs `civic-archive` with these words."""

    def __call__(self, *words: str, code: int = 0, **environment: str) -> str:
        """Give what it printed on standard output; fail unless it ended with the code."""


@pytest.fixture(scope="module")
def city_url() -> Iterator[str]:
    """The sample city on its first night."""
    with serve(City.build(), faulty=False) as city:
        yield city.url


@pytest.fixture(scope="module")
def environment(
    stack: Endpoints,
    make_module_database: DatabaseMaker,
    migrated_template: str,
    city_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """Of the program: a fresh database and an index of this module's."""
    urls = make_module_database(template=migrated_template)
    home = tmp_path_factory.mktemp("home")
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CIVIC_ARCHIVE_", "ELASTICSEARCH_"))
        },
        "DATABASE_URL": urls.app_url,
        "MIGRATION_DATABASE_URL": urls.migration_url,
        "ELASTICSEARCH_URL": stack.elasticsearch_url,
        "ELASTICSEARCH_USER": stack.elasticsearch_user or "",
        "ELASTICSEARCH_PASSWORD": stack.elasticsearch_password or "",
        "CIVIC_ARCHIVE_HOME": str(home),
        "CIVIC_ARCHIVE_INDEX_NAME": f"test-cli-{home.name.lower()}-{os.getpid()}",
        "CIVIC_ARCHIVE_ALLOWED_ORIGINS": city_url,
        "CIVIC_ARCHIVE_POLICY_EFFECTIVE_DATE": "2026-01-01",
        "CIVIC_ARCHIVE_NEW_PASSWORD": "a long enough password",
    }


@pytest.fixture(scope="module")
def run(environment: dict[str, str], commands: Commands) -> Iterator[Run]:
    """The program in a process of its own; whatever the tests did with it can be indexed."""
    call = _run(environment, commands)
    yield call
    call("index", "--json")


@pytest.fixture(scope="module")
def run_anew(environment: dict[str, str]) -> Run:
    """The same, loaded from the start, as a person starts it."""
    return _run(environment, start_anew)


def _run(environment: dict[str, str], commands: Commands) -> Run:
    def call(*words: str, code: int = 0, **more: str) -> str:
        done = commands(words, environment | more)
        assert done.code == code, (words, *done)
        return done.out if code == 0 else done.out + done.err

    return call


def read(printed: str) -> Any:
    """The one JSON document that `--json` prints."""
    return json.loads(printed)


def test_the_main_job_by_hand(run_anew: Run, city_url: str) -> None:
    """Add accounts, export, index, search, see the status: each prints what a program can read."""
    run = run_anew
    added = run(
        "accounts", "add", "rss:parks-news", "--department", "Parks", "--began-on", "2025-05-01",
        "--set", f"url={city_url}/feeds/parks-news", "--json",
    )  # fmt: skip
    assert read(added) == {"added": ["rss:parks-news"]}
    (listed,) = read(run("accounts", "list", "--json"))
    assert (listed["account"], listed["due_on"]) == ("rss:parks-news", "2026-04-01")
    (report,) = read(run("export", "rss:parks-news", "--json"))
    assert report["complete"]
    assert report["streams"][0]["items_new"] > 10
    indexed = read(run("index", "--check", "--json"))
    assert (indexed["remaining"], indexed["refused"], indexed["level"]) == (0, [], True)
    found = read(run("search", "park", "--account", "rss:parks-news", "--json"))
    assert found["total"] == len(found["hits"]) > 0
    assert {"platform", "account", "url", "created_at", "text", "highlight"} <= set(found["hits"][0])
    assert "<mark>" in found["hits"][0]["highlight"]
    status = read(run("status", "--json"))
    assert status["totals"]["waiting_for_index"] == 0
    assert status["accounts"][0]["posts"] > 10


def test_an_import_prints_items_new_and_unchanged(run: Run) -> None:
    """A real download goes in once; the second time everything is unchanged."""
    download = str(recorded("x/edsu__congressedits-archive"))
    run("accounts", "add", "x:congressedits", "--department", "City Clerk", "--import-only")
    first = read(run("import", download, "--account", "x:congressedits", "--json"))
    second = read(run("import", download, "--account", "x:congressedits", "--json"))
    assert [first[name] for name in ("items", "new", "unchanged")] == [2313, 2313, 0]
    assert [second[name] for name in ("items", "new", "unchanged")] == [2313, 0, 2313]


def test_the_parts_of_a_download_are_named_together(run: Run, tmp_path: Path) -> None:
    """Two archives are one download; one that does not say whose it is wants the account's id, and says so."""
    files = files_of(SAMPLES / "facebook_download" / "library-page-2024")
    said = {name: body for name, body in files.items() if "profile_information" not in name}
    words = zipped(tmp_path / "1.zip", {name: body for name, body in said.items() if name.endswith(".json")})
    pictures = zipped(tmp_path / "2.zip", {name: body for name, body in said.items() if not name.endswith(".json")})
    paths = (str(words), str(pictures))
    run("accounts", "add", "facebook:RiverbendLibrary", "--department", "Library", "--import-only")
    refused = run("import", *paths, "--account", "facebook:RiverbendLibrary", code=1)
    assert "--owner-id" in refused
    whole = ("import", *paths, "--account", "facebook:RiverbendLibrary", "--owner-id", "200000000000001", "--json")
    printed = run(*whole, code=2)  # what the sample lacks is lost
    report = json.loads(printed[: printed.rindex("}") + 1])
    assert (report["items"], report["media"], report["complete"]) == (15, 6, False)


def test_a_repository_and_a_warc_are_each_one_file(run: Run, tmp_path: Path) -> None:
    """A CAR wants the account's DID once; a WARC of another tool is imported into whatever account is named."""
    sample = SAMPLES / "bluesky_car" / "library-2026.json"
    car, did = (
        str(write_sample(sample, tmp_path / "library") / "repo.car"),
        json.loads(sample.read_text("utf-8"))["did"],
    )
    run("accounts", "add", "bluesky:library.riverbend.example", "--department", "Library")
    words = ("import", car, "--account", "bluesky:library.riverbend.example")
    assert "--owner-id" in run(*words, code=1)
    printed = run(*words, "--owner-id", did, code=2)  # one record's block is missing from the sample
    assert "6 items in 1 files: 6 new, 0 unchanged (the download says 7)" in " ".join(printed.split())
    warc = str(recorded("warc") / "webrecorder__warcio" / "test" / "data" / "example.warc.gz")
    run("accounts", "add", "flickr:example", "--department", "Library", "--import-only")
    report = read(run("import", warc, "--account", "flickr:example", "--json"))
    assert (report["items"], report["new"], report["complete"]) == (2, 2, True)
    totals = "records: 2 request, 1 response, 1 revisit, 2 warcinfo; kept: 1 response, 1 revisit"
    assert report["skipped"][0]["reason"].endswith(totals)


def test_a_csv_fills_the_register_and_names_the_lines_it_cannot_take(run: Run, tmp_path: Path) -> None:
    """Good lines are added; a bad one is named with its number, and the command ends with 1."""
    path = tmp_path / "register.csv"
    path.write_text(
        "account,department,began_on,setting.url\n"
        "rss:library,Library,2024-02-29,https://library.example/feed\n"
        "rss:police,,2024-01-01,https://police.example/feed\n",
        encoding="utf-8",
    )
    printed = run("accounts", "import", str(path), code=1)
    assert "1 accounts added" in printed
    assert "line 3" in printed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("search", '"unbalanced'), "quotation mark is missing"),
        (("search", "park", "--from", "2026-02-30"), "is no date"),
        (("search", "park", "--account", "rss:nobody"), "There is no account"),
        (("export", "bluesky:nobody.example"), "is not in the register"),
        (("accounts", "add", "myspace:parks", "--department", "Parks"), "is no account name"),
        (("import", __file__, "--account", "rss:parks-news"), "test_cli.py: "),
    ],
)
def test_a_mistake_gets_one_sentence_and_no_trace(run: Run, words: tuple[str, ...], says: str) -> None:
    """What a person can mend is said in words, without a traceback, and ends with another code than 0."""
    done = run(*words, code=2 if "2026-02-30" in words else 1)
    assert says in " ".join(done.split())
    assert "Traceback" not in done


def test_a_clerk_may_log_in_once_added(run_anew: Run) -> None:
    """The password comes from the prompt or the environment, and is not printed."""
    printed = run_anew("users", "add", "dana.ortiz")
    assert "dana.ortiz may log in as clerk" in printed
    assert "password" not in printed


def test_what_a_clerk_may_see_is_set_by_command(run: Run) -> None:
    """Role, departments, grants, disabled: each said back, listed, and refused with a sentence where it cannot be."""
    run("users", "add", "ana.ruiz", "--role", "viewer")
    run("accounts", "add", "bluesky:fire.example.gov", "--department", "Fire", "--personal")
    assert "ana.ruiz is records_manager now" in run("users", "role", "ana.ruiz", "records_manager")
    assert "ana.ruiz sees fire" in run("users", "departments", "ana.ruiz", "fire")
    granted = run("users", "grant", "ana.ruiz", "messages", "--reason", "request 2026-14", "--until", "2099-07-31")
    assert "ana.ruiz has the grant messages until 2099-07-31." in granted
    run("users", "disable", "ana.ruiz")
    found = next(each for each in json.loads(run("users", "list", "--json")) if each["name"] == "ana.ruiz")
    assert (found["role"], found["departments"], found["disabled"]) == ("records_manager", ["Fire"], True)
    assert [(each["grant"], each["reason"], each["by"]) for each in found["grants"]] == [
        ("messages", "request 2026-14", "command line")
    ]
    run("users", "revoke", "ana.ruiz", "messages", "--reason", "closed")
    entries = json.loads(run("users", "grants", "ana.ruiz", "--json"))
    assert [(each["given"], each["reason"]) for each in entries] == [(False, "closed"), (True, "request 2026-14")]
    run("users", "enable", "ana.ruiz")
    run("users", "password", "ana.ruiz")
    assert "0 open sessions of ana.ruiz ended." in run("users", "end-sessions", "ana.ruiz")
    assert "ana.ruiz sees every department" in run("users", "departments", "ana.ruiz")
    listed = next(
        each for each in json.loads(run("accounts", "list", "--json")) if each["account"].endswith("fire.example.gov")
    )
    assert listed["personal"] is True
    run("accounts", "personal", "bluesky:fire.example.gov", "--official", "--reason", "The department's after all")
    for words, says in (
        (("role", "nobody", "clerk"), "There is no user 'nobody'"),
        (("role", "ana.ruiz", "king"), "is no role"),
        (("departments", "ana.ruiz", "Nowhere"), "names no department 'Nowhere'"),
        (("grant", "ana.ruiz", "all", "--reason", "x"), "There is no grant 'all'"),
        (("revoke", "ana.ruiz", "messages", "--reason", "x"), "has no grant for direct messages"),
        (("grant", "ana.ruiz", "messages", "--reason", "x", "--until", "soon"), "is no day"),
    ):
        done = run("users", *words, code=1)
        assert says in " ".join(done.split())
        assert "Traceback" not in done


def test_pages_that_nobody_could_log_in_to_do_not_start(run_anew: Run) -> None:
    """One sentence names the setting."""
    done = run_anew("clerk", "--port", "0", code=1, CIVIC_ARCHIVE_LOCAL_LOGIN="false")
    assert "nobody could log in" in " ".join(done.split())
    assert "Traceback" not in done
