"""Putting a timestamp's certificates into the order that DER wants.

X.690 section 11.6 has the elements of a SET OF sorted by their bytes; several authorities, and openssl 3.0, write the
certificates of a token in the order of their chain, and a strict reader refuses that. No signature is over their order (RFC 5652
section 5.4), so that sorting them changes nothing that is proven.
"""

from __future__ import annotations

from typing import NamedTuple

_SEQUENCE, _FIRST = 0x30, 0xA0
_LONG, _DIGITS = 0x80, 0x7F


class _Element(NamedTuple):
    tag: int
    start: int
    content: int
    end: int


def with_sorted_certificates(answer: bytes) -> bytes:
    """The TimeStampResp of RFC 3161 section 2.4.2 with its certificates in order; as it was, where it is none of that form."""
    try:
        token = _children(answer, _one(answer, 0, len(answer), _SEQUENCE))[1]
        wrapped = _children(answer, token)[1]
        signed = _children(answer, _one(answer, wrapped.content, wrapped.end, _SEQUENCE))
        certificates = next(each for each in signed if each.tag == _FIRST)
        parts = [answer[each.start : each.end] for each in _children(answer, certificates)]
    except (IndexError, ValueError, StopIteration):
        return answer
    return answer[: certificates.content] + b"".join(sorted(parts)) + answer[certificates.end :]


def _one(data: bytes, at: int, end: int, tag: int) -> _Element:
    found = _element(data, at, end)
    if found.tag != tag:
        raise ValueError(f"tag {found.tag} where {tag} should be")
    return found


def _children(data: bytes, parent: _Element) -> list[_Element]:
    found = []
    at = parent.content
    while at < parent.end:
        found.append(_element(data, at, parent.end))
        at = found[-1].end
    return found


def _element(data: bytes, at: int, limit: int) -> _Element:
    """The element that begins there. Raises `ValueError` or `IndexError` for what is no DER of a definite length."""
    tag, length, content = data[at], data[at + 1], at + 2
    if length & _LONG:
        digits = length & _DIGITS
        length = int.from_bytes(data[content : content + digits], "big")
        content += digits
    if content + length > limit:
        raise ValueError("an element reaches beyond its end")
    return _Element(tag, at, content, content + length)
