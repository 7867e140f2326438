"""Recorded answers of a platform's API, read by its own connector: what our own evidence holds gives the same items again.

A connector walks its listings through a session; here the session gives what was recorded. Any answer may be where a walk begins:
whatever the page, the connector reads it as its first. What it asks for then must have been recorded beside it, as our own
evidence files have it (the exchanges of a page stand together). What no walk of the account's asks for stays a page record.
"""

from __future__ import annotations

import dataclasses
import re
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from archiver.downloads.warc_replay import NotRecordedError, Replay
from archiver.platforms.items import Source, StreamKind
from archiver.platforms.pages import Conversation, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.downloads.warc_pages import Recorded
    from archiver.platforms.contract import Platform
    from archiver.platforms.items import Item
    from archiver.platforms.pages import AccountRef, Exchange

    _Walk = Callable[["Replay"], Iterator[Page]]

_WINDOW, _LOOK_BACK = 64, 16
"""So many answers are held at most until what their page lacks has come, and so many in any case: a page's first need not be
its first in the file."""
_MOST_TOKENS = 24
_MOST_PAGES = 1000
_FOUND = {
    "bluesky": ("pds_url", re.compile(r"(https?://[^/]+)/")),
    "mastodon": ("account_id", re.compile(r"/api/v1/accounts/(\d+)/")),
}
"""Settings that a capture finds on its way, and where in what was asked for they are seen."""
_STANDS_FOR_A_TOKEN = "recorded"  # noqa: S105 - no password; a connector wants one, and it is sent nowhere


@dataclasses.dataclass(eq=False, slots=True)
class Held:
    """An answer that may be read by the connector, with what it is as a page record, and where it lies."""

    recorded: Recorded
    place: tuple[int, int]
    wanted: str | None = None
    """What its page still lacks."""
    used: bool = False


class _Search:
    """The walk that an answer fits best: the one whose first request has most of its parameters."""

    def __init__(self, first: Exchange, answers: Mapping[str, Exchange], secrets: Sequence[str]) -> None:
        self._first, self._answers, self._secrets = first, answers, secrets
        self.fit, self.pages = -1, list[Page]()
        self.lacking = -1
        """How well the best walk fits that still lacks something, and what that is."""
        self.lacks: str | None = None

    def fits(self, walk: _Walk) -> bool:
        """Try a walk. Whether it begins with the answer."""
        session = Replay(self._first, self._answers, self._secrets)
        try:
            pages = _walked(walk, session)
        except NotRecordedError as missing:
            if missing.begun and session.fit > self.lacking:
                self.lacking, self.lacks = session.fit, missing.url
        except Exception:  # noqa: BLE001, S110 - whatever a connector cannot read is not what it would have asked for
            pass
        else:
            if pages and session.fit > self.fit:
                self.fit, self.pages = session.fit, pages
        return session.fit >= 0


class Answers:
    """Takes answers in their order, and gives pages of the connector's for those that it reads."""

    def __init__(self, platform: Platform, account: AccountRef) -> None:
        self._platform, self._account = platform, account
        needed = {each.name: _STANDS_FOR_A_TOKEN for each in platform.manifest.settings if each.required}
        self._settings: dict[str, Any] = {**needed, **account.settings}
        self._held: deque[Held] = deque()
        self._pages: list[Page] = []
        self._posts: dict[str, str] = {}
        """The ids of posts that end with what stands in addresses, by that."""

    @property
    def waiting(self) -> bool:
        """Whether anything waits for what has not come yet."""
        return any(each.wanted is not None for each in self._held)

    def offer(self, recorded: Recorded, place: tuple[int, int]) -> None:
        """Take in an answer."""
        held = Held(recorded, place)
        self._held.append(held)
        for each in [each for each in self._held if each.wanted == recorded.exchange.url]:
            self._try(each)
        if not held.used:
            self._try(held)

    def pages(self) -> list[Page]:
        """What has been read since the last time."""
        pages, self._pages = self._pages, []
        return pages

    def released(self, *, all_of_them: bool = False) -> list[Held]:
        """The answers that nothing waits for any more, in their order; those with `used` are part of a page."""
        gone = []
        while len(self._held) > (0 if all_of_them else _WINDOW if self.waiting else _LOOK_BACK):
            if self._held[0].wanted is not None:
                self._try(self._held[0], at_last=True)
            gone.append(self._held.popleft())
        return gone

    def _try(self, held: Held, *, at_last: bool = False) -> None:
        """Read an answer as the beginning of whatever walk it fits best; `at_last`: of one that lacks nothing."""
        first = held.recorded.exchange
        answers = {each.recorded.exchange.url: each.recorded.exchange for each in self._held}
        search = _Search(first, answers, self._account.secrets)
        for walk, others in self._walks(first):
            if search.fits(walk):
                for other in others:
                    search.fits(other)
        if search.pages and (at_last or search.fit >= search.lacking):
            self._done(search.pages)
        else:
            held.wanted = None if at_last else search.lacks

    def _done(self, pages: list[Page]) -> None:
        self._pages += [_imported(page) for page in pages]
        for item in (item for page in pages for item in page.items):
            self._posts.update({part: item.id for part in [item.id.rpartition("/")[2]] if part != item.id})
        shown = {id(each) for page in pages for each in page.exchanges}
        for each in self._held:
            if id(each.recorded.exchange) in shown:
                each.used, each.wanted = True, None

    def _walks(self, first: Exchange) -> Iterator[tuple[_Walk, list[_Walk]]]:
        """Everything that the connector could have been doing when it asked for this, each with what it is worth trying then."""
        platform, account = self._platform, self._of(first.url)
        for stream in platform.streams(account):
            if stream not in {StreamKind.PROFILE, StreamKind.COMMENTS, StreamKind.LISTS}:
                walk = partial(_listing, platform, account, stream)
                yield partial(walk, None), [partial(walk, resume) for resume in _values(first.url)]
        yield partial(self._status, account), []
        yield partial(self._status, dataclasses.replace(account, platform_id=None)), []
        tokens = _tokens(first.url)
        for token in (*tokens, *(self._posts[each] for each in tokens if each in self._posts)):
            yield partial(_thread, platform, account, token), []
            if platform.manifest.by_conversation:
                yield partial(_conversation, platform, account, token), []

    def _status(self, account: AccountRef, session: Replay) -> Iterator[Page]:
        """The profile, as it is asked for by the account's id or, at first, by its name; and what is found on the way to it."""
        status = self._platform.status(session, account)
        if self._account.platform_id in {None, status.platform_id} and status.profile is not None and status.exchanges:
            self._settings.update(status.settings)
            yield Page([status.profile], status.exchanges)

    def _of(self, url: str) -> AccountRef:
        name, seen = _FOUND.get(self._platform.manifest.name, ("", None))
        found = seen.search(url) if seen else None
        settings = {name: found[1]} if found else {}
        return dataclasses.replace(self._account, settings={**self._settings, **settings})


def _listing(
    platform: Platform, account: AccountRef, stream: StreamKind, resume: str | None, session: Replay
) -> Iterator[Page]:
    return platform.pages(session, account, stream, resume, {})


def _thread(platform: Platform, account: AccountRef, token: str, session: Replay) -> Iterator[Page]:
    return platform.thread(session, account, token)


def _conversation(platform: Platform, account: AccountRef, token: str, session: Replay) -> Iterator[Page]:
    return platform.conversation(session, account, Conversation(token))


def _walked(walk: _Walk, session: Replay) -> list[Page]:
    """The pages of a walk up to where it asks for what was not recorded. Raises `NotRecordedError` before the first."""
    pages: list[Page] = []
    try:
        for page in walk(session):
            pages.append(page)
            if len(pages) >= _MOST_PAGES:
                break
    except NotRecordedError:
        if not pages:
            raise
    return pages


def _imported(page: Page) -> Page:
    """What a page shows, without what it says of a listing that is long past (what it covers, what comes next, counts)."""
    items = [_as_imported(item) for item in page.items]
    if page.status is not None and page.status.profile is not None:
        items.append(_as_imported(page.status.profile))
    return Page(items, page.exchanges, tombstones=page.tombstones, skipped=page.skipped, history=page.history)


def _as_imported(item: Item) -> Item:
    return item if item.source is Source.HISTORY else dataclasses.replace(item, source=Source.IMPORT)


def _values(url: str) -> list[str]:
    """The values of an address's parameters; one of them may be where a walk goes on."""
    try:
        return list(dict.fromkeys(value for _, value in parse_qsl(urlsplit(url).query)))[:_MOST_TOKENS]
    except ValueError:
        return []


def _tokens(url: str) -> list[str]:
    """What in an address may be an id: parts of its path, values of its parameters, and words of those."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    values = _values(url)
    found = [
        *values,
        *map(unquote, parts.path.split("/")),
        *(word for value in values for word in value.replace(":", " ").split()),
    ]
    return list(dict.fromkeys(each for each in found if each))[:_MOST_TOKENS]
