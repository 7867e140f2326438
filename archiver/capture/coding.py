"""Content codings: the body of an answer free of its coding, and never larger than what is granted. Pure."""

from __future__ import annotations

import zlib


class NotDecoded(ValueError):
    """The body cannot be had free of its coding; says why."""


class Damaged(NotDecoded):
    """The coded body is damaged or cut short: asking again may help."""


def decoded(received: bytes, coding: str | None, limit: int) -> bytes:
    """The body free of its content coding (a small answer can unpack to gigabytes).

    Raises `NotDecoded` where it is coded as was not asked for, or unpacks to more than `limit` bytes; `Damaged`.
    """
    match (coding or "identity").lower():
        case "identity" | "":
            return received
        case "gzip" | "x-gzip":
            windows = [16 + zlib.MAX_WBITS]
        case "deflate":
            windows = [zlib.MAX_WBITS, -zlib.MAX_WBITS]
        case other:
            raise NotDecoded(f"it is coded as {other!r}, which was not asked for")
    if not received:  # an answer without a body (304) may still name a coding
        return b""
    for window in windows:
        body = _inflated(received, window, limit)
        if body is None:
            continue
        if len(body) > limit:
            raise NotDecoded(f"the answer unpacks to more than {limit} bytes")
        return body
    raise Damaged("the compressed answer is damaged or cut short")


def _inflated(received: bytes, window: int, limit: int) -> bytes | None:
    """The unpacked bytes, member after member, stopping just beyond the limit; None where it is damaged or cut short."""
    body, rest = b"", received
    while rest:
        decoder = zlib.decompressobj(window)
        try:
            body += decoder.decompress(rest, limit + 1 - len(body))
        except zlib.error:
            return None
        if len(body) > limit:
            return body
        if not decoder.eof:
            return None
        rest = decoder.unused_data
    return body
