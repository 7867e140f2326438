"""Whether what arrives is the kind of medium that it should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.capture.sniffing import is_picture, stated_otherwise, why_not
from tests.fixtures.clerk import picture

PNG = picture(2, 2)
PAGE = b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><title>Log in</title>"


@pytest.mark.parametrize(
    ("kind", "content_type", "head", "fits"),
    [
        ("image", "image/png", PNG, True),
        ("image", "IMAGE/JPEG; charset=binary", b"\xff\xd8\xff\xe0", True),
        ("image", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", True),
        ("image", None, PNG, True),
        ("image", "binary/octet-stream", b"\x00\x00\x00\x1cftypavif\x00", True),
        ("image", "application/octet-stream", b"RIFF\x00\x00\x00\x00WEBPVP8 ", True),
        ("image", "application/octet-stream", b"PK\x03\x04", False),
        ("image", "text/html", PNG, False),
        ("image", "image/png", PAGE, False),
        ("image", "video/mp4", b"\x00\x00\x00\x18ftypmp42", False),
        ("video", "application/octet-stream", b"\x00\x00\x00\x18ftypmp42", True),
        ("video", "video/mp4", PAGE, False),
        ("video", "application/x-mpegurl", b"#EXTM3U", False),
        ("audio", "application/ogg", b"OggS", True),
        ("file", "text/html", PAGE, True),
        ("file", "text/vtt", b"WEBVTT", True),
    ],
)
def test_a_medium_is_what_it_should_be(kind: str, content_type: str | None, head: bytes, fits: bool) -> None:  # noqa: FBT001
    """By what is stated and by how it begins; captions and documents may be anything."""
    assert (why_not(kind, content_type, head) is None) is fits


@given(st.sampled_from(["image", "video", "audio", "file"]), st.none() | st.text(max_size=30), st.binary(max_size=40))
def test_the_first_bytes_only_narrow(kind: str, content_type: str | None, head: bytes) -> None:
    """What is refused by its stated type alone is refused whatever it begins with."""
    if stated_otherwise(kind, content_type) is not None:
        assert why_not(kind, content_type, head) is not None
    assert isinstance(is_picture(head), bool)
