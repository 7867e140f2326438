"""The data files of X downloads: JSON after an assignment. Read as data, never executed. Pure."""

from __future__ import annotations

import json
import re
from typing import NoReturn

_ASSIGNMENT = re.compile(
    r"\ufeff?\s*(?:(?:var|let|const)\s+)?([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)\s*=\s*", re.ASCII
)
_SPACE = re.compile(r"[ \t\r\n]*")
_QUOTED = 60


class NotData(ValueError):
    """The text is not JSON after an assignment."""


def strip(text: str) -> tuple[str, str]:
    """Take the assignment off: the name assigned to, and the JSON text after it without a closing `;`.

    Raises:
        NotData: The text does not begin with an assignment.
    """
    match = _ASSIGNMENT.match(text)
    if match is None:
        raise NotData(f"it begins with {text[:_QUOTED]!r}, not with an assignment")
    return match[1], text[match.end() :].rstrip().removesuffix(";").rstrip()


def load(text: str) -> object:
    """The value that is assigned, numbers of any size kept exactly. Raises `NotData`."""
    try:
        return json.loads(strip(text)[1], parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotData(f"it is not JSON after an assignment ({_words(error)})") from error


def load_array(text: str) -> tuple[list[object], str | None]:
    """The values of the array that is assigned, and why it could not be read to its end, if so.

    What comes before the place where the text breaks off or is damaged is whole.

    Raises:
        NotData: The text does not begin with an assignment of an array.
    """
    data = strip(text)[1]
    if not data.startswith("["):
        raise NotData(f"it assigns {data[:_QUOTED]!r}, not an array")
    try:
        values = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return _readable(data), _words(error)
    return list(values), None


def _readable(data: str) -> list[object]:
    """The values of a damaged array, up to the damage."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    values: list[object] = []
    position = _after_space(data, 1)
    while True:
        try:
            value, position = decoder.raw_decode(data, position)
        except (ValueError, RecursionError):
            return values
        position = _after_space(data, position)
        # A value at the very end may be a part of one (`12` of `123`): only what something follows is whole.
        if data[position : position + 1] not in {",", "]"}:
            return [*values, value] if isinstance(value, dict | list | str) else values
        values.append(value)
        if data[position] == "]":
            return values
        position = _after_space(data, position + 1)


def _after_space(data: str, position: int) -> int:
    match = _SPACE.match(data, position)
    return match.end() if match else position


def _words(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
