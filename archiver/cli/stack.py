"""`up`, `down`, `status`: the embedded servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from archiver.cli.output import AsJson, console, print_json, say, table
from archiver.runtime import home_of, opened, start
from archiver.settings import settings

if TYPE_CHECKING:
    import typer

_COUNTS = sa.text("""
    select a.platform || ':' || a.handle as account, a.department,
           count(distinct s.item_id) filter (where i.kind = 'post') as posts,
           count(distinct s.item_id) filter (where i.kind = 'comment') as comments,
           count(distinct s.item_id) filter (where i.kind not in ('post', 'comment')) as others,
           (select count(*) from gaps g where g.account_id = a.id and g.closed_at is null) as open_gaps,
           (select max(st.last_complete_at) from streams st where st.account_id = a.id) as last_complete
    from accounts a
    left join streams t on t.account_id = a.id
    left join sightings s on s.stream_id = t.id
    left join items i on i.id = s.item_id
    group by a.id order by account
""")
_TOTALS = sa.text("""
    select (select count(*) from items) as items, (select count(*) from versions) as versions,
           (select count(*) from media where state = 'kept') as media_kept,
           (select count(*) from media where state <> 'kept') as media_missing,
           (select count(*) from outbox) as waiting_for_index
""")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(as_json: AsJson = False) -> None:
    """Start the embedded Postgres and Elasticsearch, and bring the schema up to date."""
    endpoints = start(say=say)
    found = {"home": str(home_of(settings())), "elasticsearch_url": endpoints.elasticsearch_url}
    if as_json:
        print_json(found)
    else:
        console.print(f"Postgres and Elasticsearch are up; their data is in {found['home']}.")


def down(as_json: AsJson = False) -> None:
    """Stop everything that runs in this home."""
    from archiver.local.stack import down as stop  # noqa: PLC0415 - an optional group

    stop(home_of(settings()), say=say)
    if as_json:
        print_json({"stopped": True})
    else:
        console.print("Everything is stopped; the data stays.")


def status(as_json: AsJson = False) -> None:
    """Show what runs, what is held of each account, and how far the index is."""
    from archiver.local.stack import status as processes  # noqa: PLC0415 - an optional group

    config = settings()
    servers = [
        {"name": each.name, "alive": each.alive, "pid": each.pid, "port": each.port, "rss": each.rss}
        for each in processes(home_of(config))
    ]
    with opened(config) as archive, archive.engine.connect() as connection:
        accounts: list[dict[str, Any]] = [dict(row) for row in connection.execute(_COUNTS).mappings()]
        totals = dict(connection.execute(_TOTALS).mappings().one())
    if as_json:
        print_json({"servers": servers, "accounts": accounts, "totals": totals})
        return
    table(
        "Servers",
        ("name", "runs", "pid", "port"),
        ((each["name"], "yes" if each["alive"] else "no", each["pid"], each["port"]) for each in servers),
        empty="No server of this home runs (external ones are used, or none was started).",
    )
    table(
        "Held",
        ("account", "posts", "comments", "others", "open gaps", "last complete"),
        (
            (
                each["account"],
                each["posts"],
                each["comments"],
                each["others"],
                each["open_gaps"],
                each["last_complete"] and each["last_complete"].astimezone(config.zone).strftime("%Y-%m-%d %H:%M %Z"),
            )
            for each in accounts
        ),
        empty="The register is empty.",
    )
    console.print(
        f"{totals['items']} items, {totals['versions']} versions, {totals['media_kept']} media kept, "
        f"{totals['media_missing']} missing; {totals['waiting_for_index']} changes wait for the index."
    )
