"""What Facebook Pages need, how they are limited, and what of them cannot be seen."""

from __future__ import annotations

from archiver.i18n.translation import marked
from archiver.platforms.graph import PLACES, SECRET
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting

API_URL, VERSION = "https://graph.facebook.com", "v26.0"
LIMIT = 100
"""More at once is an error."""
PERMISSIONS = ("pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_messaging")

MANIFEST = Manifest(
    name="facebook",
    title=marked("Facebook Pages"),
    streams=(
        StreamKind.PROFILE,
        StreamKind.POSTS,
        StreamKind.VISITORS,
        StreamKind.MENTIONS,
        StreamKind.REELS,
        StreamKind.STORIES,
        StreamKind.COMMENTS,
        StreamKind.MESSAGES,
    ),
    settings=(
        Setting(
            "token",
            "The page's own access token, made from a long-lived user token of somebody who manages the page (`/me/accounts`).",
            required=True,
            secret=True,
        ),
        SECRET,
        Setting("api_url", "Where the Graph API is.", default=API_URL),
        Setting("api_version", "Which version of it is asked; Meta ends each after some two years.", default=VERSION),
    ),
    permissions=(
        *PERMISSIONS,
        "pages_manage_metadata, for messages as well",
        "no review by Meta is needed where somebody with a role in the app manages the page (Standard Access)",
    ),
    limits=(
        "4,800 calls for each engaged user in 24 hours; told in percent by headers, which are obeyed before the limit",
        "100 entries at once; where the platform cannot make so large a page, half as many are asked for",
        (
            "pictures and videos are asked for by themselves, up to 50 at once, for their alternative texts and captions: when "
            "they are new, and each night in the re-read window; Meta counts each as a call"
        ),
        "a page's token has no end, but dies with a changed password, a removed app or a lost role, and nobody is told",
    ),
    cannot_see=(
        "posts beyond some 600 a year: the listing is ranked, and leaves others out",
        "expired posts, and stories after 24 hours, unless the page keeps an archive of its stories",
        "whether a story that is not listed any more was deleted or is over",
        "an earlier text: Facebook tells neither that nor when a post or comment was edited",
        "comments by people whom the page's token may not see; their number is counted all the same",
        "who wrote a comment, without `pages_read_user_content`",
        "whether what cannot be read any more was deleted or is withheld: one answer stands for both",
        "details of messages beyond the 20 newest of a conversation [U]: it is said of how many, and what is held of them stands",
        "reels, where the platform does not list them for the page (it is tried, and said)",
        (
            "alternative texts of pictures in comments, messages and posts of others that tag the page: what was written beside "
            "a picture is kept in their place"
        ),
        "alternative texts and captions that the page's token may not read (it is tried, and said)",
    ),
    sources=(
        (
            "developers.facebook.com/docs/graph-api (reference/page, photo, video/captions, object/comments, rate-limiting, "
            "error-handling)"
        ),
        "facebook-python-business-sdk (PagePost, Comment, UnifiedThread, Photo, Video), python-facebook",
    ),
    places=PLACES,
    needs_token=True,
    may_be_empty=frozenset(
        {StreamKind.VISITORS, StreamKind.MENTIONS, StreamKind.REELS, StreamKind.STORIES, StreamKind.MESSAGES}
    ),
    threads_of=(StreamKind.POSTS, StreamKind.REELS, StreamKind.VISITORS),
    by_conversation=True,
    light=(StreamKind.POSTS, StreamKind.VISITORS, StreamKind.STORIES, StreamKind.COMMENTS),
    lists=("blocked",),
)
