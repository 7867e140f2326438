"""Small pictures: what is made of good ones, and how the answer of the process that makes them is read."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archiver.thumbnails import worker
from archiver.thumbnails.making import EDGE, LIMITS, Unmade, is_webp, read_answer


def written(image: Image.Image, form: str, **options: Any) -> bytes:
    """A picture's bytes."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def small(data: bytes) -> tuple[bytes, Image.Image]:
    """The small picture of these bytes, which there must be, and its pixels. In this process, since the bytes are ours."""
    found, width, height = worker.small(io.BytesIO(data), EDGE)
    assert is_webp(found)
    image = Image.open(io.BytesIO(found))
    assert (image.format, image.size) == ("WEBP", (width, height))
    image.load()
    return found, image


def halves(size: tuple[int, int] = (900, 600)) -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", size, (200, 0, 0))
    image.paste((0, 0, 200), (0, size[1] // 2, *size))
    return image


def near(found: Any, wanted: tuple[int, ...]) -> bool:
    """Whether a colour is one, as far as lossy compression keeps it."""
    return all(abs(a - b) < 24 for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_picture_becomes_small_in_every_form_that_browsers_show(form: str) -> None:
    """Its longer side is 320 pixels, its shape and colours are kept."""
    _, image = small(written(halves(), form))
    assert image.size == (EDGE, 213)
    assert near(image.convert("RGB").getpixel((160, 20)), (200, 0, 0))
    assert near(image.convert("RGB").getpixel((160, 190)), (0, 0, 200))


def test_nothing_is_enlarged() -> None:
    """A picture of one pixel stays one."""
    assert small(written(Image.new("RGB", (1, 1), (0, 200, 0)), "PNG"))[1].size == (1, 1)


def test_a_picture_lies_as_its_camera_says_and_tells_nothing_else() -> None:
    """Turned by its EXIF orientation; place, camera, comment and colour profile are gone."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its right side
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    for form in ("JPEG", "PNG", "WEBP"):
        data = written(halves(), form, exif=exif.tobytes(), icc_profile=b"profile of somebody", comment="who was there")
        found, image = small(data)
        assert image.size == (213, EDGE), form
        assert near(image.convert("RGB").getpixel((190, 160)), (200, 0, 0)), form
        for chunk in (b"EXIF", b"Exif", b"XMP ", b"ICCP", b"Secret", b"somebody", b"who was"):
            assert chunk not in found, (form, chunk)


def test_a_palette_with_orientation_is_turned_as_well() -> None:
    """Pictures that are converted before they are made smaller keep their orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6
    _, image = small(written(halves().convert("P"), "PNG", exif=exif))
    assert image.size == (213, EDGE)


def test_what_moves_stands_still_at_its_first_frame() -> None:
    """An animated GIF or WebP."""
    frames = [Image.new("RGB", (400, 400), colour) for colour in ((200, 0, 0), (0, 0, 200), (0, 200, 0))]
    for form in ("GIF", "WEBP"):
        data = written(frames[0], form, save_all=True, append_images=frames[1:])
        _, image = small(data)
        assert getattr(image, "n_frames", 1) == 1
        assert near(image.convert("RGB").getpixel((100, 100)), (200, 0, 0))


def test_what_is_transparent_stays_so() -> None:
    """Whether by an alpha channel, a palette or a colour that means none."""
    clear = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (0, 0, 200, 400))
    indexed = Image.new("P", (400, 400), 0)
    indexed.putpalette([0, 0, 0, 200, 0, 0])
    indexed.paste(1, (0, 0, 200, 400))
    for data in (
        written(clear, "PNG"),
        written(clear, "WEBP", lossless=True),
        written(indexed, "GIF", transparency=0),
        written(indexed, "PNG", transparency=0),
    ):
        _, image = small(data)
        assert image.mode == "RGBA"
        assert image.getpixel((300, 100))[3] == 0  # type: ignore[index] # four bands
        assert near(image.getpixel((60, 100)), (200, 0, 0, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA"])
def test_every_kind_of_pixels_is_read(mode: str) -> None:
    """A middle grey stays one, from a single bit to sixteen."""
    value: Any = {"1": 1, "I;16": 0x8080, "LA": (128, 255), "RGB": (128,) * 3, "RGBA": (128, 128, 128, 255)}.get(
        mode, 128
    )
    image = Image.new(mode, (500, 500), value)
    if mode == "P":
        image.putpalette([part for index in range(256) for part in (index, index, index)])
    _, shown = small(written(image, "PNG"))
    assert near(shown.convert("RGB").getpixel((9, 9)), (255,) * 3 if mode == "1" else (128,) * 3)


def test_print_colours_are_read() -> None:
    """A CMYK JPEG."""
    _, image = small(written(halves().convert("CMYK"), "JPEG"))
    assert image.mode == "RGB"


def test_nothing_of_a_polyglot_is_left_but_pixels() -> None:
    """A GIF that is JavaScript, a JPEG with an archive behind it, a PNG with a page in a comment."""
    script = b"*/=0;alert(document.cookie)//<script>alert(1)</script>PK\x03\x04"
    for data in (
        written(halves(), "GIF", comment=script),
        written(halves(), "JPEG", comment=script) + script,
        written(halves(), "PNG") + script,
        b"\xff\xd8\xff\xfe" + (len(script) + 2).to_bytes(2, "big") + script + written(halves(), "JPEG")[2:],
    ):
        assert script in data
        found, _ = small(data)
        assert b"alert" not in found
        assert b"PK\x03\x04" not in found


@given(st.integers(-64, 255), st.binary(max_size=80))
def test_any_answer_is_read(status: int, answer: bytes) -> None:
    """Whatever a process may end with and say."""
    found = read_answer(status, answer, LIMITS)
    assert isinstance(found, Unmade) or is_webp(found.data)
