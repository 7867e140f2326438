"""What can go wrong with the index and with a query; nothing else leaves this package."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import elasticsearch

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORBIDDEN = frozenset({401, 403})
_NOT_NOW = frozenset({429, 502, 503, 504})
_NOT_FOUND = 404


class SearchError(Exception):
    """The index could not do what was asked; the message says what to do."""


class IndexUnavailableError(SearchError):
    """Elasticsearch does not answer, or not now. Nothing is lost: the outbox keeps what waits."""


class IndexMissingError(SearchError):
    """There is no such index yet."""


class IndexOutdatedError(SearchError):
    """The index is of an earlier version, and lacks what is asked of it; the message says what to do."""


class RebuildRunningError(SearchError):
    """Another process is rebuilding this index."""


class QueryError(SearchError):
    """The query cannot be understood. The message is one sentence for whoever typed it."""


class UnknownAccountError(QueryError):
    """The register has no such account."""


class MessagesRefusedError(QueryError):
    """Direct messages were asked for by somebody who has no grant for them. Nothing was searched."""


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what the official client raises into errors of this package.

    Args:
        doing: what was being done, as in "searching civic-archive-items".

    Raises:
        IndexUnavailableError: no answer, overloaded, or the credentials are refused.
        IndexMissingError: the index does not exist.
        SearchError: Elasticsearch refused the request.
    """
    try:
        yield
    except elasticsearch.TransportError as error:
        raise IndexUnavailableError(
            f"Elasticsearch does not answer ({doing}): {error}. See `civic-archive status`; nothing is lost meanwhile."
        ) from error
    except elasticsearch.ApiError as error:
        if error.status_code in _NOT_NOW:
            raise IndexUnavailableError(f"Elasticsearch cannot answer now ({doing}): {reason_of(error)}.") from error
        if error.status_code in _FORBIDDEN:
            raise IndexUnavailableError(
                f"Elasticsearch refuses ({doing}): {reason_of(error)}. Check the user, password or API key."
            ) from error
        if error.status_code == _NOT_FOUND:
            raise IndexMissingError(
                f"There is no index to work with ({doing}): {reason_of(error)}. Run `civic-archive index` first."
            ) from error
        raise SearchError(f"Elasticsearch refused ({doing}): {reason_of(error)}.") from error
    except elasticsearch.SerializationError as error:
        raise SearchError(f"What goes to or comes from Elasticsearch cannot be read ({doing}): {error}.") from error


def reason_of(error: elasticsearch.ApiError) -> str:
    """The innermost reason that Elasticsearch gives, in its own words."""
    body = error.body
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return f"HTTP {error.status_code}"
    causes = [cause for cause in found.get("root_cause", ()) if isinstance(cause, dict)]
    return str((causes[0] if causes else found).get("reason") or found.get("type") or f"HTTP {error.status_code}")
