"""Posts, accounts and messages of X as items. Pure: JSON in, items out.

A post that was edited has an id for each form; the first is its identity, as in the downloads of X. Texts are kept as X gives
them, short addresses included; where those lead stands among the links. Sources: docs.x.com, x-api/fundamentals (data
dictionary, edit-posts), posts/timelines/integrate; OpenAPI 2.166 and 2.167 for the two vocabularies.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archiver.platforms import times
from archiver.platforms.answers import id_of, number_of, text_of
from archiver.platforms.items import Item, ItemKind, Json, Media, Party, Reference, ReferenceKind, Source
from archiver.platforms.x_words import chain_of, either, included_posts, long_form, pointers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EPOCH = 1_288_834_974_657
"""Milliseconds since 1970 at which X's ids begin."""
_FIRST = datetime(2006, 3, 21, tzinfo=UTC)
"""X had no posts before. What is asked for since an earlier day is refused."""
_A_DAY, _AN_HOUR = 86_400_000 << 22, timedelta(hours=1)
WIDTH = 20
_KINDS = {"photo": "image", "video": "video", "animated_gif": "video"}
_METRICS = (
    ("replies", "reply_count", "reply_count"),
    ("reposts", "repost_count", "retweet_count"),
    ("likes", "like_count", "like_count"),
    ("quotes", "quote_count", "quote_count"),
    ("views", "impression_count", "impression_count"),
)
_USER_METRICS = (
    ("followers", "followers_count", "followers_count"),
    ("following", "following_count", "following_count"),
    ("posts", "post_count", "tweet_count"),
)
_ESCAPED = ("&amp;", "&lt;", "&gt;")
_REFERENCES = {"replied_to": ReferenceKind.PARENT, "quoted": ReferenceKind.QUOTE, "retweeted": ReferenceKind.REPOST_OF}


@dataclasses.dataclass(slots=True)
class Known:
    """What answers showed beside their records: posts, people, media and polls by their ids."""

    posts: dict[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    places: dict[str, tuple[int, str]] = dataclasses.field(default_factory=dict)
    """In which exchange, and where in it, each post stands."""
    users: dict[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    media: dict[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    polls: dict[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    absent: set[str] = dataclasses.field(default_factory=set)
    """What an answer said that it does not show."""

    def take(self, answer: Mapping[str, Any], exchange: int) -> None:
        """Take up what an answer includes. What has no id is passed over: nothing can point at it."""
        includes = answer.get("includes")
        if not isinstance(includes, dict):
            return
        for number, post in enumerate(included_posts(includes)):
            self.take_post(post, exchange, f"/includes/{'posts' if 'posts' in includes else 'tweets'}/{number}")
        for name, key, into in (
            ("users", "id", self.users),
            ("media", "media_key", self.media),
            ("polls", "id", self.polls),
        ):
            entries = includes.get(name)
            for each in entries if isinstance(entries, list) else ():
                if isinstance(each, dict) and isinstance(each.get(key), str):
                    into[each[key]] = each

    def take_post(self, post: Any, exchange: int, pointer: str) -> None:
        """Take up one post."""
        if isinstance(post, dict) and isinstance(post.get("id"), str):
            self.posts.setdefault(post["id"], post)
            self.places.setdefault(post["id"], (exchange, pointer))

    def identity(self, post_id: str) -> str:
        """The identity of the post that an id belongs to: the first of its chain, where that is known."""
        post = self.posts.get(post_id)
        return post_id if post is None else chain_of(post)[0]


def order_key(post_id: str) -> str:
    """Where a post stands: ids grow with time. Raises `ValueError` for what is no id."""
    if not (post_id.isascii() and post_id.isdigit()) or len(post_id) > WIDTH:
        raise ValueError(f"{post_id[:40]!r} is no id")
    return post_id.zfill(WIDTH)


def key_at(moment: datetime) -> str:
    """The lowest key that something of that moment can have."""
    return str(max(0, int(moment.timestamp() * 1000) - _EPOCH) << 22).zfill(WIDTH)


def began(post_id: str) -> datetime:
    """A time before which nothing can answer a post: an hour before its id was given out, since what is asked for since the last
    half minute is refused. Ids of before X's present ones tell no time. Raises `ValueError` for what is no id.
    """
    born = _born(post_id) if int(order_key(post_id)) > _A_DAY else None
    return _FIRST if born is None else born - _AN_HOUR


def post_item(post: Mapping[str, Any], known: Known, **around: Any) -> Item:
    """A post: a comment where it answers another, a repost, or a post.

    Args:
        post: As an answer has it.
        known: What the answer includes.
        around: Fields of `Item` that the post itself does not have.

    Raises `KeyError`, `TypeError`, `ValueError` for what is no post.
    """
    own, chain = id_of(post), chain_of(post)
    first = chain[0]
    told = pointers(post)
    created = text_of(post, "created_at")
    begun = known.posts.get(first)
    born = text_of(begun, "created_at") if begun is not None else created if own == first else None
    author = party_of(post, known)
    shared: dict[str, Any] = {
        "id": first,
        "source": Source.API,
        "author": author,
        "created_text": born,
        "created_at": (times.rfc3339(born) if born else None) or _born(first),
        "edited_text": created if own != first else None,
        "edited_at": times.rfc3339(created) if created and own != first else None,
        "aliases": chain[1:],
        "order_key": order_key(first),
        "counts": _counted(post, _METRICS),
        **around,
    }
    references = tuple(
        Reference(_REFERENCES[kind], known.identity(identity)) for kind, identity in told if kind in _REFERENCES
    )
    kinds = {kind for kind, _ in told}
    if "retweeted" in kinds:
        return Item(kind=ItemKind.REPOST, references=references, **shared)
    conversation = text_of(post, "conversation_id")
    if "replied_to" in kinds and conversation:
        references += (Reference(ReferenceKind.ROOT, known.identity(conversation)),)
    note = long_form(post)
    said = post if note is None else note
    entities = said.get("entities")
    lang, text = text_of(post, "lang"), text_of(said, "text")
    return Item(
        kind=ItemKind.COMMENT if "replied_to" in kinds else ItemKind.POST,
        text=text,
        flags=_flags(text),
        url=f"https://x.com/{author.handle or 'i'}/status/{own}" if author else f"https://x.com/i/status/{own}",
        languages=(lang,) if lang else (),
        references=references,
        media=tuple(_media(key, known) for key in _attached(post, "media_keys")),
        evidence=_evidence(post, known),
        **_entities(entities),
        **shared,
    )


def history_items(item: Item, post: Mapping[str, Any], known: Known) -> Iterator[Item]:
    """The forms that a post had before its present one, oldest first, as far as they are known. Raises as `post_item`."""
    for each in chain_of(post)[:-1]:
        form = known.posts.get(each)
        if form is not None:
            exchange, pointer = known.places[each]
            earlier = post_item(form, known, exchange=exchange, pointer=pointer)
            yield dataclasses.replace(
                earlier, source=Source.HISTORY, aliases=item.aliases, counts={}, order_key=None, url=earlier.url
            )


def lacking(post: Mapping[str, Any], known: Known) -> list[str]:
    """The ids of what a post cannot be understood without, and the answer did not include: its other forms, what it answers,
    quotes or reposts, and itself where the answer has its media by their names only. Raises as `post_item`.
    """
    wanted = [*chain_of(post), *(identity for _, identity in pointers(post))]
    found = [each for each in wanted if each not in known.posts and each not in known.absent and each != post["id"]]
    if any(key not in known.media for key in _attached(post, "media_keys")):
        found.append(id_of(post))
    return found


def message_item(event: Mapping[str, Any], known: Known, **around: Any) -> Item:
    """A private message. Raises `KeyError`, `TypeError`, `ValueError` for what is none."""
    own, text = id_of(event), text_of(event, "text")
    created = text_of(event, "created_at")
    return Item(
        kind=ItemKind.MESSAGE,
        id=own,
        source=Source.API,
        author=party_of(event, known, "sender_id"),
        text=text,
        flags=_flags(text),
        created_text=created,
        created_at=times.rfc3339(created) if created else None,
        media=tuple(_media(key, known) for key in _attached(event, "media_keys")),
        references=tuple(Reference(ReferenceKind.QUOTE, known.identity(identity)) for _, identity in pointers(event)),
        evidence={"conversation": text_of(event, "dm_conversation_id")},
        order_key=order_key(own),
        **_entities(event.get("entities")),
        **around,
    )


def profile_item(user: Mapping[str, Any], **around: Any) -> Item:
    """An account's profile. Raises `KeyError`, `TypeError` for what is no user."""
    author = user_party(user)
    created = text_of(user, "created_at")
    entities = user.get("entities")
    links: list[str] = []
    for name in ("url", "description"):
        part = entities.get(name) if isinstance(entities, dict) else None
        links += _entities(part)["links"]
    evidence: dict[str, Json] = {
        name: value for name in ("location", "verified_type") if (value := text_of(user, name)) is not None
    }
    evidence["protected"] = user.get("protected") is True
    if pinned := either(user, "pinned_post_id", "pinned_tweet_id"):
        evidence["pinned"] = str(pinned)
    if (withheld := _withheld(user)) is not None:
        evidence["withheld"] = withheld
    pictures = (text_of(user, "profile_image_url"), text_of(user, "profile_banner_url"))
    return Item(
        kind=ItemKind.PROFILE,
        id=author.id,
        source=Source.API,
        author=author,
        title=author.name,
        text=text_of(user, "description"),
        created_text=created,
        created_at=times.rfc3339(created) if created else None,
        url=f"https://x.com/{author.handle}" if author.handle else None,
        links=tuple(dict.fromkeys(links)),
        media=tuple(Media(id=url, kind="image", url=url) for url in pictures if url),
        evidence=evidence,
        counts=_counted(user, _USER_METRICS),
        **around,
    )


def user_party(user: Mapping[str, Any]) -> Party:
    """Who a user is. Raises `KeyError`, `TypeError`."""
    return Party(id_of(user), text_of(user, "username"), text_of(user, "name"))


def party_of(record: Mapping[str, Any], known: Known, name: str = "author_id") -> Party | None:
    """Who wrote a record, as the answer includes them; by their id alone where it does not."""
    identity = text_of(record, name)
    if identity is None:
        return None
    user = known.users.get(identity)
    return Party(identity) if user is None else user_party(user)


def _flags(text: str | None) -> frozenset[str]:
    """X writes `&`, `<` and `>` of a text as HTML does; it is kept as received, and said to be so."""
    return frozenset({"html_escaped_text"} if text and any(each in text for each in _ESCAPED) else ())


def _born(identity: str) -> datetime | None:
    """When an id was given out: in all but its last 22 bits an id has the milliseconds since X's own epoch."""
    return times.unix_milliseconds(str((int(identity) >> 22) + _EPOCH)) if len(identity) <= WIDTH else None


def _counted(record: Mapping[str, Any], names: tuple[tuple[str, str, str], ...]) -> dict[str, int]:
    metrics = record.get("public_metrics")
    if not isinstance(metrics, dict):
        return {}
    found = ((ours, number_of(metrics, new), number_of(metrics, old)) for ours, new, old in names)
    return {
        ours: number for ours, *told in found if (number := next((n for n in told if n is not None), None)) is not None
    }


def _attached(record: Mapping[str, Any], name: str) -> list[str]:
    attachments = record.get("attachments")
    keys = attachments.get(name) if isinstance(attachments, dict) else None
    return list(dict.fromkeys(each for each in keys if isinstance(each, str))) if isinstance(keys, list) else []


def _media(key: str, known: Known) -> Media:
    """An attachment. A video's address is that of its best MP4 file; `url` is of photos alone.

    Its id is what follows the kind in the media key, which is the id that X's downloads know.
    """
    told = known.media.get(key, {})
    found = told.get("variants")
    rated = [
        (number_of(each, "bit_rate") or number_of(each, "bitrate") or 0, str(each["url"]))
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict) and each.get("content_type") == "video/mp4" and each.get("url")
    ]
    address = max(rated)[1] if rated else text_of(told, "url")
    kind = _KINDS.get(str(told.get("type")), "file")
    if not told:
        kind = {"3": "image", "7": "video", "13": "video", "16": "video"}.get(key.partition("_")[0], "file")
    return Media(
        id=key.partition("_")[2] or key,
        kind=kind,
        url=address,
        alt_text=text_of(told, "alt_text") or None,
        content_type="video/mp4" if rated else None,
    )


def _entities(entities: Any) -> dict[str, Any]:
    """The tags, mentions and links that a text has; addresses as they lead, not as they are shortened."""
    told = entities if isinstance(entities, dict) else {}

    def each_of(name: str, *keys: str) -> tuple[str, ...]:
        rows = told.get(name)
        found = (
            next((row[key] for key in keys if isinstance(row.get(key), str)), None)
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and not (name == "urls" and row.get("media_key"))
        )
        return tuple(dict.fromkeys(each for each in found if each))

    return {
        "tags": each_of("hashtags", "tag"),
        "mentions": each_of("mentions", "id", "username"),
        "links": each_of("urls", "unwound_url", "expanded_url", "url"),
    }


def _withheld(record: Mapping[str, Any]) -> dict[str, Json] | None:
    """Where, and why, X withholds a record."""
    told = record.get("withheld")
    if not isinstance(told, dict):
        return None
    countries = told.get("country_codes")
    return {
        "copyright": told.get("copyright") is True,
        "country_codes": [str(each) for each in countries] if isinstance(countries, list) else [],
        "scope": str(told.get("scope") or "tweet"),
    }


def _evidence(post: Mapping[str, Any], known: Known) -> dict[str, Json]:
    found: dict[str, Json] = {
        name: value
        for name in ("source", "reply_settings", "in_reply_to_user_id")
        if (value := text_of(post, name)) is not None
    }
    if post.get("possibly_sensitive") is True:
        found["possibly_sensitive"] = True
    if (withheld := _withheld(post)) is not None:
        found["withheld"] = withheld
    polls: list[Json] = [_poll(known.polls[each]) for each in _attached(post, "poll_ids") if each in known.polls]
    if polls:
        found["poll"] = polls[0] if len(polls) == 1 else polls
    return found


def _poll(poll: Mapping[str, Any]) -> dict[str, Json]:
    """What a poll asks, and until when; its votes are no part of what was said."""
    options = poll.get("options")
    labels: list[Json] = [
        str(each.get("label")) for each in (options if isinstance(options, list) else ()) if isinstance(each, dict)
    ]
    return {"options": labels, "ends": text_of(poll, "end_datetime")}
