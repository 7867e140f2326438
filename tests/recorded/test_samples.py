"""Every platform and download the archive registers is held to hand-written samples of what it sends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from archiver.downloads import DOWNLOADS
from archiver.platforms import PLATFORMS
from tests.fixtures.samples import READERS, SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

_EXPECTED = ".expected.json"


def _samples() -> list[Path]:
    """Every sample: a file, or a folder where the sample is a tree, that is no expectation itself."""
    return [
        path
        for folder in sorted(SAMPLES.iterdir())
        if folder.is_dir() and folder.name in READERS
        for path in sorted(folder.iterdir())
        if not path.name.endswith(_EXPECTED)
    ]


@pytest.mark.parametrize("name", sorted({*PLATFORMS, *DOWNLOADS}))
def test_what_is_registered_has_samples(name: str) -> None:
    """A platform or download without samples, or without a reader for them, fails the suite."""
    folder = SAMPLES / name
    assert folder.is_dir(), f"{name} is registered but has no folder {folder}"
    assert any(not path.name.endswith(_EXPECTED) for path in folder.iterdir()), f"{folder} is empty"
    assert name in READERS, f"{name} is registered but tests/fixtures/samples.py cannot read its samples"


@pytest.mark.parametrize("sample", _samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_read_as_expected(sample: Path) -> None:
    """A sample gives exactly the items, tombstones and words kept beside it; without those it fails."""
    expected = sample.with_name(f"{sample.stem}{_EXPECTED}")
    assert expected.is_file(), f"{sample} has no {expected.name} beside it"
    assert READERS[sample.parent.name](sample) == json.loads(expected.read_text("utf-8"))


def test_no_expectation_lies_about() -> None:
    """An expectation whose sample is gone is found."""
    known = {sample.with_name(f"{sample.stem}{_EXPECTED}") for sample in _samples()}
    assert [path for path in SAMPLES.rglob(f"*{_EXPECTED}") if path.parent.name in READERS and path not in known] == []
