"""Mastodon's messages: conversations by their newest status, and everything around it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from archiver.platforms.items import ItemKind, ReferenceKind
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.pages import Conversation, Page
from tests.fixtures.graph import covered
from tests.fixtures.hostile import keepable
from tests.fixtures.judged import JudgedSession
from tests.fixtures.mastodon import CITY, GONE, PARKS, around, listed, reply, status, told, walked

if TYPE_CHECKING:
    from tests.fixtures.sessions import Answer


def test_conversations_that_go_in_circles_are_left() -> None:
    """The listing of conversations that leads back to a page of its own ends there, and says so."""
    pages = list(
        Mastodon().conversations(
            JudgedSession(
                Mastodon(), *[listed({"id": "7", "last_status": status(90)}, max_id=5 + n % 2) for n in range(9)]
            ),
            CITY,
        )
    )
    assert len(pages) == 3
    assert [each.lost for each in pages[-1].skipped] == [True]
    assert [page.cut for page in pages] == [False, False, True]


def test_direct_statuses_belong_to_the_messages() -> None:
    """With a token they are kept, and are no members of the posts' listing."""
    (page,), _ = walked(listed(status(9, visibility="direct"), status(8)))
    assert [(item.kind, item.sighted) for item in page.items] == [(ItemKind.MESSAGE, False), (ItemKind.POST, True)]


def conversation(*answers: Answer) -> Page:
    """The page of the conversation 7, whose newest status is 93."""
    (page,) = Mastodon().conversation(JudgedSession(Mastodon(), *answers), CITY, Conversation("7", "93"))
    return page


def test_a_conversation_is_read_from_its_first_message() -> None:
    """Everything below the first; what is not direct is kept, and is none of it."""
    first, second = status(91, visibility="direct"), reply(92, 91, visibility="direct")
    third, public = reply(93, 92, PARKS, visibility="direct"), reply(94, 93)
    page = conversation(around(ancestors=(first, second)), around(second, third, public))
    assert [(item.aliases[0], item.order_key) for item in page.items] == [
        ("91", "7 00291"), ("92", "7 00292"), ("93", "7 00293"), ("94", None)
    ]  # fmt: skip
    assert [item.exchange for item in page.items] == [0, 1, 1, 1]
    assert page.items[2].reference(ReferenceKind.PARENT) == second["uri"]
    assert page.items[2].reference(ReferenceKind.ROOT) == first["uri"]
    assert covered([page]) == [("7!", "7 ")]


def test_a_conversation_of_one_message_is_that_message() -> None:
    """It is asked for itself."""
    page = conversation(around(reply(94, 93, visibility="direct")), told(status(93, visibility="direct")))
    assert [(item.aliases[0], item.exchange) for item in page.items] == [("93", 1), ("94", 0)]
    assert covered([page]) == [("7!", "7 ")]


@pytest.mark.parametrize("broken", [7, None, {}, {"id": None}, {"id": "5"}, {**reply(92, 91), "account": 7}])
def test_a_broken_message_leaves_the_conversation_uncovered(broken: Any) -> None:
    """Wherever it stands, the others are kept."""
    first, third = status(91, visibility="direct"), reply(93, 91, visibility="direct")
    page = conversation(around(ancestors=(first,)), around(broken, third))
    assert [item.aliases[0] for item in page.items if item.order_key] == ["91", "93"]
    assert (page.coverage, page.skipped[0].lost) == (None, True)
    page = conversation(around(ancestors=(broken, first)), around(third))
    assert "93" in [item.aliases[0] for item in page.items]
    assert keepable(page.items)


def test_a_conversation_that_is_cut_covers_nothing() -> None:
    """4,096 messages are shown and no more."""
    many = [reply(100 + number, 91, visibility="direct") for number in range(4_096)]
    page = conversation(around(ancestors=(status(91, visibility="direct"),)), around(*many))
    assert page.coverage is None
    assert "4096" in page.skipped[-1].reason


def test_a_conversation_whose_newest_message_went_is_read_another_time() -> None:
    """It is said, and covers nothing."""
    page = conversation(GONE)
    assert (page.items, page.coverage, page.skipped[0].lost) == ([], None, True)


def test_conversations_are_marked_by_their_newest_status() -> None:
    """One without any message is none; a broken one is skipped, by name."""
    answer = listed(
        {"id": "7", "last_status": status(93)}, {"id": "6", "last_status": None}, {"id": "5", "last_status": {}}, 7
    )
    (page,) = Mastodon().conversations(JudgedSession(Mastodon(), answer), CITY)
    assert page.conversations == [Conversation("7", "93", datetime(2026, 3, 2, 17, 33, 30, 123_000, tzinfo=UTC))]
    assert [each.what for each in page.skipped] == ["conversation 2 of the listing", "conversation 3 of the listing"]
