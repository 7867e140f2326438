"""A receipt for people to read, as sections that the page, the PDF and the command line all show: in English. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zoneinfo
from typing import TYPE_CHECKING, Any

from archiver.i18n import calendar
from archiver.i18n.languages import ENGLISH, speaking
from search.query.facets import OUTSIDE
from search.query.words import platform_title
from search.receipts import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search.receipts.model import Kept

DIGEST_OF = "SHA-256 of the receipt as canonical JSON (RFC 8785)"


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Counts: what is counted, and how many records have it."""

    title: str
    heads: tuple[str, str]
    rows: Sequence[tuple[str, int]]


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A part of a receipt. `key` names it in addresses; `code` is text for machines."""

    key: str
    title: str
    facts: Sequence[tuple[str, str]] = ()
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()
    code: str = ""


def zone_of(body: Mapping[str, Any]) -> zoneinfo.ZoneInfo:
    """The time zone that a receipt's days are of."""
    return zoneinfo.ZoneInfo(body["search"]["time_zone"])


@speaking(ENGLISH)
def sections(kept: Kept) -> list[Section]:
    """All that a receipt says, in the order to be read."""
    body = kept.body
    zone = zone_of(body)
    return [
        _search(body),
        _found(body),
        *_divided(body),
        _not_searched(body),
        _gaps(body, zone),
        _register(body, zone),
        _archive(body, zone),
        _proof(kept),
        Section(
            "compiled",
            "As it was put to the search engine",
            code=json.dumps(body["query"], ensure_ascii=False, indent=1),
        ),
    ]


def exported(kept: Kept) -> dict[str, Any]:
    """A receipt as a JSON document, with its digest and what that is of."""
    return {"sha256": kept.sha256.hex(), "sha256_of": f"{DIGEST_OF}: the member `receipt`", "receipt": dict(kept.body)}


@speaking(ENGLISH)
def heading(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who made it and when, and what for."""
    facts = [
        ("Made", words.moment(body["made_at"], zone_of(body))),
        ("By", body["made_by"]),
        ("Archive", f"The social media archive of {body['archive']['city']}"),
    ]
    if part := words.part_of(body):
        facts.append(("Covers", f"Only a part of that archive: everything {part}"))
    if body["search"].get("messages"):
        facts.append(("Direct messages", "Were searched as well: this receipt is for those who may open them"))
    return [*facts, ("Note", body["note"])] if body["note"] else facts


def _search(body: Mapping[str, Any]) -> Section:
    search = body["search"]
    facts = [("As typed", search["text"] or "(nothing typed: every record within the filters)")]
    facts += [
        (name, value)
        for name, value in (
            ("Account", search["account"]),
            ("Platform", search["platform"] and platform_title(search["platform"])),
            ("First day", _day(search["from"])),
            ("Last day", _day(search["to"])),
        )
        if value
    ]
    facts += [
        ("As understood", body["sentence"]),
        ("Days", f"as in the time zone {search['time_zone']}; \u201ctoday\u201d was {_day(search['today'])}"),
    ]
    return Section("search", "What was searched for", facts)


def _found(body: Mapping[str, Any]) -> Section:
    facts = [("Records found", f"{body['total']:,}")]
    if body["undated_excluded"]:
        facts.append(("Left out, having no date", f"{body['undated_excluded']:,}"))
    heads = ("What was asked for", "Records")
    where = "in the part of the archive that was searched" if words.part_of(body) else "in the whole archive"
    tables = [
        Table(title, heads, [(f"Everything {each['words']}", each["alone"]) for each in body[name]])
        for name, title in (
            ("parts", f"What each part has by itself, {where}"),
            ("terms", f"What each term has by itself, {where}"),
        )
        if body[name] and (name == "parts" or body["terms"] != body["parts"])
    ]
    return Section("found", "What was found", facts, tables=tables)


def _divided(body: Mapping[str, Any]) -> Iterator[Section]:
    divided = body["divided"]
    tables = []
    for facet in divided["by"]:
        rows = [(each["name"], each["count"]) for each in facet["values"]]
        if facet["others"]:
            rows.append(("by others", facet["others"]))
        tables.append(Table(facet["name"], (facet["name"], "Records"), rows))
    months = [
        (calendar.month(dt.date.fromisoformat(each["first"])), each["count"])
        for each in divided["months"]
        if each["count"]
    ]
    if divided["undated"]:
        months.append(("without a date", divided["undated"]))
    # A receipt of before this was counted has none.
    if divided.get("outside"):
        months.append((f"dated {OUTSIDE}", divided["outside"]))
    if months:
        tables.append(Table("Month", ("Month", "Records"), months))
    if tables:
        yield Section("divided", "How what was found divides", tables=tables)


def _not_searched(body: Mapping[str, Any]) -> Section:
    lists = [
        (f"What {platform_title(name)} does not show to an archive", sentences)
        for name, sentences in body["cannot_see"].items()
        if sentences
    ]
    return Section("not-searched", "What was not searched", sentences=body["not_searched"], lists=lists)


def _gaps(body: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> Section:
    said = [
        f"{', '.join(filter(None, (gap['account'], gap['stream'])))}: {words.gap_sentence(gap, zone)}"
        for gap in body["gaps"]
    ]
    late = [
        f"{each['account']}: {'never captured' if each['never'] else 'not captured whole'} since "
        f"{words.moment(each['since'], zone)}; no gap was on record yet"
        for each in body["overdue"]
    ]
    none = ["No gap in capture that touches the days and accounts searched was known when the search was made."]
    return Section("gaps", "Gaps in capture then known", sentences=[*said, *late] or none)


def _register(body: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> Section:
    said = []
    for each in body["register"]:
        whole = "; ".join(
            f"{stream['stream']} last whole {words.moment(stream['last_complete'], zone)}" for stream in each["streams"]
        )
        said.append(f"{each['name']} ({each['department']}, {each['status']}): {whole or 'no stream was ever read'}")
    if words.part_of(body):
        return Section(
            "register", "The accounts then, of those that were searched", sentences=said or ["There was none."]
        )
    return Section("register", "The register of accounts then", sentences=said or ["The register was empty."])


def _archive(body: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> Section:
    archive, index = body["archive"], body["index"]
    log, signed = archive["log"], archive["log"]["signed"]
    facts = [
        (
            "Records held in that part" if words.part_of(body) else "Records held",
            f"{archive['items']:,}, in {archive['versions']:,} versions",
        ),
        (
            "The archive\u2019s log",
            f"{log['size']:,} leaves, root {log['root']}; {log['waiting']:,} records not in it yet",
        ),
        (
            "Its last signed root",
            f"over {int(signed['size']):,} leaves, of {words.moment(signed['time'], zone)}: {signed['root']}"
            if signed
            else "none was signed yet",
        ),
        ("The index", f"{index['name']}, {index['documents']:,} records; {index['freshness']}"),
        ("Its definition", index["fingerprint"]),
        ("How words are compared", " ".join(index["sentences"])),
        ("Program", f"civic-archive {archive['program']}"),
    ]
    return Section("archive", "The archive and its index then", facts)


def _proof(kept: Kept) -> Section:
    results = kept.body["results"]
    facts = [
        (DIGEST_OF, kept.sha256.hex()),
        (
            "The list of what was found",
            f"{results['records']:,} records, kept in the archive; SHA-256 of the file {results['sha256']}",
        ),
        ("Id", str(kept.public_id)),
        ("To run it again", f"civic-archive receipt check {kept.number}"),
    ]
    return Section("proof", "How this receipt can be checked", facts)


def _day(written: str | None) -> str:
    return "" if written is None else calendar.day(dt.date.fromisoformat(written))
