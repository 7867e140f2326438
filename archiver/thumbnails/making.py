"""Having one small picture made by a process of its own, and believing nothing that it says without a look."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

EDGE = 320
"""Pixels of the longer side, at most."""
CONTENT_TYPE = "image/webp"
MOST_BYTES = 256 * 1024
"""Of a small picture; four times what the worst noise takes."""
_WORKER = Path(__file__).with_name("worker.py")
_LONGEST_LINE = 1024
_DONE, _NO_PICTURE = 0, 3
_HEAD = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost: seconds of the processor, and on the clock (a stopped process uses none)."""

    processor: int = 10
    clock: float = 30.0


LIMITS = Limits()


@dataclasses.dataclass(frozen=True, slots=True)
class Small:
    """A small picture: WebP, upright, bare of metadata."""

    data: bytes
    width: int
    height: int


@dataclasses.dataclass(frozen=True, slots=True)
class Unmade:
    """There is no small picture, and why, for whoever reads the record. `lasting`: trying again would say the same."""

    reason: str
    lasting: bool = True


def make(source: IO[bytes], limits: Limits = LIMITS, worker: Path = _WORKER) -> Small | Unmade:
    """Have a small picture made of what a file holds, from where it stands. Raises nothing for what the picture does.

    Args:
        source: A real file (the process reads it as its standard input).
        limits: What it may cost.
        worker: The program that decodes.
    """
    command = [sys.executable, "-I", str(worker), str(EDGE), str(limits.processor)]
    with subprocess.Popen(  # noqa: S603 - this interpreter and a program of our own
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    ) as process:
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limits.clock, stop)
        timer.start()
        try:
            answer = process.stdout.read(_LONGEST_LINE + MOST_BYTES + 1) if process.stdout else b""
            if len(answer) > _LONGEST_LINE + MOST_BYTES:
                process.kill()
            status = process.wait()
        finally:
            timer.cancel()
            process.kill()
    if late.is_set():
        return Unmade(f"it was not decoded within {limits.clock:g} s", lasting=False)
    return read_answer(status, answer, limits)


def read_answer(status: int, answer: bytes, limits: Limits) -> Small | Unmade:
    """What the process's exit status and output amount to. The output may be an attacker's: it is held to its form. Pure."""
    line, _, data = answer.partition(b"\n")
    if status in {-signal.SIGKILL, -signal.SIGXCPU}:
        return Unmade(f"it takes more than {limits.processor} s of processor time, or too much memory, to decode")
    if status not in {_DONE, _NO_PICTURE}:
        return Unmade(f"the decoder broke down over it (status {status})")
    said = _object(line)
    if status == _NO_PICTURE:
        reason = said.get("reason")
        return Unmade(reason if isinstance(reason, str) and reason else "the decoder refused it without a word")
    width, height = said.get("width"), said.get("height")
    whole = type(width) is int and type(height) is int and 1 <= width <= EDGE and 1 <= height <= EDGE
    if not whole or not is_webp(data):
        return Unmade("what the decoder made of it is no small picture")
    return Small(data, width, height)  # type: ignore[arg-type] # both were looked at


def is_webp(data: bytes) -> bool:
    """Whether these are the bytes of one WebP file and no more (RFC 9649, section 2.4), as small as one may be."""
    return (
        _HEAD <= len(data) <= MOST_BYTES
        and data[:4] == b"RIFF"
        and data[8:14] == b"WEBPVP"
        and int.from_bytes(data[4:8], "little") + 8 == len(data)
    )


def _object(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line[:_LONGEST_LINE])
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
