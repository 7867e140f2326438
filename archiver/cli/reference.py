"""The reference pages of `docs/`, made from the program itself: settings, commands, platforms.

`python -m archiver.cli.reference` writes them; a test fails when they lag.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main

from archiver.downloads import DOWNLOADS
from archiver.platforms import IMPORTED, PLATFORMS
from archiver.platforms.described import captures, often
from archiver.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.platforms.manifest import Manifest

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def settings_page() -> str:
    """Every setting, from the fields of `Settings`."""
    lines = [
        "# Settings",
        "",
        "Read from the environment. A secret never stands in a file of the repository, a log or a page.",
        "",
        "| variable | default | what it is for |",
        "|---|---|---|",
    ]
    prefix = Settings.model_config["env_prefix"]
    for name, field in Settings.model_fields.items():
        alias = getattr(field.validation_alias, "choices", [f"{prefix}{name.upper()}"])[0]
        default = "" if field.default in (None, ()) else f"`{field.default}`"
        lines.append(f"| `{alias}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def platforms_page() -> str:
    """Every platform, from its manifest, and every download that can be imported."""
    lines = [
        "# Platforms",
        "",
        "What each connector reads, what it needs, and what it cannot see; `civic-archive platforms NAME` shows the same. An",
        "account is named `platform:handle-or-id`. `[U]` marks what the platform's own documents leave open.",
        "",
    ]
    for manifest in (*(platform.manifest for platform in PLATFORMS.values()), *IMPORTED.values()):
        lines += _platform(manifest)
    lines += ["## Downloads", "", "| format | accounts of | form |", "|---|---|---|"]
    for download in DOWNLOADS.values():
        form = (type(download).__doc__ or "").strip().splitlines()[0]
        whose = f"`{download.platform}`" if download.platform else "any platform"
        lines.append(f"| `{download.name}` | {whose} | {form} |")
    return "\n".join(lines) + "\n"


def _platform(manifest: Manifest) -> list[str]:
    lines = [f"## {manifest.title} (`{manifest.name}`)", ""]
    lines += [f"Captures: {', '.join(captures(manifest))}. Read {often(manifest)}.", ""]
    if manifest.settings:
        lines += ["| setting | needed | default | what it is for |", "|---|---|---|---|"]
        for each in manifest.settings:
            default = f"`{each.default}`" if each.default else ""
            lines.append(f"| `{each.name}` | {'yes' if each.required else 'no'} | {default} | {each.help} |")
        lines.append("")
    for title, sentences in (
        ("Permissions", manifest.permissions),
        ("Limits", manifest.limits),
        ("Cannot see", manifest.cannot_see),
        ("Sources", manifest.sources),
    ):
        lines += [f"{title}:", "", *(f"- {sentence}" for sentence in sentences), ""]
    return lines


def commands_page() -> str:
    """Every command, from the program itself."""
    from archiver.cli import app  # noqa: PLC0415 - that module imports the commands, this one describes them

    lines = ["# Commands", "", "`--json` makes a command print one JSON document for programs.", ""]
    for path, command in _commands(typer.main.get_command(app), ("civic-archive",)):
        summary = (command.help or "").strip().splitlines()[0] if command.help else ""
        lines += [f"## `{' '.join(path)}`", "", summary, ""]
        rows = [row for row in map(_parameter, command.params) if row]
        if rows:
            lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name in sorted(children):
        yield from _commands(children[name], (*path, name))


def _parameter(parameter: Any) -> str:
    if parameter.name == "help":
        return ""
    shown = (
        ", ".join(parameter.opts)
        if parameter.param_type_name == "option"
        else (parameter.metavar or parameter.name.upper())
    )
    return f"| `{shown}` | {getattr(parameter, 'help', None) or ''} |"


PAGES = {"settings.md": settings_page, "platforms.md": platforms_page, "commands.md": commands_page}


def write(folder: Path = DOCS) -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
