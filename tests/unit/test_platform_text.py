"""Text that can be held, and text made of HTML."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.text import REPLACED_CHARACTERS, Cleaner, clean, html_to_text, read_html

_ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(_ANY_TEXT)
def test_clean_text_can_be_held(text: str) -> None:
    """Clean text encodes, has no NUL, keeps its length, and is flagged exactly when something was replaced."""
    cleaned, flags = clean(text)
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)
    json.dumps(cleaned, ensure_ascii=False).encode()
    assert (flags == frozenset({REPLACED_CHARACTERS})) == (cleaned != text)
    assert clean(cleaned) == (cleaned, frozenset())


def test_the_cleaner_reaches_into_json() -> None:
    """Every text of a JSON value is cleaned, keys too, and the flag is raised once for all."""
    cleaner = Cleaner()
    assert cleaner.json({"a\x00": ["b\ud800", 1, None, {"c": "d"}]}) == {"a\ufffd": ["b\ufffd", 1, None, {"c": "d"}]}
    assert cleaner.flags == frozenset({REPLACED_CHARACTERS})
    assert Cleaner().text("\ufffd") == "\ufffd"
    assert not Cleaner().flags


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<div>One</div>\n <div>Two</div>", "One\nTwo"),
        ("  a \n\t b&nbsp;c &amp;amp; d ", "a b\xa0c &amp; d"),
        ('<a href="https://a.example/x">here</a>.', "here (https://a.example/x)."),
        ('<a href="https://a.example/x">a.example/x</a>', "a.example/x"),
        ('<a href="/x">here</a> <a href="#top">top</a>', "here (https://base.example/x) top"),
        ('<a class="u-url mention" href="https://m.example/@bob">@<span>bob</span></a> hi', "@bob hi"),
        ('<a class="mention" href="https://evil.example/">the city</a>', "the city (https://evil.example/)"),
        ('<a href="https://m.example/v"><span class="invisible">https://</span>m.example/v</a>', "https://m.example/v"),
        ('<a href="/1">one<a href="/2">two</a>', "one (https://base.example/1)two (https://base.example/2)"),
        ('<img src="/a.png" alt="A  map"><img src="/b.png">', "[A map]"),
        ("<ul><li>One</li><li>Two</li></ul>End", "- One\n- Two\n\nEnd"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("a<script>alert('x')</script><style>p{}</style>b", "ab"),
        ("unclosed <b>bold <i>both", "unclosed bold both"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
    ],
)
def test_html_as_text(html: str, text: str) -> None:
    """Blocks become lines, link targets and alt texts stay visible, hidden parts go, broken markup is read."""
    assert html_to_text(html, "https://base.example/") == text


def test_links_and_images_are_found() -> None:
    """Links and images come resolved, in order, each once; pixels that only count readers are left out."""
    reading = read_html(
        '<a href="b">1</a><a href="b">2</a><img src="c.png" alt=""><img src="p.gif" width=1 height=1><img src="data:x">',
        "https://base.example/a/",
    )
    assert reading.links == ("https://base.example/a/b",)
    assert reading.images == (("https://base.example/a/c.png", ""),)


_PIECES = [*"<>/=\"'& abp!-[]\n", "<a href=", "<li>", "</p>", "<!--", "<![CDATA[", "&#"]


@given(st.lists(st.sampled_from(_PIECES)).map("".join))
def test_no_markup_breaks_the_reader(html: str) -> None:
    """Whatever the markup, text comes out, without leading or trailing blank lines."""
    assert html_to_text(html) == html_to_text(html).strip("\n ")


@pytest.mark.parametrize(
    "piece", ["<", "<a href=x>", "<div>", "<!--", "<![CDATA[", "&", "</", "<script>", "a\n", "<p "]
)
def test_a_megabyte_of_anything_is_read_in_time(piece: str) -> None:
    """Hostile repetition does not make the reading slow."""
    html = piece * (1_000_000 // len(piece))
    started = time.monotonic()
    html_to_text(html)
    assert time.monotonic() - started < 20
