"""The city on the further platforms: one history (`model`, `events`, `world`), one rendering for each platform's API.

What each platform can show is in `abilities`; what an archive must hold in `truth`. A rendering is registered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samplecity.social.facebook import Facebook
from samplecity.social.flickr import Flickr
from samplecity.social.instagram import Instagram
from samplecity.social.linkedin import LinkedIn
from samplecity.social.mastodon import Mastodon
from samplecity.social.threads import Threads
from samplecity.social.tiktok import TikTok
from samplecity.social.x import X
from samplecity.social.youtube import YouTube

if TYPE_CHECKING:
    from samplecity.social.api import Api

APIS: dict[str, Api] = {
    "facebook": Facebook(),
    "flickr": Flickr(),
    "instagram": Instagram(),
    "linkedin": LinkedIn(),
    "mastodon": Mastodon(),
    "threads": Threads(),
    "tiktok": TikTok(),
    "x": X(),
    "youtube": YouTube(),
}
