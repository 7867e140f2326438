"""Characters that Postgres or JSON cannot hold (NUL, lone surrogates) become U+FFFD, with a flag on the version.

Text is otherwise kept as received; the bytes themselves are in the WARC.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archiver.platforms.contract import Item

REPLACED = "replaced_characters"
_BAD = re.compile("[\x00\ud800-\udfff]")


def _has_bad(value: Any) -> bool:
    if isinstance(value, str):
        return _BAD.search(value) is not None
    if isinstance(value, dict):
        return any(_has_bad(key) or _has_bad(each) for key, each in value.items())
    if isinstance(value, list | tuple | frozenset):
        return any(_has_bad(each) for each in value)
    if dataclasses.is_dataclass(value):
        return any(_has_bad(getattr(value, field.name)) for field in dataclasses.fields(value))
    return False


def mend(value: Any) -> Any:
    """The same value with every unstorable character replaced, however deep it lies."""
    if isinstance(value, str):  # what is clean stays the object that it is: an enumeration's member is a text too
        return _BAD.sub("\ufffd", value) if _BAD.search(value) else value
    if isinstance(value, dict):
        return {mend(key): mend(each) for key, each in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return type(value)(mend(each) for each in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value, **{field.name: mend(getattr(value, field.name)) for field in dataclasses.fields(value)}
        )
    return value


def storable(item: Item) -> Item:
    """The item as it can be stored: itself, or a mended copy with the flag."""
    strings = (item.text, item.html, item.title, item.url, item.id, item.order_key, item.created_text, item.pointer)
    clean = not any(part and _BAD.search(part) for part in strings) and not (
        _has_bad(item.author) or _has_bad(item.evidence) or _has_bad(item.media) or _has_bad(item.references)
        or _has_bad(item.links) or _has_bad(item.tags) or _has_bad(item.mentions) or _has_bad(item.languages)
        or _has_bad(item.aliases) or _has_bad(item.edited_text) or _has_bad(item.fingerprint)
    )  # fmt: skip
    if clean:
        return item
    mended: Item = mend(item)
    return dataclasses.replace(mended, flags=item.flags | {REPLACED})
