"""WARCs that other programs wrote, good ones and deliberately broken ones, are read as warcio reads them, or further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from warcio.archiveiterator import ArchiveIterator

from archiver.downloads import DOWNLOADS
from archiver.downloads.contract import DownloadOwner
from archiver.downloads.unpack import open_tree
from tests.fixtures.recorded import recorded

if TYPE_CHECKING:
    from archiver.downloads.contract import DownloadFile
    from archiver.platforms.items import Item

_FOLDER = recorded("warc") / "webrecorder__warcio" / "test" / "data"
_EXAMPLE = "3587cb776ce0e4e8237f215800b7dffba0f25865cb84550e87ea8bbac838c423"
"""The SHA-256 of example.com's page, by whatever tool and packing."""


def _files(name: str) -> list[DownloadFile]:
    with open_tree(_FOLDER / name) as tree:
        importer = DOWNLOADS["warc"]
        assert importer.detect(tree)
        return list(importer.files(tree, DownloadOwner("1", "example")))


def _items(files: list[DownloadFile]) -> list[Item]:
    return [item for file in files for page in file.pages or () for item in page.items]


def _lost(files: list[DownloadFile]) -> list[str]:
    return [f"{each.what}: {each.reason}" for file in files for each in file.skipped if each.lost]


@pytest.mark.parametrize(
    "name",
    [
        "example.warc",
        "example.warc.gz",
        "example-iana.org-chunked.warc",
        "example-wget-bad-target-uri.warc.gz",
        "post-test.warc.gz",
    ],
)
def test_a_good_file_gives_what_warcio_gives(name: str) -> None:
    """Every response and resource that warcio reads is a page record with the same address, time and payload."""
    found = {}
    with (_FOLDER / name).open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type in {"response", "resource"}:
                uri = record.rec_headers.get_header("WARC-Target-URI").strip("<>")
                found[uri, record.rec_headers.get_header("WARC-Date")] = record.content_stream().read()
    files = _files(name)
    items = [item for item in _items(files) if "revisit_of" not in item.evidence]
    assert _lost(files) == []
    assert {(item.url, item.created_text): item.media[0].size for item in items} == {
        key: len(body) for key, body in found.items()
    }
    assert all(item.evidence.get("payload_is_as_declared") in {True, None} for item in items)


@pytest.mark.parametrize("name", ["example.warc", "example.warc.gz"])
def test_a_revisit_shows_the_page_again(name: str) -> None:
    """A revisit has its own time and the title, text and payload of the page it refers to."""
    first, again = _items(_files(name))
    assert (first.created_text, again.created_text) == ("2017-03-06T04:02:06Z", "2017-03-06T04:03:48Z")
    for item in (first, again):
        assert item.title == "Example Domain"
        assert (item.text or "").startswith("Example Domain\n\nThis domain is established")
        assert item.media[0].id == f"sha256:{_EXAMPLE}"
    assert again.evidence["revisit_of"] == first.evidence["warc_record_id"]


@pytest.mark.parametrize("name", ["example-bad-non-chunked.warc.gz", "example-bad.warc.gz.bad"])
def test_a_file_packed_as_a_whole_is_read(name: str) -> None:
    """What is not packed record by record, as the format wants it, is read all the same."""
    files = _files(name)
    assert [item.media[0].id for item in _items(files)][:2] == [f"sha256:{_EXAMPLE}"] * 2
    assert _lost(files) == []


def test_a_truncated_payload_is_named_and_kept_as_it_is() -> None:
    """A page whose packed bytes end too early is read as far as it goes, and named for that and for its digest."""
    files = _files("example-trunc.warc")
    (item,) = _items(files)
    assert item.title == "Example Domain"
    assert item.evidence["payload_is_as_declared"] is False
    assert len(_lost(files)) == 2
    assert all(
        each.startswith("example-trunc.warc at byte 1197: response of http://example.com/") for each in _lost(files)
    )


def test_a_wrong_block_digest_is_named() -> None:
    """A record whose chunks were taken out, so that its block digest is wrong, is kept, and named."""
    files = _files("example-wrong-chunks.warc.gz")
    (item,) = _items(files)
    assert item.media[0].id == f"sha256:{_EXAMPLE}"
    assert item.evidence["payload_is_as_declared"] is True
    assert ["its block has not the digest" in each for each in _lost(files)] == [True]


@pytest.mark.parametrize("name", ["example.arc", "example.arc.gz", "bad.arc", "example-space-in-url.arc"])
def test_an_arc_is_named_as_one(name: str) -> None:
    """An ARC is said to be one, with what to do about it."""
    files = _files(name)
    assert _items(files) == []
    assert len(_lost(files)) == 1
    assert "convert it with `warcio recompress`" in _lost(files)[0]


def test_what_is_no_page_is_no_document() -> None:
    """Resources that are files or a tool's notes are kept beside the pages, and not counted among them."""
    assert [item.sighted for item in _items(_files("example-space-in-target-uri.warc.gz"))] == [False]
    assert [item.sighted for item in _items(_files("example-wget-bad-target-uri.warc.gz"))] == [True, False, False]
    assert [item.sighted for item in _items(_files("post-test.warc.gz"))] == [False, False, False]
    assert _items(_files("example-digest.warc")) == []
