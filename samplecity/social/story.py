"""The script of the further platforms: what goes wrong on each, by name, as far as the platform can do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samplecity.social.abilities import ABILITIES
from samplecity.social.accounts import residents

if TYPE_CHECKING:
    from datetime import datetime

    from samplecity.social.ledger import SocialLedger
    from samplecity.social.model import SocialAccount, Thing


def tell(ledger: SocialLedger, account: SocialAccount) -> None:
    """Write the script of a platform's first account."""
    people, can = residents(account.platform), ABILITIES[account.platform]
    post = _say(ledger, account, "Anza Park pool opens Saturday at 9. #ParksLPV", ledger.moment(-3, 10, 5))
    if can.comments:
        first = ledger.comment(people[0], "Thank you! 🏊", ledger.moment(-3, 11), post)
        ledger.comment(account.person, "You are welcome.", ledger.moment(-3, 12), first)
        bad = ledger.comment(people[1], "You are all thieves.", ledger.moment(-3, 13), post)
        ledger.remove(bad, ledger.moment(2, 9), "city")
        ledger.note("deleted_comment", bad)
    gone = _say(ledger, account, "Council will meet in closed session about the landfill.", ledger.moment(-2, 15))
    ledger.remove(gone, ledger.moment(3, 9, 5))
    ledger.note("deleted_post", gone)


def _say(ledger: SocialLedger, account: SocialAccount, text: str, at: datetime, **fields: Any) -> Thing:
    """Publish with what the platform asks of a post: a picture, a title."""
    can = ABILITIES[account.platform]
    if can.media != "any" and "attachments" not in fields:
        fields["attachments"] = ledger.attach(account.platform, at, ("City Hall under a blue sky",))
    if can.titles and "title" not in fields:
        fields["title"] = text.partition(".")[0]
    return ledger.post(account, text, at, **fields)
