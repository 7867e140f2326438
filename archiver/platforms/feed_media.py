"""The attachments of a feed's entry: enclosures, Media RSS, and the images shown within its HTML. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.items import Media
from archiver.platforms.text import Cleaner, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KINDS = frozenset({"image", "video", "audio"})
_ENDINGS = {
    "image": (".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif", ".bmp", ".tif", ".tiff"),
    "video": (".mp4", ".m4v", ".mov", ".webm", ".avi", ".mpg", ".mpeg"),
    "audio": (".mp3", ".m4a", ".ogg", ".oga", ".wav", ".flac", ".aac"),
}


def media_of(
    cleaner: Cleaner,
    entry: Mapping[str, Any],
    base: str,
    images: Sequence[tuple[str, str | None]],
    descriptions: Mapping[str, str],
) -> tuple[Media, ...]:
    """The entry's media in order, each address once; a feed has no other id for them.

    Args:
        cleaner: Gathers the flags of the item.
        entry: feedparser's dictionary.
        base: What relative addresses are relative to.
        images: Addresses and alternative texts of images within the HTML, resolved.
        descriptions: What Media RSS says of a medium, by its address as written.
    """
    found: dict[str, Media] = {}
    for address, declared, medium, size in _declared(entry):
        url = cleaner.text(resolve(base, address.strip()))
        alt = cleaner.optional(descriptions.get(address.strip()))
        kind = kind_of(declared, medium, url)
        held = found.get(url)
        if held is None or (held.alt_text is None and alt is not None):
            found[url] = Media(
                id=url, kind=kind, url=url, alt_text=alt, content_type=declared or None, size=_size(size)
            )
    for url, alt in images:
        clean_url = cleaner.text(url)
        if clean_url not in found:
            found[clean_url] = Media(id=clean_url, kind="image", url=clean_url, alt_text=cleaner.optional(alt))
    return tuple(found.values())


def kind_of(content_type: str, medium: str, url: str) -> str:
    """`image`, `video`, `audio` or `file`: by the declared type, else the declared medium, else the address's end."""
    major = content_type.partition("/")[0].strip().lower()
    if major in _KINDS:
        return major
    if medium.lower() in _KINDS:
        return medium.lower()
    path = url.partition("?")[0].partition("#")[0].lower()
    return next((kind for kind, endings in _ENDINGS.items() if not major and path.endswith(endings)), "file")


def _declared(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str, object]]:
    """Address, type, medium and size of enclosures and Media RSS; thumbnails only where nothing else is declared."""
    nothing = True
    for link in _dicts(dict.get(dict(entry), "links")):
        if link.get("rel") == "enclosure" and link.get("href"):
            nothing = False
            yield str(link["href"]), str(link.get("type") or ""), "", link.get("length")
    for content in _dicts(dict.get(dict(entry), "media_content")):
        if content.get("url"):
            nothing = False
            yield (
                str(content["url"]),
                str(content.get("type") or ""),
                str(content.get("medium") or ""),
                content.get("filesize"),
            )
    if nothing:
        for thumbnail in _dicts(dict.get(dict(entry), "media_thumbnail")):
            if thumbnail.get("url"):
                yield str(thumbnail["url"]), "", "image", None


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _size(value: object) -> int | None:
    """A declared length in bytes; 0 is how feeds write that they do not know."""
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("9" * 18) and int(text) else None
