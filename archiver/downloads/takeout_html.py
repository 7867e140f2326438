"""The comments of a YouTube Takeout from before 2022: `my-comments.html`, a list of sentences with links. Pure.

`<li>You added a <a href="…watch?v=VIDEO&lc=COMMENT">comment</a> on a <a href="…watch?v=VIDEO">video</a> at 2020-05-24 20:10:05
UTC.<br/>its words</li>`, in the language of the account. What was said in a live chat stands in a list of the same form, without
ids.

Sources: seanbreckenridge/google_takeout_parser (parse_html/comment.py) and other public readers of such downloads.
"""

from __future__ import annotations

import dataclasses
import html
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from archiver.downloads.pieces import UnreadableItemError
from archiver.downloads.takeout_items import read_time
from archiver.platforms.items import Item, ItemKind, Reference, ReferenceKind, Source
from archiver.platforms.text import Cleaner, read_html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.takeout_items import Channel

_ENTRY = re.compile(r"<li>(.*?)(?=</li>|<li>|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_HREF = re.compile(r'<a\s[^<>]*?href="([^"]{1,2000})"', re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the list: what it says, or why it is no comment that can be told from others."""

    number: int
    item: Item | None = None
    problem: str | None = None

    @property
    def pointer(self) -> str:
        """Where in the page it stands."""
        return f"//li[{self.number}]"


def is_comments(page: str) -> bool:
    """Whether a page is such a list: its entries link to what was said on YouTube, and to when."""
    first = _ENTRY.search(page)
    return first is not None and "youtube.com/watch" in first[1] and _TIME.search(first[1]) is not None


def entries(page: str, channel: Channel) -> Iterator[Entry]:
    """Every entry of a page, in its order."""
    for number, match in enumerate(_ENTRY.finditer(page), 1):
        try:
            yield Entry(number, _item(match[1], f"//li[{number}]", channel))
        except UnreadableItemError as error:
            yield Entry(number, problem=str(error))


def _item(entry: str, pointer: str, channel: Channel) -> Item:
    parts = _BREAK.split(entry, maxsplit=1)
    cleaner = Cleaner()
    head, words = cleaner.text(parts[0]), cleaner.text(parts[1] if len(parts) > 1 else "")
    asked = [_asked(html.unescape(each)) for each in _HREF.findall(head)]
    comment = next((found["lc"] for found in asked if "lc" in found), None)
    video = next((found["v"] for found in asked if "v" in found), None)
    when = _TIME.search(head)
    if comment is None:
        raise UnreadableItemError("it has no id; a download that is asked for today has one of it")
    if when is None:
        raise UnreadableItemError("it has no time")
    parent = comment.partition(".")[0] if "." in comment else video
    pointers = [(ReferenceKind.ROOT, video), (ReferenceKind.PARENT, parent)]
    return Item(
        kind=ItemKind.COMMENT,
        id=comment,
        source=Source.IMPORT,
        author=channel.party,
        text=read_html(words).text,
        created_text=when[0],
        created_at=read_time(when[0]),
        url=f"https://www.youtube.com/watch?v={video}&lc={comment}" if video else None,
        references=tuple(Reference(kind, each) for kind, each in pointers if each is not None),
        order_key=f"{video or ''} {comment}",
        pointer=pointer,
        exchange=0,
        flags=cleaner.flags,
    )


def _asked(address: str) -> dict[str, str]:
    """What an address of YouTube's asks for."""
    try:
        parts = urlsplit(address)
        return (
            {name: values[0] for name, values in parse_qs(parts.query).items()} if "youtube.com" in parts.netloc else {}
        )
    except ValueError:
        return {}
