"""Single values of feedparser's dictionaries, cleaned: people, links, tags, languages and the rest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.items import Party
from archiver.platforms.text import Cleaner, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archiver.platforms.feeds import Feed
    from archiver.platforms.items import Json


def raw(holder: Mapping[str, Any], key: str) -> Any:
    """The value under exactly that key; feedparser's own look-up answers `updated` with `published`."""
    return dict.get(holder, key) if isinstance(holder, dict) else None


def rows(holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The dictionaries of a list, none where there is no such list."""
    value = raw(holder, key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def text_of(cleaner: Cleaner, value: object) -> str | None:
    """A text that says something, or None."""
    return cleaner.text(value) if isinstance(value, str) and value.strip() else None


def address_of(cleaner: Cleaner, value: object, base: str) -> str | None:
    """An address in full, or None."""
    text = text_of(cleaner, value)
    return None if text is None else resolve(base, text.strip())


def party_of(cleaner: Cleaner, holder: Mapping[str, Any], namespace: str) -> Party | None:
    """Who the feed names, within the feed's namespace: an e-mail address, else a page, else the name is the id."""
    detail = raw(holder, "author_detail")
    detail = detail if isinstance(detail, dict) else {}
    name = text_of(cleaner, detail.get("name")) or text_of(cleaner, raw(holder, "author"))
    identity = text_of(cleaner, detail.get("email")) or text_of(cleaner, raw(detail, "href")) or name
    return None if identity is None else Party(id=identity.strip(), name=name, namespace=namespace)


def tags_of(cleaner: Cleaner, holder: Mapping[str, Any]) -> tuple[str, ...]:
    """The categories, each once, in order."""
    return tuple(dict.fromkeys(cleaner.text(tag["term"]) for tag in rows(holder, "tags") if tag.get("term")))


def links_of(
    cleaner: Cleaner, holder: Mapping[str, Any], link: str | None, base: str, within: Sequence[str]
) -> tuple[str, ...]:
    """Where the entry leads: its further links and those within its text, each once, its own address left out."""
    declared = (
        resolve(base, row["href"].strip())
        for row in rows(holder, "links")
        if isinstance(row.get("href"), str) and row["href"].strip() and row.get("rel") not in {"enclosure", "self"}
    )
    return tuple(dict.fromkeys(cleaner.text(address) for address in (*declared, *within) if address != link))


def languages_of(entry: Mapping[str, Any], feed: Feed) -> tuple[str, ...]:
    """The language the text declares, else the feed's."""
    details = (*rows(entry, "content"), raw(entry, "summary_detail"), raw(entry, "title_detail"))
    declared = (detail.get("language") for detail in details if isinstance(detail, dict))
    first = next((language for language in (*declared, raw(feed.head, "language")) if language), None)
    return (str(first),) if first else ()


def further_of(cleaner: Cleaner, entry: Mapping[str, Any], base: str) -> Iterator[tuple[str, Json]]:
    """What else belongs to what the entry said."""
    rights = text_of(cleaner, raw(entry, "rights"))
    if rights:
        yield "rights", rights
    if comments := address_of(cleaner, raw(entry, "comments"), base):
        yield "comments", comments
    if len(authors := [row for row in rows(entry, "authors") if row]) > 1:
        yield "authors", [_strings(cleaner, row) for row in authors]
    if contributors := [row for row in rows(entry, "contributors") if row]:
        yield "contributors", [_strings(cleaner, row) for row in contributors]
    source = raw(entry, "source")
    if isinstance(source, dict) and (strings := _strings(cleaner, source)):
        yield "source", strings
    where = raw(entry, "where")
    if isinstance(where, dict) and where.get("coordinates"):
        yield "where", {"type": str(where.get("type")), "coordinates": _listed(where["coordinates"])}


def _strings(cleaner: Cleaner, row: Mapping[str, Any]) -> dict[str, Json]:
    """The texts of a dictionary, its further parts left out."""
    return {key: cleaner.text(value) for key, value in row.items() if isinstance(value, str) and value}


def _listed(value: object) -> Json:
    """Coordinates as JSON: tuples become lists, numbers stay."""
    if isinstance(value, list | tuple):
        return [_listed(part) for part in value]
    return value if isinstance(value, int | float) else str(value)
