"""What every file says of itself: that it is internal, which search it is of, when, for whom, how many, how far the index was.

Pure. As sentences for people (README, the first sheet, the first page) and as JSON for programs (the manifest).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from search.exports.rows import INTERNAL
from search.query.limits import limits_of

if TYPE_CHECKING:
    import uuid
    import zoneinfo
    from collections.abc import Mapping, Sequence

PREFIX = "INTERNAL-not-reviewed"
"""What the name of every file begins with."""
ORDER = "in the order in which the archive came to know them"


@dataclasses.dataclass(frozen=True, slots=True)
class About:
    """The facts of one export. `altered`: what a format had to write otherwise, as sentence and number of cells."""

    public_id: uuid.UUID
    city: str
    zone: zoneinfo.ZoneInfo
    format: str
    search: Mapping[str, Any]
    sentence: str
    messages: bool
    asked_by: str
    asked_at: dt.datetime
    found: int
    fixed_at: dt.datetime
    standing: Mapping[str, Any]
    set_sha256: str
    expected: int
    written: int
    gone: int
    changed: int
    altered: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def part(self) -> str:
        """Of which part of the archive it is, as it follows "everything"; empty where it is of the whole."""
        return ", ".join(limits_of(self.search.get("limits")).words)

    def name(self, suffix: str) -> str:
        """The name of the file: what it is, when it was asked for, and which."""
        day = self.asked_at.astimezone(self.zone).strftime("%Y-%m-%d-%H%M")
        return f"{PREFIX}-{day}-{self.public_id.hex[-8:]}.{suffix}"

    def lines(self) -> list[tuple[str, str]]:
        """The facts as name and sentence, the mark first."""
        log = self.standing["log"]
        found: list[tuple[str, str]] = [
            (INTERNAL, "Nothing in here has been reviewed, redacted or cleared for release."),
            ("Archive", f"{self.city}, social media records archive"),
            ("Search", self.sentence),
            ("As typed", self.search.get("text") or "(nothing was typed)"),
            *([("Covers", f"Only a part of the archive: everything {self.part}")] if self.part else []),
            ("Direct messages", "are in it, as asked for" if self.messages else "are left out"),
            ("Asked for by", f"{self.asked_by} on {self._when(self.asked_at)}, when it found {self.found:,}"),
            (
                "Records",
                f"{self.written:,} of {self.expected:,} that were found on {self._when(self.fixed_at)}, each once, {ORDER}",
            ),
        ]
        if self.gone:
            found.append(("No longer held", f"{self.gone:,} of them, which are named and no more"))
        if self.changed:
            found.append(
                ("Changed since", f"{self.changed:,} of them; they are here as they were when this was written")
            )
        found += [
            ("Index", str(self.standing["index"])),
            ("Log", f"{log['size']:,} entries, root {log['root']}" if "root" in log else str(log["problem"])),
            ("Times", f"are of the zone {self.zone.key}, with their offset from UTC"),
            ("Export", str(self.public_id)),
        ]
        return found + [("Written otherwise", f"{sentence}: {count:,}") for sentence, count in self.altered.items()]

    def _when(self, moment: dt.datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local.day} {local:%B %Y, %H:%M:%S %Z}"

    def readme(self, advice: Sequence[str]) -> str:
        """README.txt: the facts, and what is good to know of the format."""
        head = [f"{name}: {sentence}" for name, sentence in self.lines()]
        return "\r\n".join([*head, "", *advice, ""])

    def manifest(self, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """manifest.json: the facts, and every file with its digest."""
        return {
            "notice": INTERNAL,
            "export": str(self.public_id),
            "city": self.city,
            "time_zone": self.zone.key,
            "format": self.format,
            "search": dict(self.search),
            "sentence": self.sentence,
            "covers": f"everything {self.part}" if self.part else "the whole archive",
            "direct_messages": self.messages,
            "asked_by": self.asked_by,
            "asked_at": self.asked_at.astimezone(dt.UTC).isoformat(),
            "found_when_asked": self.found,
            "fixed_at": self.fixed_at.astimezone(dt.UTC).isoformat(),
            "expected": self.expected,
            "written": self.written,
            "no_longer_held": self.gone,
            "changed_since_found": self.changed,
            "order": ORDER,
            "set_sha256": self.set_sha256,
            **{name: self.standing[name] for name in ("index", "waiting", "log")},
            "written_otherwise": dict(self.altered),
            "files": [dict(each) for each in files],
        }
