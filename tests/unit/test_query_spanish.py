"""The query language as it is explained, and its mistakes as they are told, to people who are spoken to in Spanish."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import pathlib
import re

import pytest
from hypothesis import example, given

from archiver.i18n.languages import ENGLISH, SPANISH, speaking
from search.errors import QueryError, SearchError
from search.query.cursor import decode, encode
from search.query.dates import span
from search.query.explain import clause, explain, undated_note
from search.query.levels import alternatives
from search.query.model import Limits, Node
from search.query.parse import MAX_LENGTH, parse
from search.query.tree import conjuncts, leaves
from search.query.words import joined
from tests.fixtures.query_table import TODAY, ZONE, example_directory, queries, request
from tests.unit.test_query_parse import TREES, TYPED

TABLE = json.loads((pathlib.Path(__file__).parents[1] / "fixtures" / "query_spanish.json").read_text(encoding="utf-8"))
"""Each sentence was checked by eye."""


def resolved(typed: str) -> Node | None:
    """What is typed, its names looked up."""
    node = parse(typed, TODAY)
    return None if node is None else example_directory().resolved(node)


def mistaken(typed: str) -> QueryError:
    """What is wrong with that."""
    with pytest.raises(QueryError) as caught:
        resolved(typed)
    return caught.value


@pytest.mark.parametrize("row", TABLE["queries"], ids=lambda row: row["typed"] or "(nothing)")
def test_a_query_is_explained_in_spanish(row: dict[str, str]) -> None:
    """In one sentence that agrees with itself."""
    with speaking(SPANISH):
        assert explain(resolved(row["typed"]), request(row["typed"])) == row["sentence"]


@pytest.mark.parametrize("row", TABLE["mistakes"], ids=lambda row: row["typed"])
def test_a_mistake_is_told_in_spanish(row: dict[str, str]) -> None:
    """In a sentence that says what to do; what is to be typed stays as it is."""
    with speaking(SPANISH):
        assert str(mistaken(row["typed"])) == row["sentence"]


def test_the_tables_are_large() -> None:
    """Forty queries and twenty-five mistakes at least, none of them twice."""
    for name, least in (("queries", 40), ("mistakes", 25)):
        typed = [row["typed"] for row in TABLE[name]]
        assert len(typed) == len(set(typed)) >= least


def test_the_form_the_limits_and_what_was_left_out_are_said_in_spanish() -> None:
    """Account, platform, days and messages of the form; what keeps records from whoever asks; words that are no words."""
    asked = dataclasses.replace(
        request(""),
        account="x:LPVPolice",
        platform="x",
        date_from=dt.date(2026, 3, 1),
        date_to=dt.date(2026, 3, 31),
        messages=True,
        limits=Limits(messages=True, words=("de su departamento: Parks",)),
    )
    with speaking(SPANISH):
        assert explain(parse("bache"), asked, ignored=["&"]) == (
            "Todo lo que dice \u201cbache\u201d en cualquier forma en una misma versión, visto en x:LPVPolice, en X (Twitter), "
            "con fecha del 1 de marzo de 2026 al 31 de marzo de 2026 (hora de America/Los_Angeles), incluidos los mensajes "
            "directos, de su departamento: Parks, lo más pertinente primero. \u201c&\u201d no se puede buscar y se omitió."
        )
        two = explain(None, request(""), ignored=["&", "+"], ordered=False)
        assert two == "Todo. \u201c&\u201d y \u201c+\u201d no se pueden buscar y se omitieron."
        assert undated_note(0) == ""
        assert undated_note(1) == " Hay 1 más que no tiene fecha y se omitió."
        assert undated_note(1234) == " Hay 1,234 más que no tienen fecha y se omitieron."


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("bache", "lo que dice \u201cbache\u201d en cualquier forma"),
        ("-bache", "lo que no dice \u201cbache\u201d en cualquier forma"),
        ("type:post", "lo que es una publicación"),
        ("-type:post", "lo que no es una publicación"),
        ("is:city", "escrito por la ciudad"),
        ("-has:image", "sin imagen"),
        ("bache OR is:city", "lo que o bien dice \u201cbache\u201d en cualquier forma o fue escrito por la ciudad"),
    ],
)
def test_a_part_follows_everything(typed: str, words: str) -> None:
    """What can be taken out of a search is named as it stands behind "Todo"."""
    node = resolved(typed)
    assert node is not None
    with speaking(SPANISH):
        assert clause(node, request(typed)) == words


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("calles", ("agua y calles", "agua o calles", "agua ni calles")),
        ("iglesias", ("agua e iglesias", "agua o iglesias", "agua ni iglesias")),
        ("\u201cHijos\u201d", ("agua e \u201cHijos\u201d", "agua o \u201cHijos\u201d", "agua ni \u201cHijos\u201d")),
        ("índice", ("agua e índice", "agua o índice", "agua ni índice")),
        ("hielo", ("agua y hielo", "agua o hielo", "agua ni hielo")),
        ("oro", ("agua y oro", "agua u oro", "agua ni oro")),
        ("#Hogares", ("agua y #Hogares", "agua u #Hogares", "agua ni #Hogares")),
        ("11", ("agua y 11", "agua u 11", "agua ni 11")),
        ("110", ("agua y 110", "agua o 110", "agua ni 110")),
    ],
)
def test_a_list_sounds_right(last: str, said: tuple[str, str, str]) -> None:
    """`e` before the sound of i, `u` before the sound of o; in English the words stay."""
    lists = (joined(["agua", last]), joined(["agua", last], "or"), joined(["agua", last], "nor"))
    assert lists == (f"agua and {last}", f"agua or {last}", f"agua or {last}")
    with speaking(SPANISH):
        assert (joined(["agua", last]), joined(["agua", last], "or"), joined(["agua", last], "nor")) == said
        assert joined(["sal", "agua", last]) == f"sal, {said[0]}"
        assert (joined([]), joined([last])) == ("", last)


def test_a_mistake_is_told_in_the_language_of_whoever_reads_it() -> None:
    """One and the same error is shown in Spanish and put down in English."""
    error = mistaken('"bache')
    with speaking(SPANISH):
        shown = str(error)
        with speaking(ENGLISH):
            put_down = str(error)
    assert shown == "Falta una comilla: cierre la frase que empieza por \u201cbache\u201d."
    assert put_down == "A quotation mark is missing: close the phrase that begins with \u201cbache\u201d."
    assert str(SearchError("as it is")) == "as it is"


def test_what_is_too_much_or_of_another_time_is_told_in_spanish() -> None:
    """The bounds of a search, days the wrong way round, a page of another search."""
    many = " ".join(f"(calle{number} OR account:news)" for number in range(7))
    wrong = {
        "x" * (MAX_LENGTH + 1): "Una búsqueda puede tener hasta 4,000 caracteres y esta tiene 4,001: acórtela.",
        " ".join(f"w{each}" for each in range(101)): (
            "Una búsqueda puede tener hasta 100 palabras y esta tiene 101: quite algunas."
        ),
        f"{'(' * 21}a{')' * 21}": (
            "Una búsqueda puede tener hasta 20 paréntesis unos dentro de otros y esta tiene 21: quite algunos."
        ),
    }
    with speaking(SPANISH):
        for typed, said in wrong.items():
            assert str(mistaken(typed)) == said
        with pytest.raises(QueryError, match="une demasiadas alternativas de palabras y campos"):
            alternatives(resolved(many))
        with pytest.raises(QueryError, match="El primer día, 2026-03-31, es posterior al último, 2026-03-01"):
            span(dt.date(2026, 3, 31), dt.date(2026, 3, 1), ZONE)
        with pytest.raises(QueryError, match="Esta página pertenece a otra búsqueda"):
            decode(dataclasses.replace(request("calle"), cursor=encode(request("bache"), [1])))


def test_a_page_stays_in_its_place_when_the_language_is_changed() -> None:
    """What is said of the limits is no part of the search that a cursor is of; what they are is."""
    limits = Limits(accounts=("a",), words=("of your department: Parks",))
    asked = dataclasses.replace(request("bache"), limits=limits)
    cursor = encode(asked, [7])
    said = dataclasses.replace(limits, words=("de su departamento: Parks",))
    assert decode(dataclasses.replace(asked, limits=said, cursor=cursor)) == [7]
    others = dataclasses.replace(limits, accounts=("b",))
    with pytest.raises(QueryError):
        decode(dataclasses.replace(asked, limits=others, cursor=cursor))


@pytest.mark.parametrize("typed", ["bache", "bache date:2026-03-01..", "bache date:this-month"])
def test_a_page_stays_in_its_place_past_midnight(typed: str) -> None:
    """The next day is no other search."""
    asked = request(typed)
    tomorrow = dataclasses.replace(asked, today=TODAY + dt.timedelta(days=1))
    assert decode(dataclasses.replace(tomorrow, cursor=encode(asked, [7]))) == [7]


@pytest.mark.parametrize("typed", ["bache date:yesterday", 'date:"last 30 days"'])
def test_what_means_other_days_the_next_day_is_another_search_then(typed: str) -> None:
    """A day that goes by the day it is asked on."""
    asked = request(typed)
    tomorrow = dataclasses.replace(asked, today=TODAY + dt.timedelta(days=1))
    with pytest.raises(QueryError, match="another search"):
        decode(dataclasses.replace(tomorrow, cursor=encode(asked, [7])))


@given(TREES)
def test_any_query_is_explained_in_spanish(tree: Node) -> None:
    """Whatever is asked for: a sentence with its full stop, words for each part, and no placeholder left in it."""
    with speaking(SPANISH):
        said = explain(tree, request(""))
        assert said.startswith("Todo")
        assert said.endswith("primero.")
        assert "%(" not in said
        assert all(clause(each, request("")) for each in (*conjuncts(tree), *leaves(tree)))


@given(TYPED)
@example("%(word)s %s 100%")
@example('"%(value)s"~3 account:%s')
def test_whatever_is_typed_is_explained_or_told_in_spanish(typed: str) -> None:
    """What was typed never breaks the sentence that it is put into."""
    with speaking(SPANISH):
        try:
            said = explain(parse(typed, TODAY), request(typed))
        except QueryError as error:
            said = str(error)
    assert said.endswith(".")


@pytest.mark.parametrize("row", queries(), ids=lambda row: row["typed"] or "(nothing)")
def test_every_query_of_the_english_table_has_its_spanish(row: dict[str, str]) -> None:
    """No English is left in a Spanish sentence but what was typed."""
    with speaking(SPANISH):
        said = explain(resolved(row["typed"]), request(row["typed"]))
    assert said.startswith("Todo")
    assert said.endswith(" primero.")
    said = re.sub("\u201c.*?\u201d", "", said)
    for english in (" that ", " says ", " seen on ", " dated ", " written by ", " first.", " is a ", " with a "):
        assert english not in said
