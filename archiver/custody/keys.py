"""The key that roots are signed with: Ed25519, in a file of its own, never in the database and never shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.archive import Archive

_FILE = "log.key"


class KeyProblem(Exception):
    """The signing key cannot be used. The message says what to do, and nothing of the key."""


def path_of(archive: Archive) -> Path:
    """Where the key lies: as the setting says, else in the home folder."""
    return archive.settings.log_key or archive.spool.parent / "keys" / _FILE


def signing_key(archive: Archive) -> Ed25519PrivateKey:
    """The key of this archive's log. One in the home folder is made at first use, mode 0600.

    Raises `KeyProblem` where the file that the setting names is not there, or is no Ed25519 key.
    """
    path = path_of(archive)
    if archive.settings.log_key is None and not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyProblem(
            f"the log's key {path} cannot be read ({error.strerror}): put it there, or correct CIVIC_ARCHIVE_LOG_KEY"
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> KeyProblem:
    return KeyProblem(
        f"{path} holds no Ed25519 key in PEM form without a password: make one with "
        f"`openssl genpkey -algorithm ed25519 -out FILE` and name it in CIVIC_ARCHIVE_LOG_KEY"
    )


def _make(path: Path) -> None:
    """Make the key whole or not at all; who comes second takes the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
