"""Canonical JSON of evidence is RFC 8785, whichever way it is made."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archiver.evidence.fields import canonical

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_JSON = st.recursive(
    st.none() | st.booleans() | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
)


@given(_JSON)
def test_it_is_what_the_reference_library_writes(value: object) -> None:
    """Control characters, keys of any script, emoji: the bytes are those of the pure implementation."""
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_keys_are_sorted_by_utf_16() -> None:
    """An emoji sorts before U+FB33 as RFC 8785 section 3.2.3 shows, although its code point is higher."""
    assert canonical({"\ufb33": "1", "\U0001f602": "2"}) == '{"\U0001f602":"2","\ufb33":"1"}'.encode()


def test_a_lone_surrogate_is_refused() -> None:
    """What UTF-8 cannot hold raises, and is never written as something else."""
    with pytest.raises(ValueError, match="JSON cannot hold"):
        canonical({"text": "\ud800"})
