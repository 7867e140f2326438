r"""LinkedIn's "little text": how the words of a post are written in its API, read as people see them. Pure.

Source: learn.microsoft.com/linkedin, shares/little-text-format: `\` before any of `|{}@[]()<>#\*_~` takes its
meaning away, `@[name](urn)` is a mention, `{hashtag|\#|word}` and a plain `#word` are hashtags.
"""

from __future__ import annotations

import dataclasses
import re

_TOKEN = re.compile(
    r"""\\(?P<escaped>[|{}@\[\]()<>#\\*_~])
      | @\[(?P<name>(?:\\.|[^\\\]]){0,300})\]\((?P<urn>urn:li:[^()\s]{1,200})\)
      | \{hashtag\|\\?\#\|(?P<tag>(?:\\.|[^\\{}|]){1,300})\}
      | \#(?P<plain>\w+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What little text says: its words, and the hashtags (without their sign) and mentioned URNs in it, each once."""

    text: str
    tags: tuple[str, ...]
    mentions: tuple[str, ...]


def read_little(little: str) -> Reading:
    """Read little text. What is written wrongly stays as it stands."""
    tags: dict[str, None] = {}
    mentions: dict[str, None] = {}

    def shown(found: re.Match[str]) -> str:
        if found["escaped"] is not None:
            return found["escaped"]
        if found["urn"] is not None:
            mentions[found["urn"]] = None
            return _plain(found["name"])
        tag = _plain(found["tag"]) if found["tag"] is not None else found["plain"]
        tags[tag] = None
        return f"#{tag}" if found["tag"] is not None else found[0]

    text = _TOKEN.sub(shown, little)
    return Reading(text, tuple(tags), tuple(mentions))


def _plain(escaped: str) -> str:
    return _ESCAPE.sub(r"\1", escaped)
