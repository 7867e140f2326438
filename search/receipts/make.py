"""Make a receipt: run the search once, and keep what was asked, what was found, and how everything stood."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any

from archiver.blobs import BlobDamaged
from archiver.database import repeatable_read
from archiver.i18n.languages import ENGLISH, speaking
from archiver.i18n.translation import _
from archiver.records.storable import mend
from search import indices
from search.query import compile as compiler
from search.query import limits as put_down
from search.query.everything import every
from search.query.explain import explain, undated_note
from search.query.model import Field, Filter, SearchRequest, Sort
from search.query.run import prepared
from search.query.tree import leaves
from search.receipts import counting, kept, listing, scope, surroundings, words
from search.receipts.model import FORMAT, LONGEST_NOTE, Kept, ReceiptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive
    from search.query.directory import Directory
    from search.query.facets import Facets
    from search.query.model import Node
    from search.query.run import Prepared
    from search.receipts.surroundings import Part


def make(
    archive: Archive, client: Elasticsearch, index: str, request: SearchRequest, *, made_by: str, note: str = ""
) -> Kept:
    """Search, count, list, and keep the receipt of it, in English whatever language whoever asks is spoken to in.

    What is counted and listed is of one point in time of the index. The list is written as it comes, never held whole; where it
    has not as many records as were counted, nothing is kept.

    Args:
        archive: the archive.
        client: from `search.client.client_for`.
        index: the alias.
        request: what to find, with the register (`directory`) and the day (`today`) that relative dates go by. The receipt is of
            no more than its limits, which it names.
        made_by: whose receipt it is.
        note: what it is for, such as the number of a request.

    Raises:
        QueryError: the search cannot be understood, or the note is too long.
        IndexUnavailableError, IndexMissingError, SearchError: as for a search.
        IndexOutdatedError: a part of the archive cannot be searched by this index.
        ReceiptError: what was listed is not what was counted, or the store or the log is damaged.
    """
    note = str(mend(note.strip()))
    if len(note) > LONGEST_NOTE:
        raise ReceiptError(
            lambda: _(
                "A note has at most %(most)s characters; this one has %(number)s: shorten it.",
                most=f"{LONGEST_NOTE:,}",
                number=f"{len(note):,}",
            )
        )
    made_at = archive.now().astimezone(dt.UTC)
    request = dataclasses.replace(
        request,
        today=request.today or made_at.astimezone(request.zone).date(),
        facets=False,
        cursor=None,
    )
    if request.limits.accounts is not None:
        indices.require_current(client, index)
    # Understood first, so that what is wrong with the search is said to whoever asks in their language.
    ready = prepared(client, index, request)
    return _made(archive, client, index, request, ready, made_at=made_at, made_by=made_by, note=note)


@speaking(ENGLISH)
def _made(
    archive: Archive,
    client: Elasticsearch,
    index: str,
    request: SearchRequest,
    ready: Prepared,
    *,
    made_at: dt.datetime,
    made_by: str,
    note: str,
) -> Kept:
    asked = ready.request
    with repeatable_read(archive.engine) as connection:
        part = surroundings.part_of(connection, asked.limits, messages=asked.messages)
        body: dict[str, Any] = {
            "format": FORMAT,
            "made_at": made_at.isoformat(),
            "made_by": made_by,
            "note": note,
            **described(ready),
            **_stood(archive, connection, client, index, ready, part),
        }
        walk = every(client, index, request)
        counts = counting.counted(client, walk.point, ready.node, asked)
        lines = listing.joined(walk.found, surroundings.waiting_items(connection, part))
        try:
            sha256, size, listed = listing.store(archive.blobs, lines)
        except BlobDamaged as error:
            why = str(error)
            raise ReceiptError(
                lambda: _("No receipt was made, as its list could not be stored: %(why)s.", why=why)
            ) from error
    if not walk.total == counts.total == listed:
        raise ReceiptError(
            lambda: _(
                "No receipt was made: %(counted)s records were counted, and %(listed)s could be listed. Try again.",
                counted=f"{counts.total:,}",
                listed=f"{listed:,}",
            )
        )
    body |= _counted(counts)
    body["sentence"] += undated_note(counts.undated_excluded)
    body["results"] = {"sha256": sha256.hex(), "size": size, "records": listed}
    looked_at = scope.looked_at(body["register"], ready.node, asked)
    body["not_searched"] = words.not_searched(body, looked_at)
    body["cannot_see"] = words.cannot_see(looked_at)
    return kept.keep(
        archive.engine,
        mend(body),
        made_at=made_at,
        made_by=made_by,
        note=note,
        results_sha256=sha256,
        results_size=size,
    )


def described(ready: Prepared) -> dict[str, Any]:
    """The search as typed, its limits, as said in a sentence, and as put to Elasticsearch."""
    request, node = ready.request, ready.node
    return {
        "search": {
            "text": request.text,
            "account": request.account,
            "account_id": None if request.account_id is None else str(request.account_id),
            "platform": request.platform,
            "from": None if request.date_from is None else request.date_from.isoformat(),
            "to": None if request.date_to is None else request.date_to.isoformat(),
            "order": None if request.sort is None else request.sort.value,
            "today": None if request.today is None else request.today.isoformat(),
            "time_zone": request.zone.key,
            "messages": request.messages,
        },
        "limits": put_down.as_json(request.limits),
        "sentence": explain(node, request, ignored=ready.ignored, ordered=False),
        "ignored": list(ready.ignored),
        "accounts_named": sorted({each for leaf in leaves(node) for each in _accounts_of(leaf)}),
        "query": compiler.body(node, request, shown=compiler.Shown.NOTHING)["query"],
    }


def again(body: Mapping[str, Any], directory: Directory) -> SearchRequest:
    """The search of a receipt: the same words, the same day, the same limits, and within these the register as it is now."""
    search = body["search"]
    return SearchRequest(
        zone=zoneinfo.ZoneInfo(search["time_zone"]),
        text=search["text"],
        account=search["account"],
        account_id=None if search["account_id"] is None else uuid.UUID(search["account_id"]),
        platform=search["platform"],
        date_from=_day(search["from"]),
        date_to=_day(search["to"]),
        today=_day(search["today"]),
        sort=None if search["order"] is None else Sort(search["order"]),
        directory=directory,
        messages=search.get("messages", False),
        limits=put_down.limits_of(body.get("limits")),
    )


def _stood(
    archive: Archive, connection: Any, client: Elasticsearch, index: str, ready: Prepared, part: Part
) -> dict[str, Any]:
    request = ready.request
    register = surroundings.register(connection, part)
    held = surroundings.archive_state(archive, connection, part)
    # What a row of the outbox was deleted for is in the index, and can be searched after this.
    surroundings.refresh(client, ready.index)
    state = surroundings.index_state(client, index, request)
    waits = surroundings.outbox(connection, part)
    return {
        "archive": held,
        "index": {
            **state,
            "lacking": surroundings.lacking(held, state, waits),
            "waiting": waits["waiting"],
            "waiting_since": waits["since"],
            "freshness": waits["sentence"],
        },
        "register": register,
        **surroundings.uncaptured(archive, connection, ready, register, part),
    }


def _counted(counts: counting.Counts) -> dict[str, Any]:
    return {
        "total": counts.total,
        "undated_excluded": counts.undated_excluded,
        "parts": [{"words": each.words, "alone": each.alone} for each in counts.parts],
        "terms": [{"words": each.words, "alone": each.alone} for each in counts.terms],
        "divided": _divided(counts.facets),
    }


def _divided(facets: Facets) -> dict[str, Any]:
    return {
        "by": [
            {
                "name": facet.name,
                "values": [{"name": each.name, "typed": each.typed, "count": each.count} for each in facet.values],
                "others": facet.others,
            }
            for facet in facets.facets
        ],
        "months": [{"first": each.first.isoformat(), "count": each.count} for each in facets.months],
        "undated": facets.undated,
        "outside": facets.outside,
    }


def _accounts_of(leaf: Node) -> tuple[str, ...]:
    return leaf.ids if isinstance(leaf, Filter) and leaf.field is Field.ACCOUNT else ()


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
