"""Asking for an export: what the search means and how many records it finds now, then a job for a worker."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archiver.i18n.languages import ENGLISH, speaking
from archiver.i18n.translation import _
from search import indices
from search.errors import QueryError
from search.exports import jobs
from search.exports.asked import kept
from search.query.explain import explain, undated_note
from search.query.run import prepared, search

if TYPE_CHECKING:
    import datetime as dt
    import uuid

    from elasticsearch import Elasticsearch
    from sqlalchemy.engine import Engine

    from search.query import SearchRequest

MOST_OPEN = 50
"""Exports that may be under way at once, whoever asked for them."""


def ask(
    engine: Engine,
    client: Elasticsearch,
    index: str,
    request: SearchRequest,
    *,
    form: str,
    messages: bool,
    by: str,
    now: dt.datetime,
) -> uuid.UUID:
    """Have everything that a search finds made into a file; gives the public id of the job, or of the same one under way.

    Args:
        engine: of the archive.
        client: of the cluster that the index is in.
        index: the alias.
        request: what to find, and within which limits; its order, page and cursor are not looked at.
        form: one of `FORMATS`.
        messages: direct messages too, where the limits allow them.
        by: who asks.
        now: the archive's time.

    Raises:
        QueryError: the search cannot be understood, nothing is found, or too many exports are under way.
        IndexOutdatedError: a part of the archive cannot be searched by this index.
        IndexUnavailableError, IndexMissingError, SearchError: as for a search.
    """
    asked = dataclasses.replace(request, page_size=1, cursor=None, sort=None, facets=False)
    if messages:
        asked = dataclasses.replace(asked, messages=True)
    if asked.limits.accounts is not None:
        indices.require_current(client, index)
    ready = prepared(client, index, asked)
    messages = ready.request.messages
    result = search(client, index, asked)
    found, undated = result.total, result.undated_excluded
    if not found:
        raise QueryError(lambda: _("Nothing is found, so that there is nothing to export."))
    # The file is in English, whatever language whoever asks is spoken to in.
    with speaking(ENGLISH):
        sentence = explain(ready.node, ready.request, ignored=ready.ignored, ordered=False) + undated_note(undated)
    search_kept = kept(ready.request)
    with engine.begin() as connection:
        already = jobs.under_way(connection, by=by, form=form, search=search_kept, messages=messages)
        if already is not None:
            return already
        if jobs.waiting(connection) >= MOST_OPEN:
            raise QueryError(
                lambda: _(
                    "%(number)s exports are under way: wait until some are made, or cancel those not needed.",
                    number=MOST_OPEN,
                )
            )
        return jobs.ask(
            connection,
            by=by,
            form=form,
            search=search_kept,
            messages=messages,
            sentence=sentence,
            found=found,
            now=now,
        )
