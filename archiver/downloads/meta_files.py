r"""What the downloads of Facebook and Instagram share: broken text, times, the files that entries name, ids that are made.

Text in them is UTF-8 whose bytes were each written as a character (`\u00c3\u00b8` for `ø`). It is repaired text by text; one
that is no such text stays as it is. Times are Unix seconds. Files are named by `uri`, from the top of the download.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import mimetypes
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.errors import DamagedArchiveError, FileTooLargeError
from archiver.downloads.pieces import UnreadableItemError
from archiver.platforms import times
from archiver.platforms.items import Media
from archiver.platforms.text import Cleaner
from archiver.platforms.unnamed import made_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from archiver.downloads.unpack import Tree

REPAIRED = "repaired_encoding"
"""Flag of a version: the download had its text as the bytes of UTF-8 in place of characters; they were put together again."""
_CHUNK = 1 << 20
_SMALL = 4 << 20
_KINDS = {"image": "image", "video": "video", "audio": "audio"}
_MORE_TYPES = {".heic": "image", ".heif": "image", ".webp": "image", ".opus": "audio", ".m4a": "audio"}


def repaired(text: str) -> str:
    """The text as it was meant, or as it is where it is no UTF-8 in the place of characters."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


class Repairer:
    """Repairs and cleans the texts of one item, and gathers the flags of all of them."""

    def __init__(self) -> None:
        self._cleaner, self._repaired = Cleaner(), False

    @property
    def flags(self) -> frozenset[str]:
        """What was done to any of them."""
        return self._cleaner.flags | (frozenset({REPAIRED}) if self._repaired else frozenset())

    def text(self, value: object) -> str | None:
        """A text that says something, as it can be held; None for anything else."""
        if not isinstance(value, str) or not value.strip():
            return None
        whole = repaired(value)
        self._repaired |= whole is not value and whole != value
        return self._cleaner.text(whole)


def moment_of(holder: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these Unix times, in seconds, that is one; 0 is none."""
    for name in names:
        value = holder.get(name)
        if isinstance(value, int | str) and not isinstance(value, bool) and value not in {0, "0", ""}:
            found = times.unix_seconds(value)
            if found is not None:
                return found
    return None


def rows(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list, whatever else is in it; none of what is no list."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within an object, or an empty one."""
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}


def loaded(tree: Tree, name: str) -> object:
    """The JSON of a small file. Raises `DamagedArchiveError`."""
    try:
        return json.loads(tree.read(name, _SMALL).decode("utf-8-sig", "replace"))
    except FileTooLargeError as error:
        raise DamagedArchiveError(tree.name, error.why) from error
    except (ValueError, RecursionError) as error:
        raise DamagedArchiveError(tree.name, f"{name} is no JSON ({error})") from error


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A medium of an entry, and the file of the download that has its bytes, if there is one."""

    medium: Media
    file: str | None
    uri: str


class Files:
    """The files of a download as its entries name them. What was named by a post is remembered, so that what lists the same
    pictures once more (albums) is told from what nothing else shows.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for path in tree.names():
            self._by_name[path.rpartition("/")[2]].append(path)
        self._digests: dict[str, str] = {}
        self._shown: set[str] = set()

    def find(self, uri: str) -> str | None:
        """The path of the file that an entry names, wherever in the archive the download begins; None where there is no one."""
        for wanted in dict.fromkeys((uri.strip("/"), repaired(uri).strip("/"))):
            same = self._by_name.get(wanted.rpartition("/")[2], ())
            for tail in (wanted, "/".join(wanted.split("/")[-2:])):
                fitting = [path for path in same if path == tail or path.endswith(f"/{tail}")]
                if len(fitting) == 1:
                    return fitting[0]
        return None

    def medium(self, uri: str, description: str | None = None) -> Found:
        """The medium that an entry names. Its id is the digest of its bytes: the download gives it none that lasts."""
        kind = kind_of(uri)
        if uri.startswith(("http://", "https://")):
            return Found(Media(uri, kind, uri, description), None, uri)
        path = self.find(uri)
        if path is None:
            return Found(Media(f"file:{uri}", kind, None, description), None, uri)
        return Found(Media(f"sha256:{self._digest(path)}", kind, None, description), path, uri)

    def show(self, found: Found) -> None:
        """Remember that something shows the file, also where the download lacks it."""
        self._shown.add(found.file or found.uri)

    def shown(self, uri: str) -> bool:
        """Whether something has shown the file already."""
        return (self.find(uri) or uri) in self._shown

    def unnamed(self) -> list[str]:
        """The media files that no entry has named up to now."""
        return [
            path
            for paths in self._by_name.values()
            for path in paths
            if path not in self._digests and kind_of(path) in _KINDS
        ]

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            digest = hashlib.sha256()
            with self._tree.open(path) as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
            self._digests[path] = digest.hexdigest()
        return self._digests[path]


def kind_of(name: str) -> str:
    """What sort of medium a file is, by the end of its name."""
    end = name.partition("?")[0].rpartition(".")[2].lower()
    guess = mimetypes.guess_type(f"file.{end}", strict=False)[0] or ""
    return _KINDS.get(guess.partition("/")[0]) or _MORE_TYPES.get(f".{end}", "file")


class Ids:
    """The made ids of one file: what says the same in the same second twice is told apart by its number."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._counted: defaultdict[str, int] = defaultdict(int)

    def of(
        self,
        kind: str,
        moment: datetime,
        text: str | None,
        media: Sequence[Found] = (),
        *,
        otherwise: Sequence[str] = (),
        within: str = "",
    ) -> str:
        """The id of an item. `otherwise` tells it apart where it has neither text nor media.

        Raises `UnreadableItemError` for one that says nothing and whose pictures are not there: its id would be another when they
        are.
        """
        if not text and any(each.file is None and not each.medium.url for each in media):
            lacking = next(each.uri for each in media if each.file is None)
            raise UnreadableItemError(f"it has no text, and its file {lacking} is not in the download")
        told = [each.medium.id for each in media] or list(otherwise)
        made = made_id(self._account, kind, moment, text, told, within=within)
        self._counted[made] += 1
        return made if self._counted[made] == 1 else f"{made}:{self._counted[made]}"


def lacking(found: Sequence[Found]) -> Iterator[str]:
    """The files that are named and are not in the download."""
    yield from (each.uri for each in found if each.file is None and not each.medium.url)
