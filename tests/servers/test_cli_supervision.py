"""`coverage`, `gaps`, `moderation` and `accounts pause`, as a person or a program calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.test_cli import city_url, environment, read, run

if TYPE_CHECKING:
    from tests.servers.test_cli import Run

__all__ = ["city_url", "environment", "run"]  # the fixtures of the command line

NAME = "rss:parks-news"


@pytest.fixture(scope="module", autouse=True)
def exported(run: Run, city_url: str) -> None:
    """One feed, captured by night."""
    run("accounts", "add", NAME, "--department", "Parks", "--set", f"url={city_url}/feeds/parks-news")
    run("export", NAME, "--mode", "nightly")


def test_coverage_is_read_as_json_and_as_a_table(run: Run) -> None:
    """Nothing is on record before a scheduled night; an account without comments has no posts to tell of."""
    assert read(run("coverage", "--json")) == []
    assert "Nothing is on record yet" in run("coverage", NAME)
    assert read(run("coverage", NAME, "--posts", "--json")) == []
    assert "wants an account" in run("coverage", "--posts", code=1)
    assert "is no date" in run("coverage", "--since", "2026-02-30", code=2)


def test_a_pause_with_its_reason_is_a_gap_until_it_is_over(run: Run) -> None:
    """Pausing opens the gap, the first capture after resuming closes it; an account that is paused is not paused again."""
    assert read(run("gaps", "--open", "--json"))["gaps"] == []
    run("accounts", "pause", NAME, "--reason", "the feed moves")
    assert "paused already" in run("accounts", "pause", NAME, "--reason", "again", code=1)
    (gap, *_) = read(run("gaps", NAME, "--open", "--json"))["gaps"]
    assert (gap["account"], gap["cause"], gap["reason"]) == (NAME, "paused", "the feed moves")
    assert "the feed moves" in run("gaps")
    run("accounts", "resume", NAME, "--reason", "moved")
    run("export", NAME)
    assert read(run("gaps", NAME, "--open", "--json"))["gaps"] == []
    assert read(run("gaps", NAME, "--json"))["gaps"]
    run("accounts", "close", NAME, "--reason", "given up")
    assert read(run("accounts", "list", "--json"))[0]["status"] == "closed"


def test_a_reason_is_put_on_record_from_a_terminal(run: Run) -> None:
    """By the record's public id; mistakes are sentences."""
    run("index")
    hit = read(run("search", "--json"))["hits"][0]["id"]
    done = run(
        "moderation", "add", hit, "--action", "hidden", "--reason", "Spam", "--clause", "4", "--by", "J. Alvarez"
    )
    assert "on record" in done
    (row,) = read(run("moderation", "list", "--account", NAME, "--json"))
    assert (row["item"], row["action"], row["reason"], row["by_whom"], row["source"]) == (
        hit, "hidden", "Spam", "J. Alvarez", "clerk",
    )  # fmt: skip
    assert read(run("moderation", "list", "--action", "deleted", "--json")) == []
    assert "Spam" in run("moderation", "list")
    assert "Choose what was done" in run("moderation", "add", hit, "--action", "burned", "--reason", "x", code=1)
    nobody = "01900000-0000-7000-8000-000000000000"
    assert "holds no record" in run("moderation", "add", nobody, "--action", "hidden", "--reason", "x", code=1)
