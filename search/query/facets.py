"""How what was found divides: by platform, department, account, author, kind, state, tag and month. Pure.

Each value comes with what to type to keep to it. Counts are of the whole result, not of a page.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from archiver.i18n.translation import marked
from search.query import states
from search.query.dates import EARLIEST, start_of_day
from search.query.fields import CHOICES
from search.query.model import Field
from search.query.words import plain_or_quoted, platform_title

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Mapping, Sequence

    from search.query.directory import Directory

Dsl = dict[str, Any]
FIRST_YEAR, LAST_YEAR = EARLIEST.year, 2100
"""The years whose months are told apart. A date is what somebody stated: what lies outside is counted, in no month."""
OUTSIDE = marked("before 1970 or after 2100")
"""The same in words."""
_EVERY = 10_000
"""More values than a register has accounts, so that none is left out of a count."""
_AUTHORS, _LOOKED_AT = 20, 10_000
_STATE_NAMES = {
    "present": marked("Still there"),
    "hidden": marked("Hidden"),
    "missing": marked("Not seen any more"),
    "deleted": marked("Confirmed gone"),
}
_TYPE_NAMES = {
    "post": marked("Posts"),
    "comment": marked("Comments"),
    "reply": marked("Answers to comments"),
    "repost": marked("Reposts"),
    "story": marked("Stories"),
    "message": marked("Messages"),
    "profile": marked("Profiles"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: how it is shown, what to type to keep to it, how many records have it."""

    name: str
    typed: str
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Facet:
    """A division of what was found, in English, as receipts keep it; a page says `name` in its reader's language.

    `others`: records that have a value which is not listed (the rarer authors). `is_ours`: whether the values' names are words of
    ours as well, and not names of accounts, people or tags.
    """

    name: str
    values: Sequence[Value]
    others: int = 0
    is_ours: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Month:
    """A month in the city's time, and how many of the records found are dated in it."""

    first: dt.date
    count: int

    @property
    def typed(self) -> str:
        """What to type to keep to it."""
        return f"{Field.DATE}:{self.first:%Y-%m}"


@dataclasses.dataclass(frozen=True, slots=True)
class Facets:
    """All divisions, and the months from the first to the last, empty ones too.

    `undated` have no date, `outside` one before the first or after the last of the years whose months are told apart.
    """

    facets: Sequence[Facet] = ()
    months: Sequence[Month] = ()
    undated: int = 0
    outside: int = 0


def aggregations(
    zone: zoneinfo.ZoneInfo,
    departments: Mapping[str, Sequence[str]] | None = None,
    accounts: Sequence[str] | None = None,
) -> Dsl:
    """What to ask Elasticsearch for, beside a search.

    Args:
        zone: the city's.
        departments: for who may not see every account: by department, those that they may see (by public id). A record may have
            come through others as well, whose departments must not be counted.
        accounts: the same (public ids), whose sightings alone tell of a record's state; None: all.
    """
    begin, end = (start_of_day(dt.date(year, 1, 1), zone).isoformat() for year in (FIRST_YEAR, LAST_YEAR + 1))
    within = {"range": {"created_at": {"gte": begin, "lt": end}}}
    return {
        "platform": _terms("platform"),
        "department": _terms("accounts.department")
        if departments is None
        else {
            "filters": {"filters": {name: {"terms": {"accounts.id": list(ids)}} for name, ids in departments.items()}}
        },
        "account": _terms("accounts.id"),
        "author": {
            "terms": {
                "field": "author.handle",
                "size": _AUTHORS,
                "shard_size": _LOOKED_AT,
                "order": [{"_count": "desc"}, {"_key": "asc"}],
            }
        },
        "unnamed": {
            "filter": {"bool": {"must_not": [{"exists": {"field": "author.handle"}}]}},
            "aggregations": {"author": {"terms": {"field": "author.name", "size": _AUTHORS, "shard_size": _LOOKED_AT}}},
        },
        "city": {"filter": {"term": {"author.is_city": True}}},
        "type": _terms("types"),
        "state": states.divisions(accounts) or _terms("state"),
        "edited": {"filter": {"term": {"edited": True}}},
        "tag": _terms("clerk_tags"),
        "within": {
            "filter": within,
            "aggregations": {
                "month": {
                    "date_histogram": {
                        "field": "created_at",
                        "calendar_interval": "month",
                        "time_zone": zone.key,
                        "min_doc_count": 1,
                    }
                }
            },
        },
        "outside": {"filter": {"bool": {"filter": [{"exists": {"field": "created_at"}}], "must_not": [within]}}},
        "undated": {"missing": {"field": "created_at"}},
    }


def facets_of(answer: Mapping[str, Any], total: int, directory: Directory | None, zone: zoneinfo.ZoneInfo) -> Facets:
    """Read Elasticsearch's answer to `aggregations`. `total`: how many records were found."""
    accounts = {each.public_id: each for each in directory.accounts} if directory else {}
    departments = {each.department.lower(): each.department for each in accounts.values()}
    tags = directory.tags if directory else {}
    city = answer["city"]["doc_count"]
    found = [
        Facet(
            marked("Platform"),
            [
                Value(platform_title(key), f"{Field.PLATFORM}:{key}", count)
                for key, count in _buckets(answer["platform"])
            ],
        ),
        Facet(
            marked("Department"),
            [
                Value(name, f"{Field.DEPARTMENT}:{plain_or_quoted(name)}", count)
                for key, count in _divided(answer["department"])
                for name in [departments.get(key, key)]
            ],
        ),
        Facet(
            marked("Account"),
            [
                Value(
                    f"{accounts[key].handle} ({platform_title(accounts[key].platform)})",
                    f"{Field.ACCOUNT}:{plain_or_quoted(accounts[key].name)}",
                    count,
                )
                for key, count in _buckets(answer["account"])
                if key in accounts
            ],
        ),
        Facet(
            marked("Written by"),
            [
                Value(name, f"{Field.IS}:{value}", count)
                for name, value, count in (
                    (marked("The city"), "city", city),
                    (marked("Others"), "resident", total - city),
                )
                if count
            ],
            is_ours=True,
        ),
        _authors(answer, total),
        Facet(
            marked("Kind"),
            [
                Value(_TYPE_NAMES[key], f"{Field.TYPE}:{key}", count)
                for key, count in _buckets(answer["type"])
                if key in CHOICES[Field.TYPE]
            ],
            is_ours=True,
        ),
        Facet(marked("State"), _states(answer), is_ours=True),
        Facet(
            marked("Tag"),
            [
                Value(tags[key], f"{Field.TAG}:{plain_or_quoted(tags[key])}", count)
                for key, count in _buckets(answer["tag"])
                if key in tags
            ],
        ),
    ]
    return Facets(
        [each for each in found if each.values],
        _months(answer["within"]["month"], zone),
        undated=answer["undated"]["doc_count"],
        outside=answer["outside"]["doc_count"],
    )


def _authors(answer: Mapping[str, Any], total: int) -> Facet:
    named = [
        Value(f"@{key}", f"{Field.AUTHOR}:{plain_or_quoted('=' + key)}", count)
        for key, count in _buckets(answer["author"])
    ]
    unnamed = [
        Value(key, f"{Field.AUTHOR}:{plain_or_quoted('=' + key)}", count)
        for key, count in _buckets(answer["unnamed"]["author"])
    ]
    most = sorted([*named, *unnamed], key=lambda value: (-value.count, value.name))[:_AUTHORS]
    return Facet(marked("Author"), most, others=max(total - sum(value.count for value in most), 0))


def _states(answer: Mapping[str, Any]) -> list[Value]:
    found = [
        Value(_STATE_NAMES[states.TYPED[key]], f"{Field.STATE}:{states.TYPED[key]}", count)
        for key, count in _divided(answer["state"])
        if key in states.TYPED
    ]
    edited = answer["edited"]["doc_count"]
    return [*found, *([Value(marked("Edited"), f"{Field.STATE}:edited", edited)] if edited else [])]


def _months(answer: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> list[Month]:
    counts = {
        dt.datetime.fromtimestamp(bucket["key"] / 1000, dt.UTC).astimezone(zone).date().replace(day=1): bucket[
            "doc_count"
        ]
        for bucket in answer["buckets"]
    }
    if not counts:
        return []
    first, last = min(counts), max(counts)
    number = (last.year - first.year) * 12 + last.month - first.month + 1
    every = [first.month - 1 + step for step in range(number)]
    months = [dt.date(first.year + each // 12, each % 12 + 1, 1) for each in every]
    return [Month(each, counts.get(each, 0)) for each in months]


def _terms(field: str) -> Dsl:
    return {"terms": {"field": field, "size": _EVERY, "order": [{"_count": "desc"}, {"_key": "asc"}]}}


def _divided(answer: Mapping[str, Any]) -> list[tuple[str, int]]:
    buckets = answer["buckets"]
    if isinstance(buckets, list):
        return _buckets(answer)
    counts = [(str(name), int(bucket["doc_count"])) for name, bucket in buckets.items()]
    return sorted((each for each in counts if each[1]), key=lambda each: (-each[1], each[0]))


def _buckets(answer: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in answer["buckets"]]
