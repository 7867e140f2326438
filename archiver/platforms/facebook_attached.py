"""What is attached to Facebook's posts and comments: pictures, videos, links. Pure: JSON in, media out.

Source: recorded answers of python-facebook (`attachments` with `subattachments`, `media_type` and `type`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms.answers import id_of, text_of
from archiver.platforms.graph_media import stable
from archiver.platforms.items import Media

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VIDEOS = frozenset({"video", "video_inline", "video_autoplay", "animated_image_video"})


def attached(attachments: Any, said: str | None = None) -> tuple[tuple[Media, ...], tuple[str, ...]]:
    """The media and the links that are attached; an album's pictures stand in its `subattachments`. `said`: what the post itself
    says, which a single picture repeats.
    """
    media: dict[str, Media] = {}
    links: dict[str, None] = {}
    for each in _flat(attachments):
        found = _medium(each, said)
        if found is not None:
            media.setdefault(found.id, found)
        elif address := text_of(each, "unshimmed_url") or text_of(each, "url"):
            links.setdefault(address)
    return tuple(media.values()), tuple(links)


def _flat(attachments: Any) -> Iterator[Mapping[str, Any]]:
    for each in (attachments.get("data") or ()) if isinstance(attachments, dict) else ():
        below = each.get("subattachments")
        inner = below.get("data") if isinstance(below, dict) else None
        yield from inner or [each]


def _medium(attachment: Mapping[str, Any], said: str | None) -> Media | None:
    """A picture or video, by the id of the photo or video that it is; a link's preview picture is none of the post. Its words are
    what was written beside it; its alternative text is asked for by itself (`facebook_apart`).
    """
    kind = text_of(attachment, "media_type") or text_of(attachment, "type") or ""
    shown, target = attachment.get("media"), attachment.get("target")
    if not isinstance(shown, dict) or kind in {"link", "share", "event", "status"}:
        return None
    video = kind in _VIDEOS or kind.startswith("video")
    image = shown.get("image")
    url = shown.get("source") if video else image.get("src") if isinstance(image, dict) else None
    identity = id_of(target) if isinstance(target, dict) and target.get("id") is not None else None
    if identity is None and not isinstance(url, str):
        return None
    beside = text_of(attachment, "description")
    return Media(
        id=stable(str(url)) if identity is None else identity,
        kind="video" if video else "image",
        url=url if isinstance(url, str) else None,
        alt_text=None if beside == said else beside,
    )
