"""Which single files are downloads by themselves, though they are no zip or tar: a Bluesky repository (CAR), a WARC.

Sources: CAR v1 (a varint, then DAG-CBOR of `{roots, version}`; platforms.md, section 10); WARC 1.1, section 4 (a record begins
with its version) and annex A (each record may be a gzip member of its own); zstd (RFC 8878, section 3.1).
"""

from __future__ import annotations

import re
import zlib
from pathlib import PurePath
from typing import TYPE_CHECKING

from archiver.downloads.errors import DamagedArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from archiver.downloads.unpack import Tree

HEAD = 512
"""How many bytes of a file are enough to know it by."""
CAR_ENDS = (".car",)
WARC_ENDS = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
_CAR = re.compile(rb".{1,3}\xa2(?:\x65roots|\x67version)", re.DOTALL)
_WARC = re.compile(rb"WARC/\d+\.\d+\s*\n")
_ARC = b"filedesc://"
_ZSTD = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18")
_GZIP = b"\x1f\x8b"


def is_alone(name: str, head: bytes) -> bool:
    """Whether a file of that name, which begins so, is a download by itself. Pure."""
    return is_car(name, head) or is_warc(name, head)


def found(tree: Tree, is_one: Callable[[str, bytes], bool]) -> list[str]:
    """The files of a tree that are such (`is_car`, `is_warc`), by their names or by what they begin with."""
    return [name for name in tree.names() if is_one(name, b"") or is_one(name, _head(tree, name))]


def _head(tree: Tree, name: str) -> bytes:
    try:
        with tree.open(name) as stream:
            return stream.read(HEAD)
    except DamagedArchiveError:  # whoever reads it says so
        return b""


def is_car(name: str, head: bytes) -> bool:
    """Whether it is a CAR, or is called one. Pure."""
    return _CAR.match(head) is not None or PurePath(name.lower()).name.endswith(CAR_ENDS)


def is_warc(name: str, head: bytes) -> bool:
    """Whether it is a WARC (or its forerunner, an ARC), or is called one. Pure."""
    return warc_form(head) is not None or PurePath(name.lower()).name.endswith(WARC_ENDS)


def warc_form(head: bytes) -> str | None:
    """`warc` or `arc` for what can be read as such, packed as gzip or not; `zstd` for what may be either; else None. Pure."""
    if head.startswith(_ZSTD):
        return "zstd"
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, HEAD)
        except zlib.error:
            return None
    if _WARC.match(head):
        return "warc"
    return "arc" if head.startswith(_ARC) else None
