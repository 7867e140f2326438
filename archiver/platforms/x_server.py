"""Asking X: in the vocabulary that it understands, and gathering what its answers show for one page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import json_of, read
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.items import Item, Skipped
from archiver.platforms.pages import AccountRef, Exchange, Page
from archiver.platforms.x_items import Known, history_items, lacking, post_item
from archiver.platforms.x_manners import base_url, problems
from archiver.platforms.x_words import NEW, OLD, chain_of, pointers, refused_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from archiver.platforms.contract import Session

_AT_ONCE = 100
"""So many posts can be asked for by their ids at once (GET /2/tweets)."""
_ROUNDS = 3
POINTING = frozenset({"replied_to", "quoted", "retweeted"})


class Server:
    """X as one account asks it, for one walk."""

    def __init__(self, session: Session, account: AccountRef) -> None:
        self.session, self.account = session, account
        told = str(account.settings.get("vocabulary") or "auto").lower()
        self._auto = told not in {"new", "old"}
        found = str(account.settings.get("understood") or "new") if self._auto else told
        self.words = OLD if found == "old" else NEW

    def get(self, path: str, kind: str, params: Mapping[str, str | int], accept: Collection[int] = ()) -> Exchange:
        """Ask for posts, users or messages (`kind`: a part of the vocabulary, or empty). Raises what the session raises.

        Where the vocabulary is to be found out and X refuses one, it is asked in the other.
        """
        for tried in range(2):
            retry = self._auto and bool(kind) and not tried
            exchange = self.session.get(
                f"{base_url(self.account)}/2{path}",
                params={**params, **(getattr(self.words, kind) if kind else {})},
                headers={"Authorization": f"Bearer {self.account.settings.get('token', '')}"},
                accept_errors=lambda answer, retry=retry: (  # type: ignore[misc]
                    answer.status in accept or (retry and refused_words(answer))
                ),
            )
            if not (retry and refused_words(exchange)):
                break
            self.words = OLD if self.words is NEW else NEW
        return exchange

    def object(self, exchange: Exchange) -> dict[str, Any]:
        """The answer as an object. Raises `UnreadableAnswerError`."""
        return json_of(self.account, exchange)

    def records(self, exchange: Exchange, answer: Mapping[str, Any]) -> list[Any]:
        """The records of a listing. An empty one has no `data`, and says so: a number of results, or what could not be found.

        Raises `UnreadableAnswerError`.
        """
        data, meta = answer.get("data"), answer.get("meta")
        if data is None and (problems(answer) or (isinstance(meta, dict) and meta.get("result_count") == 0)):
            return []
        if not isinstance(data, list):
            words = "it has no data, and does not say that there is none" if data is None else "its data is no list"
            raise UnreadableAnswerError(self.account.name, exchange.url, words, exchange)
        return data

    def following(self, exchange: Exchange, answer: Mapping[str, Any], token: str | None) -> str | None:
        """The token of the next page; None after the last. Raises `UnreadableAnswerError` for one that leads back to its page."""
        meta = answer.get("meta")
        found = meta.get("next_token") if isinstance(meta, dict) else None
        if found is None or found == "":
            return None
        if not isinstance(found, str) or found == token:
            raise UnreadableAnswerError(self.account.name, exchange.url, "its next page is no other page", exchange)
        return found


@dataclasses.dataclass(slots=True)
class Found:
    """What is gathered for one page."""

    server: Server
    known: Known = dataclasses.field(default_factory=Known)
    items: list[Item] = dataclasses.field(default_factory=list)
    history: list[Item] = dataclasses.field(default_factory=list)
    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    skipped: list[Skipped] = dataclasses.field(default_factory=list)
    _told: set[str] = dataclasses.field(default_factory=set)

    def took(self, exchange: Exchange, answer: Mapping[str, Any]) -> int:
        """Take up an answer's inclusions and problems. Gives the exchange's place in the page."""
        self.exchanges.append(exchange)
        self.known.take(answer, len(self.exchanges) - 1)
        for problem in problems(answer):
            what = f"the {problem.get('resource_type') or 'part'} {problem.get('resource_id') or problem.get('value') or ''}"
            words = f"{problem.get('title') or ''}: {problem.get('detail') or problem.get('message') or ''}"
            if (key := f"{what}{words}"[:400]) not in self._told:
                self._told.add(key)
                lost = any(each in str(problem.get("type")) for each in ("internal-error", "hydration", "unavailable"))
                self.known.absent |= set() if lost else {str(problem.get("resource_id") or problem.get("value"))}
                self.skipped.append(Skipped(what.strip()[:200], words[:400], lost=lost))
        return len(self.exchanges) - 1

    def posts(
        self, records: Sequence[Any], exchange: int, *, beside: Collection[str] = POINTING, below: str = ""
    ) -> None:
        """Read the posts of a listing, each by its newest form, with its earlier ones.

        Args:
            records: The posts.
            exchange: Which of the page's exchanges showed them.
            beside: In which ways other posts are pointed at that are kept as well (what is answered, quoted, reposted).
            below: Whose thread they are: the post itself is none of them, and their order keys begin with its id.
        """
        own: list[str] = []
        for place, record in enumerate(records):
            if read(f"post {place} of the listing", self.skipped, _checked, record) is not None:
                self.known.take_post(record, exchange, f"/data/{place}")
                own += [] if below and below in chain_of(record) else [record["id"]]
        self._complete(own, beside)
        done: set[str] = set()
        for each in own:
            self._post(each, done, sighted=True, prefix=below)
        for each in own:
            told = read(f"post {each}", self.skipped, pointers, self.known.posts[each])
            for kind, identity in told or ():
                if kind in beside and identity in self.known.posts:
                    self._post(identity, done, sighted=False)

    def _post(self, post_id: str, done: set[str], *, sighted: bool, prefix: str = "") -> None:
        newest = self._newest(post_id)
        first = chain_of(self.known.posts[newest])[0]
        if first in done:
            return
        done.add(first)
        post = self.known.posts[newest]
        exchange, pointer = self.known.places[newest]
        item = read(
            f"post {post_id}",
            self.skipped,
            post_item,
            post,
            self.known,
            exchange=exchange,
            pointer=pointer,
            sighted=sighted,
        )
        if item is None:
            return
        if prefix:
            item = dataclasses.replace(item, order_key=f"{prefix} {item.order_key}")
        self.items.append(item if sighted else dataclasses.replace(item, order_key=None))
        self.history += read(f"the history of post {post_id}", self.skipped, _all_earlier, item, post, self.known) or ()

    def _newest(self, post_id: str) -> str:
        """The newest known form of a post: an answer may show an earlier one."""
        known = [each for each in chain_of(self.known.posts[post_id]) if each in self.known.posts]
        return known[-1] if known else post_id

    def _complete(self, ids: Iterable[str], beside: Collection[str]) -> None:
        """Ask for what the answer did not include: other forms, what is answered, quoted or reposted, media by their address;
        of what is pointed at and kept (`beside`) also who wrote it.
        """
        asked: set[str] = set()
        waiting = list(ids)
        for _ in range(_ROUNDS):
            wanted: dict[str, None] = {}
            for each in waiting:
                post = self.known.posts.get(each)
                told = read(f"post {each}", [], lacking, post, self.known) if post is not None else None
                wanted.update(dict.fromkeys(told or ()))
                pointed = read(f"post {each}", [], pointers, post) if post is not None else None
                for kind, identity in pointed or ():
                    inner = self.known.posts.get(identity) if kind in beside else None
                    missing = read(f"post {identity}", [], _forms_media_author, inner, self.known) if inner else None
                    wanted.update(dict.fromkeys(missing or ()))
            batch = [each for each in wanted if each not in asked]
            if not batch:
                return
            for start in range(0, len(batch), _AT_ONCE):
                self.lookup(batch[start : start + _AT_ONCE])
            asked |= set(batch)

    def lookup(self, ids: Sequence[str]) -> tuple[Exchange, dict[str, Any]]:
        """Ask for posts by their ids, and take them up."""
        exchange = self.server.get("/tweets", "post", {"ids": ",".join(ids)})
        answer = self.server.object(exchange)
        number = self.took(exchange, answer)
        for place, record in enumerate(self.server.records(exchange, answer)):
            if read(f"post {place} of the answer", self.skipped, _checked, record) is not None:
                self.known.take_post(record, number, f"/data/{place}")
        return exchange, answer

    def page(self, **around: Any) -> Page:
        """The page of what was found."""
        return Page(self.items, self.exchanges, history=self.history, skipped=self.skipped, **around)


def _checked(record: Mapping[str, Any]) -> tuple[str, ...]:
    return chain_of(record)


def _forms_media_author(post: Mapping[str, Any], known: Known) -> list[str]:
    """Of a post that was only shown inside another: its other forms, its media and its author, not what it points at in turn."""
    pointed = {identity for _, identity in pointers(post)}
    found = [each for each in lacking(post, known) if each not in pointed]
    author = post.get("author_id")
    return found if author is None or author in known.users else [*found, str(post["id"])]


def _all_earlier(item: Item, post: Mapping[str, Any], known: Known) -> list[Item]:
    return list(history_items(item, post, known))
