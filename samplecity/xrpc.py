"""The plumbing of XRPC queries: parameters, errors, answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]


class XrpcError(Exception):
    """An XRPC error answer.

    Attributes:
        status: HTTP status.
        name: the `error` field.
        message: the `message` field.
    """

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(f"{name}: {message}")
        self.status, self.name, self.message = status, name, message


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is not JSON."""

    body: bytes
    mime: str


class Query:
    """An XRPC request's parameters, checked as a server checks them."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Give every value of a repeated parameter."""
        return [value for key, value in self._pairs if key in (name, name + "[]")]

    def need(self, name: str) -> str:
        """Give a parameter that must be there.

        Raises:
            XrpcError: InvalidRequest without it.
        """
        values = self.all(name)
        if not values or not values[0]:
            raise XrpcError("InvalidRequest", f'Error: Params must have the property "{name}"')
        return values[0]

    def get(self, name: str) -> str:
        """Give an optional parameter, empty when absent."""
        return next(iter(self.all(name)), "")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Give a whole number within bounds.

        Raises:
            XrpcError: InvalidRequest when it is none or out of bounds.
        """
        text = self.get(name)
        if not text:
            return default
        if not text.lstrip("-").isdigit():
            raise XrpcError("InvalidRequest", f"Error: {name} must be an integer")
        value = int(text)
        if value > high:
            raise XrpcError("InvalidRequest", f"Error: {name} can not be greater than {high}")
        if value < low:
            raise XrpcError("InvalidRequest", f"Error: {name} can not be less than {low}")
        return value
