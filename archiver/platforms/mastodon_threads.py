"""A conversation on Mastodon as one instance knows it (GET /api/v1/statuses/:id/context).

Source: mastodon/documentation, content/en/methods/statuses: without a token a context ends at 40 ancestors, 60 descendants and 20
levels, with one at 4,096 of each. Replies that this instance never received are missing from it, without a mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, json_of, list_of, number_of
from archiver.platforms.falling import all_below
from archiver.platforms.items import Skipped
from archiver.platforms.mastodon_found import Found, is_status, topmost
from archiver.platforms.mastodon_items import Answers, order_key
from archiver.platforms.mastodon_manners import NOT_FOUND, SHOWN, SHOWN_WITH_TOKEN
from archiver.platforms.pages import AccountRef, Count, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from archiver.platforms.mastodon_server import Instance

_CHUNK = 500
_DEEPEST = 20


def read_thread(
    account: AccountRef, instance: Instance, post_id: str, known: bytes | None, local: str | None = None
) -> Iterator[Page]:
    """Everything below a status, in pages; where an answer was cut at the instance's limit, its leaves are asked by themselves.

    The last page covers the thread, unless something of it could not be reached: then it says so, and covers nothing. `local`
    is the instance's own id of the status, where that is known.
    """
    local = local or instance.local_id(post_id) or instance.found_id(post_id)
    tree = _Tree(post_id, local)
    waiting, asked, whole = [local], set[str](), True
    limit = SHOWN_WITH_TOKEN if instance.token else SHOWN
    while waiting:
        top = waiting.pop()
        asked.add(top)
        exchange = instance.get(f"/api/v1/statuses/{top}/context", accept=(NOT_FOUND,) if top != local else ())
        if known is not None and exchange.received_sha256 == known:
            yield Page((), [exchange], sub_key=post_id, coverage=all_below(post_id), unchanged=True)
            return
        found = Found(instance)
        number = found.took(exchange)
        descendants: list[Any] = []
        if exchange.status != NOT_FOUND:  # else it went between the two answers, and nothing is below it any more
            answer = json_of(account, exchange)
            descendants = list_of(account, exchange, answer, "descendants")
            if top == local and isinstance(answer.get("ancestors"), list):
                tree.root = topmost(answer["ancestors"]) or post_id
        cut = len(descendants) >= limit
        tree.add(descendants)
        for place, status in enumerate(descendants):
            descendants[place] = None
            if len(found.items) >= _CHUNK:
                whole = whole and found.whole
                yield found.page(sub_key=post_id)
                found = Found(instance)
                number = found.took(exchange)
            own = found.own_id(f"the status {place}", status)
            if own is not None:
                key = f"{post_id} {order_key(own)}"
                found.status(status, f"/descendants/{place}", tree.answers(status), number, order_key=key)
        if cut or not instance.token:
            waiting += tree.unfinished(asked.union(waiting), cut=cut)
        counts = [] if waiting else tree.counts()
        missing = [] if waiting else tree.beyond_reach(asked, limit)
        found.skipped += missing
        whole = whole and found.whole and not missing
        covered = all_below(post_id) if whole and not waiting else None
        yield found.page(sub_key=post_id, counts=counts, coverage=covered)


def read_part(account: AccountRef, instance: Instance, url: str, known: Callable[[str], str | None]) -> Iterator[Page]:
    """The thread below a status from elsewhere, by its address here alone: how it was found is not told with it."""
    *_, local, last = ["", *url.partition("?")[0].split("/")]
    post_id = known(local) if last == "context" else None
    return iter(()) if post_id is None else read_thread(account, instance, post_id, None, local)


class _Tree:
    """What is known of a thread's shape: who answers whom, and how many answers each says that it has."""

    def __init__(self, post_id: str, local: str) -> None:
        self.root, self._local = post_id, local
        self._uris = {local: post_id}
        self._depth = {local: 0}
        self._shown: dict[str, int] = {}
        self._said: dict[str, int] = {}
        self._seen: set[str] = set()

    def add(self, statuses: Sequence[Any]) -> None:
        """Take up the statuses of an answer; a parent stands before its answers or elsewhere in it."""
        for status in statuses:
            if not is_status(status) or (own := id_of(status)) in self._seen:
                continue
            self._seen.add(own)
            self._uris[own] = str(status.get("uri"))
            self._said[own] = number_of(status, "replies_count") or 0
            if is_status({"id": status.get("in_reply_to_id")}):
                parent = id_of(status, "in_reply_to_id")
                self._shown[parent] = self._shown.get(parent, 0) + 1
                self._depth[own] = self._depth.get(parent, 0) + 1

    def answers(self, status: Mapping[str, Any]) -> Answers:
        """What a status of the thread answers."""
        parent = self._uris.get(str(status.get("in_reply_to_id")))
        return Answers(parent, self.root, known=parent is not None)

    def unfinished(self, known: Collection[str], *, cut: bool) -> list[str]:
        """Whose answers may lie beyond what was shown: after an answer that was cut all that lack some, else the deepest.

        `known`: who was asked for, or is going to be.
        """
        lacking = [own for own, said in self._said.items() if said > self._shown.get(own, 0) and own not in known]
        return lacking if cut else [own for own in lacking if self._depth.get(own, 0) >= _DEEPEST]

    def counts(self) -> list[Count]:
        """How many answers each status below the post says that it has."""
        return [Count("replies", said, item=self._uris[own]) for own, said in self._said.items() if said]

    def beyond_reach(self, asked: set[str], limit: int) -> list[Skipped]:
        """Whose direct answers alone are more than the instance shows at once."""
        return [
            Skipped(
                f"the answers to {self._uris[own]} beyond the first {limit}",
                "the instance shows no more of them"
                + ("" if limit == SHOWN_WITH_TOKEN else " without a token: set `token`"),
            )
            for own in asked
            if self._shown.get(own, 0) >= limit
        ]
