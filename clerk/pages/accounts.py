"""The register of the city's accounts: who is responsible, what is held, what is missing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from clerk.context import clerk_of, page
from clerk.register import register
from clerk.roles import Ability, allowed

router = APIRouter()


@router.get("/accounts")
def accounts(request: Request) -> Response:
    """Every account of the register."""
    archive = clerk_of(request).archive
    return page(
        request,
        "accounts.html",
        title="Accounts",
        accounts=register(archive, messages=allowed(request, Ability.OPEN_MESSAGES)),
        effective=archive.settings.policy_effective_date,
    )
