"""Every recorded feed of feedparser's own test suite, read by the connector and held to the expectation at its head.

The heads state expectations in feedparser's terms (`entries[0]['title'] == 'x'`). They are parsed, never evaluated: the
simple ones about what becomes part of an item are translated, the others only have to be read without failing.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archiver.platforms.items import Item, ItemKind, StreamKind
from archiver.platforms.rss import Rss
from archiver.platforms.text import html_to_text
from tests.fixtures.recorded import recorded
from tests.fixtures.sessions import Answer, RecordedSession, account

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.platforms.pages import Page

_ROOT = recorded("rss/kurtmckee__feedparser/wellformed")
_FEEDS = sorted(_ROOT.rglob("*.xml"))
_URL = "http://127.0.0.1:8097/feed.xml"
_HEADER = re.compile(r"^Header:\s+([^:\n]+):([^\n]*)$", re.MULTILINE)
_EXPECT = re.compile(r"Expect:\s+(.+?)\n\s*(?:-->|Header:|Base:)", re.DOTALL)
_UNLIKE = {
    "itunes_item_subtitle": "the subtitle of an episode is not kept apart from its summary",
    "item_description_not_a_doctype": "feedparser escapes broken markup, the archive keeps it",
}
_CHECKED = 350
"""At least so many expectations are held to; fewer would mean that the translation broke."""


def _head(path: Path) -> str:
    body = path.read_bytes()
    for encoding in ("utf-8", "utf-16", "utf-32", "cp037"):
        try:
            text = body.decode(encoding)
        except UnicodeError:
            continue
        if "Expect:" in text:
            return text
    return body.decode("latin-1")


def _read(path: Path) -> Page:
    headers = tuple((name.strip(), value.strip()) for name, value in _HEADER.findall(_head(path)))
    session = RecordedSession(Answer(path.read_bytes(), headers=headers))
    return next(iter(Rss().pages(session, account("rss", _URL), StreamKind.POSTS, None, {})))  # one goes on elsewhere


def _subject(node: ast.expr) -> tuple[object, ...] | None:
    """`entries[0]['content'][0]['value']` as ('entries', 0, 'content', 0, 'value')."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        inner = _subject(node.value)
        return None if inner is None else (*inner, node.slice.value)
    return None


def _expectations(path: Path) -> list[tuple[tuple[object, ...], object]]:
    """The equalities stated at the head of a feed."""
    found = _EXPECT.search(_head(path))
    if found is None:
        return []
    try:
        tree = ast.parse(" ".join(found[1].split("\n")).strip(), mode="eval").body
    except SyntaxError:
        return []
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    equalities = []
    for part in parts:
        if not (isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Eq)):
            continue
        subject = _subject(part.left)
        try:
            value = ast.literal_eval(part.comparators[0])
        except ValueError:
            continue
        if subject is not None:
            equalities.append((subject, value))
    return equalities


def _held(item: Item, field: tuple[object, ...]) -> tuple[object, ...]:
    """What the item has where feedparser has that field, as received and as text; empty for no such field."""
    html = (item.html, item.text)
    author = item.author
    fields: dict[tuple[object, ...], tuple[object, ...]] = {
        ("title",): (item.evidence.get("title_html"), item.title),
        ("link",): (item.url,),
        ("id",): (item.evidence.get("id", item.id),),
        ("summary",): (item.evidence.get("summary"), *html),
        ("subtitle",): (item.evidence.get("summary"), *html),
        ("content", 0, "value"): html,
        ("author",): (author.name, f"{author.name} ({author.id})", author.id) if author else (None,),
        ("author_detail", "name"): (author and author.name,),
        ("author_detail", "email"): (author and author.id,),
        ("rights",): (item.evidence.get("rights"),),
        **{("tags", number, "term"): (tag,) for number, tag in enumerate(item.tags)},
    }
    if item.kind is ItemKind.POST:
        fields[("published",)] = (item.created_text,)
    names = {"guid": "id", "description": "summary", "tagline": "subtitle", "copyright": "rights"}
    first = names.get(str(field[0]), field[0])
    rest = field[1:] if field[1:] != ("value",) else ()
    if first in {"title_detail", "summary_detail"} and field[1:] == ("value",):
        first = str(first).removesuffix("_detail")
    return fields.get((first, *rest), ())


def _meets(held: tuple[object, ...], expected: object) -> bool:
    """Whether one form of the field is the expected one, or reads as the same text (feedparser cleans HTML)."""
    if expected in held or (expected == "" and held[-1] is None):
        return True
    return isinstance(expected, str) and html_to_text(expected) in {
        html_to_text(form) for form in held if isinstance(form, str)
    } | set(held)


@pytest.mark.parametrize("path", _FEEDS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_recorded_feed_is_read(path: Path) -> None:
    """Each feed gives a page with its profile, ids and flags in order, whatever its dialect and charset."""
    page = _read(path)
    assert page.status is not None
    assert page.status.profile is not None
    assert page.status.profile.kind is ItemKind.PROFILE
    assert len({item.id for item in page.items}) == len(page.items)
    assert all(item.id and item.kind is ItemKind.POST and item.exchange == 0 for item in page.items)
    assert page.coverage is None


def test_the_recorded_expectations_hold() -> None:
    """Titles, links, ids, texts, authors, rights and tags are what the heads of the feeds say they are."""
    checked, wrong = 0, []
    for path in _FEEDS:
        if path.parent.name in {"base", "lang"}:
            continue
        page = _read(path)
        for subject, expected in _expectations(path):
            if subject[:2] == ("entries", 0) and page.items:
                item, field = page.items[0], subject[2:]
            elif subject[:1] == ("feed",) and page.status is not None and page.status.profile is not None:
                item, field = page.status.profile, subject[1:]
            else:
                continue
            held = _held(item, field)
            if not held or path.stem in _UNLIKE:
                continue
            checked += 1
            if not _meets(held, expected):
                wrong.append(f"{path.relative_to(_ROOT)}: {field} is {held!r}, expected {expected!r}")
    assert not wrong, f"{len(wrong)} of {checked}\n" + "\n".join(wrong)
    assert checked >= _CHECKED


def test_the_recorded_dates_hold() -> None:
    """A date with a time and a zone is read as the moment that the head of its feed says."""
    checked, wrong = 0, []
    for path in _FEEDS:
        page = _read(path)
        for subject, expected in _expectations(path):
            if subject not in {("entries", 0, "published_parsed"), ("entries", 0, "created_parsed")}:
                continue
            item = page.items[0]
            if item.created_at is None:
                assert "time_not_read" in item.flags
                continue
            checked += 1
            if item.created_at != datetime(*expected[:6], tzinfo=UTC):
                wrong.append(f"{path.name}: {item.created_text!r} was read as {item.created_at}")
    assert not wrong, "\n".join(wrong)
    assert checked
