"""`civic-archive receipt …`: searches that were kept, to be shown to others and run again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver import audit
from archiver.cli.output import AsJson, console, print_json, problem, table
from archiver.cli.pages import archive_and_index
from archiver.runtime import opened
from archiver.settings import settings

if TYPE_CHECKING:
    from archiver.archive import Archive
    from search.receipts.model import Kept

app = typer.Typer(help="Searches that were kept: to be shown to others, and run again.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="N", min=1, help="The receipt's number.")]
_ACTOR = "command line"


@app.command("list")
def list_(
    most: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 100, as_json: AsJson = False
) -> None:
    """Show the receipts that were kept."""
    from search.receipts import kept  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive, archive.engine.connect() as connection:
        found = kept.listed(connection, most)
    if as_json:
        print_json(
            [
                {
                    "number": each.number,
                    "made_at": each.made_at.isoformat(),
                    "made_by": each.made_by,
                    "note": each.note,
                    "total": each.total,
                    "text": each.typed,
                    "sentence": each.sentence,
                }
                for each in found
            ]
        )
        return
    zone = settings().zone
    table(
        "Search receipts",
        ("number", "made", "by", "records", "search", "note"),
        (
            (
                each.number,
                f"{each.made_at.astimezone(zone):%Y-%m-%d %H:%M %Z}",
                each.made_by,
                f"{each.total:,}",
                each.typed or each.sentence,
                each.note,
            )
            for each in found
        ),
        empty="No receipt was kept yet.",
    )


@app.command("show")
def show(number: Number, as_json: AsJson = False) -> None:
    """Show a receipt; ends with 2 where it is not what it was when it was made."""
    from search.receipts import document, words  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        found = _loaded(archive, number, "receipt opened")
    if as_json:
        print_json(document.exported(found))
    else:
        _say(f"Search receipt {number}")
        _facts(document.heading(found.body))
        for part in document.sections(found):
            _say(f"\n{part.title}")
            _facts(part.facts)
            for sentence in part.sentences:
                _say(f"- {sentence}")
            for counts in part.tables:
                table(counts.title, counts.heads, ((name, f"{count:,}") for name, count in counts.rows), empty="")
            for name, sentences in part.lists:
                _say(f"{name}:")
                for sentence in sentences:
                    _say(f"- {sentence}")
            if part.code:
                _say(part.code)
        for sentence in words.statement(found.body, document.zone_of(found.body)):
            _say(f"\n{sentence}")
    if not found.is_whole:
        problem(f"receipt {number} is not what it was when it was made: its digest does not fit it")
        sys.exit(2)


@app.command("check")
def check(number: Number, as_json: AsJson = False) -> None:
    """Run a receipt's search again and say what differs and why; ends with 2 where something is damaged or not explained."""
    from search.receipts.check import check as run_again  # noqa: PLC0415 - `--help` stays quick

    with archive_and_index() as (archive, client, name):
        found = _loaded(archive, number)
        checked = run_again(archive, client, name, found)
        _audit(archive, "receipt checked", found, {"sound": checked.sound, "sentence": checked.sentence})
    if as_json:
        print_json(checked.as_json())
    else:
        _say(checked.sentence)
        if checked.touched:
            _say(f"{checked.touched:,} of the same were changed in what the search does not ask for.")
        for note in checked.notes:
            _say(note)
        if checked.counts:
            table(
                "Differences",
                ("how", "why", "records"),
                ((kind.value, cause.value, f"{count:,}") for (kind, cause), count in checked.counts.items()),
                empty="",
            )
        for each in checked.differences:
            _say(f"{each.public_id}: {each.kind.value}. {' '.join(reason.words for reason in each.reasons)}")
        if checked.differing > len(checked.differences):
            _say(f"({checked.differing - len(checked.differences):,} more, all counted above.)")
    for damage in checked.damage:
        problem(damage)
    if checked.unexplained:
        problem(f"not explained: {checked.unexplained:,} of {checked.differing:,} differences")
    if not checked.sound:
        sys.exit(2)


@app.command("export")
def export(
    number: Number,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write it to this file as a PDF.")] = None,
    as_json_file: Annotated[
        Path | None, typer.Option("--json", help="Write it to this file as JSON, its exact form.")
    ] = None,
) -> None:
    """Write a receipt to files that can be handed out."""
    from search.receipts import document  # noqa: PLC0415 - `--help` stays quick
    from search.receipts.pdf import pdf as drawn  # noqa: PLC0415 - as above

    if pdf is None and as_json_file is None:
        raise typer.BadParameter("say where to: --pdf FILE, --json FILE, or both")
    with opened() as archive:
        found = _loaded(archive, number)
        if as_json_file is not None:
            content = json.dumps(document.exported(found), ensure_ascii=False, indent=1)
            _audit(archive, "receipt exported", found, {"as": "json", "sha256": found.sha256.hex()})
            as_json_file.write_text(content, encoding="utf-8")
        if pdf is not None:
            content_pdf = drawn(found)
            _audit(archive, "receipt exported", found, {"as": "pdf", "sha256": found.sha256.hex()})
            pdf.write_bytes(content_pdf)
    for path in filter(None, (as_json_file, pdf)):
        console.print(f"Written to {path}", soft_wrap=True, markup=False)
    console.print(f"SHA-256 of the receipt: {found.sha256.hex()}", highlight=False)
    if not found.is_whole:
        problem(f"receipt {number} is not what it was when it was made: its digest does not fit it")
        sys.exit(2)


def _loaded(archive: Archive, number: int, action: str | None = None) -> Kept:
    from search.receipts import kept  # noqa: PLC0415 - `--help` stays quick

    with archive.engine.connect() as connection:
        found = kept.load(connection, number)
    if action is not None:
        _audit(archive, action, found, {})
    return found


def _audit(archive: Archive, action: str, found: Kept, detail: dict[str, Any]) -> None:
    with archive.engine.begin() as connection:
        audit.write(connection, _ACTOR, action, str(found.number), detail)


def _facts(facts: Any) -> None:
    for label, value in facts:
        _say(f"{label}: {value}")


def _say(sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
