"""What the reader of YouTube Takeouts decides: which table a file is, whose it is, what a cell says, which file is whose."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS
from archiver.downloads.takeout_files import bare, listed, missing, pair
from archiver.downloads.takeout_html import entries, is_comments
from archiver.downloads.takeout_items import Channel, read_text, read_time
from archiver.downloads.takeout_tables import Kind, plain, table_of
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms.items import ReferenceKind
from archiver.platforms.text import REPLACED_CHARACTERS
from archiver.platforms.youtube_items import comment_item
from archiver.records.storable import storable
from tests.fixtures.importing import files_of, tree_of
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archiver.downloads.contract import DownloadFile
    from archiver.platforms.items import Item

_TAKEOUT = DOWNLOADS["youtube_takeout"]
_FILES = files_of(SAMPLES / "youtube_takeout" / "parks-2025")
_OWN, _POOL = "UCriverbendparks00000000", "UCriverbendpool000000000"
_FOLDER = "Takeout/YouTube and YouTube Music/"
_COMMENTS = [
    "Comment ID", "Channel ID", "Comment Create Timestamp", "Price", "Parent Comment ID", "Video ID", "Comment Text",
]  # fmt: skip


def _table(*rows: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def _read(files: Mapping[str, bytes], own: str = _OWN) -> list[DownloadFile]:
    tree = tree_of(files)
    owner = _TAKEOUT.owner(tree)
    return list(_TAKEOUT.files(tree, owner if owner.platform_id else type(owner)(own)))


def _items(files: Mapping[str, bytes], own: str = _OWN) -> dict[str, Item]:
    return {item.id: item for file in _read(files, own) for item in file.items}


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Comment ID,Channel ID,Comment Create Timestamp,Price,Parent Comment ID,Video ID,Comment Text", Kind.COMMENTS),
        ("Channel ID,Comment create timestamp,Price,Comment ID,Parent comment ID,Video ID,Comment text", Kind.COMMENTS),
        ("Reactie-ID,Kanaal-ID,Aanmaaktijdstempel reactie,Prijs,Video-ID,Reactietekst", Kind.COMMENTS),
        ("ID de comentario,ID de canal,Precio,ID de vídeo,Texto del comentario", Kind.COMMENTS),
        ("ID-ul comentariului,ID-ul canalului,Preț,ID-ul videoclipului,Textul comentariului", Kind.COMMENTS),
        ("Komentaro ID,Kanalo ID,Kaina,Vaizdo įrašo ID,Komentuoti tekstą", Kind.COMMENTS),
        ("Live Chat ID,Channel ID,Live Chat Create Timestamp,Price,Video ID,Live Chat Text", Kind.CHATS),
        ("Video-ID,Videotitel (Original),Videobeschreibung (Original),Tag: 1", Kind.VIDEOS),
        ("Video-ID,Videobeschreibung \u2013 Textabschnitte 1,Videotitel \u2013 Textabschnitte 1", Kind.TEXTS),
        ("Beitrags\u2011ID,Text des Beitrags,Name für Bild 1", Kind.POSTS),
        ("ID de canal,Título del canal (original),Visibilidad del canal", Kind.CHANNELS),
        ("Channel ID,Channel Vanity URL 1 Name,Channel Vanity URL 2 Name", Kind.NAMES),
        ("Video ID,Playlist Video Creation Timestamp", None),
        ("Playlist ID,Playlist Title (Original),Playlist Visibility", None),
        ("Channel Id,Channel Url,Channel Title", None),
        ("", None),
    ],
)
def test_a_table_is_known_by_its_columns(header: str, kind: Kind | None) -> None:
    """In any of the languages that are known, in any order and case; what is no record of the channel's is none of them."""
    found = table_of(header.split(","))
    assert (found.kind if found else None) is kind


def test_names_of_columns_are_compared_without_what_changes() -> None:
    """Hyphens of all kinds, brackets, case and spaces are no part of a name."""
    assert plain("Beitrags\u2011ID") == plain("beitrags-id") == "beitrags id"
    assert plain("Video Title (Original)") == "video title original"
    assert plain("ID\xa0de vídeo") == plain("id de vi\u0301deo")


_WORDS = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(_WORDS, min_size=1, max_size=5))
def test_the_pieces_of_a_text_are_put_together(pieces: list[str]) -> None:
    """Objects one after the other, a list of them, and the older segments all give the text that they are pieces of."""
    objects = [{"text": piece} for piece in pieces]
    whole = "".join(pieces)
    assert read_text(",".join(map(json.dumps, objects))) == whole
    assert read_text("\n".join(map(json.dumps, objects))) == whole
    assert read_text(json.dumps(objects)) == whole
    assert read_text(json.dumps({"takeoutSegments": objects})) == whole


@given(_WORDS)
def test_a_text_that_is_no_json_is_what_it_is(text: str) -> None:
    """A comment that was written without pieces, and one in which somebody wrote JSON, stay as they are."""
    if not text.lstrip().startswith(("{", "[")):
        assert read_text(text) == text
    for strange in ('{"a": 1}', "[1, 2]", "{", '{"text": 5}', "[]", '{"text":"a"} and more', "[" * 5000):
        assert read_text(strange) == strange


def test_times_as_downloads_write_them() -> None:
    """With an offset, with decimals, as UTC in words; what is no time is none."""
    assert [
        read_time(each) is not None for each in ("2023-09-19T17:42:53.434647+00:00", "2020-05-24 20:10:05 UTC")
    ] == [True] * 2
    assert read_time("2016-06-15T08:50:49Z") is not None
    assert [read_time(each) for each in ("", "yesterday", "2023-09-19", "12345", "UCabc")] == [None] * 5


def test_a_time_in_an_unknown_column_is_found_where_it_is_the_only_one() -> None:
    """Where no column is known for it, the one cell that is a time is; of two that differ neither is."""
    header = ["ID de comentario", "Momento", "ID de vídeo", "Texto del comentario", "Otro"]
    row = ["UgwRB0000000000000009AaABAg", "2024-03-03T09:00:00+00:00", "RBparks0001", "Hola", ""]
    items = _items({f"{_FOLDER}c.csv": _table(header, row)})
    assert items[row[0]].created_text == row[1]
    two = _items({f"{_FOLDER}c.csv": _table(header, [*row[:4], "2025-03-03T09:00:00+00:00"])})
    assert two[row[0]].created_at is None


def test_a_comment_has_the_place_that_the_api_gives_it() -> None:
    """The same comment, by the API and by a download, is the same item below the same things; so is an answer to an answer."""
    snippet = {
        "authorChannelId": {"value": _OWN},
        "textOriginal": "See you",
        "parentId": "UgxRes000000000000001AaABAg",
        "publishedAt": "2024-03-03T10:00:00Z",
        "updatedAt": "2024-03-03T10:00:00Z",
    }
    own = "UgxRes000000000000001AaABAg.9abcdefghijklmnopqrstu"
    shown = comment_item({"id": own, "snippet": snippet}, "RBparks0001")
    row = [
        own,
        _OWN,
        "2024-03-03T10:00:00+00:00",
        "0",
        "UgxRes000000000000001AaABAg",
        "RBparks0001",
        '{"text":"See you"}',
    ]
    told = _items({f"{_FOLDER}c.csv": _table(_COMMENTS, row)})[own]
    for name in ("kind", "id", "namespace", "text", "created_at", "url", "references", "order_key"):
        assert getattr(told, name) == getattr(shown, name), name
    assert told.author is not None
    assert told.author.id == _OWN
    without = _items({f"{_FOLDER}c.csv": _table(_COMMENTS, [*row[:4], "", *row[5:]])})[own]
    assert without.reference(ReferenceKind.PARENT) == "UgxRes000000000000001AaABAg"


def test_rows_of_another_channel_are_never_the_channels() -> None:
    """A log-in with two channels names both; each is imported by itself, and what is the other's is only counted."""
    two = {**_FILES, f"{_FOLDER}channels/channel.csv": _table(
        ["Channel ID", "Channel Title (Original)"], [_OWN, "Parks"], [_POOL, "Pool"]
    )}  # fmt: skip
    assert _TAKEOUT.owner(tree_of(two)).platform_id is None
    for own, other in ((_OWN, _POOL), (_POOL, _OWN)):
        read = _read(two, own)
        assert {item.author.id for file in read for item in file.items if item.author} == {own}
        (note,) = [row for file in read for row in file.skipped if "other channels" in row.reason]
        assert other in note.reason
        assert not note.lost
        kept = b"".join(file.body if file.kept_body is None else file.kept_body for file in read)
        assert other.encode() not in kept
        assert (b"From the pool's own channel" in kept) == (own == _POOL)
        assert (b"step by step" in kept) == (own == _OWN)


def test_whose_it_is_without_a_table_of_channels() -> None:
    """By whose the rows are, where all are of one; by nothing where they are of several or say nothing."""
    row = ["Ug1", _OWN, "2024-03-03T10:00:00+00:00", "0", "", "RBparks0001", "Hello"]
    one = _TAKEOUT.owner(tree_of({"comments.csv": _table(_COMMENTS, row)}))
    assert (one.platform_id, one.handle) == (_OWN, _OWN)
    two = _TAKEOUT.owner(tree_of({"comments.csv": _table(_COMMENTS, row, ["Ug2", _POOL, *row[2:]])}))
    assert two.platform_id is None
    none = _TAKEOUT.owner(tree_of({"comments.csv": _table(_COMMENTS, ["Ug1", "not a channel", *row[2:]])}))
    assert none.platform_id is None


def test_other_products_of_the_account_are_not_looked_into() -> None:
    """Nothing is read or named of what lies beside YouTube's folder."""
    read = _read(_FILES)
    assert "private" not in {item.id for file in read for item in file.items}
    assert not any("Mail" in row.what + row.reason for file in read for row in file.skipped)
    assert not any("parks@riverbend.example" in file.body.decode() for file in read)


@pytest.mark.parametrize(
    ("titles", "files", "certain", "unfit"),
    [
        (
            {"a": "Part 1/2: the bridge"},
            ["videos/Part 1_2 the bridge.mp4"],
            {"a": "videos/Part 1_2 the bridge.mp4"},
            [],
        ),
        ({"a": "Meeting", "b": "Meeting"}, ["Meeting.mp4"], {}, ["Meeting.mp4"]),
        ({"a": "Meeting"}, ["Meeting.mp4", "Meeting(1).mp4"], {}, ["Meeting(1).mp4", "Meeting.mp4"]),
        ({"a": "Pool", "b": "Park"}, ["Park.MOV", "Pool.webm"], {"a": "Pool.webm", "b": "Park.MOV"}, []),
        ({"a": "Pool party"}, ["Pool.mp4"], {}, ["Pool.mp4"]),
        ({"a": "x" * 60}, [f"{'x' * 43}.mp4"], {"a": f"{'x' * 43}.mp4"}, []),
        ({"a": f"{'x' * 43}1", "b": f"{'x' * 43}2"}, [f"{'x' * 43}.mp4"], {}, [f"{'x' * 43}.mp4"]),
        ({"a": "???", "b": ""}, ["___.mp4"], {}, ["___.mp4"]),
    ],
)
def test_a_videos_file_is_told_by_a_name_that_fits_it_alone(
    titles: dict[str, str], files: list[str], certain: dict[str, str], unfit: list[str]
) -> None:
    """Characters that file names lack and a cut at the end are allowed for; what fits two is given to neither."""
    assert pair({own: bare(title) for own, title in titles.items()}, files) == (certain, unfit)


@given(st.dictionaries(st.text(max_size=3), _WORDS, max_size=6), st.lists(_WORDS, max_size=6, unique=True))
def test_no_file_is_given_to_two_videos(titles: dict[str, str], names: list[str]) -> None:
    """Every file is one video's or nobody's, and every video has one at most."""
    files = [f"{name}.mp4" for name in names]
    certain, unfit = pair({own: bare(title) for own, title in titles.items()}, files)
    assert sorted([*certain.values(), *unfit]) == sorted(files)
    assert len(set(certain.values())) == len(certain)


def test_files_that_are_listed_and_not_there() -> None:
    """Only YouTube's own are compared, by their names, however a program has written them when it unpacked the archive."""
    page = _FILES["Takeout/archive_browser.html"].decode()
    assert list(listed(page)) == [
        ("video metadata", "videos.csv"),
        ("videos", "Meeting.mp4"),
        ("videos", "Pool & rules.mp4"),
    ]
    assert missing(page, ["x/videos.csv", "x/Meeting.mp4"]) == ["videos/Pool & rules.mp4"]
    assert missing(page, ["videos.csv", "a/Meeting.mp4", "b/Pool & rules.mp4"]) == []
    assert list(listed("")) == []


def test_pages_of_comments_are_told_from_others() -> None:
    """A list of sentences with links and times is one; what was watched is none."""
    old = files_of(SAMPLES / "youtube_takeout" / "parks-2019")
    page = old["Takeout/YouTube/my-comments/my-comments.html"].decode()
    assert is_comments(page)
    assert not is_comments(_FILES[f"{_FOLDER}history/watch-history.html"].decode())
    assert [entry.item is not None for entry in entries(page, Channel(_OWN))] == [True, True, False]


@given(st.text(st.sampled_from('<li>/ab&;="?lc youtube.com/watch 2020-01-01 10:00:00 UTC'), max_size=200))
def test_any_page_is_entries_or_none(page: str) -> None:
    """Whatever a page is, each of its entries is a comment that can be held, or a reason why not."""
    for entry in entries(f"<ul><li>{page}</li></ul>", Channel(_OWN)):
        assert (entry.item is None) == (entry.problem is not None)
        if entry.item is not None:
            content_hash(evidence_fields(storable(entry.item)))


_CELL = st.sampled_from(
    [
        "",
        _OWN,
        _POOL,
        "RBparks0001",
        "Ug1",
        "2024-03-03T10:00:00+00:00",
        '{"text":"a"}',
        "\ud83d\x00",
        "a" * 3000,
        "=1+1",
        '"',
        "[",
    ]
) | st.text(max_size=8)
_SHAPES: dict[str, Any] = {
    name: next(csv.reader([body.decode("utf-8-sig").splitlines()[0]]))
    for name, body in _FILES.items()
    if name.endswith(".csv") and "YouTube" in name
}


@pytest.mark.parametrize("name", sorted(_SHAPES))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(rows=st.lists(st.lists(_CELL, max_size=14), max_size=5))
def test_any_row_is_an_item_or_named(name: str, rows: list[list[str]]) -> None:
    """Whatever the cells hold, and however many there are, each row becomes an item that can be held, or a reason why not."""
    read = _read({**_FILES, name: _table(_SHAPES[name], *rows)})
    for file in read:
        for item in file.items:
            fit = storable(item)
            assert fit.id
            content_hash(evidence_fields(fit))
        assert all(skipped.what and skipped.reason for skipped in file.skipped)


def test_characters_that_no_database_holds_are_flagged() -> None:
    """NUL and lone surrogates in a comment become U+FFFD, with a flag."""
    row = ["Ug1", _OWN, "2024-03-03T10:00:00+00:00", "0", "", "RBparks0001", '{"text":"a\\u0000\\ud83db"}']
    item = _items({f"{_FOLDER}c.csv": _table(_COMMENTS, row)})["Ug1"]
    assert item.text == "a\ufffd\ufffdb"
    assert REPLACED_CHARACTERS in item.flags
