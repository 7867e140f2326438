"""Taking secrets out of whatever is kept: addresses, headers, bodies. Pure, and the only place that does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARK = "[scrubbed]"
_SHORTEST_SECRET = 4
"""Anything shorter would blank ordinary words."""
SECRET_PARAMETERS = frozenset(
    {
        "access_token", "refresh_token", "input_token", "token", "appsecret_proof", "client_secret", "key", "api_key",
        "apikey", "password", "secret", "sig", "signature", "fb_exchange_token", "code", "oauth_token", "id_token",
        "x-amz-signature", "x-amz-security-token", "x-amz-credential",
    }
)  # fmt: skip
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-csrf-token", "dpop"}
)
_SECRET_IN_TEXT = re.compile(
    rb"""(?P<name>access_token|refresh_token|client_secret|appsecret_proof|fb_exchange_token|accessJwt|refreshJwt)"""
    rb"""(?P<between>"\s*:\s*"|=|%3D|\\u003[dD])(?P<secret>[^"&\s\\<>]{4,})"""
)


_PARAMETER_IN_TEXT = re.compile(
    rf"""\b({"|".join(sorted(map(re.escape, SECRET_PARAMETERS), key=len, reverse=True))})=[^&\s"'<>]+""", re.IGNORECASE
)


def scrub_text(text: str) -> str:
    """A sentence (an error of some library, say) with the values of secret parameters taken out."""
    return _PARAMETER_IN_TEXT.sub(rf"\1={MARK}", text)


def scrub_url(url: str) -> tuple[str, tuple[str, ...]]:
    """The address with the values of secret parameters and any user:password taken out, and what was taken, by name."""
    parts = urlsplit(url)
    taken: list[str] = []
    netloc = parts.netloc
    if "@" in netloc:
        netloc = f"{MARK}@{netloc.rpartition('@')[2]}"
        taken.append("user")
    query = parts.query
    pairs = parse_qsl(query, keep_blank_values=True)
    if any(name.lower() in SECRET_PARAMETERS for name, _ in pairs):
        taken += [name for name, _ in pairs if name.lower() in SECRET_PARAMETERS]
        query = urlencode([(name, MARK if name.lower() in SECRET_PARAMETERS else value) for name, value in pairs])
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment)), tuple(taken)


def scrub_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The headers with secret values taken out (addresses in them scrubbed too), and what was taken, by name."""
    kept: list[tuple[str, str]] = []
    taken: list[str] = []
    for name, value in headers:
        if name.lower() in SECRET_HEADERS:
            kept.append((name, MARK))
            taken.append(name)
        elif "://" in value:
            clean, within = scrub_url(value)
            kept.append((name, clean))
            taken += within
        else:
            kept.append((name, value))
    return tuple(kept), tuple(taken)


def scrub_body(body: bytes, secrets: Sequence[str] = ()) -> tuple[bytes, tuple[str, ...]]:
    """The body with tokens taken out: those known to us (`secrets`), and those that stand behind a telling name.

    Graph answers carry our own token in `paging.next`; log-in answers carry fresh ones.
    """
    taken: list[str] = []

    def replace(found: re.Match[bytes]) -> bytes:
        taken.append(found["name"].decode())
        return found["name"] + found["between"] + MARK.encode()

    clean = _SECRET_IN_TEXT.sub(replace, body)
    for secret in secrets:
        raw = secret.encode()
        if len(raw) >= _SHORTEST_SECRET and raw in clean:
            clean = clean.replace(raw, MARK.encode())
            taken.append("a secret of ours")
    return clean, tuple(dict.fromkeys(taken))
