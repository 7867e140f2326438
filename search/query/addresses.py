"""A pasted address of a post: which record it may be. Pure.

People paste what their browser or telephone shows: another host of the same platform, a link that was shared with marks on it,
a short form. Sources: the platforms' own links as seen in recorded answers; `docs/platforms` names the ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit, urlunsplit

from search.text import link_key

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAME_HOST = {
    "mobile.twitter.com": "x.com",
    "twitter.com": "x.com",
    "mobile.x.com": "x.com",
    "m.facebook.com": "facebook.com",
    "mbasic.facebook.com": "facebook.com",
    "web.facebook.com": "facebook.com",
    "m.youtube.com": "youtube.com",
    "threads.com": "threads.net",
    "m.tiktok.com": "tiktok.com",
}
_OTHER_HOSTS: dict[str, tuple[str, ...]] = {}
for _other, _host in _SAME_HOST.items():
    _OTHER_HOSTS[_host] = (*_OTHER_HOSTS.get(_host, ()), _other)


def link_keys(address: str) -> list[str]:
    """The keys under which an address may be indexed: as pasted, on the platform's other hosts, without what was added when it
    was shared (everything behind `?` and `#`).
    """
    found = [address, *_elsewhere(address)]
    bare = [each.partition("#")[0].partition("?")[0] for each in found]
    keys = [link_key(each) for each in found]
    if _is_post(address):
        keys += [link_key(each) for each in bare]
    return list(dict.fromkeys(keys))


def records_at(address: str) -> list[tuple[str, str]]:
    """The records that an address may be of, each as its platform and its id there."""
    if address.startswith("at://"):
        return [("bluesky", address)]
    parts = _split(address)
    if parts is None:
        return []
    host, path, query = parts
    found: list[tuple[str, str]] = []
    match host:
        case "x.com":
            found += [("x", each[1]) for each in re.finditer(r"/status(?:es)?/(\d+)", path)][:1]
        case "youtube.com" | "youtu.be":
            found += _youtube(host, path, query)
        case "bsky.app":
            if post := re.fullmatch(r"/profile/(did:[^/]+)/post/([^/]+)", path):
                found.append(("bluesky", f"at://{post[1]}/app.bsky.feed.post/{post[2]}"))
        case "facebook.com":
            story, page = query.get("story_fbid"), query.get("id")
            if story and page:
                found.append(("facebook", f"{page}_{story}"))
        case "linkedin.com":
            found += [("linkedin", each[0]) for each in re.finditer(r"urn:li:(?:share|ugcPost|activity):\d+", path)][:1]
        case "tiktok.com":
            found += [("tiktok", each[1]) for each in re.finditer(r"/video/(\d+)", path)][:1]
        case "flickr.com":
            found += [("flickr", each[1]) for each in re.finditer(r"/photos/[^/]+/(\d+)", path)][:1]
    return found


def _youtube(host: str, path: str, query: dict[str, str]) -> Iterator[tuple[str, str]]:
    if comment := query.get("lc"):
        yield ("youtube", comment)
        return
    short = path.strip("/") if host == "youtu.be" else None
    named = re.fullmatch(r"/(?:shorts|live|embed)/([\w-]{11})/?", path)
    video = short or (named[1] if named else query.get("v"))
    if video and re.fullmatch(r"[\w-]{11}", video):
        yield ("youtube", video)


def _is_post(address: str) -> bool:
    """Whether what stands behind `?` in an address of that host says nothing of which post it is."""
    parts = _split(address)
    return parts is not None and parts[0] in {"x.com", "instagram.com", "threads.net", "tiktok.com", "bsky.app"}


def _elsewhere(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.")
        port = parts.port
    except ValueError:
        return
    ours = _SAME_HOST.get(host, host)
    if port is None and ours in _OTHER_HOSTS:
        for each in (ours, *_OTHER_HOSTS[ours]):
            if each != host:
                yield urlunsplit((parts.scheme or "https", each, parts.path, parts.query, ""))


def _split(address: str) -> tuple[str, str, dict[str, str]] | None:
    """Host (the platform's own, without `www.`), path, and the query's first values."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host = (parts.hostname or "").removeprefix("www.")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    return _SAME_HOST.get(host, host), parts.path, query
