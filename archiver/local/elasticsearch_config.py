"""What the embedded Elasticsearch node is told: settings, JVM options, and the password in its keystore."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from archiver.local import process
from archiver.local.errors import ServerDiedError
from archiver.local.ports import LOOPBACK
from archiver.local.stemming import install_dictionaries
from archiver.local.user import give_to, run_as

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.local.home import Home

NAME = "elasticsearch"
CLUSTER = "civic-archive-local"


def node_log(home: Home) -> Path:
    """Give the log the node itself writes; what stands in `elasticsearch.log` is what it says until it is up."""
    return home.logs / NAME / f"{CLUSTER}.log"


def configure(
    home: Home, distribution: Path, java: Path, *, http_port: int, transport_port: int, jvm: list[str]
) -> dict[str, str]:
    """Write the node's configuration; give the environment to run it, and its tools, with.

    Args:
        home: the home it lives in.
        distribution: the unpacked distribution, to which nothing is written.
        java: the folder of the Java to run it on.
        http_port: where it answers.
        transport_port: where it would talk to other nodes.
        jvm: options for its JVM beyond the distribution's own.
    """
    config = home.folder(NAME, "config")
    data, scratch = home.folder(NAME, "data"), home.folder(NAME, "tmp")
    logs = home.logs / NAME
    logs.mkdir(exist_ok=True)
    logs.chmod(0o700)
    give_to(home.user, logs)
    settings: dict[str, object] = {
        "cluster.name": CLUSTER,
        "node.name": "local",
        "discovery.type": "single-node",
        "network.host": LOOPBACK,
        "http.port": http_port,
        "transport.port": transport_port,
        "path.data": str(data),
        "path.logs": str(logs),
        "xpack.security.enabled": True,
        "xpack.security.autoconfiguration.enabled": False,
        # A laptop with 90 % of its disk used would otherwise turn every index read-only.
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    yaml = "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())
    # The distribution's own JVM options, except that nothing is written to its folder.
    options = (distribution / "config" / "jvm.options").read_text(encoding="utf-8")
    options = "".join(
        line for line in options.splitlines(keepends=True) if not re.search(r"-Xlog:gc|-XX:(ErrorFile|HeapDump)", line)
    )
    options += "\n".join([f"-XX:ErrorFile={logs}/hs_err_pid%p.log", *jvm]) + "\n"
    log4j = (distribution / "config" / "log4j2.properties").read_text(encoding="utf-8")
    for name, text in (("elasticsearch.yml", yaml), ("jvm.options", options), ("log4j2.properties", log4j)):
        (config / name).write_text(text, encoding="utf-8")
        give_to(home.user, config / name)
    for name in ("role_mapping.yml", "roles.yml", "users", "users_roles"):
        if not (config / name).exists():
            shutil.copyfile(distribution / "config" / name, config / name)
            give_to(home.user, config / name)
    install_dictionaries(config, home.user)
    return {
        **process.base_environment(scratch),
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(config),
        "ES_TMPDIR": str(scratch),
        # For the launcher and the tools, which live a second or two each.
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -Xshare:auto",
    }


def keep_password(home: Home, distribution: Path, environment: dict[str, str], password: str) -> None:
    """Put the password of `elastic` into the node's keystore, once."""
    config = home.folder(NAME, "config")
    if (config / "elasticsearch.keystore").exists():
        return
    done = subprocess.run(  # noqa: S603 -- a program of the distribution, by its whole path
        [distribution / "bin" / "elasticsearch-keystore", "add", "-x", "-f", "bootstrap.password"],
        check=False,
        input=password,
        capture_output=True,
        text=True,
        env=environment,
        cwd=config,
        **run_as(home.user),
    )
    if done.returncode:
        raise ServerDiedError(
            f"Elasticsearch's keystore could not be made: {(done.stdout + done.stderr).strip()[-2000:]}"
        )
