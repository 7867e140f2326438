"""The Compose file of a city's server, and what its containers begin with: checked as far as can be without an engine."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
JOBS = {"prepare"}
SECRET_NAME = re.compile(r"PASSWORD|SECRET|KEY|TOKEN|CONN|DATABASE_URL", re.IGNORECASE)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def validator() -> jsonschema.protocols.Validator:
    """The Compose Specification's own schema (Apache-2.0), as the package check-jsonschema ships it."""
    text = (resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text("utf-8")
    schema = json.loads(text)
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services by name."""
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def test_it_is_valid(compose: dict[str, Any], validator: jsonschema.protocols.Validator) -> None:
    """The file is what the Compose Specification's schema asks for."""
    assert [error.message for error in validator.iter_errors(compose)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "postgres", "imagee"), "postgres"),
        (("services", "clerk", "ports"), "8800"),
        (("services", "clerk", "depends_on", "postgres", "condition"), "service_is_fine"),
        (("services", "clerk", "healthcheck", "test"), 1),
    ],
)
def test_the_schema_refuses_mistakes(
    compose: dict[str, Any], validator: jsonschema.protocols.Validator, path: tuple[str, ...], value: object
) -> None:
    """A misspelt key or a wrong type would be found."""
    broken = copy.deepcopy(compose)
    place = broken
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert not validator.is_valid(broken)


def test_the_parts_are_there(services: dict[str, dict[str, Any]]) -> None:
    """Postgres, Elasticsearch, Airflow's four daemons, the set-up job and the clerk's pages."""
    daemons = {"airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"}
    assert set(services) == {"postgres", "elasticsearch", "clerk"} | daemons | JOBS


def test_every_service_is_watched(services: dict[str, dict[str, Any]]) -> None:
    """Each service has a health check and comes back after a crash; the set-up job ends and does neither."""
    for name, service in services.items():
        assert ("healthcheck" in service) == (name not in JOBS), name
        assert service["restart"] == ("no" if name in JOBS else "unless-stopped"), name


def test_each_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    """What is waited for exists, servers until they are healthy, the job until it has succeeded; ours wait for all three."""
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, (name, other)
            assert how["condition"] == ("service_completed_successfully" if other in JOBS else "service_healthy")
        if "build" in service and name not in JOBS:
            assert {"postgres", "elasticsearch", "prepare"} <= set(service["depends_on"]), name


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    """Every image has a whole version, Elasticsearch the one that the local stack runs."""
    from archiver.local.download import VERSION  # noqa: PLC0415 - an optional group

    for name, service in services.items():
        assert re.search(r":\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), name
    assert services["elasticsearch"]["image"] == f"elasticsearch:{VERSION}"


def test_nothing_secret_stands_in_it(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    """Passwords and keys come from files: no variable holds one, only the name of its file."""
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAME.search(variable):
                assert variable.endswith("_FILE"), (name, variable)
                assert str(value).startswith("/run/secrets/"), (name, variable)
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())


def test_secrets_are_declared_made_and_used(
    compose: dict[str, Any], services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """Each secret is used by a service and made by `make-secrets.sh`, closed to others, and made only once."""
    used = {secret for service in services.values() for secret in service.get("secrets", ())}
    assert used == set(compose["secrets"])
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([DEPLOY / "make-secrets.sh", folder], check=True, capture_output=True)
        made = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    subprocess.run([DEPLOY / "make-secrets.sh", folder], check=True, capture_output=True)
    assert made == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert set(made) == used
    assert len(set(made.values())) == len(made)
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) in {0o400, 0o440}, path.name
        assert len(path.read_text(encoding="utf-8")) >= 44


def test_only_the_pages_can_be_reached(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    """Two services publish a port, on the loopback; the servers are on a network without a way out."""
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"airflow-apiserver", "clerk"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert compose["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "elasticsearch"):
        assert services[name]["networks"] == ["inside"]


def test_what_must_last_is_in_named_volumes(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    """Databases, index and archive files are in volumes that are declared; nothing of the host is mounted."""
    for name, service in services.items():
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in compose["volumes"], (name, volume)
    assert {"postgres", "elasticsearch", "airflow-scheduler", "clerk"} <= {
        n for n, s in services.items() if "volumes" in s
    }


def test_airflow_knows_its_settings(services: dict[str, dict[str, Any]]) -> None:
    """Every AIRFLOW__SECTION__KEY of the file is one that the installed Airflow knows: a misspelt one would do nothing."""
    assert (
        _unknown_settings({name for service in services.values() for name in service.get("environment", {})}) == set()
    )
    entry = (DEPLOY / "entrypoint.py").read_text(encoding="utf-8")
    local = (ROOT / "archiver" / "local" / "airflow_config.py").read_text(encoding="utf-8")
    assert _unknown_settings(set(re.findall(r'"(AIRFLOW__\w+)"', entry + local))) == set()
    assert _unknown_settings({"AIRFLOW__CORE__PARALELISM"}) == {"AIRFLOW__CORE__PARALELISM"}


def _unknown_settings(names: set[str]) -> set[str]:
    spec = importlib.util.find_spec("airflow")
    assert spec
    assert spec.submodule_search_locations
    known = set()
    package = Path(spec.submodule_search_locations[0])
    for path in (package / "config_templates" / "config.yml", package / "api_fastapi/auth/managers/simple/config.yml"):
        if path.exists():
            sections = yaml.safe_load(path.read_text(encoding="utf-8"))
            known |= {f"AIRFLOW__{s}__{o}".upper() for s, one in sections.items() for o in one["options"]}
    return {name for name in names if name.startswith("AIRFLOW__")} - known


def test_the_image_is_built_from_the_lock() -> None:
    """Fixed versions, the locked packages of the two groups only, an unprivileged user, and the tools' pinned version."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(r":3\.11\.\d+-", line) for line in text.splitlines() if line.startswith("FROM"))
    syncs = [line for line in text.splitlines() if "uv sync" in line]
    assert syncs
    assert all("--locked --no-default-groups --group airflow --group clerk" in line for line in syncs)
    assert re.search(r"^USER 1000:1000$", text, re.MULTILINE)
    version = re.search(r"UV_VERSION := (\S+)", makefile)
    assert version
    assert f"uv=={version[1]}" in text
    copied = {line.split()[1] for line in text.splitlines() if re.fullmatch(r"COPY (\w+) \1", line)}
    assert {"archiver", "clerk", "search", "migrations", "dags", "deploy"} <= copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(ignored)


def test_commands_are_given_their_secrets(tmp_path: Path) -> None:
    """The entry point puts the files' contents into the command's environment, and nothing it was not given."""
    folder, copied = tmp_path / "secrets", tmp_path / "passwords.json"
    folder.mkdir()
    for name, text in {
        "archive_app_password": "p@ss/word",
        "elasticsearch_password": "elastic-secret\n",
        "airflow_passwords": '{"admin": "x"}',
        "MASTODON_TOKEN": "token",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    shown = subprocess.run(
        [
            sys.executable,
            DEPLOY / "entrypoint.py",
            sys.executable,
            "-c",
            "import json, os; print(json.dumps(dict(os.environ)))",
        ],
        env={"PATH": os.environ["PATH"], "SECRETS_FOLDER": str(folder), "AIRFLOW_PASSWORDS_COPY": str(copied)},
        check=True,
        capture_output=True,
        text=True,
    )
    seen = json.loads(shown.stdout)
    assert seen["DATABASE_URL"] == "postgresql+psycopg2://archive_app:p%40ss%2Fword@postgres:5432/civic_archive"
    assert seen["ELASTICSEARCH_PASSWORD"] == "elastic-secret"
    assert seen["MASTODON_TOKEN"] == "token"
    assert seen["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] == str(copied)
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in seen
