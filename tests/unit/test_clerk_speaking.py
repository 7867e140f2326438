"""What the pages of accounts, users and logs are made of speaks the reader's language; what is kept stays English."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, cast

import pytest

from archiver.accounts import FIELDS as KNOWN_FIELDS
from archiver.compliance import Compliance
from archiver.i18n.languages import speaking
from clerk import grants, words
from clerk.register import FIELDS, AccountView
from clerk.roles import navigation
from clerk.users import UserError
from clerk.visibility import Sight

if TYPE_CHECKING:
    from archiver.accounts import Listed


@dataclasses.dataclass
class Entry:
    """What a line of the register says of its entry."""

    compliance: Compliance
    status: str = "paused"


def test_what_is_put_down_of_limits_is_english_whoever_asks() -> None:
    """On a page they are said in the reader's language; with a receipt or an export they are kept in one."""
    sight = Sight(messages=False, personal=False, departments=("Public Works",))
    english = ("of your department: Public Works", "without officials\u2019 own accounts")
    assert sight.limits.words == english
    with speaking("es"):
        spanish = ("de su departamento: Public Works", "sin las cuentas propias de los funcionarios")
        assert sight.limits.words == spanish
        assert dataclasses.replace(sight, kept=True).limits.words == english


def test_the_navigation_is_that_of_the_role_in_the_reader_s_language() -> None:
    """The same addresses, other names."""
    english = navigation("administrator")
    with speaking("es"):
        spanish = navigation("administrator")
    assert [address for address, _ in english] == [address for address, _ in spanish]
    assert dict(english)["/audit"] == "Audit log"
    assert dict(spanish)["/audit"] == "Bit\u00e1cora de auditor\u00eda"
    assert not {name for _, name in english} & {name for _, name in spanish}


def test_an_entry_says_what_it_lacks_and_how_long_there_is() -> None:
    """In English and in Spanish, one day and several."""
    due = dt.date(2026, 5, 3)
    late, last = (
        AccountView(cast("Listed", Entry(Compliance(("record_series", "began_on"), due, left))), (), ())
        for left in (-1_200, 1)
    )
    assert late.entry_sentence == "Incomplete; 1,200 days overdue, since 3 May 2026"
    assert (late.missing, late.status) == ("record series, began on", "paused")
    with speaking("es"):
        assert late.entry_sentence == "Incompleta; 1,200 d\u00edas de atraso, desde el 3 de mayo de 2026"
        assert last.entry_sentence == "Incompleta; queda 1 d\u00eda, hasta el 3 de mayo de 2026"
        assert (late.missing, late.status) == ("serie documental, fecha de inicio", "en pausa")


def test_every_field_of_the_register_has_a_name() -> None:
    """None is shown by the name of its column."""
    assert set(FIELDS) == set(KNOWN_FIELDS)


def test_who_moderated_is_translated_only_where_the_archive_says_so() -> None:
    """What a person wrote is shown as it was written."""
    with speaking("es"):
        assert words.whom("the author", "platform") == "el autor"
        assert words.whom("the author", "clerk") == "the author"
        assert words.whom("unknown", "clerk") == "persona desconocida"


def test_a_mistake_is_said_in_the_reader_s_language() -> None:
    """With the values of the English sentence."""
    with pytest.raises(UserError, match=r"There is no grant 'x'; there are messages and personal_accounts\."):
        grants.what_of("x")
    with (
        speaking("es"),
        pytest.raises(UserError, match=r"No hay ning\u00fan permiso 'x'; existen messages y personal_accounts\."),
    ):
        grants.what_of("x")
