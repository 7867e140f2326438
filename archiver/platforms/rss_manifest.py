"""What the connector of feeds declares of itself."""

from __future__ import annotations

from archiver.i18n.translation import marked
from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest, Setting

COMMENTS = "comments"

MANIFEST = Manifest(
    name="rss",
    title=marked("RSS, Atom and JSON feeds"),
    streams=(StreamKind.POSTS, StreamKind.COMMENTS),
    settings=(
        Setting(
            name="url",
            help="Where the feed is fetched from now, if it has moved from the address it was registered with",
        ),
        Setting(
            name="time_zone",
            help="IANA name of the zone of times that name none, such as America/Los_Angeles; without it those are "
            "kept as text only",
        ),
        Setting(
            name=COMMENTS,
            help="Whether the comments are read that an entry names a feed of (wfw:commentRss, RFC 4685): `yes` or `no`. It is a "
            "request a night for each entry that the feed shows.",
            default="no",
        ),
    ),
    permissions=("none: feeds are public",),
    limits=("none published; Retry-After is obeyed, and an unchanged feed is not sent again (ETag, Last-Modified)",),
    cannot_see=(
        "entries that entered and left the feed between two captures",
        "entries older than the feed shows when it is first captured, unless it names where they are (RFC 5005, `next_url`)",
        (
            "deletions, unless the feed carries tombstones (RFC 6721) or says that it is complete (RFC 5005): an entry no "
            "longer shown may just be old"
        ),
        "comments by readers, unless the entries name feeds of them and the setting `comments` asks for those",
        "comments that a feed of comments no longer shows: they stay as they were last seen",
        "text beyond what the feed carries of an article",
    ),
    sources=(
        "https://www.rfc-editor.org/rfc/rfc4287",
        "https://www.rfc-editor.org/rfc/rfc4685",
        "https://www.rfc-editor.org/rfc/rfc5005",
        "https://www.rfc-editor.org/rfc/rfc6721",
        "https://www.rssboard.org/rss-specification",
        "https://www.rssboard.org/media-rss",
        "https://www.jsonfeed.org/version/1.1/",
    ),
    may_be_empty=frozenset({StreamKind.COMMENTS}),
    threads_of=(),
    light=(StreamKind.POSTS,),
    lookups=False,
)
