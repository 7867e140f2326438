"""Mastodon's statuses and accounts as items. Pure: JSON in, items out.

Sources: mastodon/documentation, content/en/entities (Status, StatusEdit, Account, MediaAttachment, Quote, Poll). A status is
known by its `uri`, which every instance shares; its `id` is that of one instance only and becomes an alias.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from archiver.platforms import times
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.text import read_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


DIRECT = "direct"
REFERENCES = frozenset({"references"})
_COUNTS = {
    "replies_count": "replies",
    "reblogs_count": "reposts",
    "favourites_count": "likes",
    "quotes_count": "quotes",
}
_ACCOUNT_COUNTS = {"followers_count": "followers", "following_count": "following", "statuses_count": "posts"}
_MEDIA_KINDS = {"image": "image", "gifv": "video", "video": "video", "audio": "audio"}
_TAG_PAGE = re.compile(r"/tags/[^/?#]+$")
_DEEPEST = 4
_NO_PICTURE = "/missing.png"
"""How an instance names the picture of an account that has none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """What a status answers, as far as the conversation around it shows: identities (`uri`), not an instance's ids.

    `known` is False where the instance does not tell what was answered (any more): a deleted parent takes `in_reply_to_id` with
    it. The root is never told; it is the topmost status that is there.
    """

    parent: str | None = None
    root: str | None = None
    known: bool = True


NOTHING = Answers()


def order_key(local_id: str) -> str:
    """Ids of statuses and notifications grow, and are texts: so they sort as bytes (api/guidelines, IDs)."""
    return f"{len(local_id):03d}{local_id}"


def answers_something(status: Mapping[str, Any]) -> bool:
    """Whether a status is a reply, also where what it answered is gone: then only whose it was is still told."""
    return status.get("in_reply_to_id") is not None or status.get("in_reply_to_account_id") is not None


def status_item(status: Mapping[str, Any], namespace: str, answers: Answers = NOTHING, **around: Any) -> Item:
    """A status: a post, a comment where it answers another, a message where it is direct, or a repost (boost).

    Args:
        status: The entity.
        namespace: The instance it was read from.
        answers: What it answers, for one that does.
        around: Fields of `Item` that the status itself does not have (its place, its exchange).

    Raises `KeyError`, `TypeError` for what is no status.
    """
    identity, local_id = id_of(status, "uri"), id_of(status)
    boosted = status.get("reblog")
    author = party(status["account"], namespace)
    created = text_of(status, "created_at")
    common: dict[str, Any] = {
        "id": identity,
        "source": Source.API,
        "namespace": namespace,
        "author": author,
        "created_text": created,
        "created_at": times.rfc3339(created) if created else None,
        "aliases": (local_id,),
        "counts": _counted(status, _COUNTS),
        **around,
    }
    if isinstance(boosted, dict):
        target = Reference(ReferenceKind.REPOST_OF, id_of(boosted, "uri"))
        evidence = {"visibility": text_of(status, "visibility")}
        return Item(kind=ItemKind.REPOST, references=(target,), evidence=evidence, **common)
    edited = text_of(status, "edited_at")
    return Item(
        kind=_kind(status),
        edited_text=edited,
        edited_at=times.rfc3339(edited) if edited else None,
        url=text_of(status, "url"),
        references=(*_pointers(answers), *_quoted(status)),
        not_requested=_untold(status, answers),
        languages=tuple(filter(None, [text_of(status, "language")])),
        tags=tuple(str(tag["name"]) for tag in status.get("tags") or ()),
        mentions=tuple(str(mention["acct"]) for mention in status.get("mentions") or ()),
        evidence=_evidence(status),
        **_said(status, status.get("mentions") or (), status.get("tags") or ()),
        **common,
    )


def _untold(status: Mapping[str, Any], answers: Answers) -> frozenset[str]:
    if not answers.known or not _quote_is_told(status.get("quote")):
        return REFERENCES
    return frozenset({"root"}) if answers_something(status) else frozenset()


def _kind(status: Mapping[str, Any]) -> ItemKind:
    if status.get("visibility") == DIRECT:
        return ItemKind.MESSAGE
    return ItemKind.COMMENT if answers_something(status) else ItemKind.POST


def inside(status: Mapping[str, Any], namespace: str, exchange: int, pointer: str, depth: int = 0) -> Iterator[Item]:
    """What a status shows within itself: the status that it boosts or quotes. Kept, but no member of the stream.

    What such a status answers is not told with it. An instance shows what a boosted status quotes, and no more (ShallowQuote);
    `depth` is how deep this one stands.
    """
    if depth >= _DEEPEST:
        return
    quote = status.get("quote")
    for name, shown in (("reblog", status.get("reblog")), ("quote/quoted_status", _quoted_status(quote))):
        if isinstance(shown, dict):
            answers = Answers(known=not answers_something(shown))
            place = {"exchange": exchange, "pointer": f"{pointer}/{name}", "sighted": False}
            yield status_item(shown, namespace, answers, **place)
            yield from inside(shown, namespace, exchange, f"{pointer}/{name}", depth + 1)


def history_items(
    current: Item, status: Mapping[str, Any], edits: Sequence[Mapping[str, Any]], exchange: int
) -> Iterator[Item]:
    """The forms that a status had before its present one, oldest first (GET /api/v1/statuses/:id/history, whose last is it).

    An edit cannot change whom a status answers, who sees it, its language or the application. Its tags and mentions are not told
    of earlier forms; they are what their own words link to.
    """
    mentions = [each for each in status.get("mentions") or () if isinstance(each, dict)]
    for number, edit in enumerate(edits[:-1]):
        at = text_of(edit, "created_at") if number else None
        evidence = {name: value for name, value in current.evidence.items() if name != "poll"}
        evidence["sensitive"] = bool(edit.get("sensitive"))
        if poll := _poll(edit.get("poll")):
            evidence["poll"] = poll
        said = _said(edit, mentions, ())
        tags = {link: unquote(link.rsplit("/", 1)[1]) for link in said["links"] if _TAG_PAGE.search(link)}
        yield dataclasses.replace(
            current,
            source=Source.HISTORY,
            edited_text=at,
            edited_at=times.rfc3339(at) if at else None,
            evidence=evidence,
            exchange=exchange,
            pointer=f"/{number}",
            counts={},
            order_key=None,
            tags=tuple(tags.values()),
            mentions=tuple(str(each["acct"]) for each in mentions if f"@{each.get('username')}" in said["text"]),
            **{**said, "links": tuple(link for link in said["links"] if link not in tags)},
        )


def profile_item(account: Mapping[str, Any], namespace: str) -> Item:
    """An account's profile. Raises `KeyError`, `TypeError` for what is no account."""
    author = party(account, namespace)
    note = text_of(account, "note") or ""
    read = read_html(note)
    fields: list[Json] = [
        {"name": str(field["name"]), "value": read_html(str(field["value"])).text}
        for field in account.get("fields") or ()
    ]
    pictures = [
        Media(id=url, kind="image", url=url, alt_text=text_of(account, f"{name}_description") or None)
        for name in ("avatar", "header")
        if (url := text_of(account, name)) and not url.endswith(_NO_PICTURE)
    ]
    created = text_of(account, "created_at")
    return Item(
        kind=ItemKind.PROFILE,
        id=author.id,
        source=Source.API,
        namespace=namespace,
        author=author,
        title=author.name,
        text=read.text,
        html=note,
        created_text=created,
        created_at=times.rfc3339(created) if created else None,
        url=text_of(account, "url"),
        links=read.links,
        media=tuple(pictures),
        evidence={"fields": fields, "bot": bool(account.get("bot")), "locked": bool(account.get("locked"))},
        counts=_counted(account, _ACCOUNT_COUNTS),
    )


def party(account: Mapping[str, Any], namespace: str) -> Party:
    """Who an account is, by its ActivityPub `uri`; instances before 4.2 do not tell it, then by its address.

    Source: entities/Account (`uri` since 4.2.0).
    """
    name = text_of(account, "display_name")
    return Party(account_uri(account), text_of(account, "acct"), name or None, namespace)


def account_uri(account: Mapping[str, Any]) -> str:
    """An account's identity, as `party` has it. Raises `KeyError`, `TypeError`."""
    return text_of(account, "uri") or id_of(account, "url")


def _said(state: Mapping[str, Any], mentions: Sequence[Any], tags: Sequence[Any]) -> dict[str, Any]:
    """What a state of a status says: its words, warning, links and media. The links of mentions and hashtags are none."""
    html = text_of(state, "content") or ""
    read = read_html(html)
    named = {str(each.get("url")) for each in (*mentions, *tags) if isinstance(each, dict)}
    return {
        "title": text_of(state, "spoiler_text") or None,
        "text": read.text,
        "html": html,
        "links": tuple(link for link in read.links if link not in named),
        "media": tuple(_media(each) for each in state.get("media_attachments") or ()),
    }


def _media(attachment: Mapping[str, Any]) -> Media:
    """An attachment; `url` is the instance's own copy and empty while it is being made, `remote_url` the original's."""
    return Media(
        id=id_of(attachment),
        kind=_MEDIA_KINDS.get(str(attachment.get("type")), "file"),
        url=text_of(attachment, "url") or text_of(attachment, "remote_url"),
        alt_text=text_of(attachment, "description") or None,
    )


def _pointers(answers: Answers) -> Iterator[Reference]:
    if answers.parent is not None:
        yield Reference(ReferenceKind.PARENT, answers.parent)
    if answers.root is not None:
        yield Reference(ReferenceKind.ROOT, answers.root)


def _quoted_status(quote: Any) -> Mapping[str, Any] | None:
    shown = quote.get("quoted_status") if isinstance(quote, dict) else None
    return shown if isinstance(shown, dict) else None


def _quote_is_told(quote: Any) -> bool:
    """Whether it is known what a status quotes, which the instance stops telling when the other one goes (`state`)."""
    return not isinstance(quote, dict) or _quoted_status(quote) is not None


def _quoted(status: Mapping[str, Any]) -> Iterator[Reference]:
    """The quoted status, where it is shown: until it is approved, and after it was revoked, it is not (entities/Quote)."""
    shown = _quoted_status(status.get("quote"))
    if shown is not None:
        yield Reference(ReferenceKind.QUOTE, id_of(shown, "uri"))


def _evidence(status: Mapping[str, Any]) -> dict[str, Json]:
    """What else a status said. Not its preview card, which its instance makes, and makes anew."""
    found: dict[str, Json] = {
        "visibility": text_of(status, "visibility"),
        "sensitive": bool(status.get("sensitive")),
    }
    application = status.get("application")
    if isinstance(application, dict) and application.get("name"):
        found["application"] = str(application["name"])
    if poll := _poll(status.get("poll")):
        found["poll"] = poll
    return found


def _poll(poll: Any) -> dict[str, Json] | None:
    """What a poll asks; its votes are no part of what was said. In an edit it has its options alone."""
    if not isinstance(poll, dict):
        return None
    return {"options": [str(option["title"]) for option in poll.get("options") or ()]}


def _counted(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    return {name: number for key, name in names.items() if (number := number_of(record, key)) is not None}
