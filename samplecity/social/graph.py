"""What Meta's Graph APIs share as they answer: errors, fields, and pages in both of their shapes.

Shapes as in the recorded answers of python-facebook (2021), error bodies as in developers.facebook.com
graph-api/guides/error-handling.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zlib import crc32

from samplecity.social.api import Api, StaleCursor, cut, holder, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import Attachment, SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_MOST, _MOST_IDS = 100, 50
_PLACES = frozenset({"after", "before", "until", "since", "__paging_token", "__previous"})


def failed(
    code: int, message: str, *, subcode: int | None = None, kind: str = "OAuthException", status: int = 400
) -> Reply:
    """An error."""
    error: dict[str, Any] = {"message": message, "type": kind, "code": code, "fbtrace_id": "AQt_hJ68vFybS4TnupatNtX"}
    if subcode is not None:
        error["error_subcode"] = subcode
    if code in {1, 2}:
        error["is_transient"] = True
    return reply({"error": error}, status)


def not_there(identity: str) -> Reply:
    """What is gone, forbidden and unknown alike."""
    words = (
        f"Unsupported get request. Object with ID '{identity}' does not exist, cannot be loaded due to missing permissions, or "
        "does not support this operation"
    )
    return failed(100, words, subcode=33, kind="GraphMethodException")


def refusal(kind: ErrorKind, limit_code: int) -> Reply:
    """The platform's words for what failed."""
    match kind:
        case "rate_limit":
            return failed(limit_code, "There have been too many calls to this account. Wait a bit and try again.")
        case "token":
            words = "Error validating access token: Session has expired on Thursday, 29-Jul-21 10:00:00 PDT."
            return failed(190, words, subcode=463, status=401)
        case "cursor":
            return failed(2642, "(#2642) Invalid cursors values")
        case "permission":
            return failed(10, "(#10) This endpoint requires the 'pages_read_engagement' permission.", status=403)
        case _:
            return failed(2, "An unexpected error has occurred. Please retry your request later.", status=500)


def time(at: datetime) -> str:
    """A time as Graph writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def asked_fields(request: Request, default: str = "id") -> dict[str, str]:
    """The fields that are asked for at the top: each with what is asked for within it (`{…}`), empty without."""
    text = request.param("fields") or default
    found: dict[str, str] = {}
    depth, name, inner = 0, "", ""
    for character in [*text, ","]:
        if character == "," and depth == 0:
            found[re.split(r"[.(]", name.strip())[0]] = inner
            name, inner = "", ""
            continue
        depth += (character in "{(") - (character in "})")
        if depth == 0 and character in "})":
            continue
        if depth == 1 and character in "{(" and not inner:
            continue
        if depth:
            inner += character
        else:
            name += character
    return found


def only(node: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """What was asked for of a node, as far as it has it; the id is always there."""
    wanted = {"id", *fields}
    return {name: value for name, value in node.items() if name in wanted and value is not None}


def paged(
    request: Request,
    listed: Sequence[Any],
    show: Callable[[Any], Mapping[str, Any]],
    address: str,
    *,
    by_time: bool = False,
    most: int = _MOST,
    **around: Any,
) -> Reply:
    """A page of an edge. `by_time`: without cursors, placed by `until` and `__paging_token`, as posts can come.

    A cursor points at the last item of its page, and is not good any more once that is gone (graph-api/results).
    """
    limit = request.number("limit", 25)
    if limit > _MOST:
        return failed(100, f"(#100) param limit must be less than or equal to {_MOST}")
    place, _, item = request.param("__paging_token" if by_time else "after").partition(".")
    if item and item not in {_pointed(each) for each in listed}:
        raise StaleCursor
    page = cut(request, listed, min(limit, most), place)
    after = page.next if by_time or not page.items else f"{page.next}.{_pointed(page.items[-1])}"
    answer: dict[str, Any] = {"data": [dict(show(each)) for each in page.items]}
    kept = [(name, value) for name, value in request.query if name not in _PLACES and name != "access_token"]
    mine = [("access_token", request.token), ("pretty", "0"), *kept]
    if page.next is not None:
        placed = [("until", "1624385168"), ("since", ""), ("__paging_token", page.next), ("__previous", "")]
        following = placed if by_time else [("after", after)]
        answer["paging"] = {"next": f"{address}?{urlencode([*mine, *following])}"}
        if not by_time:
            answer["paging"]["cursors"] = {"before": "QVFIUl", "after": after}
    elif page.items and not by_time:
        answer["paging"] = {"cursors": {"before": "QVFIUl", "after": "QVFIUmVuZA"}}
    return reply({**answer, **around})


def _pointed(listed: Any) -> str:
    """What a cursor says of the item that it points at: a short sum of its id."""
    return f"{crc32(str(getattr(listed, 'id', '')).encode()):08x}"


class GraphApi(Api):
    """A Graph API: who asks, for which node or which edge of it. `most`: entries at once."""

    path: re.Pattern[str]
    """What an address is, with a `node` and perhaps an `edge`."""
    limit_code = 4
    life: int | None = None
    """How long a renewed token lives, in seconds; None where none is renewed."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        match = self.path.fullmatch(request.path)
        if match is None:
            return failed(2500, "Unknown path components")
        node = match["node"] or ""
        if node == "debug_token":
            return self.debugged(holder(world, self.platform, request.param("input_token")))
        account = holder(world, self.platform, request.token)
        if account is None:
            return self.error("token")
        if node == "refresh_access_token" and self.life is not None:
            return reply({"access_token": request.token, "token_type": "bearer", "expires_in": self.life})
        if world.status(self.platform, account.key) == "suspended":
            return not_there(node)
        view = self.view(world, request, origin, account)
        return view.answer(node, match["edge"]) if node else view.several(request.param("ids"))

    def view(self, world: SocialWorld, request: Request, origin: str, account: SocialAccount) -> GraphView:
        """The platform as this request of the account sees it."""
        raise NotImplementedError

    def debugged(self, account: SocialAccount | None) -> Reply:
        """What `debug_token` tells of the token of this account; None: of one that is nobody's."""
        return not_there(account.id if account else "debug_token")

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:  # noqa: ARG002 - its waits are told in whole minutes
        """The platform's own words for what failed."""
        return refusal(kind, self.limit_code)


class GraphView:
    """A platform as one request of an account sees it: single nodes, and pages."""

    platform: str

    def __init__(self, world: SocialWorld, request: Request, origin: str, mine: SocialAccount, most: int) -> None:
        self._world, self._request, self._origin, self._mine, self._most = world, request, origin, mine, most
        self._fields = asked_fields(request)

    def answer(self, node: str, edge: str | None) -> Reply:
        """Answer for a node, or an edge of it; of accounts, the asking one's alone."""
        account = self._mine if node == "me" else self._world.account(self.platform, node)
        if account is not None and account.key != self._mine.key:
            return not_there(node)
        if edge is None:
            return self._node(node) if account is None else reply(only(self._profile(account), self._fields))
        return self._below(node, edge) if account is None else self._edge(account, edge)

    def several(self, ids: str) -> Reply:
        """Nodes by their ids; where one of them cannot be shown, nothing is."""
        wanted = [each for each in dict.fromkeys(ids.split(",")) if each]
        if not 0 < len(wanted) <= _MOST_IDS:
            return failed(100, f"(#100) The parameter ids must have 1 to {_MOST_IDS} ids", status=400)
        found = {}
        for each in wanted:
            shown = self._node(each)
            if shown.status >= 400:  # noqa: PLR2004 - HTTP
                return shown
            found[each] = json.loads(shown.body)
        return reply(found)

    def _node(self, node: str) -> Reply:
        attachment = self._world.attachment(self.platform, node)
        if attachment is not None:
            return reply(only(self._file(attachment), self._fields))
        thing = self._world.thing(self.platform, node)
        if thing is None or not self._sees(thing):
            return not_there(node)
        return reply(only(self._shown(thing), self._fields))

    def _paged(
        self, listed: Sequence[Any], show: Callable[[Any], Mapping[str, Any]], most: int = _MOST, **around: Any
    ) -> Reply:
        return paged(
            self._request,
            listed,
            lambda each: only(show(each), self._fields),
            f"{self._origin}{self._request.path}",
            most=min(most, self._most),
            **around,
        )

    def _messages(self, node: str, show: Callable[[Any], Mapping[str, Any]]) -> Reply:
        mine = {one.id for one in self._world.conversations(self.platform, self._mine.key)}
        return self._paged(self._world.messages(self.platform, node), show) if node in mine else not_there(node)

    def _sees(self, thing: Thing) -> bool:
        """Whether the account may read it by its id."""
        return thing.account == self._mine.key

    def _edge(self, account: SocialAccount, edge: str) -> Reply:
        raise NotImplementedError

    def _below(self, node: str, edge: str) -> Reply:
        raise NotImplementedError

    def _profile(self, account: SocialAccount) -> dict[str, Any]:
        raise NotImplementedError

    def _file(self, one: Attachment) -> dict[str, Any]:
        raise NotImplementedError

    def _shown(self, thing: Thing) -> dict[str, Any]:
        raise NotImplementedError


def no_such_edge(edge: str, node_type: str) -> Reply:
    """The answer for an edge that a node of this type does not have."""
    return failed(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type ({node_type})")
