"""What captures take out of whatever is kept: `archiver.scrub`, which importers use as well."""

from __future__ import annotations

from archiver.scrub import (
    MARK,
    OWN,
    SECRET_HEADERS,
    SECRET_PARAMETERS,
    scrub_body,
    scrub_headers,
    scrub_text,
    scrub_url,
)

__all__ = [
    "MARK",
    "OWN",
    "SECRET_HEADERS",
    "SECRET_PARAMETERS",
    "scrub_body",
    "scrub_headers",
    "scrub_text",
    "scrub_url",
]
