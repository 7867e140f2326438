"""Words, phrases, hashtags, handles, emoji and links, in a real Elasticsearch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from search import analysis, indices
from search.analysis import Capabilities

if TYPE_CHECKING:
    from tests.fixtures.searching import Archive

TEXTS = {
    "hamlet": "To be, or not to be: that is the question of the new library roof.",
    "hamlet scrambled": "Not to be outdone, the library is to be open or closed.",
    "pothole": "A pothole on 5th Street was filled.",
    "potholes": "Potholes on Main Street will be repaired in March.",
    "tag": "Come to the picnic! #ParksAndRec",
    "no tag": "The parksandrec budget is public.",
    "handle": "Thanks to @rosa.example.social for the report.",
    "emoji": "Snow day \u2744\ufe0f\U0001f600 schools are closed.",
    "emoji family": "\U0001f468\u200d\U0001f469\u200d\U0001f467 day at the pool",
    "link": "Agenda: https://www.example.gov/meetings/2024-03-05?tab=agenda.",
    "spanish": "Las reuniones del concejo son públicas. Hay baches en la calle.",
    "curly": "We don\u2019t close the caf\u00e9 early.",
    "decomposed": "The cafe\u0301 is open.",
    "hostile": "<script>alert('x')</script> & the <b>stadium</b> vote",
    "unpaid": "Unpaid parking tickets can be appealed.",
}


@pytest.fixture(scope="module")
def filled(module_archive: Archive) -> Archive:
    """An archive with all the texts, each one a post of the city."""
    city = module_archive.records.account()
    for text in TEXTS.values():
        module_archive.records.item(city, text)
    report = module_archive.drain()
    assert (report.indexed, report.remaining) == (len(TEXTS), 0)
    return module_archive


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('"to be or not to be"', ["hamlet"]),
        ("library be", ["hamlet", "hamlet scrambled"]),
        ("library roof", ["hamlet"]),
        ("library potholes", []),
        ("pothole", ["pothole", "potholes"]),
        ("POTHOLES", ["pothole", "potholes"]),
        ('"potholes"', ["potholes"]),
        ('"pothole"', ["pothole"]),
        ("bache", ["spanish"]),
        ("reunión", ["spanish"]),
        ("paid", []),
        ("#parksandrec", ["tag"]),
        ("#ParksAndRec", ["tag"]),
        ("parksandrec", ["tag", "no tag"]),
        ('"picnic #parksandrec"', ["tag"]),
        ('"the #parksandrec budget"', []),
        ("@rosa.example.social", ["handle"]),
        ("@rosa", []),
        ("\u2744", ["emoji"]),
        ("\u2744\ufe0f", ["emoji"]),
        ("\U0001f600", ["emoji"]),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", ["emoji family"]),
        ("https://www.example.gov/meetings/2024-03-05?tab=agenda", ["link"]),
        ("http://example.gov/meetings/2024-03-05/?tab=agenda", ["link"]),
        ("https://www.example.gov/meetings", []),
        ("don't", ["curly"]),
        ('"we don\u2019t close"', ["curly"]),
        ("caf\u00e9", ["curly", "decomposed"]),
        ("stadium & vote", ["hostile"]),
    ],
)
def test_a_query_finds_exactly_the_texts_it_means(filled: Archive, query: str, names: list[str]) -> None:
    """Words are joined by AND and found in any form, phrases exactly, marks and addresses by themselves."""
    result = filled.search(query)
    assert sorted(filter(None, (hit.text for hit in result.hits))) == sorted(TEXTS[name] for name in names)
    assert result.total == len(names)


def test_what_was_found_is_marked_and_nothing_else_is_markup(filled: Archive) -> None:
    """The highlight of a hostile text is safe HTML, with the found word marked."""
    (hit,) = filled.search("stadium").hits
    assert "<mark>stadium</mark>" in hit.highlight
    assert "<script" not in hit.highlight
    assert "&lt;script&gt;" in hit.highlight


def test_a_word_is_marked_in_the_form_it_has(filled: Archive) -> None:
    """Searching for "pothole" marks "Potholes"."""
    marked = {hit.text: hit.highlight for hit in filled.search("pothole").hits}
    assert "<mark>Potholes</mark>" in marked[TEXTS["potholes"]]


def test_a_phrase_is_marked_from_its_first_word_to_its_last(filled: Archive) -> None:
    """Every word of a phrase is marked."""
    (hit,) = filled.search('"to be or not to be"').hits
    assert hit.highlight.replace("</mark>", "").count("<mark>") in {1, 6}
    assert hit.highlight.startswith("<mark>To")


def test_a_cluster_without_stemmers_finds_words_as_written_and_says_so(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is neither stemmer nor dictionary, words are found exactly, and the status page can tell."""
    monkeypatch.setattr(analysis, "probe", lambda _: Capabilities({"en": "none", "es": "none"}, accent_folding=False))
    archive.records.item(archive.records.account(), TEXTS["potholes"])
    archive.drain()
    assert archive.search("potholes").total == 1
    assert archive.search("pothole").total == 0
    found = indices.capabilities(archive.client, archive.alias)
    assert "English: words are found only as written" in found.sentences()[0]
    monkeypatch.undo()
    assert indices.is_outdated(archive.client, archive.alias), "the cluster can do more now: a rebuild would help"


def test_a_small_cluster_is_asked_what_it_can_do(archive: Archive) -> None:
    """The embedded build stems by dictionary and cannot leave accents out."""
    assert analysis.probe(archive.client) == Capabilities({"en": "hunspell", "es": "hunspell"}, accent_folding=False)
