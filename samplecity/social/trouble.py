"""The trouble of an ordinary night on the further platforms: faults that a patient reader overcomes the same night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity.faults import Fault
from samplecity.ids import dice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samplecity.faults import Kind

PATIENCE: tuple[Kind, ...] = (
    "rate_limit",
    "server_error",
    "empty_page_with_next",
    "short_page",
    "reordered_page",
    "repeated_ids",
)
_KINDS, _LATEST, _MOST = 3, 40, 3


def nightly_trouble(
    platforms: Iterable[str], night: int, seed: int = 7, kinds: Sequence[Kind] = PATIENCE
) -> list[Fault]:
    """Give a night's fault plan: on each platform three faults at moments of their own, each striking one to three times.

    Args:
        platforms: which.
        night: other nights have other plans.
        seed: other seeds too.
        kinds: what may happen; without argument only what loses nothing to a reader that waits, asks again and goes on.
    """
    plan = []
    for platform in platforms:
        rng = dice(seed, "trouble", platform, night)
        plan += [
            Fault(f"^/{platform}/(?!_media/)", kind, times=rng.randint(1, _MOST), skip=rng.randint(0, _LATEST))
            for kind in rng.sample(kinds, min(_KINDS, len(kinds)))
        ]
    return plan
