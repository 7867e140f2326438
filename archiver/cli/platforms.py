"""`civic-archive platforms`: what is captured of each platform, what cannot be, and what an account of it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver.accounts import RegisterError
from archiver.cli.output import AsJson, console, print_json, table
from archiver.downloads import DOWNLOADS
from archiver.platforms import IMPORTED, PLATFORMS
from archiver.platforms.described import captures, often

if TYPE_CHECKING:
    from archiver.platforms.manifest import Manifest


def register(app: typer.Typer) -> None:
    """Give the program its command."""
    app.command("platforms")(platforms)


def platforms(
    name: Annotated[
        str | None, typer.Argument(metavar="PLATFORM", help="One platform, with all that its set-up takes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is captured of each platform, and what cannot be; with a name, all that an account of it needs."""
    manifests = {each.name: each for each in (*(one.manifest for one in PLATFORMS.values()), *IMPORTED.values())}
    if name is not None and name not in manifests:
        raise RegisterError(f"no platform {name!r}: there are {', '.join(sorted(manifests))}")
    chosen = [manifests[name]] if name is not None else [manifests[each] for each in sorted(manifests)]
    if as_json:
        print_json([_plain(each) for each in chosen])
    elif name is not None:
        _show(chosen[0])
    else:
        table(
            "Platforms",
            ("platform", "captures", "how often", "downloads", "cannot see"),
            (
                (
                    each.name,
                    "\n".join(captures(each)),
                    often(each),
                    "\n".join(_downloads(each)),
                    "\n".join(f"- {one}" for one in each.cannot_see),
                )
                for each in chosen
            ),
            empty="No platform is known.",
        )


def _downloads(manifest: Manifest) -> list[str]:
    return [each.name for each in DOWNLOADS.values() if each.platform in (manifest.name, None)]


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {
        "platform": manifest.name,
        "title": manifest.title,
        "streams": list(manifest.streams),
        "captures": captures(manifest),
        "often": often(manifest),
        "lists": list(manifest.lists),
        "downloads": _downloads(manifest),
        "needs_token": manifest.needs_token,
        "settings": [
            {
                "name": each.name,
                "required": each.required,
                "secret": each.secret,
                "default": each.default,
                "help": each.help,
            }
            for each in manifest.settings
        ],
        "permissions": list(manifest.permissions),
        "limits": list(manifest.limits),
        "cannot_see": list(manifest.cannot_see),
        "sources": list(manifest.sources),
    }


def _show(manifest: Manifest) -> None:
    required = "".join(
        f" --set {each.name}={'env:VARIABLE' if each.secret else '…'}" for each in manifest.settings if each.required
    )
    only = "" if manifest.name in PLATFORMS else " --import-only"
    lines = [
        f"{manifest.title}",
        f"  read {often(manifest)}",
        f"  add an account: civic-archive accounts add {manifest.name}:NAME --department …{required}{only}",
    ]
    settings = [f"{each.name}{' (required)' if each.required else ''}: {each.help}" for each in manifest.settings]
    for title, sentences in (
        ("Captures", captures(manifest)),
        ("Settings", settings),
        ("Permissions", manifest.permissions),
        ("Limits", manifest.limits),
        ("Cannot see", manifest.cannot_see),
        ("Downloads that can be imported", _downloads(manifest)),
        ("Sources", manifest.sources),
    ):
        if sentences:
            lines += ["", title, *(f"  - {one}" for one in sentences)]
    if any("[U]" in line for line in lines):
        lines += ["", "[U] marks what the platform's documents leave open."]
    console.print("\n".join(lines), markup=False, highlight=False)
