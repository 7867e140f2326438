"""The platforms the archive can read, each a module of its own, registered here by name and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.platforms.bluesky import Bluesky
from archiver.platforms.facebook import Facebook
from archiver.platforms.flickr import Flickr
from archiver.platforms.instagram import Instagram
from archiver.platforms.linkedin import LinkedIn
from archiver.platforms.mastodon import Mastodon
from archiver.platforms.nextdoor import MANIFEST as NEXTDOOR
from archiver.platforms.rss import Rss
from archiver.platforms.threads import Threads
from archiver.platforms.tiktok import TikTok
from archiver.platforms.x import X
from archiver.platforms.youtube import YouTube

if TYPE_CHECKING:
    from archiver.platforms.contract import Platform
    from archiver.platforms.manifest import Manifest

PLATFORMS: dict[str, Platform] = {
    "bluesky": Bluesky(),
    "facebook": Facebook(),
    "flickr": Flickr(),
    "instagram": Instagram(),
    "linkedin": LinkedIn(),
    "mastodon": Mastodon(),
    "rss": Rss(),
    "threads": Threads(),
    "tiktok": TikTok(),
    "x": X(),
    "youtube": YouTube(),
}
"""Every connector by its name, as in `platform:handle-or-id`."""

IMPORTED: dict[str, Manifest] = {"nextdoor": NEXTDOOR}
"""Platforms that no connector reads: what an account there wrote comes by import alone."""
