"""What the platform says it has, what we hold, and why they differ: a record made at each capture of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from archiver.capture.listing import held_count
from archiver.records.models import Completeness
from archiver.records.store.page import hold_fence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archiver.capture.running import RunningCapture
    from archiver.platforms.pages import Count


def reason_for(platform: int | None, held: int, *, skipped: int) -> str:
    """Why the two numbers differ, as far as it is known, in a sentence for a clerk."""
    if platform is None:
        return "the platform gives no count"
    if skipped:
        return f"{skipped} parts could not be read in this capture; they are named with it"
    if platform == held:
        return "all that the platform counts is held"
    if platform > held:
        return "the platform counts items that it does not show (deleted, hidden or restricted there)"
    return "the platform counts fewer than it shows, or its counter is late"


def roll_up(capture: RunningCapture, counts: Sequence[Count]) -> None:
    """Record the stream's completeness after a capture."""
    stream = capture.context.stream.value
    stated = next((count for count in counts if count.of == stream and count.item is None), None)
    platform = stated.platform if stated else None
    held = held_count(capture, capture.context.stream_id)
    reason = (stated.reason if stated else None) or reason_for(
        platform, held, skipped=sum(each.lost for each in capture.skipped)
    )
    with capture.archive.engine.begin() as connection:
        hold_fence(connection, capture.context)
        connection.execute(
            sa.insert(Completeness).values(
                capture_id=capture.context.capture_id,
                stream_id=capture.context.stream_id,
                counted=stream,
                platform_count=platform,
                held_count=held,
                difference=None if platform is None else platform - held,
                reason=reason,
                observed_at=capture.archive.now(),
            )
        )
