"""Asking an RFC 3161 authority over HTTP (section 3.4), through the same guard that everything else is fetched through.

What is sent is a digest and a random number, and what comes back is signed, so that plain http, which most authorities speak,
gives nothing away and lets nobody lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
import urllib3

from archiver.capture import guard
from archiver.capture.errors import Refused
from archiver.evidence import timestamps
from archiver.evidence.timestamps import TimestampRefused

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from archiver.evidence.roots import Stamp
    from archiver.settings import Settings

_LARGEST = 64 * 1024
_CHUNK = 8 * 1024
_OK = 200


def stamp(settings: Settings, data: bytes) -> Stamp | None:
    """A timestamp over the data from the authority of the settings, checked; None where none is set.

    Raises `TimestampRefused`.
    """
    if settings.timestamp_url is None:
        return None
    trusted = trusted_by(settings)
    asked = timestamps.question(data)
    try:
        answer = _post(settings, settings.timestamp_url, asked.as_bytes())
    except Refused as error:
        raise TimestampRefused(str(error)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, guard.PrivateAddress) as error:
        raise TimestampRefused(f"{settings.timestamp_url} did not answer ({_words(error)})") from error
    return timestamps.accepted(answer, asked, data, settings.timestamp_url, trusted)


def trusted_by(settings: Settings) -> list[Certificate]:
    """The certificates that an authority's timestamps must lead to. Raises `TimestampRefused`."""
    path = settings.timestamp_ca
    if path is None:
        raise TimestampRefused(
            "CIVIC_ARCHIVE_TIMESTAMP_URL is set and CIVIC_ARCHIVE_TIMESTAMP_CA is not: name the file of the authority's "
            "certificates, which the authority publishes"
        )
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise TimestampRefused(f"{path} (CIVIC_ARCHIVE_TIMESTAMP_CA) cannot be read ({error.strerror})") from error
    return timestamps.certificates(pem, str(path))


def _post(settings: Settings, url: str, query: bytes) -> bytes:
    guard.check_url(url)
    with requests.Session() as session:
        session.trust_env = False
        adapter = guard.GuardedAdapter(settings.allowed_origins)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        headers = {
            "Content-Type": timestamps.QUERY_TYPE,
            "User-Agent": settings.user_agent,
            "Accept-Encoding": "identity",
        }
        with session.post(
            url, data=query, headers=headers, timeout=settings.request_timeout, stream=True, allow_redirects=False
        ) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if response.status_code != _OK or kind != timestamps.REPLY_TYPE:
                raise TimestampRefused(
                    f"{url} answered {response.status_code} with {kind or 'nothing'}, not with a timestamp"
                )
            answer = b""
            for chunk in response.iter_content(_CHUNK):
                answer += chunk
                if len(answer) > _LARGEST:
                    raise TimestampRefused(f"{url} answered with more than {_LARGEST} bytes")
    return answer


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
