"""The documentation cannot lag behind the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from archiver.cli import app
from archiver.cli.reference import PAGES
from archiver.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_what_the_program_says(name: str) -> None:
    """`python -m archiver.cli.reference` would change nothing."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    """Each relative link of a page names a file or folder that is there."""
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_shown_exists(path: Path) -> None:
    """Each `civic-archive …` and `make …` line of a page is a command, with options that it has."""
    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"^\$ (.+?)(?:\s{2,}#.*)?$", text, re.MULTILINE):
        words = shlex.split(line)
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), line
        elif words[0] == "civic-archive":
            _check(words[1:], line)


def _check(words: list[str], line: str) -> None:
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = getattr(command, "commands")[words.pop(0)]  # noqa: B009 - only a group has it
    assert not getattr(command, "commands", None), f"{line}: no such command"
    options = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in options, f"{line}: no option {word}"


def test_every_setting_says_what_it_is_for() -> None:
    """No setting is without a description."""
    assert not [name for name, field in Settings.model_fields.items() if not field.description]
