"""Mastodon's accounts and manners: the profile, the token, limits and refusals, single lookups, and who is blocked."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import Item, State
from archiver.platforms.manners import Meaning
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.mastodon_manners import judge, usage
from tests.fixtures.hostile import body
from tests.fixtures.judged import JudgedSession
from tests.fixtures.mastodon import (
    BASE,
    CITY,
    GONE,
    HOST,
    ME,
    MINE,
    OPEN,
    PARKS,
    ROSA,
    THEIRS,
    TOKEN,
    listed,
    status,
    told,
    walked,
)
from tests.fixtures.sessions import Answer, ReplayError, account, exchange_of

if TYPE_CHECKING:
    from archiver.platforms.pages import AccountRef


@pytest.mark.parametrize(
    ("code", "error", "meaning"),
    [
        (401, "The access token is invalid", Meaning.TOKEN),
        (401, "The access token was revoked", Meaning.TOKEN),
        (401, "This API requires an authenticated user", Meaning.FORBIDDEN),
        (403, "This action is not allowed", Meaning.FORBIDDEN),
        (403, "This action is outside the authorized scopes", Meaning.FORBIDDEN),
        (403, "Your login is currently disabled", Meaning.TOKEN),
        (403, "Your login is currently pending approval", Meaning.TOKEN),
        (429, "Too many requests", Meaning.WAIT),
    ],
)
def test_each_refusal_has_its_meaning(code: int, error: str, meaning: Meaning) -> None:
    """A dead token is no deletion, and one thing that may not be read is no dead token; in the instance's words."""
    verdict = judge(exchange_of(f"{BASE}/api/v1/x", Answer(body({"error": error}), code)))
    assert verdict is not None
    assert verdict.meaning is meaning
    assert error in verdict.words


def test_what_others_answer_is_https() -> None:
    """404, 410, 422 and 500 are left to HTTP, and so is whatever a page elsewhere answers."""
    for code in (200, 404, 410, 422, 500, 503):
        assert judge(exchange_of(f"{BASE}/api/v1/x", Answer(body({"error": "x"}), code))) is None
    assert judge(exchange_of("https://neighbors.example/users/rosa", Answer(body({"error": "x"}), 401))) is None
    for raw in (b"", b"<html>", b"[]", body({"error": {"deep": 1}}), body({"error": None})):
        assert judge(exchange_of(f"{BASE}/api/v1/x", Answer(raw, 403))) is not None


def test_limits_are_told_by_headers() -> None:
    """300 in five minutes; the reset is a time, with any decimals; one that is over by our clock is waited for in our way."""
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    for reset, seconds in (
        ("2026-03-02T09:32:00.362203Z", 120.362203), ("2026-03-02T09:29:00Z", None), ("soon", None), ("", None)
    ):  # fmt: skip
        headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))
        exchange = exchange_of(f"{BASE}/api/v1/x", Answer(body({"error": "Too many requests"}), 429, headers))
        verdict = judge(exchange)
        assert verdict is not None
        assert verdict.seconds == seconds
        (told_of,) = usage(exchange)
        assert told_of.remaining == 0
        if seconds is not None:
            assert told_of.resets_at == now + timedelta(seconds=seconds)
    for remaining in ("", "many", "-1", "٣", "9" * 5_000, "1.5"):
        assert (
            usage(exchange_of(f"{BASE}/api/v1/x", Answer(b"[]", headers=(("X-RateLimit-Remaining", remaining),)))) == ()
        )
    assert (
        usage(exchange_of("https://elsewhere.example/x", Answer(b"", headers=(("X-RateLimit-Remaining", "5"),)))) == ()
    )
    (draw,) = Mastodon().draws(CITY, "GET", f"{BASE}/api/v1/x")
    assert (draw.units, draw.budget.units) == (1, 300)
    assert Mastodon().draws(CITY, "GET", "https://files/1.png") == ()


def test_the_account_is_asked_for_by_its_number_where_its_identity_holds_it() -> None:
    """A name of digits in an identity of the older form is no number: the name is looked up then."""
    number = JudgedSession(Mastodon(), told(PARKS))
    assert Mastodon().status(number, CITY).state is State.PRESENT
    assert number.asked[0].url == f"{BASE}/api/v1/accounts/1001"
    for identity in (f"{BASE}/users/parks", f"{BASE}/users/1984", "https://other.example/ap/users/1001"):
        session = JudgedSession(Mastodon(), told({**PARKS, "uri": identity}))
        asking = account("mastodon", identity, f"1984@{HOST}")
        assert Mastodon().status(session, asking).platform_id == identity
        assert (session.asked[0].url, session.asked[0].params) == (f"{BASE}/api/v1/accounts/lookup", {"acct": "1984"})


def test_an_accounts_profile_is_read_with_what_was_said_of_it() -> None:
    """Note with its links, fields, pictures but for the empty ones, counts; suspended, moved and gone are what they are."""
    whole = {
        **PARKS, "note": '<p>All <a href="https://riverbend.example">parks</a></p>', "created_at": "2023-01-01T00:00:00.000Z",
        "fields": [{"name": "Web", "value": '<a href="https://riverbend.example">riverbend.example</a>'}], "bot": False,
        "avatar": "https://files/a.png", "header": "https://files/headers/original/missing.png", "followers_count": 7,
        "statuses_count": 9, "locked": True,
    }  # fmt: skip
    shown = Mastodon().status(JudgedSession(Mastodon(), told(whole)), CITY)
    profile = shown.profile
    assert profile is not None
    assert (profile.text, profile.links) == ("All parks (https://riverbend.example)", ("https://riverbend.example",))
    assert profile.evidence == {"fields": [{"name": "Web", "value": "riverbend.example"}], "bot": False, "locked": True}
    assert [medium.url for medium in profile.media] == ["https://files/a.png"]
    assert [(count.of, count.platform) for count in shown.counts] == [("posts", 9)]
    assert (shown.handle, shown.namespace, shown.settings) == (f"parks@{HOST}", HOST, {"account_id": "1001"})
    for more, state, words in (
        ({"suspended": True}, State.HIDDEN, "suspended"),
        ({"moved": {"url": "https://new.example/@parks"}}, State.PRESENT, "moved to https://new.example/@parks"),
    ):
        told_of = Mastodon().status(JudgedSession(Mastodon(), told({**whole, **more})), CITY)
        assert told_of.state is state
        assert words in told_of.words


def test_an_account_that_is_not_there_is_gone_or_suspended_as_the_instance_says() -> None:
    """404 or 410, the latter for what was suspended; one that never was is an error of the register."""
    for code, state in ((404, State.GONE_CONFIRMED), (410, State.HIDDEN)):
        answer = Answer(body({"error": "x"}), code)
        assert Mastodon().status(JudgedSession(Mastodon(), answer), CITY).state is state
        (lookup,) = Mastodon().lookup(JudgedSession(Mastodon(), answer), CITY, [ME])
        assert lookup.state is state
        with pytest.raises(NoSuchHandleError, match=f"answers {code}"):
            Mastodon().status(JudgedSession(Mastodon(), answer), dataclasses.replace(CITY, platform_id=None))
    with pytest.raises(NoSuchHandleError, match="mastodon:user@instance"):
        Mastodon().status(JudgedSession(Mastodon()), account("mastodon", "x", "parks"))


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"id": "1"},
        {**PARKS, "id": None},
        {**PARKS, "fields": 7},
        {**PARKS, "note": []},
        {**PARKS, "url": 5, "uri": None},
    ],
)
def test_what_is_no_account_is_named(broken: dict[str, Any]) -> None:
    """An error with the answer; and so is where the statuses of such an account are asked for."""
    with pytest.raises(UnreadableAnswerError, match="no account"):
        Mastodon().status(JudgedSession(Mastodon(), told(broken)), CITY)


def test_the_statuses_are_asked_for_by_the_number_of_this_account_alone() -> None:
    """Where it was not found before in this run it is looked up; a name that is another account's now is an error."""
    unknown = account("mastodon", f"{BASE}/users/parks", f"parks@{HOST}")
    pages, session = walked(told({**PARKS, "uri": f"{BASE}/users/parks"}), listed(status(9)), whose=unknown)
    assert (len(pages), session.asked[1].url) == (1, f"{BASE}/api/v1/accounts/1001/statuses")
    with pytest.raises(NoSuchHandleError, match="belongs to another account now"):
        walked(told(PARKS), whose=unknown)
    with pytest.raises(NoSuchHandleError, match="no account of this name"):
        walked(GONE, whose=unknown)
    with pytest.raises(UnreadableAnswerError, match="no account"):
        walked(told({"id": "1"}), whose=unknown)


def test_single_statuses_are_looked_up() -> None:
    """Those of the instance by their number; those from elsewhere by a search, and then at their own address."""
    remote = "https://neighbors.example/users/rosa/statuses/77"
    here = {**status(91), "uri": f"{ME}/statuses/91"}
    nothing = told({"statuses": []})

    def looked_up(
        *answers: Answer, uri: str = remote, whose: AccountRef = CITY
    ) -> tuple[State | None, Item | None, list[str]]:
        session = JudgedSession(Mastodon(), *answers)
        (found,) = Mastodon().lookup(session, whose, [uri])
        return found.state, found.item, [asked.url for asked in session.asked]

    state, item, asked = looked_up(told(here), uri=f"{ME}/statuses/91")
    assert (state, asked) == (State.PRESENT, [f"{BASE}/api/v1/statuses/91"])
    assert item is not None
    assert looked_up(GONE, uri=f"{ME}/statuses/91")[0] is State.GONE_CONFIRMED
    assert looked_up(told({"id": "91"}), uri=f"{ME}/statuses/91")[:2] == (State.PRESENT, None)
    assert looked_up(told({"statuses": [status(77, ROSA)]}))[0] is State.PRESENT
    for answer, state in (
        (Answer(b"", 404), State.GONE_CONFIRMED), (Answer(b"", 410), State.GONE_CONFIRMED), (Answer(b"{}"), State.HIDDEN),
        (Answer(b"", 401), None), (Answer(b"", 403), None), (Answer(b"", 500), None),
    ):  # fmt: skip
        found = looked_up(nothing, answer)
        assert (found[0], found[2]) == (state, [f"{BASE}/api/v2/search", remote])
        # Without a token the instance is not asked, and hides nothing as far as anybody knows.
        alone = State.PRESENT if state is State.HIDDEN else state
        assert (looked_up(answer, whose=OPEN)[0], looked_up(answer, whose=OPEN)[2]) == (alone, [remote])


def test_a_status_elsewhere_is_asked_for_without_our_token() -> None:
    """Our log-in is for the account's own instance alone."""
    session = JudgedSession(Mastodon(), told({"statuses": []}), Answer(b"{}"))
    list(Mastodon().lookup(session, CITY, ["https://neighbors.example/users/rosa/statuses/77"]))
    assert session.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in session.asked[1].headers


def test_who_is_blocked_is_read_whole_or_not_at_all() -> None:
    """Over pages; an entry that is no account is an error, since a list is a snapshot."""
    session = JudgedSession(Mastodon(), listed(ROSA, max_id=5), listed(PARKS))
    pages = list(Mastodon().members(session, CITY, "blocked"))
    assert [page.members for page in pages] == [[THEIRS], [MINE]]
    assert [(asked.url, asked.params.get("max_id")) for asked in session.asked] == [
        (f"{BASE}/api/v1/blocks", None), (f"{BASE}/api/v1/blocks", "5")
    ]  # fmt: skip
    session = JudgedSession(Mastodon(), listed(ROSA))
    list(Mastodon().members(session, CITY, "followers"))
    assert session.asked[0].url == f"{BASE}/api/v1/accounts/1001/followers"
    for broken in (7, {}, {"uri": 5}):
        with pytest.raises(UnreadableAnswerError, match="no account"):
            list(Mastodon().members(JudgedSession(Mastodon(), listed(ROSA, broken)), CITY, "blocked"))


def test_the_tokens_health_names_what_it_lacks() -> None:
    """`read` holds all that begins with it; an older instance tells no scopes, and lacks none."""
    whose = told(PARKS)
    for scopes, missing in (
        (["read"], ()), (["read:accounts", "read:statuses", "read:search"], ("read:notifications",)), (7, ()), (None, ())
    ):  # fmt: skip
        health = Mastodon().token(JudgedSession(Mastodon(), whose, told({"name": "app", "scopes": scopes})), CITY)
        assert health is not None
        assert (health.alive, health.missing) == (True, missing)
        assert "parks" in health.words
    assert Mastodon().token(JudgedSession(Mastodon()), OPEN) is None
    with pytest.raises(ReplayError):
        Mastodon().token(JudgedSession(Mastodon(), Answer(body({"error": "The access token is invalid"}), 401)), CITY)
