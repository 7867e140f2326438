"""LinkedIn: the posts of an organization's page, and what is written below them (Community Management API).

An account is known by its organization's URN, and found by the number in that or by the name in its address.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, json_of, number_of, read
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.falling import Falling, moment_of
from archiver.platforms.items import Item, Json, Media, Skipped, State, StreamKind
from archiver.platforms.linkedin_items import (
    MILLISECONDS,
    counts_of,
    organization_urn,
    parts_of,
    post_item,
    profile_item,
)
from archiver.platforms.linkedin_manifest import MANIFEST
from archiver.platforms.linkedin_manners import (
    FORBIDDEN,
    NOT_FOUND,
    draws,
    health,
    judge,
    renewed,
    usage,
)
from archiver.platforms.linkedin_server import elements_of, encoded, get, next_start, social_metadata
from archiver.platforms.linkedin_threads import read_part, read_thread
from archiver.platforms.manners import Draw, Manners, Renewal, TokenHealth, Usage, Verdict
from archiver.platforms.pages import AccountRef, AccountStatus, Exchange, Lookup, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archiver.platforms.contract import Session

_COUNT = 100
_UNCOUNTED = (400, 403, 404)
_MEDIA_METHODS = {"image": "images", "digitalmediaAsset": "images", "video": "videos", "document": "documents"}


class LinkedIn(Manners):
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def judge(self, exchange: Exchange) -> Verdict | None:
        """See `linkedin_manners.judge`."""
        return judge(exchange)

    def draws(self, account: AccountRef, method: str, url: str) -> Sequence[Draw]:  # noqa: ARG002 - the protocol's shape
        """See `linkedin_manners.draws`."""
        return draws(account, url)

    def usage(self, account: AccountRef, exchange: Exchange) -> Sequence[Usage]:
        """See `linkedin_manners.usage`."""
        return usage(account, exchange)

    def token(self, session: Session, account: AccountRef) -> TokenHealth | None:
        """See `linkedin_manners.health`."""
        return health(session, account)

    def renew(self, session: Session, account: AccountRef) -> Renewal | None:
        """See `linkedin_manners.renewed`."""
        return renewed(session, account)

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Find the page by its organization's id, or the name in its address, and read its profile."""
        exchanges: list[Exchange] = []
        known = account.platform_id or account.handle
        identity = known.removeprefix(organization_urn(""))
        if not (identity.isascii() and identity.isdigit()):
            identity = self._identity(session, account, exchanges)
        exchange = get(session, account, f"organizations/{encoded(identity)}", accept=(NOT_FOUND,))
        exchanges.append(exchange)
        urn = organization_urn(identity)
        if exchange.status == NOT_FOUND:
            words = "LinkedIn answers 404: it has no organization of this id"
            if account.platform_id is None:
                raise NoSuchHandleError(account.name, exchange.url, words, exchange)
            return AccountStatus(urn, None, State.GONE_CONFIRMED, words, exchanges, profile_id=urn)
        try:
            profile = profile_item(json_of(account, exchange), len(exchanges) - 1)
        except (KeyError, TypeError) as error:
            words = f"it is no organization ({error})"
            raise UnreadableAnswerError(account.name, exchange.url, words, exchange) from error
        by_id = account.handle in {identity, urn}
        return AccountStatus(
            urn,
            profile.author.handle if profile.author and not by_id else None,
            State.PRESENT,
            "the page is there",
            exchanges,
            profile=profile,
            profile_id=urn,
        )

    def _identity(self, session: Session, account: AccountRef, exchanges: list[Exchange]) -> str:
        asked = {"q": "vanityName", "vanityName": account.handle}
        exchange = get(session, account, "organizations", asked, method="FINDER", accept=(NOT_FOUND,))
        exchanges.append(exchange)
        elements = elements_of(account, exchange)[0] if exchange.status != NOT_FOUND else []
        if not elements:
            words = f"LinkedIn has no page at linkedin.com/company/{account.handle}"
            raise NoSuchHandleError(account.name, exchange.url, words, exchange)
        skipped: list[Skipped] = []
        identity = read("the organization", skipped, id_of, elements[0])
        if identity is None:
            raise UnreadableAnswerError(account.name, exchange.url, skipped[0].reason, exchange)
        return identity

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,  # noqa: ARG002 - there is one listing
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk the page's posts by the millisecond of their making, newest first.

        With the first page come the posts that were changed last, so that an edit of an old post is seen at once. Where posts
        were removed meanwhile (the total has shrunk) the rest moved up, and the walk steps back by as many.
        """
        place: dict[str, Json] = resume if isinstance(resume, dict) else {"start": 0, "total": None, "below": None}
        start, total = int(str(place["start"])), number_of(place, "total")
        falling = Falling(MILLISECONDS, None if place["below"] is None else str(place["below"]))
        first = resume is None
        while True:
            exchange = self._listed(session, account, "CREATED", start)
            elements, paging = elements_of(account, exchange)
            now = number_of(paging, "total")
            if now is not None and total is not None and now < total:
                start, total = max(0, start - (total - now)), now
                continue
            page = _page(exchange, elements)
            moments = [moment_of(item.order_key, MILLISECONDS) for item in page.items if item.order_key]
            following = next_start(paging, start, _COUNT, len(elements))
            page.coverage = falling.shown(moments, last=following is None, whole=not page.skipped)
            self._count(session, account, page)
            if first:
                self._add_changed(session, account, page)
            total = total if now is None else now
            if following is not None:
                page.resume = {"start": following, "total": total, "below": falling.below}
            yield page
            if following is None:
                return
            falling.check(account, exchange)
            start, first = following, False

    def _listed(self, session: Session, account: AccountRef, by: str, start: int) -> Exchange:
        asked: dict[str, str | int] = {
            "author": account.platform_id or organization_urn(account.handle),
            "q": "author",
            "count": _COUNT,
            "start": start,
            "sortBy": by,
        }
        return get(session, account, "posts", asked, method="FINDER")

    def _count(self, session: Session, account: AccountRef, page: Page) -> None:
        """Add the counters of a page's posts, which are another API's; where that refuses, they are missing, and it is said."""
        urns = [item.id for item in page.items]
        found, exchanges = social_metadata(session, account, urns, _UNCOUNTED)
        page.exchanges = [*page.exchanges, *exchanges]
        page.items = [dataclasses.replace(item, counts=counts_of(found.get(item.id, {}))) for item in page.items]
        if refused := next((each for each in exchanges if each.status in _UNCOUNTED), None):
            words = f"LinkedIn answers {refused.status} for their social metadata"
            page.skipped = [*page.skipped, Skipped("how many comments and reactions the posts have", words, lost=False)]

    def _add_changed(self, session: Session, account: AccountRef, page: Page) -> None:
        """Add the posts that were changed last and are not on the page; they have no place in its order."""
        exchange = self._listed(session, account, "LAST_MODIFIED", 0)
        elements, _ = elements_of(account, exchange)
        shown = {item.id for item in page.items}
        changed = _page(exchange, elements, listed=False)
        number = len(page.exchanges)
        page.exchanges = [*page.exchanges, exchange]
        page.items = [
            *page.items,
            *(dataclasses.replace(item, exchange=number) for item in changed.items if item.id not in shown),
        ]

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Everything below a post; see `linkedin_threads.read_thread`."""
        return read_thread(session, account, post_id, known)

    def part_of_thread(
        self, session: Session, account: AccountRef, url: str, known: Callable[[str], str | None]
    ) -> Iterator[Page]:
        """See `linkedin_threads.read_part`."""
        return read_part(session, account, url, known)

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask for posts, comments and the page itself, each at its own address. What may not be read (403) says nothing."""
        for urn in ids:
            yield self._looked_up(session, account, urn)

    def _looked_up(self, session: Session, account: AccountRef, urn: str) -> Lookup:
        comment = parts_of(urn)
        if comment is not None:
            path = f"socialActions/{encoded(comment[0])}/comments/{encoded(comment[1])}"
        elif urn.startswith(organization_urn("")):
            path = f"organizations/{encoded(urn.removeprefix(organization_urn('')))}"
        else:
            path = f"posts/{encoded(urn)}"
        exchange = get(session, account, path, accept=(NOT_FOUND, FORBIDDEN))
        if exchange.status == NOT_FOUND:
            return Lookup(urn, State.GONE_CONFIRMED, "its own address answers 404", exchange)
        if exchange.status == FORBIDDEN:
            return Lookup(urn, None, "its own address answers 403", exchange)
        shown = json_of(account, exchange)
        item = None if comment or path.startswith("organizations") else read("the post", [], post_item, shown, 0, "")
        hidden = item.hidden if item else None
        if hidden is not None:
            return Lookup(urn, State.HIDDEN, hidden, exchange)
        return Lookup(urn, State.PRESENT, "its own address shows it", exchange, item)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The address of an image, video or document, asked for by its URN: such addresses expire.

        Raises `UnreadableAnswerError` where LinkedIn gives none out.
        """
        kind = media.id.split(":")[2] if media.id.startswith("urn:li:") and media.id.count(":") > 2 else ""  # noqa: PLR2004
        method = _MEDIA_METHODS.get(kind)
        if method is None:
            if media.url is not None:
                return media.url
            raise UnreadableAnswerError(account.name, media.id, "LinkedIn gives out no file of such a medium")
        urn = media.id.replace(":digitalmediaAsset:", ":image:")
        exchange = get(session, account, f"{method}/{encoded(urn)}")
        url = json_of(account, exchange).get("downloadUrl")
        if not isinstance(url, str) or not url:
            raise UnreadableAnswerError(account.name, media.id, "LinkedIn gives out no file of it (yet)", exchange)
        return url

    def media_sha256(self, media: Media) -> bytes | None:  # noqa: ARG002 - the protocol's shape
        """None: LinkedIn tells no digests."""
        return None


def _page(exchange: Exchange, elements: list[Any], *, listed: bool = True) -> Page:
    skipped: list[Skipped] = []
    items: list[Item] = []
    for number, element in enumerate(elements):
        place = {"exchange": 0, "pointer": f"/elements/{number}", "listed": listed}
        item = read(f"the post {number} of the page", skipped, post_item, element, **place)
        if item is not None:
            items.append(item)
    return Page(items, [exchange], skipped=skipped)
