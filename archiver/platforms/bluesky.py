"""Bluesky (AT Protocol), read without credentials.

An account's own posts come from its own server (`listRecords` on its PDS: complete, free of blocks and labels); counts,
quotes and other people's replies from the AppView; where the account lives, from the PLC directory or its did:web page.
"""

from __future__ import annotations

import dataclasses
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import orjson

from archiver.platforms import bluesky_records as records
from archiver.platforms.contract import (
    AccountRef,
    AccountStatus,
    Count,
    Coverage,
    Exchange,
    Item,
    Json,
    Lookup,
    Manifest,
    Media,
    Page,
    ReferenceKind,
    Session,
    Setting,
    Skipped,
    State,
    StreamKind,
    Tombstone,
)
from archiver.platforms.errors import UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_T = TypeVar("_T")
_OK, _BAD_REQUEST, _NOT_FOUND, _GONE = 200, 400, 404, 410
_LIST_LIMIT = 100
_HYDRATE = 25
_CHUNK = 500
_HUGE = re.compile(rb"[0-9]{19}")
_DEPTH = 100
"""How deep a thread is asked for at once (app.bsky.feed.getPostThread takes up to 1000, which no JSON reader need bear);
where it is cut, here or by the server, its leaves are asked again."""
_COLLECTIONS = {StreamKind.POSTS: records.POST, StreamKind.REPOSTS: records.REPOST}
_ANSWERED = frozenset({ReferenceKind.PARENT, ReferenceKind.ROOT})
"""What the city's own comments answer is kept with them: without it they cannot be understood."""
_REFUSALS = frozenset({_BAD_REQUEST, _NOT_FOUND, _GONE})

MANIFEST = Manifest(
    name="bluesky",
    title="Bluesky",
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.REPOSTS, StreamKind.COMMENTS),
    settings=(
        Setting("appview_url", "The AppView that public reads go to.", default="https://public.api.bsky.app"),
        Setting("plc_url", "The directory of did:plc identities.", default="https://plc.directory"),
    ),
    permissions=("none: public posts and replies are read without logging in",),
    limits=(
        "3,000 requests in 5 minutes for each address of ours, told by RateLimit headers, which are obeyed",
        "a thread is cut where the AppView cuts it; its leaves are asked for again one by one",
    ),
    cannot_see=(
        "replies by accounts that block the AppView's viewer or were taken down",
        "a post put up and taken down between two captures",
        "an earlier text of a record that was overwritten between two captures: Bluesky keeps no history",
        "direct messages (they need the account's own log-in)",
    ),
    sources=(
        "bluesky-social/atproto, lexicons/",
        "bluesky-social/bsky-docs, docs/advanced-guides (api-directory, rate-limits)",
    ),
)


class Bluesky:
    """The connector. It keeps nothing between two captures."""

    manifest = MANIFEST

    def status(self, session: Session, account: AccountRef) -> AccountStatus:
        """Resolve the account, ask its server whether it is there, and read its profile.

        The PDS tells deactivated, taken down and deleted apart (com.atproto.sync.getRepoStatus); the AppView does not
        always.
        """
        exchanges: list[Exchange] = []
        did = account.platform_id or _resolve_handle(session, account, exchanges)
        pds, words = _pds_of(session, account, did, exchanges)
        profile_id = records.profile_uri(did)
        if pds is None:
            return AccountStatus(did, None, State.GONE_CONFIRMED, words, exchanges, profile_id=profile_id)
        state, words = _repo_state(session, account, pds, did, exchanges)
        if state is not State.PRESENT:
            return AccountStatus(did, None, state, words, exchanges, profile_id=profile_id)
        view = _ask(session, account, _appview(account), "app.bsky.actor.getProfile", {"actor": did}, exchanges)
        record = _ask(
            session,
            account,
            pds,
            "com.atproto.repo.getRecord",
            {"repo": did, "collection": records.PROFILE, "rkey": "self"},
            exchanges,
        )
        handle = view.get("handle") if isinstance(view.get("handle"), str) else None
        item = records.profile_item(did, handle, record.get("cid"), record.get("value") or {})
        posts = records.whole_number(view.get("postsCount"))
        return AccountStatus(
            did,
            handle,
            State.PRESENT,
            "the account is active" if handle else "the account is active, but the AppView does not show its profile",
            exchanges,
            profile=dataclasses.replace(item, exchange=len(exchanges) - 1, pointer="/value"),
            profile_id=profile_id,
            counts=[Count(StreamKind.POSTS.value, posts)],
            settings={"pds_url": pds},
        )

    def pages(
        self,
        session: Session,
        account: AccountRef,
        stream: StreamKind,
        resume: Json,
        validators: Mapping[str, str],  # noqa: ARG002 - the protocol's shape; this API has none
    ) -> Iterator[Page]:
        """Walk a collection of the account's repository, newest record key first.

        The server gives a cursor until an empty page; the cursor is the last record key, so that each page covers the
        keys from its own last one up to the one before.
        """
        before = resume if isinstance(resume, str) else None
        while True:
            params: dict[str, str | int] = {
                "repo": _did(account),
                "collection": _COLLECTIONS[stream],
                "limit": _LIST_LIMIT,
            }
            if before is not None:
                params["cursor"] = before
            exchange = session.get(_xrpc(_pds(account), "com.atproto.repo.listRecords"), params=params)
            answer = _json(account, exchange)
            found = _list(account, exchange, answer, "records")
            cursor = answer.get("cursor")
            after = cursor if isinstance(cursor, str) and found else None
            page = self._page(session, account, stream, exchange, found)
            page.resume, page.coverage = after, Coverage(before, after)
            yield page
            if after is None:
                return
            before = after

    def _page(
        self, session: Session, account: AccountRef, stream: StreamKind, exchange: Exchange, found: list[Any]
    ) -> Page:
        exchanges = [exchange]
        skipped: list[Skipped] = []
        make = records.repost_record if stream is StreamKind.REPOSTS else records.post_record
        items = [
            item
            for n, each in enumerate(found)
            if (item := _read(f"record {n} of the listing", skipped, make, each, n)) is not None
        ]
        if stream is StreamKind.REPOSTS:
            targets = [item.references[0].id for item in items]
            inside = self._shown_inside(session, account, targets, exchanges, skipped)
            return Page([*items, *inside], exchanges, skipped=skipped)
        shown = self._hydrated(session, account, items, exchanges, skipped)
        own = _did(account)
        answered = {
            reference.id
            for item in items
            for reference in item.references
            if reference.kind in _ANSWERED and records.did_of(reference.id) != own
        }
        inside = self._shown_inside(session, account, sorted(answered), exchanges, skipped)
        return Page([*shown, *inside], exchanges, skipped=skipped)

    def _hydrated(
        self,
        session: Session,
        account: AccountRef,
        items: list[Item],
        exchanges: list[Exchange],
        skipped: list[Skipped],
    ) -> list[Item]:
        """Add what only the AppView knows: counts, index times, names as shown, and the quoted posts."""
        by_id = {item.id: item for item in items}
        inside: list[Item] = []
        for view, index in self._views(session, account, list(by_id), exchanges):
            item = by_id.get(str(view.get("uri")))
            if item is None:
                continue
            seen = _read(f"the AppView's view of {item.id}", skipped, records.view_item, view)
            if seen is None:
                continue
            by_id[item.id] = dataclasses.replace(
                item, counts=seen.counts, indexed_at=seen.indexed_at, author=seen.author or item.author
            )
            inside += [dataclasses.replace(each, exchange=index) for each in _quoted(view, skipped)]
        return [*by_id.values(), *inside]

    def _shown_inside(
        self,
        session: Session,
        account: AccountRef,
        uris: Sequence[str],
        exchanges: list[Exchange],
        skipped: list[Skipped],
    ) -> list[Item]:
        return [
            dataclasses.replace(item, exchange=index)
            for view, index in self._views(session, account, uris, exchanges)
            if (
                item := _read(
                    f"the AppView's view of {view.get('uri')}",
                    skipped,
                    records.view_item,
                    view,
                    sighted=False,
                )
            )
            is not None
        ]

    def _views(
        self, session: Session, account: AccountRef, uris: Sequence[str], exchanges: list[Exchange]
    ) -> Iterator[tuple[dict[str, Any], int]]:
        """The AppView's views of posts, 25 at a time; it silently leaves out what it does not show."""
        for start in range(0, len(uris), _HYDRATE):
            exchange = session.get(
                _xrpc(_appview(account), "app.bsky.feed.getPosts"),
                params={"uris": list(uris[start : start + _HYDRATE])},
            )
            exchanges.append(exchange)
            for view in _list(account, exchange, _json(account, exchange), "posts"):
                if isinstance(view, dict):
                    yield view, len(exchanges) - 1

    def thread(self, session: Session, account: AccountRef, post_id: str, known: bytes | None = None) -> Iterator[Page]:
        """Everything below a post. A leaf that says it has replies and shows none is asked for by itself.

        The account's own replies are walked through and not taken from here: its own server is the authority on them.
        """
        asked: set[str] = set()
        waiting = [post_id]
        while waiting:
            uri = waiting.pop()
            asked.add(uri)
            exchange = session.get(
                _xrpc(_appview(account), "app.bsky.feed.getPostThread"),
                params={"uri": uri, "depth": _DEPTH, "parentHeight": 0},
                accept_errors=lambda answer, leaf=uri != post_id: leaf and answer.status == _BAD_REQUEST,  # type: ignore[misc]
            )
            if known is not None and exchange.received_sha256 == known:
                coverage = Coverage(before=f"{post_id}!", after=f"{post_id} ")
                yield Page((), [exchange], sub_key=post_id, coverage=coverage, unchanged=True)
                return
            answer = _json(account, exchange)
            found = _Found(post_id, exchange)
            for node, pointer in _below(answer.pop("thread", None) if exchange.status == _OK else None):
                if len(found.items) >= _CHUNK:
                    yield found.page()
                    found = _Found(post_id, exchange)
                stone = _read(f"the node {pointer}", found.skipped, records.tombstone, node)
                if stone is not None:
                    found.stones.append(dataclasses.replace(stone, exchange=0))
                    continue
                view = node.get("post")
                if not isinstance(view, dict):
                    continue
                identity = str(view.get("uri"))
                replies = records.counts_of(view).get("replies", 0)
                if replies:
                    found.counts.append(Count("replies", replies, item=identity))
                    if not node.get("replies") and identity not in asked:
                        waiting.append(identity)
                if records.did_of(identity) != _did(account):
                    found.comment(view, identity, f"{pointer}/post/record")
            yield found.page(None if waiting else Coverage(before=f"{post_id}!", after=f"{post_id} "))

    def lookup(self, session: Session, account: AccountRef, ids: Sequence[str]) -> Iterator[Lookup]:
        """Ask the author's own server for each record."""
        for uri in ids:
            did = records.did_of(uri)
            exchanges: list[Exchange] = []
            pds, words = (
                (_pds(account), "") if did == account.platform_id and "pds_url" in account.settings
                else _pds_of(session, account, did, exchanges)
            )  # fmt: skip
            if pds is None:
                yield Lookup(uri, State.GONE_CONFIRMED, words, exchanges[-1])
                continue
            _, collection, rkey = uri.removeprefix("at://").split("/", 2)
            exchange = session.get(
                _xrpc(pds, "com.atproto.repo.getRecord"),
                params={"repo": did, "collection": collection, "rkey": rkey},
                accept_errors=lambda answer: answer.status in _REFUSALS,
            )
            answer = _json(account, exchange)
            if exchange.status == _OK:
                item = _record_item(collection, uri, answer)
                yield Lookup(uri, State.PRESENT, "its own address shows it", exchange, item)
            elif answer.get("error") == "RecordNotFound":
                yield self._not_in_its_repository(session, account, uri, answer, exchange)
            else:
                repository: list[Exchange] = []
                state, words = _repo_state(session, account, pds, did, repository)
                yield Lookup(uri, None if state is State.PRESENT else state, words, repository[-1])

    def _not_in_its_repository(
        self, session: Session, account: AccountRef, uri: str, answer: Mapping[str, Any], exchange: Exchange
    ) -> Lookup:
        """Deleted, or taken down by its server: the server says the same of both, the AppView goes on showing the latter."""
        if any(str(view.get("uri")) == uri for view, _ in self._views(session, account, [uri], [])):
            words = "its own server no longer gives the record, the AppView still shows it: taken down, not deleted"
            return Lookup(uri, State.HIDDEN, words, exchange)
        return Lookup(uri, State.GONE_CONFIRMED, f"RecordNotFound: {answer.get('message')}", exchange)

    def media_request(self, session: Session, account: AccountRef, media: Media) -> str:
        """The author's own server has the original bytes; the AppView only gives re-encoded copies."""
        did = media.owner or _did(account)
        pds: str | None = account.settings.get("pds_url") if did == account.platform_id else None
        if pds is None:
            pds, words = _pds_of(session, account, did, [])
            if pds is None:
                raise UnreadableAnswerError(account.name, did, words)
        return f"{_xrpc(pds, 'com.atproto.sync.getBlob')}?did={quote(did, safe='')}&cid={quote(media.id, safe='')}"

    def media_sha256(self, media: Media) -> bytes | None:
        """A blob's CID states the SHA-256 of its bytes."""
        return records.sha256_of_cid(media.id)


@dataclasses.dataclass(slots=True)
class _Found:
    """A part of what one answer shows of a thread. An answer may hold tens of thousands of comments: they become items, and
    are stored, some hundreds at a time.
    """

    post_id: str
    exchange: Exchange
    items: list[Item] = dataclasses.field(default_factory=list)
    stones: list[Tombstone] = dataclasses.field(default_factory=list)
    counts: list[Count] = dataclasses.field(default_factory=list)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)

    def comment(self, view: Mapping[str, Any], identity: str, pointer: str) -> None:
        place: dict[str, Any] = {"order_key": f"{self.post_id} {identity}", "exchange": 0, "pointer": pointer}
        item = _read(f"the comment {identity}", self.skipped, partial(records.view_item, **place), view)
        if item is None:
            return
        self.items.append(item)
        self.items += [dataclasses.replace(each, exchange=0) for each in _quoted(view, self.skipped)]

    def page(self, coverage: Coverage | None = None) -> Page:
        return Page(
            self.items,
            [self.exchange],
            tombstones=self.stones,
            counts=self.counts,
            skipped=self.skipped,
            sub_key=self.post_id,
            coverage=coverage,
        )


def _read(
    what: str, skipped: list[Skipped], make: Callable[..., _T | None], *given: object, **named: object
) -> _T | None:
    """What `make` gives; where a stranger's JSON has not the shape that the lexicon says, its part is skipped, by name."""
    try:
        return make(*given, **named)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        skipped.append(Skipped(what, f"it has not the form that its lexicon says ({type(error).__name__}: {error})"))
        return None


def _all_quoted(view: Mapping[str, Any]) -> list[Item]:
    return list(records.quoted(view))


def _quoted(view: Mapping[str, Any], skipped: list[Skipped]) -> list[Item]:
    return _read(f"what {view.get('uri')} quotes", skipped, _all_quoted, view) or []


def _record_item(collection: str, uri: str, answer: Mapping[str, Any]) -> Item | None:
    """What `getRecord` shows, as the listing of its collection would."""
    value, cid = answer.get("value"), answer.get("cid")
    if not isinstance(value, dict) or not isinstance(cid, str):
        return None
    match collection:
        case records.POST:
            item = records.post_item(uri, cid, value)
        case records.REPOST:
            item = records.repost_item(uri, cid, value)
        case _:
            return None
    return dataclasses.replace(item, exchange=0, pointer="/value")


def _below(top: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every node of a thread but its ancestors, with where it lies; without recursion, since threads can be deep.

    Takes the thread apart on its way, so that what was walked need not be held.
    """
    stack = [(top, "/thread")] if isinstance(top, dict) else []
    while stack:
        node, pointer = stack.pop()
        yield node, pointer
        replies = node.pop("replies", None)
        for number, reply in enumerate(replies if isinstance(replies, list) else []):
            if isinstance(reply, dict):
                stack.append((reply, f"{pointer}/replies/{number}"))


def _resolve_handle(session: Session, account: AccountRef, exchanges: list[Exchange]) -> str:
    if account.handle.startswith("did:"):
        return account.handle
    exchange = session.get(
        _xrpc(_appview(account), "com.atproto.identity.resolveHandle"),
        params={"handle": account.handle},
        accept_errors=lambda answer: answer.status == _BAD_REQUEST,
    )
    exchanges.append(exchange)
    answer = _json(account, exchange)
    did = answer.get("did")
    if not isinstance(did, str):
        raise UnreadableAnswerError(
            account.name,
            exchange.url,
            f"the handle {account.handle} belongs to no account ({answer.get('message')}); correct the register",
            exchange,
        )
    return did


def _pds_of(session: Session, account: AccountRef, did: str, exchanges: list[Exchange]) -> tuple[str | None, str]:
    """The server an identity lives on; None, and why, where the directory says that the identity is no more.

    Sources: did:plc (plc.directory: 404 unknown, 410 tombstoned), did:web (W3C: /.well-known/did.json).
    """
    if did.startswith("did:web:"):
        url = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
    else:
        url = f"{_setting(account, 'plc_url')}/{did}"
    exchange = session.get(url, accept_errors=lambda answer: answer.status in {_NOT_FOUND, _GONE})
    exchanges.append(exchange)
    if exchange.status in {_NOT_FOUND, _GONE}:
        return None, f"the directory answers {exchange.status} for {did}: the identity is no more"
    for service in _json(account, exchange).get("service") or []:
        endpoint = service.get("serviceEndpoint") if isinstance(service, dict) else None
        if isinstance(endpoint, str) and str(service.get("id")).endswith("#atproto_pds"):
            return endpoint.rstrip("/"), ""
    raise UnreadableAnswerError(account.name, exchange.url, f"the document of {did} names no server", exchange)


def _repo_state(
    session: Session, account: AccountRef, pds: str, did: str, exchanges: list[Exchange]
) -> tuple[State, str]:
    """Whether a repository is there, in the server's own words (com.atproto.sync.getRepoStatus)."""
    exchange = session.get(
        _xrpc(pds, "com.atproto.sync.getRepoStatus"),
        params={"did": did},
        accept_errors=lambda answer: answer.status == _BAD_REQUEST,
    )
    exchanges.append(exchange)
    answer = _json(account, exchange)
    if exchange.status == _OK and answer.get("active") is True:
        return State.PRESENT, "active"
    if exchange.status == _OK:
        status = answer.get("status") or "inactive"
        return (State.GONE_CONFIRMED if status == "deleted" else State.HIDDEN), f"the account is {status}"
    if answer.get("error") == "RepoNotFound":
        return State.GONE_CONFIRMED, f"RepoNotFound: {answer.get('message')}"
    return State.ACCESS_LOST, f"{answer.get('error')}: {answer.get('message')}"


def _ask(
    session: Session,
    account: AccountRef,
    base: str,
    method: str,
    params: Mapping[str, str],
    exchanges: list[Exchange],
) -> dict[str, Any]:
    """An answer whose absence is no failure (no profile record, a profile that the AppView hides): empty then."""
    exchange = session.get(
        _xrpc(base, method), params=params, accept_errors=lambda answer: answer.status == _BAD_REQUEST
    )
    exchanges.append(exchange)
    answer = _json(account, exchange)
    return answer if exchange.status == _OK else {}


def _json(account: AccountRef, exchange: Exchange) -> dict[str, Any]:
    try:
        answer = _loaded(exchange.body)
    except (ValueError, RecursionError) as error:
        kind = exchange.header("content-type") or "no content type"
        raise UnreadableAnswerError(account.name, exchange.url, f"no JSON ({kind}): {error}", exchange) from error
    if not isinstance(answer, dict):
        raise UnreadableAnswerError(account.name, exchange.url, "JSON, but no object", exchange)
    return answer


def _loaded(body: bytes) -> Any:
    """JSON by orjson, but for what only Python's own reader takes as it is: lone surrogates, integers beyond 64 bits."""
    if _HUGE.search(body):
        return json.loads(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def _list(account: AccountRef, exchange: Exchange, answer: Mapping[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise UnreadableAnswerError(account.name, exchange.url, f"it has no list {name!r}", exchange)
    return found


def _setting(account: AccountRef, name: str) -> str:
    default = next(setting.default for setting in MANIFEST.settings if setting.name == name)
    return str(account.settings.get(name) or default).rstrip("/")


def _appview(account: AccountRef) -> str:
    return _setting(account, "appview_url")


def _pds(account: AccountRef) -> str:
    return str(account.settings["pds_url"])


def _did(account: AccountRef) -> str:
    return account.platform_id or account.handle


def _xrpc(base: str, method: str) -> str:
    return f"{urlsplit(base).geturl().rstrip('/')}/xrpc/{method}"
