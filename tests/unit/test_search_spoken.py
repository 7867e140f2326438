"""What the pages of a search say is in the reader's language; what is kept of it is in English whoever asks."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from archiver.i18n.languages import speaking
from archiver.i18n.translation import _
from search.errors import QueryError
from search.exports.formats import FORMATS
from search.freshness import Lag, behind, spoken
from search.query.facets import FIRST_YEAR, LAST_YEAR, OUTSIDE, facets_of
from search.query.term_list import terms_in

EMPTY = {"buckets": []}
ANSWER = {
    "platform": {"buckets": [{"key": "bluesky", "doc_count": 3}]},
    "department": EMPTY,
    "account": EMPTY,
    "author": {"buckets": [{"key": "hidden", "doc_count": 1}]},
    "unnamed": {"author": {"buckets": [{"key": "Posts", "doc_count": 1}]}},
    "city": {"doc_count": 1},
    "type": {"buckets": [{"key": "post", "doc_count": 3}]},
    "state": {"buckets": [{"key": "hidden", "doc_count": 1}]},
    "edited": {"doc_count": 1},
    "tag": EMPTY,
    "within": {"month": EMPTY},
    "outside": {"doc_count": 0},
    "undated": {"doc_count": 0},
}
"""What Elasticsearch answers, with an author who is called as a kind of record is."""

UNTIL = "until then what is new in the archive is not found, and who sees a part of it may find nothing."
HASTA = (
    "hasta entonces no se encuentra lo nuevo del archivo, "
    "y es posible que quienes ven solo una parte de él no encuentren nada."
)
BEHIND = (
    "The index is less than a second and 2 changes behind.",
    "El índice lleva un retraso de menos de un segundo y 2 cambios.",
)


def _lag(waiting: int, seconds: float, *, outdated: bool = False, rebuilding: bool = False, problem: str = "") -> Lag:
    return Lag(waiting, dt.timedelta(seconds=seconds), rebuilding, outdated, problem or None)


@pytest.mark.parametrize(
    ("lag", "english", "spanish"),
    [
        (_lag(0, 0), "The index is up to date.", "El índice está al día."),
        (
            _lag(1, 60),
            "The index is 1 minute and 1 change behind.",
            "El índice lleva un retraso de 1 minuto y 1 cambio.",
        ),
        (
            _lag(1234, 7300),
            "The index is 2 hours and 1,234 changes behind.",
            "El índice lleva un retraso de 2 horas y 1,234 cambios.",
        ),
        (
            _lag(1, 0.2, problem="down"),
            "The index cannot be searched now; 1 change waits for it.",
            "En este momento no se puede buscar en el índice; 1 cambio espera entrar en él.",
        ),
        (
            _lag(2, 0.2, outdated=True, rebuilding=True),
            f"The index is of an earlier version and is being rebuilt now: {UNTIL} {BEHIND[0]}",
            f"El índice es de una versión anterior y se está reconstruyendo: {HASTA} {BEHIND[1]}",
        ),
        (
            _lag(0, 0, outdated=True),
            f"The index is of an earlier version and is rebuilt by the next nightly run: {UNTIL}",
            f"El índice es de una versión anterior y se reconstruirá en la próxima ejecución nocturna: {HASTA}",
        ),
    ],
)
def test_how_far_the_index_is_behind_is_said_to_the_reader(lag: Lag, english: str, spanish: str) -> None:
    """In one language and in the other."""
    assert lag.sentence == english
    with speaking("es"):
        assert lag.sentence == spanish


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "less than a second"), (1, "1 second"), (59, "59 seconds"), (3599, "59 minutes"), (86_400 * 2, "2 days")],
)
def test_a_span_is_said_in_its_largest_unit(seconds: int, said: str) -> None:
    """Whole units, the rest left off."""
    assert spoken(dt.timedelta(seconds=seconds)) == said


def test_what_a_receipt_keeps_of_the_index_is_in_english() -> None:
    """Whatever language its maker is spoken to in."""
    with speaking("es"):
        assert behind(2, dt.timedelta(hours=1)) == "The index is 1 hour and 2 changes behind."


def test_a_division_is_kept_in_english_and_its_words_alone_are_translated() -> None:
    """A receipt keeps the names as they are; the names of accounts, people and tags are no words of ours."""
    zone = zoneinfo.ZoneInfo("America/Los_Angeles")
    with speaking("es"):
        found = facets_of(ANSWER, 3, None, zone).facets
        said = [
            (_(facet.name), [_(each.name) if facet.is_ours else each.name for each in facet.values]) for facet in found
        ]
    assert found == facets_of(ANSWER, 3, None, zone).facets
    assert said == [
        ("Plataforma", ["Bluesky"]),
        ("Escrito por", ["La ciudad", "Otros"]),
        ("Autor", ["@hidden", "Posts"]),
        ("Tipo", ["Publicaciones"]),
        ("Estado", ["Oculto", "Editado"]),
    ]


def test_the_words_for_dates_out_of_the_chart_name_its_years() -> None:
    """A sentence cannot be collected for translation with its numbers open, so that they are compared here."""
    assert f"before {FIRST_YEAR} or after {LAST_YEAR}" == OUTSIDE


def test_what_is_wrong_with_a_list_is_said_when_it_is_read() -> None:
    """To the reader in theirs, and to the audit log in English, by one and the same error."""
    with speaking("es"):
        with pytest.raises(QueryError) as caught:
            terms_in("\n")
        assert str(caught.value) == "No hay ningún término en esta lista: escriba uno en cada línea."
    assert str(caught.value) == "There is no term in this list: write one on each line."


def test_every_format_of_an_export_has_a_name_in_spanish() -> None:
    """But the name that is the same in every language."""
    with speaking("es"):
        assert {name for name, each in FORMATS.items() if _(each.title) == each.title} == {"csv"}
