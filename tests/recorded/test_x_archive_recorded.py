"""A complete real X download of 2018: every post, its totals, and the same posts in its CSV."""

from __future__ import annotations

import csv
import html
from collections import Counter

from archiver.downloads import DOWNLOADS
from archiver.downloads.unpack import open_tree
from archiver.platforms.items import Item, ItemKind, ReferenceKind
from tests.fixtures.recorded import recorded

_ROOT = recorded("x/edsu__congressedits-archive")
_ARCHIVE = DOWNLOADS["x_archive"]


def _items() -> list[Item]:
    with open_tree(_ROOT) as tree:
        files = list(_ARCHIVE.files(tree, _ARCHIVE.owner(tree)))
    assert not [skipped for file in files for skipped in file.skipped]
    assert all(file.body == (_ROOT / file.name).read_bytes() for file in files)
    return [item for file in files for item in file.items]


def test_every_post_is_read() -> None:
    """The download holds the 2,313 posts that its own totals say, with ids, times and authors."""
    with open_tree(_ROOT) as tree:
        assert _ARCHIVE.detect(tree)
        assert _ARCHIVE.expected(tree) == 2313
        assert _ARCHIVE.owner(tree).platform_id == "2612261960"
    items = _items()
    own = [item for item in items if item.sighted and item.kind is not ItemKind.PROFILE]
    assert len(own) == len({item.id for item in own}) == 2313
    assert Counter(item.kind.value for item in own) == {"post": 2286, "repost": 23, "comment": 4}
    assert all(item.created_at and item.author and item.author.id == "2612261960" for item in own)
    assert sum(len(item.media) for item in own) == 513


def test_a_retweet_shows_a_post() -> None:
    """Each of the 23 retweets refers to the whole post it showed, which is an item by somebody else."""
    items = {item.id: item for item in _items()}
    retweets = [item for item in items.values() if item.kind is ItemKind.REPOST]
    assert len(retweets) == 23
    for retweet in retweets:
        shown = items[retweet.reference(ReferenceKind.REPOST_OF) or ""]
        assert not shown.sighted
        assert shown.author != retweet.author


def test_the_csv_says_the_same() -> None:
    """Ids, texts, times and references of the JavaScript files and of the CSV agree post by post."""
    with (_ROOT / "tweets.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["tweet_id"]: row for row in csv.DictReader(file)}
    own = {item.id: item for item in _items() if item.sighted and item.kind is not ItemKind.PROFILE}
    assert set(rows) == set(own)
    for key, item in own.items():
        row = rows[key]
        assert html.unescape(row["text"]) == html.unescape(item.text or "")
        assert row["timestamp"] == item.created_text
        assert row["in_reply_to_status_id"] == (item.reference(ReferenceKind.PARENT) or "")
        assert row["retweeted_status_id"] == (item.reference(ReferenceKind.REPOST_OF) or "")
