"""`make bench`: run the measures and keep their results as JSON.

`python -m bench [capture] [export] [index] [log] [night] [search] [--posts 100] [--comments 100] [--items 100000 …] [--rounds 3]`
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.local.stack import running
from bench import capture, export, index, log, night, search

SEARCH = "search"
RESULTS = Path(__file__).parent / "results"
MEASURES = {
    "capture": capture.measure,
    "export": export.measure,
    "index": index.measure,
    "log": log.measure,
    "night": night.measure,
}
"""Those of a city that is captured. `search` fills its archives itself."""


def main() -> None:
    """Run what was asked for on embedded servers of its own, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES, SEARCH], help="default: all")
    parser.add_argument("--posts", type=int, default=100)
    parser.add_argument("--comments", type=int, default=100, help="below each post")
    parser.add_argument("--items", type=int, nargs="+", default=[100_000], help="of the archives that are searched")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "posts": options.posts,
        "comments": options.posts * options.comments,
        "rounds": options.rounds,
    }
    with tempfile.TemporaryDirectory(prefix="civic-archive-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        with running(home / "home", say=print) as endpoints:
            for name in options.measures or (*MEASURES, SEARCH):
                found[name] = (
                    search.measure(endpoints, home, options.items, options.rounds)
                    if name == SEARCH
                    else MEASURES[name](endpoints, home, options.posts, options.comments, options.rounds)
                )
                print(json.dumps({name: found[name]["ratios"]}, indent=2))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"kept in {path}")


if __name__ == "__main__":
    main()
