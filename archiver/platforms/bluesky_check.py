"""The check of an account's listings with its whole repository (com.atproto.sync.getRepo), which its own server signs.

What `listRecords` gives page by page must be what the repository holds. The signature of its commit is kept with it in the
evidence and not verified here: what is compared came from the same server, and needs no proof against it. Source: the lexicon
com.atproto.sync.getRepo; platforms.md, section 7, "Bluesky CAR".
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from archiver.platforms import bluesky_records as records
from archiver.platforms.bluesky_car import BrokenRepositoryError, read_repository
from archiver.platforms.bluesky_servers import did_of_account, own_pds, xrpc
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Setting
from archiver.platforms.pages import Holding, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from archiver.platforms.contract import Session
    from archiver.platforms.pages import AccountRef

_EVERY = {"nightly": timedelta(hours=20), "weekly": timedelta(days=6, hours=12), "off": None}
_USUAL = "weekly"
"""The listing reads the last weeks anew each night; the check is for what it may have left out, and for older posts that were
overwritten or deleted. A repository is read whole each time, so that once a week is a fair price for that."""
SETTING = Setting(
    "repository_check",
    "How often the whole repository is read beside the listings, to find what they left out: `nightly`, `weekly` or `off`.",
    default=_USUAL,
)
_COLLECTIONS = {records.POST: StreamKind.POSTS, records.REPOST: StreamKind.REPOSTS}


def checked_every(account: AccountRef) -> timedelta | None:
    """How often the account's setting asks for the check; None for `off`. Raises `ValueError` for what is none of the words."""
    asked = str(account.settings.get(SETTING.name) or _USUAL)
    if asked not in _EVERY:
        raise ValueError(f"{account.name}: the setting {SETTING.name} is {asked!r}; it is one of {', '.join(_EVERY)}")
    return _EVERY[asked]


@contextmanager
def read_inventory(session: Session, account: AccountRef) -> Iterator[Inventory]:
    """What the account's repository holds. Raises what the session raises.

    A repository that is damaged, not whole or somebody else's gives an inventory that says so.
    """
    did = did_of_account(account)
    with session.download(xrpc(own_pds(account), "com.atproto.sync.getRepo"), params={"did": did}) as exchange:
        holdings: dict[StreamKind, dict[str, Holding]] = {kind: {} for kind in _COLLECTIONS.values()}
        words, problem = "the account's repository", "the server sent nothing"
        if exchange.file is not None:
            words, problem = _read(exchange.file, did, holdings)
        yield Inventory(exchange, holdings, words, problem or None)


def _read(file: BinaryIO, did: str, holdings: dict[StreamKind, dict[str, Holding]]) -> tuple[str, str]:
    """Fill in what the repository in a file holds. Gives which it is, and what is wrong with it (empty: nothing)."""
    words, lost = "the account's repository", 0
    try:
        repository = read_repository(file)
        words = f"the account's repository at revision {repository.rev}"
        if repository.did != did:
            return words, f"it is the repository of {repository.did}"
        for found in repository.found():
            if found.uri is None:
                lost += 1
                continue
            collection, _, rkey = found.uri.removeprefix(f"at://{did}/").partition("/")
            stream = _COLLECTIONS.get(collection)
            if stream is not None:
                holdings[stream][found.uri] = Holding(found.cid, rkey)
    except BrokenRepositoryError as error:
        return words, error.why
    return words, f"{lost} blocks of its tree are missing" if lost else ""
