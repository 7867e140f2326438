"""Hostile pictures, decoded in a process of their own that can harm nothing but itself."""

from __future__ import annotations

import tempfile
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archiver.thumbnails import worker as real
from archiver.thumbnails.making import LIMITS, Limits, Small, Unmade, make
from tests.fixtures.clerk import picture
from tests.unit.test_thumbnails import halves, written

if TYPE_CHECKING:
    from pathlib import Path


def made(data: bytes, limits: Limits = LIMITS, **options: Any) -> Small | Unmade:
    """What becomes of these bytes."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return make(file, limits, **options)


def reason(data: bytes, limits: Limits = LIMITS, **options: Any) -> str:
    """Why there is no small picture of these bytes."""
    found = made(data, limits, **options)
    assert isinstance(found, Unmade), found
    return found.reason


def bomb(side: int) -> bytes:
    """A PNG of so many pixels a side, a few kilobytes long."""
    return _png(side, zlib.compress(b"\x00" * (side // 8 + 1) * side, 9))


def _png(side: int, data: bytes) -> bytes:
    small_one = picture(8, 8)
    head = side.to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    return small_one[:8] + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_not_unpacked() -> None:
    """Four hundred million pixels in 50 KB, or said to be there; not one of them is decoded."""
    data = bomb(20_000)
    assert len(data) < 60_000
    began = time.monotonic()
    assert "more than 64,000,000 pixels" in reason(data)
    assert "more than 64,000,000 pixels" in reason(_png(2**31 - 1, b""))
    assert time.monotonic() - began < 10


def test_what_takes_too_much_memory_is_given_up() -> None:
    """A picture within the limit of pixels whose deep greys need more than the process may have."""
    assert "of memory to decode" in reason(written(Image.new("I;16", (8_000, 7_990)), "PNG", compress_level=1))


def test_what_takes_too_long_is_killed() -> None:
    """By the processor time that it may use: a JPEG of 320 KB that says the same thing three thousand times."""
    data = written(Image.new("L", (6_000, 6_000), 90), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    data = data[:-2] + scan * 3_000 + data[-2:]
    assert "more than 1 s of processor time" in reason(data, Limits(processor=1, clock=60))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 5000,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n/etc/passwd (r) file\n",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
        b"P6 100000 100000 255\n",
        b"II*\x00\x08\x00\x00\x00",
    ],
)
def test_what_is_no_picture_is_none(data: bytes) -> None:
    """SVG with a script, web pages, PostScript, films and forms that no browser shows are never handed to a decoder."""
    assert reason(data) == "its bytes are none of a picture that browsers show"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_what_breaks_off_is_no_picture(form: str) -> None:
    """Half a file is not shown as if it were the whole."""
    data = written(Image.effect_noise((600, 600), 60).convert("RGB"), form)
    assert reason(data[: len(data) // 2])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 400), st.integers(0, 255), st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))
def test_a_damaged_picture_harms_nobody(at: int, byte: int, form: str) -> None:
    """Whatever byte is changed: a small picture or a reason."""
    data = bytearray(written(halves((60, 40)), form))
    data[at % len(data)] = byte
    found = made(bytes(data))
    assert isinstance(found, Small) or found.reason


def worker(tmp_path: Path, body: str) -> Path:
    """A decoder that somebody has taken over."""
    path = tmp_path / "worker.py"
    path.write_text(f"import os, signal, sys, time\n{body}\n")
    return path


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "broke down"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "processor time, or too much memory"),
        ("sys.exit(9)", "broke down"),
        ("sys.exit(3)", "without a word"),
        ("print('{}')", "no small picture"),
        ("print('[1]'); print('x')", "no small picture"),
        ("print('{\"width\": 10, \"height\": 10}'); print('<script>alert(1)</script>')", "no small picture"),
        ('print(\'{"width": 10**9, "height": true}\')', "no small picture"),
        ("while True: os.write(1, b'x' * 65536)", ""),
    ],
)
def test_a_decoder_that_was_taken_over_is_not_believed(tmp_path: Path, body: str, words: str) -> None:
    """It may die, lie, or write without end: there is no small picture then, and a reason."""
    assert words in reason(b"x", worker=worker(tmp_path, body))


def test_a_decoder_that_stops_is_killed_in_time(tmp_path: Path) -> None:
    """Sleeping uses no processor; the clock counts."""
    began = time.monotonic()
    found = made(b"x", Limits(processor=10, clock=0.5), worker=worker(tmp_path, "time.sleep(60)"))
    assert isinstance(found, Unmade)
    assert "within 0.5 s" in found.reason
    assert not found.lasting
    assert time.monotonic() - began < 10


def test_the_decoder_can_open_and_start_nothing(tmp_path: Path) -> None:
    """After its limits are set: no file is opened, none grows, no socket is made, no memory beyond the limit is had."""
    tries = """
import importlib.util, json, socket
spec = importlib.util.spec_from_file_location("worker", {path!r})
real = importlib.util.module_from_spec(spec); spec.loader.exec_module(real)
real.warm_up(); real.limit(10)
held = []
for name, attempt in {{
    "read": lambda: open("/etc/passwd"), "write": lambda: open({out!r}, "w"), "socket": lambda: socket.socket(),
    "grow": lambda: os.write(0, b"x"), "memory": lambda: held.append(bytearray(2 << 30)), "raise": lambda: real.limit(20),
    "pipe": lambda: os.pipe(),
}}.items():
    try:
        attempt()
    except (OSError, MemoryError, ValueError):
        continue
    held.append(name)
print(json.dumps({{"reason": "could: " + ",".join(each for each in held if isinstance(each, str))}}))
sys.exit(3)
"""
    path = worker(tmp_path, tries.format(path=str(real.__file__), out=str(tmp_path / "out")))
    assert reason(b"x", worker=path) == "could: "
    assert not (tmp_path / "out").exists()
