"""What was filled in by hand from a Nextdoor page, as a download: `archiver.downloads.nextdoor_form`, with its files."""

from __future__ import annotations

import hashlib
import mimetypes
from typing import TYPE_CHECKING

from archiver.downloads import nextdoor_form as form
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError, TotalsDifferError
from archiver.platforms.items import Item, ItemKind, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.text import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archiver.downloads.unpack import Tree

_CHUNK = 1 << 20
_KINDS = ("image", "video", "audio")
_MORE_TYPES = {".heic": "image", ".heif": "image", ".webp": "image", ".m4a": "audio", ".opus": "audio"}


class NextdoorForm:
    """A form filled in from a Nextdoor page by hand (docs/nextdoor.md), with the files of its attachments."""

    name = "nextdoor_form"
    platform = "nextdoor"

    def detect(self, tree: Tree) -> bool:
        """Whether there is a `nextdoor.csv`, at the top or in one folder below."""
        return bool(_places(tree))

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, from `about.csv`. Nextdoor has no id for a page but its name, so that is it.

        Raises `DamagedArchiveError`.
        """
        about = _about(_rooted(tree))
        return DownloadOwner(about.account.lower(), about.account, about.name)

    def expected(self, tree: Tree) -> int | None:
        """How many posts and replies `about.csv` says there are, after the whole form was checked; None where it says neither.

        Raises `DamagedArchiveError` with everything that is wrong, `TotalsDifferError`.
        """
        rooted = _rooted(tree)
        about = _about(rooted)
        lines = _lines(rooted, about)
        for what, kind, stated in (("posts", form.POST, about.posts), ("replies", form.REPLY, about.replies)):
            held = sum(1 for line in lines if line.kind == kind)
            if stated not in (None, held):
                raise TotalsDifferError(tree.name, f"{form.ABOUT} says {stated} {what}, {form.POSTS} has {held}")
        return len(lines) if about.posts is not None or about.replies is not None else None

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """`about.csv` with the page's profile, then `nextdoor.csv` with every post and reply and the files they name.

        Raises `DamagedArchiveError`.
        """
        rooted = _rooted(tree)
        about = _about(rooted)
        prefix = _places(tree)[0]
        yield DownloadFile(f"{prefix}{form.ABOUT}", rooted.read(form.ABOUT), [_profile(about, owner)])
        lines = _lines(rooted, about)
        digests = {name: _digest(rooted, f"{form.FILES}{name}") for line in lines for name, _ in line.attachments}
        roots: dict[str, str] = {}
        for line in lines:
            roots[line.id] = line.id if line.in_reply_to is None else roots[line.in_reply_to]
        yield DownloadFile(
            f"{prefix}{form.POSTS}",
            rooted.read(form.POSTS),
            [_item(line, about, owner, roots[line.id], digests) for line in lines],
            media={digest: f"{prefix}{form.FILES}{name}" for name, digest in digests.items()},
        )


def _item(line: form.Line, about: form.About, owner: DownloadOwner, root: str, digests: Mapping[str, str]) -> Item:
    cleaner = Cleaner()
    page = _id_of(owner)
    mine = line.author.casefold() == about.name.casefold()
    name = cleaner.text(about.name if mine else line.author)
    references = [] if line.in_reply_to is None else [
        Reference(ReferenceKind.PARENT, f"{page}/{line.in_reply_to}"),
        Reference(ReferenceKind.ROOT, f"{page}/{root}"),
    ]  # fmt: skip
    return Item(
        kind=ItemKind.POST if line.kind == form.POST else ItemKind.COMMENT,
        id=f"{page}/{line.id}",
        source=Source.IMPORT,
        author=Party(page, owner.handle, name) if mine else Party(f"{page}/named/{name}", None, name),
        title=cleaner.optional(line.title),
        text=cleaner.text(line.text),
        created_text=line.written_text,
        created_at=line.written_at,
        edited_text=line.edited_text,
        edited_at=line.edited_at,
        url=line.url,
        media=tuple(
            Media(id=digests[file], kind=_kind(file), alt_text=cleaner.optional(alt)) for file, alt in line.attachments
        ),
        references=tuple(references),
        evidence={"only_the_day_is_known": True} if line.whole_day else {},
        counts={} if line.reactions is None else {"likes": line.reactions},
        pointer=f"#row={line.number}",
        exchange=0,
        flags=cleaner.flags,
    )


def _profile(about: form.About, owner: DownloadOwner) -> Item:
    cleaner = Cleaner()
    name = cleaner.text(about.name)
    return Item(
        kind=ItemKind.PROFILE,
        id=_id_of(owner),
        source=Source.IMPORT,
        author=Party(_id_of(owner), owner.handle, name),
        title=name,
        url=about.page,
        pointer="#row=1",
        exchange=0,
        flags=cleaner.flags,
    )


def _id_of(owner: DownloadOwner) -> str:
    return owner.platform_id or str(owner.handle)


def _kind(name: str) -> str:
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    guessed = (mimetypes.guess_type(name)[0] or "").partition("/")[0]
    return _MORE_TYPES.get(suffix) or (guessed if guessed in _KINDS else "file")


def _digest(tree: Tree, name: str) -> str:
    """A medium's id: what its bytes are. A file of the same name that holds something else is another medium."""
    digest = hashlib.sha256()
    with tree.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _places(tree: Tree) -> list[str]:
    """The folders in which forms lie, as prefixes: the top, or folders of the top."""
    found = [name.removesuffix(form.POSTS) for name in tree.names() if name.rpartition("/")[2] == form.POSTS]
    return [prefix for prefix in found if prefix.count("/") <= 1]


def _rooted(tree: Tree) -> Tree:
    places = _places(tree)
    if len(places) != 1:
        raise DamagedArchiveError(
            tree.name,
            f"it holds {len(places)} forms ({form.POSTS}), in {', '.join(places) or 'no folder'}; import one by one",
        )
    return tree.below(places[0])


def _about(tree: Tree) -> form.About:
    try:
        return form.read_about(tree.read(form.ABOUT))
    except form.FormError as error:
        raise DamagedArchiveError(tree.name, f"{error}. Correct it, and import it again") from error


def _lines(tree: Tree, about: form.About) -> list[form.Line]:
    files = [name.removeprefix(form.FILES) for name in tree.names() if name.startswith(form.FILES)]
    strangers = [
        name for name in tree.names() if not name.startswith(form.FILES) and name not in {form.ABOUT, form.POSTS}
    ]
    try:
        if strangers:
            names = ", ".join(strangers[:5])
            raise form.FormError(
                [f"it holds {names}, which is no part of a form; put attachments into the folder {form.FILES}"]
            )
        return form.read_lines(tree.read(form.POSTS), about, files)
    except form.FormError as error:
        raise DamagedArchiveError(
            tree.name, f"{error}. Nothing was imported; correct it, and import it again"
        ) from error
