"""Nights of the sample city, looked back on: what an earlier night is said to have been is what the archive held that night."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import sqlalchemy as sa

from archiver.database import repeatable_read
from archiver.records.shapes import load_shapes
from clerk.as_of import captured_by
from clerk.serve import running
from clerk.users import create_user
from samplecity.city import City
from samplecity.running import serve
from tests.fixtures.clerk import PASSWORD, log_in
from tests.servers.test_five_nights import export_all, night_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from elasticsearch import Elasticsearch

    from archiver.records.shapes import ItemShape
    from tests.fixtures.archives import ArchiveMaker, TestArchive

NIGHTS = 3
WHOSE = {"mayor", "publicworks", "police"}
"""Handles of the accounts whose nights have the most in them: a few are enough, and quicker."""
MOST_PAGES = 25


def everything(archive: TestArchive) -> dict[int, ItemShape]:
    """Every item as it is held now."""
    with repeatable_read(archive.engine) as connection:
        return load_shapes(connection, connection.scalars(sa.text("select id from items")))


def told(item: ItemShape) -> dict[str, Any]:
    """What of an item is told in time. Where it hangs, its counts and the bytes of its attachments are not, nor what the
    register calls an account today.
    """
    return {
        "versions": [
            (each.public_id, each.number, each.is_current, each.captured_at, each.text, each.fields, each.author)
            for each in item.versions
        ],
        "media": [[(each.public_id, each.alt_text) for each in version.media] for version in item.versions],
        "states": item.states,
        "seen": [(each.account_id, each.stream, each.state, each.first_seen_at) for each in item.sightings],
        "state": item.state,
        "created": (item.created_at, item.first_seen_at),
    }


def threads(archive: TestArchive) -> list[str]:
    """The first records of the conversations in which most was changed, hidden or removed, then the longest."""
    with archive.engine.connect() as connection:
        rows = connection.execute(
            sa.text("""
                select r.public_id from items r
                join items i on i.platform = r.platform and i.namespace = r.namespace
                 and (i.root_id = r.platform_id or i.id = r.id)
                where r.kind <> 'message' and r.root_id is null
                group by 1 order by count(*) filter (
                    where exists (select from versions v where v.item_id = i.id and v.number > 1)
                    or exists (select from states s where s.item_id = i.id)) desc, count(*) desc limit :most
            """),
            {"most": MOST_PAGES},
        )
        return [str(row.public_id) for row in rows.all()]


def said(page: str) -> dict[str, str]:
    """What a conversation's page shows of each record: the text that it says and the state that it is in, without times."""
    found = {}
    for article in re.split(r'(?=<li id="r-|<div class="quote)', page)[1:]:
        name = re.search(r'href="/items/([0-9a-f-]{36})"', article)
        text = re.search(r'<div class="said(?: text)?" dir="auto">(.*?)</div>', article, re.DOTALL)
        badge = re.search(r'<span class="badge (\w+)">', article)
        assert name
        assert badge
        found[name[1]] = f"{badge[1]}: {text[1] if text else ''}"
    return found


def read(client: httpx.Client, names: Iterable[str], by: str = "") -> dict[str, dict[str, str]]:
    """What the pages of conversations show."""
    pages = {name: client.get(f"/threads/{name}", params={"by": by} if by else {}) for name in names}
    return {name: said(page.text) for name, page in pages.items() if page.status_code == 200}


def test_an_earlier_night_is_what_was_held_that_night(make_archive: ArchiveMaker, es_client: Elasticsearch) -> None:
    """Item by item and page by page: versions, states and places of each night, however many nights have come since."""
    city = City.build()
    held: dict[int, dict[int, ItemShape]] = {}
    shown: dict[int, dict[str, dict[str, str]]] = {}
    ended: dict[int, dt.datetime] = {}
    with serve(city) as running_city:
        archive = make_archive(allowed_origins=running_city.url)
        archive.register(
            row for row in city.register_rows(running_city.url) if row["handle_or_id"].partition(".")[0] in WHOSE
        )
        create_user(archive.engine, "dana", PASSWORD)
        with running(archive.archive, es_client, index="none") as address:
            for night in range(1, NIGHTS + 1):
                running_city.at(night)
                archive.clock.set(night_of(city, night))
                export_all(archive)
                held[night], ended[night] = everything(archive), archive.archive.now()
                with httpx.Client(base_url=address, timeout=60) as client:
                    assert log_in(client, "dana").status_code == 303
                    names = threads(archive)
                    shown[night] = read(client, names)
            last = held[NIGHTS]
            changed = 0
            for night in range(1, NIGHTS + 1):
                then = {key: captured_by(item, ended[night]) for key, item in last.items()}
                assert {key for key, item in then.items() if item is not None} == set(held[night]), night
                for key, was in held[night].items():
                    item = then[key]
                    assert item is not None
                    assert told(item) == told(was), (night, was.platform_id)
                    changed += told(was) != told(last[key])
            assert changed > 20, "the nights must have brought changes"
            with httpx.Client(base_url=address, timeout=60) as client:
                assert log_in(client, "dana").status_code == 303
                for night in range(1, NIGHTS + 1):
                    day = ended[night].astimezone(archive.archive.settings.zone).date().isoformat()
                    again = read(client, shown[night], by=day)
                    assert again == shown[night], night
                differences = [name for name in shown[1] if read(client, [name])[name] != shown[1][name]]
    assert len(differences) > 3, "some conversation must have changed since the first night"
