"""`civic-archive log`, and the DAG that keeps it, as they are called: from a capture to a proof that a stranger checks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import sqlalchemy as sa

from archiver.database import engine_for
from archiver.evidence import verify
from tests.fixtures.dags import run_dags
from tests.fixtures.log import add_all
from tests.fixtures.program import start_anew
from tests.fixtures.timestamp_authority import authority
from tests.servers.test_dags_run import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

    from tests.fixtures.program import Commands
    from tests.fixtures.stack import DatabaseMaker, DatabaseUrls


class Run(Protocol):
    """Runs `civic-archive log` with these words."""

    def __call__(self, *words: str | Path, code: int = 0, **environment: str) -> str:
        """Give what it printed; fail unless it ended with the code."""


@pytest.fixture
def urls(make_database: DatabaseMaker, migrated_template: str) -> DatabaseUrls:
    """A database of this test's own."""
    return make_database(template=migrated_template)


@pytest.fixture
def engine(urls: DatabaseUrls) -> Iterator[Engine]:
    """Connections to it."""
    made = engine_for(urls.app_url)
    yield made
    made.dispose()


@pytest.fixture
def run(urls: DatabaseUrls, commands: Commands, tmp_path: Path) -> Run:
    """The program in a process of its own."""
    return _run(urls, commands, tmp_path)


@pytest.fixture
def run_anew(urls: DatabaseUrls, tmp_path: Path) -> Run:
    """The same, loaded from the start, as a person starts it."""
    return _run(urls, start_anew, tmp_path)


def _run(urls: DatabaseUrls, commands: Commands, folder: Path) -> Run:
    def call(*words: str | Path, code: int = 0, **environment: str) -> str:
        known = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DATABASE_URL": urls.app_url,
            "CIVIC_ARCHIVE_HOME": str(folder / "home"),
            "CIVIC_ARCHIVE_CITY": "Las Palmas Verdes",
        }
        done = commands(("log", *map(str, words)), known | environment)
        assert done.code == code, (words, *done)
        assert "Traceback" not in done.err
        return done.out if code == 0 or "--json" in words else done.out + done.err

    return call


def read(printed: str) -> Any:
    """The one JSON document that `--json` prints."""
    return json.loads(printed)


def test_from_append_to_a_proof_that_a_stranger_checks(run: Run, run_anew: Run, engine: Engine, tmp_path: Path) -> None:
    """Append, sign twice, prove an item and that the log only grew, and check all of it without the database."""
    ids = add_all(engine, 300, states=5)
    assert read(run_anew("append", "--json")) == {"leaves": 305, "size": 305, "waiting": 0}
    first = read(run("root", "--json"))
    add_all(engine, 10)
    run("append")
    second = read(run("root", "--json"))
    assert (first["root"]["size"], second["root"]["size"], second["root"]["archive"]) == (305, 315, "Las Palmas Verdes")
    assert "no timestamp authority" in second["timestamp_missing"]
    head = read(run("head", "--json"))
    assert (head["size"], head["signed"]["size"], head["waiting"]) == (315, 315, 0)
    assert "315 leaves" in run("head")
    with engine.connect() as database:
        item = database.scalar(sa.text("select cast(public_id as text) from items where id = :id"), {"id": ids[0]})
    proof, grown = tmp_path / "proof.json", tmp_path / "grown.json"
    assert read(run("prove", item, "--reveal", "-o", proof, "--json"))["leaves"] == 2
    run("prove", "--since", first["file"], "-o", grown)
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nowhere", "CIVIC_ARCHIVE_HOME": "/nonexistent"}
    key = next(Path(first["file"]).parent.glob("public-key-*.txt"))
    said = read(run_anew("verify", proof, "--root", second["file"], "--key", key, "--json", **nowhere))
    assert said["proven"]
    assert len(said["statements"]) == 5
    assert "first 305 leaves" in run("verify", grown, "--root", first["file"], **nowhere)
    assert "first 305 leaves" in run("verify", second["file"], "--root", first["file"], **nowhere)
    assert "other root" in run("verify", proof, "--root", first["file"], code=1, **nowhere).replace("another", "other")
    refused = read(run("verify", proof, "--key", "11" * 32, "--json", code=1, **nowhere))
    assert not refused["proven"]
    altered = tmp_path / "altered.json"
    altered.write_text(proof.read_text(encoding="utf-8").replace('"index": 0', '"index": 1'), encoding="utf-8")
    assert "not in the log" in run("verify", altered, code=1, **nowhere)


def test_fixity_ends_with_one_and_names_what_is_wrong(run: Run, engine: Engine) -> None:
    """Healthy: 0. A published root with a flipped bit: 1, the file and the byte."""
    add_all(engine, 3)
    run("append")
    file = Path(read(run("root", "--json"))["file"])
    assert read(run("fixity", "--whole", "--json"))["findings"] == []
    data = bytearray(file.read_bytes())
    data[30] ^= 1
    file.write_bytes(data)
    (found,) = read(run("fixity", "--json", code=1))["findings"]
    assert (found["kind"], found["subject"], found["at"]) == ("root_file", str(file), 30)
    assert str(file.name) in "".join(run("fixity", "--whole", code=1).split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("prove", "4711"), "no public id"),
        (("prove", "00000000-0000-4000-8000-000000000000"), "no root was signed yet"),
        (("verify", "/nonexistent.json"), "cannot be read"),
        (("verify", __file__), "cannot be read"),
        (("prove", "--since", __file__), "cannot be read"),
    ],
)
def test_a_mistake_gets_one_sentence(run: Run, words: tuple[str, ...], says: str) -> None:
    """What a person can mend is said in words."""
    assert says in " ".join(run(*words, code=1).split())


def test_the_key_of_the_setting_signs(run: Run, tmp_path: Path) -> None:
    """A key made with openssl; what is no key, or is not there, is named without showing it."""
    key = tmp_path / "city.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True)
    made = read(run("root", "--json", CIVIC_ARCHIVE_LOG_KEY=str(key)))
    der = subprocess.run(
        ["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    assert made["root"]["public_key"] == der[-32:].hex()
    assert not (tmp_path / "home" / "keys").exists()
    wrong = tmp_path / "wrong.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "x25519", "-out", str(wrong)], check=True)
    assert "no Ed25519 key" in " ".join(run("root", code=1, CIVIC_ARCHIVE_LOG_KEY=str(wrong)).split())
    assert "cannot be read" in " ".join(run("root", code=1, CIVIC_ARCHIVE_LOG_KEY="/nonexistent").split())


def test_the_dag_keeps_the_log_and_is_red_when_something_is_wrong(
    urls: DatabaseUrls, engine: Engine, tmp_path: Path
) -> None:
    """One run appends, publishes a timestamped root and reads a sample; after a flipped bit the run fails and names it."""
    add_all(engine, 20)
    home = tmp_path / "home"
    folder = tmp_path / "authority"
    folder.mkdir()
    with authority(folder) as tsa:
        variables = {
            "DATABASE_URL": "postgresql+psycopg2://archive_app:wrong@127.0.0.1:9/nowhere",
            "AIRFLOW_CONN_CIVIC_ARCHIVE_POSTGRES": connection(urls.app_url, "postgres"),
            "CIVIC_ARCHIVE_HOME": str(home),
            "CIVIC_ARCHIVE_TIMESTAMP_URL": tsa.url,
            "CIVIC_ARCHIVE_TIMESTAMP_CA": str(tsa.ca),
            "CIVIC_ARCHIVE_ALLOWED_ORIGINS": tsa.url,
            "CIVIC_ARCHIVE_FIXITY_SHARE": "1",
            "CIVIC_ARCHIVE_RETRY_DELAY": "0.2",
        }
        result = run_dags(tmp_path, [("keep_log", {})], **variables)
        assert result["runs"][0]["state"] == "success", result["output"][-3000:]
        (file,) = (home / "roots").glob("root-*.json")
        document = verify.read(file)
        assert (document["size"], document["timestamp"]["authority"]) == (20, tsa.url)
        file.write_bytes(file.read_bytes().replace(b"Merkle", b"Nerkle"))
        tsa.status = 503
        result = run_dags(tmp_path, [("keep_log", {})], **variables)
    assert result["runs"][0]["state"] == "failed"
    states = {each["task_id"]: (each["state"], each["tries"]) for each in result["runs"][0]["tasks"]}
    assert states == {"append": ("success", 1), "root": ("failed", 4), "fixity": ("failed", 1)}
    assert "without a timestamp" in result["output"]
    assert f"root file {file}" in result["output"]
