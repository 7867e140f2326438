"""JSON Lines: everything that is known of each record, a line each, in UTF-8, in a ZIP archive with what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from archiver.i18n.translation import marked
from search.exports.about import PREFIX
from search.exports.rows import whole
from search.exports.writer import Writer, readme_and_manifest
from search.exports.zipped import Zipped

if TYPE_CHECKING:
    from pathlib import Path

    from search.exports.about import About
    from search.exports.rows import Record

ADVICE = (
    "Each line is one record as a JSON object (jsonlines.org), with all its versions, states and sightings; times are in UTC.",
    "A commitment is what a proof of the version begins from: civic-archive log prove VERSION-ID.",
)


class JsonlWriter(Writer):
    """A line a record."""

    title: ClassVar[str] = marked("JSON Lines")
    whole: ClassVar[bool] = True

    def write(self, record: Record) -> None:
        """Add a line."""
        self.records.write(orjson.dumps(whole(record), option=orjson.OPT_APPEND_NEWLINE))

    def package(self, target: Path, about: About) -> None:
        """The lines, README, manifest."""
        with Zipped(target) as archive:
            for length, chunks in self.records.pieces():
                archive.add(f"{PREFIX}-records.jsonl", chunks, length, records=self.written)
            readme_and_manifest(archive, about, ADVICE)
