"""What is in an X download of the present form, and how its posts and messages are gathered file by file."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads.contract import DownloadFile
from archiver.downloads.errors import DamagedArchiveError
from archiver.downloads.pieces import Reading, pieces
from archiver.downloads.streaming import Elements
from archiver.downloads.x_2013_posts import identity
from archiver.downloads.x_messages import messages_of
from archiver.downloads.x_notes import Notes
from archiver.downloads.x_posts import Attached, Post, chain_of, forms, post_of, read_post
from archiver.platforms import times
from archiver.platforms.items import Item, Skipped, State, Tombstone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archiver.downloads.contract import DownloadOwner
    from archiver.downloads.streaming import Element
    from archiver.downloads.unpack import Tree

_FILE = re.compile(r"([a-z-]+?)(?:-part(\d+))?\.js")
_MOST_EDITED = 20_000
_MOST_NAMED = 50
_Edited = defaultdict[str, dict[str, dict[str, Mapping[str, Any]]]]
"""The forms of edited posts by the first's id and their own: each as the files have it, by their names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """What a sort of data file holds."""

    posts: bool = False
    messages: bool = False
    notes: bool = False
    deleted: bool = False
    visibility: str | None = None


KINDS = {
    "tweets": Kind(posts=True),
    "tweet": Kind(posts=True),
    "community-tweet": Kind(posts=True, visibility="community"),
    "twitter-circle-tweet": Kind(posts=True, visibility="circle"),
    "deleted-tweets": Kind(posts=True, deleted=True),
    "deleted-tweet": Kind(posts=True, deleted=True),
    "note-tweet": Kind(notes=True),
    "direct-messages": Kind(messages=True),
    "direct-message": Kind(messages=True),
    "direct-messages-group": Kind(messages=True),
    "direct-message-group": Kind(messages=True),
}
"""The files that are read, by the beginning of their names; what they were called before 2022, too."""
_ORDER = tuple(KINDS)


@dataclasses.dataclass(slots=True)
class Contents:
    """Which files of a download are read, how many elements each should have, and where its media lie."""

    files: dict[str, str] = dataclasses.field(default_factory=dict)
    """By path: the key in `KINDS`."""
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    missing: dict[str, int] = dataclasses.field(default_factory=dict)
    media: dict[str, str] = dataclasses.field(default_factory=dict)
    """By the file's name: its path."""
    manifests: int = 0
    partial: bool = False
    _stated: dict[str, tuple[str, int]] = dataclasses.field(default_factory=dict)
    _folders: list[str] = dataclasses.field(default_factory=list)

    def add(self, tree: Tree, folder: str, manifest: Mapping[str, Any] | None) -> None:
        """Take in a folder of data with its manifest."""
        self._folders.append(folder)
        for path in tree.names():
            if not path.startswith(folder):
                continue
            inner = path.removeprefix(folder)
            match = _FILE.fullmatch(inner)
            if match and match[1] in KINDS:
                self.files[path] = match[1]
            elif inner.partition("/")[0].endswith("_media"):
                self.media.setdefault(inner.rpartition("/")[2], path)
        if manifest is None:
            return
        self.manifests += 1
        info = manifest.get("archiveInfo")
        self.partial |= isinstance(info, Mapping) and str(info.get("isPartialArchive"))[:8].lower() == "true"
        for name, count in _stated(manifest):
            match = _FILE.fullmatch(name)
            if match and match[1] in KINDS:
                self._stated[folder + name] = (name, count)

    @property
    def posts(self) -> int | None:
        """How many posts the manifests say there are, those of missing files too; None where they list no posts."""
        stated = [
            count
            for name, count in (*self.counts.items(), *self.missing.items())
            if (match := _FILE.fullmatch(name.rpartition("/")[2])) and KINDS[match[1]].posts
        ]
        return sum(stated) if stated else None

    def close(self) -> None:
        """Compare the manifests with what is there, once all folders are taken in."""
        for path, (name, count) in self._stated.items():
            found = [each for each in (path, *(folder + name for folder in self._folders)) if each in self.files]
            if found:
                self.counts.setdefault(found[0], count)
            elif count:
                self.missing[path] = count
        ranked = sorted(self.files.items(), key=lambda each: (_ORDER.index(each[1]), _number(each[0]), each[0]))
        self.files = dict(ranked)


def _number(path: str) -> int:
    match = _FILE.fullmatch(path.rpartition("/")[2])
    return int(match[2][:9]) if match and match[2] else 0


def _stated(manifest: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The files that a manifest lists, by name, with their counts (which it writes as text)."""
    kinds = manifest.get("dataTypes")
    for kind in kinds.values() if isinstance(kinds, Mapping) else ():
        files = kind.get("files") if isinstance(kind, Mapping) else None
        for row in files if isinstance(files, list) else ():
            name, count = (row.get("fileName"), row.get("count")) if isinstance(row, Mapping) else (None, None)
            number = str(count)
            if isinstance(name, str) and number.isascii() and number.isdigit() and len(number) < len("1" * 12):
                yield name.replace("\\", "/").rpartition("/")[2], int(number)


class Reader:
    """Gathers posts and messages; knows the long texts and the edited posts of the whole download."""

    def __init__(self, tree: Tree, contents: Contents, owner: DownloadOwner) -> None:
        self._tree, self._contents, self._owner = tree, contents, owner
        self._notes = Notes()
        self._edited: _Edited = defaultdict(dict)
        self._read: defaultdict[str, int] = defaultdict(int)
        self._others = 0
        self._too_many_edits = False
        self._used: set[str] = set()

    def notes(self) -> Iterator[DownloadFile]:
        """The files of long texts, which are read before the posts that they belong to."""
        for name, kind in self._contents.files.items():
            if KINDS[kind].notes:
                yield from pieces(self._tree, name, self._note_taker(name), assigned=True, end=self.end_of(name))

    def survey(self) -> None:
        """Find the posts that were edited: their forms may lie anywhere, and only the last one is what the post says."""
        for name, kind in self._contents.files.items():
            if not KINDS[kind].posts:
                continue
            try:
                with self._tree.open(name) as stream:
                    found = self._survey(Elements(stream, assigned=True))
            except DamagedArchiveError:
                continue  # reading it says so, and takes nothing from it
            for first, known in found.items():
                for own, form in known.items():
                    self._edited[first].setdefault(own, {})[name] = form

    def _survey(self, elements: Elements) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """The forms of edited posts in one file, by the first's id and their own."""
        found: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for element in elements:
            if elements.held > 1 << 20 or element.cut:
                elements.take()
            if element.problem is not None or not isinstance(element.value, Mapping):
                continue
            inner = element.value.get("tweet", element.value)
            if isinstance(inner, Mapping) and (chain := chain_of(inner)) and (own := identity(inner)):
                full = len(self._edited) + len(found) >= _MOST_EDITED
                if full and chain[0] not in self._edited and chain[0] not in found:
                    self._too_many_edits = True
                    continue
                found[chain[0]][own] = {**inner, "__pointer__": element.pointer}
        return found

    def post_taker(self, name: str) -> Callable[[Element, Reading], None]:
        """What takes in the posts of a file."""
        kind = KINDS[self._contents.files[name]]

        def take(element: Element, reading: Reading) -> None:
            self._read[name] += 1
            tweet = post_of(element.value)
            known = self._edited.get(chain[0]) if (chain := chain_of(tweet)) else None
            if known and len(known) > 1:
                self._edited_post(name, tweet, known, kind, reading)
                return
            post = self._post(tweet, element.pointer, kind)
            item = forms([post])[0] if post.chain else post.item
            self._add(name, item, post.attached, reading)
            if kind.deleted:
                _bury(tweet, item.id, reading)

        return take

    def _edited_post(
        self,
        name: str,
        tweet: Mapping[str, Any],
        known: Mapping[str, Mapping[str, Mapping[str, Any]]],
        kind: Kind,
        reading: Reading,
    ) -> None:
        """A form of an edited post: the last one brings all of them, the others nothing more. Parts of a download overlap: where
        the last form lies in several files, that file brings it which has most of the others, the latest of those alike.
        """
        own, last = str(identity(tweet)), max(known, key=lambda each: (len(each), each))
        home = max(reversed(list(known[last])), key=lambda file: sum(file in files for files in known.values()))
        if own != last or name != home:
            if own in known and home not in known[own] and name == next(iter(known[own])):
                what = "an earlier form of a post whose last form lies in another file"
                reading.skip(f"{name}, post {own}", what)
            if own == last and kind.deleted:
                _bury(tweet, chain_of(tweet)[0], reading)
            return
        shown = [files[home] for files in known.values() if home in files]
        posts = [self._post(each, str(each["__pointer__"]), kind) for each in shown]
        item, history = forms(posts)
        self._add(name, item, [each for post in posts for each in post.attached], reading)
        reading.history += history
        if kind.deleted:
            _bury(tweet, item.id, reading)

    def _post(self, tweet: Mapping[str, Any], pointer: str, kind: Kind) -> Post:
        created = tweet.get("created_at")
        moment = times.x_archive(created) if isinstance(created, str) else None
        return read_post(tweet, pointer, self._owner, self._notes.text_for(tweet, moment), kind.visibility)

    def message_taker(self, name: str) -> Callable[[Element, Reading], None]:
        """What takes in the conversations of a file."""

        def take(element: Element, reading: Reading) -> None:
            self._read[name] += 1
            for message in messages_of(element.value, element.pointer, self._owner):
                if message.item is not None:
                    self._add(name, message.item, message.attached, reading)
                elif message.problem is not None:
                    reading.skip(f"{name}{message.pointer}", message.problem)
                else:
                    self._others += 1

        return take

    def _note_taker(self, name: str) -> Callable[[Element, Reading], None]:
        def take(element: Element, _reading: Reading) -> None:
            self._read[name] += 1
            self._notes.add(element.value, f"{name}{element.pointer}")

        return take

    def end_of(self, name: str) -> Callable[[Reading], None]:
        """What compares a file with the manifest, when it has been read."""

        def end(reading: Reading) -> None:
            stated, found = self._contents.counts.get(name), self._read[name]
            if stated is not None and stated != found:
                reading.skip(name, f"the manifest says that it holds {stated}, it holds {found} that can be read")

        return end

    def rest(self) -> Iterator[DownloadFile]:
        """What only the whole download tells: long texts that belong to no post, and what is no message."""
        skipped = [
            Skipped(each, "a long text that belongs to no one post for certain; it is kept as bytes only")
            for each in self._notes.left()
        ]
        if self._others:
            what = f"{self._others} of what happened in conversations are no messages (somebody joined or left, a new name)"
            skipped.append(Skipped("direct messages", what, lost=False))
        left = sorted({*self._contents.media.values()} - self._used)
        if left:
            named = ", ".join(left[:_MOST_NAMED]) + (" and others" if len(left) > _MOST_NAMED else "")
            what = f"pictures and videos that no post or message names; left unread: {named}"
            skipped.append(Skipped(f"{len(left)} files", what, lost=False))
        if self._too_many_edits:
            skipped.append(Skipped("edited posts", "there are more than can be put together; some stand alone"))
        if skipped:
            yield DownloadFile("", b"", (), tuple(skipped))

    def _add(self, name: str, item: Item, attached: list[Attached] | tuple[Attached, ...], reading: Reading) -> None:
        reading.items.append(item)
        for each in attached:
            found = next((self._contents.media[file] for file in each.files if file in self._contents.media), None)
            if found is not None:
                reading.media[each.medium.id] = found
                self._used.add(found)
            else:
                wanted = each.files[0] if each.files else each.medium.id
                reading.skip(f"{name}{item.pointer}", f"its {each.medium.kind} {wanted} is not in the download")


def _bury(tweet: Mapping[str, Any], identity_: str, reading: Reading) -> None:
    when = tweet.get("deleted_at")
    said = f" on {when}" if isinstance(when, str) and when else ""
    words = f"deleted by its author{said}: the download of the account lists it among its deleted posts"
    reading.tombstones.append(Tombstone(identity_, State.GONE_CONFIRMED, words, 0))
