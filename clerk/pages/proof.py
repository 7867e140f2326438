"""The evidence of one version: the exchange it was read from, its place in the log, and the proof that others can check."""

from __future__ import annotations

import json
import uuid  # noqa: TC003 - FastAPI reads the annotation
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from archiver.custody import proofs
from archiver.custody.nodes import LogDamaged
from archiver.custody.proofs import NoProof
from archiver.evidence.roots import stamp_of
from archiver.evidence.verify import NotProven
from archiver.i18n.translation import _
from clerk import reading, views
from clerk.context import clerk_of, download, page
from clerk.described import file
from clerk.pages.record import opened, version_of
from clerk.shown import stored
from clerk.visibility import Seen, visible_exchanges

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from archiver.evidence.roots import Stamp

router = APIRouter()
_CONFLICT = 409
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/items/{public_id}/versions/{number}/evidence")
def evidence(request: Request, sight: Seen, public_id: uuid.UUID, number: Number) -> Response:
    """Everything that shows what one version is: made when it is asked for, and checked before it is said."""
    clerk = clerk_of(request)
    item = opened(request, sight, public_id)
    version = version_of(item, number)
    with clerk.archive.engine.connect() as connection:
        exchange_id, pointer = reading.version_evidence(connection, item.id)[version.id]
        seen = visible_exchanges(connection, sight, [exchange_id])
        found = reading.evidence(connection, list(seen)).get(exchange_id)
        place = proofs.place(connection, "version", version.id)
    leaf, problem = None, ""
    try:
        leaf = proofs.prove(clerk.archive.engine, str(version.public_id))["leaves"][0]
    except NoProof as error:
        problem = str(error)
    except LogDamaged as error:
        problem = stored(str(error))
    clerk.record(request, "evidence opened", str(public_id), {"revision": item.revision, "version": number})
    card = views.card(item, clerk.archive.settings.zone, longest=views.IN_RESULT)
    return page(
        request,
        "evidence.html",
        title=_("Evidence of version %(number)s, %(record)s", number=number, record=card.label),
        card=card,
        version=version,
        count=len(item.versions),
        exchange_id=exchange_id,
        pointer=pointer,
        found=found,
        place=place,
        leaf=leaf,
        problem=problem,
        stamp=_stamp(place.root),
    )


def _stamp(root: Mapping[str, Any] | None) -> Stamp | None:
    try:
        return None if root is None else stamp_of(root)
    except NotProven:
        return None


@router.get(
    "/items/{public_id}/versions/{number}/proof.json", response_class=Response, responses=file("application/json")
)
def proof(
    request: Request,
    sight: Seen,
    public_id: uuid.UUID,
    number: Number,
    reveal: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """The proof as a file, of the same form as `civic-archive log prove` writes. `reveal` of 1: with what the version says."""
    clerk = clerk_of(request)
    item = opened(request, sight, public_id)
    version = version_of(item, number)
    revealed = reveal == "1"
    try:
        document = proofs.prove(clerk.archive.engine, str(version.public_id), reveal=revealed)
    except (NoProof, LogDamaged) as error:
        raise HTTPException(_CONFLICT, _("There is no proof to be had: %(problem)s.", problem=error)) from error
    clerk.record(request, "proof taken", str(public_id), {"version": number, "reveal": revealed})
    body = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    what = "-with-words" if revealed else ""
    return download(f"{public_id}-version-{number}-proof{what}.json", body.encode(), "application/json")
