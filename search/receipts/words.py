"""What a receipt says in sentences: what was not searched, and that this archive holds nothing. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from archiver.i18n import calendar
from archiver.i18n.languages import ENGLISH, speaking
from archiver.platforms import PLATFORMS
from search.query.limits import limits_of
from search.query.words import joined, quoted

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Mapping, Sequence

_NO_MESSAGES = "Direct messages were not searched: they are kept apart, for those who have leave to open them."
CAUSES = {
    "failed": "the capture failed",
    "access_lost": "access was lost",
    "abandoned": "the program ended before the capture did",
    "not_run": "no capture ran",
    "never_captured": "it was never captured",
    "paused": "capturing was paused",
    "closed": "the account was closed",
}


def part_of(body: Mapping[str, Any]) -> str:
    """Of which part of the archive a receipt is, as it follows "everything"; empty where it is of the whole."""
    return ", ".join(limits_of(body.get("limits")).words)


@speaking(ENGLISH)
def not_searched(body: Mapping[str, Any], looked_at: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a search leaves unseen, a sentence each.

    Args:
        body: a receipt's body so far: its counts, its index, its gaps, its register.
        looked_at: the accounts of the register that what is found may have been seen through.
    """
    part = part_of(body)
    number = _number(len(body["register"]), "account")
    found = [
        "Words inside pictures, videos and sound recordings were not searched; their descriptions were, where they have one.",
        "The contents of attached files, and of the pages that links lead to, were not searched.",
        *([] if body["search"].get("messages") else [_NO_MESSAGES]),
        (
            f"Only a part of the archive was searched: everything {part}. Of it, what was seen through the {number} that this "
            "receipt names can be found; other accounts, of the city, of officials or of others, were not searched."
            if part
            else f"Only what was seen through the {number} of the archive's register can be found: accounts that are not in it, "
            "of officials or of others, were not searched."
        ),
        "What was published and taken down between two captures was never received, and is not in this archive.",
    ]
    if body["gaps"]:
        found.append(
            f"{_number(len(body['gaps']), 'gap')} in capture {'touches' if len(body['gaps']) == 1 else 'touch'} the days "
            "searched: what was published meanwhile may be missing. The gaps are listed in this receipt."
        )
    if body["overdue"]:
        named = joined([each["account"] for each in body["overdue"]])
        found.append(f"Not captured lately, without a gap on record yet: {named}.")
    never = [each["name"] for each in looked_at if not _captured(each)]
    if never:
        found.append(f"Never captured whole until then, and so perhaps incomplete: {joined(never)}.")
    if body["undated_excluded"]:
        count = body["undated_excluded"]
        found.append(
            f"{_number(count, 'record')} that would else have been found {'has' if count == 1 else 'have'} no date and "
            f"{'was' if count == 1 else 'were'} left out by the dates asked for."
        )
    if body["ignored"]:
        found.append(f"Nothing is kept of {joined([quoted(each) for each in body['ignored']])}, which was left out.")
    if lacking := body["index"].get("lacking", 0):
        found.append(
            f"The index had {_number(lacking, 'record')} fewer than the archive held, though no change of "
            f"{'it' if lacking == 1 else 'them'} waited: what is missing from it cannot be found. The operator mends it by "
            "`civic-archive index --check --repair`; then search again."
        )
    if not body["index"].get("as_defined", True):
        found.append(
            "The index was not what its definition says, as somebody changed its fields or how it takes words apart: it may find "
            "too little. The operator mends it by `civic-archive index --rebuild`; then search again."
        )
    if body["index"]["waiting"]:
        found.append(
            f"{_number(body['index']['waiting'], 'change')} of records already captured waited "
            f"for the index, the oldest since {body['index']['waiting_since']}; a record of which a change waited may be "
            "missing."
        )
    return found


def cannot_see(looked_at: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """By platform, what its interface never shows to anybody who captures from it."""
    named = sorted({each["platform"] for each in looked_at} & PLATFORMS.keys())
    return {name: list(PLATFORMS[name].manifest.cannot_see) for name in named}


@speaking(ENGLISH)
def statement(body: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> list[str]:
    """The statement that this archive holds no responsive records, for a person to sign; empty where it holds some."""
    if body["total"]:
        return []
    moment = dt.datetime.fromisoformat(body["made_at"]).astimezone(zone)
    number = _number(len(body["register"]), "account")
    part = part_of(body)
    return [
        (
            f"On {calendar.day(moment.date())} at {moment:%H:%M %Z}, {body['made_by']} searched the social media archive of "
            f"{body['archive']['city']} for what search receipt {body['number']} states: {body['sentence']}"
        ),
        (
            f"The search found no record in the part of this archive that it covered: everything {part}."
            if part
            else "The search found no record in this archive."
        ),
        (
            "This statement is about that part of this archive only. It does not say that no such record exists in the rest of "
            "it, or elsewhere: on the platforms themselves, in other systems of the city, or in accounts that are not among the "
            f"{number} that the receipt names."
            if part
            else "This statement is about this archive only. It does not say that no such record exists elsewhere: on the "
            f"platforms themselves, in other systems of the city, or in accounts that are not among the {number} of the "
            "archive's register."
        ),
        (
            f"What was not searched is listed in the receipt, which is part of this statement, with the "
            f"{_number(len(body['gaps']), 'gap')} in capture known when the search was made."
        ),
    ]


def statement_title(body: Mapping[str, Any]) -> str:
    """What stands above the statement."""
    return f"Statement: no records in {'a part of this archive' if part_of(body) else 'this archive'}"


def gap_sentence(gap: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> str:
    """A gap in words: from when to when, why."""
    until = f"to {moment(gap['to'], zone)}" if gap["to"] else "and open when this receipt was made"
    return f"from {moment(gap['from'], zone)} {until}: {CAUSES.get(gap['cause'], gap['cause'])} ({gap['reason']})"


def moment(written: str | None, zone: zoneinfo.ZoneInfo) -> str:
    """A moment of a receipt as the city reads it; `never` where there is none."""
    if written is None:
        return "never"
    local = dt.datetime.fromisoformat(written).astimezone(zone)
    return f"{calendar.day(local.date())}, {local:%H:%M %Z}"


def _captured(account: Mapping[str, Any]) -> bool:
    return any(each["last_complete"] for each in account["streams"])


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
