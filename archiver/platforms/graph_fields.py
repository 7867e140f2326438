"""The `fields` that a Graph API is asked for, and what is asked for no more where a version of it does not know a field. Pure.

Source: developers.facebook.com/docs/graph-api (field expansion): names with commas between, each perhaps with modifiers
(`.limit(0)`) and with fields of its own in braces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archiver.platforms.graph_manners import error_of

if TYPE_CHECKING:
    from archiver.platforms.pages import Exchange

_UNKNOWN = re.compile(r"nonexisting field \((\w+)\)")
_ERROR = 400


def unknown_field(exchange: Exchange) -> str | None:
    """The field that was asked for and that the platform does not have; None where it does not complain of one."""
    if exchange.status < _ERROR:
        return None
    message = (error_of(exchange) or {}).get("message")
    match = _UNKNOWN.search(message) if isinstance(message, str) else None
    return match[1] if match else None


def without(fields: str, name: str) -> str | None:
    """The fields without one, wherever it stands, with what was asked for within it; None where it is not among them, or
    where nothing would be left.
    """
    fewer = _without(fields, name)
    return fewer if fewer and fewer != fields else None


def _without(fields: str, name: str) -> str:
    kept: list[str] = []
    for part in _parts(fields):
        head, brace, inner = part.partition("{")
        if re.split(r"[.(]", head, maxsplit=1)[0].strip() == name:
            continue
        fewer = _without(inner.removesuffix("}"), name) if brace else ""
        if fewer or not brace:
            kept.append(f"{head}{{{fewer}}}" if brace else head)
    return ",".join(kept)


def _parts(fields: str) -> list[str]:
    """What stands between the commas that are within no braces or brackets."""
    parts, depth = [""], 0
    for character in fields:
        depth += (character in "{(") - (character in "})")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part]
