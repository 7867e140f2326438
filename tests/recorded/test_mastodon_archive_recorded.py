"""Real statuses of a Mastodon 4.5, exported as it exports them: the importer reads of each what the connector reads."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from archiver.downloads import DOWNLOADS
from archiver.evidence.fields import evidence_fields
from archiver.platforms.items import Item, ItemKind, Party
from archiver.platforms.mastodon_items import Answers, answers_something, status_item
from tests.fixtures.importing import tree_of
from tests.fixtures.mastodon_exports import export_of, seconds
from tests.recorded.test_mastodon_recorded import exchanges, statuses_in

_NOT_IN_AN_EXPORT = frozenset({"application", "created", "edited", "references"})
_ARCHIVE = DOWNLOADS["mastodon_archive"]


def _recorded() -> dict[str, dict[str, dict[str, Any]]]:
    """The last recorded form of each status, by the account that wrote it and by its `uri`."""
    found: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for _, _, _, _, body in exchanges():
        try:
            answer = json.loads(body) if body.startswith(("{", "[")) else None
        except ValueError:
            continue
        for status in statuses_in(answer):
            if "uri" in status["account"]:
                found[status["account"]["uri"]][status["uri"]] = status
    return found


def _imported(statuses: list[dict[str, Any]], *, newest: bool) -> tuple[list[Item], int | None]:
    files = export_of(
        statuses[0]["account"],
        statuses,
        lambda local: f"http://localhost:3000/users/somebody/statuses/{local}",
        lambda medium: medium["id"].encode(),
        newest=newest,
    )
    tree = tree_of(files)
    owner = _ARCHIVE.owner(tree)
    read = list(_ARCHIVE.files(tree, owner))
    assert [each for file in read for each in file.skipped if each.lost] == []
    return [item for file in read for item in file.items], _ARCHIVE.expected(tree)


def _said(item: Item) -> dict[str, Any]:
    return {name: value for name, value in evidence_fields(item).items() if name not in _NOT_IN_AN_EXPORT}


def test_real_statuses_say_the_same_in_an_export() -> None:
    """Kinds, words, HTML, warnings, links, tags, mentions, media, polls and visibility are the same in either form of export."""
    kinds: defaultdict[str, int] = defaultdict(int)
    for by_uri in _recorded().values():
        statuses = list(by_uri.values())
        for newest in (True, False):
            items, expected = _imported(statuses, newest=newest)
            own = {item.id: item for item in items if item.kind is not ItemKind.PROFILE}
            assert expected == sum(1 for item in own.values() if item.kind is not ItemKind.MESSAGE)
            assert own.keys() == by_uri.keys()
            for uri, status in by_uri.items():
                shown = status_item(status, "localhost", Answers(known=not answers_something(status)))
                assert _said(own[uri]) == _said(shown), uri
                assert own[uri].created_text == seconds(status["created_at"])
                assert own[uri].namespace == "localhost"
                assert (own[uri].edited_at is None) == (shown.edited_at is None)
                account = status["account"]
                author = Party(
                    account["uri"], account["acct"], account["display_name"] or account["username"], "localhost"
                )
                assert own[uri].author == author
                assert (own[uri].url, own[uri].aliases) == (shown.url, shown.aliases)
                kinds[own[uri].kind.value] += 1
    assert kinds.keys() == {"post", "comment", "message", "repost"}
    assert sum(kinds.values()) > 250
