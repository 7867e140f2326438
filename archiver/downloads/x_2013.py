"""The download of an X account in its form of 2013 to 2019 ("Grailbird"): a folder or zip of JavaScript data files.

`data/js/tweet_index.js` lists the months with their counts, `data/js/tweets/YYYY_MM.js` hold the posts,
`user_details.js` the owner, `payload_details.js` the total; `tweets.csv` has the same posts once more. No media. Replies
by others are not in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archiver.downloads import javascript
from archiver.downloads.contract import DownloadFile, DownloadOwner
from archiver.downloads.errors import DamagedArchiveError, FileTooLargeError, TotalsDifferError
from archiver.downloads.streaming import MIB, Elements
from archiver.downloads.x_2013_posts import UnreadablePostError, identity, items_of
from archiver.platforms import times
from archiver.platforms.items import Item, ItemKind, Party, Skipped, Source
from archiver.platforms.text import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.downloads.unpack import Tree

_INDEX = "data/js/tweet_index.js"
_USER = "data/js/user_details.js"
_PAYLOAD = "data/js/payload_details.js"
_CSV = "tweets.csv"
_SMALL = 4 * MIB
_LARGEST_CSV = 64 * MIB
_ENOUGH = MIB


class X2013:
    """The importer of the 2013-2019 form."""

    def detect(self, tree: Tree) -> bool:
        """Whether there is a month index and an owner, at the top or in one folder below."""
        return _root(tree) is not None

    def owner(self, tree: Tree) -> DownloadOwner:
        """Whose it is, from `user_details.js`. Raises `DamagedArchiveError`."""
        details = _object(_rooted(tree), _USER)
        found = identity(details)
        if found is None:
            raise DamagedArchiveError(tree.name, f"{_USER} names no id of the account")
        cleaner = Cleaner()
        created = details.get("created_at")
        return DownloadOwner(
            platform_id=found,
            handle=cleaner.optional(_string(details, "screen_name")),
            name=cleaner.optional(_string(details, "full_name")),
            created_at=times.x_archive_2013(created) if isinstance(created, str) else None,
        )

    def expected(self, tree: Tree) -> int | None:
        """The total, which the payload, the month index and the CSV must agree on. Raises `TotalsDifferError`."""
        rooted = _rooted(tree)
        totals = {_INDEX: sum(count for _, count in _months(rooted))}
        if rooted.has(_PAYLOAD) and isinstance(stated := _object(rooted, _PAYLOAD).get("tweets"), int):
            totals[_PAYLOAD] = stated
        if rooted.has(_CSV) and rooted.size(_CSV) <= _LARGEST_CSV:  # a larger one is named as too large, by `files`
            totals[_CSV] = _csv_rows(rooted)
        if len(set(totals.values())) > 1:
            stated_totals = ", ".join(f"{name} says {count}" for name, count in sorted(totals.items()))
            raise TotalsDifferError(
                tree.name, f"its own totals differ: {stated_totals}; download it again, as a file was cut or changed"
            )
        return totals[_INDEX]

    def files(self, tree: Tree, owner: DownloadOwner) -> Iterator[DownloadFile]:
        """The index, the payload, the owner, the CSV, then each month, oldest first.

        A month whose file breaks off keeps what comes before and is named in `skipped`, as is one that is missing.
        Raises `TotalsDifferError` for a whole month that holds another number of posts than the index says.
        """
        rooted = _rooted(tree)
        months = _months(rooted)
        missing = [
            Skipped(what=name, reason=f"the month's file is missing; the index says that it holds {count} posts")
            for name, count in months
            if not rooted.has(name)
        ]
        yield DownloadFile(_INDEX, rooted.read(_INDEX, _SMALL), (), missing)
        if rooted.has(_PAYLOAD):
            yield DownloadFile(_PAYLOAD, rooted.read(_PAYLOAD, _SMALL), ())
        yield DownloadFile(_USER, rooted.read(_USER, _SMALL), (_profile(rooted, owner),))
        if rooted.has(_CSV):
            yield _csv_file(rooted)
        for name, count in months:
            if rooted.has(name):
                yield _month(rooted, name, count)


def _month(tree: Tree, name: str, count: int) -> DownloadFile:
    """One month's posts, in the order of its file."""
    try:
        body = tree.read(name)
    except FileTooLargeError as error:
        return DownloadFile(name, b"", (), [Skipped(what=name, reason=error.why)])
    skipped: list[Skipped] = []
    items: list[Item] = []
    found = read = 0
    problem: str | None = None
    elements = Elements(io.BytesIO(body), assigned=True)
    for element in elements:
        if elements.held > _ENOUGH or element.cut:
            elements.take()  # the bytes are held as a whole already
        if element.broken:
            problem = element.problem
            break
        found += 1
        try:
            if element.problem is not None:
                raise UnreadablePostError(element.problem)
            items.extend(items_of(element.value, element.pointer))
            read += 1
        except UnreadablePostError as error:
            skipped.append(Skipped(what=f"{name}{element.pointer}", reason=str(error)))
    if elements.bad_bytes:
        what = f"{elements.bad_bytes} bytes that are no UTF-8 became U+FFFD in what is shown; the bytes are kept"
        skipped.append(Skipped(what=name, reason=what))
    if problem is not None:
        skipped.append(
            Skipped(what=name, reason=f"{read} of {count} posts could be read before it breaks off: {problem}")
        )
    elif found != count:
        raise TotalsDifferError(tree.name, f"{name} holds {found} posts, {_INDEX} says {count}; download it again")
    return DownloadFile(name, body, items, skipped)


def _csv_file(tree: Tree) -> DownloadFile:
    """The CSV as evidence: it says the same as the months, so that nothing is read from it but its number of rows."""
    try:
        return DownloadFile(_CSV, tree.read(_CSV, _LARGEST_CSV), ())
    except FileTooLargeError as error:
        return DownloadFile(_CSV, b"", (), [Skipped(what=_CSV, reason=error.why)])


def _csv_rows(tree: Tree) -> int:
    """How many posts the CSV has; texts may hold line breaks, so that its rows are not its lines."""
    with tree.open(_CSV) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        try:
            rows = sum(1 for row in csv.reader(text, strict=True) if row)
        except csv.Error as error:
            raise DamagedArchiveError(tree.name, f"{_CSV} is damaged ({error}); download it again") from error
    return max(0, rows - 1)


def _months(tree: Tree) -> list[tuple[str, int]]:
    """The months' files with how many posts each should hold, oldest first."""
    try:
        rows, problem = javascript.load_array(tree.read(_INDEX, _SMALL).decode("utf-8-sig", "replace"))
    except (javascript.NotData, FileTooLargeError) as error:
        raise DamagedArchiveError(tree.name, f"{_INDEX}: {error}") from error
    if problem is not None:
        raise DamagedArchiveError(tree.name, f"{_INDEX} is damaged: {problem}; download it again")
    months: dict[str, int] = {}
    for row in rows:
        name = row.get("file_name") if isinstance(row, Mapping) else None
        count = row.get("tweet_count") if isinstance(row, Mapping) else None
        if not isinstance(name, str) or not isinstance(count, int) or name in months:
            raise DamagedArchiveError(
                tree.name, f"{_INDEX} has a row that names no month and count, or one twice: {row}"
            )
        months[name] = count
    return sorted(months.items())


def _profile(tree: Tree, owner: DownloadOwner) -> Item:
    """What the account said of itself when the download was made."""
    cleaner = Cleaner()
    details = _object(tree, _USER)
    evidence = {
        name: cleaner.text(value) for name in ("location", "url") if (value := _string(details, name)) is not None
    }
    created = cleaner.optional(_string(details, "created_at"))
    return Item(
        kind=ItemKind.PROFILE,
        id=owner.platform_id or "",
        source=Source.IMPORT,
        author=Party(id=owner.platform_id or "", handle=owner.handle, name=owner.name),
        title=owner.name,
        text=cleaner.optional(_string(details, "bio")),
        created_text=created,
        created_at=owner.created_at,
        url=f"https://twitter.com/{owner.handle}" if owner.handle else None,
        evidence=evidence,
        exchange=0,
        flags=cleaner.flags,
    )


def _object(tree: Tree, name: str) -> Mapping[str, Any]:
    """The object that a file assigns."""
    try:
        value = javascript.load(tree.read(name, _SMALL).decode("utf-8-sig", "replace"))
    except (javascript.NotData, FileTooLargeError) as error:
        raise DamagedArchiveError(tree.name, f"{name}: {error}") from error
    if not isinstance(value, Mapping):
        raise DamagedArchiveError(tree.name, f"{name} assigns no object")
    return value


def _string(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    return value if isinstance(value, str) and value else None


def _root(tree: Tree) -> str | None:
    """The folder in which the download begins: the top, or the one folder that people zip it in."""
    roots = [name.removesuffix(_INDEX) for name in tree.names() if name.endswith(_INDEX)]
    fitting = [root for root in roots if (not root or root.endswith("/")) and tree.has(root + _USER)]
    return fitting[0] if len(fitting) == 1 else None


def _rooted(tree: Tree) -> Tree:
    root = _root(tree)
    if root is None:
        raise DamagedArchiveError(tree.name, f"it is no X download of 2013-2019: there is no one {_INDEX} with {_USER}")
    return tree.below(root)
