"""How much there is of the city on the further platforms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A size.

    Attributes:
        accounts: on each platform, at most.
        posts: of an account on a day, on average.
        comments: below a post, on average.
        backlog: days before day 1 that are lived through.
        crowd: comments of the longest thread, one for each platform.
        nested: of these, how many stand below one comment.
        branches: further accounts on each platform, beyond the well-known ones.
    """

    accounts: int
    posts: float
    comments: float
    backlog: int
    crowd: int
    nested: int
    branches: int = 0


SMALL = Scale(accounts=2, posts=0.4, comments=3, backlog=45, crowd=120, nested=30)
SOAK = Scale(accounts=6, posts=1.68, comments=13.8, backlog=45, crowd=250, nested=60)
"""Over all platforms and 30 nights: 40 accounts, 5,000 posts and 60,000 comments that can be read."""
