"""The process that decodes one picture: run as a program by `archiver.thumbnails.making`, it imports nothing of the archive.

It reads the picture from standard input and writes to standard output one line of JSON and, where there is a small picture, its
bytes. Before it looks at the first byte it gives up what it does not need: memory and processor time beyond a limit, growing any
file, opening any file or socket, starting any process, leaving a memory dump. Whatever then goes wrong in a decoder ends this
process and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import warnings
from typing import IO

from PIL import (
    AvifImagePlugin,
    Image,
    ImageOps,
    MpoImagePlugin,  # noqa: F401 - a JPEG with a second picture in it is one of those
    UnidentifiedImageError,
)

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
"""What browsers show as pictures. Other decoders of Pillow's are never reached."""
MOST_PIXELS = 64_000_000
MOST_MEMORY = 640 << 20
"""Bytes of address space: the largest picture that is taken, decoded and converted once, and the program."""
_OPEN_FILES = 3
_QUALITY = 80
_HIGH_BYTE = 1 / 256
_ORIENTATION = 0x0112
_NO_PICTURE = 3


def small(source: IO[bytes], edge: int) -> tuple[bytes, int, int]:
    """The picture in `source` no larger than `edge` on either side, as WebP, upright, without any metadata; what moves, stands
    still at its first frame; what is transparent stays so. Gives the bytes, width and height.

    Raises `ValueError` with words for whoever reads the record, and whatever a decoder raises.
    """
    try:
        image: Image.Image = Image.open(source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(f"it has more than {MOST_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise ValueError("its bytes are none of a picture that browsers show") from None
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(f"it has more than {MOST_PIXELS:,} pixels")
    if image.mode not in {"RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"}:
        image = _plain(image)
    image.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    image = ImageOps.exif_transpose(image)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    written = io.BytesIO()
    bare.save(written, "WEBP", quality=_QUALITY)
    return written.getvalue(), bare.width, bare.height


def _plain(image: Image.Image) -> Image.Image:
    """Palettes, single bits and deep greys as colours that can be made smaller."""
    exif = image.getexif()
    if image.mode.startswith(("I", "F")):
        plain = image.convert("F").point(lambda value: value * _HIGH_BYTE).convert("L")
    else:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.info["exif"] = exif.tobytes()
    return plain


def warm_up() -> None:
    """Have every module loaded that decoding needs, by pictures of our own: no file can be opened any more once it begins. Sets
    what counts for the whole process.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    dot = Image.new("RGBA", (2, 2))
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    for name in FORMATS:
        written = io.BytesIO()
        (dot.convert("RGB") if name == "JPEG" else dot).save(written, name, exif=exif)
        written.seek(0)
        small(written, 1)


def limit(seconds: int) -> None:
    """Give up what is not needed, for good: neither limit can be raised again without privileges."""
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main(edge: int, seconds: int) -> int:
    """Make one small picture of standard input. Gives the exit status: 0, or 3 where it is no picture (the line says why)."""
    warm_up()
    limit(seconds)
    try:
        data, width, height = small(sys.stdin.buffer, edge)
    except MemoryError:
        return _refused(f"it takes more than {MOST_MEMORY >> 20} MiB of memory to decode")
    except Exception as error:  # noqa: BLE001 - whatever a decoder makes of hostile bytes, in words
        words = str(error) if type(error) is ValueError else f"it cannot be decoded ({type(error).__name__}: {error})"
        return _refused(words)
    sys.stdout.buffer.write(json.dumps({"width": width, "height": height}).encode() + b"\n" + data)
    sys.stdout.buffer.flush()
    return 0


def _refused(words: str) -> int:
    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(json.dumps({"reason": words[:500]}).encode() + b"\n")
        sys.stdout.buffer.flush()
    return _NO_PICTURE


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
