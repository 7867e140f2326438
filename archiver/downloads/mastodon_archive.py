"""The export that an instance of Mastodon gives an account: `actor.json`, `outbox.json` and the files of its attachments.

Until 4.2 it is a `.tar.gz` in which the files may lie below folders of the instance's own server, since then a `.zip`. It holds
all that the account published, boosted and sent, private and direct statuses among them; nothing by others, no earlier forms and
no counts. What the account liked and bookmarked (`likes.json`, `bookmarks.json`) is nothing that it published, and is not read.

Source: mastodon/mastodon, app/services/backup_service.rb, as it was in 2018, 2023 and 2025.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.mastodon_activities import Activities, Whose, profile_of, visibility_of, whose
from archiver.downloads.mastodon_files import Stored, picture, stored_files
from archiver.downloads.meta_files import loaded
from archiver.downloads.pieces import Reading, UnreadableItemError, pieces
from archiver.downloads.streaming import MIB, Elements
from archiver.platforms import times
from archiver.platforms.answers import number_of, text_of
from archiver.platforms.items import Item, Media, Skipped
from archiver.platforms.mastodon_items import DIRECT
from archiver.platforms.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.downloads.streaming import Element
    from archiver.downloads.unpack import Tree

_ACTOR, _OUTBOX = "actor.json", "outbox.json"
_UNREAD = ("likes.json", "bookmarks.json")
_ITEMS, _TOTAL = "orderedItems", "totalItems"
_PICTURES = ("icon", "image")
_MOST_NAMED = 50


class MastodonArchive:
    """The importer."""

    name = "mastodon_archive"
    platform = "mastodon"

    def detect(self, tree: Tree) -> bool:
        """Whether a folder has both the account and its outbox."""
        return _folder(tree) is not None

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, from `actor.json`. Raises `DamagedArchiveError`."""
        actor = _actor(tree)
        owner = _whose(tree, actor)
        try:
            published, address = text_of(actor, "published"), text_of(actor, "webfinger")
        except TypeError:
            published, address = None, None
        return DownloadOwner(
            platform_id=owner.uri,
            handle=clean(address.removeprefix("acct:"))[0] if address else f"{owner.username}@{owner.namespace}",
            name=owner.name,
            created_at=times.rfc3339(published) if published else None,
            namespace=owner.namespace,
        )

    def expected(self, tree: Tree) -> int | None:
        """How many statuses and boosts `outbox.json` says it has (`totalItems`), direct ones not counted.

        Since 4.5 the number is that of all its entries; before, it is the instance's count of the account's statuses, in which
        direct ones never are. None where it says nothing that can be read. Raises `DamagedArchiveError`.
        """
        folder, owner = _known_folder(tree), _whose(tree, _actor(tree))
        try:
            stated, entries, direct = _counted(tree, folder + _OUTBOX, owner)
        except DamagedArchiveError:
            return None  # reading it says so
        if stated is None:
            return None
        return stated - direct if stated == entries else stated

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """The account's profile with its pictures, then its outbox. Raises `DamagedArchiveError`."""
        folder = _known_folder(tree)
        actor = _actor(tree)
        account = _whose(tree, actor, owner.namespace)
        pictures: list[str] = []
        yield _profile_file(tree, folder, actor, account, pictures)
        reader = _Reader(tree, folder + _OUTBOX, account)
        yield from pieces(tree, folder + _OUTBOX, reader.taker(), end=reader.end)
        notes = tuple(_notes(tree, folder, {*reader.used, *pictures}))
        if notes:
            yield DownloadFile("", b"", (), notes)


class _Reader:
    """Gathers the statuses of the outbox with the files of their attachments."""

    def __init__(self, tree: Tree, name: str, owner: Whose) -> None:
        self._name, self._activities = name, Activities(owner)
        self._files = stored_files(tree)
        self._read = 0
        self._stated = False
        self.used: set[str] = set()

    def taker(self) -> Callable[[Element, Reading], None]:
        """What takes in an entry of the outbox."""

        def take(element: Element, reading: Reading) -> None:
            if element.key == _TOTAL:
                self._stated = True
            if element.key != _ITEMS or element.index is None:
                return
            self._read += 1
            item, stored = self._activities.item(element.value, element.pointer)
            reading.items.append(item)
            for medium, file in zip(item.media, stored, strict=True):
                self._attach(item, medium, file, reading)

        return take

    def end(self, reading: Reading) -> None:
        """Say so where the file has no list of entries at all."""
        if not self._read and not self._stated and not reading.skipped:
            reading.skip(self._name, f"it has neither {_ITEMS} nor {_TOTAL}, as an outbox has")

    def _attach(self, item: Item, medium: Media, stored: Stored | None, reading: Reading) -> None:
        found = self._files.get(stored.path, []) if stored else []
        if len(found) == 1:
            reading.media[medium.id] = found[0]
            self.used.add(found[0])
        else:
            reading.skip(f"{self._name}{item.pointer}", f"its {medium.kind} {medium.id} is not in the download")


def _folder(tree: Tree) -> str | None:
    """The folder that the export begins in: the nearest to the top that has both files."""
    names = set(tree.names())
    folders = [name.removesuffix(_OUTBOX) for name in names if name == _OUTBOX or name.endswith(f"/{_OUTBOX}")]
    both = [folder for folder in folders if folder + _ACTOR in names]
    return min(both, key=lambda folder: (folder.count("/"), folder), default=None)


def _known_folder(tree: Tree) -> str:
    folder = _folder(tree)
    if folder is None:
        raise DamagedArchiveError(tree.name, f"it has no folder with {_ACTOR} and {_OUTBOX}")
    return folder


def _actor(tree: Tree) -> Mapping[str, Any]:
    actor = loaded(tree, _known_folder(tree) + _ACTOR)
    if not isinstance(actor, Mapping):
        raise DamagedArchiveError(tree.name, f"{_ACTOR} holds no account")
    return actor


def _whose(tree: Tree, actor: Mapping[str, Any], namespace: str | None = None) -> Whose:
    """The account, in the namespace that the register knows, else that of the host of its address."""
    try:
        host = urlsplit(str(actor.get("id"))).hostname or ""
        return whose(actor, clean(host if namespace is None else namespace)[0])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedArchiveError(tree.name, f"{_ACTOR} does not say whose it is ({error})") from error


def _counted(tree: Tree, name: str, owner: Whose) -> tuple[int | None, int, int]:
    """What the outbox says that it holds, how many entries it has, and how many of those are direct."""
    stated, entries, direct = None, 0, 0
    with tree.open(name) as stream:
        elements = Elements(stream)
        for element in elements:
            if element.cut or elements.held > MIB:
                elements.take()
            if element.key == _TOTAL and element.index is None:
                stated = number_of({_TOTAL: element.value}, _TOTAL)
            elif element.key == _ITEMS and element.index is not None and not element.broken:
                entries += 1
                direct += _is_direct(element.value, owner)
    return stated, entries, direct


def _is_direct(activity: object, owner: Whose) -> bool:
    note = activity.get("object") if isinstance(activity, Mapping) and activity.get("type") == "Create" else None
    try:
        return isinstance(note, Mapping) and visibility_of(note, owner) == DIRECT
    except UnreadableItemError:
        return False


def _profile_file(tree: Tree, folder: str, actor: Mapping[str, Any], owner: Whose, pictures: list[str]) -> DownloadFile:
    """`actor.json`, and what the account says there of itself."""
    name = folder + _ACTOR
    skipped: list[Skipped] = []
    media: list[Media] = []
    files: dict[str, str] = {}
    for key in _PICTURES:
        image = actor.get(key)
        address = image.get("url") if isinstance(image, Mapping) else None
        if not isinstance(address, str):
            continue
        path = folder + address.partition("?")[0]
        try:
            medium = picture(tree, path)
        except DamagedArchiveError as error:
            skipped.append(Skipped(f"{name}/{key}", error.why))
            continue
        pictures.append(path)
        if medium.id not in files:
            media.append(medium)
            files[medium.id] = path
    items: tuple[Item, ...] = ()
    try:
        items = (dataclasses.replace(profile_of(actor, owner), media=tuple(media)),)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        why = f"it has not the form that an account has ({type(error).__name__}: {error})"
        skipped.append(Skipped(name, why))
    return DownloadFile(name, tree.read(name), items, tuple(skipped), media=files if items else {})


def _notes(tree: Tree, folder: str, used: set[str]) -> Iterator[Skipped]:
    """What of the export was not read."""
    unread = [folder + name for name in _UNREAD if tree.has(folder + name)]
    known = {folder + _ACTOR, folder + _OUTBOX, *unread, *used}
    left = [name for name in tree.names() if name not in known]
    for names, what in (
        (unread, "what the account liked or bookmarked is nothing that it published; left unread"),
        (left, "nothing in the export names them; left unread"),
    ):
        if names:
            named = ", ".join(names[:_MOST_NAMED]) + (" and others" if len(names) > _MOST_NAMED else "")
            yield Skipped(f"{len(names)} files", f"{what}: {named}", lost=False)
