"""The download of an X account in its form since 2019: a folder `data` of JavaScript data files, and folders of media.

`manifest.js` lists the files with how many elements each has; it and `account.js` say whose it is. Large kinds of data lie in
several files (`tweets.js`, `tweets-part1.js`, …). Replies by others are not in it. Of what is no record of the account's
publishing (advertising, log-ins, devices, contacts, likes) nothing is read, and the account's e-mail address is never kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads import javascript
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError, FileTooLargeError
from archiver.downloads.parts import PART
from archiver.downloads.pieces import pieces
from archiver.downloads.x_2013_posts import identity
from archiver.downloads.x_2019_reading import KINDS, Contents, Reader
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Party, Skipped, Source
from archiver.platforms.text import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.unpack import Tree

_MANIFEST, _ACCOUNT, _PROFILE = "manifest.js", "account.js", "profile.js"
_POSTS = re.compile(r"tweets?(?:-part\d+)?\.js")
_KEPT_OF_ACCOUNT = ("accountId", "username", "accountDisplayName", "createdAt")
_SMALL = 4 << 20


class X2019:
    """The importer of the form since 2019."""

    def detect(self, tree: Tree) -> bool:
        """Whether there is a folder with an account and its posts, or a manifest of them."""
        return bool(_folders(tree))

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, from `account.js`, else from the manifest. Raises `DamagedArchiveError`."""
        found: list[DownloadOwner] = []
        for folder in _folders(tree):
            account, user = _account(tree, folder), _manifest(tree, folder).get("userInfo")
            user = user if isinstance(user, Mapping) else {}
            own = identity(account, "accountId") or identity(user, "accountId")
            if own is not None:
                cleaner = Cleaner()
                created = account.get("createdAt")
                found.append(
                    DownloadOwner(
                        platform_id=own,
                        handle=cleaner.optional(_text(account, "username") or _text(user, "userName")),
                        name=cleaner.optional(_text(account, "accountDisplayName") or _text(user, "displayName")),
                        created_at=times.rfc3339(created) if isinstance(created, str) else None,
                    )
                )
        if not found:
            raise DamagedArchiveError(tree.name, f"neither {_ACCOUNT} nor {_MANIFEST} names the id of the account")
        if len({each.platform_id for each in found}) > 1:
            raise DamagedArchiveError(tree.name, "its parts are of different accounts; import each by itself")
        return found[0]

    def expected(self, tree: Tree) -> int | None:
        """How many posts the manifests say there are, deleted ones included; None without a manifest."""
        return _contents(tree).posts

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """Manifest, account and profile, then the posts, the deleted ones and the messages."""
        contents = _contents(tree)
        for folder in _folders(tree):
            yield from _heads(tree, folder, owner)
        yield DownloadFile("", b"", (), tuple(_notes(tree, contents)))
        reader = Reader(tree, contents, owner)
        yield from reader.notes()
        reader.survey()
        for name in contents.files:
            kind = KINDS[contents.files[name]]
            if kind.posts:
                yield from pieces(tree, name, reader.post_taker(name), assigned=True, end=reader.end_of(name))
            elif kind.messages:
                yield from pieces(tree, name, reader.message_taker(name), assigned=True, end=reader.end_of(name))
        yield from reader.rest()


def _heads(tree: Tree, folder: str, owner: DownloadOwner) -> Iterator[DownloadFile]:
    if tree.has(folder + _MANIFEST):
        yield DownloadFile(folder + _MANIFEST, tree.read(folder + _MANIFEST, _SMALL), ())
    if tree.has(folder + _ACCOUNT):
        account = _account(tree, folder)
        kept = [{"account": {name: account[name] for name in _KEPT_OF_ACCOUNT if isinstance(account.get(name), str)}}]
        yield DownloadFile(
            folder + _ACCOUNT,
            tree.read(folder + _ACCOUNT, _SMALL),
            (),
            kept_body=json.dumps(kept).encode("ascii"),
            scrubbed=("everything but the account's id, names and date (its e-mail address)",),
        )
    if tree.has(folder + _PROFILE):
        yield _profile_file(tree, folder + _PROFILE, owner)


def _profile_file(tree: Tree, name: str, owner: DownloadOwner) -> DownloadFile:
    try:
        return DownloadFile(name, tree.read(name, _SMALL), (_profile(_inner(tree, name, "profile"), owner),))
    except (DamagedArchiveError, FileTooLargeError) as error:
        return DownloadFile(name, b"", (), (Skipped(name, error.why),))


def _profile(profile: Mapping[str, Any], owner: DownloadOwner) -> Item:
    """What the account said of itself when the download was made."""
    cleaner = Cleaner()
    said = profile.get("description")
    said = said if isinstance(said, Mapping) else {}
    evidence = {name: cleaner.text(text) for name in ("location", "website") if (text := _text(said, name))}
    return Item(
        kind=ItemKind.PROFILE,
        id=owner.platform_id or "",
        source=Source.IMPORT,
        author=Party(owner.platform_id or "", owner.handle, owner.name),
        title=owner.name,
        text=cleaner.optional(_text(said, "bio")),
        created_at=owner.created_at,
        url=f"https://twitter.com/{owner.handle}" if owner.handle else None,
        evidence=evidence,
        pointer="/0/profile",
        exchange=0,
        flags=cleaner.flags,
    )


def _notes(tree: Tree, contents: Contents) -> Iterator[Skipped]:
    """What the download as a whole lacks or was not read of it."""
    for name, count in contents.missing.items():
        yield Skipped(name, f"the file is missing; the manifest says that it holds {count}")
    if not contents.manifests:
        yield Skipped(_MANIFEST, "there is none, so that the download's totals cannot be compared", lost=False)
    if contents.partial:
        what = "it says that this is a part of the archive; every other part should be imported with it"
        yield Skipped(_MANIFEST, what, lost=False)
    read = {*contents.files, *contents.media.values()}
    heads = {folder + name for folder in _folders(tree) for name in (_MANIFEST, _ACCOUNT, _PROFILE)}
    left = [name for name in tree.names() if name not in read and name not in heads and name.endswith(".js")]
    left = [name for name in left if "assets/" not in name]
    if left:
        what = f"no record of what the account published or was written; left unread: {', '.join(left)}"
        yield Skipped(f"{len(left)} files", what, lost=False)


def _contents(tree: Tree) -> Contents:
    contents = Contents()
    for folder in _folders(tree):
        contents.add(tree, folder, _manifest(tree, folder) if tree.has(folder + _MANIFEST) else None)
    contents.close()
    return contents


def _folders(tree: Tree) -> list[str]:
    """The folders that have data of a download: one, but where parts of it differ."""
    found: dict[str, set[str]] = {}
    for path in tree.names():
        folder, _, name = path.rpartition("/")
        found.setdefault(f"{folder}/" if folder else "", set()).add(name)
    whole = {
        folder
        for folder, names in found.items()
        if {_MANIFEST, _ACCOUNT} & names and any(map(_is_data, names)) and _says_x(tree, folder, names)
    }
    # What differs from another part of the same download, without a manifest of its own.
    beside = {folder for folder in found if (match := PART.match(folder)) and folder[match.end() :] in whole}
    return sorted(whole | beside)


def _says_x(tree: Tree, folder: str, names: set[str]) -> bool:
    """Whether the manifest or the account begins as X writes it: other programs have files of these names too."""
    for name in (_MANIFEST, _ACCOUNT):
        if name in names:
            try:
                with tree.open(folder + name) as stream:
                    head = stream.read(200).decode("utf-8-sig", "replace").lstrip()
            except DamagedArchiveError:
                continue
            if head.startswith(("window.__THAR_CONFIG", "window.YTD.")):
                return True
    return False


def _is_data(name: str) -> bool:
    return bool(_POSTS.fullmatch(name)) or name in {_MANIFEST, _PROFILE}


def _manifest(tree: Tree, folder: str) -> Mapping[str, Any]:
    if not tree.has(folder + _MANIFEST):
        return {}
    value = _loaded(tree, folder + _MANIFEST)
    return value if isinstance(value, Mapping) else {}


def _account(tree: Tree, folder: str) -> Mapping[str, Any]:
    return _inner(tree, folder + _ACCOUNT, "account") if tree.has(folder + _ACCOUNT) else {}


def _inner(tree: Tree, name: str, key: str) -> Mapping[str, Any]:
    """The one object of a file that has one."""
    value = _loaded(tree, name)
    first = value[0] if isinstance(value, list) and value else value
    inner = first.get(key, first) if isinstance(first, Mapping) else None
    if not isinstance(inner, Mapping):
        raise DamagedArchiveError(tree.name, f"{name} assigns no {key}")
    return inner


def _loaded(tree: Tree, name: str) -> object:
    try:
        return javascript.load(tree.read(name, _SMALL).decode("utf-8-sig", "replace"))
    except (javascript.NotData, FileTooLargeError) as error:
        raise DamagedArchiveError(tree.name, f"{name}: {error}") from error


def _text(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    return value if isinstance(value, str) and value else None
