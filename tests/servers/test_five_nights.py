"""Five nights of the sample city: what the archive holds is what was true, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver import accounts
from archiver.capture.export import ExportReport, export_account
from samplecity.city import City
from samplecity.running import serve

if TYPE_CHECKING:
    from collections.abc import Collection

    from samplecity.truth import TrueItem, Truth
    from tests.fixtures.archives import ArchiveMaker, TestArchive

Key = tuple[str, str, str]
CAPTURED = {"posts", "profile", "comments", "entries", "reposts", "messages"}
"""Streams that a sighting is kept for; `references` and `parents` are kept as items that were shown inside others."""


def night_of(city: City, night: int) -> datetime:
    """Late in the evening of a night, as the nightly export runs."""
    return datetime.combine(city.start + timedelta(days=night), time(7, 30), UTC)


def export_all(archive: TestArchive) -> dict[str, ExportReport]:
    """Export every account of the register, one after the other."""
    return {account.name: export_account(archive.archive, account) for account in accounts.active(archive.engine)}


def held(archive: TestArchive) -> dict[Key, dict[str, Any]]:
    """Everything the archive holds, by identity."""
    with archive.engine.connect() as connection:
        items = {
            row.id: {"kind": row.kind, "state": row.state, "versions": [], "sightings": {}, "key": key_of(row)}
            for row in connection.execute(sa.text("select * from items"))
        }
        for row in connection.execute(sa.text("select * from versions order by item_id, number")):
            items[row.item_id]["versions"].append(row)
        for row in connection.execute(
            sa.text(
                "select s.item_id, t.kind, s.state, a.platform_id from sightings s join streams t on t.id = s.stream_id "
                "join accounts a on a.id = t.account_id"
            )
        ):
            items[row.item_id]["sightings"][row.platform_id, row.kind] = row.state
        media = connection.execute(
            sa.text(
                "select vm.version_id, vm.alt_text, m.sha256, m.state "
                "from version_media vm join media m on m.id = vm.medium_id"
            )
        ).all()
    by_version, words = defaultdict(set), defaultdict(set)
    for row in media:
        digest = row.sha256.hex() if row.sha256 else None
        by_version[row.version_id].add((digest, row.state))
        words[row.version_id].add((digest, row.alt_text))
    for item in items.values():
        item["media"] = [by_version[version.id] for version in item["versions"]]
        item["alt_texts"] = [words[version.id] for version in item["versions"]]
    return {item["key"]: item for item in items.values()}


def key_of(row: Any) -> Key:
    """An identity as the truth writes it: a feed's namespace is its key, the last part of its address."""
    return row.platform, row.namespace.rpartition("/")[2], row.platform_id


def true_key(item: TrueItem) -> Key:
    """The identity of a true item. A feed's own profile is told by its address in the archive."""
    return item.platform, item.namespace, item.id


def expected_versions(item: TrueItem) -> list[str]:
    """What the item said at the end of each night it could be seen through an account of the register, in order."""
    nights = seen_nights(item)
    return [
        version.cid or f"{version.title}\n{version.text}" for version in item.versions if nights & set(version.nights)
    ]


def seen_nights(item: TrueItem) -> set[int]:
    """At whose end the item could be seen through an account of the register."""
    return {night for sighting in item.sightings for night in sighting.nights}


def compare(truth: Truth, archive: TestArchive, without: Collection[str] = ()) -> list[str]:
    """Every difference between what was true and what is held, of all platforms but those that are left out."""
    ours = {key: item for key, item in held(archive).items() if key[0] not in without}
    differences = []
    expected: dict[Key, TrueItem] = {}
    for item in truth.expected():
        key = true_key(item)
        if item.platform in without:
            continue
        expected[key] = item
        if key not in ours:
            differences.append(f"not held: {key} {item.kind} {[s.stream for s in item.sightings]} {item.story}")
            continue
        differences += compare_item(truth, item, ours[key])
    differences += [
        f"held, and never true: {key} {item['kind']}"
        for key, item in ours.items()
        if key not in expected and not (key[0] == "rss" and item["kind"] == "profile")
    ]
    return differences


def compare_item(truth: Truth, item: TrueItem, mine: dict[str, Any]) -> list[str]:
    """The differences of one item."""
    found = []
    key = true_key(item)
    if mine["kind"] != expected_kind(item):
        found.append(f"{key}: kind {mine['kind']}, true {item.kind}")
    wanted = expected_versions(item)
    got = [
        version.fields.get("fingerprint") or f"{version.fields.get('title')}\n{version.text or ''}"
        for version in mine["versions"]
    ]
    if item.platform == "rss":
        if len(wanted) != len(got):
            found.append(f"{key}: {len(got)} versions, true {len(wanted)} {item.story}")
    elif wanted != got and item.kind != "profile":
        found.append(f"{key}: versions {got}, true {wanted} {item.story}")
    rules = [
        {name: version.fields[name] for name in ("thread_gate", "post_gate") if name in version.fields}
        for version in mine["versions"]
    ]
    true_rules = [version.rules for version in item.versions if seen_nights(item) & set(version.nights)]
    if item.platform == "bluesky" and any(sighting.stream == "posts" for sighting in item.sightings):
        found += [] if rules == true_rules else [f"{key}: rules {rules}, true {true_rules} {item.story}"]
    true_media = [
        {(medium.sha256, "kept") for medium in version.media}
        for version in item.versions
        if version.cid in got or item.platform == "rss"
    ]
    if item.platform == "bluesky" and item.kind not in {"profile", "message"}:
        mine_media = {v.fields["fingerprint"]: m for v, m in zip(mine["versions"], mine["media"], strict=True)}
        for version, media in zip((v for v in item.versions if v.cid in got), true_media, strict=True):
            if version.cid and mine_media.get(version.cid) != media:
                found.append(f"{key}: media {mine_media.get(version.cid)}, true {media}")
    state = expected_state(truth, item)
    if state is not None and mine["state"] not in state:
        found.append(
            f"{key} {item.kind}: state {mine['state']}, true {item.state} since {item.gone_since} {item.story}"
        )
    return found


def expected_kind(item: TrueItem) -> str:
    """The kind; who goes on below their own post writes a post, not a comment."""
    own = all(uri and uri.startswith(f"at://{item.author}/") for uri in (item.root, item.parent))
    return "post" if item.kind == "comment" and own else item.kind


def expected_state(truth: Truth, item: TrueItem) -> set[str] | None:
    """The states that the archive may hold it in; None where no stream of a register account lists it."""
    listed = [sighting for sighting in item.sightings if sighting.stream in CAPTURED]
    if not listed or item.platform == "rss":
        return None
    status = {account.id: account.status_by_night for account in truth.accounts}
    unreadable = all(status[sighting.account].get(truth.night) != "active" for sighting in listed)
    if unreadable and item.kind != "profile":
        return None
    match item.state:
        case "present" if truth.night in item.hidden_nights:
            return {"hidden"}
        case "present":
            return {"present"}
        case "deleted" | "account_deleted":
            confirmed = item.gone_since is not None and truth.night > item.gone_since
            confirmed = confirmed or item.kind == "message"  # its service says so itself, and is believed at once
            return {"gone_confirmed"} if confirmed else {"not_returned"}
        case _:
            return {"hidden"}


def test_five_nights_end_equal_to_the_truth(make_archive: ArchiveMaker) -> None:
    """After every night the archive holds each version and each state that was true, and nothing else."""
    city = City.build()
    with serve(city) as running:
        archive = make_archive(allowed_origins=running.url)
        archive.register(city.register_rows(running.url))
        for night in range(1, city.nights + 1):
            running.at(night)
            archive.clock.set(night_of(city, night))
            reports = export_all(archive)
            assert not surprises(city, night, reports)
            differences = compare(city.truth_after(night), archive)
            assert not differences, "\n".join(differences[:40]) + f"\n{len(differences)} in all"


def surprises(city: City, night: int, reports: dict[str, ExportReport]) -> list[str]:
    """What went wrong in a night without the city having meant it: every stream of an active account is complete."""
    truth = city.truth_after(night)
    active = {
        f"{account.platform}:{account.handle_by_night[night]}"
        for account in truth.accounts
        if account.status_by_night[night] == "active"
    }
    return [f"{name}: {report.problems}" for name, report in reports.items() if not report.complete and name in active]
