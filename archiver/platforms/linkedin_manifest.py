"""What the connector of LinkedIn declares of itself."""

from __future__ import annotations

from archiver.i18n.translation import marked
from archiver.platforms.items import StreamKind
from archiver.platforms.linkedin_manners import SETTINGS
from archiver.platforms.manifest import Manifest

MANIFEST = Manifest(
    name="linkedin",
    title=marked("LinkedIn pages"),
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS),
    settings=SETTINGS,
    permissions=(
        "an app that LinkedIn has approved for its Community Management API",
        "r_organization_social (or r_organization_social_feed) for posts, comments and their numbers",
        "r_organization_admin or rw_organization_admin for the page itself",
        "a member who is ADMINISTRATOR, CONTENT_ADMIN or DIRECT_SPONSORED_CONTENT_POSTER of the page grants them",
    ),
    limits=(
        "so many requests a day for the app and for the member, ended at midnight UTC; how many is on the app's page only",
        "[U] a token lasts 60 days; it is told 14 days ahead where `token_ends` or the app's credentials are set",
        "each month of the API (`version`) is served for about a year; after that every answer is 426, and says so",
        "[U] what the answers of posts and comments hold: their fields are documented, and none was recorded",
    ),
    cannot_see=(
        "the names of those who comment: LinkedIn gives their URN only",
        "an earlier text of a post or comment that was edited between two captures",
        "comments while they are switched off; they are not taken for removed",
        "who removed a post or comment",
        "posts of others on the page, mentions elsewhere, messages",
        "drafts and scheduled posts, but for those that its listing shows (`lifecycleState`)",
        "[U] the file of a video or document, where the token may not read it: then the post is kept, and the file is missing",
    ),
    sources=(
        "learn.microsoft.com/linkedin, community-management/shares: posts-api, post-api-schema, comments-api, images-api",
        "the same: shares/social-metadata-api, shares/little-text-format, organizations/organization-lookup-api",
        "learn.microsoft.com/linkedin, shared/api-guide/concepts, marketing/versioning, shared/authentication",
    ),
    places=frozenset({"start"}),
    needs_token=True,
)
