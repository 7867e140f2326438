"""Taking secrets out of whatever is kept: addresses, headers, bodies, sentences. Pure, and the only place that does it.

Two nets: values that stand behind a telling name (`access_token=…`), and the values of the account's own secrets, wherever
they stand and however they are written (percent-encoded, escaped for JSON).
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARK = "[scrubbed]"
OWN = "a secret of ours"
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
    rf"""(?<![\w-])({"|".join(sorted(map(re.escape, SECRET_PARAMETERS), key=len, reverse=True))})=[^&\s"'<>#;]+""",
    re.IGNORECASE,
)
_PARAMETER_IN_QUERY = re.compile(
    rf"""(?P<before>^|[&;])(?P<name>{"|".join(sorted(map(re.escape, SECRET_PARAMETERS), key=len, reverse=True))})=[^&;]*""",
    re.IGNORECASE,
)
_USER_IN_TEXT = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#\s@\"'<>]+@")


@functools.lru_cache(maxsize=64)
def _writings(secret: str) -> tuple[str, ...]:
    """The ways a secret may be written, longest first: plain, percent-encoded, escaped for JSON."""
    if len(secret) < _SHORTEST_SECRET:
        return ()
    escaped = json.dumps(secret)[1:-1]
    ways = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escaped, escaped.replace("/", "\\/")}
    return tuple(sorted(ways, key=len, reverse=True))


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        for way in _writings(secret):
            text = text.replace(way, MARK)
    return text


def scrub_text(text: str, secrets: Sequence[str] = ()) -> str:
    """A sentence (an error of some library, say) with the values of secret parameters, log-ins in addresses and our own
    secrets taken out.
    """
    text = _USER_IN_TEXT.sub(rf"\g<scheme>{MARK}@", _without(text, secrets))
    return _PARAMETER_IN_TEXT.sub(rf"\1={MARK}", text)


def scrub_url(url: str, secrets: Sequence[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The address with the values of secret parameters, any user:password and our own secrets taken out, and what was
    taken, by name. An address without secrets comes back as it was, letter for letter.
    """
    taken: list[str] = []

    def replace(found: re.Match[str]) -> str:
        taken.append(found["name"])
        return f"{found['before']}{found['name']}={MARK}"

    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all, yet a header of a stranger may hold it
        clean = scrub_text(url, secrets)
        return clean, ("a secret in what is no address",) if clean != url else ()
    netloc = parts.netloc
    if "@" in netloc:
        netloc = f"{MARK}@{netloc.rpartition('@')[2]}"
        taken.append("user")
    query, fragment = (_PARAMETER_IN_QUERY.sub(replace, part) for part in (parts.query, parts.fragment))
    clean = urlunsplit((parts.scheme, netloc, parts.path, query, fragment)) if taken else url
    spared = _without(clean, secrets)
    if spared != clean:
        taken.append(OWN)
    return spared, tuple(taken)


def scrub_headers(
    headers: Iterable[tuple[str, str]], secrets: Sequence[str] = ()
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The headers with secret values taken out (of addresses in them too), and what was taken, by name."""
    kept: list[tuple[str, str]] = []
    taken: list[str] = []
    for name, value in headers:
        clean = MARK if name.lower() in SECRET_HEADERS else scrub_text(value, secrets)
        if clean != value:
            taken.append(name)
        kept.append((name, clean))
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
        for way in _writings(secret):
            raw = way.encode("utf-8", "surrogatepass")
            if raw in clean:
                clean = clean.replace(raw, MARK.encode())
                taken.append(OWN)
    return clean, tuple(dict.fromkeys(taken))
