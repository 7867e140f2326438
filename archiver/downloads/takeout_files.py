"""Which files of a YouTube Takeout are which, and which of those that it lists are not there.

A video's file is named after its title: some characters are left out or replaced, a long one is cut at about 43 characters, a
second of the same name has a number behind it. So only a name that fits one video alone tells which video it is.

Sources: platforms.md, section 10; simulot/immich-go (its reader of YouTube Takeouts) for names; public readers of
`archive_browser.html`, the page on which Takeout lists every file of all parts.
"""

from __future__ import annotations

import bisect
import html
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VIDEO = re.compile(r"\.(?:3gp|avi|flv|m4v|mkv|mov|mp4|mpe?g|mts|webm|wmv)$", re.IGNORECASE)
_NUMBER = re.compile(r"\(\d{1,4}\)$")
_CUT = 40
"""A name of so many UTF-16 units may have been cut."""
_MOST_FITTING = 50
_SERVICE = re.compile(r'<div id="service-details-([^"]{1,100})"')
_LISTED = re.compile(r'class="extracted-(folder|file)-name">([^<]{0,2000})<')
_OURS = "YOUTUBE"


def bare(title: str) -> str:
    """A title, or a file's name, without all that Takeout changes in making the one of the other."""
    folded = unicodedata.normalize("NFC", title).casefold()
    return "".join(character for character in folded if character.isalnum())


def pair(titles: Mapping[str, str], paths: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Which video has which file, and which files fit none or several. Pure.

    Args:
        titles: The `bare` title of each video, by its id.
        paths: The video files.
    """
    by_title: defaultdict[str, list[str]] = defaultdict(list)
    for video, title in titles.items():
        if title:
            by_title[title].append(video)
    ordered = sorted(by_title)
    fitting: dict[str, list[str]] = {}
    claimed: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        stem = _NUMBER.sub("", VIDEO.sub("", path.rpartition("/")[2]))
        fitting[path] = _fits(stem, by_title, ordered)
        for video in fitting[path]:
            claimed[video].append(path)
    certain = {videos[0]: path for path, videos in fitting.items() if len(videos) == 1 and len(claimed[videos[0]]) == 1}
    return certain, sorted(fitting.keys() - certain.values())


def _fits(stem: str, by_title: Mapping[str, list[str]], ordered: list[str]) -> list[str]:
    wanted = bare(stem)
    if not wanted:
        return []
    found = list(by_title.get(wanted, ()))
    if len(stem.encode("utf-16-le", "surrogatepass")) // 2 >= _CUT:
        at = bisect.bisect_right(ordered, wanted)
        while at < len(ordered) and ordered[at].startswith(wanted) and len(found) < _MOST_FITTING:
            found += by_title[ordered[at]]
            at += 1
    return found


def listed(page: str) -> Iterator[tuple[str, str]]:
    """The files of YouTube's that `archive_browser.html` lists: the folder, and the name in it. Pure.

    The page holds the address of the account, too; nothing else of it is read.
    """
    parts = _SERVICE.split(page)
    sections = [body for name, body in zip(parts[1::2], parts[2::2], strict=True) if name.upper().startswith(_OURS)]
    for section in sections if len(parts) > 1 else [page]:
        folder = ""
        for match in _LISTED.finditer(section):
            name = html.unescape(match[2]).strip().strip("/")
            if match[1] == "folder":
                folder = name
            elif name:
                yield folder, name


def missing(page: str, paths: Iterable[str]) -> list[str]:
    """The files that the page lists and of whose name there is none, wherever the download begins. Pure."""
    held = {_name(path) for path in paths}
    lacking = [f"{folder}/{name}".strip("/") for folder, name in listed(page) if _name(name) not in held]
    return list(dict.fromkeys(lacking))


def _name(path: str) -> str:
    """The last part of a path, as far as programs that unpack archives leave it alone."""
    return unicodedata.normalize("NFC", path).replace("\xa0", " ").rpartition("/")[2]
