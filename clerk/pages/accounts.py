"""The register of the city's accounts: who is responsible, what is held, what is missing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from archiver.i18n.translation import _
from clerk.context import clerk_of, page
from clerk.register import register
from clerk.visibility import Seen  # noqa: TC001 - FastAPI reads the annotation

router = APIRouter()


@router.get("/accounts")
def accounts(request: Request, sight: Seen) -> Response:
    """The accounts of the register."""
    archive = clerk_of(request).archive
    return page(
        request,
        "accounts.html",
        title=_("Accounts"),
        accounts=register(archive, sight),
        effective=archive.settings.policy_effective_date,
    )
