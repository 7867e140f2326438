"""What clerks ask, who asks it, and the query to Elasticsearch that answers it by itself."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import httpx

from bench.fill import DEPARTMENTS
from clerk import grants, people, sessions, visibility
from clerk.asking import asked_for, today
from clerk.context import clerk_for
from clerk.grants import What
from clerk.searching import form_of
from clerk.users import create_user, verify
from search.query import compile as compiler
from search.query import cursor, search
from search.query.run import prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive
    from search.query import SearchRequest

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who live as long as the measure
DEEP = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody who searches: their role, their grants, the departments that they are limited to."""

    role: str
    grants: tuple[What, ...] = ()
    departments: tuple[str, ...] = ()


PEOPLE = {
    "manager": Person("records_manager", tuple(What)),
    "clerk": Person("clerk"),
    "limited": Person("clerk", (), DEPARTMENTS[:2]),
}
"""One who sees everything; one who sees everything but officials' own accounts and messages; one of two departments."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A page: who asks for it, what is filled in. `deep`: not the first page, but one so many further on."""

    name: str
    who: str
    params: Mapping[str, str]
    deep: int = 0


_PARKS = f"facebook:city-{DEPARTMENTS[1].lower().replace(' ', '-')}.example"
ASKED = (
    Asked("word", "manager", {"q": "pothole"}),
    Asked("word limited", "limited", {"q": "pothole"}),
    Asked("common word", "clerk", {"q": "street"}),
    Asked("two words", "clerk", {"q": "street sweeping"}),
    Asked("three words", "manager", {"q": "water main break"}),
    Asked("phrase", "manager", {"q": '"street sweeping"'}),
    Asked("phrase limited", "limited", {"q": '"council agenda"'}),
    Asked("either", "clerk", {"q": "pothole OR bache OR lubak"}),
    Asked("left out", "manager", {"q": "library -closes"}),
    Asked("near", "clerk", {"q": "council NEAR/5 budget"}),
    Asked("prefix", "manager", {"q": "pothol*"}),
    Asked("fuzzy", "manager", {"q": "libary~"}),
    Asked("accents", "manager", {"q": "ciudadanía niños"}),
    Asked("hashtag", "clerk", {"q": "#tag7"}),
    Asked("author", "manager", {"q": "author:person10.example"}),
    Asked("deleted", "clerk", {"q": "state:deleted type:comment"}),
    Asked("department", "manager", {"q": 'department:"Public Works" sidewalk'}),
    Asked("month", "clerk", {"q": "water date:2026-03"}),
    Asked("account and days", "manager", {"account": _PARKS, "from": "2026-01-01", "to": "2026-06-30"}),
    Asked("platform", "limited", {"platform": "youtube"}),
    Asked("newest", "manager", {"q": "fire", "sort": "newest"}),
    Asked("deep page", "manager", {"q": "park"}, deep=DEEP),
    Asked("deep newest", "clerk", {"q": "type:comment trees", "sort": "newest"}, deep=DEEP),
    Asked("hundred", "clerk", {"q": "meeting", "size": "100"}),
    Asked("messages", "manager", {"q": "report", "messages": "1"}),
    Asked("nothing", "manager", {"q": "sinkhole potholle"}),
)
"""In no order. Most ask for words, a few for whole parts of the archive."""


@contextlib.contextmanager
def signed_in(archive: Archive, address: str, person: Person) -> Iterator[httpx.Client]:
    """A browser of a person who is made for it, with an open session."""
    name = _name(person)
    create_user(archive.engine, name, PASSWORD, person.role)
    for what in person.grants:
        grants.give(archive.engine, name, what, "measuring", now=archive.now())
    if person.departments:
        people.set_departments(archive.engine, name, person.departments)
    user = verify(archive.engine, name, PASSWORD)
    assert user is not None
    cookies = {"session": sessions.begin(archive.engine, user, archive.now())}
    with httpx.Client(base_url=address, cookies=cookies, timeout=120, trust_env=False) as client:
        yield client


def _name(person: Person) -> str:
    return f"{person.role}.{len(person.departments)}"


def _request(archive: Archive, client: Elasticsearch, index: str, asked: Asked) -> SearchRequest:
    """The search that a page makes of what is filled in, within what whoever asks may see."""
    clerk = clerk_for(archive, client, index)
    user = verify(archive.engine, _name(PEOPLE[asked.who]), PASSWORD)
    assert user is not None
    with archive.engine.connect() as connection:
        sight = visibility.look(connection, user, archive.now())
    return asked_for(clerk.archive, sight, form_of(asked.params), today(clerk.archive))


def deep(asked: Asked, archive: Archive, client: Elasticsearch, index: str) -> Asked:
    """The same with the place to go on at, where it is not the first page that is asked for; as far as there are pages."""
    params = dict(asked.params)
    for number in range(asked.deep):
        request = _request(archive, client, index, dataclasses.replace(asked, params=params))
        after = search(client, index, request).next_cursor
        if after is None:
            break
        params |= {"after": after, "page": str(number + 2)}
    return dataclasses.replace(asked, params=params)


def bare(asked: Asked, archive: Archive, client: Elasticsearch, index: str) -> Callable[[], int]:
    """The main request of a page to Elasticsearch, ready to be sent; it gives how many records are found."""
    request = _request(archive, client, index, asked)
    ready = prepared(client, index, request)
    arguments = compiler.body(ready.node, ready.request)
    arguments["size"] += 1  # as the page asks for one more, to know whether there is
    after = cursor.decode(request)
    if after is not None:
        arguments["search_after"] = after
    return lambda: int(client.search(index=ready.index, **arguments).body["hits"]["total"]["value"])
