"""The download of a Facebook profile or Page, in its JSON form.

The layout has moved over the years (`posts/your_posts_1.json`, `your_activity_across_facebook/posts/…`, for a Page
`this_profile's_activity_across_facebook/posts/profile_posts_1.json`), so files are found by their names. It has no ids, no
comments by others but below pictures, and no totals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads import meta_messages
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.facebook_items import Entries
from archiver.downloads.meta_files import Files, Ids, Repairer, loaded, moment_of
from archiver.downloads.pieces import Reading, pieces
from archiver.platforms.items import Item, ItemKind, Party, Skipped, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.downloads.streaming import Element
    from archiver.downloads.unpack import Tree

_PROFILE = re.compile(r"(?:^|/)(?:profile|page)_information\.json$")
_POSTS = re.compile(
    r"(?:^|/)(?:(?:your|profile|page)_posts[^/]*|posts/posts(?:_\d+)?|group_posts_and_comments|your_posts_in_groups)\.json$"
)
_STORIES = re.compile(r"(?:^|/)(?:archived_stories|your_stories)(?:_\d+)?\.json$")
_ALBUMS = re.compile(r"(?:^|/)album/\d+\.json$")
_LOOSE = re.compile(
    r"(?:^|/)(?:your_uncategorized_photos|your_photos|uncategorized_photos|your_videos|videos)(?:_\d+)?\.json$"
)
_COMMENTS = re.compile(r"(?:^|/)(?:comments(?:_\d+)?|your_comments_in_groups)\.json$")
_FACEBOOK = re.compile(
    r"(?:^|/)(?:your_activity_across_facebook|your_facebook_activity|this_profile's_activity_across_facebook)/"
)
_INSTAGRAM = re.compile(r"(?:^|/)(?:your_instagram_activity/|personal_information\.json$|content/posts_\d+\.json$)")
_OWN_ID = re.compile(r"[?&]id=(\d{1,30})(?:&|$)", re.ASCII)
_ADDRESS = re.compile(r"facebook\.com/([A-Za-z0-9.\-]{1,100})/?$", re.ASCII)
_KEPT = ("username", "profile_uri", "registration_timestamp")
_MOST_NAMED = 50


class FacebookDownload:
    """The importer."""

    name = "facebook_download"
    platform = "facebook"

    def detect(self, tree: Tree) -> bool:
        """Whether it has files that only a Facebook download has."""
        names = tree.names()
        if any(_FACEBOOK.search(name) for name in names):
            return True
        ours = (_POSTS, _PROFILE, _COMMENTS, meta_messages.FILE)
        return not any(_INSTAGRAM.search(name) for name in names) and any(
            pattern.search(name) for name in names for pattern in ours
        )

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, as far as it says so: a download of posts only says nothing. Raises `DamagedArchiveError`."""
        for name in matching(tree, _PROFILE):
            profile = _profile_of(loaded(tree, name))
            if profile:
                return _owner(profile)
        return DownloadOwner(None)

    def expected(self, tree: Tree) -> int | None:
        """None: the download states no totals."""
        del tree
        return None

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """The profile, posts and stories, pictures that no post shows, comments, messages."""
        files = Files(tree)
        for name in matching(tree, _PROFILE):
            yield _profile_file(tree, name, owner)
        for pattern, read in (
            (_POSTS, _posts),
            (_STORIES, _stories),
            (_ALBUMS, _album),
            (_LOOSE, _loose),
            (_COMMENTS, _comments),
        ):
            for name in matching(tree, pattern):
                yield from pieces(tree, name, read(Entries(name, owner, files)))
        for name in sorted(matching(tree, meta_messages.FILE), key=meta_messages.order_of):
            yield from pieces(tree, name, meta_messages.taker(name, owner, files, Ids(owner.platform_id or "")))
        if notes := unread(tree, files, (_PROFILE, _POSTS, _STORIES, _ALBUMS, _LOOSE, _COMMENTS)):
            yield DownloadFile("", b"", (), notes)


def _posts(entries: Entries) -> Callable[[Element, Reading], None]:
    def take(element: Element, reading: Reading) -> None:
        if element.index is not None or isinstance(element.value, Mapping):
            entries.post(element.value, element.pointer, reading)

    return take


def _stories(entries: Entries) -> Callable[[Element, Reading], None]:
    def take(element: Element, reading: Reading) -> None:
        if element.index is not None:
            entries.post(element.value, element.pointer, reading, ItemKind.STORY)

    return take


def _comments(entries: Entries) -> Callable[[Element, Reading], None]:
    def take(element: Element, reading: Reading) -> None:
        if element.index is not None:
            entries.comment(element.value, element.pointer, reading)

    return take


def _album(entries: Entries) -> Callable[[Element, Reading], None]:
    """An album: its name stands before its pictures or after them, so that only a name before them becomes their title."""
    names: list[str] = []

    def take(element: Element, reading: Reading) -> None:
        if element.key == "name" and isinstance(element.value, str):
            names.append(element.value)
        elif element.key == "photos" and element.index is not None:
            entries.loose(element.value, element.pointer, reading, names[0] if names else None)

    return take


def _loose(entries: Entries) -> Callable[[Element, Reading], None]:
    def take(element: Element, reading: Reading) -> None:
        if element.index is not None:
            entries.loose(element.value, element.pointer, reading)

    return take


def matching(tree: Tree, pattern: re.Pattern[str]) -> list[str]:
    """The files of that name, their numbers in order."""
    found = [name for name in tree.names() if pattern.search(name)]
    return sorted(
        found, key=lambda name: [int(each) if each.isdigit() else each for each in re.split(r"(\d{1,9})", name)]
    )


def unread(tree: Tree, files: Files, patterns: tuple[re.Pattern[str], ...]) -> tuple[Skipped, ...]:
    """The JSON files of a download that nothing was read from, in one note, and the media that nothing names, in another."""
    known = (*patterns, meta_messages.FILE)
    left = [
        name for name in tree.names() if name.endswith(".json") and not any(pattern.search(name) for pattern in known)
    ]
    notes = []
    for names, what in (
        (left, "no record of what the account published or was written; left unread"),
        (sorted(files.unnamed()), "pictures and videos that nothing in the download names; left unread"),
    ):
        if names:
            named = ", ".join(names[:_MOST_NAMED]) + (" and others" if len(names) > _MOST_NAMED else "")
            notes.append(Skipped(f"{len(names)} files", f"{what}: {named}", lost=False))
    return tuple(notes)


def _profile_of(value: object) -> Mapping[str, Any]:
    """The profile within the file, whatever the key is called under which it lies."""
    holders = [value, *(value.values() if isinstance(value, Mapping) else ())]
    return next((each for each in holders if isinstance(each, Mapping) and "name" in each), {})


def _owner(profile: Mapping[str, Any]) -> DownloadOwner:
    repairer = Repairer()
    name = profile.get("name")
    address = profile.get("profile_uri")
    address = address if isinstance(address, str) else ""
    own, handle = _OWN_ID.search(address), _ADDRESS.search(address)
    return DownloadOwner(
        platform_id=own[1] if own else None,
        handle=repairer.text(profile.get("username")) or (handle[1] if handle and not own else None),
        name=repairer.text(name.get("full_name") if isinstance(name, Mapping) else name),
        created_at=moment_of(profile, "registration_timestamp"),
    )


def _profile_file(tree: Tree, name: str, owner: DownloadOwner) -> DownloadFile:
    """What the account said of itself. Of its file only the name, address and date are kept: the rest is private."""
    try:
        profile = _profile_of(loaded(tree, name))
        body = tree.read(name)  # not larger than what was just read
    except DamagedArchiveError as error:
        return DownloadFile(name, b"", (), (Skipped(name, error.why),))
    repairer = Repairer()
    said = owner.name
    text = repairer.text(profile.get("intro_bio") or profile.get("about"))
    kept = {field: profile[field] for field in _KEPT if isinstance(profile.get(field), str | int)}
    item = Item(
        kind=ItemKind.PROFILE,
        id=f"profile:{owner.platform_id}",
        source=Source.IMPORT,
        author=Party(owner.platform_id or "", owner.handle, owner.name),
        title=said,
        text=text,
        created_at=owner.created_at,
        exchange=0,
        flags=repairer.flags,
    )
    return DownloadFile(
        name,
        body,
        (item,),
        kept_body=json.dumps({"name": said, "about": text, **kept}, sort_keys=True).encode("ascii"),
        scrubbed=("everything but the account's name, words on itself, address and date",),
    )
