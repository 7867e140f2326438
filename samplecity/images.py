"""Small PNG pictures, real bytes, the same for the same name."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass

from samplecity.ids import blob_cid

MIME = "image/png"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as uploaded.

    Attributes:
        data: the PNG's bytes.
        width: in pixels.
        height: in pixels.
        cid: its blob CID.
        sha256: hexadecimal digest of the bytes.
    """

    data: bytes
    width: int
    height: int
    cid: str
    sha256: str


def picture(name: str, width: int = 64, height: int = 48) -> Picture:
    """Draw a picture of coloured bands that depends on its name alone."""
    seed = hashlib.sha256(name.encode()).digest()
    bands = [seed[3 * n : 3 * n + 3] for n in range(8)]
    lines = [bytes((channel + x) & 0xFF for x in range(width) for channel in band) for band in bands]
    rows = b"".join(b"\0" + lines[y * 8 // height] for y in range(height))  # PNG filter type: none
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return Picture(data, width, height, blob_cid(data), hashlib.sha256(data).hexdigest())


def reencoded(data: bytes) -> bytes:
    """Give the same picture in other bytes, as a content network does: only `getBlob` has the original's."""
    end = data.rindex(b"IEND") - 4
    return data[:end] + _chunk(b"tEXt", b"Comment\0re-encoded by the image service") + data[end:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
