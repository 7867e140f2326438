"""What came of a medium before its fetch broke off, kept on the spool for the run that goes on from there.

Beside the bytes stands what they are worth: their digest, and the validator of the answer that they came in. What does not match
(the disk, or another run that was at work on the same medium) is thrown away, and the medium begun anew.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

MEDIUM = ".medium"
"""How the names of media that are being fetched end; a run that was killed leaves its own."""
_PART, _WORDS = ".part", ".part.json"
_A_DAY = 24 * 3600
_KEPT_FOR = {f"*{MEDIUM}": _A_DAY, f"*{_PART}": 7 * _A_DAY, f"*{_WORDS}": 7 * _A_DAY}
"""Seconds. A night's fetch may break off again, and the next night's goes on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Half:
    """The first bytes of a medium.

    Attributes:
        size: How many.
        sha256: Their digest, in hexadecimal digits.
        validator: The strong ETag of the answers they came in; empty where only the platform's digest can vouch for them.
        place: Where they came from: the address without its query, in which the next run's signature differs.
    """

    size: int
    sha256: str
    validator: str
    place: str


def place_of(url: str) -> str:
    """An address without its query."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"
    return ""


def keep(spool: Path, medium: int, path: Path, half: Half) -> None:
    """Move the bytes at `path` to where the next run looks for this medium (its row's id)."""
    part, words = spool / f"{medium}{_PART}", spool / f"{medium}{_WORDS}"
    written = path.with_suffix(_WORDS)
    written.write_text(json.dumps(dataclasses.asdict(half)), encoding="utf-8")
    path.replace(part)
    written.replace(words)


def take(spool: Path, medium: int, path: Path, place: str) -> Half | None:
    """Move what was kept of a medium to `path`, and forget it; None where there is nothing, or it came from elsewhere.

    Two runs never take the same bytes: the first one has them. Whether they are what the words beside them say, who goes on from
    there has yet to see.
    """
    part, words = spool / f"{medium}{_PART}", spool / f"{medium}{_WORDS}"
    try:
        half = Half(**json.loads(words.read_bytes()))
        if half.place != place:
            return None
        part.replace(path)
    except (OSError, ValueError, TypeError):
        return None
    words.unlink(missing_ok=True)
    return half


def forget_old(spool: Path) -> None:
    """Remove what killed runs left, and what no run went on with for a week."""
    for pattern, seconds in _KEPT_FOR.items():
        for path in spool.glob(pattern):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > seconds:
                    path.unlink()
