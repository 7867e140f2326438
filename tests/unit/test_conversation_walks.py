"""Walking through the listing of conversations: how far, what is asked for by itself, and what the cursor says after it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from archiver.capture import conversations
from archiver.capture.conversations import capture_conversations
from archiver.capture.errors import RequestFailed, Unreachable
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Skipped
from archiver.platforms.pages import Conversation, ConversationsPage, Coverage, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archiver.platforms.items import Json

FIRST = datetime(2026, 6, 1, tzinfo=UTC)
BROKEN = [
    RequestFailed("https://x.test/b", 503, "come again"),
    UnreadableAnswerError("x", "https://x.test/b", "no JSON"),
    Unreachable("https://x.test/b", "no answer in time"),
]


@dataclasses.dataclass
class Talks:
    """A platform that lists old conversations, one on a page. `parts` are pages of the listing that are otherwise; what is
    `broken` cannot be read, and of what is `spoilt` one message cannot.
    """

    listed: str
    broken: Mapping[str, Exception] = dataclasses.field(default_factory=dict)
    spoilt: str = ""
    parts: Mapping[str, ConversationsPage | Exception] = dataclasses.field(default_factory=dict)
    walked: str = ""
    asked: str = ""

    def conversations(self, _session: object, _account: object) -> Iterator[ConversationsPage]:
        """The listing."""
        for each in self.listed:
            self.walked += each
            part = self.parts.get(each, ConversationsPage([Conversation(each, "1", FIRST - timedelta(days=90))], ()))
            if isinstance(part, Exception):
                raise part
            yield part

    def conversation(self, _session: object, _account: object, conversation: Conversation) -> Iterator[Page]:
        """One of them."""
        self.asked += conversation.id
        assert conversation.marker == "1"
        if (error := self.broken.get(conversation.id)) is not None:
            raise error
        spoilt = conversation.id in self.spoilt
        yield Page(
            (), (), coverage=None if spoilt else Coverage(None, None), skipped=[Skipped("one", "?")] if spoilt else []
        )


class Capture(SimpleNamespace):
    """A capture that stores its cursor, and which conversations are known."""

    cursor: dict[str, Json]

    def save(self, page: Page, cursor: dict[str, Json] | None = None, also: Callable[..., None] | None = None) -> None:
        """Take it."""
        self.cursor = self.cursor if cursor is None else json.loads(json.dumps(cursor))
        self.skipped += page.skipped
        self.pages += 1
        if also is not None:
            conversation = also.keywords["conversation"]  # type: ignore[attr-defined]
            self.stored.known[conversation.id] = conversation.marker

    def skip(self, what: str, reason: str) -> None:
        """Take it down, as lost."""
        self.skipped.append(Skipped(what, reason))


class Stored:
    """What an archive remembers from night to night."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, str | None] = {}
        self.cursor: dict[str, Json] = {}
        monkeypatch.setattr(
            conversations, "_markers", lambda _, ids: {each: self.known[each] for each in ids if each in self.known}
        )

    def night(self, number: int, talks: Talks) -> list[str]:
        """Capture them; gives what was lost."""
        capture = Capture(
            platform=talks,
            session=None,
            account=None,
            context=SimpleNamespace(mode="nightly", started_at=FIRST + timedelta(days=number)),
            reread_since=FIRST,
            cursor=self.cursor,
            skipped=[],
            pages=0,
            stored=self,
        )
        try:
            capture_conversations(capture)  # type: ignore[arg-type]
        finally:
            self.cursor = capture.cursor
        return [each.what for each in capture.skipped]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    """An archive that has nothing yet."""
    return Stored(monkeypatch)


@pytest.mark.parametrize("error", BROKEN, ids=str)
def test_a_conversation_that_cannot_be_read_is_asked_for_by_itself(stored: Stored, error: Exception) -> None:
    """The listing is not read for its sake, night after night, and it is missing each night until it can be read."""
    assert stored.night(1, Talks("abcdef", broken={"c": error})) == ["the conversation c"]
    talks = Talks("abcdef", broken={"c": error})
    assert stored.night(2, talks) == ["the conversation c"]
    assert (talks.walked, talks.asked) == ("a", "c")
    talks = Talks("abcdef")
    assert stored.night(3, talks) == []
    assert (talks.walked, talks.asked) == ("a", "c")
    talks = Talks("abcdef")
    assert stored.night(4, talks) == []
    assert (talks.walked, talks.asked) == ("a", "")


def test_what_was_lost_has_the_whole_listing_read_once_in_a_fortnight(stored: Stored) -> None:
    """An entry that is no conversation, a message that cannot be read: what they were may be told by then."""
    entry = {"e": ConversationsPage([], (), [Skipped("conversation 0", "it has no id")])}
    walked = []
    for night in range(1, 31):
        talks = Talks("abcdef", spoilt="b", parts=entry)
        assert "conversation 0" in stored.night(night, talks) or night not in {1, 15, 29}
        walked.append(talks.walked)
    assert [night for night, pages in enumerate(walked, 1) if pages == "abcdef"] == [1, 15, 29]
    assert set(walked) == {"a", "abcdef"}
    stored.night(43, Talks("abcdef"))
    assert stored.cursor == {"finished": True}
    assert set(stored.known) == set("abcdef")


def test_a_conversation_that_the_platform_lists_no_more_is_given_up(stored: Stored) -> None:
    """Once a walk through the whole listing has not shown it, and it was asked for in vain once more."""
    stored.night(1, Talks("abc", broken={"c": BROKEN[0]}))
    for night in range(2, 15):
        assert stored.night(night, Talks("ab", broken={"c": BROKEN[0]})) == ["the conversation c"]
    talks = Talks("ab", broken={"c": BROKEN[0]})
    assert stored.night(15, talks) == ["the conversation c"]
    assert (talks.walked, talks.asked) == ("ab", "c")
    talks = Talks("ab")
    assert stored.night(16, talks) == []
    assert talks.asked == ""


@pytest.mark.parametrize(
    "end", [BROKEN[0], ConversationsPage([Conversation("c", "1")], (), [Skipped("the others", "a bad link")], cut=True)]
)
def test_a_listing_that_breaks_off_is_read_to_its_end_the_next_night(
    stored: Stored, end: ConversationsPage | Exception
) -> None:
    """However old and known all that stands before the break may be."""
    for night in (1, 2):
        talks = Talks("abc", parts={"c": end}, broken={"b": BROKEN[1]})
        with contextlib.suppress(RequestFailed):
            stored.night(night, talks)
        assert talks.walked == "abc"
        assert "finished" not in stored.cursor
    talks = Talks("abcdef")
    assert stored.night(3, talks) == []
    assert talks.walked == "abcdef"
    assert set(stored.known) == set("abcdef")


def test_where_nothing_answers_not_every_conversation_is_asked_for(stored: Stored) -> None:
    """Three in a row are enough for a night."""
    talks = Talks("abcdef", broken=dict.fromkeys("bcde", BROKEN[2]))
    with pytest.raises(Unreachable):
        stored.night(1, talks)
    assert talks.asked == "abcd"
