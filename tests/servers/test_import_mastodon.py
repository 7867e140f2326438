"""Mastodon exports against a real database: whole, twice, from a tar, beside captures, and larger than memory."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import requests
import sqlalchemy as sa

from archiver.accounts import RegisterError, find
from archiver.blobs import BlobStore
from archiver.capture.importing import import_download
from archiver.evidence.fields import content_hash
from archiver.platforms.items import StreamKind
from archiver.platforms.mastodon_items import status_item
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, captured, counted, files_of, sources, tarred, zipped
from tests.fixtures.mastodon_exports import PUBLIC, export_of
from tests.fixtures.samples import SAMPLES
from tests.fixtures.social_nights import SocialTown, social_town

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_OLD, _NEW = SAMPLES / "mastodon_archive" / "library-2019", SAMPLES / "mastodon_archive" / "clerk-2025"
_NAME = "mastodon:library@social.riverbend.example"
_OWN = "https://social.riverbend.example/users/library"
_NIGHT = 5
_MIB = 1 << 20
_NOT_IN_AN_EXPORT = ("application", "created", "edited", "references")
"""What an export does not say, or in whole seconds only; where a conversation began it says of the account's own alone."""


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the account in its register."""
    made = make_archive()
    account_of(made, _NAME)
    return made


def _import(archive: TestArchive, path: Path, name: str = _NAME) -> ImportReport:
    return import_download(archive.archive, path, find(archive.engine, name))


def test_an_export_is_imported_and_a_second_time_changes_nothing(archive: TestArchive) -> None:
    """Statuses, a boost and a message are counted against the outbox's own total; nothing changes the second time."""
    first = _import(archive, _OLD)
    assert (first.expected, first.items, first.messages, first.new, first.media) == (3, 4, 1, 4, 2)
    assert first.complete
    before = counted(archive)
    second = _import(archive, _OLD)
    assert (second.new, second.unchanged, second.complete) == (0, 4, True)
    assert counted(archive) == before
    kinds = rows(archive.engine, "select kind, namespace from items order by id")
    assert kinds == [(kind, "social.riverbend.example") for kind in ("profile", "post", "repost", "message", "comment")]
    assert rows(archive.engine, "select namespace, platform_id from accounts") == [("social.riverbend.example", _OWN)]
    shelves = rows(
        archive.engine, "select fields ->> 'visibility' from versions where fields ? 'visibility' order by id"
    )
    assert shelves == [("public",), ("public",), ("direct",), ("unlisted",)]
    assert unproven(archive.archive) == []


def test_files_of_attachments_lie_in_the_store(archive: TestArchive) -> None:
    """The picture of a status is kept under the instance's own id of it, byte for byte, and the profile's under its digest."""
    _import(archive, _OLD)
    files = files_of(_OLD)
    picture = files["opt/mastodon/public/system/media_attachments/files/000/123/456/original/0a1b2c3d4e5f6071.png"]
    kept = rows(archive.engine, "select platform_id, state, sha256, content_type from media order by platform_id")
    avatar = hashlib.sha256(files["avatar.png"])
    assert kept == [
        ("123456", "kept", hashlib.sha256(picture).digest(), "image/png"),
        (f"sha256:{avatar.hexdigest()}", "kept", avatar.digest(), "image/png"),
    ]
    with archive.archive.blobs.open(BlobStore.key(kept[0][2])) as blob:
        assert blob.read() == picture


def test_what_is_lacking_is_named(make_archive: ArchiveMaker) -> None:
    """An attachment that is not there and an entry by somebody else are named, and the export is not whole."""
    archive = make_archive()
    name = "mastodon:clerk@social.riverbend.example"
    account_of(archive, name)
    report = _import(archive, _NEW, name)
    assert (report.expected, report.posts, report.messages) == (8, 7, 1)
    assert [each["what"] for each in report.skipped if each["lost"]] == [
        "outbox.json/orderedItems/0",
        "outbox.json/orderedItems/8",
        "the total",
    ]
    assert rows(archive.engine, "select outcome from captures") == [("partial",)]
    assert rows(archive.engine, "select count(*) from parties where platform_id like '%mallory%'") == [(0,)]


def test_a_tar_with_the_servers_own_paths(archive: TestArchive, tmp_path: Path) -> None:
    """An export as Mastodon wrote it until 4.2, attachments named from the server's root on, is imported whole."""
    files = {("/" if name.startswith("opt/") else "") + name: body for name, body in files_of(_OLD).items()}
    report = _import(archive, tarred(tmp_path / "archive.tar.gz", files))
    assert (report.complete, report.items, report.media) == (True, 4, 2)
    again = _import(archive, _OLD)
    assert again.new == 0


@pytest.mark.parametrize(
    ("name", "known", "namespace"),
    [
        ("mastodon:library", "", "social.riverbend.example"),
        ("mastodon:library@Riverbend.example", "", "riverbend.example"),
        ("mastodon:library@riverbend.example", "captured.example", "captured.example"),
    ],
)
def test_items_are_where_a_capture_has_them(make_archive: ArchiveMaker, name: str, known: str, namespace: str) -> None:
    """In the namespace that captures found, else that of the account's name, else that of the host of its address; so are the
    files of its attachments.
    """
    archive = make_archive()
    account_of(archive, name)
    with archive.engine.begin() as connection:
        connection.execute(sa.text("update accounts set namespace = :known"), {"known": known})
    _import(archive, _OLD, name)
    assert rows(archive.engine, "select distinct namespace from items") == [(namespace,)]
    assert rows(archive.engine, "select namespace from accounts") == [(namespace,)]
    assert rows(archive.engine, "select distinct namespace, state from media") == [(namespace, "kept")]


def test_a_damaged_outbox_is_named(archive: TestArchive, tmp_path: Path) -> None:
    """Of an outbox whose bytes are not those that the archive has a checksum of nothing is read, and that is said."""
    whole = zipped(tmp_path / "whole.zip", files_of(_OLD)).read_bytes()
    with zipfile.ZipFile(tmp_path / "whole.zip") as opened:
        at = opened.getinfo("outbox.json").header_offset + 200
    path = tmp_path / "damaged.zip"
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
    report = _import(archive, path)
    assert (report.items, report.complete) == (0, False)
    assert [each["what"] for each in report.skipped if each["lost"]] == ["outbox.json"]
    assert _import(archive, _OLD).new == 4


def test_somebody_elses_export_is_refused(archive: TestArchive) -> None:
    """An export whose account has another address than the one in the register is refused before anything is stored."""
    _import(archive, _OLD)
    before = counted(archive)
    with pytest.raises(RegisterError, match=r"is the download of clerk@riverbend\.example"):
        _import(archive, _NEW)
    assert counted(archive) == before


class _Instance:
    """The sample city's instance, asked as an account that exports itself."""

    def __init__(self, town: SocialTown) -> None:
        town.running.at(_NIGHT)
        world = town.city.social.at(_NIGHT)
        self.account = next(one for one in town.city.social.accounts if world.status("mastodon", one.key) == "active")
        self._base = f"{town.running.url}/mastodon"
        self._headers = {"Authorization": f"Bearer {self.account.token}"}
        self.files = {
            one.id: one.data for thing in world.authored("mastodon", self.account.key) for one in thing.attachments
        }

    def get(self, address: str) -> requests.Response:
        """Ask for an address of the API."""
        full = address if address.startswith("http") else f"{self._base}/api/v1/{address}"
        return requests.get(full, headers=self._headers, timeout=30)

    def uri_of(self, local: str) -> str | None:
        """The identity of a status."""
        answer = self.get(f"statuses/{local}")
        return str(answer.json()["uri"]) if answer.ok else None

    def statuses(self) -> list[dict[str, Any]]:
        """All that the account wrote, boosted and sent."""
        found, address = [], f"accounts/{self.account.id}/statuses?limit=40"
        while address:
            answer = self.get(address)
            found += answer.json()
            address = answer.links.get("next", {}).get("url", "")
        return found

    def export(self, *, newest: bool) -> dict[str, bytes]:
        """The files of the account's export."""
        shown = self.get("accounts/verify_credentials").json()
        return export_of(shown, self.statuses(), self.uri_of, lambda one: self.files[one["id"]], newest=newest)


@pytest.mark.parametrize("first", ["capture", "import"])
def test_an_export_and_captures_of_one_account_are_one_record(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str
) -> None:
    """Every status, boost and message of the export is the item that the API shows, and says there the very same."""
    with social_town(make_archive, monkeypatch, "mastodon", faulty=False) as town:
        instance = _Instance(town)
        files = instance.export(newest=first == "capture")
        path = (zipped if first == "capture" else tarred)(tmp_path / "export", files)
        name = f"mastodon:{instance.account.handle}"
        if first == "capture":
            town.night(_NIGHT)
            items = counted(town.archive)["items"]
            report = _import(town.archive, path, name)
            assert counted(town.archive)["items"] == items
        else:
            report = _import(town.archive, path, name)
            town.night(_NIGHT)
        assert report.complete, report.skipped
        assert report.items > 10
        assert report.messages > 0
        before = counted(town.archive)
        again = _import(town.archive, path, name)
        town.night(_NIGHT)
        assert again.new == 0
        after = counted(town.archive)
        assert {**after, "warc_records": 0} == {**before, "warc_records": 0}
        _same_in_both(town, report.items)
        assert town.sql("select count(*) from media where state <> 'kept'") == [(0,)]
        assert not unproven(town.archive.archive)


def _same_in_both(town: SocialTown, count: int) -> None:
    """Each imported item has one version of either source; they say the same, and what the API says is current."""
    found = town.sql(
        "select i.platform_id, a.fields, m.fields, a.id = i.current_version_id, i.kind from items i "
        "join versions m on m.item_id = i.id and m.source = 'import' "
        "left join versions a on a.id = (select max(v.id) from versions v where v.item_id = i.id and v.source = 'api') "
        "where i.kind <> 'profile'"
    )
    assert len(found) == count
    assert {kind for *_, kind in found} == {"post", "comment", "repost", "message"}
    for uri, shown, told, current, _ in found:
        assert shown is not None, f"{uri} was never shown by the API"
        assert current, f"{uri} shows what the export says"
        for name in _NOT_IN_AN_EXPORT:
            shown.pop(name, None)
            told.pop(name, None)
        assert content_hash(shown) == content_hash(told), uri


def _large(path: Path, entries: int, size: int) -> None:
    """An outbox of so many statuses, each with a signature of that size, written piece by piece."""
    signature = {"type": "RsaSignature2017", "signatureValue": "a" * size}
    with (path / "outbox.json").open("w") as file:
        file.write(f'{{"type": "OrderedCollection", "totalItems": {entries}, "orderedItems": [')
        for number in range(entries):
            own = f"{_OWN}/statuses/{102_000_000_000_000_000 + number}"
            note = {"id": own, "type": "Note", "published": "2019-05-01T10:00:00Z", "to": [PUBLIC], "cc": []}
            note["content"] = f"<p>Notice {number}.</p>"
            entry = {"id": f"{own}/activity", "type": "Create", "actor": _OWN, "object": note, "signature": signature}
            file.write(("," if number else "") + json.dumps(entry))
        file.write("]}")


def test_an_outbox_of_200_megabytes_is_never_held_whole(archive: TestArchive, tmp_path: Path) -> None:
    """Its statuses are imported piece by piece; memory stays far below its size, and its pieces put together are the file."""
    (tmp_path / "actor.json").write_bytes((_OLD / "actor.json").read_bytes().replace(b'"icon"', b'"none"'))
    _large(tmp_path, 2000, 100 * 1024)
    size = (tmp_path / "outbox.json").stat().st_size
    assert size > 200_000_000
    tracemalloc.start()
    try:
        report = _import(archive, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 128 * _MIB
    finally:
        tracemalloc.stop()
    assert (report.complete, report.items, report.expected) == (True, 2000, 2000)
    pieces = rows(archive.engine, "select received_bytes from exchanges where url like '%/outbox.json?bytes=%'")
    assert len(pieces) > 10
    assert sum(each for (each,) in pieces) == size


def test_a_status_of_200_megabytes_is_passed_over(archive: TestArchive, tmp_path: Path) -> None:
    """It is named, those around it are imported, and memory stays small."""
    (tmp_path / "actor.json").write_bytes((_OLD / "actor.json").read_bytes().replace(b'"icon"', b'"none"'))
    _large(tmp_path, 3, 100)
    head, middle, tail = (tmp_path / "outbox.json").read_text().partition("Notice 1.")
    with (tmp_path / "outbox.json").open("w") as file:
        file.write(head + middle)
        for _ in range(200):
            file.write("a" * _MIB)
        file.write(tail)
    tracemalloc.start()
    try:
        report = _import(archive, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 160 * _MIB
    finally:
        tracemalloc.stop()
    assert report.items == 2
    assert [each["what"] for each in report.skipped if each["lost"]] == ["outbox.json/orderedItems/1", "the total"]
    assert not report.complete
    assert sources(archive, f"{_OWN}/statuses/102000000000000002")[0][0] == "import"


def test_a_file_that_an_export_lacked_is_wanted_once_the_api_tells_its_address(make_archive: ArchiveMaker) -> None:
    """An attachment that came without its file has no address either; a capture that shows it later brings one."""
    archive = make_archive()
    name = "mastodon:clerk@social.riverbend.example"
    account_of(archive, name)
    _import(archive, _NEW, name)
    own, medium = "https://social.riverbend.example/ap/users/116000000000000001", "112345678901234568"
    asked = f"select url, state from media where platform_id = '{medium}'"  # noqa: S608 - the test's own words
    assert rows(archive.engine, asked) == [(None, "wanted")]
    address = "https://files.riverbend.example/bbbbbbbbbbbbbbbb.mp4"
    shown = status_item(
        {
            "id": "116000000000000100",
            "uri": f"{own}/statuses/116000000000000100",
            "account": {"uri": own, "acct": "clerk"},
            "content": "<p>Council meets on Tuesday</p>",
            "visibility": "public",
            "media_attachments": [{"id": medium, "type": "video", "url": address}],
        },
        "social.riverbend.example",
        exchange=0,
    )
    captured(archive, find(archive.engine, name), StreamKind.POSTS, [shown])
    assert rows(archive.engine, asked) == [(address, "wanted")]
    assert rows(
        archive.engine, "select count(*) from media where platform_id = '112345678901234567' and state = 'kept'"
    ) == [(1,)]
