"""Reading what a platform answers: JSON of the promised shape, or an error that names what came instead.

Strangers' JSON has any type anywhere. A whole answer that cannot be read is an `UnreadableAnswerError` with the exchange; a part
of it that cannot be read is skipped, by name, and the rest is read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archiver.platforms.pages import AccountRef, Exchange

_T = TypeVar("_T")
_HUGE = re.compile(rb"[0-9]{19}")


def json_of(account: AccountRef, exchange: Exchange) -> dict[str, Any]:
    """The JSON object that an answer is. Raises `UnreadableAnswerError`, with the answer, for anything else."""
    answer = any_json_of(account, exchange)
    if not isinstance(answer, dict):
        raise UnreadableAnswerError(account.name, exchange.url, "JSON, but no object", exchange)
    return answer


def array_of(account: AccountRef, exchange: Exchange) -> list[Any]:
    """The JSON array that an answer is. Raises `UnreadableAnswerError`, with the answer, for anything else."""
    answer = any_json_of(account, exchange)
    if not isinstance(answer, list):
        raise UnreadableAnswerError(account.name, exchange.url, "JSON, but no array", exchange)
    return answer


def any_json_of(account: AccountRef, exchange: Exchange) -> Any:
    """The JSON that an answer is. Raises `UnreadableAnswerError`, with the answer."""
    try:
        return loaded(exchange.body)
    except (ValueError, RecursionError) as error:
        kind = exchange.header("content-type") or "no content type"
        raise UnreadableAnswerError(account.name, exchange.url, f"no JSON ({kind}): {error}", exchange) from error


def loaded(body: bytes) -> Any:
    """JSON by orjson, but for what only Python's own reader takes as it is: lone surrogates, integers beyond 64 bits.

    Raises `ValueError`, `RecursionError`.
    """
    if _HUGE.search(body):
        return json.loads(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def error_body(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an error answer, or an empty one: what an error says is never worth another error."""
    try:
        body = loaded(exchange.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def list_of(account: AccountRef, exchange: Exchange, answer: Mapping[str, Any], name: str) -> list[Any]:
    """A list that the answer must have. Raises `UnreadableAnswerError`."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise UnreadableAnswerError(account.name, exchange.url, f"it has no list {name!r}", exchange)
    return found


def read(
    what: str, skipped: list[Skipped], make: Callable[..., _T | None], *given: object, **named: object
) -> _T | None:
    """What `make` gives; where a stranger's JSON has not the shape that the API promises (is nested too deeply, holds a number
    that nothing holds), its part is skipped, by name.
    """
    try:
        return make(*given, **named)
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
        why = f"it has not the form that the platform promises ({type(error).__name__}: {error})"
        skipped.append(Skipped(what, why))
        return None


def text_of(record: Mapping[str, Any], name: str) -> str | None:
    """A text of a record, or None where there is none of that name. Raises `TypeError` for what is no text."""
    value = record.get(name)
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{name} is no text")


def id_of(record: Mapping[str, Any], name: str = "id") -> str:
    """The id of a record, as text whatever the platform writes it as. Raises `TypeError`, `KeyError`."""
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise TypeError(f"{name} is no id")
    return str(value)


def number_of(record: Mapping[str, Any], name: str) -> int | None:
    """A whole number of a record, also where it is written as text; None where there is none that can be counted with."""
    value = record.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < len(str(_LARGEST)):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST else None


def stated(numbers: Mapping[str, int | None]) -> dict[str, int]:
    """Those of the numbers that were told."""
    return {name: number for name, number in numbers.items() if number is not None}


_LARGEST = 2**53
