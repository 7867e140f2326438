"""The present shape of items, read from a real Postgres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.database import repeatable_read
from archiver.records.shapes import load_shapes
from tests.fixtures.records import CITY_ID, RESIDENT_HANDLE, RESIDENT_ID, Attachment

if TYPE_CHECKING:
    from tests.fixtures.searching import Archive


def test_a_shape_is_everything_an_item_ever_was(archive: Archive) -> None:
    """Versions by number with authors and media, states, sightings, relations and the latest counts."""
    city = archive.records.account(former_handles=["old.example.gov"])
    parks = archive.records.account("parks.example.gov", platform_id="did:plc:parks", department="Parks")
    item_id = archive.records.item(
        city, "First", kind="comment", stream="comments", parent_id="at://parent", root_id="at://root",
        counts={"like": 3}, languages=["en"], tags=["roads"], mentions=[CITY_ID], links=["https://example.gov/"],
        author_id=RESIDENT_ID, author_handle=RESIDENT_HANDLE, author_name="Rosa",
    )  # fmt: skip
    archive.records.edit(
        city, item_id, "Second", stream="comments", media=[Attachment("cid1", "A light", state="wanted"), Attachment("cid2")]
    )  # fmt: skip
    archive.records.state(city, item_id, "not_returned", "omitted", stream="comments")
    revision = archive.records.see(parks, item_id)
    with repeatable_read(archive.engine) as connection:
        shapes = load_shapes(connection, [item_id, item_id + 1000])
    assert set(shapes) == {item_id}
    shape = shapes[item_id]
    assert shape.revision == revision == 4
    assert (shape.kind, shape.state, shape.parent_id, shape.root_id) == (
        "comment", "not_returned", "at://parent", "at://root",
    )  # fmt: skip
    assert [(version.number, version.text, version.is_current) for version in shape.versions] == [
        (1, "First", False),
        (2, "Second", True),
    ]
    first, second = shape.versions
    assert shape.current is second
    assert (first.languages, first.tags, first.mentions, first.links) == (
        ("en",), ("roads",), (CITY_ID,), ("https://example.gov/",),
    )  # fmt: skip
    assert first.author is not None
    assert (first.author.platform_id, first.author.name, first.author.is_city) == (RESIDENT_ID, "Rosa", False)
    assert second.author is not None
    assert second.author.is_city
    assert [(medium.platform_id, medium.alt_text, medium.state) for medium in second.media] == [
        ("cid1", "A light", "wanted"),
        ("cid2", None, "kept"),
    ]
    assert [(change.state, change.words, change.stream) for change in shape.states] == [
        ("not_returned", "omitted", "comments")
    ]
    assert [(sighting.account, sighting.department, sighting.state) for sighting in shape.sightings] == [
        ("bluesky:city.example.gov", "Public Works", "not_returned"),
        ("bluesky:parks.example.gov", "Parks", "present"),
    ]
    assert shape.sightings[0].former_handles == ("old.example.gov",)
    assert shape.counts == {"like": 3}


def test_a_text_is_derived_where_the_platform_gave_only_markup(archive: Archive) -> None:
    """The words of the HTML without its tags, scripts left out."""
    markup = "<p>Parks &amp; roads<script>alert(1)</script></p>"
    item_id = archive.records.item(archive.records.account(), None, html=markup)
    with repeatable_read(archive.engine) as connection:
        (version,) = load_shapes(connection, [item_id])[item_id].versions
    assert (version.text, version.html) == ("Parks & roads", markup)


def test_a_shape_and_its_revision_are_of_one_moment(archive: Archive) -> None:
    """A change that commits while shapes are read is in none of them."""
    city = archive.records.account()
    one, other = archive.records.item(city, "one"), archive.records.item(city, "other")
    with repeatable_read(archive.engine) as connection:
        assert load_shapes(connection, [one])[one].revision == 1
        archive.records.edit(city, other, "changed meanwhile")
        shape = load_shapes(connection, [other])[other]
    assert (shape.revision, [version.text for version in shape.versions]) == (1, ["other"])


def test_an_author_is_the_city_s_only_on_the_same_instance(archive: Archive) -> None:
    """Ids of one instance say nothing on another."""
    city = archive.records.account("city", platform="mastodon", platform_id="42", namespace="social.example")
    ours = archive.records.item(city, "ours", namespace="social.example", author_id="42")
    theirs = archive.records.item(city, "theirs", namespace="elsewhere.example", author_id="42")
    with repeatable_read(archive.engine) as connection:
        shapes = load_shapes(connection, [ours, theirs])
    authors = [shapes[item_id].versions[0].author for item_id in (ours, theirs)]
    assert [author is not None and author.is_city for author in authors] == [True, False]
