"""What the reader of Mastodon exports decides: whose it is, who may read a status, what it answers, files and totals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.mastodon_activities import Activities, Whose, visibility_of, whose
from archiver.downloads.mastodon_files import stored_file
from archiver.downloads.pieces import UnreadableItemError
from archiver.platforms.items import ReferenceKind
from archiver.platforms.text import REPLACED_CHARACTERS
from tests.fixtures.hostile import anything
from tests.fixtures.importing import files_of, tree_of
from tests.fixtures.mastodon_exports import PUBLIC, path_of
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.downloads.contract import DownloadFile

_FILES = files_of(SAMPLES / "mastodon_archive" / "clerk-2025")
_ARCHIVE = DOWNLOADS["mastodon_archive"]
_OWN = "https://social.example/users/city"
_OWNER = Whose(_OWN, "city", "City", f"{_OWN}/followers", "social.example")
_NAMES = (
    "id", "type", "actor", "object", "to", "cc", "published", "updated", "content", "contentMap", "attachment", "tag", "name",
    "url", "mediaType", "inReplyTo", "summary", "oneOf", "quote", "attributedTo", "orderedItems", "totalItems",
)  # fmt: skip


def _status(number: int, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    own = f"{_OWN}/statuses/{number}"
    note = {
        "id": own,
        "type": "Note",
        "to": [PUBLIC],
        "cc": [],
        "content": "<p>Hello</p>",
        "inReplyTo": parent,
        **fields,
    }
    return {"id": f"{own}/activity", "type": "Create", "actor": _OWN, "object": note}


def _read(files: Mapping[str, bytes]) -> list[DownloadFile]:
    tree = tree_of(files)
    return list(_ARCHIVE.files(tree, _ARCHIVE.owner(tree)))


def _outbox(entries: list[Any], **around: Any) -> bytes:
    return json.dumps({"type": "OrderedCollection", **around, "orderedItems": entries}).encode()


@pytest.mark.parametrize(
    ("to", "cc", "seen_by"),
    [
        ([PUBLIC], [f"{_OWN}/followers"], "public"),
        ("as:Public", [], "public"),
        ([f"{_OWN}/followers"], [PUBLIC], "unlisted"),
        ([f"{_OWN}/followers"], [], "private"),
        ([f"{_OWN}/followers"], ["https://there.example/users/ana"], "private"),
        (["https://there.example/users/ana"], [], "direct"),
        (["https://there.example/users/ana/followers"], [], "direct"),
        ([], [], "direct"),
    ],
)
def test_who_may_read_a_status(to: object, cc: object, seen_by: str) -> None:
    """Public, unlisted, for followers, or direct: by the addressees, and for nobody's followers but the account's own."""
    assert visibility_of({"to": to, "cc": cc}, _OWNER) == seen_by


def test_a_status_that_names_no_readers_is_not_taken_for_any() -> None:
    """Neither public nor a message: it is named, as it cannot be said who may read it."""
    with pytest.raises(UnreadableItemError, match="who may read it"):
        visibility_of({"content": "Hello"}, _OWNER)


def test_a_conversation_of_the_accounts_own_has_its_beginning() -> None:
    """Each answer knows its first status as long as all above it is the account's; below somebody else's nobody can say."""
    activities = Activities(_OWNER)
    first, second, third = (f"{_OWN}/statuses/{number}" for number in (1, 2, 3))
    elsewhere = "https://there.example/users/ana/statuses/9"
    read = [
        activities.item(each, "")[0]
        for each in (
            _status(1),
            _status(2, first),
            _status(3, second),
            _status(4, elsewhere),
            _status(5, f"{_OWN}/statuses/4"),
        )
    ]
    assert [item.kind.value for item in read] == ["post", "comment", "comment", "comment", "comment"]
    assert [item.reference(ReferenceKind.PARENT) for item in read] == [
        None,
        first,
        second,
        elsewhere,
        f"{_OWN}/statuses/4",
    ]
    assert [item.reference(ReferenceKind.ROOT) for item in read] == [None, first, first, None, None]
    assert ["references" in item.not_requested for item in read] == [False, False, False, True, True]
    assert third == read[2].id


@given(st.integers(10**17, 10**18 - 1) | st.integers(0, 10**9 - 1) | st.integers(10**9, 10**12 - 1))
def test_a_path_tells_the_id_of_an_attachment(own: int) -> None:
    """Whatever id an instance gave, the path that it makes of it leads back to it."""
    digits = str(own).zfill(9)
    found = stored_file(f"/system/{path_of({'id': digits, 'type': 'image'})}")
    assert found is not None
    assert found.id == str(own)


def test_a_path_that_leaves_out_digits_is_the_id_itself() -> None:
    """Of ids with 17 digits the path has only 15: what they begin with is no id of anything."""
    path = "media_attachments/files/971/234/567/890/123/original/a.png"
    found = stored_file(f"opt/mastodon/public/system/{path}")
    assert found is not None
    assert found.id == found.path == path
    assert stored_file("media_attachments/files/1/original/a.png") is None
    assert stored_file("../../etc/passwd") is None


def test_links_are_those_that_are_neither_names_nor_hashtags() -> None:
    """As the connector has them: the address of a mention or hashtag is no link, any other one is, also to the same host."""
    content = (
        '<p><a href="https://social.example/@ana" class="u-url mention">@<span>ana</span></a> '
        '<a class="mention hashtag" href="https://social.example/tags/a?b=1&amp;c=2" rel="tag">#<span>a</span></a> '
        '<a href="https://social.example/@ana/1">https://social.example/@ana/1</a></p>'
    )
    item, _ = Activities(_OWNER).item(_status(1, content=content), "")
    assert item.links == ("https://social.example/@ana/1",)


@pytest.mark.parametrize(
    ("activity", "why"),
    [
        ("nothing", "no activity"),
        (_status(1) | {"actor": "https://there.example/users/mallory"}, "not by the account"),
        (_status(1, attributedTo="https://there.example/users/mallory"), "not by the account"),
        (_status(1) | {"type": "Delete"}, "neither a status nor a boost"),
        (_status(1) | {"object": f"{_OWN}/statuses/1"}, "holds no status"),
        (_status(1, type="Tombstone"), "holds no status"),
    ],
)
def test_what_the_account_did_not_say_is_named(activity: object, why: str) -> None:
    """Entries by others, and of other kinds, never become the account's."""
    with pytest.raises(UnreadableItemError, match=why):
        Activities(_OWNER).item(activity, "")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [(3, 2), (2, 2), (5, 5), (None, None), ("4", 4), (-1, None), ([], None)],
)
def test_what_an_outbox_says_it_holds(stated: object, expected: int | None) -> None:
    """The number of all entries, or of those that are not direct, both fit; any other is kept, so that the difference shows."""
    entries = [_status(1), _status(2), _status(3, to=["https://there.example/users/ana"])]
    actor = json.dumps({"id": _OWN, "preferredUsername": "city"}).encode()
    files = {"actor.json": actor, "outbox.json": _outbox(entries, totalItems=stated)}
    assert _ARCHIVE.expected(tree_of(files)) == expected


def test_an_export_lies_at_the_top_or_in_a_folder() -> None:
    """It is found in a folder too; a lone outbox is no export, and neither is a download of another platform."""
    below = {f"archive-2025/{name}": body for name, body in _FILES.items()}
    assert [file.name for file in _read(below)] == ["archive-2025/actor.json", "archive-2025/outbox.json", ""]
    lone = {name: body for name, body in _FILES.items() if name != "actor.json"}
    assert not _ARCHIVE.detect(tree_of(lone))
    for other in ("x_archive/parks-2024", "facebook_download/library-page-2024", "instagram_download/museum-2024"):
        assert not _ARCHIVE.detect(tree_of(files_of(SAMPLES / other)))
    with pytest.raises(DamagedArchiveError, match=r"no folder with actor\.json and outbox\.json"):
        _ARCHIVE.owner(tree_of(lone))


@pytest.mark.parametrize(
    "actor", [b"[]", b"{}", b'{"id": 5.5}', b'{"id": "https://a.example"}', b"\xff", b"{", b'{"id": "http://["}']
)
def test_an_export_that_does_not_say_whose_it_is(actor: bytes) -> None:
    """Without the account's id and name nothing is read, and the file is named."""
    with pytest.raises(DamagedArchiveError, match=r"actor\.json"):
        _ARCHIVE.owner(tree_of({**_FILES, "actor.json": actor}))


def test_an_outbox_without_entries() -> None:
    """An empty one is whole where it says so; one that has no list of entries is not."""
    empty = _read({**_FILES, "outbox.json": _outbox([], totalItems=0)})
    assert not [each for file in empty for each in file.skipped if each.lost]
    none = _read({**_FILES, "outbox.json": b"{}"})
    assert [each.reason for file in none for each in file.skipped if each.lost] == [
        "it has neither orderedItems nor totalItems, as an outbox has"
    ]


def test_two_files_of_one_attachment_are_not_guessed() -> None:
    """Where an attachment's file lies in the export twice, neither is taken for it."""
    path = "media_attachments/files/112/345/678/901/234/567/original/aaaaaaaaaaaaaaaa.png"
    read = _read({**_FILES, f"other/{path}": b"another picture"})
    assert not any("112345678901234567" in file.media for file in read)
    assert any("112345678901234567 is not in the download" in row.reason for file in read for row in file.skipped)


def test_pictures_of_the_profile_that_are_not_there() -> None:
    """The profile is read without them, and they are named; a name that climbs is no file of the export."""
    files = {name: body for name, body in _FILES.items() if name != "avatar.png"}
    files["actor.json"] = files["actor.json"].replace(b"header.png", b"../../etc/passwd")
    first = _read(files)[0]
    assert [item.kind.value for item in first.items] == ["profile"]
    assert first.media == {}
    assert [each.what for each in first.skipped] == ["actor.json/icon", "actor.json/image"]


@given(
    anything(_NAMES, ["Create", "Announce", "Note", _OWN, PUBLIC, f"{_OWN}/statuses/1", "media_attachments/files/x"])
)
def test_any_entry_is_an_item_or_named(entry: Any) -> None:
    """Whatever an entry is, it becomes an item of the account's that can be held, or a reason why not."""
    activities = Activities(whose({"id": _OWN, "preferredUsername": "city"}, "social.example"))
    for each in (
        entry,
        {"type": "Create", "actor": _OWN, "object": entry},
        {"type": "Announce", "actor": _OWN, "object": entry},
    ):
        try:
            item, stored = activities.item(each, "/orderedItems/0")
        except (UnreadableItemError, AttributeError, KeyError, TypeError, ValueError):
            continue
        assert item.author is not None
        assert item.author.id == _OWN
        assert len(stored) == len(item.media)


def test_characters_that_no_database_holds_are_flagged() -> None:
    """NUL and lone surrogates become U+FFFD in the item, with a flag, also in its account's name."""
    item, _ = Activities(_OWNER).item(_status(1, content="<p>a\ud83d\x00b</p>"), "")
    assert item.text == "a\ufffd\ufffdb"
    assert REPLACED_CHARACTERS in item.flags
    assert whose({"id": _OWN, "preferredUsername": "city", "name": "Ci\x00ty"}, "").name == "Ci\ufffdty"
