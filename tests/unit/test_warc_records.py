"""WARC files in any state: what is whole is read, what is damaged is named by its place, in bounded time and memory."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.downloads.warc_bytes import CHUNK
from archiver.downloads.warc_html import decoded, read_page
from archiver.downloads.warc_payload import Spool, dechunked, http_head, take
from archiver.downloads.warc_records import MOST_DAMAGE, Damage, Record, declared_digest, read_records
from tests.fixtures.warcs import bomb, chunked, http, packed, page, record, response

_RECORDS = [response(f"https://city.example/{n}", page(f"Page {n}", "words " * n)) for n in range(6)]
_FORMS = {"plain": b"".join, "members": packed, "whole": lambda records: gzip.compress(b"".join(records), mtime=0)}


def _read(data: bytes) -> tuple[list[str], list[Damage]]:
    """The addresses of the records that are whole, and the damages."""
    whole, damages = [], []
    for each in read_records(io.BytesIO(data)):
        if isinstance(each, Damage):
            damages.append(each)
            continue
        body = b"".join(each.rest())
        if each.damage is None:
            whole.append(each.uri)
            assert len(body) == each.length
    return whole, damages


@pytest.mark.parametrize("form", sorted(_FORMS))
def test_a_sound_file_is_read_whole(form: str) -> None:
    """Plain, packed record by record, packed as a whole: every record, in order, and no damage."""
    whole, damages = _read(_FORMS[form](_RECORDS))
    assert whole == [f"https://city.example/{n}" for n in range(6)]
    assert damages == []


@pytest.mark.parametrize("form", sorted(_FORMS))
@settings(max_examples=60)
@given(cut=st.integers(1, 3000))
def test_a_file_that_is_cut_keeps_what_comes_before(form: str, cut: int) -> None:
    """Wherever a file ends too early, all records before are read, and the one that is cut is named with its place."""
    data = _FORMS[form](_RECORDS)[:-cut]
    whole, damages = _read(data)
    assert whole == [f"https://city.example/{n}" for n in range(len(whole))]
    if form == "whole":
        assert len(damages) <= 1
        return
    ends = [len(_FORMS[form](_RECORDS[:n])) for n in range(7)]
    slack = len(b"\r\n\r\n") if form == "plain" else 0
    assert len(whole) == max(n for n, end in enumerate(ends) if end - slack <= len(data))
    if len(data) > ends[len(whole)]:
        assert [each.place[0] for each in damages] == [ends[len(whole)]]


@pytest.mark.parametrize("form", ["plain", "members"])
@settings(max_examples=60)
@given(number=st.integers(1, 4), noise=st.binary(min_size=1, max_size=80), at=st.integers(0, 400))
def test_damage_costs_no_more_than_the_records_it_is_in(form: str, number: int, noise: bytes, at: int) -> None:
    """Bytes changed in the midst of one record leave all the others."""
    parts = [_FORMS[form]([each]) for each in _RECORDS]
    part = parts[number]
    at = min(at, len(part) - 5)
    parts[number] = part[:at] + noise[: len(part) - 4 - at] + part[at + len(noise[: len(part) - 4 - at]) :]
    whole, _ = _read(b"".join(parts))
    others = [f"https://city.example/{n}" for n in range(6) if n != number]
    assert [uri for uri in whole if uri in others] == others


@given(st.binary(max_size=400), st.integers(0, 2000), st.integers(0, 50), st.sampled_from(sorted(_FORMS)))
def test_any_bytes_anywhere_are_read_or_named(noise: bytes, at: int, gone: int, form: str) -> None:
    """Whatever a file holds, reading it ends, and gives records and damages with places within it."""
    data = _FORMS[form](_RECORDS)
    data = data[:at] + noise + data[at + gone :]
    for each in read_records(io.BytesIO(data)):
        assert 0 <= each.place[0] <= len(data)
        if isinstance(each, Record):
            each.head()


def test_a_record_that_claims_to_be_longer_does_not_swallow_the_next() -> None:
    """A packed record whose length is a lie is named, and the record in the next member is read."""
    lie = record("response", "https://city.example/lie", http(b"short"), Content_Length="999999")
    whole, damages = _read(packed([_RECORDS[0], lie, *_RECORDS[1:]]))
    assert len(whole) == 6
    assert [("lie" in str(each), "before it should" in str(each)) for each in damages] == [(True, True)]


def test_a_bomb_is_named_and_what_follows_is_read() -> None:
    """A member that unpacks to a thousand times its size is given up early, and the records after it are read."""
    data = packed(_RECORDS[:2]) + bomb(600 << 20) + packed(_RECORDS[2:])
    whole, damages = _read(data)
    assert len(whole) == 6
    assert len(damages) == 1
    assert "as only a bomb does" in str(damages[0])
    assert damages[0].place[0] == len(packed(_RECORDS[:2]))


def test_a_file_that_is_damaged_all_over_is_given_up() -> None:
    """After so many damages the rest is named as unread: a file made of beginnings cannot take time without end."""
    liar = gzip.compress(record("response", "https://city.example/", b"", Content_Length="99999"), mtime=0)
    started = time.monotonic()
    whole, damages = _read(liar * 3000)
    assert time.monotonic() - started < 20
    assert len(damages) == MOST_DAMAGE + 1
    assert "was not read" in str(damages[-1])
    assert whole == []


def test_members_within_members_take_no_time_without_end() -> None:
    """Beginnings that lie within each other, each of which spoils at its end, are given up as well."""
    data = b""
    for _ in range(1000):
        packer = zlib.compressobj(0, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        head = record("response", "https://city.example/", b"", Content_Length="99999999").removesuffix(b"\r\n\r\n")
        data = (packer.compress(head + data[-60_000:]) + packer.flush())[:-8] + b"\0" * 8
    started = time.monotonic()
    whole, damages = _read(data)
    assert time.monotonic() - started < 20
    assert whole == []
    assert 1 <= len(damages) <= MOST_DAMAGE + 1


def test_a_changed_bit_in_what_is_packed_is_found_by_its_checksum() -> None:
    """A record whose member unpacks, but to other bytes than its checksum is of, is named and not read as whole."""
    part = bytearray(packed([_RECORDS[1]]))
    part[-6] ^= 1
    whole, damages = _read(packed(_RECORDS[:1]) + bytes(part) + packed(_RECORDS[2:]))
    assert "https://city.example/1" not in whole
    assert len(whole) == 5
    assert ["incorrect data check" in str(each) for each in damages] == [True]


@pytest.mark.parametrize("head", [b"WARC/1.1\r\nWARC-Type: response\r\nX: ", b"WARC/1.1\r\n", b"A" * 9])
def test_a_head_without_end_is_given_up(head: bytes) -> None:
    """No line and no head is read beyond a megabyte."""

    class Endless(io.RawIOBase):
        """Bytes without end, counted."""

        def __init__(self) -> None:
            self.given = 0
            self._start = head

        def seekable(self) -> bool:
            return True

        def seek(self, at: int, whence: int = 0, /) -> int:
            del whence
            self._start = head if at == 0 else b""
            return at

        def read(self, count: int = -1, /) -> bytes:
            if self.given > 64 << 20:
                return b""
            data, self._start = (self._start + b"a" * CHUNK)[:count], b""
            self.given += len(data)
            return data

    stream = Endless()
    first = next(iter(read_records(stream)))  # type: ignore[arg-type] # all that is asked of a stream
    assert isinstance(first, Damage)
    assert stream.given < 4 << 20


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha-256", "SHA512"])
def test_digests_are_read_however_they_are_written(algorithm: str) -> None:
    """Hexadecimal, base 32 and base 64 give the same digest; what is none of them, or of another length, gives none."""
    value = hashlib.new(algorithm.replace("sha-", "sha"), b"x", usedforsecurity=False).digest()
    ways = (value.hex(), base64.b32encode(value).decode(), base64.b32encode(value).decode().lower().rstrip("="))
    for way in (*ways, base64.b64encode(value).decode(), base64.urlsafe_b64encode(value).decode()):
        found = declared_digest(f"{algorithm}:{way}")
        assert found is not None
        assert found.value == value
    for way in ("", ":", "sha1", "sha1:", f"{algorithm}:{value.hex()[:-2]}", "crc32:00000000", "sha1:\ud83d"):
        assert declared_digest(way) is None


def _payload(block: bytes, **fields: str) -> tuple[bytes, bool | None, list[str]]:
    """The payload of a response with that block, whether its digest fits, and what is said of it."""
    spool = Spool()
    for each in read_records(io.BytesIO(record("response", "https://city.example/", block, **fields))):
        assert isinstance(each, Record)
        raw = each.head()
        assert raw is not None
        payload = take(each, http_head(raw), spool)
        return spool.bytes_of(payload.body), payload.verified, [words for words, _ in payload.notes]
    raise AssertionError


@pytest.mark.parametrize("over", ["sent", "given"])
def test_a_payload_digest_may_be_over_the_chunks_or_without_them(over: str) -> None:
    """The tools differ in what a payload is; either is taken, and anything else is not."""
    body = b"nine to five, but not on Mondays"
    sent = chunked(body)
    block = http(sent, headers={"Transfer-Encoding": "chunked"})
    digest = hashlib.sha1({"sent": sent, "given": body}[over], usedforsecurity=False).hexdigest()
    assert _payload(block, WARC_Payload_Digest=f"sha1:{digest}") == (body, True, [])
    assert _payload(block, WARC_Payload_Digest=f"sha1:{'0' * 40}") == (body, False, [])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate"])
def test_packed_payloads_are_unpacked(coding: str) -> None:
    """Both gzip and the two sorts of deflate are unpacked; what only says that it is packed comes as it is; damage is told."""
    body = page("Hours", "nine to five " * 50)
    raw = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    sent = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
    }[coding]
    headers = {"Content-Encoding": coding.rpartition(" ")[2]}
    assert _payload(http(sent, headers=headers)) == (body, None, [])
    assert _payload(http(body, headers=headers)) == (body, None, [])
    part, _, said = _payload(http(sent[:-12], headers=headers))
    assert body.startswith(part)
    assert said


def test_a_payload_that_unpacks_to_a_bomb_stays_packed() -> None:
    """Megabytes of zeros, packed twice over, are kept as they came, and said to be a bomb."""
    sent = gzip.compress(bytes(64 << 20))
    body, _, said = _payload(http(sent, headers={"Content-Encoding": "gzip"}))
    assert body == sent
    assert ["bomb" in words for words in said] == [True]


@given(st.binary(max_size=300), st.integers(1, 50), st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_chunks_of_any_size_are_put_together(body: bytes, size: int, steps: list[int]) -> None:
    """Chunks that come in pieces of whatever size give the body."""
    sent = chunked(body, size)
    pieces, at = [], 0
    for step in steps * (len(sent) // sum(steps) + 1):
        pieces.append(sent[at : at + step])
        at += step
    notes: list[tuple[str, bool]] = []
    assert b"".join(dechunked(iter(pieces), notes)) == body
    assert notes == []


@given(st.binary(max_size=300))
def test_what_is_not_in_chunks_comes_as_it_is_or_is_told(body: bytes) -> None:
    """Bytes that only claim to be in chunks are given, or what is wrong is told."""
    notes: list[tuple[str, bool]] = []
    given = b"".join(dechunked(iter([body]), notes))
    assert given == body or notes or body.lstrip(b"\r\n \t")[:1].isalnum()


@pytest.mark.parametrize(
    "charset", ["idna", "zlib_codec", "unicode_escape", "utf-7", "punycode", "no-such", "\x00", "a" * 99]
)
def test_charsets_that_are_none_are_passed_over(charset: str) -> None:
    """A page may name any codec as its charset; only those of text are used."""
    assert decoded("Señora".encode(), f"text/html; charset={charset}") == "Señora"
    assert decoded(f'<meta charset="{charset}">Señora'.encode()).endswith("Señora")


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Café".encode("latin-1"), "text/html; charset=ISO-8859-1", "Café"),
        ("Café".encode(), "text/html", "Café"),
        ("Café".encode("cp1252"), "text/html", "Café"),
        ('<meta charset="shift_jis">市'.encode("shift_jis"), "text/html", '<meta charset="shift_jis">市'),
        ("Café".encode("utf-16"), "text/html; charset=utf-8", "Café"),
        (b"\xef\xbb\xbfCaf\xc3\xa9", "text/html; charset=latin-1", "Café"),
    ],
)
def test_text_is_read_in_its_charset(body: bytes, content_type: str, text: str) -> None:
    """The byte order mark goes before the header, the header before the page's own word, and that before a guess."""
    assert decoded(body, content_type) == text


@pytest.mark.parametrize(
    "body",
    [
        b"<script>" * 60_000,
        b"<script" * 60_000,
        b"<title>" * 60_000,
        b"<meta " * 60_000,
        b"<meta content=" + b'"' * 400_000,
        b"<div>" * 15_000,
        b"<" * 400_000,
        b"<title>a</title>" + b"&amp" * 100_000,
    ],
)
def test_no_page_takes_long(body: bytes) -> None:
    """Markup made to be slow is read in a few seconds at most."""
    started = time.monotonic()
    read_page(body, "text/html", "https://city.example/")
    assert time.monotonic() - started < 10


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_page_is_read(body: bytes, content_type: str) -> None:
    """Whatever a page's bytes are, it has a text that can be stored."""
    said = read_page(b"<html><title>" + body, content_type, "http://[")
    for text in (said.title, said.text, said.description, *said.links):
        assert text is None or text.encode("utf-8") is not None
