"""A signed root: the small file that a city publishes each day, made and read here; `verify` checks it anywhere."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archiver.evidence import verify
from archiver.evidence.leaves import written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HOW_TO_VERIFY = (
    "This is the root of a Merkle log of public records (RFC 9162, SHA-256). To check it with nothing of ours: (1) Take the "
    "members format, archive, size, root, time, previous, consistency and public_key, and write them as RFC 8785 canonical "
    "JSON. (2) Check the Ed25519 signature (RFC 8032) over those bytes with public_key, which must be the key that the city "
    "published elsewhere. (3) Where there is a timestamp: write the same members and signature as canonical JSON; the token "
    "(RFC 3161, base64 of DER) must be over the SHA-256 of those bytes: `openssl ts -verify -token_in -in token.der -data "
    "bytes -CAfile authority.pem`. (4) consistency proves, by RFC 9162 section 2.1.4.2, that the log of previous.size leaves "
    "with the root previous.root is the beginning of this one. verify.py of the archive's program does (1), (2) and (4)."
)
NO_AUTHORITY = "none: no timestamp authority is set (CIVIC_ARCHIVE_TIMESTAMP_URL)"


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """The size of a log and its root."""

    size: int
    root: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Stamp:
    """A timestamp token (DER), which authority gave it, and the time it says."""

    token: bytes
    authority: str
    time: datetime


def signed(
    head: Head,
    *,
    archive: str,
    time: datetime,
    previous: Head | None,
    consistency: Sequence[bytes],
    key: Ed25519PrivateKey,
) -> dict[str, Any]:
    """The root's document, signed, not timestamped. `consistency` is the proof from `previous`, empty where there is none."""
    document: dict[str, Any] = {
        "format": verify.ROOT_FORMAT,
        "archive": archive,
        "size": head.size,
        "root": head.root.hex(),
        "time": written(time),
        "previous": None if previous is None else {"size": previous.size, "root": previous.root.hex()},
        "consistency": [each.hex() for each in consistency],
        "public_key": raw(key.public_key()).hex(),
    }
    return {**document, "signature": key.sign(verify.signed_bytes(document)).hex()}


def finished(document: Mapping[str, Any], stamp: Stamp | None, why_none: str = NO_AUTHORITY) -> str:
    """The text of the file: the signed document with its timestamp, or the reason why it has none."""
    timestamp: dict[str, str] | str = why_none
    if stamp is not None:
        timestamp = {
            "authority": stamp.authority,
            "time": written(stamp.time),
            "token": base64.b64encode(stamp.token).decode(),
        }
    whole = {**document, "timestamp": timestamp, "how_to_verify": HOW_TO_VERIFY}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def file_name(time: datetime, size: int) -> str:
    """How the file of a root is called: names sort by time."""
    compact = written(time).replace("-", "").replace(":", "").replace(".", "")
    return f"root-{compact}-{size}.json"


def stamp_of(document: Mapping[str, Any]) -> Stamp | None:
    """The timestamp that a root carries, None where it says that it has none. Raises `verify.NotProven`."""
    timestamp = document.get("timestamp")
    if isinstance(timestamp, str):
        return None
    try:
        return Stamp(
            base64.b64decode(timestamp["token"], validate=True),  # type: ignore[index] # anything may stand there
            str(timestamp["authority"]),  # type: ignore[index] # as above
            datetime.fromisoformat(timestamp["time"]),  # type: ignore[index] # as above
        )
    except (TypeError, KeyError, ValueError):
        raise verify.NotProven("the root's timestamp cannot be read") from None


def raw(key: Ed25519PublicKey) -> bytes:
    """A public key as roots write it: its 32 bytes (RFC 8032 section 5.1.5)."""
    return key.public_bytes_raw()
