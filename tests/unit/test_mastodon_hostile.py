"""Mastodon's answers with any JSON in them: read, or named."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import StreamKind
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.mastodon_items import Answers, status_item
from archiver.platforms.pages import Conversation
from tests.fixtures.graph import kept
from tests.fixtures.hostile import anything, body, keepable, objects
from tests.fixtures.judged import JudgedSession
from tests.fixtures.mastodon import BASE, CITY, HOST, HOSTILE_LINKS, ME, POST, TOKEN, status
from tests.fixtures.sessions import Answer, ReplayError

NAMES = [
    "id", "uri", "url", "account", "acct", "username", "display_name", "content", "created_at", "edited_at",
    "visibility", "sensitive", "spoiler_text", "media_attachments", "type", "remote_url", "description", "mentions",
    "tags", "name", "language", "in_reply_to_id", "in_reply_to_account_id", "reblog", "quote", "quoted_status",
    "state", "poll", "options", "title", "application", "replies_count", "reblogs_count", "ancestors", "descendants",
    "status", "last_status", "note", "fields", "value", "avatar", "scopes", "statuses", "suspended", "moved",
    "statuses_count",
]  # fmt: skip
WORDS = [
    "direct",
    "private",
    "91",
    "1001",
    f"{ME}/statuses/91",
    "2026-03-02T17:33:30.123Z",
    "<p>Hi</p>",
    True,
    10**30,
    7,
]
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@quick
@given(objects(NAMES, WORDS), st.sampled_from([Answers(), Answers("p", "r"), Answers(known=False)]))
def test_any_status_is_read_or_refused(broken: dict[str, Any], answers: Answers) -> None:
    """With some of its fields broken, a status is an item whose evidence can be kept, or an error that a page survives."""
    with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
        assert keepable([status_item({**status(91), **broken}, HOST, answers)])


@quick
@given(
    st.lists(objects(NAMES, WORDS).map(lambda broken: {**status(91), **broken}) | anything(NAMES, WORDS), max_size=3),
    objects(NAMES, WORDS),
    st.sampled_from([
        StreamKind.POSTS, StreamKind.MENTIONS, "thread", "conversation", "conversations", "status", "lookup", "token", "members"
    ]),
    st.sampled_from(["", *HOSTILE_LINKS, f'<{BASE}/x?max_id=5>; rel="next"']),
)  # fmt: skip
def test_any_answer_is_read_or_named(entries: list[Any], whole: dict[str, Any], what: Any, link: str) -> None:
    """Whatever JSON comes: items whose evidence can be kept, entries skipped by name, or an error that says what it is.

    Nothing that is kept holds the token, and no good neighbour of a bad entry is lost.
    """
    headers = (("Link", link),)
    good = {**status(1), "status": status(1), "last_status": status(1)}
    listing = Answer(body([*entries, good]), headers=headers)
    thing = Answer(body({**whole, "ancestors": entries, "descendants": [*entries, good]}), headers=headers)
    mastodon = Mastodon()
    session = JudgedSession(mastodon, *([thing] * 60 if what in {"thread", "conversation", "status", "lookup", "token"} else
                                        [listing, *[thing, listing] * 60]))  # fmt: skip
    with contextlib.suppress(UnreadableAnswerError, NoSuchHandleError, ReplayError):
        match what:
            case "status":
                status_ = mastodon.status(session, CITY)
                assert keepable([status_.profile] if status_.profile else [])
            case "lookup":
                assert len(list(mastodon.lookup(session, CITY, [f"{ME}/statuses/91", ME]))) == 2
            case "token":
                assert mastodon.token(session, CITY) is not None
            case "members":
                assert list(mastodon.members(session, CITY, "blocked"))
            case "conversations":
                assert next(mastodon.conversations(session, CITY)).conversations[-1].id == "1"
            case "thread" | "conversation":
                walk = (
                    mastodon.thread(session, CITY, POST)
                    if what == "thread"
                    else mastodon.conversation(session, CITY, Conversation("7", "93"))
                )
                pages = list(walk)
                assert keepable(item for page in pages for item in page.items)
                assert any(item.id == f"{ME}/statuses/1" for page in pages for item in page.items)
            case _:
                page = next(mastodon.pages(session, CITY, what, None, {}))
                assert keepable([*page.items, *page.history])
                assert TOKEN not in kept([page])
                assert any(item.id == f"{ME}/statuses/1" for item in page.items)
