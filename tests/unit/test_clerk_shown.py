"""What strangers wrote reaches a page inert and whole."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from clerk.pages.media import picture_type
from clerk.security import local_target
from clerk.shown import cut, highlighted, outward, plain, sanitised, shown


class Elements(HTMLParser):
    """The elements of some markup."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_markup_in_a_text_is_text() -> None:
    """What looks like markup is shown as it was written."""
    assert shown('<script>"&') == "&lt;script&gt;&#34;&amp;"


def test_characters_that_mislead_are_named() -> None:
    """Directional overrides and control characters are shown by number; ordinary line ends, tabs and scripts stay."""
    assert shown("a\u202eb") == 'a<span class="control">U+202E</span>b'
    assert shown("a\r\nb\tc") == "a\nb\tc"
    assert (
        shown("\u0645\u0631\u062d\u0628\u0627 \U0001f468\u200d\U0001f469")
        == "\u0645\u0631\u062d\u0628\u0627 \U0001f468\u200d\U0001f469"
    )
    assert plain("a\u202eb\x00") == "a\ufffdb\ufffd"


@given(st.text())
def test_no_text_makes_an_element(text: str) -> None:
    """Whatever the text, the only element that comes of it is our own span."""
    assert Elements(str(shown(text))).tags <= {"span"}


@given(st.text(alphabet="<>/=\"' abimgsrconerjvptx&;#!-"))
def test_a_highlight_holds_marks_only(text: str) -> None:
    """Should the index ever hold markup, nothing but marks comes out of it, without attributes."""
    elements = Elements(str(highlighted(f"<mark>{text}</mark>")))
    assert elements.tags <= {"mark"}
    assert not elements.attributes


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1) style='position:fixed' id=main class=site>x</p>",
        "<a href='javascript:alert(1)'>x</a>",
        "<img src=x onerror=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<form action=https://evil.example><input name=password></form>",
        "<base href=https://evil.example>",
        "<style>body{display:none}</style>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_hostile_html_is_harmless(html: str) -> None:
    """Known tricks leave at most paragraphs and emphasis, without any attribute."""
    elements = Elements(str(sanitised(html)))
    assert elements.tags <= {"p", "b", "strong", "em"}
    assert not elements.attributes


def test_html_keeps_its_paragraphs_and_lowers_its_headings() -> None:
    """Paragraphs, lists and emphasis stay; a heading of a stranger is no heading of our page."""
    assert sanitised("<h1>Notice</h1><p>Water is <b>off</b>.</p><ul><li>A</li></ul>") == Markup(
        "<p><strong>Notice</strong></p><p>Water is <b>off</b>.</p><ul><li>A</li></ul>"
    )


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("https://city.example.gov/a?b=c", True),
        ("http://city.example.gov", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("https:///nohost", False),
        ("https://[bad", False),
        ("https://a.example/\u202egnp.exe", False),
        ("https://a.example/ b", False),
        ("at://did:plc:x/app.bsky.feed.post/1", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_links(address: str | None, *, followed: bool) -> None:
    """An address that is not plainly of the web is shown as text."""
    assert (outward(address) is not None) is followed


@pytest.mark.parametrize(
    ("target", "result"),
    [
        ("/items/1?start=5", "/items/1?start=5"),
        ("/?q=%22a+b%22", "/?q=%22a+b%22"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\nb", "/"),
        ("", "/"),
        ("/\u00e9", "/%C3%A9"),
    ],
)
def test_a_log_in_leads_only_into_this_site(target: str, result: str) -> None:
    """Where to go after logging in is a path of this site."""
    assert local_target(target) == result


def test_a_long_text_says_how_much_is_missing() -> None:
    """A cut text comes with the number of characters left off."""
    assert cut("abcdef", 4) == ("abcd", 2)
    assert cut("abc", 4) == ("abc", 0)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00", "image/avif"),
        (b"<svg xmlns='http", None),
        (b"<!doctype html>", None),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_pictures_are_known_by_their_first_bytes(head: bytes, kind: str | None) -> None:
    """Only what begins like one of the safe kinds of picture is one."""
    assert picture_type(head) == kind
