"""The page of a conversation as it was by an earlier moment: what was held, how it stood, and when it was captured last."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from clerk import people
from clerk.users import create_user
from tests.fixtures.clerk import PASSWORD, log_in
from tests.servers.test_clerk_pages import text_of
from tests.servers.test_clerk_threads import opened

if TYPE_CHECKING:
    import httpx

    from tests.fixtures.clerk import City
    from tests.fixtures.records import AccountRow


def test_a_day_before_shows_what_was_held_then(module_city: City) -> None:
    """The first night: the post in its first words, the comments not there yet and counted, and when it was captured last."""
    client = module_city.signed_in()
    for name in ("post", "question"):
        page = opened(client, module_city, name, by="2026-05-02")
        seen = text_of(page.text)
        assert "This conversation as last captured by 2 May 2026, 23:59 PDT" in seen
        assert (
            "The last capture before then ended 2 May 2026, 12:05 PDT (comments of bluesky:city.example.gov)." in seen
        )
        assert "Whether it read this conversation is not on record" in seen
        assert "repaired on Monday" in seen
        assert "Thursday" not in seen
        assert "1 record captured by then. 8 records captured later are not shown." in seen
        assert "No replies were held by then." in seen
        assert "Present by what was captured until then" in seen
        assert ("which was captured later and is not shown" in seen) is (name == "question")
    later = text_of(opened(client, module_city, "post", by="2026-05-03T02:10").text)
    assert "as last captured by 3 May 2026, 02:10 PDT" in later
    assert "Thursday" in later
    assert "8 replies" in later
    before = opened(client, module_city, "post", by="2026-05-02", time="12:04")
    assert "The record at the top is one that the archive did not hold by then" in text_of(before.text)
    assert "No capture of what this conversation stands in had ended before then." in text_of(before.text)
    assert "Whether it read" not in text_of(before.text)
    assert "9 records captured later are not shown" in text_of(before.text)


def _captured(
    city: City,
    stream: str,
    mode: str,
    at: str,
    run: str = "other",
    outcome: str = "complete",
    of: AccountRow | None = None,
) -> None:
    """A capture of a stream of the city's account, or of another, ended at a time in UTC."""
    account = (of or city.account).id
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text("""
                insert into streams (account_id, kind) values (:account, :stream) on conflict do nothing
            """),
            {"account": account, "stream": stream},
        )
        connection.execute(
            sa.text("""
                insert into captures (public_id, stream_id, run_id, mode, fence, started_at, finished_at, outcome)
                select gen_random_uuid(), id, :run, :mode, 9, cast(:at as timestamptz), cast(:at as timestamptz), :outcome
                from streams where account_id = :account and kind = :stream
            """),
            {"account": account, "stream": stream, "mode": mode, "at": at, "run": run, "outcome": outcome},
        )


def _said_of_the_last(client: httpx.Client, city: City, by: str, name: str = "post") -> str:
    """What the head of the page says of the last capture before a moment."""
    found = re.search(
        r"(The last capture .*|No capture .*) What the platform showed", text_of(opened(client, city, name, by=by).text)
    )
    assert found
    return found[1]


def test_the_capture_that_is_named_last_is_one_that_could_have_read_the_conversation(city: City) -> None:
    """No light pass, none of another thread alone, none of other streams; whole ones on request and partial ones are named so."""
    client = city.signed_in()
    first = "The last capture before then ended 2 May 2026, 12:05 PDT (comments of bluesky:city.example.gov)."
    _captured(city, "comments", "light", "2026-05-02 20:00Z")
    _captured(city, "comments", "now", "2026-05-02 20:10Z", run="one thread")
    _captured(city, "posts", "now", "2026-05-02 20:11Z", run="one thread")
    _captured(city, "posts", "nightly", "2026-05-02 21:00Z")
    assert _said_of_the_last(client, city, "2026-05-02").startswith(first)
    _captured(city, "profile", "now", "2026-05-02 22:00Z", run="whole")
    _captured(city, "comments", "now", "2026-05-02 22:05Z", run="whole", outcome="partial")
    assert _said_of_the_last(client, city, "2026-05-02").startswith(
        first.replace("12:05", "15:05")
        + " Parts of it could not be read. Whether it read this conversation is not on record"
    )


@pytest.mark.parametrize("streams", [("posts",), ("posts", "comments")])
def test_a_capture_of_a_feed_on_request_is_one_of_the_whole_feed(city: City, streams: tuple[str, ...]) -> None:
    """A feed has no profile to begin with, and with or without comments it is read from its entries on."""
    feed = city.searchable.records.account("news", platform="rss", platform_id="news", streams=("posts",))
    city.items["entry"] = city.searchable.records.item(feed, "Roadworks on Elm Avenue")
    for number, stream in enumerate(streams):
        _captured(city, stream, "now", f"2026-05-02 22:0{number}Z", run="asked for", of=feed)
    assert _said_of_the_last(city.signed_in(), city, "2026-05-02", "entry").startswith(
        f"The last capture before then ended 2 May 2026, 15:0{len(streams) - 1} PDT ({streams[-1]} of rss:news)."
    )


def test_when_the_conversation_itself_was_read_is_said_as_far_as_it_is_on_record(city: City) -> None:
    """The last time is kept: by a later moment it is that one. Before it, what was counted anew says that it was read then."""
    client = city.signed_in()
    _captured(city, "comments", "nightly", "2026-05-20 10:00Z")
    by_then = _said_of_the_last(client, city, "2026-05-20")
    assert "ended 20 May 2026, 03:00 PDT" in by_then
    assert by_then.endswith("The comments below its first record were last read to their end 3 May 2026, 02:10 PDT.")
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update sub_cursors set last_read_at = timestamptz '2026-06-01 10:00Z'"))
    assert _said_of_the_last(client, city, "2026-05-20").endswith(
        "The comments below its first record were read to their end 3 May 2026, 02:10 PDT; whether again before then is not on "
        "record."
    )
    assert "is not on record: a capture reads what is new" in _said_of_the_last(client, city, "2026-05-02")


def test_a_conversation_that_an_account_is_only_named_in_is_told_by_what_named_it(city: City) -> None:
    """Neither that account's comments nor the posts that it publishes say when somebody else's thread was captured."""
    records = city.searchable.records
    records.now = lambda: dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
    other = records.account(
        "library.example.gov", platform_id="did:plc:library", streams=("mentions", "comments", "posts")
    )
    city.items["named"] = records.item(other, "@library.example.gov is closed again", stream="mentions")
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "update captures c set outcome = 'complete', finished_at = timestamptz '2026-05-05 10:00Z' "
                "+ s.id * interval '1 minute' from streams s where s.id = c.stream_id and s.account_id = :id"
            ),
            {"id": other.id},
        )
    assert "(mentions of bluesky:library.example.gov)" in _said_of_the_last(
        city.signed_in(), city, "2026-05-06", "named"
    )


def test_a_state_is_as_it_was_noticed_by_then(city: City) -> None:
    """Hidden on one night and shown again on another: at each moment what was known, and its own page knows all of it."""
    records = city.searchable.records
    with city.archive.engine.connect() as connection:
        shown, hidden = connection.execute(sa.text("select now() - interval '2 days', now() - interval '1 day'")).one()
    records.now = lambda: shown
    city.items["blinking"] = records.item(city.parks, "Now you see me")
    for state, at in (("hidden", shown.replace(hour=12)), ("present", hidden.replace(hour=23, minute=1))):
        records.now = lambda at=at: at
        records.state(city.parks, city.items["blinking"], state)
    client = city.signed_in()
    zone = city.archive.settings.zone

    def badge(moment: object) -> str:
        by = moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")  # type: ignore[attr-defined] # a datetime
        found = re.search(r'class="badge (\w+)"', opened(client, city, "blinking", by=by).text)
        return found[1] if found else "not there"

    assert badge(shown.replace(hour=12)) == "hidden"
    assert badge(hidden.replace(hour=23, minute=0)) == "hidden"
    assert badge(hidden.replace(hour=23, minute=1)) == "present"


@pytest.mark.parametrize(
    ("by", "clock", "sentence"),
    [
        ("2026-02-30", "", "is no day and time"),
        ("", "02:10", "A time needs its day"),
        ("2199-01-01", "", "knows nothing of the year 2199"),
        ("\u0000", "", "is no day and time"),
    ],
)
def test_a_mistaken_moment_is_said_and_today_shown(module_city: City, by: str, clock: str, sentence: str) -> None:
    """What is no moment is answered in words, with what was typed in its field and the conversation as it is."""
    page = opened(module_city.signed_in(), module_city, "post", by=by, time=clock)
    assert page.status_code == 400
    assert sentence in text_of(page.text)
    assert "Thursday" in page.text
    assert f'name="time" type="time" value="{clock}"' in page.text


def test_the_days_of_new_captures_lead_to_the_conversation_then(module_city: City) -> None:
    """Each day on which something new came has a link, and says what came."""
    page = opened(module_city.signed_in(), module_city, "post").text
    assert "By 3 May 2026: 8 new records, 1 new version" in text_of(page)
    assert f'href="/threads/{module_city.public_id("post")}?by=2026-05-02"' in page


def test_how_a_record_stood_is_by_what_is_seen_of_it(city: City) -> None:
    """Who is limited to a department is told, in the sum and beside the record alike, what its own capture found."""
    records, engine = city.searchable.records, city.archive.engine
    now = city.archive.now()
    records.now = lambda: now - dt.timedelta(days=3)
    city.items["shared"] = records.item(city.parks, "Seen by both")
    records.see(city.account, city.items["shared"])
    records.now = lambda: now - dt.timedelta(days=2)
    records.state(city.parks, city.items["shared"], "hidden")
    records.state(city.account, city.items["shared"], "present")
    create_user(engine, "ranger", PASSWORD, "clerk")
    people.set_departments(engine, "ranger", ["Parks and Recreation"])
    ranger = city.client()
    assert log_in(ranger, "ranger").status_code == 303
    by = (now - dt.timedelta(days=1)).astimezone(city.archive.settings.zone).date().isoformat()
    for client, state in ((ranger, "hidden"), (city.signed_in(), "present")):
        page = opened(client, city, "shared", by=by).text
        assert re.findall(r'class="badge (\w+)"', page) == [state]
        assert ("1 record captured by then, 1 hidden." in text_of(page)) is (state == "hidden")
