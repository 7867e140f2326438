"""One account: how complete it is, which windows were missed, and a button to capture it at once."""

from __future__ import annotations

import uuid  # noqa: TC003 - FastAPI reads the annotation

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from archiver import accounts as register
from archiver import asked, coverage, explanation, gaps, lists
from archiver.i18n.translation import _, marked
from archiver.platforms import PLATFORMS
from archiver.records.models import Account
from clerk import capturing, months
from clerk.context import clerk_of, page
from clerk.register import FIELDS, STATUSES
from clerk.roles import Ability, allowed
from clerk.visibility import Seen, require_account
from search.query.facets import FIRST_YEAR, LAST_YEAR

router = APIRouter()
_MOST_GAPS = 200
_MOST_WINDOWS = 10_000
_LATEST_CHANGES = 20
_HISTORY = sa.text("""
    select c.*, s.kind as stream from coverage c join streams s on s.id = c.stream_id
    where c.account_id = :account and (s.kind <> 'messages' or :messages) order by c.id desc limit 200
""")
NO_ACCOUNT = marked("The register holds no such account: check that the address was copied whole.")


@router.get("/accounts/{public_id}")
def account(request: Request, sight: Seen, public_id: uuid.UUID) -> Response:
    """One account of the register."""
    archive = clerk_of(request).archive
    today = archive.now().astimezone(archive.settings.zone).date()
    with archive.engine.connect() as connection:
        row = connection.execute(sa.select(Account).where(Account.public_id == public_id)).one_or_none()
        require_account(request, sight, row and row.id, public_id, _(NO_ACCOUNT))
        assert row is not None  # noqa: S101 - as was just required
        before = asked.progress(connection, row.id)
    if before is not None:
        capturing.look(archive, before.row)
    with archive.engine.connect() as connection:
        missed = gaps.listed(connection, account_id=row.id, messages=sight.messages, most=_MOST_GAPS)
        windows = gaps.listed(connection, account_id=row.id, messages=sight.messages, most=_MOST_WINDOWS)
        held = months.counted(
            connection, row.id, archive.settings.time_zone, messages=sight.messages, accounts=sight.account_ids
        )
        history = connection.execute(_HISTORY, {"account": row.id, "messages": sight.messages}).all()
        latest = [each for each in coverage.recorded(connection, row.id) if each.stream != "messages" or sight.messages]
        progress = asked.progress(connection, row.id)
        kept_lists = [
            (each, lists.changes(connection, row.id, each.listing, most=_LATEST_CHANGES))
            for each in lists.standings(connection, row.id)
        ]
    listed = next(
        each
        for each in register.listing(archive.engine, archive.settings.policy_effective_date, today)
        if each.id == row.id
    )
    return page(
        request,
        "account.html",
        scripted=progress is not None and progress.running,
        title=_("%(handle)s \u2013 Account", handle=row.handle),
        account=row,
        listed=listed,
        missed=missed,
        latest=sorted(latest, key=lambda each: each.stream),
        history=history,
        explained=explanation.told,
        progress=progress,
        lists=kept_lists,
        years=months.by_month(held, windows, f"{row.platform}:{row.handle}", archive.settings.zone, archive.now()),
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
        fields=FIELDS,
        statuses=STATUSES,
        messages=sight.messages,
        imported=row.platform not in PLATFORMS,
        may_capture=allowed(request, Ability.CAPTURE_NOW) and capturing.can_capture(row.platform, row.status),
    )
