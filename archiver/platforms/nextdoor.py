"""Nextdoor, which no open API serves: what is declared of it. Its records come by import (`archiver.downloads.nextdoor`)."""

from __future__ import annotations

from archiver.platforms.items import StreamKind
from archiver.platforms.manifest import Manifest

MANIFEST = Manifest(
    name="nextdoor",
    title="Nextdoor",
    streams=(StreamKind.IMPORT,),
    settings=(),
    permissions=(
        "none: nothing is asked of Nextdoor. A member of staff fills in a form, which is imported (docs/nextdoor.md)",
    ),
    limits=(
        "as often as somebody fills in the form and imports it; nothing happens by night",
        "[U] Nextdoor's content API is given out on request, and shows the posts of the last 30 days",
    ),
    cannot_see=(
        "anything that is not in the form: it is as complete as whoever fills it in",
        "when a post or reply was edited, hidden or deleted, unless an import that comes later shows it",
        "who wrote a reply, beyond the name that Nextdoor shows",
        "private messages and the posts of neighbors that the agency's page does not show",
    ),
    sources=(
        "api-evangelist/nextdoor (its APIs and the permissions they take)",
        "developer.nextdoor.com/docs/search-api-copy (content APIs by request form; posts of the last 30 days)",
    ),
    may_be_empty=frozenset({StreamKind.IMPORT}),
    threads_of=(),
    light=(),
    light_minutes=0,
)
