"""The e-mail that tells what a kept search newly found: plain text, whatever strangers wrote. Pure."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING

from clerk.times import moment

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    import zoneinfo
    from collections.abc import Sequence

    from clerk.views import Card

MOST_LISTED = 20
LONGEST_TEXT = 300
"""How many characters of a record's text the e-mail shows."""
_LONGEST_SUBJECT = 150
_WARNING = (
    "What is quoted here was written by strangers and has not been reviewed for release. Direct messages are never told of by "
    "e-mail."
)

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: str, longest: int) -> str:
    """A stranger's text in one line: what nobody sees, or what changes how others are shown, stands by its number."""
    line = " ".join(text.split())
    found = _UNSEEN.sub(lambda each: f"[U+{ord(each.group()):04X}]", line)
    return found if len(found) <= longest else found[: longest - 1] + "\u2026"


def letter(
    *,
    city: str,
    sender: str,
    to: str,
    name: str,
    public_id: uuid.UUID,
    address: str,
    pages: str | None,
    new: int,
    digest: str,
    cards: Sequence[Card],
    zone: zoneinfo.ZoneInfo,
    now: dt.datetime,
) -> EmailMessage:
    """The message.

    Args:
        city: the city's name.
        sender: the address that it comes from, as the settings have it.
        to: one plain address.
        name: what the search is called.
        public_id: the search's.
        address: of the search, within the pages.
        pages: where the pages are, as `https://archive.example.gov`; None: not known, and no link is written.
        new: how many records are new.
        digest: of what is new: the same news twice has the same message id, so that a mail program shows it once.
        cards: the first of them, none of them a direct message.
        zone: the city's.
        now: the archive's time.
    """
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    called = visible(name, _LONGEST_SUBJECT)
    message["Subject"] = f"{new:,} new record{'s' * (new != 1)}: {called}"
    message["Date"] = format_datetime(now)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<saved.{public_id}.{digest[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no program is to answer it
    message.set_content("\n".join(_lines(city, called, address, pages, new, cards, zone)), cte="quoted-printable")
    return message


def _lines(
    city: str, called: str, address: str, pages: str | None, new: int, cards: Sequence[Card], zone: zoneinfo.ZoneInfo
) -> list[str]:
    base = None if pages is None else pages.rstrip("/")
    came = "1 record has" if new == 1 else f"{new:,} records have"
    lines = [
        f"{came} come to the social media archive of {visible(city, 200)} that your saved search finds:",
        "",
        f"    {called}",
        *([f"    {base}{address}"] if base else []),
        "",
    ]
    if new > len(cards):
        lines += [f"The latest {len(cards)} of them:", ""]
    for number, card in enumerate(cards, 1):
        lines += _record(number, card, base, zone)
    lines += [
        _WARNING,
        "",
        "You are told because you asked for it; to be told no more, open the page Saved of the archive.",
        *([f"{base}/searches"] if base else []),
        "",
    ]
    return lines


def _record(number: int, card: Card, base: str | None, zone: zoneinfo.ZoneInfo) -> list[str]:
    handle = f" (@{visible(card.author_handle, 100)})" if card.author_handle else ""
    when = moment(card.created_at, zone) if card.created_at else "no date stated"
    said = visible(" \u2013 ".join(filter(None, (card.title, card.text))), LONGEST_TEXT)
    return [
        f"{number}. {card.kind} by {visible(card.author_name, 100)}{handle}, {when}, {card.platform}",
        *([f"   {said}"] if said else []),
        *([f"   {base}/items/{card.public_id}"] if base else []),
        "",
    ]
