"""What an index is made of, and how a dictionary is made ready for it."""

from __future__ import annotations

import pytest

from archiver.local.stemming import DICTIONARIES, without_prefixes
from search import mapping
from search.analysis import CLUSTER, Capabilities, analysis_settings
from search.indices import is_of_earlier_version
from search.mapping import index_body
from search.parity import Kind, compare


def test_prefixed_forms_become_words_of_their_own() -> None:
    """The word "unpaid" is no form of "paid" any more, and keeps its own endings."""
    rules = "SET UTF-8\nPFX U Y 1\nPFX U 0 un .\nPFX E Y 1\nPFX E e em e\n\nSFX S Y 1\nSFX S 0 s .\n"
    kept, words = without_prefixes(rules, "3\npaid/US\nenact/E\nroof/S\n")
    assert "PFX" not in kept
    assert "SFX S 0 s ." in kept
    assert words.splitlines() == ["5", "paid/US", "unpaid/S", "enact/E", "emnact", "roof/S"]


@pytest.mark.parametrize("name", ["en_US", "es_ES"])
def test_the_shipped_dictionaries_bring_their_licence(name: str) -> None:
    """Each has both its files and its licence beside it."""
    folder = DICTIONARIES / name
    assert {f"{name}.aff", f"{name}.dic", "LICENSE"} <= {path.name for path in folder.iterdir()}


def test_a_full_cluster_is_used_with_its_own_stemmers() -> None:
    """Where the cluster stems and folds accents, the language fields do; the exact field never."""
    settings = analysis_settings(Capabilities({"en": CLUSTER, "es": CLUSTER}, accent_folding=True))
    assert settings["analyzer"]["en"]["filter"] == ["lowercase", "en_cluster_0", "en_cluster_1", "asciifolding"]
    assert settings["filter"]["en_cluster_1"] == {"type": "stemmer", "language": "light_english"}
    assert settings["analyzer"]["exact"]["filter"] == ["lowercase"]


def test_an_index_knows_what_it_was_made_by() -> None:
    """Another capability is another fingerprint, and the capabilities survive being written down."""
    one, other = (Capabilities({"en": CLUSTER, "es": how}, accent_folding=True) for how in (CLUSTER, "none"))
    metas = [index_body(each)["mappings"]["_meta"] for each in (one, other)]
    assert metas[0]["fingerprint"] != metas[1]["fingerprint"]
    assert Capabilities.from_json(metas[1]["capabilities"]) == other


def test_an_index_that_holds_something_else_is_of_an_earlier_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its fields are the same, and only what stands in them is not."""
    meta = index_body(Capabilities({}, accent_folding=False))["mappings"]["_meta"]
    assert not is_of_earlier_version(meta)
    monkeypatch.setattr(mapping, "CONTENT", mapping.CONTENT + 1)
    assert is_of_earlier_version(meta)


@pytest.mark.parametrize("accent_folding", [True, False])
def test_what_accents_do_is_said(*, accent_folding: bool) -> None:
    """Of whole words by what the cluster can, of beginnings and similar spellings on every cluster."""
    *_, whole, parts = Capabilities({}, accent_folding=accent_folding).sentences()
    assert whole.startswith(
        "Unquoted words are found with or without" if accent_folding else "In whole words accents count"
    )
    assert parts.startswith("Beginnings of words, as pothol*, are found with or without their accents; among similar")


@pytest.mark.parametrize(
    ("revision", "indexed", "kind"),
    [(3, 3, None), (3, None, Kind.MISSING), (3, 2, Kind.OUTDATED), (3, 4, Kind.AHEAD), (None, 4, Kind.ORPHANED)],
)
def test_drift_is_told_apart(revision: int | None, indexed: int | None, kind: Kind | None) -> None:
    """Missing, outdated, ahead and orphaned are four things."""
    assert compare(revision, indexed) is kind
