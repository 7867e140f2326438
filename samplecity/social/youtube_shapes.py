"""The resources of YouTube's Data API: channels, entries of playlists, videos, threads, comments, and how it refuses."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from samplecity.social.api import media_url, reply
from samplecity.social.model import hashtags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from samplecity.faults import Reply
    from samplecity.social.model import SocialAccount, Thing, Track
    from samplecity.social.world import SocialWorld

_NAME = "youtube"
MOST_IDS = 50
"""So many ids can be asked for at once."""
SHOWN_WITH = 5
"""So many answers are shown with a thread."""


def failed(
    code: int, reason: str, words: str, domain: str, status: str | None = None, details: list[Any] | None = None
) -> Reply:
    """Google's answer to a request that failed."""
    error: dict[str, Any] = {
        "code": code,
        "message": words,
        "errors": [{"message": words, "domain": domain, "reason": reason}],
    }
    error |= {"status": status} if status else {}
    return reply({"error": {**error, "details": details} if details else error}, code)


def listed(kind: str, entries: list[dict[str, Any]], following: str | None = None, total: int | None = None) -> Reply:
    """A page of a listing. How many there are in all is told of uploads alone; of others it is what the page has."""
    told: dict[str, Any] = {"kind": f"youtube#{kind}ListResponse", "etag": _etag(entries)}
    told |= {"nextPageToken": following} if following is not None else {}
    told["pageInfo"] = {"totalResults": len(entries) if total is None else total, "resultsPerPage": len(entries)}
    return reply({**told, "items": entries} if entries or kind != "channel" else told)


def captions_listed(entries: list[dict[str, Any]]) -> Reply:
    """The tracks of a video: a listing without pages."""
    return reply({"kind": "youtube#captionListResponse", "etag": _etag(entries), "items": entries})


def _etag(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:27]


class Shapes:
    """Makes resources with the parts that were asked for.

    Args:
        world: the night.
        origin: what addresses of media begin with.
        parts: as asked for.
        words: what becomes of the text of a comment in the format that was asked for.
    """

    def __init__(self, world: SocialWorld, origin: str, parts: frozenset[str], words: Callable[[str], str]) -> None:
        self._world, self._origin, self._parts, self._words = world, origin, parts, words

    def channel(self, account: SocialAccount) -> dict[str, Any]:
        """A channel; its picture is that of its first video."""
        posts = self._world.posts(_NAME, account.key)
        snippet = {
            "title": account.name,
            "description": account.purpose,
            "customUrl": f"@{account.handle}",
            "publishedAt": f"{account.began_on}T00:00:00Z",
            "thumbnails": self._thumbnails(posts[-1]) if posts else {},
            "localized": {"title": account.name, "description": account.purpose},
            "country": "US",
        }
        return self._resource(
            "channel",
            account.id,
            snippet=snippet,
            contentDetails={"relatedPlaylists": {"likes": "", "uploads": f"UU{account.id.removeprefix('UC')}"}},
            statistics={
                "viewCount": str(sum(40 * self._world.likes(each) for each in posts)),
                "subscriberCount": "1200",
                "hiddenSubscriberCount": False,
                "videoCount": str(len(posts)),
            },
            brandingSettings={"channel": {"title": account.name, "description": account.purpose, "country": "US"}},
        )

    def upload(self, thing: Thing, place: int) -> dict[str, Any]:
        """An entry of a channel's playlist of uploads."""
        account = self._account(thing)
        playlist = f"UU{account.id.removeprefix('UC')}"
        snippet = {
            "publishedAt": time(thing.at),
            "channelId": account.id,
            "title": thing.title,
            "description": thing.text,
            "thumbnails": self._thumbnails(thing),
            "channelTitle": account.name,
            "playlistId": playlist,
            "position": place,
            "resourceId": {"kind": "youtube#video", "videoId": thing.id},
            "videoOwnerChannelTitle": account.name,
            "videoOwnerChannelId": account.id,
        }
        return self._resource(
            "playlistItem",
            f"{playlist}.{thing.id}",
            snippet=snippet,
            contentDetails={"videoId": thing.id, "videoPublishedAt": time(thing.at)},
            status={"privacyStatus": thing.visibility},
        )

    def video(self, thing: Thing) -> dict[str, Any]:
        """A video. One whose comments are switched off has no number of them."""
        account = self._account(thing)
        snippet = {
            "publishedAt": time(thing.at),
            "channelId": account.id,
            "title": thing.title,
            "description": thing.text,
            "thumbnails": self._thumbnails(thing),
            "channelTitle": account.name,
            **({"tags": tags} if (tags := hashtags(thing.text)) else {}),
            "categoryId": "25",
            "liveBroadcastContent": "none",
            "localized": {"title": thing.title, "description": thing.text},
            "defaultAudioLanguage": thing.lang,
        }
        likes = self._world.likes(thing)
        numbers = {"viewCount": str(40 * likes), "likeCount": str(likes), "favoriteCount": "0"}
        if not thing.comments_disabled:
            numbers["commentCount"] = str(self._world.counted(_NAME, thing.id))
        return self._resource(
            "video",
            thing.id,
            snippet=snippet,
            contentDetails={
                "duration": "PT21S",
                "dimension": "2d",
                "definition": "hd",
                "caption": "true" if any(one.kind != "ASR" for one in thing.tracks) else "false",
                "licensedContent": False,
                "projection": "rectangular",
            },
            status={
                "uploadStatus": "processed",
                "privacyStatus": thing.visibility,
                "license": "youtube",
                "embeddable": True,
                "publicStatsViewable": True,
                "madeForKids": False,
            },
            statistics=numbers,
        )

    def track(self, one: Track) -> dict[str, Any]:
        """A track of captions."""
        snippet = {
            "videoId": one.video,
            "lastUpdated": f"{one.updated:%Y-%m-%dT%H:%M:%S}.{one.updated.microsecond:06d}Z",
            "trackKind": one.kind,
            "language": one.language,
            "name": one.name,
            "audioTrackType": "unknown",
            "isCC": False,
            "isLarge": False,
            "isEasyReader": False,
            "isDraft": one.draft,
            "isAutoSynced": False,
            "status": "serving",
        }
        return self._resource("caption", one.id, snippet=snippet)

    def thread(self, first: Thing, shown: Sequence[Thing], total: int, *, moderated: bool) -> dict[str, Any]:
        """A thread: its first comment, some of its answers, and how many it has."""
        told = self._resource(
            "commentThread",
            first.id,
            snippet={
                "channelId": self._account(first).id,
                "videoId": first.root,
                "topLevelComment": self._comment(first, moderated=moderated),
                "canReply": True,
                "totalReplyCount": total,
                "isPublic": first.moderation == "published",
            },
        )
        if shown and "replies" in self._parts:
            told["replies"] = {"comments": [self._comment(each, moderated=moderated) for each in shown]}
        return told

    def comment(self, thing: Thing, *, moderated: bool) -> dict[str, Any]:
        """A comment by itself, with the parts that were asked for."""
        made = self._comment(thing, moderated=moderated)
        return made if "snippet" in self._parts else {name: made[name] for name in ("kind", "etag", "id")}

    def _comment(self, thing: Thing, *, moderated: bool) -> dict[str, Any]:
        author, account = self._world.author(thing), self._account(thing)
        snippet = {
            "channelId": account.id,
            "videoId": thing.root,
            "textDisplay": self._words(thing.text),
            **({"textOriginal": thing.text} if author.id == account.id else {}),
            **({"parentId": thing.parent} if thing.parent != thing.root else {}),
            "authorDisplayName": f"@{author.handle}",
            "authorProfileImageUrl": f"{self._origin}/avatar/{author.id}",
            "authorChannelUrl": f"http://www.youtube.com/@{author.handle}",
            "authorChannelId": {"value": author.id},
            "canRate": True,
            "viewerRating": "none",
            "likeCount": self._world.likes(thing),
            **({"moderationStatus": thing.moderation} if moderated else {}),
            "publishedAt": time(thing.at),
            "updatedAt": time(thing.edited_at or thing.at),
        }
        return {"kind": "youtube#comment", "etag": _etag(snippet), "id": thing.id, "snippet": snippet}

    def _account(self, thing: Thing) -> SocialAccount:
        account = self._world.by_key(_NAME, thing.account)
        if account is None:
            raise KeyError(thing.account)
        return account

    def _thumbnails(self, thing: Thing) -> dict[str, Any]:
        cover = thing.attachments[0]
        size = {"url": media_url(self._origin, cover.id), "width": cover.width, "height": cover.height}
        return {"default": size, "high": size}

    def _resource(self, kind: str, identity: str, **parts: Any) -> dict[str, Any]:
        shown = {name: value for name, value in parts.items() if name in self._parts}
        return {"kind": f"youtube#{kind}", "etag": _etag([identity, shown]), "id": identity, **shown}


def time(at: datetime) -> str:
    """A moment as YouTube writes it, in whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
