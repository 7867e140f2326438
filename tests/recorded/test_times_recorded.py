"""The AT Protocol's own list of valid times: each is read, and as the moment that Python reads."""

from __future__ import annotations

from datetime import datetime

from archiver.platforms import times
from tests.fixtures.recorded import recorded

_FOLDER = recorded("bluesky/bluesky-social__atproto/interop-test-files/syntax")


def test_every_valid_time_is_read() -> None:
    """Every datetime that the protocol calls valid is read, whatever its decimals and offset."""
    lines = (_FOLDER / "datetime_syntax_valid.txt").read_text("utf-8").splitlines()
    valid = [line for line in lines if line and not line.startswith("#")]
    unread = {line for line in valid if times.rfc3339(line) is None}
    # Valid by syntax, but before the first year or after the last that Python (and Postgres with time zones) can hold.
    assert {line for line in unread if not line.startswith("0000")} == set()
    assert len(valid) - len(unread) > 20
    for line in set(valid) - unread:
        read = times.rfc3339(line)
        assert read is not None
        assert (
            abs(
                (
                    read
                    - datetime.fromisoformat(line[:19] + line[-6:] if line[-1] not in "Zz" else line[:19] + "+00:00")
                ).total_seconds()
            )
            < 1
        )


def test_times_that_do_not_exist_are_not_read() -> None:
    """Datetimes of the right shape that no calendar has are not read."""
    lines = (_FOLDER / "datetime_parse_invalid.txt").read_text("utf-8").splitlines()
    invalid = [line for line in lines if line and not line.startswith("#")]
    assert invalid
    assert [line for line in invalid if times.rfc3339(line) is not None] == []
