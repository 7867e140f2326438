"""The e-mail of a saved search: plain, in the city's time, and with nothing in it that a stranger could hide or add."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import uuid
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk.people import _ADDRESS
from clerk.saved.letter import letter, visible
from clerk.views import Card

ZONE = zoneinfo.ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 5, 4, 13, 30, tzinfo=dt.UTC)
SEARCH, RECORD = uuid.UUID(int=7), uuid.UUID(int=9)


def card(**more: Any) -> Card:
    """A record for an e-mail."""
    usual: dict[str, Any] = {
        "public_id": RECORD, "kind": "Comment", "is_message": False, "platform": "Bluesky", "author_name": "Rosa",
        "author_handle": "rosa.example", "author_label": "", "is_city": False,
        "created_at": dt.datetime(2026, 5, 3, 5, 59, tzinfo=dt.UTC), "first_seen_at": NOW, "state": "present",
        "state_sentence": "",
        "removed": "", "version_number": 1, "title": None, "text": "A pothole", "html": None, "left_off": 0, "version_count": 1,
        "change": "", "places": (), "media": (),
    }  # fmt: skip
    return Card(**usual | more)


def written(name: str = "Potholes", **more: Any) -> Any:
    """The message as a mail program reads it."""
    given: dict[str, Any] = {
        "city": "City of Carson Grove", "sender": "Archive <archive@city.example>", "to": "dana@city.example",
        "name": name, "public_id": SEARCH, "address": "/?q=pothole", "pages": "https://archive.city.example/",
        "new": 1, "digest": "ab" * 32, "cards": [card()], "zone": ZONE, "now": NOW,
    }  # fmt: skip
    return email.message_from_bytes(letter(**given | more).as_bytes(), policy=email.policy.default)


def test_it_says_what_is_new_where_and_when_in_the_citys_time() -> None:
    """The count, the search with its link, each record with who, when, where, what and its link; how to end it."""
    message = written()
    assert message["Subject"] == "1 new record: Potholes"
    assert message["To"] == "dana@city.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<saved.{SEARCH}.{'ab' * 16}@city.example>"
    assert message.get_content_type() == "text/plain"
    text = message.get_content()
    assert "1 record has come to the social media archive of City of Carson Grove" in text
    assert "https://archive.city.example/?q=pothole" in text
    assert "1. Comment by Rosa (@rosa.example), 2 May 2026, 22:59 PDT, Bluesky\n   A pothole" in text
    assert f"   https://archive.city.example/items/{RECORD}" in text
    assert "https://archive.city.example/searches" in text


def test_it_says_how_many_it_does_not_list_and_links_nowhere_where_nobody_said_where() -> None:
    """The count is of all; without the address of the pages there is no link."""
    text = written(new=1_234, cards=[card()] * 20, pages=None).get_content()
    assert "1,234 records have come" in text
    assert "The latest 20 of them:" in text
    assert "20. Comment" in text
    assert "http" not in text


@given(st.text(), st.text(), st.text())
def test_no_text_of_a_stranger_adds_a_header_a_line_or_anything_unseen(name: str, author: str, text: str) -> None:
    """Whatever is in a name, an author or a text: the headers are ours, and each record keeps its three lines."""
    name, author, text = (each.encode("utf-8", "replace").decode() for each in (name, author, text))
    message = written(name or "x", cards=[card(author_name=author, text=text, title=None)])
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
         "MIME-Version"]
    )  # fmt: skip
    assert len(message["To"].addresses) == 1
    lines = message.get_content().split("\n")
    assert len(lines) == len(written().get_content().split("\n")) - (0 if text.split() else 1)
    assert not [each for each in "".join(lines) if each in "\u202e\u2028\x00\x1b\u200b"]


def test_what_nobody_sees_stands_by_its_number() -> None:
    """Overrides of direction, escapes for terminals, characters without width; a line stays one line."""
    assert visible("fdp\u202etxt \x1b[2J\n\nBcc: all\u200b", 100) == "fdp[U+202E]txt [U+001B][2J Bcc: all[U+200B]"
    assert visible("a" * 301, 300) == "a" * 299 + "\u2026"


@pytest.mark.parametrize(
    ("typed", "usable"),
    [
        ("dana.ortiz+archive@city.example.gov", True), ("d@a.b", True), ("dana", False), ("a@b", False),
        ("a@b.example, c@d.example", False), ("a@b.example\nBcc: c@d.example", False), ("<a@b.example>", False),
        ("a b@c.example", False), ("d\u00e4na@city.example", False), ("a@b..example", False),
    ],
)  # fmt: skip
def test_an_address_is_one_plain_address(typed: str, usable: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Nothing that a mail server could read as two, or as more than an address."""
    assert bool(_ADDRESS.fullmatch(typed)) is usable
