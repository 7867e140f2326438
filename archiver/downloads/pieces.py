"""A data file of any size as pieces that can be kept and stored one after the other."""

from __future__ import annotations

import dataclasses
from typing import IO, TYPE_CHECKING, Protocol

from archiver.downloads.contract import DownloadFile
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.streaming import LARGEST, MIB, Element, Elements
from archiver.platforms.items import Item, Skipped, Tombstone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.downloads.unpack import Tree

_PIECE = 8 * MIB
"""Characters after which a piece ends; a file below that is one piece."""
_MOST_ITEMS = 2000


class Records(Protocol):
    """What reads a file record after record, and gives its bytes between two of them; see `streaming.Elements`."""

    @property
    def held(self) -> int:
        """How much would be taken now."""
        ...

    @property
    def bad_bytes(self) -> int:
        """How many bytes up to here were no UTF-8."""
        ...

    def take(self) -> tuple[bytes, int]:
        """The file's bytes since the last time, and where they begin."""
        ...

    def __iter__(self) -> Iterator[Element]:
        """The records in the file's order."""
        ...


class UnreadableItemError(ValueError):
    """An element lacks what every one of its kind has; says what."""


@dataclasses.dataclass(slots=True)
class Reading:
    """What is being gathered from a piece."""

    items: list[Item] = dataclasses.field(default_factory=list)
    history: list[Item] = dataclasses.field(default_factory=list)
    tombstones: list[Tombstone] = dataclasses.field(default_factory=list)
    media: dict[str, str] = dataclasses.field(default_factory=dict)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)

    def skip(self, what: str, why: str, *, lost: bool = True) -> None:
        """Name something that was not read."""
        self.skipped.append(Skipped(what, why, lost))


def pieces(
    tree: Tree,
    name: str,
    take: Callable[[Element, Reading], None],
    *,
    assigned: bool = False,
    end: Callable[[Reading], None] = lambda _reading: None,
    largest: int = LARGEST,
    piece: int = _PIECE,
    reader: Callable[[IO[bytes]], Records] | None = None,
) -> Iterator[DownloadFile]:
    """Read a file's elements, and give it piece by piece.

    Args:
        tree: The download.
        name: The file's path in it.
        take: Takes in one element that could be read. What it raises as `UnreadableItemError` is named, and the next one read.
        assigned: Whether the JSON stands after an assignment.
        end: Called once after the last element.
        largest: As in `Elements`.
        piece: Characters after which a piece ends.
        reader: What reads its records, for one that is no JSON.

    Of a file whose bytes are damaged (an archive has a checksum of each) nothing is read.
    """
    reading, whole, bad = Reading(), True, 0
    try:
        _check(tree, name)
    except DamagedArchiveError as error:
        reading.skip(name, error.why)
        end(reading)
        yield DownloadFile(name, b"", (), tuple(reading.skipped))
        return
    with tree.open(name) as stream:
        elements = reader(stream) if reader else Elements(stream, assigned=assigned, largest=largest)
        for element in elements:
            _one(name, element, take, reading)
            if element.cut or elements.held > piece or len(reading.items) >= _MOST_ITEMS:
                bad += _say_bad_bytes(name, elements.bad_bytes - bad, reading)
                whole = False
                yield _piece(name, elements, reading, whole=False)
                reading = Reading()
    end(reading)
    _say_bad_bytes(name, elements.bad_bytes - bad, reading)
    last = _piece(name, elements, reading, whole=whole)
    if whole or last.body or last.items or last.skipped:
        yield last


def _check(tree: Tree, name: str) -> None:
    """Read a file to its end, where its checksum is compared. Raises `DamagedArchiveError`."""
    with tree.open(name) as stream:
        while stream.read(MIB):
            pass


def _one(name: str, element: Element, take: Callable[[Element, Reading], None], reading: Reading) -> None:
    if element.problem is not None:
        what = f"{name} from {element.pointer or 'its beginning'} on" if element.broken else f"{name}{element.pointer}"
        reading.skip(what, element.problem)
        return
    try:
        take(element, reading)
    except UnreadableItemError as error:
        reading.skip(f"{name}{element.pointer}", str(error))
    except RecursionError:
        reading.skip(f"{name}{element.pointer}", "it is nested too deeply")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        why = f"it has not the form that such downloads have ({type(error).__name__}: {error})"
        reading.skip(f"{name}{element.pointer}", why)


def _say_bad_bytes(name: str, count: int, reading: Reading) -> int:
    if count:
        reading.skip(name, f"{count} bytes that are no UTF-8 became U+FFFD in what is shown; the bytes are kept")
    return count


def _piece(name: str, elements: Records, reading: Reading, *, whole: bool) -> DownloadFile:
    body, first = elements.take()
    return DownloadFile(
        name,
        body,
        tuple(reading.items),
        tuple(reading.skipped),
        tuple(reading.history),
        tuple(reading.tombstones),
        dict(reading.media),
        None if whole else (first, first + len(body)),
    )
