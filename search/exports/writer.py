"""What all formats have in common: a stream that records are added to, counted, with a place to go on from, and a package."""

from __future__ import annotations

import abc
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from search.exports.about import PREFIX
from search.exports.stream import LostPlaceError, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from search.exports.about import About
    from search.exports.rows import Record
    from search.exports.zipped import Zipped


class Writer(abc.ABC):
    """One file that is being made.

    Attributes:
        title: how the format is called on a page, in English; the page says it in its reader's language.
        suffix: of the finished file's name.
        streams: the names of its streams, the records' own first.
        whole: whether it wants everything of a record, and not its cells.
        written: how many records are in it.
        altered: what could not be written as it is, as a sentence, with the number of cells.
    """

    title: ClassVar[str]
    suffix: ClassVar[str] = "zip"
    streams: ClassVar[tuple[str, ...]] = ("records",)
    whole: ClassVar[bool] = False

    def __init__(
        self,
        folder: Path,
        before: Path | None = None,
        place: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin the file in an empty folder, or go on from a place in another worker's.

        Raises:
            LostPlaceError: what that one left is not there, or not whole; the folder is empty again.
        """
        self.written: int = 0 if place is None else place["written"]
        self.altered: Counter[str] = Counter({} if place is None else place["altered"])
        self._streams: dict[str, Stream] = {}
        try:
            for name in self.streams:
                self._streams[name] = Stream(
                    folder / name, before and before / name, None if place is None else place["streams"][name]
                )
        except LostPlaceError:
            self.close()
            raise

    @property
    def records(self) -> Stream:
        """The stream of the records."""
        return self._streams["records"]

    def add(self, record: Record) -> None:
        """Write a record."""
        self.write(record)
        self.written += 1

    @abc.abstractmethod
    def write(self, record: Record) -> None:
        """Write a record into the streams."""

    @abc.abstractmethod
    def package(self, target: Path, about: About) -> None:
        """Make the finished file of the streams."""

    def stream(self, name: str) -> Stream:
        """Another stream, by its name."""
        return self._streams[name]

    def place(self) -> dict[str, Any]:
        """Where to go on from, as JSON. Everything before is on the disk."""
        return {
            "written": self.written,
            "altered": dict(self.altered),
            "streams": {name: stream.place() for name, stream in self._streams.items()},
        }

    def close(self) -> None:
        """Let go of the files."""
        for stream in self._streams.values():
            stream.close()


def readme_and_manifest(archive: Zipped, about: About, advice: tuple[str, ...]) -> None:
    """Put beside the records what they are: README.txt for people, manifest.json for programs."""
    archive.add(f"{PREFIX}-README.txt", [about.readme(advice).encode("utf-8-sig")])
    archive.add(f"{PREFIX}-manifest.json", [orjson.dumps(about.manifest(archive.files), option=orjson.OPT_INDENT_2)])
