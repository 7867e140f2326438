"""Downloads whose JSON is anything at all: one bad part costs that part, and everything that is read can be stored."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.downloads import DOWNLOADS
from archiver.downloads.errors import DownloadError
from archiver.evidence.fields import content_hash, evidence_fields
from archiver.platforms.text import REPLACED_CHARACTERS
from archiver.records.storable import storable
from tests.fixtures.importing import files_of, tree_of
from tests.fixtures.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.downloads.contract import DownloadFile

_OWN = "200000000000001"
_FORMS = {
    "x_archive": "parks-2024",
    "facebook_download": "library-page-2024",
    "instagram_download": "museum-2024",
    "mastodon_archive": "clerk-2025",
}
_FILES = {name: files_of(SAMPLES / name / sample) for name, sample in _FORMS.items()}
_TEXT = st.text(st.characters(codec=None, categories=("L", "Cs", "Cc", "Zs", "So")), max_size=8)
_SCALAR = st.sampled_from(
    [None, True, 0, -1, 10**30, 1e308, "", "0", "\x00", "\ud83d", "a" * 3000, "../../x", "http://[", "1" * 40, [], {}]
)
_JSON = st.recursive(
    _SCALAR | _TEXT | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_WHOSE = frozenset({"manifest.js", "account.js", "profile_information.json", "personal_information.json", "actor.json"})
"""The files that say whose download it is: without them nothing is imported at all."""
_DEEP: Any = "x"
for _ in range(400):
    _DEEP = [_DEEP]


def _read(name: str, files: Mapping[str, bytes]) -> list[DownloadFile]:
    """Everything that the importer reads of these files."""
    importer = DOWNLOADS[name]
    tree = tree_of(files)
    owner = importer.owner(tree)
    importer.expected(tree)
    return list(importer.files(tree, owner if owner.platform_id else dataclasses.replace(owner, platform_id=_OWN)))


def _check(read: list[DownloadFile]) -> None:
    """Whatever was read can be stored and hashed, and is named by nothing empty."""
    for file in read:
        for item in (*file.items, *file.history):
            fit = storable(item)
            assert fit.id
            content_hash(evidence_fields(fit))
            assert fit.created_at is None or fit.created_at.tzinfo is not None
        assert all(skipped.what and skipped.reason for skipped in file.skipped)


@st.composite
def _changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with one part of it, however deep, exchanged for anything."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: draw(_changed(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], draw(_changed(value[at])), *value[at + 1 :]]
    return draw(_JSON | st.just(_DEEP))


@pytest.mark.parametrize("name", sorted(_FORMS))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_json_anywhere_is_read_or_named(name: str, data: st.DataObject) -> None:
    """A part that is something else than it should be never stops the import, unless it is whose download it is."""
    files = _FILES[name]
    path = data.draw(st.sampled_from(sorted(each for each in files if each.endswith((".js", ".json")))))
    head, equals, body = (
        files[path].decode().partition("= ") if path.endswith(".js") else ("", "", files[path].decode())
    )
    changed = json.dumps(data.draw(_changed(json.loads(body))))
    try:
        _check(_read(name, {**files, path: f"{head}{equals}{changed}".encode()}))
    except DownloadError as error:
        if path.rpartition("/")[2] not in _WHOSE or not str(error):
            raise


@pytest.mark.parametrize("name", sorted(_FORMS))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_bytes_anywhere_are_read_or_named(name: str, data: st.DataObject) -> None:
    """A file that is cut, or has other bytes in its midst, costs no more than itself."""
    files = _FILES[name]
    path = data.draw(st.sampled_from(sorted(each for each in files if each.endswith((".js", ".json")))))
    body = files[path]
    at = data.draw(st.integers(0, len(body)))
    changed = body[:at] + data.draw(st.binary(max_size=20)) + body[at + data.draw(st.integers(0, 400)) :]
    try:
        _check(_read(name, {**files, path: changed}))
    except DownloadError as error:
        if path.rpartition("/")[2] not in _WHOSE or not str(error):
            raise


@pytest.mark.parametrize("name", sorted(_FORMS))
def test_what_cannot_be_held_becomes_a_sign_of_it(name: str) -> None:
    """NUL and lone surrogates in texts become U+FFFD with a flag, and change nothing else."""
    files = dict(_FILES[name])
    path, words = {
        "x_archive": ("data/tweets.js", b"And the south gate"),
        "facebook_download": ("this_profile's_activity_across_facebook/posts/profile_posts_1.json", b"The book sale"),
        "instagram_download": ("your_instagram_activity/media/posts_1.json", b"Two pictures"),
        "mastodon_archive": ("outbox.json", b"3. Parks"),
    }[name]
    assert words in files[path]
    files[path] = files[path].replace(words, b"\\u0000\\ud83d" + words)
    items = [item for file in _read(name, files) for item in file.items if words.decode() in (item.text or "")]
    assert [(item.text or "")[:2] for item in items] == ["\ufffd\ufffd"]
    assert REPLACED_CHARACTERS in items[0].flags


def test_names_that_differ_by_case_only_are_two_files() -> None:
    """Pictures whose names differ by the case of a letter are each found by their own name."""
    folder = "this_profile's_activity_across_facebook/posts/media/photos_1/"
    files = dict(_FILES["facebook_download"])
    files[folder + "102_N.png"] = b"another picture"
    read = _read("facebook_download", files)
    names = {path for file in read for path in file.media.values()}
    assert folder + "102_n.png" in names
    assert folder + "102_N.png" not in names


def test_a_name_that_climbs_is_no_file_of_the_download() -> None:
    """An entry that names a file outside of the download is said to lack it."""
    path = "this_profile's_activity_across_facebook/posts/profile_posts_1.json"
    files = dict(_FILES["facebook_download"])
    files[path] = files[path].replace(
        b"this_profile's_activity_across_facebook/posts/media/photos_1/102_n.png", b"../../etc/passwd"
    )
    read = _read("facebook_download", files)
    assert any("../../etc/passwd is not in the download" in row.reason for file in read for row in file.skipped)
    assert all("passwd" not in each for file in read for each in file.media.values())


def test_a_file_named_alike_in_two_folders_is_not_guessed() -> None:
    """Where two files of a download fit what an entry names, neither is taken."""
    path = "this_profile's_activity_across_facebook/posts/profile_posts_1.json"
    files = dict(_FILES["facebook_download"])
    files[path] = files[path].replace(
        b"this_profile's_activity_across_facebook/posts/media/photos_1/102_n.png", b"photos_1/same.png"
    )
    files |= {"one/photos_1/same.png": b"1", "two/photos_1/same.png": b"2"}
    read = _read("facebook_download", files)
    assert any("photos_1/same.png is not in the download" in row.reason for file in read for row in file.skipped)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x_archive", "data/tweets_media/1-a.png"),
        ("facebook_download", "this_profile's_activity_across_facebook/posts/media/loose/a.png"),
        ("instagram_download", "media/posts/202403/a.png"),
        ("mastodon_archive", "media_attachments/files/000/000/001/original/a.png"),
    ],
)
def test_a_picture_that_nothing_names_is_noted(name: str, path: str) -> None:
    """A picture in the download that belongs to no post or message is named in a note; nothing of the account is lost by it."""
    read = _read(name, {**_FILES[name], path: b"a picture"})
    (note,) = [row for file in read for row in file.skipped if path in row.reason]
    assert not note.lost
