"""Checks a proof, or a published root, of this archive's log, without the archive: this one file, Python 3.11 or newer, and
the `cryptography` package are all it takes.

    python verify.py PROOF.json --root ROOT.json      a record is in the log whose root was published
    python verify.py NEWER.json --root OLDER.json     the newer log begins with the older one, and nothing in it was changed
    python verify.py ROOT.json --key KEY              the root was signed with the key that the city published

Ends with 0 where everything asked for holds, with 1 and a sentence where it does not. What is checked, and how, is stated
beside each function and in docs/log.md, so that it can be checked by other means as well: hashing and proofs are those of
RFC 9162 (SHA-256), signatures are Ed25519 (RFC 8032), what is hashed or signed is canonical JSON (RFC 8785).
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ROOT_FORMAT = "civic-archive-root/1"
INCLUSION_FORMAT = "civic-archive-inclusion/1"
CONSISTENCY_FORMAT = "civic-archive-consistency/1"
SIGNED = ("format", "archive", "size", "root", "time", "previous", "consistency", "public_key")
"""The members of a root that its signature is over."""
_HASH = 32
_LARGEST = 2**53


class NotProven(Exception):
    """Something does not hold; the message says what."""


def canonical(value: Any) -> bytes:
    """RFC 8785 canonical JSON of what these files hold: no fractions, and member names in ASCII, for which the library's
    order and spelling are the RFC's.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162 section 2.1.1: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 section 2.1.1: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with that hash is number `index` of the tree of `size` leaves with that root.

    RFC 9162 section 2.1.3.2, step by step.
    """
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for each in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(each, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `first` leaves is the beginning of that of `second`.

    RFC 9162 section 2.1.4.2, step by step. Two trees of one size must be one tree, and every tree begins with the empty one;
    both are proven without a path.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == hashlib.sha256().digest()
    if not path:
        return False
    steps = list(path) if first & (first - 1) else [first_root, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    before = after = steps[0]
    for each in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            before, after = node_hash(each, before), node_hash(each, after)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            after = node_hash(after, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and before == first_root and after == second_root


def read(path: Path) -> dict[str, Any]:
    """A file of the log. Raises `NotProven` where it is none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise NotProven(f"{path}: it cannot be read ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise NotProven(f"{path}: it is no file of this log")
    return found


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """What a root's signature is over: the canonical JSON of the members named by `SIGNED`."""
    return canonical({name: _member(document, name) for name in SIGNED})


def stamped_bytes(document: Mapping[str, Any]) -> bytes:
    """What a root's timestamp is over (by its SHA-256): the same members and the signature."""
    return canonical({name: _member(document, name) for name in (*SIGNED, "signature")})


def check_root(document: Mapping[str, Any], keys: Collection[bytes] = ()) -> str:
    """Check a root: it is signed, by one of those keys where any are given, and the log of its predecessor is its beginning.

    Gives what holds, as a sentence. Raises `NotProven`.
    """
    if document.get("format") != ROOT_FORMAT:
        raise NotProven("this is no root of a log")
    size, root, public = _size(document), _hash(document, "root"), _hash(document, "public_key")
    if keys and public not in keys:
        raise NotProven(f"the root is signed with the key {public.hex()}, which is none of those that are trusted")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_hex(document, "signature"), signed_bytes(document))
    except (InvalidSignature, ValueError):
        raise NotProven("the root's signature does not fit: the file was altered after it was signed") from None
    previous = _member(document, "previous")
    if previous is not None:
        if not isinstance(previous, dict):
            raise NotProven("what the root says of its predecessor cannot be read")
        path = _path(document, "consistency")
        if not verify_consistency(_size(previous), size, _hash(previous, "root"), root, path):
            raise NotProven("the log that the root before this one was made over is not the beginning of this one")
    whose = "a key that was given" if keys else f"the key {public.hex()}; ask the city whether it is its own"
    return f"A log of {size} leaves with the root {root.hex()}, as of {document['time']}, is signed with {whose}."


def check_inclusion(
    document: Mapping[str, Any], root: Mapping[str, Any] | None = None, keys: Collection[bytes] = ()
) -> list[str]:
    """Check a proof that records are in the log: against the root it carries, which must be the published one where that is
    given.

    Gives what holds, a sentence for each leaf. Raises `NotProven`.
    """
    carried = document.get("root")
    if document.get("format") != INCLUSION_FORMAT or not isinstance(carried, dict):
        raise NotProven("this is no proof of inclusion")
    said = [check_root(carried, keys)]
    if root is not None:
        check_root(root, keys)
        if signed_bytes(root) != signed_bytes(carried):
            raise NotProven("the proof was made against another root than the published one")
        said.append("It is the root that was published.")
    size, top = _size(carried), _hash(carried, "root")
    leaves = document.get("leaves")
    if not isinstance(leaves, list) or not leaves:
        raise NotProven("the proof has no leaf")
    for each in leaves:
        if not isinstance(each, dict) or not isinstance(each.get("entry"), str) or not _is_unicode(each["entry"]):
            raise NotProven("a leaf of the proof cannot be read")
        entry, index = each["entry"], each.get("index")
        if not isinstance(index, int) or isinstance(index, bool):
            raise NotProven("a leaf of the proof has no number")
        if not verify_inclusion(leaf_hash(entry.encode()), index, size, _path(each, "path"), top):
            raise NotProven(f"leaf {index} is not in the log: {entry}")
        said.append(f"Leaf {index} is in the log: {entry}")
        if each.get("revealed") is not None:
            check_revealed(each["revealed"], entry)
            said.append(f"Its {len(each['revealed'])} fields and words are those that were committed to.")
    return said


def check_revealed(revealed: Any, entry: str) -> None:
    """Check that fields and words, with their salts, are what a leaf's commitment was made over, all of them.

    A leaf of the commitment is SHA-256(0x00 || salt || field || 0x00 || position in 8 bytes || value), in the order given; the
    commitment is the root over them. Raises `NotProven`.
    """
    try:
        leaves = [
            bytes.fromhex(each["salt"])
            + each["field"].encode()
            + b"\x00"
            + int(each["position"]).to_bytes(8, "big")
            + each["value"].encode()
            for each in revealed
        ]
        expected = bytes.fromhex(json.loads(entry)["commitment"])
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        raise NotProven("the revealed fields cannot be read") from None
    if _tree([leaf_hash(each) for each in leaves]) != expected:
        raise NotProven("the revealed fields and words are not those that were committed to")


def check_consistency(document: Mapping[str, Any], older: Mapping[str, Any], keys: Collection[bytes] = ()) -> str:
    """Check a proof of consistency (or the one that a root carries to its predecessor) against the older published root.

    Gives what holds. Raises `NotProven`.
    """
    check_root(older, keys)
    if document.get("format") == CONSISTENCY_FORMAT:
        newer = document.get("root")
        if not isinstance(newer, dict):
            raise NotProven("the proof carries no root")
        path = _path(document, "path")
    else:
        newer, previous = document, document.get("previous")
        if not isinstance(previous, dict) or (previous.get("size"), previous.get("root")) != (
            older.get("size"), older.get("root"),
        ):  # fmt: skip
            raise NotProven(
                "the newer root follows another one directly: give the roots between them as well, or have the archive "
                "write a proof with `civic-archive log prove --since OLDER.json`"
            )
        path = _path(document, "consistency")
    said = check_root(newer, keys)
    if _hash(newer, "public_key") != _hash(older, "public_key") and not keys:
        raise NotProven("the two roots are signed with different keys; name those that are trusted (--key, twice)")
    if not verify_consistency(_size(older), _size(newer), _hash(older, "root"), _hash(newer, "root"), path):
        raise NotProven(
            f"the log of {_size(older)} leaves is not the beginning of the log of {_size(newer)}: what was in it has been changed"
        )
    return f"{said} Its first {_size(older)} leaves are those of the older root, unchanged and in their order."


def check_chain(
    newest: Mapping[str, Any], roots: Sequence[Mapping[str, Any]], keys: Collection[bytes] = ()
) -> list[str]:
    """Check that each of the roots, in whatever order they are given, is the beginning of the next up to the newest.

    Gives what holds. Raises `NotProven`, also where one that is needed is not among them.
    """
    if newest.get("format") == CONSISTENCY_FORMAT or len(roots) == 1:
        return [check_consistency(newest, each, keys) for each in roots]
    chain = sorted([*roots, newest], key=lambda each: (_size(each), str(_member(each, "time"))))
    if chain[-1] is not newest:
        raise NotProven("one of the roots is newer than the one that is checked")
    return [check_consistency(later, earlier, keys) for earlier, later in itertools.pairwise(chain)]


def check(
    document: Mapping[str, Any], roots: Sequence[Mapping[str, Any]] = (), keys: Collection[bytes] = ()
) -> list[str]:
    """Check whatever file of the log this is, against these published roots. Gives what holds. Raises `NotProven`."""
    if document.get("format") == INCLUSION_FORMAT:
        if not roots:
            return check_inclusion(document, None, keys)
        return [sentence for each in roots for sentence in check_inclusion(document, each, keys)]
    if document.get("format") == CONSISTENCY_FORMAT and not roots:
        raise NotProven("a proof of consistency is checked against the older root: name it with --root")
    if roots:
        return check_chain(document, roots, keys)
    return [check_root(document, keys)]


def key_of(words: str) -> bytes:
    """A public key as the city gives it: 64 hexadecimal digits, or a file that holds them. Raises `NotProven`."""
    text = Path(words).read_text(encoding="ascii", errors="replace") if Path(words).is_file() else words
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _HASH:
        raise NotProven(f"{words}: it is no key (64 hexadecimal digits, or a file with them)")
    return key


def _is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8: JSON can smuggle in halves of surrogate pairs."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _tree(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, as RFC 9162 section 2.1.1 defines it."""
    level = list(hashes) or [hashlib.sha256().digest()]
    while len(level) > 1:
        pairs = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _member(document: Mapping[str, Any], name: str) -> Any:
    if name not in document:
        raise NotProven(f"the file says nothing of its {name}")
    return document[name]


def _size(document: Mapping[str, Any]) -> int:
    size = _member(document, "size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < _LARGEST:
        raise NotProven("the size of a log is a whole number")
    return size


def _hex(document: Mapping[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(_member(document, name))
    except (TypeError, ValueError):
        raise NotProven(f"the {name} is not written in hexadecimal digits") from None


def _hash(document: Mapping[str, Any], name: str) -> bytes:
    found = _hex(document, name)
    if len(found) != _HASH:
        raise NotProven(f"the {name} is not {_HASH} bytes long")
    return found


def _path(document: Mapping[str, Any], name: str) -> list[bytes]:
    path = _member(document, name)
    if not isinstance(path, list):
        raise NotProven(f"the {name} is no list of hashes")
    return [_hash({name: each}, name) for each in path]


def main(arguments: Sequence[str] | None = None) -> int:
    """The program. Gives 0 where everything holds, else 1."""
    parser = argparse.ArgumentParser(description="Checks proofs and roots of a civic archive's log.")
    parser.add_argument("file", type=Path, help="the proof, or the (newer) root")
    parser.add_argument("--root", type=Path, action="append", default=[], help="a published root; may be given often")
    parser.add_argument(
        "--key", action="append", default=[], help="the city's public key: 64 hexadecimal digits, or a file with them"
    )
    given = parser.parse_args(arguments)
    try:
        keys = [key_of(each) for each in given.key]
        said = check(read(given.file), [read(each) for each in given.root], keys)
    except NotProven as problem:
        print(f"NOT PROVEN: {problem}", file=sys.stderr)  # noqa: T201 - a program of its own
        return 1
    print("\n".join(said))  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
