"""Ids for items that a platform's download gives without one (Facebook, Instagram).

Such an id is made of what does not change between two downloads of the same account: whose it is, its kind, its second, and
what it says (or the digests of its pictures, where it says nothing). So an import that is done again finds the same items, and
an item that the API shows can be compared with it (`archiver.records.store.matching`).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PREFIX = "download:"
"""How every such id begins; no platform's own does."""
PLATFORMS = frozenset({"facebook", "instagram"})
"""The platforms whose downloads want such ids, and whose APIs show the same items under ids of their own."""
_DIGEST = 32


def made_id(
    account: str, kind: str, moment: datetime, text: str | None, media: Sequence[str] = (), *, within: str = ""
) -> str:
    """The id of an item of the account.

    Args:
        account: The account's stable id on its platform.
        kind: What sort of item it is.
        moment: When it was published, aware; to the second.
        text: What it says, repaired.
        media: The ids of its attachments, which count where it says nothing.
        within: The conversation of a message.
    """
    seconds = int(moment.timestamp())
    said = [account, kind, within, text] if text else [account, kind, within, "", *media]
    digest = hashlib.sha256(json.dumps(said).encode("ascii")).hexdigest()[:_DIGEST]
    return f"{PREFIX}{kind}:{seconds}:{digest}"


def is_made(identity: str) -> bool:
    """Whether an id was made here, and is no platform's own."""
    return identity.startswith(PREFIX)


def order_key(moment: datetime) -> str:
    """Where such an item stands in its download: by its second, so that all of one second are found at once."""
    return f"{max(0, int(moment.timestamp())):020}"
