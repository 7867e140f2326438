"""The form that a Nextdoor page's posts and replies are filled into by hand: read and checked, line by line. Pure.

It is ours, and described for those who fill it in by docs/nextdoor.md: two tables, `about.csv` and `nextdoor.csv`, and a folder
`files`. Whatever is wrong is told with its line, all of it at once; a form with anything wrong is not taken in part.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

ABOUT, POSTS, FILES = "about.csv", "nextdoor.csv", "files/"
REQUIRED = ("kind", "id", "author", "written_at", "text")
OPTIONAL = ("in_reply_to", "title", "edited_at", "url", "attachments", "alt_texts", "reactions")
_ABOUT_REQUIRED = ("account", "name", "time_zone")
_ABOUT_OPTIONAL = ("page", "posts", "replies", "exported_on", "exported_by")
POST, REPLY = "post", "reply"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?: ?(Z|[+-]\d\d:\d\d))?", re.ASCII)
_WEB = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?")
_MOST_PROBLEMS = 20


@dataclasses.dataclass(frozen=True, slots=True)
class About:
    """Whose form it is. `posts` and `replies`: how many lines of each there should be, where that is stated."""

    account: str
    name: str
    zone: ZoneInfo
    page: str | None = None
    posts: int | None = None
    replies: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One post or reply. `written_at` and `edited_at` are aware, UTC; `_text` as written; `whole_day` where no time was given."""

    number: int
    kind: str
    id: str
    author: str
    written_text: str
    written_at: datetime
    text: str
    whole_day: bool = False
    in_reply_to: str | None = None
    title: str | None = None
    edited_text: str | None = None
    edited_at: datetime | None = None
    url: str | None = None
    attachments: tuple[tuple[str, str | None], ...] = ()
    """Files below `files/`, each with its alternative text."""
    reactions: int | None = None


class FormError(Exception):
    """What is wrong with a form, each with its file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        shown = "; ".join(self.problems[:_MOST_PROBLEMS])
        more = len(self.problems) - _MOST_PROBLEMS
        return f"{shown}; and {more} more" if more > 0 else shown


def read_about(body: bytes) -> About:
    """Read `about.csv`: a name and its value on each line. Raises `FormError`."""
    problems: list[str] = []
    values: dict[str, str] = {}
    for number, cells in _rows(ABOUT, body):
        name, value = (*(cell.strip() for cell in cells), "")[:2]
        if name not in {*_ABOUT_REQUIRED, *_ABOUT_OPTIONAL}:
            problems.append(
                f"{ABOUT} line {number}: there is no {name!r}; it has {', '.join((*_ABOUT_REQUIRED, *_ABOUT_OPTIONAL))}"
            )
        elif len(cells) > 2 and any(cell.strip() for cell in cells[2:]):  # noqa: PLR2004 - a name and its value
            problems.append(f"{ABOUT} line {number}: it has more than a name and its value; put the value into quotes")
        elif name in values:
            problems.append(f"{ABOUT} line {number}: {name} is there twice")
        elif value:
            values[name] = value
    problems += [f"{ABOUT}: a line with {name} is missing" for name in _ABOUT_REQUIRED if name not in values]
    zone = _zone(values.get("time_zone", "UTC"), problems)
    counts = {name: _count(values.get(name), f"{ABOUT}: {name}", problems) for name in ("posts", "replies")}
    if "page" in values and not _WEB.fullmatch(values["page"]):
        problems.append(f"{ABOUT}: page {values['page']!r} is no web address")
    if problems:
        raise FormError(problems)
    return About(
        values["account"].removeprefix("@"),
        values["name"],
        zone,
        values.get("page"),
        posts=counts["posts"],
        replies=counts["replies"],
    )


def read_lines(body: bytes, about: About, files: Collection[str]) -> list[Line]:
    """Read `nextdoor.csv`, in its order. `files` are the names below `files/`, all of which must be used.

    Raises `FormError` with everything that is wrong.
    """
    rows = _rows(POSTS, body)
    _, head = next(rows, (1, []))
    columns = [cell.strip().lower() for cell in head]
    problems = [f"{POSTS} line 1: the column {name} is missing" for name in REQUIRED if name not in columns]
    unknown = [name for name in columns if name and name not in {*REQUIRED, *OPTIONAL}]
    if unknown:
        known = ", ".join((*REQUIRED, *OPTIONAL))
        problems.append(f"{POSTS} line 1: there is no column {', '.join(unknown)}; the columns are {known}")
    problems += [
        f"{POSTS} line 1: the column {name} is there twice" for name in {*columns} - {""} if columns.count(name) > 1
    ]
    if problems:
        raise FormError(problems)
    lines: list[Line] = []
    reader = _Lines(about, frozenset(files))
    for number, cells in rows:
        found: list[str] = []
        line = reader.read(number, columns, cells, found)
        problems += [f"{POSTS} line {number}: {problem}" for problem in found]
        if line is not None and not found:
            lines.append(line)
    problems += [
        f"{FILES}{name} belongs to no line; name it in the attachments of one, or take it out"
        for name in sorted(set(files) - reader.used)
    ]
    if problems:
        raise FormError(problems)
    return lines


class _Lines:
    """Reads line after line, and knows those before."""

    def __init__(self, about: About, files: frozenset[str]) -> None:
        self._about, self._files = about, files
        self._seen: dict[str, int] = {}
        self.used: set[str] = set()

    def read(self, number: int, columns: Sequence[str], cells: Sequence[str], problems: list[str]) -> Line | None:
        """The line, whose `problems` are added; None where it could not even be taken apart."""
        if any(cell.strip() for cell in cells[len(columns) :]):
            problems.append("it has more cells than the first line has columns; put text with commas into quotes")
            return None
        given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
        problems += [f"{name} is empty" for name in REQUIRED if name not in given and name != "text"]
        if "text" not in given and "attachments" not in given:
            problems.append("text is empty, and there are no attachments either")
        identity = self._identity(given, problems)
        kind = given.get("kind", "").lower()
        if kind and kind not in {POST, REPLY}:
            problems.append(f"kind {given['kind']!r} is neither {POST} nor {REPLY}")
        parent = self._parent(kind, identity, given, problems)
        written = _moment("written_at", given.get("written_at"), self._about.zone, problems)
        edited = _moment("edited_at", given.get("edited_at"), self._about.zone, problems)
        if "url" in given and not _WEB.fullmatch(given["url"]):
            problems.append(f"url {given['url']!r} is no web address")
        attachments = self._attachments(given, problems)
        reactions = _count(given.get("reactions"), "reactions", problems)
        if identity is not None and identity not in self._seen:
            self._seen[identity] = number
        if identity is None or written is None or problems:
            return None
        return Line(
            number,
            kind,
            identity,
            given["author"],
            given["written_at"],
            written,
            given.get("text", ""),
            whole_day=_DAY.fullmatch(given["written_at"]) is not None,
            in_reply_to=parent,
            title=given.get("title"),
            edited_text=given.get("edited_at"),
            edited_at=edited,
            url=given.get("url"),
            attachments=attachments,
            reactions=reactions,
        )

    def _identity(self, given: Mapping[str, str], problems: list[str]) -> str | None:
        identity = given.get("id")
        if identity is None:
            return None
        if not _ID.fullmatch(identity):
            problems.append(f"id {identity[:40]!r} has other characters than letters, digits and . _ : - (100 at most)")
        elif identity in self._seen:
            problems.append(f"id {identity} is that of line {self._seen[identity]} already")
        else:
            return identity
        return None

    def _parent(self, kind: str, identity: str | None, given: Mapping[str, str], problems: list[str]) -> str | None:
        parent = given.get("in_reply_to")
        if kind == POST and parent is not None:
            problems.append("a post has nothing in in_reply_to; is it a reply?")
        elif kind == REPLY and parent is None:
            problems.append("in_reply_to is empty; it takes the id of the post or reply that this one answers")
        elif kind == REPLY and (parent not in self._seen or parent == identity):
            problems.append(f"in_reply_to {parent} is the id of no line above")
        return parent

    def _attachments(self, given: Mapping[str, str], problems: list[str]) -> tuple[tuple[str, str | None], ...]:
        names = [each.strip() for each in given.get("attachments", "").split("|") if each.strip()]
        texts = [each.strip() for each in given["alt_texts"].split("|")] if "alt_texts" in given else []
        problems += [f"the file {name} is not in the folder {FILES}" for name in names if name not in self._files]
        problems += [f"the file {name} is named twice" for name in {*names} if names.count(name) > 1]
        if texts and len(texts) != len(names):
            problems.append(
                f"there are {len(names)} attachments and {len(texts)} alt_texts; separate both by |, in one order"
            )
        self.used |= set(names)
        return tuple((name, (texts[place] or None) if place < len(texts) else None) for place, name in enumerate(names))


def _rows(name: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table that are not empty, each with the number of the line it begins on. Raises `FormError`."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise FormError([f"{name} line {line}: it is not UTF-8; save it as `CSV UTF-8`"]) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FormError([f"{name} line {begins}: it is no CSV ({error}); is a quote left open?"]) from error


def _moment(name: str, text: str | None, zone: ZoneInfo, problems: list[str]) -> datetime | None:
    """A day, or a day and a time, in the form's zone unless it names its own; None (and a problem) for what is neither."""
    if text is None:
        return None
    found = _MOMENT.fullmatch(text)
    try:
        if _DAY.fullmatch(text):
            moment = datetime.fromisoformat(text).replace(tzinfo=zone)
        elif found is not None:
            moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '').replace('Z', '+00:00')}")
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        else:
            problems.append(
                f"{name} {text[:40]!r} is no time; write it as 2026-03-31 14:05, or only the day, 2026-03-31"
            )
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        problems.append(f"{name} {text} is no day or time that there is")
        return None


def _count(text: str | None, what: str, problems: list[str]) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - digits
        problems.append(f"{what} {text[:40]!r} is no number")
        return None
    return int(text)


def _zone(name: str, problems: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(f"{ABOUT}: time_zone {name[:40]!r} is no zone; write it as America/Los_Angeles")
        return ZoneInfo("UTC")
