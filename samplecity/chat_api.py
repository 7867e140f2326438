"""Log-ins and direct messages over HTTP: `com.atproto.server.*Session` of the PDS, and `chat.bsky.convo.*` through it.

Tokens are JSON Web Tokens with the claims of real ones; an access token is good for two hours and so for the night it was made
in, a refresh token for 90 days and once. Shapes: the lexicons; refusals: bluesky-social/atproto, packages/pds (auth-verifier.ts,
pipethrough.ts, createSession.ts).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from samplecity.accounts import BY_KEY
from samplecity.chat import LOGGED_IN
from samplecity.days import Days
from samplecity.ids import stamp
from samplecity.xrpc import Json, Query, XrpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from samplecity.chat import Chat, Message, Talk
    from samplecity.city import City
    from samplecity.views import Views

PROXY = "did:web:api.bsky.chat#bsky_chat"
ACCESS_SCOPE, REFRESH_SCOPE = "com.atproto.appPassPrivileged", "com.atproto.refresh"
_ACCESS, _REFRESH = timedelta(hours=2), timedelta(days=90)
_EVENING = (23, 30)
_SECRET = b"the sample city's own"
_DEFS = "chat.bsky.convo.defs#"
_UNAUTHORIZED = 401
_LIMIT = 100


def password_of(key: str) -> str:
    """Give the app password of an account of the city."""
    return f"chat-{hashlib.sha256(key.encode()).hexdigest()[:4]}-{key}"


def variable_of(key: str) -> str:
    """Give the environment variable that the register names for it."""
    return f"SAMPLECITY_BLUESKY_{key.upper()}_APP_PASSWORD"


@dataclass
class ChatServer:
    """Answers for the log-ins and the messages of a city.

    Attributes:
        city: whose.
        used: refresh tokens that were used up.
    """

    city: City
    used: set[str] = field(default_factory=set)
    _made: int = 0

    def call(
        self, views: Views, night: int, method: str, query: Query, headers: Mapping[str, str], body: bytes
    ) -> Json | None:
        """Answer a method; None for one that is none of these.

        Raises:
            XrpcError: as the method does.
        """
        if self.city.chat is None:
            return None
        session = {
            "com.atproto.server.createSession": lambda: self._create(views, night, body),
            "com.atproto.server.refreshSession": lambda: self._refresh(views, night, headers, body),
            "com.atproto.server.getSession": lambda: self._account(views, self._did(night, headers)),
        }.get(method)
        if session is not None:
            return session()
        convo = _CONVO.get(method)
        if convo is None:
            return None
        did = self._did(night, headers)
        if headers.get("atproto-proxy") != PROXY:
            raise XrpcError("InvalidRequest", f"no service for {method} is named by atproto-proxy")
        return convo(self.city.chat, views, did, night, query)

    def now(self, night: int) -> datetime:
        """Give the time of a night's capture."""
        return Days(self.city.start, self.city.nights).moment(night, *_EVENING)

    def _create(self, views: Views, night: int, body: bytes) -> Json:
        asked = _object(body)
        did = views.world.resolve(str(asked.get("identifier")))
        key = next((key for key in LOGGED_IN if BY_KEY[key].did == did), None)
        if did is None or key is None or asked.get("password") != password_of(key):
            raise XrpcError("AuthenticationRequired", "Invalid identifier or password", _UNAUTHORIZED)
        return {**self._account(views, did), **self._pair(did, night)}

    def _refresh(self, views: Views, night: int, headers: Mapping[str, str], body: bytes) -> Json:
        if body:
            raise XrpcError("InvalidRequest", "A request body was provided when none was expected")
        token = _bearer(headers)
        did = self._read(token, REFRESH_SCOPE, night)
        if token in self.used:
            raise XrpcError("ExpiredToken", "Token has been revoked")
        self.used.add(token)
        return {**self._account(views, did), **self._pair(did, night)}

    def _account(self, views: Views, did: str) -> Json:
        if not views.world.active(did):
            raise XrpcError("AccountTakedown", "Account has been taken down", _UNAUTHORIZED)
        return {"did": did, "handle": views.world.handles[did], "active": True}

    def _pair(self, did: str, night: int) -> Json:
        return {
            "accessJwt": self._token(did, ACCESS_SCOPE, self.now(night) + _ACCESS),
            "refreshJwt": self._token(did, REFRESH_SCOPE, self.now(night) + _REFRESH),
        }

    def _token(self, did: str, scope: str, ends: datetime) -> str:
        self._made += 1
        claims = {"scope": scope, "sub": did, "exp": int(ends.timestamp()), "jti": str(self._made)}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in ({"typ": "at+jwt", "alg": "HS256"}, claims))
        return f"{signed}.{_base64(hmac.digest(_SECRET, signed.encode(), 'sha256'))}"

    def _did(self, night: int, headers: Mapping[str, str]) -> str:
        """Whose access token a request brings."""
        return self._read(_bearer(headers), ACCESS_SCOPE, night)

    def _read(self, token: str, scope: str, night: int) -> str:
        signed, _, signature = token.rpartition(".")
        if signature != _base64(hmac.digest(_SECRET, signed.encode(), "sha256")):
            raise XrpcError("InvalidToken", "Token could not be verified")
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
        if claims["scope"] != scope:
            raise XrpcError("InvalidToken", "Bad token scope")
        if claims["exp"] <= self.now(night).timestamp():
            raise XrpcError("ExpiredToken", "Token has expired")
        return str(claims["sub"])


def _list_convos(chat: Chat, views: Views, did: str, night: int, query: Query) -> Json:
    limit, status = query.number("limit", 50, 1, _LIMIT), query.get("status")
    there = [talk for talk in chat.of(did, night) if status in {"", _status(talk, night)}]
    start = int(query.get("cursor") or 0)
    answer: Json = {"convos": [_convo(talk, views, did, night) for talk in there[start : start + limit]]}
    if len(there) > start + limit:
        answer["cursor"] = str(start + limit)
    return answer


def _get_messages(chat: Chat, views: Views, did: str, night: int, query: Query) -> Json:
    name, limit = query.need("convoId"), query.number("limit", 50, 1, _LIMIT)
    talk = next((talk for talk in chat.of(did, night) if talk.id == name), None)
    if talk is None:
        raise XrpcError("InvalidConvo", "Convo not found")
    cursor = query.get("cursor")
    left = [message for message in talk.at(night) if not cursor or message.id < cursor]
    page = left[-limit:][::-1]
    answer: Json = {
        "messages": [_message(message, talk, views, night) for message in page],
        "relatedProfiles": _people(views, [message.sender for message in page if message.sender], talk),
    }
    if len(left) > limit:
        answer["cursor"] = page[-1].id
    return answer


_CONVO: dict[str, Callable[[Chat, Views, str, int, Query], Json]] = {
    "chat.bsky.convo.listConvos": _list_convos,
    "chat.bsky.convo.getMessages": _get_messages,
}


def _status(talk: Talk, night: int) -> str:
    return "accepted" if talk.accepted <= night else "request"


def _convo(talk: Talk, views: Views, did: str, night: int) -> Json:
    last = talk.at(night)[-1]
    return {
        "id": talk.id,
        "rev": talk.rev(night),
        "members": _people(views, talk.members, talk),
        "lastMessage": _message(last, talk, views, night),
        "muted": False,
        "status": _status(talk, night),
        "unreadCount": 0 if last.sender == did else 1,
        "kind": _kind(talk),
    }


def _kind(talk: Talk) -> Json:
    if talk.group is None:
        return {"$type": f"{_DEFS}directConvo"}
    return {
        "$type": f"{_DEFS}groupConvo",
        "name": talk.group,
        "createdAt": stamp(talk.messages[0].at),
        "lockStatus": "unlocked",
        "lockStatusModerationOverride": False,
        "memberCount": len(talk.members),
        "memberLimit": 50,
    }


def _people(views: Views, dids: Sequence[str], talk: Talk) -> list[Json]:
    role: Json = {"$type": "chat.bsky.actor.defs#directConvoMember"}
    if talk.group is not None:
        role = {"$type": "chat.bsky.actor.defs#groupConvoMember", "role": "standard"}
    return [{**views.basic(did), "kind": role} for did in dict.fromkeys(dids)]


def _message(message: Message, talk: Talk, views: Views, night: int) -> Json:
    head: Json = {"id": message.id, "rev": message.id, "sentAt": stamp(message.at)}
    if not message.sender:
        joined = {
            "$type": f"{_DEFS}systemMessageDataMemberJoin",
            "member": {"did": talk.members[-1]},
            "role": "standard",
        }
        return {"$type": f"{_DEFS}systemMessageView", **head, "data": joined}
    head["sender"] = {"did": message.sender}
    if message.deleted is not None and message.deleted <= night:
        return {"$type": f"{_DEFS}deletedMessageView", **head}
    view: Json = {"$type": f"{_DEFS}messageView", **head, "text": message.text}
    if message.reactions is not None and message.reactions <= night:
        other = next(did for did in talk.members if did != message.sender)
        view["reactions"] = [{"value": "👍", "sender": {"did": other}, "createdAt": stamp(message.at)}]
    if message.shares:
        view["embed"] = views.shared(message.shares)
    if message.answers:
        answered = next(each for each in talk.messages if each.id == message.answers)
        view["replyTo"] = _message(answered, talk, views, night)
    return view


def _bearer(headers: Mapping[str, str]) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        raise XrpcError("AuthMissing", "Authentication Required", _UNAUTHORIZED)
    return token


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise XrpcError("InvalidRequest", "Request body must be an object")
    return found


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
