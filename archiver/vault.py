"""Sealing secrets that have to be kept: tokens that a platform renewed. The key never lies where the sealed secrets do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.archive import Archive

_FILE = "tokens.key"


class VaultError(Exception):
    """A sealed secret cannot be opened, or the key is none. The message says what to do."""


class Vault:
    """Seals and opens with one key (Fernet: AES-128-CBC and HMAC-SHA-256, as `cryptography` specifies it)."""

    def __init__(self, key: str) -> None:
        """Raises `VaultError` where the key is none (it is 32 bytes in URL-safe base64)."""
        try:
            self._fernet = Fernet(key.strip())
        except ValueError:
            raise VaultError(
                "CIVIC_ARCHIVE_TOKEN_KEY is no key; make one with "
                "`python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`"
            ) from None

    def seal(self, secret: str) -> bytes:
        """The secret as it may be kept."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret. Raises `VaultError` where it was sealed with another key, or altered."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise VaultError(
                "a renewed token was sealed with another key: set CIVIC_ARCHIVE_TOKEN_KEY to the one of this archive, or connect "
                "the account anew"
            ) from None


def vault_of(archive: Archive) -> Vault:
    """The archive's vault: with the key of the settings, else with one in the home folder, made at first use (mode 0600).

    Raises `VaultError` where the key is none, or cannot be read or made.
    """
    key = archive.settings.token_key
    if key is not None:
        return Vault(key.get_secret_value())
    path = archive.spool.parent / "keys" / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        return Vault(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"the key that seals renewed tokens can neither be read nor made ({error}): set CIVIC_ARCHIVE_TOKEN_KEY, or let the "
            "program write there"
        ) from error


def _make(path: Path) -> None:
    """Make the key whole or not at all; who comes second takes the first one's."""
    fresh = path.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
