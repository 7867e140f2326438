"""The truth about the further platforms, worked out from the log alone, night by night, in the shapes of `samplecity.truth`.

It shares nothing with `world` but the log and `abilities`, so that the two check each other. What to know beyond the head
of `samplecity.truth`:

* `id` is the thing's identity (on X that of its first form, the others are `aliases`), `namespace` is empty, `author` is
  the platform's id of whoever wrote it. `kind`: `post` (also visitors' posts and mentions), `comment`, `repost`, `story`,
  `message`.
* Streams of `sightings`, whose account is the key of the city's account: `posts`, `reels`, `stories`, `visitors`,
  `mentions`, `messages`, `comments` (below the account's posts, reels and visitors' posts, by anybody, itself included),
  `replies` (its own comments where the platform lists them apart; on X and Mastodon they are among the `posts`),
  `references` (shown inside what quotes or reposts it), `answered` (what its own comment on a stranger's post answers, on X
  what any of its comments answers, on Mastodon all that stands above any of them), `known` (was seen before, and is found by
  its own id only). On Mastodon what stands below a comment of the account's own is among the `comments`, whatever is gone above.
  A night on which the token is dead or the account suspended has no sighting, nor have comments while they are switched
  off.
* `visible_nights`: it was there, and its account in order, whether or not our token worked.
* A version's `nights` are those at whose end it stood; `told_nights` those at which the platform's edit history gave it.
  `held` picks what an archive of nightly captures has of an item.
* `created_at` is since when the version stood; the first one's is the item's.
* `state`: `present`; `gone` (see `removed_by`); `expired` (a story); `hidden` (the platform shows it to us and says that
  others do not see it); `account_suspended`, `account_deleted`. A comment on a post whose comments are switched off, and
  one below a comment that is gone (Mastodon), are `present` and no longer listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samplecity.truth import TrueItem, TrueVersion


def held(item: TrueItem) -> list[TrueVersion]:
    """Give the versions of an item that an archive of nightly captures holds, in order.

    Those that stood, or that the edit history told of, in a night in which some account of the city saw the item.
    """
    seen = {night for sighting in item.sightings for night in sighting.nights}
    return [one for one in item.versions if seen.intersection(one.nights) or seen.intersection(one.told_nights)]
