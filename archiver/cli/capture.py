"""`export` and `import`: records come in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from archiver import accounts
from archiver.cli.output import AsJson, console, errors, print_json, problem, table
from archiver.runtime import opened

if TYPE_CHECKING:
    from archiver.capture.export import ExportReport


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export)
    app.command("import")(import_)


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True)


def export(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]…", help="Default: all active accounts.")
    ] = None,
    thread: Annotated[
        str | None, typer.Option(help="The id of one post: capture its comments at once, then the posts.")
    ] = None,
    mode: Annotated[str, typer.Option(help="now, nightly, or backfill: everything again, to its end.")] = "now",
    run_id: Annotated[str | None, typer.Option(help="Names the run, for whoever asks for its captures later.")] = None,
    as_json: AsJson = False,
) -> None:
    """Capture accounts now: everything new, the re-read window, and what has gone."""
    from archiver.capture.export import export_account  # noqa: PLC0415 - `--help` stays quick

    reports: list[ExportReport] = []
    with opened() as archive, _progress() as progress:
        chosen = [accounts.find(archive.engine, name) for name in names] if names else accounts.active(archive.engine)
        if not chosen:
            raise accounts.RegisterError("no account is active; add one with `civic-archive accounts add`")
        task = progress.add_task("", total=None)
        for number, account in enumerate(chosen, 1):
            progress.update(task, description=f"{number}/{len(chosen)} {account.name}")
            reports.append(export_account(archive, account, mode=mode, thread=thread, wait=True, run_id=run_id))
    if as_json:
        print_json([report.as_dict() for report in reports])
    else:
        table(
            "Captured",
            ("account", "seen", "new items", "new versions", "outcome"),
            (
                (
                    report.account,
                    sum(stream.items_seen for stream in report.streams),
                    sum(stream.items_new for stream in report.streams),
                    sum(stream.versions_new for stream in report.streams),
                    "complete" if report.complete else "; ".join(report.problems),
                )
                for report in reports
            ),
            empty="",
        )
        for report in reports:
            for each in report.lists:
                if each.problem:
                    problem(f"{report.account}: the list {each.listing} was not read: {each.problem}")
    if not all(report.complete for report in reports):
        sys.exit(2)


def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH…", exists=True, help="A folder, zip, tar, CAR or WARC; all parts of one download."
        ),
    ],
    account: Annotated[str, typer.Option(help="Whose download it is, as platform:handle-or-id.")],
    owner_id: Annotated[
        str | None,
        typer.Option(help="The account's stable id, where the download does not say whose it is and you know it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a "download your data" archive, or WARCs of another tool, into an account; a second time changes nothing."""
    from archiver.capture.importing import import_download  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive, _progress() as progress:
        task = progress.add_task(str(paths[0]), total=None)
        report = import_download(
            archive,
            paths,
            accounts.find(archive.engine, account),
            owner_id=owner_id,
            progress=lambda name, items: progress.update(task, description=f"{name}: {items}"),
        )
    if as_json:
        print_json(report.as_dict())
    else:
        console.print(
            f"{report.items} items in {report.files} files: {report.new} new, {report.unchanged} unchanged"
            + (f", {report.merged} the same as captured ones" if report.merged else "")
            + (f" (the download says {report.expected})" if report.expected is not None else "")
        )
        for each in report.skipped:
            problem(f"{each['what']}: {each['reason']}")
    if not report.complete:
        sys.exit(2)
