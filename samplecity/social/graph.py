"""What Meta's Graph APIs share as they answer: errors, fields, and pages in both of their shapes.

Shapes as in the recorded answers of python-facebook (2021), error bodies as in developers.facebook.com
graph-api/guides/error-handling.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from samplecity.social.api import cut, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from samplecity.faults import Reply
    from samplecity.social.api import ErrorKind, Request

_MOST = 100
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
    """A page of an edge. `by_time`: without cursors, placed by `until` and `__paging_token`, as posts can come."""
    limit = request.number("limit", 25)
    if limit > _MOST:
        return failed(100, f"(#100) param limit must be less than or equal to {_MOST}")
    page = cut(request, listed, min(limit, most), request.param("__paging_token" if by_time else "after"))
    answer: dict[str, Any] = {"data": [dict(show(each)) for each in page.items]}
    kept = [(name, value) for name, value in request.query if name not in _PLACES and name != "access_token"]
    mine = [("access_token", request.token), ("pretty", "0"), *kept]
    if page.next is not None:
        place = [("until", "1624385168"), ("since", ""), ("__paging_token", page.next), ("__previous", "")]
        following = place if by_time else [("after", page.next)]
        answer["paging"] = {"next": f"{address}?{urlencode([*mine, *following])}"}
        if not by_time:
            answer["paging"]["cursors"] = {"before": "QVFIUl", "after": page.next}
    elif page.items and not by_time:
        answer["paging"] = {"cursors": {"before": "QVFIUl", "after": "QVFIUmVuZA"}}
    return reply({**answer, **around})
