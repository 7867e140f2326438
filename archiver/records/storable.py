"""Characters that Postgres or JSON cannot hold (NUL, lone surrogates) become U+FFFD, with a flag on the version.

Text is otherwise kept as received; the bytes themselves are in the WARC. An id too long for an index (a picture written
into its own address) is kept as its beginning and its digest, with a flag.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.platforms.items import Item

REPLACED = "replaced_characters"
SHORTENED = "shortened_ids"
_LONGEST, _HEAD = 1000, 200
"""In bytes of UTF-8; an index entry of Postgres holds 2,704, of which an identity has three parts."""
_SURELY_SHORT = _LONGEST // 4
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


def identity(text: str) -> str:
    """An id as it can be stored and indexed: itself, or its beginning and the SHA-256 of all of it."""
    if len(text) <= _SURELY_SHORT or len(raw := text.encode("utf-8", "surrogatepass")) <= _LONGEST:
        return str(mend(text))
    return f"{mend(raw[:_HEAD].decode('utf-8', 'ignore'))}... sha256:{hashlib.sha256(raw).hexdigest()}"


def _shortened(item: Item) -> Item:
    """The item with every id of a length that can be indexed."""
    ids = [item.id, item.order_key or "", *item.aliases]
    ids += [reference.id for reference in item.references] + [medium.id for medium in item.media]
    if item.author is not None:
        ids.append(item.author.id)
    if all(len(each) <= _SURELY_SHORT or identity(each) == mend(each) for each in ids):
        return item
    return dataclasses.replace(
        item,
        id=identity(item.id),
        order_key=item.order_key and identity(item.order_key),
        aliases=tuple(map(identity, item.aliases)),
        references=tuple(dataclasses.replace(each, id=identity(each.id)) for each in item.references),
        media=tuple(dataclasses.replace(each, id=identity(each.id)) for each in item.media),
        author=item.author and dataclasses.replace(item.author, id=identity(item.author.id)),
        flags=item.flags | {SHORTENED},
    )


def storable(item: Item) -> Item:
    """The item as it can be stored: itself, or a mended copy with the flag."""
    item = _shortened(item)
    if not _BAD.search("\n".join(_texts(item))) and not (item.evidence and _has_bad(item.evidence)):
        return item
    mended: Item = mend(item)
    return dataclasses.replace(mended, flags=item.flags | {REPLACED})


def _texts(item: Item) -> Iterator[str]:
    """Every text of an item but its evidence, to be looked through at once: this runs for each item of each night."""
    plain: tuple[str | None, ...] = (
        item.id, item.namespace, item.title, item.text, item.html, item.created_text, item.edited_text, item.url,
        item.fingerprint, item.order_key, item.pointer,
    )  # fmt: skip
    author = item.author
    if author is not None:
        plain += (author.id, author.handle, author.name, author.namespace)
    for reference in item.references:
        plain += (reference.id, reference.fingerprint)
    for medium in item.media:
        plain += (medium.id, medium.kind, medium.url, medium.alt_text, medium.content_type, medium.owner)
    yield from filter(None, plain)
    for many in (item.languages, item.tags, item.mentions, item.links, item.aliases):
        yield from many
