"""The page of a whole conversation: all of it as a tree, what is marked, what was changed, and as it was by an earlier moment."""

from __future__ import annotations

import datetime as dt
import html
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from clerk.grants import What, give
from tests.fixtures.clerk import NAME
from tests.fixtures.records import Attachment
from tests.servers.test_clerk_pages import Elements, text_of

if TYPE_CHECKING:
    import httpx

    from tests.fixtures.clerk import City

HUGE = 20_000
ROOT = "at://did:plc:cityofexample/app.bsky.feed.post/root"


def opened(client: httpx.Client, city: City, name: str, **params: str | int) -> httpx.Response:
    """The conversation of a record by its name here."""
    return client.get(f"/threads/{city.public_id(name)}", params=params)


@pytest.mark.parametrize("name", ["post", "answer", "hidden", "orphan"])
def test_a_conversation_is_whole_from_any_of_its_records(module_city: City, name: str) -> None:
    """From its first record on, each once, each in its state, and the one that was come from is marked and in the open."""
    page = opened(module_city.signed_in(), module_city, name)
    seen = text_of(page.text)
    assert "9 records, 1 confirmed gone, 1 hidden, 1 not seen any more, 1 changed." in seen
    for text in (
        "Elm Avenue instead", "near the school included?", "school to 3rd Avenue", "kids walk", "Waste of money",
        "Third pothole", "be ashamed", "I said the same", "alert(1)",
    ):  # fmt: skip
        assert seen.count(text) == 1 if text != "Elm Avenue instead" else text in seen
    assert "unknown unless the platform or a moderator said so" in seen
    ids = [attributes["id"] for _, attributes in Elements(page.text).found if attributes.get("id", "").startswith("r-")]
    assert len(set(ids)) == len(ids)
    assert f"r-{module_city.public_id(name)}" in ids
    assert f'"#r-{module_city.public_id(name)}"' in page.text or name == "post"
    assert ("The record that you came from" in seen) is (name != "post")


def test_a_conversation_speaks_spanish_and_its_records_their_own_language(module_city: City) -> None:
    """To a browser that asks for it: how many there are and how they stand, now and then; what was written stays as it is."""
    client = module_city.signed_in()
    client.headers["accept-language"] = "es"
    page = opened(client, module_city, "hidden").text
    seen = text_of(page)
    assert '<html lang="es">' in page
    assert "9 registros, 1 con desaparici\u00f3n confirmada, 1 oculto, 1 que ya no se ve, 1 modificado." in seen
    assert "Usted lleg\u00f3 desde este registro: comentario de Max. Ir al lugar donde est\u00e1." in seen
    assert "You should all be ashamed." in seen
    assert "Qu\u00e9 se cambi\u00f3: 2 versiones (la publicaci\u00f3n de Carson Grove Public Works)" in seen
    then = text_of(opened(client, module_city, "post", by="2026-05-02").text)
    assert "1 registro capturado hasta entonces. No se muestran 8 registros capturados despu\u00e9s." in then
    refused = opened(client, module_city, "post", by="soon")
    assert refused.status_code == 400
    assert "\u201csoon \u201d no es un d\u00eda con su hora" in html.unescape(refused.text)


def test_what_was_changed_is_shown_word_by_word(module_city: City) -> None:
    """Each version of a changed record, with what came and what went."""
    page = opened(module_city.signed_in(), module_city, "question").text
    assert "<del>Monday</del><ins>Thursday</ins>" in page
    assert "What was changed: 2 versions" in text_of(page)


def _four_ways(city: City) -> None:
    """Replies whose text was changed, markup alone changed, description of a picture changed, and one that the platform calls
    edited.
    """
    add(city, "other text", ROOT, text="It is open")
    add(city, "other markup", ROOT, text=None, html="<p>It is <b>open</b></p>")
    add(city, "other picture", ROOT, media=[Attachment("p", "a heron")])
    add(city, "called edited", ROOT, edited_at=dt.datetime(2026, 5, 2, 19, tzinfo=dt.UTC))
    add(city, "same markup", ROOT, text=None, html="<p>It is open</p>")
    records = city.searchable.records
    records.now = lambda: dt.datetime(2026, 5, 20, 9, tzinfo=dt.UTC)
    for name, text, more in (
        ("other text", "It is closed", {}),
        ("other markup", None, {"html": "<p>It is shut</p>"}),
        ("same markup", None, {"html": "<p>It is <i>open</i></p>"}),
        ("other picture", "this is other picture", {"media": [Attachment("p2", "a grey heron")]}),
    ):
        records.edit(city.account, city.items[name], text, stream="comments", **more)


def test_what_is_called_changed_is_what_a_search_finds_as_edited(city: City) -> None:
    """In the head of a conversation, beside each record, and in the search; a change of something else is said to be that."""
    _four_ways(city)
    city.searchable.drain()
    client = city.signed_in()
    page = opened(client, city, "post")
    assert ", 4 changed, 2 changed, but not in their text." in text_of(page.text)
    found = client.get("/", params={"q": "state:edited"}).text
    edited = {name for name in city.items if f'<h3><a href="/items/{city.public_id(name)}"' in found}
    assert edited == {"post", "other text", "other markup", "called edited"}
    said = {
        "other text": "This text was changed: 2 versions",
        "other markup": "This text was changed: 2 versions",
        "same markup": "Changed, but not in its text: 2 versions",
        "other picture": "Changed, but not in its text: 2 versions",
        "called edited": "Edited, the platform says; no other text of it was captured",
    }
    for name, words in said.items():
        assert words in text_of(client.get(city.page_of(name)).text), name
        assert ("This text was changed" in client.get(city.page_of(name)).text) is (
            name in {"other text", "other markup"}
        )
    by_then = text_of(opened(client, city, "post", by="2026-05-03T02:10").text)
    assert ", 2 changed." in by_then, "the later versions are not applied"


def test_branches_with_something_in_them_are_open_and_others_closed(city: City) -> None:
    """A long branch is closed; as soon as something in it is hidden, changed or looked for it is open."""
    for number in range(20):
        city.items[f"long {number}"] = city.searchable.records.item(
            city.account, f"me too {number}", kind="comment", stream="comments", parent_id="at://comments/thanks",
            root_id=ROOT, platform_id=f"at://long/{number}",
        )  # fmt: skip
    client = city.signed_in()

    def is_open(name: str) -> bool:
        found = re.search(
            r"<details( open)?>\s*<summary>20 replies<span class=\"unseen\"> to Rosa", opened(client, city, name).text
        )
        assert found
        return found[1] is not None

    assert not is_open("post")
    assert is_open("long 7")
    city.searchable.records.state(city.account, city.items["long 3"], "hidden", "blocked", stream="comments")
    assert is_open("post")


def test_a_record_leads_to_its_conversation_and_it_is_audited(city: City) -> None:
    """The link on the record's page opens the conversation; who opened it, and as of when, is in the audit log."""
    client = city.signed_in()
    found = re.search(r'href="(/threads/[^"#]+)#r-', client.get(city.page_of("answer")).text)
    assert found
    assert client.get(found[1], params={"by": "2026-05-03"}).status_code == 200
    (row,) = city.audit("conversation opened")
    assert (row.actor, row.subject, row.detail) == (NAME, str(city.public_id("answer")), {"by": "2026-05-03"})
    assert client.get("/threads/018f0000-0000-7000-8000-000000000000").status_code == 404


def test_a_conversation_whose_first_record_is_not_held_is_shown_without_it(city: City) -> None:
    """Comments that name a root nobody captured are one conversation, and the page says that its top is missing."""
    item = city.searchable.records.item
    for name, parent in (("one", "at://never"), ("two", "at://lost/one")):
        city.items[name] = item(
            city.account, f"lost {name}", kind="comment", stream="comments", platform_id=f"at://lost/{name}",
            parent_id=parent, root_id="at://never",
        )  # fmt: skip
    for name in ("one", "two"):
        seen = text_of(opened(city.signed_in(), city, name).text)
        assert "The record at the top is one that the archive does not hold or does not show you." in seen
        assert "2 replies" in seen
        assert seen.index("lost one") < seen.index("lost two")


def shown(client: httpx.Client, city: City, name: str) -> set[str]:
    """The names of the records on the page of the conversation that one is part of."""
    page = opened(client, city, name)
    assert page.status_code == 200
    found = set(re.findall(r'href="/items/([0-9a-f-]{36})"', page.text))
    return {each for each in city.items if str(city.public_id(each)) in found}


def add(city: City, name: str, parent: str | None, root: str | None = None, **more: Any) -> None:
    """A record that the platform knows by its name here."""
    usual = {"text": f"this is {name}", "kind": "comment", "stream": "comments", "platform_id": f"at://{name}"}
    city.items[name] = city.searchable.records.item(city.account, **usual | more, parent_id=parent, root_id=root)


def test_replies_that_name_no_root_stand_beside_those_that_do(city: City) -> None:
    """What a download gives names only what it answers: it is in the tree, and counted, from wherever the page is opened."""
    add(city, "to the post", ROOT)
    add(city, "to a comment", "at://comments/question")
    add(city, "to that", "at://to a comment")
    add(city, "named again", "at://to that", ROOT)
    add(city, "to a lost one's answer", "at://comments/orphan")
    client = city.signed_in()
    for name in ("post", "answer", "to the post", "to that", "named again", "to a lost one's answer"):
        page = opened(client, city, name)
        assert "14 records" in text_of(page.text), name
        assert "13 replies" in text_of(page.text), name
        assert f'id="r-{city.public_id(name)}"' in page.text
    assert "13 replies held" in text_of(client.get(city.page_of("post")).text)
    below = text_of(client.get(city.page_of("to a comment")).text)
    assert "2 replies held" in below
    assert below.index("this is to that") < below.index("this is named again")


def test_an_answer_in_private_to_a_public_post_is_among_messages_only(city: City) -> None:
    """Whether the message names the post as its root or only answers it: its page has it, and what answers it in private."""
    for name, root in (("with a root", ROOT), ("without", None)):
        add(city, f"message {name}", ROOT, root, kind="message")
        add(city, f"answer {name}", f"at://message {name}", root, kind="message")
        add(city, f"public {name}", f"at://message {name}")
    give(city.archive.engine, NAME, What.MESSAGES, "request 2026-31", now=city.archive.now())
    client = city.signed_in()
    for name in ("with a root", "without"):
        both = {f"message {name}", f"answer {name}"}
        assert shown(client, city, f"message {name}") == both
        assert shown(client, city, f"answer {name}") == both
        assert shown(client, city, f"public {name}") == {f"public {name}"}
    assert "9 records" in text_of(opened(client, city, "post").text)
    assert "Elm Avenue instead" in client.get(city.page_of("message without")).text, "its own page says what it answers"


def test_replies_that_name_an_earlier_id_of_the_root_are_in_the_conversation(city: City) -> None:
    """However a post was called when it was answered, all of it is one conversation, from any of its records."""
    add(city, "top", None, kind="post", stream="posts")
    with city.archive.engine.begin() as connection:
        for alias in ("at://was", "at://was before"):
            connection.execute(
                sa.text("insert into item_aliases values ('bluesky', '', :alias, :id)"),
                {"alias": alias, "id": city.items["top"]},
            )
    add(city, "now", "at://top", "at://top")
    add(city, "once", "at://was", "at://was")
    add(city, "lost", "at://never", "at://was before")
    add(city, "to now", "at://now", "at://was")
    every = {"top", "now", "once", "lost", "to now"}
    client = city.signed_in()
    for name in sorted(every):
        assert shown(client, city, name) == every, name
        assert "4 replies" in text_of(opened(client, city, name).text)
    assert "4 replies held" in text_of(client.get(city.page_of("top")).text)


def test_a_record_whose_place_is_not_known_is_on_its_own_page(city: City) -> None:
    """Records that answer each other in a circle, of which one names a root that is held: each is there when it is opened."""
    add(city, "hen", "at://egg")
    add(city, "egg", "at://hen")
    add(city, "itself", "at://itself")
    add(city, "other root", "at://comments/question", "at://comments/thanks")
    client = city.signed_in()
    for name in ("hen", "egg", "itself", "other root"):
        assert name in shown(client, city, name)


def test_a_thread_of_twenty_thousand_is_a_page_at_a_time(city: City) -> None:
    """Each page is made in a bounded time, of a bounded size; a record far down is on the page that opens for it."""
    with city.archive.engine.begin() as connection:
        _many(connection, city)
        sought = connection.scalar(sa.text("select public_id from items where platform_id = 'at://many/15000'"))
    client = city.signed_in()
    began = time.monotonic()
    page = client.get(f"/threads/{sought}")
    took = time.monotonic() - began
    assert took < 30, f"{took:.1f} s: it takes one second on a machine that does nothing else"
    assert len(page.content) < 1_000_000
    assert f"{HUGE + 9:,} records" in text_of(page.text)
    assert f'id="r-{sought}"' in page.text
    assert page.text.count('id="r-') == 200
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following
    after = client.get(f"/threads/{sought}{html.unescape(following[1]).partition('#')[0]}")
    assert after.text.count('id="r-') == 200
    assert f'id="r-{sought}"' not in after.text
    then = client.get(f"/threads/{sought}", params={"by": "2026-05-02"})
    assert f"{HUGE + 8:,} records captured later are not shown" in text_of(then.text)


def _many(connection: sa.Connection, city: City) -> None:
    connection.execute(
        sa.text("""
            with made as (
                insert into items (public_id, platform, namespace, platform_id, kind, parent_id, root_id, created_at,
                                   first_seen_at)
                select gen_random_uuid(), 'bluesky', '', 'at://many/' || n, 'comment',
                       case when n % 3 = 0 then 'at://many/' || (n - 1) else :root end, :root,
                       timestamptz '2026-05-02 18:00Z' + n * interval '1 second', timestamptz '2026-05-03 09:10Z'
                from generate_series(1, :huge) n returning id, platform_id
            ), said as (
                insert into versions (public_id, item_id, number, source, capture_id, exchange_id, pointer, captured_at, text,
                                      fields, content_hash, commitment, commitment_scheme)
                select gen_random_uuid(), id, 1, 'api', :capture, :exchange, '', timestamptz '2026-05-03 09:10Z',
                       'one of many: ' || platform_id, '{}', '\\x00', '\\x00', 1 from made
            )
            insert into sightings (item_id, stream_id, first_seen_at, last_seen_at)
            select id, :stream, timestamptz '2026-05-03 09:10Z', timestamptz '2026-05-03 09:10Z' from made
        """),
        {
            "root": ROOT, "huge": HUGE, "capture": city.account.captures["comments"], "exchange": city.account.exchange,
            "stream": city.account.streams["comments"],
        },
    )  # fmt: skip
