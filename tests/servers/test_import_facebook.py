"""The Facebook download, imported into a real database, and made one with what the API shows."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from archiver.accounts import RegisterError, find
from archiver.blobs import BlobStore
from archiver.capture.importing import import_download
from archiver.downloads.errors import DownloadError
from archiver.platforms.items import Item, ItemKind, Media, Party, Source, StreamKind
from tests.fixtures.custody import rows, unproven
from tests.fixtures.importing import account_of, captured, counted, files_of, sources, zipped
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from archiver.platforms.pages import AccountRef
    from tests.fixtures.archives import ArchiveMaker, TestArchive

_OLD = SAMPLES / "facebook_download" / "library-2019"
_PAGE = SAMPLES / "facebook_download" / "library-page-2024"
_OWN, _NAME = "200000000000001", "facebook:RiverbendLibrary"
_AT = datetime(2024, 3, 5, 14, 0, tzinfo=UTC)
_WORDS = "Story hour at the Riverbend Library: señora Núñez reads 📚 every Tuesday."


@pytest.fixture
def archive(make_archive: ArchiveMaker) -> TestArchive:
    """An archive with the Page in its register, under the id that a capture learned."""
    made = make_archive()
    account_of(made, _NAME, _OWN)
    return made


def _account(archive: TestArchive) -> AccountRef:
    return find(archive.engine, _NAME)


def _import(archive: TestArchive, *paths: Path) -> dict[str, object]:
    return import_download(archive.archive, list(paths) or _PAGE, _account(archive)).as_dict()


def _shown(own: str, text: str, at: datetime = _AT, **changed: object) -> Item:
    """A post as the API shows it."""
    item = Item(
        kind=ItemKind.POST,
        id=own,
        source=Source.API,
        author=Party(_OWN, "RiverbendLibrary"),
        text=text,
        created_at=at,
        order_key=own,
        exchange=0,
    )
    return dataclasses.replace(item, **changed)  # type: ignore[arg-type]


def _count(archive: TestArchive, kind: str) -> int:
    return int(rows(archive.engine, "select count(*) from items where kind = :kind", kind=kind)[0][0])


@pytest.mark.parametrize("sample", [_OLD, _PAGE], ids=["profile layout", "Page layout"])
def test_a_download_is_imported_and_a_second_time_changes_nothing(archive: TestArchive, sample: Path) -> None:
    """Posts, own comments, messages and pictures are held, what is lacking is named, and nothing changes the second time."""
    first = _import(archive, sample)
    assert {kind: _count(archive, kind) for kind in ("post", "comment", "message", "profile")} == {
        "post": 8,
        "comment": 3,
        "message": 4,
        "profile": 1,
    }
    lost = [each["reason"] for each in first["skipped"] if each["lost"]]  # type: ignore[attr-defined]
    assert [reason.rpartition("/")[2] for reason in lost] == [
        "999_n.png is not in the download",
        "it has no time",
        "it says nothing",
    ]
    before = counted(archive)
    second = _import(archive, sample)
    assert (second["new"], second["unchanged"]) == (0, first["items"])
    assert {**counted(archive), "warc_records": 0} == {**before, "warc_records": 0}
    assert unproven(archive.archive) == []


def test_both_layouts_are_the_same_record(archive: TestArchive) -> None:
    """The same account's downloads in two layouts give the same items: the second brings nothing new."""
    _import(archive, _OLD)
    before = counted(archive)
    report = _import(archive, _PAGE)
    lasting = ("items", "versions", "sightings", "item_aliases")
    # The one version that is new names its missing file by another path.
    assert report["new"] == 1
    assert {name: counted(archive)[name] for name in lasting} == {
        name: before[name] + (name == "versions") for name in lasting
    }


def test_media_lie_in_the_store_under_their_digests(archive: TestArchive) -> None:
    """Every picture and video of posts, albums and messages is a blob under the digest of the download's very bytes."""
    _import(archive)
    kept = dict(rows(archive.engine, "select platform_id, sha256 from media where state = 'kept'"))
    bodies = [body for name, body in files_of(_PAGE).items() if not name.endswith(".json")]
    digests = {hashlib.sha256(body).digest() for body in bodies}
    assert set(kept.values()) == digests
    assert all(own == f"sha256:{digest.hex()}" for own, digest in kept.items())
    for body in bodies:
        with archive.archive.blobs.open(BlobStore.key(hashlib.sha256(body).digest())) as blob:
            assert blob.read() == body
    assert rows(archive.engine, "select state from media where platform_id like 'file:%'") == [("wanted",)]


def test_private_things_are_in_no_record(archive: TestArchive) -> None:
    """E-mail and telephone are nowhere; a picture's place and the sender's address are in the kept bytes, in no record."""
    _import(archive)
    evidence = b"".join(
        gzip.decompress(path.read_bytes()) for path in (archive.archive.spool.parent / "blobs").rglob("*.warc.gz")
    )
    fields = str(rows(archive.engine, "select fields::text from versions"))
    for secret in ("library@riverbend.example", "555 0100", "192.0.2.9"):
        assert secret.encode() not in evidence
        assert secret not in fields
    assert b"upload_ip" in evidence
    for private in ("upload_ip", "192.0.2.7", "-122.9", "exif"):
        assert private not in fields


def test_what_the_api_showed_before_is_merged(archive: TestArchive) -> None:
    """A post, a comment and a message that the API has shown get one version more each; the made id becomes an alias."""
    post, comment, message = "200000000000001_1", "1_77", "m_mid.1"
    captured(archive, _account(archive), StreamKind.POSTS, [_shown(post, _WORDS.replace(" ", "  "))])
    said = _shown(comment, "Gracias — we will add a second hour.", _AT + timedelta(seconds=300), kind=ItemKind.COMMENT)
    captured(archive, _account(archive), StreamKind.COMMENTS, [said])
    asked = _shown(
        message,
        "¿Está lista mi tarjeta?",
        _AT + timedelta(seconds=430),
        kind=ItemKind.MESSAGE,
        author=Party("psid-9", None, "Ana Peña"),
    )
    captured(archive, _account(archive), StreamKind.MESSAGES, [asked])
    report = _import(archive)
    assert report["merged"] == 3
    for own in (post, comment, message):
        assert [(source, current) for source, _, current in sources(archive, own)] == [("api", True), ("import", False)]
    assert (_count(archive, "post"), _count(archive, "comment"), _count(archive, "message")) == (8, 3, 4)
    before = counted(archive)
    again = _import(archive)
    assert (again["new"], again["merged"]) == (0, 3)
    assert {**counted(archive), "warc_records": 0} == {**before, "warc_records": 0}


def test_what_the_api_shows_later_is_merged(archive: TestArchive) -> None:
    """An imported post that the API shows later takes the platform's id, so that it can be looked up and answered."""
    _import(archive)
    post = "200000000000001_1"
    held = rows(
        archive.engine, "select public_id, platform_id from items where platform_id like 'download:post:1709647200:%'"
    )
    for _ in range(2):
        captured(archive, _account(archive), StreamKind.POSTS, [_shown(post, _WORDS)])
    assert rows(archive.engine, "select public_id from items where platform_id = :id", id=post) == [(held[0][0],)]
    assert rows(archive.engine, "select alias from item_aliases") == [(held[0][1],)]
    assert [(source, current) for source, _, current in sources(archive, post)] == [("import", False), ("api", True)]
    assert _count(archive, "post") == 8
    again = _import(archive)
    assert (again["new"], again["merged"]) == (0, 1)
    assert unproven(archive.archive) == []


def test_nothing_is_joined_that_is_not_certain(archive: TestArchive) -> None:
    """Another second, another text, another author, another kind, or two that fit: each stays an item of its own."""
    account = _account(archive)
    closing = "We close at six today."  # twice in the download, in one second
    shown = [
        _shown("p_1", _WORDS, _AT + timedelta(seconds=1)),
        _shown("p_2", "Story hour is cancelled."),
        _shown("p_3", _WORDS, author=Party("42", None, "Somebody Else")),
        _shown("p_4", _WORDS, kind=ItemKind.STORY),
        _shown("p_5", closing, _AT + timedelta(hours=2)),
    ]
    captured(archive, account, StreamKind.POSTS, shown)
    assert _import(archive)["merged"] == 0
    captured(archive, account, StreamKind.POSTS, [_shown("p_6", closing, _AT + timedelta(hours=2))])
    assert rows(archive.engine, "select count(*) from item_aliases") == [(0,)]
    assert _count(archive, "post") == 8 + 5


def test_a_post_without_words_is_known_by_its_pictures_bytes(archive: TestArchive) -> None:
    """A picture without a text is the API's where the bytes are the same, and only then."""
    (archive.archive.spool).mkdir(parents=True, exist_ok=True)
    body = files_of(_PAGE)["this_profile's_activity_across_facebook/posts/media/videos/201.mp4"]
    path = archive.archive.spool / "picture"
    at = _AT + timedelta(hours=2)
    media = [Media("photo-1", "video", "https://cdn.example/1"), Media("photo-2", "video", "https://cdn.example/2")]
    shown = [
        dataclasses.replace(_shown(f"v_{number}", "", at), text=None, media=(medium,))
        for number, medium in enumerate(media)
    ]
    captured(archive, _account(archive), StreamKind.POSTS, shown)
    for medium, data in zip(media, (body, b"other bytes"), strict=True):
        path.write_bytes(data)
        digest = hashlib.sha256(data).digest()
        archive.archive.blobs.put_file(path, digest)
        with archive.engine.begin() as connection:
            connection.exec_driver_sql(
                "update media set state = 'kept', sha256 = %s, size = %s where platform_id = %s",
                (digest, len(data), medium.id),
            )
    assert _import(archive)["merged"] == 1
    assert [source for source, _, _ in sources(archive, "v_0")] == ["api", "import"]
    assert [source for source, _, _ in sources(archive, "v_1")] == ["api"]


def test_an_older_download_after_a_newer_one_is_no_news(archive: TestArchive, tmp_path: Path) -> None:
    """What one download said is not kept again because another was imported in between."""
    files = files_of(_PAGE)
    name = next(each for each in files if each.endswith("profile_information.json"))
    changed = {**files, name: files[name].replace(b"Books, music", b"Books, films")}
    assert changed[name] != files[name]
    for path in (zipped(tmp_path / "1.zip", files), zipped(tmp_path / "2.zip", changed)):
        _import(archive, path)
    said = sources(archive, f"profile:{_OWN}")
    assert [text[:12] for _, text, _ in said] == ["Books, music", "Books, films"]
    assert _import(archive, tmp_path / "1.zip")["new"] == 0
    assert sources(archive, f"profile:{_OWN}") == said


def test_web_pages_are_asked_for_again_as_json(archive: TestArchive, tmp_path: Path) -> None:
    """A download in the form of web pages is refused with the way to a better one."""
    with pytest.raises(DownloadError, match="ask for the download again, as JSON"):
        _import(archive, zipped(tmp_path / "a.zip", {"posts/your_posts_1.html": b"<html>"}))


def test_an_unsent_message_is_gone(archive: TestArchive) -> None:
    """A message that its author unsent is kept as gone, and stays so at a second import."""
    _import(archive)
    _import(archive)
    gone = rows(archive.engine, "select i.kind, i.state, s.words from items i join states s on s.item_id = i.id")
    assert gone == [("message", "gone_confirmed", "unsent by its author, as the download says")]


def test_a_download_must_be_the_accounts(archive: TestArchive, tmp_path: Path) -> None:
    """Another's download is refused; one that does not say whose it is wants somebody to vouch for it, by the account's id."""
    other = account_of(archive, "facebook:RiverbendFire", "200000000000002")
    with pytest.raises(RegisterError, match="a name that facebook:RiverbendFire never had"):
        import_download(archive.archive, _PAGE, other)
    files = {name: body for name, body in files_of(_PAGE).items() if "profile_information" not in name}
    posts = zipped(tmp_path / "posts.zip", files)
    with pytest.raises(RegisterError, match="does not say whose it is"):
        import_download(archive.archive, posts, _account(archive))
    with pytest.raises(RegisterError, match="not 200000000000002"):
        import_download(archive.archive, posts, _account(archive), owner_id="200000000000002")
    assert counted(archive)["items"] == 0
    report = import_download(archive.archive, posts, _account(archive), owner_id=_OWN)
    assert report.items == 15
    unknown = account_of(archive, "facebook:RiverbendPool")
    with pytest.raises(RegisterError, match="does not say whose"):
        import_download(archive.archive, posts, unknown)


def test_parts_are_one_download(archive: TestArchive, tmp_path: Path) -> None:
    """The words in one archive and the pictures in another are one download; alone, the pictures are named as missing."""
    files = files_of(_PAGE)
    words = zipped(tmp_path / "fb-1.zip", {name: body for name, body in files.items() if name.endswith(".json")})
    pictures = zipped(tmp_path / "fb-2.zip", {name: body for name, body in files.items() if not name.endswith(".json")})
    alone = _import(archive, words)
    assert alone["media"] == 0
    assert not alone["complete"]
    both = _import(archive, words, pictures)
    assert both["media"] == 6
    assert _count(archive, "post") == 8
    assert unproven(archive.archive) == []
