"""The city over HTTP: one origin that is the PLC directory, every account's PDS, the app view and the web site.

GET /plc/{did}                      DID document
GET, POST /xrpc/{method}            PDS, app view and direct messages
GET /img/{preset}/plain/{did}/{cid}@png   the app view's re-encoded images
GET, POST /{platform}/…             a further platform's API (`samplecity.social`); media under /{platform}/_media/
GET /feeds/{key}                    RSS or Atom; media under /feeds/{key}/media/
GET, POST /_city/night              the city's clock: {"night": 3}
GET, POST /_city/faults             the fault plan: [{"match": …, "kind": …}, …]
GET /_city/requests                 how many requests each path had, by night
GET /_city/truth?night=n            the truth file after a night
GET /_city/tokens                   what the environment must hold for the register's tokens, by variable
GET /_city/register                 rows for an account register; /_city/register.csv gives them as CSV
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from dataclasses import asdict
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from samplecity import appview, bluesky, feeds, pds
from samplecity.accounts import FEED_BY_KEY
from samplecity.chat_api import ChatServer
from samplecity.faults import Fault, FaultPlan, Reply, after, before, nightly
from samplecity.limits import RateLimit
from samplecity.social import api as social
from samplecity.social.serving import PAGE_FAULTS, SocialServer
from samplecity.views import Views
from samplecity.xrpc import Json, Query, Raw, XrpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from samplecity.city import City

_JSON = {"content-type": "application/json; charset=utf-8"}
_TEXT = {"content-type": "text/plain; charset=utf-8"}
_IMAGE = re.compile(r"/img/(?:feed_thumbnail|feed_fullsize)/plain/(did:[^/]+)/([a-z0-9]+)@\w+$")
_FEED = re.compile(r"/feeds/([\w-]+)(?:/media/([\w.]+))?$")
_NOT_MODIFIED, _BAD_REQUEST, _NOT_FOUND, _NOT_ALLOWED, _TOO_MANY = 304, 400, 404, 405, 429


class CityServer:
    """Answers requests for a city as it stands at one night.

    Args:
        city: what to serve.
        origin: the address it is reached at, no slash at the end.
        night: where the clock starts.
        faulty: install the default faults of each night.
        limit: the rate limit of the XRPC methods, and of each token of the further platforms.
        limits: requests in a window and its length in seconds, for single further platforms.
    """

    def __init__(
        self,
        city: City,
        origin: str,
        night: int = 1,
        *,
        faulty: bool = True,
        limit: RateLimit | None = None,
        limits: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self.city, self.origin, self.faulty = city, origin, faulty
        self.limit = limit or RateLimit()
        self.social = SocialServer(city.social, origin, (self.limit.limit, self.limit.window), limits)
        self.chat = ChatServer(city)
        self.plan = FaultPlan()
        self.requests: dict[int, Counter[str]] = defaultdict(Counter)
        self._views: dict[int, Views] = {}
        self.move(night)

    def move(self, night: int) -> None:
        """Set the clock, and install the night's default faults.

        Raises:
            ValueError: when the history has no such night.
        """
        if night not in self._views:
            self._views[night] = Views(self.city.at(night), self.origin)
        self.night = night
        self.plan.install(nightly() if self.faulty else [])

    @property
    def views(self) -> Views:
        """The views of the present night."""
        return self._views[self.night]

    def app(self) -> Starlette:
        """Give the ASGI application."""
        return Starlette(
            routes=[
                Route("/_city/{what}", self._control, methods=["GET", "POST"]),
                Route("/{rest:path}", self._serve, methods=["GET", "HEAD", "POST"]),
            ]
        )

    async def _serve(self, request: Request) -> Response:
        path, query = request.url.path, request.url.query
        self.requests[self.night][path] += 1
        struck = self.plan.strike(f"{path}?{query}" if query else path)
        for fault in struck:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
        platform = self.social.platform_of(path)
        if platform:
            below = social.Request(
                request.method,
                path.removeprefix(f"/{platform}"),
                request.query_params.multi_items(),
                {name.lower(): value for name, value in request.headers.items()},
                await request.body(),
            )
            reply = self.social.answer(self.night, platform, below, struck)
            struck = [fault for fault in struck if fault.kind not in PAGE_FAULTS]
        else:
            body = await request.body()
            reply = next((answer for fault in struck if (answer := before(fault))), None) or self._answer(request, body)
        for fault in struck:
            reply = after(self.plan, fault, path, reply)
        return Response(reply.body, reply.status, reply.headers)

    def _answer(self, request: Request, body: bytes) -> Reply:
        path = request.url.path
        if path.startswith("/xrpc/"):
            return self._xrpc(path.removeprefix("/xrpc/"), Query(request.query_params.multi_items()), request, body)
        if request.method == "POST":
            return Reply(_NOT_ALLOWED, _TEXT, b"Nothing is posted here.")
        if path.startswith("/plc/"):
            return self._plc(path.removeprefix("/plc/"))
        if match := _IMAGE.match(path):
            did, cid = match.groups()
            return _guarded(lambda: appview.image(self.views, did, cid), {})
        if match := _FEED.match(path):
            return self._feed(match[1], match[2], request)
        return Reply(_NOT_FOUND, _TEXT, b"The city has no such page.")

    def _xrpc(self, method: str, query: Query, request: Request, body: bytes) -> Reply:
        allowed, headers = self.limit.take()
        if not allowed:
            return _error(_TOO_MANY, "RateLimitExceeded", "Rate Limit Exceeded", headers)
        sent = {name.lower(): value for name, value in request.headers.items()}

        def answer() -> Json | Raw:
            private = self.chat.call(self.views, self.night, method, query, sent, body)
            if private is not None:
                return private
            if request.method == "POST":
                raise XrpcError("InvalidRequest", "Incorrect HTTP method (POST) expected GET", _NOT_ALLOWED)
            return bluesky.call(self.views, method, query)

        return _guarded(answer, headers)

    def _plc(self, did: str) -> Reply:
        document = pds.did_document(self.views, did)
        if document is None:
            return Reply(_NOT_FOUND, _JSON, json.dumps({"message": f"DID not registered: {did}"}).encode())
        return Reply(200, {"content-type": "application/did+ld+json; charset=utf-8"}, json.dumps(document).encode())

    def _feed(self, key: str, name: str | None, request: Request) -> Reply:
        feed = FEED_BY_KEY.get(key)
        if feed is None:
            return Reply(_NOT_FOUND, _TEXT, b"The city has no such feed.")
        if name:
            data = feeds.media(self.views.world, feed, name)
            return Reply(200, {"content-type": "image/png"}, data) if data else Reply(_NOT_FOUND, _TEXT, b"Not found.")
        page = feeds.page(self.views.world, feed, self.origin)
        headers = {"etag": page.etag, "last-modified": page.last_modified}
        if _unchanged(request, page):
            return Reply(_NOT_MODIFIED, headers, b"")
        return Reply(200, {"content-type": page.mime, **headers}, page.body)

    async def _control(self, request: Request) -> Response:
        if request.path_params["what"] == "register.csv":
            return Response(self.city.register_csv(self.origin), 200, {"content-type": "text/csv; charset=utf-8"})
        body = await request.body()
        try:
            answer = self._controlled(request.path_params["what"], request, json.loads(body) if body else None)
        except (ValueError, TypeError, KeyError) as problem:
            return Response(json.dumps({"error": str(problem)}), _BAD_REQUEST, _JSON)
        return Response(json.dumps(answer), 200, _JSON)

    def _controlled(self, what: str, request: Request, body: Any) -> Any:
        post = request.method == "POST"
        if what == "night":
            if post:
                self.move(int(body["night"]))
            return {"night": self.night, "nights": self.city.nights}
        if what == "faults":
            if post:
                self.plan.install(Fault(**one) for one in body)
            return self.plan.report()
        if what == "requests":
            return {str(night): dict(count) for night, count in self.requests.items()}
        if what == "truth":
            return asdict(self.city.truth_after(int(request.query_params.get("night", self.night))))
        if what == "register":
            return self.city.register_rows(self.origin)
        if what == "tokens":
            return self.city.tokens()
        raise KeyError(f"no such control: {what}")


def _unchanged(request: Request, page: feeds.FeedPage) -> bool:
    """Tell whether the reader has this already; If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
    tag, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if tag is not None:
        return tag == page.etag
    try:
        return bool(since) and parsedate_to_datetime(since or "") >= parsedate_to_datetime(page.last_modified)
    except ValueError:
        return False


def _guarded(answer: Callable[[], Json | Raw], headers: dict[str, str]) -> Reply:
    try:
        made = answer()
    except XrpcError as error:
        return _error(error.status, error.name, error.message, headers)
    if isinstance(made, Raw):
        return Reply(200, {"content-type": made.mime, **headers}, made.body)
    return Reply(200, {**_JSON, **headers}, json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode())


def _error(status: int, name: str, message: str, headers: dict[str, str]) -> Reply:
    return Reply(status, {**_JSON, **headers}, json.dumps({"error": name, "message": message}).encode())
