"""A hit in its native context: what it answers, below which post, how many answer it, what is attached, which version matched."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.thumbnails import run
from tests.fixtures.records import Attachment
from tests.servers.test_clerk_media import keep
from tests.servers.test_clerk_pages import text_of

if TYPE_CHECKING:
    import uuid

    from tests.fixtures.clerk import City


def hit_of(page: str, public_id: uuid.UUID) -> str:
    """The part of a page of results that is about one record."""
    (found,) = [each for each in re.split(r"(?=<article>)", page) if f'<h3><a href="/items/{public_id}"' in each]
    return found.partition("</article>")[0]


def test_a_hit_says_what_it_answers_and_below_which_post(module_city: City) -> None:
    """The line above it names whom it answers and how that begins; the post at the top is named where it is another."""
    client = module_city.signed_in()
    page = client.get("/", params={"q": "school OR kids OR ashamed OR orphan OR week"}).text
    answer = text_of(hit_of(page, module_city.public_id("answer")))
    assert "In the conversation below the post by Carson Grove Public Works: Pothole on Main Street will be" in answer
    assert "In answer to the comment by Rosa Delgado: Is the pothole near the school included?" in answer
    assert "1 reply" in answer
    question = text_of(hit_of(page, module_city.public_id("question")))
    assert "In answer to the post by Carson Grove Public Works" in question
    assert "In the conversation below" not in question
    orphan = text_of(hit_of(page, module_city.public_id("orphan")))
    assert "In answer to something that the archive does not hold or does not show you" in orphan
    assert "In the conversation below the post by Carson Grove" in orphan
    for name in ("answer", "question", "orphan"):
        public_id = module_city.public_id(name)
        assert f'href="/threads/{public_id}#r-{public_id}"' in hit_of(page, public_id)
    dense = client.get("/", params={"q": "school", "dense": "1"}).text
    assert "In answer to" not in dense
    assert "In its conversation" in dense


def test_a_post_says_how_many_stand_below_it_and_which_version_matched(city: City) -> None:
    """All of its conversation is counted; the words are said to be of an earlier version, or of the present one of several."""
    run.make_waiting(city.archive)
    client = city.signed_in()
    earlier = hit_of(client.get("/", params={"q": '"on Monday"'}).text, city.public_id("post"))
    assert "8 replies" in text_of(earlier)
    assert "The words were found in version 1 of 2; this text was later changed." in earlier
    now = hit_of(client.get("/", params={"q": '"on Thursday"'}).text, city.public_id("post"))
    assert "The words were found in version 2 of 2, the present one." in now
    street = city.media["street"]
    assert f'<a href="/media/{street}/view?of={city.public_id("post")}"><img src="/media/{street}/small"' in now
    assert 'alt="A barrier across Main Street"' in now
    assert "The video is not kept: the platform answered 410 Gone." in text_of(now)
    alone = hit_of(client.get("/", params={"q": "pool hours"}).text, city.public_id("undated"))
    assert "In its conversation" not in alone
    assert "repl" not in text_of(alone)


def test_that_a_text_was_changed_is_said_where_it_was(city: City) -> None:
    """Not where an earlier version says the same (its picture was another), or a later one is not the present one."""
    records = city.searchable.records
    records.now = lambda: dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
    item = city.items["described"] = records.item(
        city.parks, "Fountain", media=[Attachment("fountain", "a marble heron")]
    )
    records.edit(city.parks, item, "Fountain", media=[Attachment("bronze", "a bronze heron")])
    city.items["put back"] = records.item(city.parks, "The slide is green")
    records.edit(city.parks, city.items["put back"], "The slide is mauve")
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "update items i set current_version_id = v.id from versions v "
                "where v.item_id = i.id and v.number = 1 and i.id = :id"
            ),
            {"id": city.items["put back"]},
        )
    city.searchable.drain()
    client = city.signed_in()
    alike = hit_of(client.get("/", params={"q": "marble"}).text, city.public_id("described"))
    assert "version 1 of 2, which is not the present one; both have the same text." in alike
    assert "later changed" not in alike
    another = hit_of(client.get("/", params={"q": "mauve"}).text, city.public_id("put back"))
    assert "The words were found in version 2 of 2, which is not the present one." in another
    assert "later changed" not in another


def test_a_picture_without_a_description_says_so(city: City) -> None:
    """What was attached without an alternative text is said to be; of many the first are shown, the others counted."""
    item = city.items["six"] = city.searchable.records.item(
        city.parks, "six pictures", media=[Attachment(f"six {number}") for number in range(6)]
    )
    keep(city, "six 0", b"\x89PNG\r\n\x1a\n" + b"0" * 20, "image/png")
    city.searchable.drain()
    found = hit_of(city.signed_in().get("/", params={"q": "six pictures"}).text, city.public_id("six"))
    assert item
    assert "no alternative text was given" in text_of(found)
    assert "2 more attachments" in text_of(found)


def test_a_page_of_results_takes_as_many_statements_for_many_hits_as_for_few(city: City) -> None:
    """However many hits a page has, what stands around them is read at once."""
    for number in range(40):
        city.searchable.records.item(
            city.account, f"zebra crossing {number}", kind="comment", stream="comments",
            parent_id=f"at://comments/{'question' if number % 2 else 'gone'}",
            root_id="at://did:plc:cityofexample/app.bsky.feed.post/root", platform_id=f"at://zebra/{number}",
        )  # fmt: skip
    city.searchable.drain()
    client = city.signed_in()
    counts = []
    for typed, hits in (("kids", 1), ("zebra", 40)):
        told: list[str] = []

        def note(*arguments: object, told: list[str] = told) -> None:
            told.append(str(arguments[2]))

        sa.event.listen(city.archive.engine, "before_cursor_execute", note)
        page = client.get("/", params={"q": typed, "size": "50"}).text
        sa.event.remove(city.archive.engine, "before_cursor_execute", note)
        assert page.count('class="context">In answer to') == hits
        counts.append(len(told))
    assert (
        counts[1] - counts[0] == 1
    )  # who took away what some of them answer is asked for once, and only where there is any
