"""The "download your data" formats the archive can import, each a module of its own, registered here by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.downloads.bluesky_car import BlueskyCar
from archiver.downloads.facebook import FacebookDownload
from archiver.downloads.instagram import InstagramDownload
from archiver.downloads.mastodon_archive import MastodonArchive
from archiver.downloads.nextdoor import NextdoorForm
from archiver.downloads.warc import Warc
from archiver.downloads.x_archive import XArchive
from archiver.downloads.youtube_takeout import YouTubeTakeout

if TYPE_CHECKING:
    from archiver.downloads.contract import Download

DOWNLOADS: dict[str, Download] = {
    "bluesky_car": BlueskyCar(),
    "facebook_download": FacebookDownload(),
    "instagram_download": InstagramDownload(),
    "mastodon_archive": MastodonArchive(),
    "nextdoor_form": NextdoorForm(),
    "warc": Warc(),
    "x_archive": XArchive(),
    "youtube_takeout": YouTubeTakeout(),
}
"""Every format by its name."""
