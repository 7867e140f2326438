"""The main job on real parts: a real Bluesky network, exported by the real DAG in a real Airflow, kept in Postgres, indexed
in Elasticsearch, found by a clerk in Chromium.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.archive import Archive
from archiver.blobs import BlobStore
from archiver.settings import Settings
from clerk.serve import running
from clerk.users import create_user
from search.indexer import drain
from search.query import SearchRequest, search
from tests.fixtures.clerk import picture
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from tests.fixtures.airflow import TestAirflow
    from tests.fixtures.bluesky_network import BlueskyNetwork
    from tests.fixtures.bluesky_user import BlueskyUser, Post
    from tests.fixtures.chromium import PageMaker

NAME, PASSWORD = "clerk.of.the.test", "a long enough password 7"


@dataclasses.dataclass
class Story:
    """What happened on the network, and the names of those it happened to."""

    city: BlueskyUser
    resident: BlueskyUser
    notice: Post
    mistake: Post
    corrected: Post
    mapped: Post
    question: Post
    answer: Post
    picture: bytes


@pytest.fixture(scope="module")
def story(bluesky_network: BlueskyNetwork) -> Story:
    """A city and a resident; posts, replies, a picture."""
    city, resident = bluesky_network.create_account("city"), bluesky_network.create_account("ann")
    notice = city.post(
        "Elm Street is closed for pothole repair until Friday. #ElmStreet", created_at="2026-11-02T17:30:00Z"
    )
    drawn = picture()
    mapped = city.post("Map of the closure", images=[(drawn, "image/png", "Map: Elm Street closed at 1st Avenue")])
    corrected = city.post("The budget meeting is on Tuesday at six.")
    mistake = city.post("Posted by mistake: xyzzyq")
    question = resident.post("Will the potholes on Oak be fixed too? \U0001f6a7", reply_to=notice)
    answer = city.post("Yes, Oak is next.", reply_to=question)
    for each in (notice, mapped, corrected, mistake, question, answer):
        bluesky_network.wait_until_seen(each.uri)
    return Story(city, resident, notice, mistake, corrected, mapped, question, answer, drawn)


@pytest.fixture(scope="module")
def exported(airflow: TestAirflow, bluesky_network: BlueskyNetwork, story: Story) -> Iterator[str]:
    """Two nights: the DAG runs, then the city edits and deletes, then the DAG runs again. Gives the account's name."""
    airflow.allow(bluesky_network.plc_url, bluesky_network.pds_url, bluesky_network.appview_url)
    name = f"bluesky:{story.city.handle}"
    settings = {"plc_url": bluesky_network.plc_url, "appview_url": bluesky_network.appview_url}
    airflow.register([{"account": name, "department": "Public Works", "settings": settings}])
    _, run, tasks = airflow.export([name])
    assert run["state"] == "success", [(task["task_id"], task["state"]) for task in tasks]
    assert name in {task["rendered_map_index"] for task in tasks}
    edited = story.city.overwrite(story.corrected.uri, "The budget meeting is on Wednesday at seven.")
    story.city.delete(story.mistake.uri)
    bluesky_network.wait_until_seen(story.corrected.uri, cid=edited.cid)
    bluesky_network.wait_until_gone(story.mistake.uri)
    _, run, tasks = airflow.export([name])
    assert run["state"] == "success", [(task["task_id"], task["state"]) for task in tasks]
    yield name
    airflow.close_accounts()


@pytest.fixture(scope="module")
def address(airflow: TestAirflow, es_client: Elasticsearch, exported: str) -> Iterator[str]:
    """The clerk's pages over what was exported."""
    assert exported
    drain(airflow.engine, es_client, airflow.index)
    home = airflow.home
    archive = Archive(
        airflow.engine, Settings(index_name=airflow.index), BlobStore(str(home / "blobs")), home / "spool"
    )
    create_user(airflow.engine, NAME, PASSWORD)
    with running(archive, es_client, index=airflow.index) as url:
        yield url


def versions(airflow: TestAirflow, post: Post) -> list[str]:
    """What an item said, in order."""
    with airflow.engine.connect() as connection:
        return list(
            connection.scalars(
                sa.text(
                    "select v.text from versions v join items i on i.id = v.item_id "
                    "where i.platform_id = :id order by v.number"
                ),
                {"id": post.uri},
            )
        )


def state(airflow: TestAirflow, post: Post) -> str:
    """How an item was last found."""
    return str(airflow.scalar("select state from items where platform_id = :id", id=post.uri))


def test_the_dag_kept_posts_replies_edits_and_deletions(airflow: TestAirflow, exported: str, story: Story) -> None:
    """Postgres holds the posts, the resident's reply, both texts of the edited post, and the deleted post as not returned."""
    assert exported
    assert versions(airflow, story.notice) == ["Elm Street is closed for pothole repair until Friday. #ElmStreet"]
    assert versions(airflow, story.question) == ["Will the potholes on Oak be fixed too? \U0001f6a7"]
    assert versions(airflow, story.corrected) == [
        "The budget meeting is on Tuesday at six.",
        "The budget meeting is on Wednesday at seven.",
    ]
    assert (versions(airflow, story.mistake), state(airflow, story.mistake)) == (
        ["Posted by mistake: xyzzyq"],
        "not_returned",
    )
    assert state(airflow, story.answer) == "present"


def test_the_picture_is_kept_byte_for_byte(airflow: TestAirflow, exported: str, story: Story) -> None:
    """The blob store has the very bytes that the city uploaded, under their digest, with the description."""
    assert exported
    digest = hashlib.sha256(story.picture).digest()
    store = BlobStore(str(airflow.home / "blobs"))
    with store.open(store.key(digest)) as file:
        assert file.read() == story.picture
    alt = airflow.scalar(
        "select vm.alt_text from version_media vm join media m on m.id = vm.medium_id where m.sha256 = :digest",
        digest=digest,
    )
    assert alt == "Map: Elm Street closed at 1st Avenue"


def test_the_clerk_finds_the_post_in_chromium(address: str, browser_page: PageMaker, story: Story) -> None:
    """From the log-in to the post in its thread: found by its word, with the resident's reply and the edit's old text."""
    page = browser_page()
    page.goto(address)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("searchbox").fill("potholes elm")
    page.get_by_role("searchbox").press("Enter")
    assert page.locator("mark").count() >= 1
    page.get_by_role("article").filter(has_text="closed for").get_by_role("link").first.click()
    assert page.get_by_text("Will the potholes on Oak be fixed too?").count() >= 1
    assert story.city.handle in page.content()
    page.goto(address)
    page.get_by_role("searchbox").fill('"Tuesday at six"')
    page.get_by_role("searchbox").press("Enter")
    assert page.locator("mark").count() >= 1
    assert page.get_by_text("this text was later changed").count() == 1


def test_a_day_is_a_day_of_the_city(airflow: TestAirflow, es_client: Elasticsearch, exported: str) -> None:
    """The post of 2 November, half past nine in the morning in Los Angeles, is found by that day and no other."""
    assert exported
    drain(airflow.engine, es_client, airflow.index)
    for day, wanted in ((dt.date(2026, 11, 1), 0), (dt.date(2026, 11, 2), 1), (dt.date(2026, 11, 3), 0)):
        request = SearchRequest(zone=ZONE, text="elm friday", date_from=day, date_to=day)
        assert search(es_client, airflow.index, request).total == wanted, day
