"""The download of an Instagram account, in its JSON form.

The layout has moved (`content/posts_1.json`, then `your_instagram_activity/content/…`, then `…/media/…`), so files are found by
their names. It names its owner by handle, never by id, and has neither ids nor totals. Posts that the account archived are hidden
by it, those it removed lately are in the download too and are kept as gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads import meta_messages
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.facebook import matching, unread
from archiver.downloads.instagram_items import Entries
from archiver.downloads.meta_files import Files, Ids, Repairer, loaded, part, rows
from archiver.downloads.pieces import pieces
from archiver.platforms.items import Item, ItemKind, Party, Skipped, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.downloads.pieces import Reading
    from archiver.downloads.streaming import Element
    from archiver.downloads.unpack import Tree

_PROFILE = re.compile(r"(?:^|/)personal_information\.json$")
_POSTS = re.compile(r"(?:^|/)(?:content|media)/(?:posts(?:_\d+)?|reels|igtv_videos|other_content)\.json$")
_STORIES = re.compile(r"(?:^|/)(?:content|media)/stories(?:_\d+)?\.json$")
_ARCHIVED = re.compile(r"(?:^|/)(?:content|media)/archived_posts(?:_\d+)?\.json$")
_REMOVED = re.compile(r"(?:^|/)(?:content|media)/recently_deleted_content\.json$")
_COMMENTS = re.compile(r"(?:^|/)(?:post_comments(?:_\d+)?|reels_comments|comments)\.json$")
_INSTAGRAM = re.compile(r"(?:^|/)your_instagram_activity/")
_FACEBOOK = re.compile(r"(?:^|/)(?:comments_and_reactions/|your_posts[^/]*\.json$|profile_posts[^/]*\.json$)")
_USERNAMES = (
    "Username",
    "Nombre de usuario",
    "Nom d\u2019utilisateur",
    "Nome utente",
    "Benutzername",
    "Nome de usuário",
)
_NAMES = ("Name", "Nombre", "Nom", "Nome", "First Name")
_WORDS = ("Bio", "Presentación", "Biografía", "Biography")
"""What the labels are called in the languages that are known; a download in another language does not say whose it is."""


class InstagramDownload:
    """The importer."""

    name = "instagram_download"
    platform = "instagram"

    def detect(self, tree: Tree) -> bool:
        """Whether it has files that only an Instagram download has."""
        names = tree.names()
        if any(_INSTAGRAM.search(name) for name in names):
            return True
        ours = (_POSTS, _STORIES, _PROFILE, _COMMENTS)
        return not any(_FACEBOOK.search(name) for name in names) and any(
            pattern.search(name) for name in names for pattern in ours
        )

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, by handle, as far as it says so. Raises `DamagedArchiveError`."""
        for name in matching(tree, _PROFILE):
            profile = _profile_of(loaded(tree, name))
            if profile:
                repairer = Repairer()
                handle = _labelled(repairer, profile, _USERNAMES)
                return DownloadOwner(None, handle, _labelled(repairer, profile, _NAMES))
        return DownloadOwner(None)

    def expected(self, tree: Tree) -> int | None:
        """None: the download states no totals."""
        del tree
        return None

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """The profile, posts and reels, archived and removed ones, stories, comments, messages."""
        files = Files(tree)
        for name in matching(tree, _PROFILE):
            yield _profile_file(tree, name, owner)
        for pattern, read in (
            (_POSTS, _posts()),
            (_ARCHIVED, _posts(hidden="archived by the account: shown to nobody else")),
            (_REMOVED, _posts(gone="deleted by its author lately, as the download says")),
            (_STORIES, _posts(ItemKind.STORY)),
            (_COMMENTS, _comments),
        ):
            for name in matching(tree, pattern):
                yield from pieces(tree, name, read(Entries(name, owner, files)))
        for name in sorted(matching(tree, meta_messages.FILE), key=meta_messages.order_of):
            yield from pieces(tree, name, meta_messages.taker(name, owner, files, Ids(owner.platform_id or "")))
        if notes := unread(tree, files, (_PROFILE, _POSTS, _ARCHIVED, _REMOVED, _STORIES, _COMMENTS)):
            yield DownloadFile("", b"", (), notes)


def _posts(
    kind: ItemKind = ItemKind.POST, *, hidden: str | None = None, gone: str | None = None
) -> Callable[[Entries], Callable[[Element, Reading], None]]:
    def read(entries: Entries) -> Callable[[Element, Reading], None]:
        def take(element: Element, reading: Reading) -> None:
            if element.index is not None:
                entries.post(element.value, element.pointer, reading, kind, hidden=hidden, gone=gone)

        return take

    return read


def _comments(entries: Entries) -> Callable[[Element, Reading], None]:
    def take(element: Element, reading: Reading) -> None:
        if element.index is not None:
            entries.comment(element.value, element.pointer, reading)

    return take


def _profile_of(value: object) -> Mapping[str, Any]:
    """The labelled values of the profile."""
    users = rows(value.get("profile_user")) if isinstance(value, Mapping) else []
    return part(users[0], "string_map_data") if users else {}


def _labelled(repairer: Repairer, profile: Mapping[str, Any], labels: tuple[str, ...]) -> str | None:
    found = (repairer.text(part(profile, label).get("value")) for label in labels)
    plain = next((each for each in found if each is not None), None)
    if plain is not None:
        return plain
    texts = {repairer.text(label): value for label, value in profile.items() if isinstance(value, Mapping)}
    return next((said for label in labels if (said := repairer.text(texts.get(label, {}).get("value")))), None)


def _profile_file(tree: Tree, name: str, owner: DownloadOwner) -> DownloadFile:
    """What the account said of itself. Of its file only handle, name and words are kept: the rest is private."""
    try:
        profile = _profile_of(loaded(tree, name))
        body = tree.read(name)  # not larger than what was just read
    except DamagedArchiveError as error:
        return DownloadFile(name, b"", (), (Skipped(name, error.why),))
    repairer = Repairer()
    text = _labelled(repairer, profile, _WORDS)
    item = Item(
        kind=ItemKind.PROFILE,
        id=f"profile:{owner.platform_id}",
        source=Source.IMPORT,
        author=Party(owner.platform_id or "", owner.handle, owner.name),
        title=owner.name,
        text=text,
        exchange=0,
        flags=repairer.flags,
    )
    kept = {"username": owner.handle, "name": owner.name, "bio": text}
    return DownloadFile(
        name,
        body,
        (item,),
        kept_body=json.dumps(kept, sort_keys=True).encode("ascii"),
        scrubbed=("everything but the account's handle, name and words on itself",),
    )
