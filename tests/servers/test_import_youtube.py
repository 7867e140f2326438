"""YouTube Takeouts against a real database: whole, twice, in parts, in their older form, beside captures, and hostile."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import RegisterError, find
from archiver.capture.importing import import_download
from archiver.downloads.errors import DamagedArchiveError, UnsafeArchiveError
from archiver.platforms.items import StreamKind
from archiver.platforms.youtube_items import comment_item, video_item
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, captured, counted, files_of, sources, zipped
from tests.fixtures.samples import SAMPLES
from tests.fixtures.social_nights import social_town
from tests.fixtures.takeouts import file_name, takeout_of

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.capture.importing import ImportReport
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_SAMPLE = SAMPLES / "youtube_takeout" / "parks-2025"
_OLD = SAMPLES / "youtube_takeout" / "parks-2019"
_NAME, _OWN = "youtube:RiverbendParks", "UCriverbendparks00000000"
_FOLDER = "Takeout/YouTube and YouTube Music/"
_VIDEO, _COMMENT = "RBparks0001", "UgwRB0000000000000001AaABAg"
_NIGHT = 5
_MIB = 1 << 20


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the channel in its register."""
    made = make_archive()
    account_of(made, _NAME)
    return made


def _import(archive: TestArchive, *paths: Path, owner_id: str | None = None) -> ImportReport:
    account = find(archive.engine, _NAME)
    return import_download(archive.archive, list(paths) or _SAMPLE, account, owner_id=owner_id)


def test_a_takeout_is_imported_and_a_second_time_changes_nothing(archive: TestArchive) -> None:
    """Videos, posts, comments and chats are items by their own ids; what is lacking is named; nothing changes a second time."""
    first = _import(archive)
    assert (first.expected, first.items, first.new, first.media) == (None, 12, 12, 2)
    assert [each["what"].rpartition("/")[2] for each in first.skipped if each["lost"]] == [
        "posts.csv#row=2",
        "comments(1).csv#row=4",
        "2 video files",
        "1 files that are not there",
    ]
    before = counted(archive)
    second = _import(archive)
    assert (second.new, second.unchanged) == (0, 12)
    after = counted(archive)
    assert {**after, "warc_records": 0} == {**before, "warc_records": 0}
    kinds = rows(archive.engine, "select kind, count(*) from items group by 1 order by 1")
    assert kinds == [("comment", 6), ("post", 6), ("profile", 1)]
    assert unproven(archive.archive) == []


def test_the_files_of_videos_and_pictures_of_posts_are_kept(archive: TestArchive) -> None:
    """The file that fits one video alone, and the picture that a post names, lie in the store byte for byte; a file that
    could be either of two videos' is nobody's.
    """
    _import(archive)
    files = files_of(_SAMPLE)
    kept = rows(
        archive.engine, "select platform_id, kind, sha256, content_type from media where state = 'kept' order by 1"
    )
    video, image = f"{_FOLDER}videos/The New Bridge Part 1_2.mp4", f"{_FOLDER}posts/UgkxRBpost_image.png"
    post = "UgkxRBpost00000000000000000000000001"
    assert kept == [
        (f"{_VIDEO}/file", "video", hashlib.sha256(files[video]).digest(), "video/mp4"),
        (f"{post}/image/UgkxRBpost_image.png", "image", hashlib.sha256(files[image]).digest(), "image/png"),
    ]
    assert rows(archive.engine, "select count(*) from media where platform_id like 'RBparks0004%'") == [(0,)]


def test_what_was_watched_and_written_elsewhere_is_nowhere(archive: TestArchive) -> None:
    """Neither the history, nor the account's address, nor another of its products is in the evidence or the database."""
    _import(archive)
    evidence = b"".join(
        gzip.decompress(path.read_bytes())
        for folder in (archive.archive.spool, archive.archive.spool.parent / "blobs")
        for path in folder.rglob("*.warc.gz")
    )
    assert b"Thank you all!" in evidence
    assert b"step by step" in evidence
    for secret in (b"parks@riverbend.example", b"A private matter", b"from another product", b"the pool's own channel"):
        assert secret not in evidence
        assert secret.decode() not in str(rows(archive.engine, "select fields::text from versions"))


def test_a_private_video_is_hidden(archive: TestArchive) -> None:
    """What only its channel sees is kept, and said to be hidden by it."""
    _import(archive)
    hidden = rows(archive.engine, "select platform_id from items where state = 'hidden'")
    assert hidden == [("RBparks0003",)]
    assert rows(archive.engine, "select by_whom from moderation") == [("the city's account",)]


@pytest.mark.parametrize("first", ["capture", "import"])
def test_what_the_api_shows_is_one_item_with_the_takeouts(archive: TestArchive, first: str) -> None:
    """A video and a comment that both show have a version of either source, and the API's is what they say now."""
    video = video_item(
        {
            "id": _VIDEO,
            "snippet": {"channelId": _OWN, "title": "The New Bridge", "publishedAt": "2024-03-02T16:30:00Z"},
        },
        exchange=0,
    )
    snippet = {"authorChannelId": {"value": _OWN}, "textOriginal": "Thank you!", "publishedAt": "2024-03-03T09:00:00Z"}
    comment = comment_item({"id": _COMMENT, "snippet": snippet}, _VIDEO, exchange=0)
    if first == "import":
        _import(archive)
    for stream, item in ((StreamKind.POSTS, video), (StreamKind.COMMENTS, comment)):
        captured(archive, find(archive.engine, _NAME), stream, [item])
    if first == "capture":
        _import(archive)
    assert _import(archive).new == 0
    for own in (_VIDEO, _COMMENT):
        assert {(source, current) for source, _, current in sources(archive, own)} == {("api", True), ("import", False)}
    assert rows(archive.engine, "select count(*) from items") == [(13,)]


@pytest.mark.parametrize("first", ["capture", "import"])
def test_a_takeout_and_captures_of_one_channel_are_one_record(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str
) -> None:
    """Every video and comment of the channel's is the item that the API shows, with the same words in the same place; none is
    there twice, and the videos' files are kept.
    """
    with social_town(make_archive, monkeypatch, "youtube", faulty=False) as town:
        world = town.city.social.at(_NIGHT)
        channel = next(one for one in town.city.social.accounts if world.status("youtube", one.key) == "active")
        files = takeout_of(world, channel)
        path = zipped(tmp_path / "takeout.zip", files)
        name = f"youtube:{world.by_key('youtube', channel.key).handle}"
        if first == "capture":
            town.night(_NIGHT)
            items = counted(town.archive)["items"]
            report = import_download(town.archive.archive, path, find(town.archive.engine, name))
            assert counted(town.archive)["items"] == items
        else:
            report = import_download(town.archive.archive, path, find(town.archive.engine, name))
            town.night(_NIGHT)
        again = import_download(town.archive.archive, path, find(town.archive.engine, name))
        town.night(_NIGHT)
        assert again.new == 0
        videos = world.posts("youtube", channel.key)
        assert report.items > len(videos) > 5
        both = town.sql(
            "select i.platform_id, a.fields, m.fields, a.id = i.current_version_id from items i "
            "join versions m on m.item_id = i.id and m.source = 'import' "
            "left join versions a on a.id = (select max(v.id) from versions v where v.item_id = i.id and v.source = 'api') "
            "where i.kind <> 'profile'"
        )
        assert len(both) == report.items
        for own, shown, told, current in both:
            assert shown is not None, f"{own} was never shown by the API"
            assert current, own
            for field in ("kind", "author", "title", "text", "references"):
                assert shown.get(field) == told.get(field), (own, field)
        titles = Counter(file_name(one.title) for one in videos)
        alone = [one.id for one in videos if titles[file_name(one.title)] == 1]
        kept = town.sql("select platform_id from media where platform_id like '%/file' and state = 'kept'")
        assert {own for (own,) in kept} == {f"{own}/file" for own in alone}
        assert report.complete == (len(alone) == len(videos))
        assert not unproven(town.archive.archive)


def test_parts_are_one_takeout(archive: TestArchive, tmp_path: Path) -> None:
    """Numbered archives, the tables in one and the videos' files in another, give what the whole gives; one alone says so."""
    files = files_of(_SAMPLE)
    videos = {name: body for name, body in files.items() if "/videos/" in name}
    one = zipped(tmp_path / "takeout-001.zip", {name: body for name, body in files.items() if name not in videos})
    two = zipped(tmp_path / "takeout-002.zip", videos)
    alone = _import(archive, one)
    (lacking,) = [each for each in alone.skipped if "not there" in each["what"]]
    assert lacking["what"] == "2 files that are not there"
    assert alone.media == 1
    both = _import(archive, one, two)
    assert (both.items, both.new, both.media) == (12, 1, 2)
    again = _import(archive, one)
    assert again.new == 0


def test_the_older_form_wants_to_be_vouched_for(archive: TestArchive) -> None:
    """A page of comments does not say whose it is; with the channel's id its comments are the channel's."""
    with pytest.raises(RegisterError, match="does not say whose it is"):
        _import(archive, _OLD)
    report = _import(archive, _OLD, owner_id=_OWN)
    assert (report.items, report.new) == (2, 2)
    assert {each["what"].partition(",")[0].rpartition("/")[2] for each in report.skipped if each["lost"]} == {
        "my-comments.html",
        "my-live-chat-messages.html",
    }
    assert rows(
        archive.engine, "select distinct p.platform_id from versions v join parties p on p.id = v.author_party_id"
    ) == [(_OWN,)]
    assert _import(archive, _OLD, owner_id=_OWN).new == 0
    assert unproven(archive.archive) == []


def test_somebody_elses_takeout_is_refused(archive: TestArchive) -> None:
    """A download of another channel is refused before anything is stored; so is one that would do harm."""
    _import(archive)
    before = counted(archive)
    with pytest.raises(RegisterError, match="not of youtube:RiverbendParks"):
        _import(archive, SAMPLES / "youtube_takeout" / "pool-2023")
    assert counted(archive) == before


def test_a_takeout_of_several_channels_is_not_imported_for_a_further_one(archive: TestArchive, tmp_path: Path) -> None:
    """Whoever vouches for a channel that the download is not of is told whose it is, and no item is stored."""
    table = f"Channel ID,Channel Title (Original)\r\n{_OWN[:-1]}1,One\r\n{_OWN[:-1]}2,Two\r\n".encode()
    path = zipped(tmp_path / "takeout.zip", {f"{_FOLDER}channels/channel.csv": table})
    with pytest.raises(DamagedArchiveError, match=f"it is of the channels {_OWN[:-1]}1, {_OWN[:-1]}2, not of {_OWN}"):
        _import(archive, path, owner_id=_OWN)
    assert counted(archive)["items"] == 0


def test_a_takeout_that_would_do_harm_is_refused(archive: TestArchive, tmp_path: Path) -> None:
    """A table that unpacks as only a bomb does, and one whose name climbs, cost nothing but the asking."""
    name = f"{_FOLDER}comments/comments.csv"
    for harm in ({name: bytes(64 * _MIB)}, {f"../../{name}": b"Comment ID,Comment Text\r\n"}):
        with pytest.raises(UnsafeArchiveError):
            _import(archive, zipped(tmp_path / "takeout.zip", harm))
    assert set(counted(archive).values()) == {0}


def test_a_comment_of_200_megabytes_is_passed_over(archive: TestArchive, tmp_path: Path) -> None:
    """It is named, the comments around it are imported, and memory stays small."""
    folder = tmp_path / "YouTube"
    folder.mkdir()
    row = f"{{}},{_OWN},2024-03-03T09:00:00+00:00,0,,{_VIDEO},{{}}\r\n"
    with (folder / "comments.csv").open("w", newline="") as file:
        file.write("Comment ID,Channel ID,Comment Create Timestamp,Price,Parent Comment ID,Video ID,Comment Text\r\n")
        file.write(row.format("UgRB1", "words 1"))
        head, tail = row.format("UgRB2", '"HUGE"').split("HUGE")
        file.write(head)
        for _ in range(200):
            file.write("a,\n" * (_MIB // 3))
        file.write(tail + row.format("UgRB3", "words 3"))
    tracemalloc.start()
    try:
        report = _import(archive, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 160 * _MIB
    finally:
        tracemalloc.stop()
    assert [each["what"] for each in report.skipped if each["lost"]] == ["YouTube/comments.csv#row=3"]
    assert rows(archive.engine, "select text from versions order by text") == [("words 1",), ("words 3",)]
    assert unproven(archive.archive) == []
