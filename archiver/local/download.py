"""Fetching Elasticsearch's distribution from Maven Central, once, and unpacking it without trust.

Source: artifact `org.elasticsearch.distribution.integ-test-zip:elasticsearch:9.5.0`, type zip: the plain server,
which the makers publish for their own integration tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import platformdirs

from archiver.local.errors import DownloadError, NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE_VARIABLE = "CIVIC_ARCHIVE_CACHE"
VERSION = "9.5.0"
GROUP = "org.elasticsearch.distribution.integ-test-zip"
SHA256 = "db0e275fd790f723eca7bcde96069fd6fed304ad23afdb70c8c09553dd9e8b1b"
UNPACKED_LIMIT = 512 * 2**20
_TRIES = 3
_FOREIGN_UNIX_MODE = 16


def cache_folder() -> Path:
    """Give the folder downloads are kept in, for all homes: `CIVIC_ARCHIVE_CACHE`, else the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("civic-archive")


def fetch_elasticsearch(say: Callable[[str], None]) -> Path:
    """Give the distribution's zip, from the cache or else from Maven Central, its SHA-256 checked either way.

    Raises:
        DownloadError: it cannot be fetched, or is not the file it should be.
        NotInstalledError: the dependency group `local` is missing.
    """
    kept = cache_folder() / f"elasticsearch-{VERSION}.zip"
    if kept.is_file() and _sha256(kept) == SHA256:
        return kept
    say(f"Fetching Elasticsearch {VERSION} (130 MB, once; kept in {kept.parent})")
    by_hand = f"or fetch {GROUP}:elasticsearch:{VERSION} (type zip) by other means and put it at {kept}."
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        # In a folder of our own: a torn download never stands where a whole one is looked for.
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            fresh = _download(Path(scratch))
            if (found := _sha256(fresh)) != SHA256:
                raise DownloadError(
                    f"The Elasticsearch {VERSION} that was fetched is not the published file (SHA-256 {found}, "
                    f"expected {SHA256}): try again, look at what proxy or mirror stands between, {by_hand}"
                )
            fresh.replace(kept)
    except OSError as error:
        raise DownloadError(f"Elasticsearch {VERSION} cannot be kept: {error}. Free some space, {by_hand}") from error
    return kept


def _download(scratch: Path) -> Path:
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 -- a cached copy needs no downloader
    except ImportError as error:
        raise NotInstalledError(
            "Fetching Elasticsearch needs the package jgo: install the dependency group (uv sync --group local)."
        ) from error
    last: Exception | None = None
    for attempt in range(_TRIES):
        try:
            context = MavenContext(repo_cache=scratch / str(attempt), timeout=30)
            component = context.project(GROUP, "elasticsearch").at_version(VERSION)
            return Path(component.artifact(packaging="zip").resolve())
        except Exception as error:  # noqa: BLE001 -- jgo raises RuntimeError and whatever requests raises
            last = error
    kept = cache_folder() / f"elasticsearch-{VERSION}.zip"
    raise DownloadError(
        f"Elasticsearch {VERSION} could not be fetched from Maven Central in {_TRIES} tries ({last}): check the "
        f"network, or put the zip of {GROUP}:elasticsearch:{VERSION} at {kept}, or set "
        "ELASTICSEARCH_URL to a server of your own."
    ) from last


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip with one top folder into `target`, whole or not at all, for others to read and not to change.

    Raises:
        DownloadError: the zip is damaged, too large, or holds a link or a path that leads out of it.
    """
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    fresh.chmod(0o755)
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = zipped.infolist()
            _check_size(archive, members)
            for one in members:
                _unpack_member(zipped, one, fresh)
    except (zipfile.BadZipFile, OSError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DownloadError(f"{archive} cannot be unpacked ({error}): delete it and try again.") from error
    except DownloadError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.replace(target)


def _check_size(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    if sum(one.file_size for one in members) > UNPACKED_LIMIT:
        raise DownloadError(f"{archive} unpacks to more than {UNPACKED_LIMIT} bytes: delete it and try again.")


def _unpack_member(zipped: zipfile.ZipFile, one: zipfile.ZipInfo, root: Path) -> None:
    name = PurePosixPath(one.filename)
    mode = one.external_attr >> _FOREIGN_UNIX_MODE
    if name.is_absolute() or ".." in name.parts or "\\" in one.filename or ":" in one.filename or stat.S_ISLNK(mode):
        raise DownloadError(f"{zipped.filename} holds {one.filename!r}, which leads out of it: delete the file.")
    path = root.joinpath(*name.parts[1:])
    if one.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipped.open(one) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink, 2**20)
    path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
