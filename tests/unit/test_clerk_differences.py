"""Word by word: what is shown as changed is what changed."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from clerk.differences import Piece, other_changes, word_difference

WORDS = st.lists(
    st.sampled_from(["road", "Road", "closed", "is", ".", "\n", " ", "\U0001f6a7", "#tag", "d\u00eda"])
).map(" ".join)


@given(WORDS, WORDS)
def test_both_texts_can_be_read_off_the_pieces(before: str, after: str) -> None:
    """Kept and removed pieces joined give the earlier text exactly, kept and added ones the later."""
    pieces = word_difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_a_changed_word_is_one_removal_and_one_addition() -> None:
    """A word that became another is shown as such, its neighbours and the punctuation as kept."""
    assert word_difference("repaired on Monday.", "repaired on Thursday.") == [
        Piece("same", "repaired on "),
        Piece("removed", "Monday"),
        Piece("added", "Thursday"),
        Piece("same", "."),
    ]


def test_a_text_without_change_is_one_piece() -> None:
    """Nothing is marked where nothing changed; nothing at all is shown of two empty texts."""
    assert word_difference("same words", "same words") == [Piece("same", "same words")]
    assert word_difference("", "") == []


def test_hostile_lengths_do_not_take_hostile_times() -> None:
    """Two long texts with nothing in common, and one of repeated words, are compared in seconds, not minutes."""
    begun = time.perf_counter()
    word_difference("a " * 100_000, "b " * 100_000)
    word_difference("x y " * 1_000, "y x z " * 660)
    word_difference("start " + "x y " * 50_000 + "end", "begin " + "y x " * 50_000 + "stop")
    assert time.perf_counter() - begun < 30


def test_two_edits_far_apart_leave_the_middle_unmarked() -> None:
    """In a long text the first and the last word changed are all that is marked."""
    middle = "the road is closed and the bridge is open " * 2_000
    kinds = [piece.kind for piece in word_difference(f"Monday {middle}today", f"Tuesday {middle}now")]
    assert kinds == ["removed", "added", "same", "removed", "added"]


def test_other_fields_are_named_in_plain_words() -> None:
    """What changed beside the text is said without field names of ours; the platform's own digest is not mentioned."""
    before = {"text": "a", "links": ["https://a.example"], "fingerprint": "1", "visibility": "public"}
    after = {"text": "b", "title": "New", "fingerprint": "2", "visibility": "private", "links": ["https://a.example"]}
    assert other_changes(before, after) == ["the title", "\u201cvisibility\u201d"]
