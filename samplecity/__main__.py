"""`python -m samplecity`: serve the pretend city until interrupted."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

from samplecity.bulk import bulk_city
from samplecity.city import DEFAULT_START, City, recent_start
from samplecity.limits import RateLimit
from samplecity.running import listen, until_stopped
from samplecity.server import CityServer
from samplecity.social.abilities import ABILITIES
from samplecity.social.bulk import bulk_social_city
from samplecity.social.scale import SMALL, SOAK


def parser() -> argparse.ArgumentParser:
    """Give the command line's grammar."""
    made = argparse.ArgumentParser(prog="python -m samplecity", description="Serve the pretend city on 127.0.0.1.")
    made.add_argument("--port", type=int, default=8900, help="0 takes a free one (default 8900)")
    made.add_argument("--night", type=int, default=1, help="where the city's clock starts (default 1)")
    made.add_argument("--seed", type=int, default=7)
    made.add_argument("--nights", type=int, default=5)
    made.add_argument("--scale", type=int, default=1, help="multiplies the ordinary posts of a day")
    made.add_argument("--start", type=date.fromisoformat, default=DEFAULT_START, help="date of day 1 (city time)")
    made.add_argument("--recent", action="store_true", help="let the last night's day be yesterday, whatever --start")
    made.add_argument("--no-faults", action="store_true", help="without the one rate limit of each night")
    made.add_argument("--limit", type=int, default=3000, help="requests per 5 seconds before 429 (default 3000)")
    made.add_argument(
        "--bulk",
        metavar="POSTS:COMMENTS",
        help="serve one big account instead, e.g. 200:100; with --social, of that platform",
    )
    made.add_argument(
        "--social",
        metavar="PLATFORM",
        nargs="*",
        default=(),
        help=f"the further platforms it is on as well: {', '.join(ABILITIES)}, or all",
    )
    made.add_argument("--chat", action="store_true", help="with direct messages on Bluesky, which need app passwords")
    made.add_argument("--soak", action="store_true", help="much of the further platforms; give it 30 --nights")
    made.add_argument("--accounts", type=int, help="of the well-known ones on each of these platforms, so many")
    made.add_argument("--branches", type=int, default=0, help="further accounts on each of these platforms (default 0)")
    made.add_argument("--posts", type=float, help="posts of each of these accounts on a day")
    made.add_argument(
        "--limits",
        metavar="PLATFORM=REQUESTS:SECONDS",
        nargs="*",
        default=(),
        help="what a token of these platforms may ask in a window, in place of --limit",
    )
    made.add_argument("--truth", type=Path, help="write the truth after --night to this file and end")
    made.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    made.add_argument("--announce", action="store_true", help="write one line of JSON with the address, for programs")
    return made


def main(arguments: list[str] | None = None) -> None:
    """Run the command.

    Raises:
        SystemExit: with a sentence, when the port is taken, or the night or a platform does not exist.
    """
    options = parser().parse_args(arguments)
    start = options.start
    if options.recent:
        start = recent_start(options.nights)
    if options.bulk:
        posts, comments = map(int, options.bulk.split(":"))
        if options.social:
            city = bulk_social_city(options.social[0], posts, comments, seed=options.seed)
        else:
            city = bulk_city(posts, comments, seed=options.seed)
    else:
        social = tuple(ABILITIES) if "all" in options.social else tuple(options.social)
        size = replace(SOAK if options.soak else SMALL, branches=options.branches)
        size = size if options.posts is None else replace(size, posts=options.posts)
        size = size if options.accounts is None else replace(size, accounts=options.accounts)
        try:
            city = City.build(options.seed, options.nights, options.scale, start, social, size, chat=options.chat)
        except ValueError as problem:
            sys.exit(f"There is no such city: {problem}")
    if options.truth:
        options.truth.write_text(city.truth_after(options.night).to_json(), encoding="utf-8")
        return
    try:
        sock, origin = listen(options.port)
        server = CityServer(
            city,
            origin,
            options.night,
            faulty=not (options.no_faults or options.bulk),
            limit=RateLimit(limit=options.limit),
            limits=dict(map(_limit, options.limits)),
        )
    except (OSError, ValueError) as problem:
        sys.exit(f"The sample city cannot start on port {options.port}: {problem}")
    if options.bulk:
        server.views.warm()
    if options.with_parent:
        threading.Thread(target=_stop_after_input, daemon=True).start()
    lines = [json.dumps({"url": origin})] if options.announce else _words(city, origin, options.night)
    until_stopped(server, sock, lambda: lines)


def _limit(words: str) -> tuple[str, tuple[int, int]]:
    platform, _, rest = words.partition("=")
    requests, _, seconds = rest.partition(":")
    return platform, (int(requests), int(seconds))


def _stop_after_input() -> None:
    """Stop this process once whoever started it has closed our standard input, by ending for instance."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _words(city: City, origin: str, night: int) -> list[str]:
    social = city.social
    further = f"  {len(social.accounts)} accounts on {len(social.platforms)} further platforms: {origin}/_city/tokens"
    return [
        f"The sample city is at {origin}, night {night} of {city.nights}.",
        f"  {len(city.accounts)} Bluesky accounts, {len(city.feeds)} feeds: {origin}/_city/register",
        *([further] if social.platforms else []),
        f"  move its clock: curl -X POST -d '{{\"night\": 2}}' {origin}/_city/night",
    ]


if __name__ == "__main__":
    main()
