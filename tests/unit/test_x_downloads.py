"""The X download of the present form: totals, edits, long posts, media, its older layouts and its parts."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from archiver.downloads import DOWNLOADS
from archiver.downloads.errors import DamagedArchiveError, UnsafeArchiveError
from archiver.downloads.parts import open_parts
from archiver.downloads.unpack import Limits
from archiver.platforms.items import ItemKind, Source
from tests.fixtures.importing import files_of, tarred, tree_of, zipped
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archiver.downloads.contract import DownloadFile

_X = DOWNLOADS["x_archive"]
_OWN = "910000000000000001"
_ACCOUNT = {"account": {"accountId": _OWN, "username": "RiverbendParks", "email": "parks@riverbend.example"}}
_SAMPLE = files_of(SAMPLES / "x_archive" / "parks-2024")
_AT = "Fri Mar 08 09:00:00 +0000 2024"


def _js(name: str, value: object) -> bytes:
    return f"window.YTD.{name}.part0 = {json.dumps(value)}".encode()


_HEAD = {"data/account.js": _js("account", [_ACCOUNT])}


def _post(own: int, text: str = "words", **more: Any) -> dict[str, Any]:
    return {"tweet": {"id_str": str(own), "created_at": _AT, "full_text": text, **more}}


def _edited(own: int, chain: list[int], at: str, **more: Any) -> dict[str, Any]:
    ids = [str(each) for each in chain]
    return _post(own, f"form {own}", created_at=at, edit_info={"initial": {"editTweetIds": ids}}, **more)


def _manifest(**counts: int) -> bytes:
    kinds = {
        name: {
            "files": [
                {"fileName": f"data/{name.replace('_', '-')}.js", "globalName": f"YTD.{name}", "count": str(count)}
            ]
        }
        for name, count in counts.items()
    }
    return b"window.__THAR_CONFIG = " + json.dumps({"userInfo": {"accountId": _OWN}, "dataTypes": kinds}).encode()


def _read(files: Mapping[str, bytes]) -> list[DownloadFile]:
    tree = tree_of({"data/account.js": _js("account", [_ACCOUNT]), **files})
    return list(_X.files(tree, _X.owner(tree)))


def _items(read: list[DownloadFile]) -> dict[str, str | None]:
    return {item.id: item.text for file in read for item in file.items if item.kind is not ItemKind.PROFILE}


def _lost(read: list[DownloadFile]) -> list[tuple[str, str]]:
    return [(row.what, row.reason) for file in read for row in file.skipped if row.lost]


def test_totals_are_held_against_the_manifest() -> None:
    """A file with another number of posts than the manifest says, and one that is missing, are each named with both numbers."""
    files = {
        "data/manifest.js": _manifest(tweets=3, deleted_tweets=2, direct_messages=0),
        "data/tweets.js": _js("tweets", [_post(1), _post(2)]),
    }
    read = _read(files)
    assert _X.expected(tree_of(files)) == 5
    assert _lost(read) == [
        ("data/deleted-tweets.js", "the file is missing; the manifest says that it holds 2"),
        ("data/tweets.js", "the manifest says that it holds 3, it holds 2 that can be read"),
    ]


def test_a_download_of_2019_is_read() -> None:
    """`tweet.js` at the top, posts without a wrapper, no manifest: read, with a note that no totals can be compared."""
    tree = tree_of(
        {
            "account.js": _js("account", [_ACCOUNT]),
            "tweet.js": _js("tweet", [_post(1)["tweet"], _post(2)["tweet"]]),
            "tweet_media/1-a.jpg": b"x",
        }
    )
    assert _X.detect(tree)
    assert _X.expected(tree) is None
    read = list(_X.files(tree, _X.owner(tree)))
    assert _items(read) == {"1": "words", "2": "words"}
    assert any("no" in row.what or "none" in row.reason for file in read for row in file.skipped if not row.lost)
    assert _lost(read) == []


def test_numbers_beyond_what_javascript_holds_are_exact() -> None:
    """An id that is a number, not a text, comes back digit by digit."""
    body = b'window.YTD.tweets.part0 = [{"tweet": {"id": 1799999999999999999, "full_text": "x"}}]'
    assert _items(_read({"data/tweets.js": body, "data/manifest.js": _manifest()})) == {"1799999999999999999": "x"}


@pytest.mark.parametrize("order", [[10, 20, 30], [30, 20, 10], [20, 30, 10]])
def test_an_edited_post_is_one_whatever_the_order(order: list[int]) -> None:
    """The forms of one post, in any order, are one item under the first id, with the earlier ones as history."""
    times = {10: _AT, 20: "Fri Mar 08 09:10:00 +0000 2024", 30: "Fri Mar 08 09:20:00 +0000 2024"}
    posts = [_edited(own, [10, 20, 30], times[own]) for own in order]
    read = _read({"data/tweets.js": _js("tweets", posts)})
    (item,) = [item for file in read for item in file.items]
    history = [earlier for file in read for earlier in file.history]
    assert (item.id, item.text, item.source, item.aliases) == ("10", "form 30", Source.IMPORT, ("20", "30"))
    assert item.created_at is not None
    assert item.edited_at is not None
    assert (item.created_at.minute, item.edited_at.minute) == (0, 20)
    assert [(each.text, each.edited_at and each.edited_at.minute) for each in history] == [
        ("form 10", None),
        ("form 20", 10),
    ]
    assert all(each.source is Source.HISTORY and each.id == "10" for each in history)


def test_a_last_form_alone_is_known_by_its_first_id() -> None:
    """Where only the last form is in the download, it is the item of its first id, dated by that id."""
    first, last = 1765000000000000000, 1765000000000000999
    (item,) = [
        item
        for file in _read({"data/tweets.js": _js("tweets", [_edited(last, [first, last], _AT)])})
        for item in file.items
    ]
    assert (item.id, item.aliases) == (str(first), (str(last),))
    assert item.created_at is not None
    assert item.created_at.isoformat().startswith("2024-03-05T")


def test_forms_in_two_files_are_named() -> None:
    """An earlier form that lies in another file than the last one is named, and the last one is what the post says."""
    read = _read(
        {
            "data/tweets.js": _js("tweets", [_edited(10, [10, 20], _AT)]),
            "data/tweets-part1.js": _js("tweets", [_edited(20, [10, 20], _AT)]),
        }
    )
    assert _items(read) == {"10": "form 20"}
    assert _lost(read) == [
        ("data/tweets.js, post 10", "an earlier form of a post whose last form lies in another file")
    ]


@pytest.mark.parametrize("fuller", ["data/tweets.js", "part-2/data/tweets.js", "both"])
def test_parts_that_overlap_bring_an_edited_post_once(fuller: str) -> None:
    """Its last form lies in both: the file that has the earlier one as well brings it, and nothing is said to be missing."""
    whole = [_edited(10, [10, 20], _AT), _edited(20, [10, 20], _AT), _post(30)]
    names = ("data/tweets.js", "part-2/data/tweets.js")
    read = _read({name: _js("tweets", whole if fuller in {name, "both"} else whole[1:]) for name in names})
    assert [(item.id, item.text) for file in read for item in file.items if item.id == "10"] == [("10", "form 20")]
    assert [earlier.text for file in read for earlier in file.history] == ["form 10"]
    assert _lost(read) == []
    assert _items(read)["30"] == "words"


def test_an_edited_post_that_another_part_says_was_deleted_is_buried() -> None:
    """A later part lists its last form among the deleted ones: the earlier part's forms are kept, and that it went."""
    deleted = {"tweet": {**_edited(20, [10, 20], _AT)["tweet"], "deleted_at": "Sat Mar 09 09:00:00 +0000 2024"}}
    whole = [_edited(10, [10, 20], _AT), _edited(20, [10, 20], _AT)]
    read = _read(
        {"data/tweets.js": _js("tweets", whole), "part-2/data/deleted-tweets.js": _js("deleted_tweets", [deleted])}
    )
    assert _items(read) == {"10": "form 20"}
    assert [stone.id for file in read for stone in file.tombstones] == ["10"]
    assert _lost(read) == []


def _notes(*notes: tuple[str, str]) -> bytes:
    return _js("note_tweet", [{"noteTweet": {"createdAt": at, "core": {"text": text}}} for at, text in notes])


def test_a_long_post_gets_its_full_text_only_where_it_is_certain() -> None:
    """A long text goes to the one post of its second that begins as it does; of two that fit, neither gets it."""
    long = "A long notice about the river & its banks, " + "which goes on and on. " * 20
    short = long[:200].replace("&", "&amp;") + "… https://t.co/abc"
    at = "2024-03-08T09:00:00.000Z"
    posts = {"data/tweets.js": _js("tweets", [_post(1, short), _post(2, "Something else")])}
    read = _read({**posts, "data/note-tweet.js": _notes((at, long))})
    assert _items(read) == {"1": long, "2": "Something else"}
    assert _lost(read) == []
    for notes in ([(at, long), (at, long + "!")], [("2024-03-08T10:00:00.000Z", long)], [(at, "Another " + long)]):
        read = _read({**posts, "data/note-tweet.js": _notes(*notes)})
        assert _items(read)["1"] == short
        assert [what for what, _ in _lost(read)] == [f"data/note-tweet.js/{n}" for n in range(len(notes))]


def test_the_best_variant_that_is_there_is_the_video() -> None:
    """Of a video's files the best one in the download is taken; a picture that is not there is named."""
    variants = [
        {"content_type": "video/mp4", "bitrate": str(rate), "url": f"https://v.example/{rate}.mp4?tag=1"}
        for rate in (1, 9, 5)
    ]
    media = [
        {
            "id_str": "7",
            "type": "video",
            "media_url_https": "https://p.example/7.jpg",
            "video_info": {"variants": variants},
        },
        {"id_str": "8", "type": "photo", "media_url_https": "https://p.example/8.jpg"},
    ]
    files = {
        "data/tweets.js": _js("tweets", [_post(1, extended_entities={"media": media})]),
        "data/tweets_media/1-5.mp4": b"5",
        "data/tweets_media/1-1.mp4": b"1",
    }
    read = _read(files)
    assert {key: path for file in read for key, path in file.media.items()} == {"7": "data/tweets_media/1-5.mp4"}
    assert _lost(read) == [("data/tweets.js/0", "its image 1-8.jpg is not in the download")]


def test_the_e_mail_address_is_in_nothing_that_is_kept() -> None:
    """Of the account's file only id, names and date are kept, and it is said that something was taken out."""
    (file,) = [file for file in _read({"data/manifest.js": _manifest()}) if file.name.endswith("account.js")]
    assert file.kept_body is not None
    assert b"riverbend.example" in file.body
    assert b"riverbend.example" not in file.kept_body
    assert json.loads(file.kept_body) == [{"account": {"accountId": _OWN, "username": "RiverbendParks"}}]
    assert file.scrubbed


def test_parts_with_the_same_and_with_other_bytes(tmp_path: Path) -> None:
    """What two parts have alike is there once; what differs is there for each; and together they are what the whole is."""
    names = sorted(_SAMPLE)
    one = zipped(tmp_path / "1.zip", {name: _SAMPLE[name] for name in names if name != "data/tweets-part1.js"})
    more = {"data/manifest.js": _SAMPLE["data/manifest.js"], "data/account.js": _SAMPLE["data/account.js"]}
    two = tarred(tmp_path / "2.tgz", {**more, "data/tweets-part1.js": _SAMPLE["data/tweets-part1.js"]})
    with open_parts([one, two]) as tree:
        assert tree.names() == names
        assert _X.expected(tree) == 11
        whole = [(file.name, file.items) for file in _X.files(tree, _X.owner(tree))]
    memory = tree_of(_SAMPLE)
    assert whole == [(file.name, file.items) for file in _X.files(memory, _X.owner(memory))]
    other = zipped(tmp_path / "3.zip", {**more, "data/tweets.js": _js("tweets", [_post(5)])})
    with open_parts([one, two, other]) as tree:
        assert "part-3/data/tweets.js" in tree.names()
        assert "part-3/data/account.js" not in tree.names()
        read = list(_X.files(tree, _X.owner(tree)))
        assert _items(read)["5"] == "words"
        assert len(_items(read)) == len(_items([file for file in read if not file.name.startswith("part-3/")])) + 1
    with pytest.raises(DamagedArchiveError, match="no archive"):
        open_parts([])
    with pytest.raises(UnsafeArchiveError, match="together"):
        open_parts([one, two], Limits(total=sum(map(len, _SAMPLE.values()))))


@pytest.mark.parametrize("damaged", [False, True])
def test_an_edited_post_in_two_parts_is_read_once_and_what_follows_too(tmp_path: Path, damaged: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Where parts overlap, the last form lies in both; nothing of a damaged part counts as there."""
    forms = [_edited(10, [10, 20], _AT), _edited(20, [10, 20], _AT)]
    one = zipped(tmp_path / "1.zip", {**_HEAD, "data/tweets.js": _js("tweets", [*forms, _post(30)])})
    two = tmp_path / "2.zip"
    with zipfile.ZipFile(two, "w") as archive:
        for name, body in {**_HEAD, "data/tweets.js": _js("tweets", [*forms, _post(40, "last words")])}.items():
            archive.writestr(name, body)
    if damaged:
        two.write_bytes(two.read_bytes().replace(b"last words", b"lost words"))
    with open_parts([one, two]) as tree:
        read = list(_X.files(tree, _X.owner(tree)))
    assert _items(read) == {"10": "form 20", "30": "words"} | ({} if damaged else {"40": "last words"})
    assert [each.text for file in read for each in file.history] == ["form 10"]
    assert [what for what, _ in _lost(read)] == (["part-2/data/tweets.js"] if damaged else [])


def test_a_part_whose_manifest_differs_is_read_with_the_others(tmp_path: Path) -> None:
    """Two parts, each with a manifest of its own, are one download: the posts of both are read and counted together."""
    account = _js("account", [_ACCOUNT])
    one = {
        "data/account.js": account,
        "data/manifest.js": _manifest(tweets=1),
        "data/tweets.js": _js("tweets", [_post(1)]),
    }
    two = {
        "data/account.js": account,
        "data/manifest.js": _manifest(tweets=2),
        "data/tweets.js": _js("tweets", [_post(2), _post(3)]),
    }
    paths = [zipped(tmp_path / "1.zip", one), zipped(tmp_path / "2.zip", two)]
    with open_parts(paths) as tree:
        assert _X.expected(tree) == 3
        read = list(_X.files(tree, _X.owner(tree)))
    assert set(_items(read)) == {"1", "2", "3"}
    assert _lost(read) == []
