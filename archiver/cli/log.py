"""`civic-archive log …`: the Merkle log, its signed roots, proofs for others, and the reading again of everything kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from archiver.cli.output import AsJson, console, print_json, problem, say, table
from archiver.runtime import opened

app = typer.Typer(
    help="The log that proves what was captured when, and the checks of all that is kept.", no_args_is_help=True
)

Roots = Annotated[
    list[Path] | None, typer.Option("--root", help="A published root file to check against; may be given often.")
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="The city's public key, 64 hexadecimal digits or a file with them; may be given often."),
]


@app.command("append")
def append(
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Also what is neither in the log nor waiting for it (a finding of fixity)."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Append what is not in the log yet; every capture does so by itself at its end."""
    from archiver import log_keeping  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        done = log_keeping.append(archive, missing=missing)
    if as_json:
        print_json({"leaves": done.leaves, "size": done.size, "waiting": done.waiting})
    else:
        console.print(f"{done.leaves} leaves appended; the log has {done.size}, {done.waiting} wait.")


@app.command("root")
def root(as_json: AsJson = False) -> None:
    """Sign the log's root, have it timestamped, and write the file that the city publishes."""
    from archiver import log_keeping  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        made = log_keeping.publish_root(archive)
    if as_json:
        print_json({"file": str(made.path), "timestamp_missing": made.untimed, "root": made.document})
    else:
        console.print(f"{made.document['size']} leaves, root {made.document['root']}")
        console.print(f"Written to {made.path}", soft_wrap=True)
        if made.untimed and not made.failed:
            console.print(f"Timestamp: {made.untimed}")
    if made.failed:
        problem(f"the root was signed and published without a timestamp: {made.untimed}")
        sys.exit(1)


@app.command("head")
def head(as_json: AsJson = False) -> None:
    """Show the log's size and root, its last signed root, what waits, and when what was last read again."""
    from archiver import log_keeping  # noqa: PLC0415 - `--help` stays quick

    with opened() as archive:
        found = log_keeping.standing(archive)
    if as_json:
        print_json(found)
        return
    console.print(f"{found['size']} leaves, root {found['root']}, {found['waiting']} wait.")
    signed = found["signed"]
    if signed is None:
        console.print("No root was signed yet; `civic-archive log root` signs one.")
    else:
        console.print(f"Last signed: {signed['size']} leaves, {signed['time']}, key {signed['public_key']}")
        stamp = found["timestamp"]
        console.print(
            f"Timestamp: {stamp['time']} by {stamp['authority']}" if isinstance(stamp, dict) else f"Timestamp: {stamp}"
        )
    console.print(f"Published in {found['folder']}", soft_wrap=True)
    table(
        "Read again",
        ("what", "last", "things", "checks with findings"),
        ((each["kind"], each["last"][:16], each["things"], each["with_findings"]) for each in found["checks"]),
        empty="Nothing was read again yet; `civic-archive log fixity` does.",
    )


@app.command("prove")
def prove(
    subject: Annotated[
        str | None, typer.Argument(metavar="[ITEM-OR-VERSION]", help="The public id of an item or a version.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(help="Instead: prove that the log of this older root is the beginning of the last one."),
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Put what the versions said into the proof, so that it proves that, too.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else it is printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a proof that stands by itself: that a record is in the log, or that the log only grew."""
    from archiver.custody import proofs  # noqa: PLC0415 - `--help` stays quick
    from archiver.evidence import verify  # noqa: PLC0415 - as above

    if (subject is None) == (since is None):
        raise typer.BadParameter("name an item or version, or an older root with --since")
    with opened() as archive:
        proof = (
            proofs.prove(archive.engine, subject, reveal=reveal)
            if subject is not None
            else proofs.prove_since(archive.engine, verify.read(since or Path()))
        )
    if output is None:
        print_json(proof)
        return
    output.write_text(json.dumps(proof, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json({"file": str(output), "leaves": len(proof.get("leaves", []))})
    else:
        console.print(f"Written to {output}", soft_wrap=True)


@app.command("verify")
def verify_(
    file: Annotated[Path, typer.Argument(help="A proof, or a root.")],
    root: Roots = None,
    key: Keys = None,
    ca: Annotated[
        Path | None, typer.Option(help="The timestamp authority's certificates (PEM): check the root's timestamp, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof or a root, without the archive; ends with 1 where it does not hold.

    archiver/evidence/verify.py does the same (but for timestamps) as a program of its own, which others can read and run.
    """
    from archiver.evidence import verify  # noqa: PLC0415 - `--help` stays quick
    from archiver.evidence.timestamps import TimestampRefused  # noqa: PLC0415 - as above

    try:
        document = verify.read(file)
        said = verify.check(
            document, [verify.read(each) for each in root or []], [verify.key_of(each) for each in key or []]
        )
        if ca is not None:
            said.append(_timestamp(document, ca))
    except (verify.NotProven, TimestampRefused) as error:
        if as_json:
            print_json({"proven": False, "why_not": str(error), "statements": []})
        problem(f"not proven: {error}")
        sys.exit(1)
    if as_json:
        print_json({"proven": True, "why_not": None, "statements": said})
    else:
        for sentence in said:
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _timestamp(document: dict[str, Any], ca: Path) -> str:
    """Check the timestamp of a root, or of the root that a proof carries. Raises `NotProven` and `TimestampRefused`."""
    from archiver.evidence import roots, timestamps, verify  # noqa: PLC0415 - `--help` stays quick

    signed = document if document.get("format") == verify.ROOT_FORMAT else document["root"]
    stamp = roots.stamp_of(signed)
    if stamp is None:
        raise verify.NotProven(f"the root has no timestamp ({signed.get('timestamp')})")
    try:
        pem = ca.read_bytes()
    except OSError as error:
        raise verify.NotProven(f"{ca} cannot be read ({error.strerror})") from error
    time = timestamps.checked(stamp, verify.stamped_bytes(signed), timestamps.certificates(pem, str(ca)))
    return f"The root was there at {time.isoformat()}, as {stamp.authority} signed."


@app.command("fixity")
def fixity(
    whole: Annotated[bool, typer.Option("--whole", help="All of it, instead of a share.")] = False,
    share: Annotated[
        float | None,
        typer.Option(min=0.000001, max=1, help="Which part, what was longest not read first. Default: the setting."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read again what is kept (WARCs, media, versions, log), and name whatever is not what it was; ends with 1 then."""
    from archiver import log_keeping  # noqa: PLC0415 - `--help` stays quick

    def progress(kind: str, subject: str) -> None:
        if not as_json and kind in {"warc", "log"}:
            say(f"{kind} {subject}")

    with opened() as archive:
        report = log_keeping.check_fixity(archive, 1.0 if whole else share, progress)
    if as_json:
        print_json(report.as_dict())
    else:
        read = ", ".join(f"{count} {kind}" for kind, count in report.checked.items())
        console.print(
            f"Read again: {read}; {report.bytes} bytes in {report.seconds:.1f} s; {len(report.findings)} findings."
        )
        for name in report.elsewhere:
            console.print(f"Not sealed yet, and not on this machine: {name}")
        for finding in report.findings:
            problem(finding.sentence)
    if report.findings:
        sys.exit(1)
