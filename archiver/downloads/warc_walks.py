"""Everything that a connector could have been doing when it asked for a recorded answer: its own walks, tried one by one.

Each begins with a request of its own; in a session that gives the answer as the first one (`warc_replay`) only those go on whose
request it was.
"""

from __future__ import annotations

import dataclasses
import re
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from archiver.platforms.apart import with_completed
from archiver.platforms.items import ReferenceKind, State, StreamKind
from archiver.platforms.pages import Conversation, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archiver.downloads.warc_replay import Replay
    from archiver.platforms.apart import Apart
    from archiver.platforms.contract import Platform
    from archiver.platforms.items import Item, Skipped
    from archiver.platforms.pages import AccountRef, Exchange

    Walk = Callable[[Replay], Iterator[Page]]

_MOST_TOKENS = 24
_BETWEEN_WORDS = re.compile(r"[\s:/]+")
_MOST_KNOWN = 200_000
_FOUND = {
    "bluesky": ("pds_url", re.compile(r"(https?://[^/]+)/")),
    "mastodon": ("account_id", re.compile(r"/api/v1/accounts/(\d+)/")),
    "youtube": ("uploads_playlist", re.compile(r"[?&]playlistId=([\w-]+)")),
}
"""Settings that a capture finds on its way, and where in what was asked for they are seen."""
_STANDS_FOR_A_TOKEN = "recorded"  # noqa: S105 - no password; a connector wants one, and it is sent nowhere
_NO_LISTINGS = frozenset({StreamKind.PROFILE, StreamKind.COMMENTS, StreamKind.LISTS})


class Known:
    """What is known of the items read so far, as far as addresses need it: the last ones, however many were read."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._roots: OrderedDict[str, str] = OrderedDict()

    def add(self, item: Item) -> None:
        """Remember an item by what may stand for it in an address, and what it stands below."""
        for part in (item.id.rpartition("/")[2], *item.aliases):
            if part != item.id:
                _remember(self._ids, part, item.id)
        for reference in item.references:
            if reference.kind is ReferenceKind.ROOT:
                _remember(self._roots, item.id, reference.id)

    def id_of(self, part: str) -> str | None:
        """The identity of which this is a part, or an alias."""
        return self._ids.get(part)

    def __call__(self, identity: str) -> str | None:
        """What an item stands below; else whose other id it is (`Platform.part_of_thread`)."""
        return self._roots.get(identity) or self._ids.get(identity)


def _remember(known: OrderedDict[str, str], name: str, value: str) -> None:
    known[name] = value
    known.move_to_end(name)
    if len(known) > _MOST_KNOWN:
        known.popitem(last=False)


class Walks:
    """The walks of one account's connector."""

    def __init__(self, platform: Platform, account: AccountRef) -> None:
        needed = {each.name: _STANDS_FOR_A_TOKEN for each in platform.manifest.settings if each.required}
        self._platform, self._account = platform, account
        self._settings: dict[str, Any] = {**needed, **account.settings}
        self.known = Known()

    def of(self, url: str) -> Iterator[Walk]:
        """The walks that may have begun with an address."""
        platform, account = self._platform, self._with_found(url)
        for stream in platform.streams(account):
            if stream not in _NO_LISTINGS:
                yield partial(_listing, platform, account, stream)
        yield partial(self._status, account)
        yield partial(self._status, dataclasses.replace(account, platform_id=None))
        tokens = tokens_of(url)
        for token in dict.fromkeys((*tokens, *filter(None, map(self.known.id_of, tokens)))):
            yield partial(_thread, platform, account, token)
            if platform.manifest.by_conversation:
                yield partial(_conversation, platform, account, token)

    def further(self, url: str) -> Iterator[Walk]:
        """What an address may be if no walk begins with it: a part of a thread, one item by itself, the account by a name that
        it had before.
        """
        platform, account = self._platform, self._with_found(url)
        yield lambda session: platform.part_of_thread(session, account, url, self.known)
        tokens = tokens_of(url)
        ids = [[each] for each in dict.fromkeys((*tokens, *filter(None, map(self.known.id_of, tokens))))]
        ids += [token.split(",") for token in tokens if "," in token]
        for stream in (StreamKind.POSTS, StreamKind.MESSAGES):
            of_stream = dataclasses.replace(account, settings={**account.settings, "stream": stream.value})
            for some in ids:
                yield partial(_lookup, platform, of_stream, some)
        if account.platform_id is not None:
            _, at, place = account.handle.partition("@")
            for token in tokens:
                before = dataclasses.replace(account, platform_id=None, handle=f"{token.removeprefix('@')}{at}{place}")
                yield partial(self._status, before)

    def _status(self, account: AccountRef, session: Replay) -> Iterator[Page]:
        """The profile, as it is asked for by the account's id or, at first, by its name; and what is found on the way to it."""
        status = self._platform.status(session, account)
        if self._account.platform_id in {None, status.platform_id} and status.profile is not None and status.exchanges:
            self._settings.update(status.settings)
            yield Page([status.profile], status.exchanges)

    def _with_found(self, url: str) -> AccountRef:
        """The account with what a capture finds on its way, as far as an address that was asked for with it shows that."""
        name, seen = _FOUND.get(self._platform.manifest.name, ("", None))
        found = seen.search(url) if seen else None
        return dataclasses.replace(self._account, settings={**self._settings, **({name: found[1]} if found else {})})


def _listing(platform: Platform, account: AccountRef, stream: StreamKind, session: Replay) -> Iterator[Page]:
    of_stream = dataclasses.replace(account, settings={**account.settings, "stream": stream.value})
    how = platform.apart(of_stream)
    for page in platform.pages(session, account, stream, None, {}):
        yield page if how is None else _completed(platform, of_stream, how, page, session)


def _completed(platform: Platform, account: AccountRef, how: Apart, page: Page, session: Replay) -> Page:
    """A page with what of its items was asked for by itself at that time."""
    whole = {
        item.id: dataclasses.replace(item, not_requested=item.not_requested - how.marks)
        for item in page.items
        if item.apart is None
    }
    beside = session.aside(page.exchanges[0]) if page.exchanges else None
    exchanges: list[Exchange] = []
    skipped: list[Skipped] = []
    if beside is not None:
        aside, near = beside
        asked = {part for each in near for token in tokens_of(each.url) for part in token.split(",")}
        due = [
            item
            for item in page.items
            if item.apart is not None and not asked.isdisjoint({item.id, *(medium.id for medium in item.media)})
        ]
        for start in range(0, len(due), how.at_once):
            try:
                found = platform.complete(aside, account, due[start : start + how.at_once])
            except Exception:  # noqa: BLE001, S112 - what was not recorded was not asked for, and stands as it is
                continue
            whole |= found.items
            exchanges += found.exchanges
            skipped += found.skipped
    return with_completed(page, whole, exchanges, skipped)


def _thread(platform: Platform, account: AccountRef, token: str, session: Replay) -> Iterator[Page]:
    return platform.thread(session, account, token)


def _conversation(platform: Platform, account: AccountRef, token: str, session: Replay) -> Iterator[Page]:
    """A conversation by whatever names it in addresses: its id, or the message that marks it."""
    return platform.conversation(session, account, Conversation(token, marker=token))


def _lookup(platform: Platform, account: AccountRef, ids: Sequence[str], session: Replay) -> Iterator[Page]:
    """Items that their own address shows. What it says of one that is not there was true once."""
    for lookup in platform.lookup(session, account, ids):
        if lookup.state is State.PRESENT and lookup.item is not None and lookup.exchange is not None:
            yield Page([lookup.item], [lookup.exchange], looked_up=True)


def tokens_of(url: str) -> list[str]:
    """What in an address may be an id: parts of its path, values of its parameters, and words of those."""
    try:
        parts = urlsplit(url)
        values = list(dict.fromkeys(value for _, value in parse_qsl(parts.query)))[:_MOST_TOKENS]
    except ValueError:
        return []
    found = [
        *values,
        *map(unquote, parts.path.split("/")),
        *(word for value in values for word in _BETWEEN_WORDS.split(value)),
    ]
    return list(dict.fromkeys(each for each in found if each))[:_MOST_TOKENS]
