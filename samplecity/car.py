"""Repositories as CAR files: the tree of records, and a commit over it that the account's key has signed.

The tree is the Merkle search tree of the AT Protocol's repository specification: a key's layer is the number of leading zero
pairs of bits in its SHA-256; a node holds the keys of its layer in order, with trees of the layer below between them, and writes
each key without what it shares with the one before. The commit (version 3) is signed as DAG-CBOR without `sig`: ECDSA P-256,
the low of the two `s`, 64 bytes. That the tree is the one a real server makes is tested with a real one's repositories.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from samplecity.ids import dag_cbor, record_cid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MIME = "application/vnd.ipld.car"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: `s` and `_ORDER - s` sign the same; the protocol takes the lower."""
_P256_PUBLIC = b"\x80\x24"
"""The multicodec of a compressed public key of P-256, as a varint."""
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SEVEN, _MORE = 7, 0x80

Blocks = dict[str, bytes]
"""Blocks by CID, in the order in which they are written."""


def layer(key: bytes) -> int:
    """Give the layer of a key: leading zeros of its SHA-256, counted in pairs of bits."""
    digest = int.from_bytes(hashlib.sha256(key).digest())
    return (256 - digest.bit_length()) // 2


def tree(records: Mapping[str, str], blocks: Blocks) -> str:
    """Make the tree of records.

    Args:
        records: CID by key (`collection/rkey`).
        blocks: where its nodes are added, the root first.

    Returns:
        The CID of its root.
    """
    entries = [(key, layer(key), cid) for key, cid in sorted((key.encode(), cid) for key, cid in records.items())]
    return _node(entries, max((each[1] for each in entries), default=0), blocks)


def _node(entries: Sequence[tuple[bytes, int, str]], level: int, blocks: Blocks) -> str:
    """A node of a layer over the entries, which are of this layer or below; also an empty one between two layers."""
    own = [number for number, each in enumerate(entries) if each[1] == level]
    ends = [*own, len(entries)]
    below: Blocks = {}

    def between(start: int, end: int) -> dict[str, str] | None:
        return {"$link": _node(entries[start:end], level - 1, below)} if start < end else None

    node: dict[str, Any] = {"l": between(0, ends[0]), "e": []}
    before = b""
    for place, number in enumerate(own):
        key, _, cid = entries[number]
        shared = _shared(before, key)
        node["e"].append(
            {"p": shared, "k": key[shared:], "v": {"$link": cid}, "t": between(number + 1, ends[place + 1])}
        )
        before = key
    cid = record_cid(node)
    blocks[cid] = dag_cbor(node)
    blocks.update(below)
    return cid


def _shared(one: bytes, other: bytes) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def commit(did: str, root: str, rev: str) -> dict[str, Any]:
    """Make the signed commit over a tree."""
    unsigned = {"did": did, "version": 3, "data": {"$link": root}, "rev": rev, "prev": None}
    der = _key(did).sign(dag_cbor(unsigned), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return {**unsigned, "sig": r.to_bytes(32) + min(s, _ORDER - s).to_bytes(32)}


def archive(root: str, blocks: Iterable[tuple[str, bytes]]) -> bytes:
    """Write blocks as a CAR file."""
    header = dag_cbor({"roots": [{"$link": root}], "version": 1})
    out = bytearray(_varint(len(header)) + header)
    for cid, data in blocks:
        link = cid_bytes(cid)
        out += _varint(len(link) + len(data)) + link + data
    return bytes(out)


def cid_bytes(cid: str) -> bytes:
    """Give the bytes of a CID."""
    return dag_cbor({"$link": cid})[5:]  # after the tag, the head of 37 bytes, and the zero of IPLD


def verification_method(did: str) -> dict[str, str]:
    """Give the entry of a DID document that names the key which signs the account's commits."""
    public = _key(did).public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return {
        "id": f"{did}#atproto",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": "z" + _base58(_P256_PUBLIC + public),
    }


@lru_cache(maxsize=256)
def _key(did: str) -> ec.EllipticCurvePrivateKey:
    """The account's key; it follows from the name alone, as everything here."""
    secret = int.from_bytes(hashlib.sha256(f"key of {did}".encode()).digest()) % (_ORDER - 1) + 1
    return ec.derive_private_key(secret, ec.SECP256R1())


def _base58(data: bytes) -> str:
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, len(_BASE58))
        digits = _BASE58[digit] + digits
    return digits


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= _MORE:
        out.append(number & (_MORE - 1) | _MORE)
        number >>= _SEVEN
    out.append(number)
    return bytes(out)
