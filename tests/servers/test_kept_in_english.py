"""What is kept of a search is in English, whatever language its maker is spoken to in; what goes wrong is told in theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from archiver.i18n.languages import ENGLISH, SPANISH, language, speaking
from search.errors import QueryError
from search.receipts import document, words
from search.receipts.model import LONGEST_NOTE, ReceiptError
from search.receipts.pdf import pdf
from tests.fixtures.exporting import fill

if TYPE_CHECKING:
    from search.receipts.model import Kept
    from tests.fixtures.desk import Desk
    from tests.fixtures.exporting import Exports

SEARCH = "(pothole OR sinkhole OR council) & -zeppelin date:2026 -type:story"


def told(kept: Kept) -> dict[str, Any]:
    """All that a receipt says but which it is, when it was made, and how the log stood."""
    own = {"number", "public_id", "made_at", "archive"}
    return {name: value for name, value in kept.body.items() if name not in own}


def test_a_receipt_is_in_english_whoever_makes_it(desk: Desk) -> None:
    """The same search gives the same receipt to a clerk who is spoken to in Spanish as to another: no word differs."""
    for typed in (SEARCH, "budget date:2026", "zeppelin"):
        in_english = desk.receipt(typed)
        with speaking(SPANISH):
            in_spanish = desk.receipt(typed)
            assert language() == SPANISH
        assert told(in_spanish) == told(in_english)
        assert in_spanish.body["sentence"].startswith("Everything that says")


def test_a_receipt_is_read_in_english_whoever_reads_it(desk: Desk) -> None:
    """On the page, as a statement and as a PDF."""
    kept = desk.receipt("zeppelin date:2026-03")
    zone = document.zone_of(kept.body)

    def read() -> tuple[Any, ...]:
        return (
            document.heading(kept.body),
            document.sections(kept),
            words.statement(kept.body, zone),
            words.statement_title(kept.body),
            pdf(kept),
        )

    in_english = read()
    with speaking(SPANISH):
        assert read() == in_english


def test_a_search_run_again_says_in_english_what_differs(desk: Desk) -> None:
    """Every difference, and why: captured since, edited since, another state, lost from the index."""
    kept = desk.receipt("(pothole OR hearing) -state:hidden")
    desk.ended()
    records, accounts = desk.searchable.records, desk.accounts()
    records.edit(accounts["parks"], desk.items["hearing"], "Nothing is to be heard on Monday")
    records.item(accounts["works"], "A pothole that came later")
    desk.searchable.drain()
    desk.forget("filled")
    in_english = desk.again(kept).as_json()
    with speaking(SPANISH):
        in_spanish = desk.again(kept).as_json()
    assert in_english["differences"]
    assert in_spanish | {"at": ""} == in_english | {"at": ""}


def test_a_receipt_that_cannot_be_made_is_told_of_in_the_language_of_its_maker(desk: Desk) -> None:
    """What is wrong with the search, or with the note, is read in Spanish; the same is put down in English."""
    with speaking(SPANISH):
        with pytest.raises(QueryError) as wrong:
            desk.receipt('"bache')
        assert str(wrong.value) == "Falta una comilla: cierre la frase que empieza por \u201cbache\u201d."
        with speaking(ENGLISH):
            assert str(wrong.value).startswith("A quotation mark is missing")
        with pytest.raises(ReceiptError, match=r"Una nota tiene como máximo 2,000 caracteres; esta tiene 2,001"):
            desk.receipt("pothole", note="x" * (LONGEST_NOTE + 1))


def test_an_export_is_in_english_whoever_asks_for_it(exports: Exports) -> None:
    """Its sentence is the same, so that the same asked for in two languages is one export."""
    fill(exports)
    with speaking(SPANISH):
        asked = exports.ask("pothole date:2000..")
        with pytest.raises(QueryError, match="No se encuentra nada, de modo que no hay nada que exportar"):
            exports.ask("zeppelin")
    assert exports.ask("pothole date:2000..") == asked
    with speaking(SPANISH):
        exports.work()
    job = exports.job(asked)
    assert job.state == "done"
    assert job.sentence.startswith(
        "Everything that says \u201cpothole\u201d in any form in one version, dated from 1 January 2000 ("
    )
