"""Attachments by themselves: large, described, one after the other, played where that is safe."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.records.models import Medium
from clerk.security import HEADERS
from tests.fixtures.records import Attachment
from tests.servers.test_clerk_pages import text_of

if TYPE_CHECKING:
    import uuid

    from tests.fixtures.clerk import City

FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 4


def keep(city: City, name: str, data: bytes, content_type: str) -> uuid.UUID:
    """Keep the bytes of an attachment; gives its public id."""
    digest = hashlib.sha256(data).digest()
    path = city.archive.spool / name
    path.write_bytes(data)
    city.archive.blobs.put_file(path, digest)
    path.unlink()
    with city.archive.engine.begin() as connection:
        values = {"sha256": digest, "size": len(data), "state": "kept", "content_type": content_type}
        asked = sa.update(Medium).where(Medium.platform_id == name).values(**values).returning(Medium.public_id)
        return connection.execute(asked).scalar_one()


def test_the_attachments_of_a_record_follow_one_another(module_city: City) -> None:
    """From the record's picture by Next and Previous through all it has, each with its place and its description or that it has
    none.
    """
    client, of = module_city.signed_in(), module_city.public_id("post")
    street, plan, lost = (module_city.media[name] for name in ("street", "plan", "lost"))
    address = f"/media/{street}/view?of={of}"
    assert f'href="{address}"' in client.get(module_city.page_of("post")).text
    said = []
    for kind in ("Picture 1 of 3", "Picture 2 of 3", "Video 3 of 3"):
        page = client.get(address)
        said.append(text_of(page.text))
        assert f"<h1>{kind}</h1>" in page.text
        assert page.headers["content-security-policy"] == f"{HEADERS['Content-Security-Policy']}; media-src 'self'"
        found = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = found[1] if found else ""
    assert address == ""
    assert f'rel="prev" href="/media/{plan}/view?of={of}"' in page.text
    assert f'<img src="/media/{street}" alt="A barrier across Main Street">' in client.get(f"/media/{street}/view").text
    assert "Alternative text: A barrier across Main Street" in said[0]
    assert "Browsers do not show this kind of file" in said[1]
    assert "The video is not kept: the platform answered 410 Gone." in said[2]
    assert "No alternative text was given." in said[2]
    assert client.get(f"/media/{lost}").status_code == 404


def test_descriptions_that_were_changed_are_all_there(city: City) -> None:
    """A description of an earlier version is said with its version; what is attached no more is said to be of an earlier one."""
    records = city.searchable.records
    item = city.items["pool"] = records.item(city.parks, "The pool", media=[Attachment("pool")])
    medium = keep(city, "pool", b"\x89PNG\r\n\x1a\n" + b"0" * 20, "image/png")
    records.edit(city.parks, item, "The pool again")
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text("""
                insert into version_media (version_id, position, medium_id, alt_text)
                select v.id, 0, m.id, 'Children in a pool <b>' from versions v, media m
                where v.item_id = :item and v.number = 2 and m.platform_id = 'pool'
            """),
            {"item": item},
        )
    page = city.signed_in().get(f"/media/{medium}/view").text
    assert "No alternative text was given. In version 1." in text_of(page)
    assert "Alternative text: Children in a pool <b> In version 2." in text_of(page)
    assert 'alt="Children in a pool &lt;b&gt;"' in page
    records.edit(city.parks, item, "Without a picture")
    assert "In an earlier version only" in text_of(city.signed_in().get(f"/media/{medium}/view").text)


@pytest.mark.parametrize(("content_type", "plays"), [("video/mp4", True), ("video/webm", False), ("text/html", False)])
def test_a_film_is_played_where_its_bytes_are_one(city: City, content_type: str, *, plays: bool) -> None:
    """A film whose bytes are what it is said to be is served as one, in parts as players ask; anything else is a download."""
    city.searchable.records.item(city.parks, "A film", media=[Attachment("film", "A street", "video")])
    address = f"/media/{keep(city, 'film', FILM, content_type)}"
    client = city.signed_in()
    whole = client.get(address)
    assert whole.content == FILM
    assert whole.headers["content-type"] == (content_type if plays else "application/octet-stream")
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["content-security-policy"] == "sandbox; default-src 'none'"
    for asked, part in (("bytes=10-99", FILM[10:100]), ("bytes=1000-", FILM[1000:]), ("bytes=0-99999", FILM)):
        answer = client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == ((206, part) if plays else (200, FILM)), asked
    assert client.get(address, headers={"Range": "bytes=9-3"}).status_code == 200
    page = client.get(f"{address}/view").text
    assert (f'<video controls preload="metadata" src="{address}" aria-label="A street">' in page) is (
        content_type != "text/html"
    )


def test_what_is_attached_to_nothing_visible_has_no_page(module_city: City) -> None:
    """An unknown attachment, and a record that is no record, are answered in words or left out."""
    client = module_city.signed_in()
    nothing = "018f0000-0000-7000-8000-000000000000"
    assert client.get(f"/media/{nothing}/view").status_code == 404
    assert client.get(f"/media/{module_city.media['street']}/view?of={nothing}").status_code == 200
    assert client.get(f"/media/{module_city.media['street']}/view?of=nonsense").status_code == 404
