"""The long posts of an X download, whose full texts lie in a file of their own, and which post each belongs to.

The file names no post. A long text belongs to the one post of about its second that begins as it does; where that is not exactly
one, the text is named as not placed, and the bytes are kept.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.pieces import UnreadableItemError
from archiver.platforms import times

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_SHORTENED = re.compile(r"(?:\s*https://t\.co/\w+)*\s*(?:…|\.\.\.)?(?:\s*https://t\.co/\w+)*\s*\Z")
_SURE = 40
"""Characters that a post and a long text must begin with alike, where the post is not shorter."""
_LONGEST = 100_000
_MOST = 64 << 20
"""Characters of long texts that are held in all."""


@dataclasses.dataclass(slots=True)
class Note:
    """One long text."""

    where: str
    text: str
    used: bool = False


class Notes:
    """The long texts of one download by their seconds."""

    def __init__(self) -> None:
        self._by_second: defaultdict[int, list[Note]] = defaultdict(list)
        self._size = 0

    def add(self, element: object, where: str) -> None:
        """Take one in. Raises `UnreadableItemError`."""
        note = element.get("noteTweet") if isinstance(element, Mapping) else None
        core = note.get("core") if isinstance(note, Mapping) else None
        text = core.get("text") if isinstance(core, Mapping) else None
        created = note.get("createdAt") if isinstance(note, Mapping) else None
        moment = times.rfc3339(created) or times.x_archive(created) if isinstance(created, str) else None
        if not isinstance(text, str) or moment is None:
            raise UnreadableItemError("it is a long post without a text or a time")
        self._size += len(text)
        if len(text) > _LONGEST or self._size > _MOST:
            raise UnreadableItemError("it is a longer post than any is")
        self._by_second[int(moment.timestamp())].append(Note(where, text))

    def text_for(self, tweet: Mapping[str, Any], created_at: datetime | None) -> str | None:
        """The full text of a post, or None where it is no long one or it is not certain which is its."""
        shown = tweet.get("full_text")
        if created_at is None or not isinstance(shown, str) or not self._by_second:
            return None
        second = int(created_at.timestamp())
        near = [note for each in (second - 1, second, second + 1) for note in self._by_second.get(each, ())]
        fitting = [note for note in near if not note.used and _begins(note.text, shown)]
        if len(fitting) != 1:
            return None
        fitting[0].used = True
        return fitting[0].text

    def left(self) -> Iterator[str]:
        """Where the long texts lie that were given to no post."""
        for _, notes in sorted(self._by_second.items()):
            yield from (note.where for note in notes if not note.used)


def _begins(long: str, shown: str) -> bool:
    """Whether the long text begins as the shortened one does, whose links and end are X's own."""
    begin, full = _plain(_SHORTENED.sub("", shown)), _plain(long)
    return bool(begin) and (full.startswith(begin) or (len(begin) > _SURE and full[:_SURE] == begin[:_SURE]))


def _plain(text: str) -> str:
    for escape, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escape, character)
    return " ".join(text.split())
