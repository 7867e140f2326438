"""What the pages take and answer, as OpenAPI says it: for the tests that send them everything, and whoever reads the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_HTML: dict[str, Any] = {"text/html": {}}
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    303: {"description": "To log in first, or to the page that shows what was done"},
    # What is refused before any page is looked for (a form without its length, or too large) is said in plain text.
    "4XX": {"description": "What was wrong, and what to do", "content": {**_HTML, "text/plain": {}}},
    503: {"description": "The database or the index does not answer now", "content": _HTML},
}
"""What any page may answer besides what it is for."""


def query(*names: str) -> dict[str, Any]:
    """The fields that a page reads from its address by itself: anything is taken, and what is wrong refused with a sentence."""
    return {"parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]}


def file(*types: str) -> dict[int | str, dict[str, Any]]:
    """A file of one of these types."""
    return {200: {"description": "The file", "content": _content(types)}}


def _content(types: Sequence[str]) -> dict[str, Any]:
    return {each: {"schema": {"type": "string", "format": "binary"}} for each in types}
