"""The 2013-2019 X download: the assignment is stripped, totals are checked, damage is named."""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS, javascript
from archiver.downloads.errors import DamagedArchiveError, TotalsDifferError
from archiver.downloads.unpack import open_tree
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.downloads.contract import DownloadFile

_ARCHIVE = DOWNLOADS["x_archive"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
_NAMES = st.sampled_from(["var payload_details", "Grailbird.data.tweets_2014_07", "window.YTD.tweet.part0", "let $x"])
_MONTH = "data/js/tweets/2016_12.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the hand-written sample that a test may damage."""
    return shutil.copytree(SAMPLES / "x_archive" / "parks-2016", tmp_path / "parks")


def _files(path: Path) -> dict[str, DownloadFile]:
    with open_tree(path) as tree:
        return {file.name: file for file in _ARCHIVE.files(tree, _ARCHIVE.owner(tree))}


@given(_NAMES, _JSON, st.sampled_from(["", ";", " ;\n", "\n"]), st.sampled_from(["", "\ufeff", " \n"]))
def test_what_is_assigned_is_read(name: str, value: object, end: str, start: str) -> None:
    """Any JSON value comes back as it was written, whatever it is assigned to and however the statement ends."""
    text = f"{start}{name} = \n {json.dumps(value)}{end}"
    assert javascript.strip(text)[0] == name.removeprefix("var ").removeprefix("let ")
    assert javascript.load(text) == value


@given(st.lists(_JSON), st.integers(0, 300))
def test_a_cut_array_gives_whole_values_only(values: list[object], cut: int) -> None:
    """However short an array is cut, what is read is a beginning of it, and the cut is told."""
    whole = f"var a = {json.dumps(values)}"
    try:
        read, problem = javascript.load_array(whole[: 9 + cut])
    except javascript.NotData:
        return
    assert read == values[: len(read)]
    assert (problem is None) == (9 + cut >= len(whole))


@given(st.text())
def test_no_text_is_executed_or_breaks_the_reader(text: str) -> None:
    """What is not JSON after an assignment is refused with words."""
    for given_text in (text, f"var a = {text}", f"var a = [{text}"):
        with contextlib.suppress(javascript.NotData):
            json.dumps(javascript.load(given_text))


@pytest.mark.parametrize(
    "text",
    [
        "var a = alert(1)",
        "var a = [1, alert(2)]",
        "a = NaN",
        "a = {b: 1}",
        "a =",
        "[1]",
        "a = " + "[" * 100_000,
        "a = 1 + 1",
    ],
)
def test_code_is_refused(text: str) -> None:
    """Calls, sums, unquoted keys, NaN and nesting without end are no data."""
    with pytest.raises(javascript.NotData):
        javascript.load(text)


def test_it_is_found_in_a_folder_of_the_zip(folder: Path, tmp_path: Path) -> None:
    """A download zipped within a folder is the same download; a zip of something else is none."""
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path, "parks")
    with open_tree(zipped) as tree:
        assert _ARCHIVE.detect(tree)
        assert _ARCHIVE.owner(tree).platform_id == "910000000000000001"
        assert _ARCHIVE.expected(tree) == 5
        files = {file.name: file for file in _ARCHIVE.files(tree, _ARCHIVE.owner(tree))}
    assert files == _files(folder)
    with open_tree(folder / "data") as tree:
        assert not _ARCHIVE.detect(tree)
        with pytest.raises(DamagedArchiveError, match="no X download"):
            _ARCHIVE.expected(tree)


def test_a_cut_month_keeps_what_comes_before(folder: Path) -> None:
    """Of a month that breaks off the posts before are kept, the file is named and the other months are whole."""
    month = folder / _MONTH
    body = month.read_bytes()
    month.write_bytes(body[: body.index(b"809000000000000002") + 5])
    files = _files(folder)
    assert [item.id for item in files[_MONTH].items if item.sighted] == ["809000000000000004", "809000000000000003"]
    assert [(skipped.what, skipped.reason[:25]) for skipped in files[_MONTH].skipped] == [
        (_MONTH, "2 of 4 posts could be rea")
    ]
    assert files["data/js/tweets/2016_11.js"].items
    assert files[_MONTH].body == month.read_bytes()


def test_a_missing_month_is_named(folder: Path) -> None:
    """A month that the index lists and the download lacks is skipped by name, with the number that is missing."""
    (folder / _MONTH).unlink()
    files = _files(folder)
    skipped = files["data/js/tweet_index.js"].skipped
    assert [row.what for row in skipped] == [_MONTH]
    assert "4 posts" in skipped[0].reason


def test_totals_that_differ_name_the_files(folder: Path) -> None:
    """The payload's, the index's and the CSV's totals must agree, and a whole month must hold what the index says."""
    (folder / "tweets.csv").write_text('"tweet_id","text"\n' + '"1","a\nb"\n' * 4)
    with open_tree(folder) as tree, pytest.raises(TotalsDifferError, match=r"parks: .*index\.js says 5, .*csv says 4"):
        _ARCHIVE.expected(tree)
    (folder / "tweets.csv").write_text('"tweet_id","text"\n' + '"1","a\nb"\n' * 5)
    with open_tree(folder) as tree:
        assert _ARCHIVE.expected(tree) == 5
    payload = folder / "data/js/payload_details.js"
    payload.write_text(payload.read_text().replace("5", "6"))
    with open_tree(folder) as tree, pytest.raises(TotalsDifferError, match=r"payload_details\.js says 6"):
        _ARCHIVE.expected(tree)
    index = folder / "data/js/tweet_index.js"
    index.write_text(index.read_text().replace('"tweet_count" : 4', '"tweet_count" : 3'))
    with pytest.raises(TotalsDifferError, match=r"2016_12\.js holds 4 posts, .* says 3"):
        _files(folder)


def test_a_post_that_lacks_what_every_post_has(folder: Path) -> None:
    """A post without a text is named by file and position; the others are read."""
    month = folder / _MONTH
    month.write_text(month.read_text().replace('"text" : "@neighbor', '"words" : "@neighbor'))
    file = _files(folder)[_MONTH]
    assert [(row.what, row.reason) for row in file.skipped] == [(f"{_MONTH}/1", "it has no id, no text or no author")]
    assert len([item for item in file.items if item.sighted]) == 3


@pytest.mark.parametrize("name", ["tweet_index.js", "user_details.js"])
def test_damage_of_what_everything_hangs_on(folder: Path, name: str) -> None:
    """A damaged index or owner file is an error that names it."""
    (folder / "data/js" / name).write_text("var x = <html>")
    with pytest.raises(DamagedArchiveError, match=name):
        _files(folder)
