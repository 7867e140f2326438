"""The `fields` that a Graph API is asked for, and what is asked for no more where a version of it does not know a field. Pure.

Source: developers.facebook.com/docs/graph-api (field expansion): names with commas between, each perhaps with modifiers
(`.limit(0)`) and with fields of its own in braces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archiver.platforms.graph_manners import error_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from archiver.platforms.pages import Exchange

CONTENT = frozenset({"text", "media", "links", "to"})
"""What a message says, as its evidence and `Item.not_requested` name it."""
_UNKNOWN = re.compile(r"nonexisting field \((\w+)\)")
_ERROR = 400


def unknown_field(exchange: Exchange) -> str | None:
    """The field that was asked for and that the platform does not have; None where it does not complain of one."""
    if exchange.status < _ERROR:
        return None
    message = (error_of(exchange) or {}).get("message")
    match = _UNKNOWN.search(message) if isinstance(message, str) else None
    return match[1] if match else None


def untold(message: Mapping[str, Any], content: Collection[str]) -> frozenset[str]:
    """What of a message an answer does not tell that has none of the fields of its content: of those beyond the newest of a
    conversation Meta may say no more than that they are there [U]. A message that says nothing has the fields, empty.
    """
    if any(name in message for name in content):
        return frozenset()
    around = {"from": "author", "created_time": "created"}
    return CONTENT | {ours for theirs, ours in around.items() if theirs not in message}


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
