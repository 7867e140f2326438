"""What can go wrong with the index and with a query; nothing else leaves this package."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import elasticsearch

from archiver.i18n.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FORBIDDEN = frozenset({401, 403})
_NOT_NOW = frozenset({429, 502, 503, 504})
_NOT_FOUND = 404


class SearchError(Exception):
    """The index could not do what was asked; the message says what to do.

    The message is made when it is read, in the language that is spoken then: one and the same error can be shown to a person in
    theirs, and put down in English.
    """

    def __init__(self, said: str | Callable[[], str] = "") -> None:
        """`said`: the message, or what makes it."""
        super().__init__(said)
        self._said = said

    def __str__(self) -> str:
        """The message."""
        return self._said if isinstance(self._said, str) else self._said()


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
        said = {"doing": doing, "error": str(error)}
        raise IndexUnavailableError(
            lambda: _(
                "Elasticsearch does not answer (%(doing)s): %(error)s. See `civic-archive status`; nothing is lost meanwhile.",
                **said,
            )
        ) from error
    except elasticsearch.ApiError as error:
        raise _refused(error.status_code, doing, reason_of(error)) from error
    except elasticsearch.SerializationError as error:
        said = {"doing": doing, "error": str(error)}
        raise SearchError(
            lambda: _("What goes to or comes from Elasticsearch cannot be read (%(doing)s): %(error)s.", **said)
        ) from error


def _refused(status: int, doing: str, reason: str) -> SearchError:
    said = {"doing": doing, "reason": reason}
    if status in _NOT_NOW:
        return IndexUnavailableError(lambda: _("Elasticsearch cannot answer now (%(doing)s): %(reason)s.", **said))
    if status in _FORBIDDEN:
        return IndexUnavailableError(
            lambda: _("Elasticsearch refuses (%(doing)s): %(reason)s. Check the user, password or API key.", **said)
        )
    if status == _NOT_FOUND:
        return IndexMissingError(
            lambda: _(
                "There is no index to work with (%(doing)s): %(reason)s. Run `civic-archive index` first.", **said
            )
        )
    return SearchError(lambda: _("Elasticsearch refused (%(doing)s): %(reason)s.", **said))


def reason_of(error: elasticsearch.ApiError) -> str:
    """The innermost reason that Elasticsearch gives, in its own words."""
    body = error.body
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return f"HTTP {error.status_code}"
    causes = [cause for cause in found.get("root_cause", ()) if isinstance(cause, dict)]
    return str((causes[0] if causes else found).get("reason") or found.get("type") or f"HTTP {error.status_code}")
