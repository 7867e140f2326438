"""What a YouTube channel needs, how it is limited, and what of it cannot be seen."""

from __future__ import annotations

from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting
from archiver.platforms.youtube_captions import ALL, DAYS, NONE, OLDER_DAYS, UPLOADED
from archiver.platforms.youtube_manners import (
    API_URL,
    CAPTION_UNITS,
    DAILY_UNITS,
    LIST_UNITS,
    TOKEN_URL,
    TRACK_UNITS,
)

SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"

MANIFEST = Manifest(
    name="youtube",
    title="YouTube",
    streams=(StreamKind.PROFILE, StreamKind.POSTS, StreamKind.COMMENTS),
    settings=(
        Setting(
            "token",
            "The access token that the channel's owner granted to the city's app; it lasts an hour and is renewed with "
            "`refresh_token`. It, or `api_key`, is needed.",
            secret=True,
        ),
        Setting("refresh_token", "The refresh token that came with it.", secret=True),
        Setting("client_id", "The OAuth client of the city's Google project, for renewing the token."),
        Setting("client_secret", "The secret of that client.", secret=True),
        Setting(
            "api_key",
            "A key of the city's Google project, for reading without the channel's grant: published comments and public videos "
            "alone. Used where there is neither `token` nor `refresh_token`.",
            secret=True,
        ),
        Setting(
            "project",
            "A name for the Google project, where the city's accounts use more than one: those that name the same one share its "
            "units of a day.",
        ),
        Setting("daily_units", "The units a day that Google gives the project.", default=str(DAILY_UNITS)),
        Setting(
            "account_units", "The most of them that this account may use in a day; without it, all that there are."
        ),
        Setting(
            "captions",
            f"Which captions to keep: `{UPLOADED}` (those that the channel put there), `{ALL}` (also those that YouTube makes "
            f"by speech recognition) or `{NONE}`. They need the owner's grant: with an API key alone there are none. A video's "
            f"list costs {LIST_UNITS} units, each track {TRACK_UNITS}; with `{UPLOADED}`, a video of which YouTube says that it "
            f"has no captions costs nothing. `{ALL}` asks for the list of every video: a channel of hundreds takes weeks. "
            "What was kept before a change of this setting stays, with the versions that showed it.",
            default=UPLOADED,
            among=(UPLOADED, ALL, NONE),
        ),
        Setting(
            "caption_units",
            "The units a day that captions may use, of all that the project has; a third of them is for lists, the rest for the "
            "tracks. What they do not reach waits for the next nights, and is said.",
            default=str(CAPTION_UNITS),
        ),
        Setting(
            "captions_days",
            f"After how many days a video of the re-read window is asked for its captions again (0: every night); an older one "
            f"after {OLDER_DAYS}.",
            default=str(DAYS),
        ),
        Setting("api_url", "Where the API is.", default=API_URL),
        Setting("token_url", "Where tokens are renewed.", default=TOKEN_URL),
    ),
    permissions=(
        f"the scope {SCOPE}, granted by the owner of the channel (not a manager): it alone opens captions and held comments",
        "an OAuth client whose consent screen is published; in testing, every grant ends after 7 days",
    ),
    limits=(
        (
            "10,000 units a day for all accounts of one Google project, until midnight in Los Angeles; each request costs one, "
            "but for captions"
        ),
        (
            f"captions: {LIST_UNITS} units for the list of a video, {TRACK_UNITS} for each track; {CAPTION_UNITS} a day are some "
            f"{CAPTION_UNITS // 3 // LIST_UNITS} lists and {CAPTION_UNITS * 2 // 3 // TRACK_UNITS} tracks. The newest videos go "
            "first: a channel with many captioned videos is complete after some weeks; what waits is said with each capture"
        ),
        "50 uploads take 2 units; a video's comments take at least 3 (published, held for review, spam), with an API key alone 1",
        "one unit more for each 100 further comments, and for each comment with more answers than are shown with it",
        "what is not listed any more is asked for by its id, fifty at once; missing comments also among all that are held",
        "an access token lasts an hour; a refresh token that is not used for six months ends",
    ),
    cannot_see=(
        "with an API key alone: comments that are held for review or likely spam, and private videos",
        "with an API key alone: whether what is not shown any more was deleted, made private or held for review",
        "the earlier text of an edited comment; that a video's title or description was edited, but by comparing",
        "whose decision it was that a comment is held: the channel's rules and YouTube's own look alike",
        "rejected comments, and who removed a comment: its author, the channel or YouTube",
        "the video's file and its live chat: keep the file where the video was made",
        "with an API key alone: captions; and those of a video that others own or contributed to, where YouTube refuses them",
        (
            "what a track of captions said before it was replaced, if that was before its turn came: within a week for videos in "
            "the re-read window, within half a year for older ones (setting `captions_days`)"
        ),
        "captions by speech recognition, unless the setting `captions` asks for them",
        "community posts, stories and private messages: there is no API for them",
        "uploads beyond the newest 20,000",
        "the comments of a video whose comments are switched off, those written before included",
    ),
    sources=(
        "developers.google.com/youtube/v3/docs (channels, playlistItems, videos, captions, commentThreads, comments, errors)",
        "developers.google.com/youtube/v3/determine_quota_cost; the API's discovery document",
    ),
    places=frozenset({"pageToken"}),
    needs_token=True,
    light_minutes=60,
)
