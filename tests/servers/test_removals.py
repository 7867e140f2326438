"""Who took a record away: as far as is on record, of how it stands now, and only of what one may see."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from archiver import moderation
from archiver.records.models import ItemState, Moderation
from archiver.records.shapes import load_shapes
from clerk.removals import removals, sentence
from tests.fixtures.clerk import SECOND_NIGHT

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.fixtures.clerk import City
    from tests.fixtures.records import AccountRow


def told(
    city: City, name: str, accounts: Collection[int] | None = None, until: dt.datetime | None = None
) -> str | None:
    """What is said of a record of the city."""
    with city.archive.engine.connect() as connection:
        shapes = load_shapes(connection, [city.items[name]])
        return removals(connection, shapes.values(), accounts, until).get(city.items[name])


def act(city: City, name: str, action: str, by_whom: str, account: AccountRow | None = None, minute: int = 0) -> None:
    """Put on record what a capture noticed of a record, through an account's comments or of no stream."""
    with Session(city.archive.engine) as session, session.begin():
        noticed = None
        if account is not None:
            noticed = ItemState(
                item_id=city.items[name], stream_id=account.streams["comments"], capture_id=account.captures["comments"],
                state="gone_confirmed", words="", observed_at=SECOND_NIGHT,
            )  # fmt: skip
            session.add(noticed)
            session.flush()
        session.add(
            Moderation(
                item_id=city.items[name], action=action, by_whom=by_whom, source="platform",
                observed_at=SECOND_NIGHT + dt.timedelta(minutes=minute), state_id=noticed.id if noticed else None,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "by_whom", "source", "says"),
    [
        ("deleted", "the author", "platform", "Deleted by the author"),
        ("hidden", "the city's account", "platform", "Hidden by the city's account"),
        ("deleted", "unknown", "inferred", "Deleted; by whom is unknown"),
        ("deleted", None, None, "Deleted; by whom is unknown"),
        ("hidden", "J. Alvarez", "clerk", "Hidden by J. Alvarez, as a person wrote"),
    ],
)
def test_the_sentence_names_whoever_is_named(action: str, by_whom: str | None, source: str | None, says: str) -> None:
    """And says as plainly that nobody is."""
    assert sentence(action, by_whom, source) == says


def test_it_is_said_of_what_is_away_alone(module_city: City) -> None:
    """A record that is there has nothing to be said of; one of which nothing is on record is gone by nobody knows whom."""
    assert told(module_city, "question") is None
    assert told(module_city, "missing") is None
    assert told(module_city, "gone") == "Deleted; by whom is unknown"
    assert told(module_city, "hidden") == "Hidden by J. Alvarez, as a person wrote"


def test_what_was_done_before_it_came_back_says_nothing_of_now(city: City) -> None:
    """Deleted by its author, restored, and gone again: by whom this time is unknown. Before it was restored it was known."""
    act(city, "gone", "deleted", "the author")
    assert told(city, "gone") == "Deleted by the author"
    act(city, "gone", "restored", "unknown", minute=1)
    act(city, "gone", "deleted", "unknown", minute=2)
    assert told(city, "gone") == "Deleted; by whom is unknown"
    assert told(city, "gone", until=SECOND_NIGHT + dt.timedelta(seconds=30)) == "Deleted by the author"
    assert told(city, "gone", until=SECOND_NIGHT) == "Deleted; by whom is unknown"


def test_that_it_was_hidden_says_nothing_of_who_deleted_it(city: City) -> None:
    """The acts of another kind are another matter."""
    act(city, "gone", "hidden", "the city's account")
    assert told(city, "gone") == "Deleted; by whom is unknown"


def test_what_another_account_noticed_is_theirs_who_see_it(city: City) -> None:
    """Whoever is limited to other accounts reads neither the words nor the row of it."""
    act(city, "gone", "deleted", "the author", account=city.parks)
    limited = {city.account.id}
    assert told(city, "gone") == "Deleted by the author"
    assert told(city, "gone", limited) == "Deleted; by whom is unknown"
    wanted = moderation.Wanted(item_id=city.items["gone"])
    with city.archive.engine.connect() as connection:
        assert len(moderation.listed(connection, wanted, messages=True)) == 1
        assert not moderation.listed(connection, wanted, messages=True, accounts=limited)
