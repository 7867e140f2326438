"""The files of private messages on Meta's platforms, and the addresses of Meta's stores as they stay the same: where a medium
has no id, its address has to be one. Pure.

Source: recorded answers of python-facebook (`oh`, `oe` and `_nc_…` in each address of `*.fbcdn.net` and `*.cdninstagram.com`,
whose first names are the nearest machine's); developers.facebook.com messenger-platform
(`lookaside.fbsbx.com/ig_messaging_cdn/` with `asset_id` and `signature`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.items import Media

if TYPE_CHECKING:
    from collections.abc import Iterator

_STORES = ("fbcdn.net", "cdninstagram.com", "fbsbx.com")
_SIGNED = frozenset({"oh", "oe", "signature", "efg", "ccb", "edm", "stp"})
_SIGNED_TOO = "_nc_"


def stable(address: str) -> str:
    """The address without its signature and its nearest machine, where it is one of Meta's stores; others are as they are."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return address
    store = next((each for each in _STORES if host == each or host.endswith(f".{each}")), None)
    if store is None:
        return address
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in query if name not in _SIGNED and not name.startswith(_SIGNED_TOO)]
    return f"https://{store}{parts.path}" + (f"?{urlencode(kept, errors='replace')}" if kept else "")


def portrait(address: str | None) -> tuple[Media, ...]:
    """An account's picture, of which only the address is told."""
    return (Media(id=stable(address), kind="image", url=address),) if address else ()


def sent(attachments: Any) -> Iterator[Media]:
    """The files of a message (its edge `attachments`). Raises what `answers.read` takes for what has not the promised form."""
    for each in (attachments.get("data") or ()) if isinstance(attachments, dict) else ():
        parts = {name: part for name in ("image", "video") if isinstance(part := each.get(f"{name}_data"), dict)}
        url = next((part["url"] for part in parts.values() if part.get("url")), each.get("file_url"))
        address = url if isinstance(url, str) and url else None
        mime = text_of(each, "mime_type") or ""
        kind = mime.partition("/")[0] or next(reversed(parts), "file")
        yield Media(
            id=id_of(each) if "id" in each or address is None else stable(address),
            kind=kind if kind in {"image", "video", "audio"} else "file",
            url=address,
            content_type=mime or None,
            size=number_of(each, "size"),
        )
