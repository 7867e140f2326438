"""Budgets shared between parallel tasks through Postgres, so that two workers never overspend one token.

A task draws before it asks. Where a budget is used up, it is told when to draw again. Of one that is an even pace it takes a turn
and waits for it: however many tasks wait, there is a request at each turn, and none wakes in vain.

From a large budget a task draws a little ahead (at most a hundredth), so that not every request costs a statement; what it did
not use it gives back when it ends. What it drew and never gave back (it was killed) is lost until the window ends: the budget
errs on the safe side.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Engine

    from archiver.platforms.contract import Platform
    from archiver.platforms.manners import Budget, Draw
    from archiver.platforms.pages import AccountRef, Exchange

_LARGE, _AHEAD = 1000, 100
"""From a budget of so many units and more, a hundredth is drawn at once."""
_SHORTEST = 0.05
"""Seconds: where a budget opens at once (somebody gave units back), it is asked again so soon."""
_FARTHEST = timedelta(minutes=1)
"""No turn is taken that is farther off: who takes one and is killed leaves it empty."""
_APART = 1.03
"""Turns are so many times their window apart: who wakes a little late is still a window away from the next."""

_DRAW = sa.text("""
    insert into allowances as a (key, units, used, window_ends, updated_at)
    select :key, :units, :take, :ends, :now where :take <= :units
    on conflict (key) do update set
        units = excluded.units,
        used = case when a.window_ends <= :now then excluded.used else a.used + excluded.used end,
        window_ends = case when a.window_ends <= :now then excluded.window_ends else a.window_ends end,
        held_until = case when a.held_until <= :now then null else a.held_until end,
        updated_at = :now
    where (a.held_until is null or a.held_until <= :now)
      and (a.window_ends <= :now or a.used + :take <= :units)
    returning window_ends
""")

_TURN = sa.text("""
    insert into allowances as a (key, units, used, window_ends, updated_at)
    values (:key, 1, 1, :now + :every, :now)
    on conflict (key) do update set
        window_ends = greatest(a.window_ends, a.held_until, :now) + :every,
        held_until = case when a.held_until <= :now then null else a.held_until end,
        updated_at = :now
    where greatest(a.window_ends, a.held_until, :now) <= :farthest
    returning window_ends - :every as at
""")

_OPENS = sa.text("""
    select greatest(coalesce(held_until, :now), case when used + :take > :units then window_ends else :now end)
    from allowances where key = :key
""")

_SETTLE = sa.text("""
    update allowances set used = greatest(0, used + :units), updated_at = :now where key = :key and window_ends > :now
""")

_LEARN = sa.text("""
    insert into allowances as a (key, units, used, window_ends, held_until, updated_at)
    values (:key, :units, :used, :ends, :held, :now)
    on conflict (key) do update set
        units = excluded.units,
        used = case when a.window_ends <= :now then excluded.used else greatest(a.used, excluded.used) end,
        window_ends = case when :told then excluded.window_ends
                           when a.window_ends <= :now then excluded.window_ends else a.window_ends end,
        held_until = coalesce(excluded.held_until, case when a.held_until <= :now then null else a.held_until end),
        updated_at = :now
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    """What a draw came to. Where it was `taken`, how many seconds to wait before the request is made; else how many until
    drawing again may help, with nothing taken.
    """

    seconds: float = 0.0
    taken: bool = True


class Limiter(Protocol):
    """Draws from budgets before a request, and learns from its answer."""

    words: str
    """Which budget was found used up, for the reader."""

    def draw(self, method: str, url: str, now: datetime) -> Turn:
        """Take what the request costs."""
        ...

    def learn(self, exchange: Exchange, now: datetime) -> None:
        """What the answer tells: what it really cost, how much is left."""
        ...


@dataclasses.dataclass(slots=True)
class _Held:
    """What was drawn ahead of one budget and is not used yet, within the window that ends then."""

    units: int
    ends: datetime


class SharedLimiter:
    """The limiter of one task that captures one account.

    Args:
        engine: The archive's database.
        platform: Whose budgets.
        account: Whose settings; looked up at each request, since a token may be renewed under way.
        token: What the account's token was before any renewal: those who share it share its budgets. Empty where it has none.
    """

    def __init__(self, engine: Engine, platform: Platform, account: Callable[[], AccountRef], token: str) -> None:
        self._engine, self._platform, self._account = engine, platform, account
        self._token = hashlib.sha256(f"civic-archive budget\0{token}".encode()).hexdigest()[:24] if token else "none"
        self._ahead: dict[str, _Held] = {}
        self._drawn: Sequence[Draw] = ()
        self.words = ""

    def draw(self, method: str, url: str, now: datetime) -> Turn:
        """See `Limiter.draw`. Where one of several budgets is used up, what was drawn from the others is given back.

        A paced one is drawn from last: a turn cannot be given back.
        """
        draws = sorted(self._platform.draws(self._account(), method, url), key=lambda each: each.budget.paced)
        taken: list[Draw] = []
        turn = Turn()
        for draw in draws:
            turn = self._turn(draw.budget, now) if draw.budget.paced else self._take(draw, now)
            if not turn.taken:
                for each in taken:
                    self._give(each.budget, each.units, now)
                name = f"the budget {draw.budget.name}"
                what = f"the {draw.budget.units} units of {name} are used up" if draw.units else f"{name} is used up"
                self.words = f"{what}, or the platform asked to wait"
                return turn
            taken.append(draw)
        self._drawn = [each for each in taken if not each.budget.paced]
        return turn

    def _turn(self, budget: Budget, now: datetime) -> Turn:
        """The next turn in the line of a paced budget."""
        every = (budget.ends(now) - now) * _APART
        values = {"key": self._key(budget), "every": every, "now": now, "farthest": now + _FARTHEST}
        with self._engine.begin() as connection:
            at = connection.execute(_TURN, values).scalar_one_or_none()
        return Turn(_FARTHEST.total_seconds(), taken=False) if at is None else Turn((at - now).total_seconds())

    def _take(self, draw: Draw, now: datetime) -> Turn:
        budget, key = draw.budget, self._key(draw.budget)
        ahead = self._ahead.get(key)
        if ahead is not None and ahead.ends <= now:
            del self._ahead[key]
            ahead = None
        if ahead is not None and draw.units and ahead.units >= draw.units:
            ahead.units -= draw.units
            return Turn()
        block = max(draw.units, budget.units // _AHEAD) if draw.units and budget.units >= _LARGE else draw.units
        for take in dict.fromkeys((block, draw.units)):
            values = {"key": key, "units": budget.units, "take": take, "ends": budget.ends(now), "now": now}
            with self._engine.begin() as connection:
                row = connection.execute(_DRAW, values).one_or_none()
            if row is not None:
                if take > draw.units:
                    kept = ahead.units if ahead else 0
                    self._ahead[key] = _Held(kept + take - draw.units, row.window_ends)
                return Turn()
        with self._engine.connect() as connection:
            opens = connection.scalar(_OPENS, {"key": key, "units": budget.units, "take": draw.units, "now": now})
        return Turn(max(_SHORTEST, ((opens or budget.ends(now)) - now).total_seconds()), taken=False)

    def learn(self, exchange: Exchange, now: datetime) -> None:
        """See `Limiter.learn`."""
        for usage in self._platform.usage(self._account(), exchange):
            budget = usage.budget
            if usage.spent is not None:
                drawn = sum(draw.units for draw in self._drawn if draw.budget.name == budget.name)
                self._give(budget, drawn - usage.spent, now)
            if usage.remaining is None:
                continue
            self._ahead.pop(self._key(budget), None)  # the platform counts better than we do
            with self._engine.begin() as connection:
                connection.execute(
                    _LEARN,
                    {
                        "key": self._key(budget),
                        "units": budget.units,
                        "used": max(0, budget.units - usage.remaining),
                        "ends": usage.resets_at or budget.ends(now),
                        "told": usage.resets_at is not None,
                        "held": (usage.resets_at or budget.ends(now)) if usage.remaining <= 0 else None,
                        "now": now,
                    },
                )
        self._drawn = ()

    def _give(self, budget: Budget, units: int, now: datetime) -> None:
        """Give back what was drawn and not used (or, below 0, take what was used beyond it)."""
        if units:
            with self._engine.begin() as connection:
                connection.execute(_SETTLE, {"key": self._key(budget), "units": -units, "now": now})

    def close(self, now: datetime) -> None:
        """Give back what was drawn ahead."""
        for key, held in self._ahead.items():
            if held.units and held.ends > now:
                with self._engine.begin() as connection:
                    connection.execute(_SETTLE, {"key": key, "units": -held.units, "now": now})
        self._ahead.clear()

    def _key(self, budget: Budget) -> str:
        account = self._account()
        match budget.shared_by:
            case "everyone":
                who = "everyone"
            case "account":
                who = f"account {account.id}"
            case _:
                who = f"token {self._token}"
        return f"{account.platform} {budget.name} {who}"
