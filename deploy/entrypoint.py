"""What every container of ours begins with: secrets come from files, and the command gets them in its environment.

Each service is given the files of the secrets it needs, and no others; what has no file is left alone. A file whose name
is in capitals (`MASTODON_TOKEN`) becomes the variable of that name: an account's setting `env:MASTODON_TOKEN`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import quote

PLAIN = {
    "elasticsearch_password": "ELASTICSEARCH_PASSWORD",
    "airflow_fernet_key": "AIRFLOW__CORE__FERNET_KEY",
    "airflow_jwt_secret": "AIRFLOW__API_AUTH__JWT_SECRET",
    "airflow_secret_key": "AIRFLOW__API__SECRET_KEY",
}
DATABASES = {
    "archive_app_password": ("DATABASE_URL", "archive_app", "ARCHIVE_DATABASE", "civic_archive"),
    "airflow_database_password": ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow", "AIRFLOW_DATABASE", "airflow"),
}
PASSWORDS = "airflow_passwords"


def variables(folder: Path) -> dict[str, str]:
    """What the secrets in a folder put into the environment; one that is set already stays as it is."""
    found = {path.name: path.read_text(encoding="utf-8").strip() for path in folder.iterdir() if path.is_file()}
    made = {variable: found[name] for name, variable in PLAIN.items() if name in found}
    made |= {name: value for name, value in found.items() if re.fullmatch(r"[A-Z][A-Z0-9_]*", name)}
    for name, (variable, role, naming, database) in DATABASES.items():
        if name in found:
            made[variable] = database_url(role, found[name], os.environ.get(naming, database))
    if PASSWORDS in found:
        made["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] = str(_writable(found[PASSWORDS]))
    return {name: value for name, value in made.items() if name not in os.environ}


def database_url(role: str, password: str, database: str) -> str:
    """The address of a database of the Postgres that POSTGRES_HOST and POSTGRES_PORT name."""
    host, port = os.environ.get("POSTGRES_HOST", "postgres"), os.environ.get("POSTGRES_PORT", "5432")
    return f"postgresql+psycopg2://{role}:{quote(password, safe='')}@{host}:{port}/{database}"


def _writable(passwords: str) -> Path:
    """Airflow opens its file of passwords for writing, which a secret's file is not: give it a copy, in memory."""
    path = Path(os.environ.get("AIRFLOW_PASSWORDS_COPY", "/run/airflow/passwords.json"))
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(passwords)
    return path


def main() -> None:
    """Become the command."""
    folder = Path(os.environ.get("SECRETS_FOLDER", "/run/secrets"))
    if folder.is_dir():
        os.environ.update(variables(folder))
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the container's own command


if __name__ == "__main__":
    main()
