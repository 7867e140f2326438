"""One big account for benchmarks: P posts with C comments each, all there at night 1.

Comments are written by the city's residents under the same endpoints as everything else; records share what they can,
so that 100,000 comments stay in some hundreds of megabytes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from samplecity import phrases, records
from samplecity.accounts import ACCOUNTS, SITE, CityAccount
from samplecity.city import DEFAULT_START, City
from samplecity.events import Event, Put, SetHandle
from samplecity.ids import dice, record_cid, stamp, tid
from samplecity.people import RESIDENTS, Resident

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_SPACING = timedelta(seconds=2)
_CLOCK = 21
_SAMPLES = 400  # different comment texts; each comment also carries its number, so no two are equal


def bulk_city(posts: int, comments: int, seed: int = 7) -> City:
    """Build a city of one busy account (`parks`) and one night.

    Args:
        posts: of the account.
        comments: under each post, all directly below it.
        seed: of the texts.
    """
    account = ACCOUNTS[0]
    return City(
        seed=seed,
        nights=1,
        start=DEFAULT_START,
        log=list(_events(posts, comments, dice(seed, "bulk"))),
        pictures={},
        accounts=(account,),
        feeds=(),
    )


def _events(posts: int, comments: int, rng: Random) -> Iterator[Event]:
    account = ACCOUNTS[0]
    at = datetime(2026, 1, 5, 16, tzinfo=UTC)
    everybody: tuple[CityAccount | Resident, ...] = (account, *RESIDENTS)
    for person in everybody:
        yield SetHandle(1, person.did, person.handle)
        yield _put(person.did, records.PROFILE, records.profile(person.name, "", at), at, "self")
    samples = [phrases.fill(rng.choice(phrases.REPLIES["en"]), rng, SITE) for _ in range(_SAMPLES)]
    for number in range(posts):
        at += _SPACING
        text = f"{phrases.fill(rng.choice(phrases.OFFICIAL['parks'])[1], rng, SITE)} ({number + 1})"
        root = _put(account.did, records.POST, records.post(text, at), at)
        yield root
        ref = {"uri": root.uri, "cid": root.cid}
        reply = {"root": ref, "parent": ref}
        for count in range(comments):
            at += _SPACING
            resident = RESIDENTS[(number + count) % len(RESIDENTS)]
            record = {
                "$type": records.POST,
                "text": f"{samples[(number * 7 + count) % _SAMPLES]} ({number + 1}.{count + 1})",
                "createdAt": stamp(at),
                "langs": ["en"],
                "reply": reply,
            }
            yield _put(resident.did, records.POST, record, at)


def _put(did: str, collection: str, record: dict[str, Any], at: datetime, rkey: str = "") -> Put:
    uri = f"at://{did}/{collection}/{rkey or tid(at, _CLOCK)}"
    return Put(1, uri, record_cid(record), record, at + _SPACING / 2)
