"""Whether what arrives is the kind of medium that it should be, by its stated type and its first bytes. Pure.

Source of the signatures: WHATWG MIME Sniffing Standard, sections 6.1 (images), 6.2 (audio, video) and 7.1 (HTML); ISO 14496-12
section 4.3 (`ftyp`).
"""

from __future__ import annotations

HEAD = 512
"""So many of the first bytes are enough."""
_STATED = {
    "image": ("image/",),
    "video": ("video/", "application/mp4"),
    "audio": ("audio/", "application/ogg"),
}
_UNSPECIFIC = frozenset(
    {"application/octet-stream", "binary/octet-stream", "application/binary", "application/unknown"}
)
"""What stores of files state of whatever they hold."""
_PICTURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"\x00\x00\x01\x00",
    b"II*\x00",
    b"MM\x00*",
)
_PICTURE_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"})
_BLANK = b"\xef\xbb\xbf \t\r\n\x0c"
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")


def stated_otherwise(kind: str, content_type: str | None) -> str | None:
    """Why an answer that states this type cannot be a medium of this kind; None where it may be one."""
    stated = _bare(content_type)
    if kind not in _STATED or stated.startswith(_STATED[kind]) or stated in _UNSPECIFIC:
        return None
    return f"it should be {kind} and came as {stated}"


def why_not(kind: str, content_type: str | None, head: bytes) -> str | None:
    """Why an answer that states this type, and whose body begins so, is none of a medium of this kind; None where it may be one.

    A picture that arrives as a web page is a log-in page or an attack, never the picture, whatever it states. One that a store
    states as mere bytes is taken where its first bytes are a picture's.
    """
    stated = _bare(content_type)
    if kind not in _STATED:
        return None
    if head.lstrip(_BLANK).lower().startswith(_PAGES):
        return f"it should be {kind} and is a web page (stated as {stated})"
    if kind == "image" and stated in _UNSPECIFIC and not is_picture(head):
        return f"it should be image and came as {stated}, with the first bytes of no picture"
    return stated_otherwise(kind, content_type)


def is_unspecific(content_type: str | None) -> bool:
    """Whether a stated type says no more than that it is bytes."""
    return _bare(content_type) in _UNSPECIFIC


def _bare(content_type: str | None) -> str:
    return (content_type or "application/octet-stream").split(";")[0].strip().lower()


def is_picture(head: bytes) -> bool:
    """Whether a file begins like a picture."""
    return (
        head.startswith(_PICTURES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS)
    )
