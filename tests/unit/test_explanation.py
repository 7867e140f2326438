"""A difference between two counts is explained in numbers that add up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.explanation import Explained, Facts, Part, Read, explain, sentence, together, told
from archiver.i18n.languages import speaking

NUMBERS = st.integers(0, 10**6)
FACTS = st.builds(
    Facts,
    st.none() | NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.sampled_from(Read),
    st.none() | NUMBERS,
    st.none() | st.sampled_from(["the API shows no more than 50", "held for review"]),
)


def total(explained: Explained) -> int:
    """The sum of the parts."""
    return sum(explained.parts.values())


def test_the_example_of_a_hundred_and_twenty() -> None:
    """Each part of 120 is named: present, gone, hidden, not returned, not yet fetched, unexplained."""
    found = explain(Facts(120, 100, 2, 8, 3, Read.CHANGED, 115))
    assert dict(found.parts) == {
        Part.PRESENT: 100, Part.HIDDEN: 2, Part.GONE: 8, Part.NOT_RETURNED: 3, Part.NOT_FETCHED: 5, Part.UNEXPLAINED: 2,
    }  # fmt: skip
    assert found.difference == 20
    assert found.sentence == (
        "of 120 the platform counts: 100 present, 2 hidden, 8 gone (confirmed), 3 not returned, 5 not yet fetched, "
        "2 unexplained (restricted or removed elsewhere)"
    )


def test_a_counter_that_forgets_the_deleted_leaves_them_beyond_it() -> None:
    """Where all that is counted is present, what was deleted is told apart and explains nothing."""
    found = explain(Facts(100, 100, gone=8))
    assert (total(found), dict(found.beyond)) == (100, {Part.HIDDEN: 0, Part.GONE: 8, Part.NOT_RETURNED: 0})
    assert found.sentence.endswith("held besides and counted no more: 8 gone (confirmed)")


def test_a_thread_never_read_is_not_yet_fetched_and_a_stated_reason_is_told() -> None:
    """Nothing of it is called unexplained; what the connector says of a limit is repeated."""
    assert explain(Facts(7, read=Read.NEVER)).parts[Part.NOT_FETCHED] == 7
    limited = explain(Facts(80, 50, stated="the API shows no more than 50"))
    assert limited.parts[Part.STATED] == 30
    assert limited.sentence.endswith("30 not given out by the platform (the API shows no more than 50)")
    assert explain(Facts(None, 3)).sentence == "the platform gives no count"
    assert explain(Facts(0)).sentence == "the platform counts none"
    assert "2 more are present" in explain(Facts(3, 5)).sentence


def test_a_count_is_told_in_the_reader_s_language_and_a_stated_reason_as_it_is_kept() -> None:
    """What is said of the numbers is Spanish where the reader's pages are; what the platform stated stays as it was."""
    found = explain(Facts(80, 49, hidden=1, stated="the API shows no more than 50")).as_json()
    with speaking("es"):
        made, stated = told(80, found)
    assert made == "de 80 que cuenta la plataforma: 49 presentes, 1 oculto, 30 no entregados por la plataforma"
    assert stated == "the API shows no more than 50"
    assert told(None, found) == ("", stated)


@given(FACTS)
def test_the_parts_add_up_to_the_platform_s_count(facts: Facts) -> None:
    """No part is negative or larger than what is held of it, and nothing of the count is left without a name."""
    found = explain(facts)
    assert all(number >= 0 for number in [*found.parts.values(), *found.beyond.values(), found.surplus])
    if facts.platform is None:
        assert not found.parts
        return
    assert total(found) == facts.platform
    assert found.parts[Part.PRESENT] + found.surplus == facts.present
    for part, held in ((Part.HIDDEN, facts.hidden), (Part.GONE, facts.gone), (Part.NOT_RETURNED, facts.not_returned)):
        assert found.parts[part] + found.beyond[part] == held
    if facts.read is Read.WHOLE:
        assert found.parts[Part.NOT_FETCHED] == 0
    assert found.difference == facts.platform - facts.present


@given(st.lists(FACTS, max_size=8))
def test_a_sum_is_the_sum(many: list[Facts]) -> None:
    """Counts taken together are as large as their parts, and what is kept of them says the same sentence."""
    apart = [explain(facts) for facts in many]
    found = together(apart)
    counted = [facts.platform for facts in many if facts.platform is not None]
    assert found.platform == (sum(counted) if counted else None)
    assert total(found) == sum(counted)
    assert found.no_count == len(many) - len(counted)
    assert sentence(found.platform, found.as_json()) == found.sentence
