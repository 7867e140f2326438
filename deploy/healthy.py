"""A container's health check: the address answers, and no part of what it says of itself is unhealthy."""

from __future__ import annotations

import json
import sys
import urllib.request

OWN_PARTS = ("metadatabase", "scheduler")


def main(url: str) -> None:
    """End with an error where it is not well."""
    with urllib.request.urlopen(url, timeout=8) as answer:  # noqa: S310 - our own address, from the Compose file
        body = answer.read()
    try:
        health = json.loads(body)
    except ValueError:
        return
    # The API server tells of every daemon; it is not restarted because another one is away.
    parts = ("metadatabase",) if "/api/" in url else OWN_PARTS
    ill = [part for part in parts if isinstance(health, dict) and health.get(part, {}).get("status") == "unhealthy"]
    if ill:
        sys.exit(f"unhealthy: {', '.join(ill)}")


if __name__ == "__main__":
    main(sys.argv[1])
