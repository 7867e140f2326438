"""`index`, `search`, `clerk`, `airflow`, `demo`: what stands on the records."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver.cli.output import AsJson, console, print_json, problem, say, table
from archiver.runtime import DAGS, home_of, opened, start
from archiver.settings import settings
from archiver.zones import in_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from archiver.archive import Archive


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("index")(index)
    app.command("search")(search)
    app.command("clerk")(clerk)
    app.command("airflow")(airflow)
    app.command("demo")(demo)


@contextlib.contextmanager
def archive_and_index() -> Iterator[tuple[Archive, Elasticsearch, str]]:
    """The archive, a client of its search engine, and the name of the index; started where they are the embedded ones."""
    from search.client import client_for  # noqa: PLC0415 - `--help` stays quick

    config = settings()
    endpoints = start(config, say=say)
    with opened(config) as archive, contextlib.closing(client_for(endpoints)) as client:
        yield archive, client, config.index_name


def index(
    rebuild: Annotated[bool, typer.Option(help="Build a new index beside the old one, then swap.")] = False,
    check: Annotated[bool, typer.Option(help="Compare the index with Postgres, by id and version.")] = False,
    repair: Annotated[bool, typer.Option(help="With --check: send what drifted to the index again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the index up to date with the records; one of an earlier version is built anew, behind the one in use."""
    from search import indexer, parity  # noqa: PLC0415 - `--help` stays quick
    from search.rebuild import rebuild as build  # noqa: PLC0415 - as above
    from search.rebuild import renew  # noqa: PLC0415 - as above

    found: dict[str, Any] = {}
    with archive_and_index() as (archive, client, name):
        built = (build if rebuild else renew)(archive.engine, client, name)
        if built is not None:
            found["rebuilt"] = dataclasses.asdict(built)
        drained = indexer.drain(archive.engine, client, name)
        found |= {
            "indexed": drained.indexed,
            "remaining": drained.remaining,
            "refused": [{"item": each.item_id, "reason": each.reason} for each in drained.refused],
        }
        if check:
            if repair:
                found["repaired"] = parity.repair(archive.engine, parity.drifts(archive.engine, client, name))
                indexer.drain(archive.engine, client, name)
            report = parity.check(archive.engine, client, name)
            found["level"] = report.is_level
    if as_json:
        print_json(found)
    else:
        if "rebuilt" in found and not rebuild:
            console.print("The index was of an earlier version and was built anew.")
        console.print(f"{found['indexed']} items indexed, {found['remaining']} changes still wait.")
        if check:
            console.print(
                "The index agrees with the records." if found["level"] else "The index differs from the records."
            )
        for each in found["refused"]:
            problem(f"item {each['item']} was refused by the index: {each['reason']}")
    if found["refused"] or not found.get("level", True):
        sys.exit(2)


def search(
    query: Annotated[
        str, typer.Argument(help='Words joined by AND, "exact phrases", #tags, @handles, links, emoji.')
    ] = "",
    account: Annotated[str | None, typer.Option(help="Only this account, as platform:handle-or-id.")] = None,
    platform: Annotated[str | None, typer.Option(help="Only this platform.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day, in city time, as 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day, in city time.")] = None,
    limit: Annotated[int, typer.Option(help="How many to show; the total is always exact.")] = 25,
    as_json: AsJson = False,
) -> None:
    """Search the archive."""
    from search.accounts import resolve_account  # noqa: PLC0415 - `--help` stays quick
    from search.query import SearchRequest  # noqa: PLC0415 - as above
    from search.query import search as find  # noqa: PLC0415 - as above

    config = settings()
    with archive_and_index() as (archive, client, name):
        resolved = None
        if account:
            with archive.engine.connect() as connection:
                resolved = resolve_account(connection, account)
        request = SearchRequest(
            zone=config.zone,
            text=query,
            account=resolved.name if resolved else None,
            account_id=resolved.public_id if resolved else None,
            platform=platform,
            date_from=_day(since),
            date_to=_day(until),
            page_size=limit,
        )
        result = find(client, name, request)
    hits = [
        {
            "id": str(hit.item_public_id),
            "platform": hit.platform,
            "account": hit.account,
            "kind": hit.kind,
            "author": hit.author,
            "url": hit.url,
            "created_at": hit.created_at.isoformat() if hit.created_at else None,
            "text": hit.text,
            "highlight": hit.highlight,
            "state": hit.state,
            "version": hit.matched_version,
            "current": hit.is_current_match,
        }
        for hit in result.hits
    ]
    if as_json:
        print_json({"total": result.total, "explanation": result.explanation, "hits": hits})
        return
    console.print(result.explanation, markup=False)
    table(
        f"{result.total:,} found",
        ("when", "account", "author", "text"),
        (
            (
                in_zone(hit.created_at, config.zone).strftime("%Y-%m-%d %H:%M %Z") if hit.created_at else "undated",
                hit.account or hit.platform,
                hit.author,
                (hit.text or hit.title or "")[:200],
            )
            for hit in result.hits
        ),
        empty="Nothing is found.",
    )


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-03-31") from error


def clerk(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")] = 8800,
    host: Annotated[
        str, typer.Option(help="The address to listen on; a city puts a proxy with TLS in front.")
    ] = "127.0.0.1",
) -> None:
    """Serve the clerk's pages until interrupted, and make the exports that are asked for there."""
    from clerk.exporting import supervised  # noqa: PLC0415 - an optional group
    from clerk.serve import serve  # noqa: PLC0415 - as above

    with archive_and_index() as (archive, client, _), supervised(archive):
        serve(archive, client, host=host, port=port, ready=lambda url: console.print(f"The clerk's pages: {url}"))


def airflow(
    stop: Annotated[bool, typer.Option("--stop", help="Stop it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start Airflow with the archive's DAGs, on the embedded Postgres."""
    from archiver.local.airflow import down_airflow, up_airflow  # noqa: PLC0415 - an optional group

    config = settings()
    if stop:
        down_airflow(home_of(config))
        console.print("Airflow is stopped.")
        return
    found = up_airflow(home_of(config), start(config, say=say), dags_folder=DAGS, say=say)
    if as_json:
        print_json({"url": found.url, "user": found.user, "password": found.password})
    else:
        console.print(f"Airflow: {found.url} (user {found.user}, password {found.password})", markup=False)


def demo(
    night: Annotated[
        int | None, typer.Option(min=1, max=5, help="Move the pretend city to this night and export it.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop everything that the demo started.")] = False,
    as_json: AsJson = False,
) -> None:
    """Everything at once: the servers, Airflow, a pretend city exported by the real DAG, and the clerk's pages."""
    from archiver.cli import demo as play  # noqa: PLC0415 - optional groups

    if stop:
        play.stop(say)
    else:
        play.run(night=night, say=say, as_json=as_json)
