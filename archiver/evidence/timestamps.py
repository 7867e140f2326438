"""Timestamps of RFC 3161: the question to an authority, and what is asked of its answer before it counts."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import rfc3161_client as tsp
from cryptography import x509

from archiver.evidence.der import with_sorted_certificates
from archiver.evidence.roots import Stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
_GRANTED = bytes.fromhex("3003020100")
"""PKIStatusInfo ::= SEQUENCE { status INTEGER 0 } (RFC 3161 section 2.4.2)."""
_SHORT = 0x80


class TimestampRefused(Exception):
    """An authority's answer, or a token, that proves nothing; the message says why."""


def question(data: bytes) -> tsp.TimeStampRequest:
    """The question for a timestamp over the data: its SHA-256, a nonce of our own, and the wish for the certificates."""
    return tsp.TimestampRequestBuilder().data(data).hash_algorithm(tsp.HashAlgorithm.SHA256).build()


def accepted(
    answer: bytes, asked: tsp.TimeStampRequest, data: bytes, authority: str, trusted: Sequence[x509.Certificate]
) -> Stamp:
    """The stamp that an authority's answer holds, once everything of it is checked.

    It must be granted, answer the very question (its nonce), be over the data's SHA-256, and be signed by a certificate for
    timestamping that a trusted one vouches for and that was valid at the time it says. Raises `TimestampRefused`.
    """
    response = _read(answer)
    if response.status != tsp.PKIStatus.GRANTED:
        words = ", ".join(response.status_string) or "no reason given"
        raise TimestampRefused(f"{authority} granted no timestamp (status {response.status}: {words})")
    _verify(tsp.VerifierBuilder.from_request(asked), response, data, trusted)
    return Stamp(response.time_stamp_token(), authority, _time(response))


def checked(stamp: Stamp, data: bytes, trusted: Sequence[x509.Certificate]) -> datetime:
    """When the data were there, as a token kept earlier proves. Raises `TimestampRefused`."""
    response = _read(_sequence(_GRANTED + stamp.token))
    _verify(tsp.VerifierBuilder(), response, data, trusted)
    time = _time(response)
    if time != stamp.time:
        raise TimestampRefused(f"the token says {time}, the root that it says {stamp.time}")
    return time


def certificates(pem: bytes, name: str) -> list[x509.Certificate]:
    """The certificates of a PEM file, which are trusted from now on. Raises `TimestampRefused`."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TimestampRefused(f"{name} holds no certificate in PEM form ({error})") from error


def _read(answer: bytes) -> tsp.TimeStampResponse:
    try:
        return tsp.decode_timestamp_response(with_sorted_certificates(answer))
    except ValueError as error:
        raise TimestampRefused(f"it is no answer of RFC 3161 ({error})") from error


def _verify(
    builder: tsp.VerifierBuilder,
    response: tsp.TimeStampResponse,
    data: bytes,
    trusted: Sequence[x509.Certificate],
) -> None:
    try:
        for certificate in dict.fromkeys(trusted):
            builder = builder.add_root_certificate(certificate)
        if not builder.build().verify(response, hashlib.sha256(data).digest()):
            raise TimestampRefused("the token was not accepted")
    except TimestampRefused:
        raise
    except Exception as error:  # the libraries' own errors are of many kinds, and what they read may be anybody's
        raise TimestampRefused(f"the token proves nothing: {error}") from error


def _time(response: tsp.TimeStampResponse) -> datetime:
    time = response.tst_info.gen_time
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _sequence(content: bytes) -> bytes:
    """A DER SEQUENCE around its content (X.690 section 8.1.3), so that a token alone can be read as an answer again."""
    length = len(content)
    if length < _SHORT:
        return b"\x30" + bytes([length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return b"\x30" + bytes([_SHORT | len(digits)]) + digits + content
