"""The shapes of pages that captures are measured on: which city serves them, and how dlt's REST source reads the same."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samplecity.running import RunningCity

_TIMEOUT = 30


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """One platform's pages.

    Attributes:
        platform: whose.
        source: the configuration of dlt's REST source for the city's one account there: its posts as one resource, the comments
            of each post as a dependent one. Takes the city and the account's row of the register.
    """

    platform: str
    source: Callable[[RunningCity, Mapping[str, Any]], dict[str, Any]]

    def arguments(self, posts: int, comments: int) -> list[str]:
        """What a sample city is started with, so that it is one busy account of this platform."""
        social = [] if self.platform == "bluesky" else ["--social", self.platform]
        return ["--bulk", f"{posts}:{comments}", "--limit", "1000000", *social]


def row_of(city: RunningCity, platform: str) -> dict[str, Any]:
    """The register's row of the city's one account on a platform."""
    (row,) = [each for each in city.register_rows() if each["platform"] == platform]
    return row


def _bluesky(city: RunningCity, row: Mapping[str, Any]) -> dict[str, Any]:
    params = {"handle": row["handle_or_id"]}
    answer = requests.get(f"{city.url}/xrpc/com.atproto.identity.resolveHandle", params=params, timeout=_TIMEOUT)
    listed = {"repo": answer.json()["did"], "collection": "app.bsky.feed.post", "limit": 100}
    return {
        "client": {"base_url": f"{city.url}/xrpc/"},
        "resources": [
            {
                "name": "posts",
                "endpoint": {
                    "path": "com.atproto.repo.listRecords",
                    "params": listed,
                    "data_selector": "records",
                    "paginator": {"type": "cursor", "cursor_path": "cursor", "cursor_param": "cursor"},
                },
            },
            {
                "name": "comments",
                "endpoint": {
                    "path": "app.bsky.feed.getPostThread",
                    "params": {"uri": "{resources.posts.uri}", "depth": 1000},
                    "data_selector": "thread.replies",
                    "paginator": "single_page",
                },
            },
        ],
    }


def _facebook(city: RunningCity, row: Mapping[str, Any]) -> dict[str, Any]:
    token = _token(city, row)
    paged = {"type": "json_link", "next_url_path": "paging.next"}
    posts = {"fields": "id,message,created_time,from,permalink_url", "limit": 100, "access_token": token}
    fields = "id,message,created_time,from,parent{{id}},permalink_url,comment_count,like_count,is_hidden,attachment"
    comments = {"fields": fields, "filter": "stream", "order": "chronological", "limit": 100, "access_token": token}
    return {
        "client": {"base_url": f"{city.url}/facebook/v26.0/"},
        "resources": [
            {
                "name": "posts",
                "endpoint": {
                    "path": f"{row['handle_or_id']}/published_posts",
                    "params": posts,
                    "data_selector": "data",
                    "paginator": paged,
                },
            },
            {
                "name": "comments",
                "endpoint": {
                    "path": "{resources.posts.id}/comments",
                    "params": comments,
                    "data_selector": "data",
                    "paginator": paged,
                },
            },
        ],
    }


def _youtube(city: RunningCity, row: Mapping[str, Any]) -> dict[str, Any]:
    token = _token(city, row)
    headers = {"Authorization": f"Bearer {token}"}
    base = f"{city.url}/youtube/youtube/v3/"
    asked = {"part": "contentDetails", "mine": "true"}
    channels = requests.get(f"{base}channels", params=asked, headers=headers, timeout=_TIMEOUT).json()
    uploads = channels["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"]
    paged = {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "pageToken"}
    return {
        "client": {"base_url": base, "headers": headers},
        "resources": [
            {
                "name": "videos",
                "endpoint": {
                    "path": "playlistItems",
                    "params": {"part": "snippet,contentDetails", "playlistId": uploads, "maxResults": 50},
                    "data_selector": "items",
                    "paginator": paged,
                },
            },
            {
                "name": "comments",
                "endpoint": {
                    "path": "commentThreads",
                    "params": {
                        "part": "snippet,replies",
                        "videoId": "{resources.videos.contentDetails.videoId}",
                        "textFormat": "plainText",
                        "maxResults": 100,
                    },
                    "data_selector": "items",
                    "paginator": paged,
                },
            },
        ],
    }


def _token(city: RunningCity, row: Mapping[str, Any]) -> str:
    return city.tokens()[str(row["settings"]["token"]).removeprefix("env:")]


SHAPES = {
    each.platform: each
    for each in (Shape("bluesky", _bluesky), Shape("facebook", _facebook), Shape("youtube", _youtube))
}
