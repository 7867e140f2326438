"""Flickr's photos, comments and people as items. Pure: JSON in, items out.

Sources: flickrex lib/flickr/getMethodInfo (flickr.people.getPublicPhotos and its extras, flickr.photos.comments.getList,
flickr.people.getInfo, flickr.photos.getSizes). Texts wrapped as `{"_content": …}` are how its XML becomes JSON. Descriptions
and comments may hold simple HTML, with line breaks as they were typed [unconfirmed]; titles are plain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archiver.platforms import times
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.falling import key_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.text import read_html

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZES = ("o", "6k", "5k", "4k", "3k", "k", "h", "l", "c", "z", "m")
"""The sizes of a picture, largest first (`url_o` is the original)."""
EXTRAS = ",".join(
    (
        "description", "license", "date_upload", "date_taken", "last_update", "owner_name", "path_alias", "geo", "tags",
        "machine_tags", "views", "media", "original_format", "count_comments", "count_faves",
        *(f"url_{size}" for size in SIZES),
    )
)  # fmt: skip
_COUNTS = {"count_comments": "replies", "count_faves": "likes", "views": "views"}
SECONDS = 10
"""Digits of the second of an upload, in order keys."""


def content(record: Mapping[str, Any], name: str) -> str | None:
    """A text of a record, wrapped as `_content` or not; None where there is none. Raises `TypeError` for what is no text."""
    value = record.get(name)
    return text_of(value, "_content") if isinstance(value, dict) else text_of(record, name)


def photo_item(photo: Mapping[str, Any], exchange: int, pointer: str) -> Item:
    """A photo or video as a listing shows it. Raises `KeyError`, `TypeError`, `ValueError` for what is none."""
    identity, owner = id_of(photo), id_of(photo, "owner")
    uploaded = str(photo["dateupload"])
    created = times.unix_seconds(uploaded)
    if created is None or int(uploaded) <= 0:
        raise ValueError("dateupload is no time")
    updated = times.unix_seconds(str(photo.get("lastupdate", "")))
    alias = text_of(photo, "pathalias") or owner
    text, html, links = _said(content(photo, "description"))
    return Item(
        kind=ItemKind.POST,
        id=identity,
        source=Source.API,
        author=Party(owner, text_of(photo, "pathalias") or None, text_of(photo, "ownername") or None),
        title=content(photo, "title") or None,
        text=text,
        html=html,
        links=links,
        created_text=uploaded,
        created_at=created,
        edited_at=updated if updated is not None and updated > created else None,
        url=f"https://www.flickr.com/photos/{alias}/{identity}/",
        tags=tuple((text_of(photo, "tags") or "").split()),
        media=(_medium(photo, identity),),
        evidence=_evidence(photo),
        counts={name: number for key, name in _COUNTS.items() if (number := number_of(photo, key)) is not None},
        order_key=key_of(int(uploaded), SECONDS, identity),
        exchange=exchange,
        pointer=pointer,
    )


def comment_item(comment: Mapping[str, Any], photo_id: str, exchange: int, pointer: str) -> Item:
    """A comment below a photo. Raises `KeyError`, `TypeError` for what is none."""
    identity = id_of(comment)
    written = str(comment.get("datecreate") or "") or None
    text, html, links = _said(text_of(comment, "_content"))
    name = text_of(comment, "realname") or text_of(comment, "authorname")
    return Item(
        kind=ItemKind.COMMENT,
        id=identity,
        source=Source.API,
        author=Party(id_of(comment, "author"), text_of(comment, "path_alias") or None, name or None),
        text=text,
        html=html,
        links=links,
        created_text=written,
        created_at=times.unix_seconds(written) if written else None,
        url=text_of(comment, "permalink"),
        references=(Reference(ReferenceKind.PARENT, photo_id), Reference(ReferenceKind.ROOT, photo_id)),
        order_key=f"{photo_id}/{identity}",
        exchange=exchange,
        pointer=pointer,
    )


def profile_item(person: Mapping[str, Any], exchange: int) -> Item:
    """An account's profile. Raises `KeyError`, `TypeError` for what is none."""
    identity = id_of(person, "nsid")
    name = content(person, "realname") or content(person, "username") or None
    text, html, links = _said(content(person, "description"))
    server, farm = number_of(person, "iconserver") or 0, number_of(person, "iconfarm") or 0
    icon = Media(
        id=f"{identity}/icon/{server}",
        kind="image",
        url=f"https://farm{farm}.staticflickr.com/{server}/buddyicons/{identity}.jpg",
    )
    evidence = {"location": content(person, "location"), "website": content(person, "profileurl")}
    return Item(
        kind=ItemKind.PROFILE,
        id=identity,
        source=Source.API,
        author=Party(identity, text_of(person, "path_alias") or None, name),
        title=name,
        text=text,
        html=html,
        links=links,
        url=content(person, "photosurl"),
        media=(icon,) if server else (),
        evidence={key: value for key, value in evidence.items() if value},
        exchange=exchange,
        pointer="/person",
    )


def largest(sizes: list[Any], kind: str) -> str | None:
    """The address of the largest form of a photo, or of a video's file, among `flickr.photos.getSizes`; None without any."""
    wanted = "video" if kind == "video" else "photo"
    found = [
        (each.get("label") in {"Video Original", "Original"}, _number(each.get("width")), str(each.get("source")))
        for each in sizes
        if isinstance(each, dict) and each.get("source") and each.get("media", "photo") == wanted
    ]
    return max(found)[2] if found else None


def _number(value: Any) -> int:
    return number_of({"value": value}, "value") or 0


def _said(html: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
    """The words of a description or comment, their HTML and their links."""
    if html is None:
        return None, None, ()
    found = read_html(html.replace("\r\n", "\n").replace("\n", "<br>"))
    return found.text, html, found.links


def _medium(photo: Mapping[str, Any], identity: str) -> Media:
    """The original, or the largest form that is given out. Where the original's secret is told, it names the file: another
    file put in its place (Flickr's "replace") has another. A video's file has to be asked for (`url` None).
    """
    secret = text_of(photo, "originalsecret")
    kind = "video" if photo.get("media") == "video" else "image"
    shown = (text_of(photo, f"url_{size}") for size in SIZES)
    return Media(
        id=f"{identity}_{secret}" if secret else identity,
        kind=kind,
        url=next((url for url in shown if url), None) if kind == "image" else None,
    )


def _evidence(photo: Mapping[str, Any]) -> dict[str, Json]:
    """What else a photo says: when it was taken and where, its license, the tags that programs read."""
    found: dict[str, Json] = {
        name: str(photo[name]) for name in ("datetaken", "license", "machine_tags") if photo.get(name) not in (None, "")
    }
    place = [str(photo.get(name) or "0") for name in ("latitude", "longitude")]
    if place != ["0", "0"]:
        found["place"] = list(place)
    return found
