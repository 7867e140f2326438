"""What a role may do besides reading records. A page asks here before it acts; nothing is allowed that is not named here. Which
records somebody may read is decided in `clerk.visibility`.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from fastapi import HTTPException

from archiver.i18n.translation import _, marked, pgettext
from clerk.context import clerk_of, signed_in
from clerk.visibility import WITHOUT_RECORDS

if TYPE_CHECKING:
    from fastapi import Request

_FORBIDDEN = 403
_AT_WORK = frozenset({"clerk", "reviewer", "records_manager", "administrator"})


class Ability(enum.StrEnum):
    """Something that not every role may do; the value is what the audit log calls it."""

    RECORD_MODERATION = "record why something was moderated"
    CAPTURE_NOW = "capture at once"
    KEEP_RECEIPTS = "keep a receipt of a search"
    EXPORT = "export what a search finds"
    SAVE_SEARCHES = "save searches"
    TAG = "tag records and write notes"
    ADMINISTER = "administer users"
    READ_AUDIT = "read the audit log"


_WHO: dict[Ability, frozenset[str]] = {
    Ability.RECORD_MODERATION: _AT_WORK,
    Ability.CAPTURE_NOW: _AT_WORK,
    Ability.KEEP_RECEIPTS: _AT_WORK,
    Ability.EXPORT: _AT_WORK,
    Ability.SAVE_SEARCHES: _AT_WORK,
    Ability.TAG: _AT_WORK,
    Ability.ADMINISTER: frozenset({"administrator"}),
    Ability.READ_AUDIT: frozenset({"administrator", "auditor"}),
}
_SENTENCES = {
    Ability.RECORD_MODERATION: marked(
        "Your role may read records, not write why one was hidden or removed: ask a clerk. Nothing was changed."
    ),
    Ability.CAPTURE_NOW: marked("Your role may read records, not start a capture: ask a clerk. Nothing was started."),
    Ability.KEEP_RECEIPTS: marked(
        "Your role may search and read receipts, not keep one: ask a clerk. Nothing was kept."
    ),
    Ability.EXPORT: marked(
        "Your role may read records, not take them out as files: ask a clerk. Nothing was exported."
    ),
    Ability.SAVE_SEARCHES: marked(
        "Your role may search and run the searches that others share, not keep any: ask a clerk. Nothing was changed."
    ),
    Ability.TAG: marked(
        "Your role may read records, not put tags and notes beside them: ask a clerk. Nothing was changed."
    ),
    Ability.ADMINISTER: marked("Only an administrator sees and changes who may log in: ask one. Nothing was changed."),
    Ability.READ_AUDIT: marked("Only an auditor or an administrator reads the audit log: ask one of them."),
}


def navigation(role: str) -> list[tuple[str, str]]:
    """The pages that a role goes to: their addresses, and their names in the reader's language."""
    found = [] if role in WITHOUT_RECORDS else _of_records()
    if not may(role, Ability.EXPORT):
        found = [each for each in found if each[0] != "/exports"]
    if may(role, Ability.ADMINISTER):
        found.append(("/users", pgettext("navigation", "Users")))
    if may(role, Ability.READ_AUDIT):
        found.append(("/audit", pgettext("navigation", "Audit log")))
    return found


def _of_records() -> list[tuple[str, str]]:
    return [
        ("/", pgettext("navigation", "Search")),
        ("/terms", pgettext("navigation", "Term list")),
        ("/searches", pgettext("navigation", "Saved")),
        ("/receipts", pgettext("navigation", "Receipts")),
        ("/exports", pgettext("navigation", "Exports")),
        ("/tags", pgettext("navigation", "Tags")),
        ("/accounts", pgettext("navigation", "Accounts")),
        ("/moderation", pgettext("navigation", "Moderation")),
        ("/status", pgettext("navigation", "Status")),
    ]


def may(role: str, ability: Ability) -> bool:
    """Whether a role may do something. Pure."""
    return role in _WHO[ability]


def allowed(request: Request, ability: Ability) -> bool:
    """Whether whoever is signed in may do something."""
    return may(signed_in(request).user.role, ability)


def require(request: Request, ability: Ability, subject: str | None) -> None:
    """Go on only where the signed-in person may; a refusal is audited.

    Raises:
        HTTPException: 403, with a sentence that says whom to ask.
    """
    if allowed(request, ability):
        return
    clerk_of(request).record(
        request, "refused", subject, {"wanted": ability.value, "role": signed_in(request).user.role}
    )
    raise HTTPException(_FORBIDDEN, _(_SENTENCES[ability]))
