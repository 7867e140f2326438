"""Bluesky's servers: where an identity lives, whether its repository is there, and reading what they answer.

Sources: bluesky-social/bsky-docs (api-directory), did:plc, the lexicons com.atproto.identity.resolveHandle and
com.atproto.sync.getRepoStatus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archiver.platforms.answers import json_of
from archiver.platforms.errors import NoSuchHandleError, UnreadableAnswerError
from archiver.platforms.items import State
from archiver.platforms.manifest import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef, Exchange

OK, BAD_REQUEST, NOT_FOUND, GONE = 200, 400, 404, 410

SETTINGS = (
    Setting("appview_url", "The AppView that public reads go to.", default="https://public.api.bsky.app"),
    Setting("plc_url", "The directory of did:plc identities.", default="https://plc.directory"),
)


def resolve_handle(session: Session, account: AccountRef, exchanges: list[Exchange]) -> str:
    """The DID of the account's handle. Raises `NoSuchHandleError` where it belongs to no account."""
    if account.handle.startswith("did:"):
        return account.handle
    exchange = session.get(
        xrpc(appview(account), "com.atproto.identity.resolveHandle"),
        params={"handle": account.handle},
        accept_errors=lambda answer: answer.status == BAD_REQUEST,
    )
    exchanges.append(exchange)
    answer = json_of(account, exchange)
    did = answer.get("did")
    if not isinstance(did, str):
        words = f"the handle {account.handle} belongs to no account ({answer.get('message')})"
        raise NoSuchHandleError(account.name, exchange.url, words, exchange)
    return did


def pds_of(session: Session, account: AccountRef, did: str, exchanges: list[Exchange]) -> tuple[str | None, str]:
    """The server an identity lives on; None, and why, where the directory says that the identity is no more.

    Sources: did:plc (plc.directory: 404 unknown, 410 tombstoned), did:web (W3C: /.well-known/did.json).
    """
    if did.startswith("did:web:"):
        url = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
    else:
        url = f"{_setting(account, 'plc_url')}/{did}"
    exchange = session.get(url, accept_errors=lambda answer: answer.status in {NOT_FOUND, GONE})
    exchanges.append(exchange)
    if exchange.status in {NOT_FOUND, GONE}:
        return None, f"the directory answers {exchange.status} for {did}: the identity is no more"
    for service in json_of(account, exchange).get("service") or []:
        endpoint = service.get("serviceEndpoint") if isinstance(service, dict) else None
        if isinstance(endpoint, str) and str(service.get("id")).endswith("#atproto_pds"):
            return endpoint.rstrip("/"), ""
    raise UnreadableAnswerError(account.name, exchange.url, f"the document of {did} names no server", exchange)


def repo_state(
    session: Session, account: AccountRef, pds: str, did: str, exchanges: list[Exchange]
) -> tuple[State, str]:
    """Whether a repository is there, in the server's own words (com.atproto.sync.getRepoStatus)."""
    exchange = session.get(
        xrpc(pds, "com.atproto.sync.getRepoStatus"),
        params={"did": did},
        accept_errors=lambda answer: answer.status == BAD_REQUEST,
    )
    exchanges.append(exchange)
    answer = json_of(account, exchange)
    if exchange.status == OK and answer.get("active") is True:
        return State.PRESENT, "active"
    if exchange.status == OK:
        status = answer.get("status") or "inactive"
        return (State.GONE_CONFIRMED if status == "deleted" else State.HIDDEN), f"the account is {status}"
    if answer.get("error") == "RepoNotFound":
        return State.GONE_CONFIRMED, f"RepoNotFound: {answer.get('message')}"
    return State.ACCESS_LOST, f"{answer.get('error')}: {answer.get('message')}"


def ask(
    session: Session,
    account: AccountRef,
    base: str,
    method: str,
    params: Mapping[str, str],
    exchanges: list[Exchange],
) -> dict[str, Any]:
    """An answer whose absence is no failure (no profile record, a profile that the AppView hides): empty then."""
    exchange = session.get(xrpc(base, method), params=params, accept_errors=lambda answer: answer.status == BAD_REQUEST)
    exchanges.append(exchange)
    answer = json_of(account, exchange)
    return answer if exchange.status == OK else {}


def _setting(account: AccountRef, name: str) -> str:
    default = next(setting.default for setting in SETTINGS if setting.name == name)
    return str(account.settings.get(name) or default).rstrip("/")


def appview(account: AccountRef) -> str:
    """The address of the AppView."""
    return _setting(account, "appview_url")


def own_pds(account: AccountRef) -> str:
    """The address of the account's own server, as this capture found it."""
    return str(account.settings["pds_url"])


def did_of_account(account: AccountRef) -> str:
    """The account's DID."""
    return account.platform_id or account.handle


def xrpc(base: str, method: str) -> str:
    """The address of a method on a server."""
    return f"{urlsplit(base).geturl().rstrip('/')}/xrpc/{method}"
