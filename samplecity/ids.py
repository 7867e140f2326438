"""Identifiers of the AT Protocol made deterministically: DIDs, record keys, content ids.

Facts from the specifications at atproto.com (did, tid, data model) and IPLD (CIDv1, DAG-CBOR): a TID is 13 characters
of sortable base 32 over 53 bits of microseconds and 10 bits of clock; a record's CID is CIDv1, dag-cbor, SHA-256; a
blob's is CIDv1, raw, SHA-256. Both are computed for real here, so a client may check them.
"""

from __future__ import annotations

import base64
import hashlib
import random
import struct
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAG_CBOR = bytes((0x01, 0x71, 0x12, 0x20))  # CIDv1, dag-cbor, sha2-256, 32 bytes
_RAW = bytes((0x01, 0x55, 0x12, 0x20))  # CIDv1, raw, sha2-256, 32 bytes
_CID_TAG = 42
_ONE_BYTE, _TWO_BYTES, _FOUR_BYTES = 0x100, 0x10000, 0x100000000
_INLINE = 24  # a CBOR head holds counts below this in its own byte


def dice(*parts: object) -> random.Random:
    """Give a random source that depends on the parts alone, so that every build of one seed is the same."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a reproducible pretend city, no secret


def tid(at: datetime, clock: int = 0) -> str:
    """Give the record key for a moment.

    Args:
        at: when the record was made, with zone.
        clock: 0-1023, tells apart what was made in one microsecond.
    """
    number = ((at - EPOCH) // _MICROSECOND << 10) | clock
    return "".join(SORTABLE[(number >> shift) & 31] for shift in range(60, -1, -5))


@lru_cache(maxsize=4096)
def did_plc(name: str) -> str:
    """Give the `did:plc:` of a made-up identity: 24 characters of base 32, as real ones have."""
    return "did:plc:" + _base32(hashlib.sha256(name.encode()).digest())[:24]


def record_cid(record: dict[str, Any]) -> str:
    """Give the CID of a record (CIDv1, dag-cbor, SHA-256; starts `bafyrei`)."""
    return "b" + _base32(_DAG_CBOR + hashlib.sha256(dag_cbor(record)).digest())


def blob_cid(data: bytes) -> str:
    """Give the CID of a blob (CIDv1, raw, SHA-256; starts `bafkrei`)."""
    return "b" + _base32(_RAW + hashlib.sha256(data).digest())


def dag_cbor(value: object) -> bytes:
    """Encode a record's JSON form as DAG-CBOR; `{"$link": cid}` becomes a CID link.

    Raises:
        TypeError: for a value the atproto data model has no place for (floats among them).
    """
    out = bytearray()
    _encode(value, out)
    return bytes(out)


def _encode(value: object, out: bytearray) -> None:
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        out += _head(3, len(data)) + data
    elif isinstance(value, bytes):
        out += _head(2, len(value)) + value
    elif value is None or isinstance(value, bool):
        out.append({None: 0xF6, False: 0xF4, True: 0xF5}[value])
    elif isinstance(value, int):
        out += _head(0, value) if value >= 0 else _head(1, -1 - value)
    elif isinstance(value, (list, tuple)):
        out += _head(4, len(value))
        for one in value:
            _encode(one, out)
    elif isinstance(value, dict):
        if value.keys() == {"$link"}:
            data = b"\0" + _unbase32(value["$link"][1:])
            out += _head(6, _CID_TAG) + _head(2, len(data)) + data
            return
        out += _head(5, len(value))
        for key in sorted(value, key=_key_order):
            _encode(key, out)
            _encode(value[key], out)
    else:
        raise TypeError(f"{type(value).__name__} has no form in an atproto record")


def _head(major: int, count: int) -> bytes:
    if count < _INLINE:
        return bytes((major << 5 | count,))
    if count < _ONE_BYTE:
        return bytes((major << 5 | 24, count))
    if count < _TWO_BYTES:
        return struct.pack(">BH", major << 5 | 25, count)
    if count < _FOUR_BYTES:
        return struct.pack(">BI", major << 5 | 26, count)
    return struct.pack(">BQ", major << 5 | 27, count)


@lru_cache(maxsize=512)
def _key_order(key: str) -> tuple[int, bytes]:
    data = key.encode()
    return len(data), data


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


@lru_cache(maxsize=4096)
def _unbase32(text: str) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


def stamp(at: datetime) -> str:
    """Write a moment as Bluesky clients do: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse_uri(uri: str) -> tuple[str, str, str]:
    """Split `at://did/collection/rkey` into its three parts.

    Raises:
        ValueError: when it is not such an address.
    """
    did, collection, rkey = uri.removeprefix("at://").split("/")
    return did, collection, rkey
