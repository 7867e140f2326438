"""What Instagram's professional accounts need, how they are limited, and what of them cannot be seen."""

from __future__ import annotations

from archiver.i18n.translation import marked
from archiver.platforms.graph import PLACES, SECRET
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting

FACEBOOK_URL, INSTAGRAM_URL, VERSION = "https://graph.facebook.com", "https://graph.instagram.com", "v26.0"
LIMIT = 100
NEEDED = {
    "facebook": (
        "instagram_basic",
        "instagram_manage_comments",
        "instagram_manage_messages",
        "pages_show_list",
        "pages_read_engagement",
    ),
    "instagram": (
        "instagram_business_basic",
        "instagram_business_manage_comments",
        "instagram_business_manage_messages",
    ),
}

MANIFEST = Manifest(
    name="instagram",
    title=marked("Instagram (professional accounts)"),
    streams=(
        StreamKind.PROFILE,
        StreamKind.POSTS,
        StreamKind.MENTIONS,
        StreamKind.STORIES,
        StreamKind.COMMENTS,
        StreamKind.MESSAGES,
    ),
    settings=(
        Setting("token", "The access token: of Instagram's log-in, or of the linked page.", required=True, secret=True),
        Setting(
            "login",
            "Which log-in the token comes from: `instagram`, or `facebook` for that of the linked page. An app has but one.",
            default="instagram",
        ),
        Setting("page_id", "With `facebook`: the linked page, where the token is not that page's own."),
        SECRET,
        Setting("api_url", "Where the Graph API is; by default that of the log-in."),
        Setting("api_version", "Which version of it is asked; Meta ends each after some two years.", default=VERSION),
    ),
    permissions=(
        f"with Instagram's log-in: {', '.join(NEEDED['instagram'])}",
        f"with Facebook's: {', '.join(NEEDED['facebook'])}, pages_read_user_content",
    ),
    limits=(
        "4,800 calls for each impression in 24 hours; told in percent by headers, which are obeyed before the limit",
        "a token of Instagram's log-in lives for 60 days, and is renewed in time; one not renewed in 60 days is dead for good",
        "50 comments at once",
    ),
    cannot_see=(
        "media beyond the newest 10,000",
        "stories after 24 hours, reshared ones and live ones; whether one that is gone was deleted or is over",
        "an earlier caption: nothing tells that or when it was edited",
        "comments by restricted people, on age-gated media and on live videos; their number is counted all the same",
        "comments beyond the newest 50, where the platform shows no way to them (it is said then)",
        "comments of a post whose comments are switched off, while they are",
        "the bytes of media that the platform holds to infringe somebody's rights",
        "conversations in the requests folder that were idle for 30 days; of what was shared only its address",
        "whether what cannot be read any more was deleted or is withheld: one answer stands for both",
    ),
    sources=(
        "developers.facebook.com/docs/instagram-platform (ig-user, ig-media, ig-comment, conversations-api, app-review)",
        "facebook-python-business-sdk (IGMedia, IGUser), python-facebook",
    ),
    places=PLACES,
    needs_token=True,
    may_be_empty=frozenset({StreamKind.MENTIONS, StreamKind.STORIES, StreamKind.MESSAGES}),
    by_conversation=True,
    light=(StreamKind.POSTS, StreamKind.STORIES, StreamKind.COMMENTS),
)
