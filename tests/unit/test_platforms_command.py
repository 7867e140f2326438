"""What `civic-archive platforms` tells of each platform."""

from __future__ import annotations

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from archiver.accounts import RegisterError
from archiver.cli import app
from archiver.platforms import IMPORTED, PLATFORMS
from archiver.platforms.described import captures, often
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest

MANIFESTS = [*(each.manifest for each in PLATFORMS.values()), *IMPORTED.values()]


def _shown(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["platforms", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_every_platform_is_listed_with_what_it_captures_and_cannot() -> None:
    """The list for programs names each platform, says something of each stream, and what is not seen."""
    listed = {each["platform"]: each for each in json.loads(_shown("--json"))}
    assert set(listed) == {each.name for each in MANIFESTS}
    for manifest in MANIFESTS:
        told = listed[manifest.name]
        assert len(told["captures"]) == len(manifest.streams) + len(manifest.lists)
        assert told["cannot_see"] == list(manifest.cannot_see) != []


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: each.name)
def test_one_platform_is_shown_with_all_that_its_set_up_takes(manifest: Manifest) -> None:
    """Every setting, permission, limit and blind spot stands on its page, whole."""
    text = " ".join(_shown(manifest.name).split())
    for sentence in (
        *manifest.permissions,
        *manifest.limits,
        *manifest.cannot_see,
        *(each.help for each in manifest.settings),
    ):
        assert " ".join(sentence.split()) in text
    for setting in manifest.settings:
        assert (f"--set {setting.name}=" in text) == setting.required


def test_the_table_names_every_platform() -> None:
    """Without a name, each platform is a row."""
    shown = _shown()
    assert not [each.name for each in MANIFESTS if f"│ {each.name}" not in shown]


def test_a_platform_that_is_not_there_is_refused_with_those_that_are() -> None:
    """The sentence names the platforms there are."""
    with pytest.raises(RegisterError, match="mastodon"):
        CliRunner().invoke(app, ["platforms", "myspace"], catch_exceptions=False)


def test_how_often_is_told_in_minutes_and_in_hours() -> None:
    """What has no light pass is read every night; what is imported, by no night."""
    posts = Manifest(
        "p",
        "P",
        (StreamKind.POSTS, StreamKind.MENTIONS),
        (),
        (),
        (),
        (),
        (),
        light=(StreamKind.POSTS,),
        light_minutes=240,
    )
    told = {
        30: "every night; posts also every 30 minutes",
        240: "every night; posts also every 4 hours",
        90: "every night; posts also every 90 minutes",
        0: "every night",
    }
    assert {minutes: often(dataclasses.replace(posts, light_minutes=minutes)) for minutes in told} == told
    assert often(IMPORTED["nextdoor"]) == "when a file is imported"
    assert captures(posts) == ["posts", "what names the account"]
