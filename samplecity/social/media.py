"""Pictures and small videos, real files, no two alike, quick to make by the thousand."""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from samplecity.images import picture
from samplecity.social.ids import characters, digits
from samplecity.social.model import Attachment, Track

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Literal

_DRAWINGS = 24  # different pictures; each use of one carries its own id besides
_WIDTH, _HEIGHT = 48, 36
_END = 12  # bytes of a PNG's last chunk
_FTYP = b"isom" + struct.pack(">I", 512) + b"isomiso2mp41"
_UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def attachment(attachment_id: str, kind: Literal["image", "video"], alt: str) -> Attachment:
    """Make the file of an attachment; the same id gives the same bytes, another id others."""
    mark = attachment_id.encode()
    if kind == "video":
        return Attachment(attachment_id, kind, _video(mark), "video/mp4", alt, _WIDTH, _HEIGHT)
    drawing = _drawing(zlib.crc32(mark) % _DRAWINGS)
    data = drawing[:-_END] + _png_chunk(b"tEXt", b"Comment\0" + mark) + drawing[-_END:]
    return Attachment(attachment_id, kind, data, "image/png", alt, _WIDTH, _HEIGHT)


def track(
    platform: str,
    video: str,
    at: datetime,
    language: str,
    words: str,
    kind: Literal["standard", "ASR"] = "standard",
    name: str = "",
    *,
    draft: bool = False,
) -> Track:
    """Make a track of captions: WebVTT on YouTube (as it is downloaded), SubRip on Facebook (as it is uploaded)."""
    place = f"{platform}/{video}/{language}/{kind}/{name}"
    if platform == "youtube":
        return Track(
            f"AUie{characters(place, 28)}",
            video,
            language,
            words,
            at,
            kind,
            name,
            draft,
            cues(words, "vtt"),
            "text/vtt",
        )
    made = digits(f"{place}/{at.isoformat()}", 15)
    return Track(made, video, language, words, at, kind, name, draft, cues(words, "srt"), "application/x-subrip")


def cues(words: str, form: Literal["vtt", "srt"]) -> bytes:
    """Write words as captions, one line after the other, each for two seconds."""
    mark = "." if form == "vtt" else ","
    found = ["WEBVTT\n"] if form == "vtt" else []
    for number, line in enumerate(words.splitlines()):
        begins, ends = (f"00:{2 * each // 60:02d}:{2 * each % 60:02d}{mark}000" for each in (number, number + 1))
        count = "" if form == "vtt" else f"{number + 1}\n"
        found.append(f"{count}{begins} --> {ends}\n{line}\n")
    return "\n".join(found).encode()


def sha256(made: Attachment | Track) -> str:
    """Give the SHA-256 of the bytes of an attachment or a track, hexadecimal."""
    return hashlib.sha256(made.data).hexdigest()


@lru_cache(maxsize=_DRAWINGS)
def _drawing(number: int) -> bytes:
    return picture(f"social/{number}", _WIDTH, _HEIGHT).data


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _box(kind: bytes, body: bytes) -> bytes:
    """Write a box of the ISO base media file format (ISO/IEC 14496-12, 4.2)."""
    return struct.pack(">I", 8 + len(body)) + kind + body


def _video(mark: bytes) -> bytes:
    """Write an MP4 file of one second without tracks: `ftyp`, `moov` with its header, `mdat` with the mark."""
    header = struct.pack(">5I", 0, 0, 0, 1000, 1000) + struct.pack(">IH10x", 0x10000, 0x0100)
    header += _UNITY + bytes(24) + struct.pack(">I", 1)
    return _box(b"ftyp", _FTYP) + _box(b"moov", _box(b"mvhd", header)) + _box(b"mdat", mark)
