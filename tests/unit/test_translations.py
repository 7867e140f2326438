"""Every sentence of ours is said in every language, and no template says one that cannot be."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from archiver.i18n import collect
from archiver.i18n.languages import LANGUAGES, language, preferred, speaking
from archiver.i18n.translation import _, ngettext
from clerk.speaking import speak

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATES = Path(__file__).resolve().parents[2] / "clerk" / "templates"
SAID = {"_", "gettext", "ngettext", "pgettext"}
SHOWN_ATTRIBUTES = {"aria-label", "aria-description", "alt", "title", "placeholder"}
AS_IT_IS = re.compile(r"[^\W\d_]{2,}")
"""What has a word in it."""
CODE = {"code", "kbd", "script", "style"}


@pytest.fixture(scope="module", params=sorted(set(LANGUAGES) - {"en"}))
def renewed(request: pytest.FixtureRequest) -> collect.Renewed:
    """The catalogue of a language as it should be; there is one for every language but English."""
    return next(each for each in collect.renewed() if each.path.stem == request.param)


def test_a_catalogue_has_every_sentence_and_no_other(renewed: collect.Renewed) -> None:
    """`make translations` would change nothing, and nothing wants a translation."""
    assert renewed.path.read_bytes() == renewed.text(), "run `make translations`"
    assert not renewed.untranslated


def test_a_translation_keeps_the_values_and_the_markup_of_its_sentence(renewed: collect.Renewed) -> None:
    """Each placeholder and each tag of a sentence is in its translation, and no other."""
    wrong = []
    for each in renewed.catalogue:
        if not each.id:
            continue
        sources = [each.id] if isinstance(each.id, str) else list(each.id)
        for source, said in zip(sources, [each.string] if isinstance(each.string, str) else each.string, strict=True):
            if _held(source) != _held(said) and not ("%(num)s" not in said and len(sources) > 1):
                wrong.append((source, said))
        wrong += [(each.id, str(error)) for error in each.check(renewed.catalogue)]
    assert not wrong


def test_every_sentence_can_be_filled_in() -> None:
    """A percent sign is doubled or begins a named value: any other would fail on the day on which the sentence is said."""
    said = [part for each in collect.collected() for part in ([each.id] if isinstance(each.id, str) else each.id)]
    assert [each for each in said if not re.fullmatch(r"(?:[^%]|%%|%\(\w+\)s)*", each)] == []


def _held(sentence: str) -> tuple[set[str], list[str]]:
    return set(re.findall(r"%\(\w+\)s|%%", sentence)), sorted(re.findall(r"<[^>]+>", sentence))


def test_a_sentence_is_said_in_the_language_of_the_task() -> None:
    """Spanish within, English before and after; a number takes its own form."""
    assert (language(), _("Log out")) == ("en", "Log out")
    with speaking("es"):
        assert _("Log out") == "Cerrar sesión"
        with speaking("en"):
            assert _("Log out") == "Log out"
    assert _("Log out") == "Log out"
    assert ngettext("%(num)s record", "%(num)s records", 1234) == "1,234 records"


@pytest.mark.parametrize(
    ("chosen", "accepted", "spoken"),
    [
        (None, "", "en"),
        (None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, "en-US,en;q=0.9,es;q=0.8", "en"),
        (None, "tl, fil;q=0.9, es;q=0.2, en;q=0.1", "es"),
        (None, "es;q=0", "en"),
        (None, "de, *;q=0.5", "en"),
        ("en", "es", "en"),
        ("es", "en", "es"),
        ("xx", "es", "es"),
    ],
)
def test_the_choice_of_a_person_goes_before_the_list_of_their_browser(
    chosen: str | None, accepted: str, spoken: str
) -> None:
    """Of the browser's list the language of the greatest weight that is ours; English where there is none."""
    assert preferred(chosen, accepted) == spoken


@given(st.text(), st.text())
def test_no_header_is_too_strange(chosen: str, accepted: str) -> None:
    """Whatever a browser sends, some language of ours is spoken."""
    assert preferred(chosen, accepted) in LANGUAGES


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_a_template_says_nothing_that_cannot_be_translated(path: Path) -> None:
    """Every word of a template is inside of `{% trans %}` or a call of `_` and its kin, or is code that a person types."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    speak(environment)
    tree = environment.parse(path.read_text(encoding="utf-8"))
    page = _Words()
    page.feed("".join(_data(tree)))
    assert not page.found, "words of the page outside of any sentence"
    assert not list(_strings(tree)), "words in expressions outside of any sentence"


class _Words(HTMLParser):
    """The words that a page would show, beside what is put into it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in CODE
        for name, value in attrs:
            if name in SHOWN_ATTRIBUTES and AS_IT_IS.search((value or "").replace("\0", "")):
                self.found.append(f"{name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in CODE

    def handle_data(self, data: str) -> None:
        if not self._code and AS_IT_IS.search(data):
            self.found.append(data.strip().replace("\0", "…"))


def _data(node: nodes.Node) -> Iterator[str]:
    """The literal text of a template, with a mark where an expression is put in."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(node, nodes.Output):
            yield "\0"
        elif isinstance(child, nodes.Block) and child.name == "shape":
            pass  # the name of a style
        else:
            yield from _data(child)


def _strings(node: nodes.Node) -> Iterator[str]:
    """The strings of a template's expressions that look like words for a person and go through no translation."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Const) and isinstance(child.value, str) and _is_said(child.value):
            yield child.value
        elif isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name in SAID:
            for value in child.kwargs:
                yield from _strings(value)
        else:
            yield from _strings(child)


def _is_said(text: str) -> bool:
    return bool(re.search(r"[A-Z][a-z]|[a-z] [a-z]", text)) and "%" not in text
