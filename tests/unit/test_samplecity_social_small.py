"""The city on Flickr, LinkedIn and TikTok answers as those do: by their tokens, their errors and their pages."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from samplecity.city import City
from samplecity.social.api import Request
from samplecity.social.flickr import Flickr
from samplecity.social.linkedin import LinkedIn
from samplecity.social.tiktok import TikTok

if TYPE_CHECKING:
    from samplecity.faults import Reply
    from samplecity.social.api import Api
    from samplecity.social.city import SocialCity

ORIGIN = "http://city.test"


@functools.cache
def city() -> SocialCity:
    """The city on the three of them."""
    return City.build(nights=3, social=("flickr", "linkedin", "tiktok")).social


def asked(api: Api, night: int, request: Request) -> tuple[int, Any]:
    """The status and the JSON of an answer."""
    reply: Reply = api.answer(city().at(night), request, f"{ORIGIN}/{api.platform}")
    return reply.status, json.loads(reply.body)


def first(platform: str) -> Any:
    """The city's first account there."""
    return next(one for one in city().accounts if one.platform == platform)


def flickr(api: Flickr, method: str, key: str | None = None, **more: str) -> tuple[int, Any]:
    """Call a method of Flickr."""
    query = {"method": f"flickr.{method}", "api_key": first("flickr").token if key is None else key, "format": "json"}
    return asked(api, 1, Request("GET", "/services/rest/", [*{**query, "nojsoncallback": "1", **more}.items()], {}))


def linkedin(
    api: LinkedIn, path: str, token: str | None = None, version: str = "202605", **query: str
) -> tuple[int, Any]:
    """GET from LinkedIn."""
    headers = {
        "authorization": f"Bearer {first('linkedin').token if token is None else token}",
        "linkedin-version": version,
        "x-restli-protocol-version": "2.0.0",
        "x-restli-method": "FINDER",
    }
    return asked(api, 1, Request("GET", path, [*query.items()], headers))


def tiktok(api: TikTok, path: str, token: str, night: int = 1, **sent: Any) -> tuple[int, Any]:
    """POST to TikTok, or GET the account."""
    method, headers = ("GET" if path.endswith("info/") else "POST"), {"authorization": f"Bearer {token}"}
    query = [("fields", "id,create_time,open_id,username")]
    return asked(api, night, Request(method, path, query, headers, json.dumps(sent).encode()))


def renewed(api: TikTok, refresh: str, night: int) -> tuple[int, Any]:
    """Renew a token of TikTok's."""
    form = {
        "grant_type": "refresh_token",
        "client_key": "sample-city",
        "client_secret": first("tiktok").token,
        "refresh_token": refresh,
    }
    return asked(api, night, Request("POST", "/v2/oauth/token/", [], {}, urlencode(form).encode()))


def test_flickrs_errors_are_answers_of_status_200() -> None:
    """A wrong key, an unknown method, a format and a photo that is not there are each told by their code."""
    api = Flickr()
    found = [
        flickr(api, "test.echo", key="nobody's"),
        flickr(api, "photos.dance"),
        flickr(api, "test.echo", format="rest"),
        flickr(api, "photos.getInfo", photo_id="1"),
        flickr(api, "people.getInfo", user_id="1@N01"),
    ]
    assert [status for status, _ in found] == [200] * 5
    assert [(body["stat"], body["code"]) for _, body in found] == [
        ("fail", 100), ("fail", 112), ("fail", 111), ("fail", 1), ("fail", 1),
    ]  # fmt: skip
    assert flickr(api, "test.echo") == (200, {"method": {"_content": "flickr.test.echo"}, "stat": "ok"})


def test_flickr_numbers_its_pages_and_caps_them() -> None:
    """A page has no more places than Flickr gives, says how many, and all pages together show each photo once."""
    api, owner = Flickr(most=5), first("flickr")
    _, page = flickr(api, "people.getPublicPhotos", user_id=owner.id, per_page="500", extras="date_upload")
    total = page["photos"]["total"]
    assert (page["photos"]["perpage"], page["photos"]["pages"]) == (5, -(-total // 5))
    shown = []
    for number in range(1, page["photos"]["pages"] + 1):
        asked_for = {"user_id": owner.id, "per_page": "500", "page": str(number), "extras": "date_upload"}
        shown += flickr(api, "people.getPublicPhotos", **asked_for)[1]["photos"]["photo"]
    assert len({photo["id"] for photo in shown}) == total
    assert [int(photo["dateupload"]) for photo in shown] == sorted(
        (int(each["dateupload"]) for each in shown), reverse=True
    )
    assert all("title" in photo and "lastupdate" not in photo for photo in shown)


def test_linkedin_tells_a_dead_token_a_sunset_version_and_a_strangers_page() -> None:
    """401 for a token, 426 for a month that is served no more, 403 for the posts of a page the token is not for."""
    api, author = LinkedIn(), f"urn:li:organization:{first('linkedin').id}"
    assert linkedin(api, "/rest/posts", token="nobody's")[0] == 401
    status, body = linkedin(api, "/rest/posts", version="202404", q="author", author=author)
    assert (status, body["code"], body["message"]) == (
        426,
        "NONEXISTENT_VERSION",
        "Requested version 20240401 is not active",
    )
    assert linkedin(api, "/rest/posts", q="author", author="urn:li:organization:1")[0] == 403
    assert linkedin(api, "/rest/posts/urn:li:share:1")[0] == 404
    assert linkedin(api, "/rest/posts", q="author", author=author)[0] == 200


def test_linkedins_pages_lead_to_the_next_and_are_in_the_order_asked_for() -> None:
    """Each page links to the next until the last; by creation and by change the same posts come, in their order."""
    api, author = LinkedIn(most=4), f"urn:li:organization:{first('linkedin').id}"
    ids = {}
    for by, name in (("CREATED", "createdAt"), ("LAST_MODIFIED", "lastModifiedAt")):
        shown: list[dict[str, Any]] = []
        start: str | None = "0"
        while start is not None:
            _, page = linkedin(api, "/rest/posts", q="author", author=author, count="100", start=start, sortBy=by)
            shown += page["elements"]
            links = page["paging"]["links"]
            start = links[0]["href"].rpartition("start=")[2] if links else None
        assert len(shown) == page["paging"]["total"]
        moments = [each[name] for each in shown]
        assert moments == sorted(moments, reverse=True)
        ids[by] = {each["id"] for each in shown}
    assert ids["CREATED"] == ids["LAST_MODIFIED"]


def test_linkedin_tells_of_a_token_only_to_the_app() -> None:
    """Introspection takes the app's credentials, and tells end and scopes."""
    token = first("linkedin").token

    def told(**form: str) -> tuple[int, Any]:
        return asked(LinkedIn(), 1, Request("POST", "/oauth/v2/introspectToken", [], {}, urlencode(form).encode()))

    assert told(token=token)[0] == 401
    status, body = told(token=token, client_id="sample-city", client_secret=token)
    assert (status, body["active"], body["scope"]) == (200, True, "r_organization_social,rw_organization_admin")
    assert told(token="nobody's", client_id="sample-city", client_secret=token)[1] == {
        "active": False,
        "status": "revoked",
    }


def test_tiktoks_tokens_last_a_night_and_are_renewed_once() -> None:
    """The next night's token comes from the refresh token, which can be used once; the one after it from the new one."""
    api, token = TikTok(), first("tiktok").token
    assert tiktok(api, "/v2/user/info/", token)[0] == 200
    status, body = tiktok(api, "/v2/user/info/", token, night=2)
    assert (status, body["error"]["code"]) == (401, "access_token_invalid")
    _, pair = renewed(api, token, 2)
    assert (
        tiktok(api, "/v2/user/info/", pair["access_token"], night=2)[1]["data"]["user"]["username"]
        == first("tiktok").handle
    )
    assert tiktok(api, "/v2/user/info/", pair["access_token"], night=3)[0] == 401
    _, second = renewed(api, pair["refresh_token"], 3)
    assert tiktok(api, "/v2/user/info/", second["access_token"], night=3)[0] == 200
    assert renewed(api, pair["refresh_token"], 3) == (
        400,
        {"error": "invalid_grant", "error_description": "Refresh token is invalid or expired.", "log_id": "2026"},
    )


def test_tiktoks_cursor_leads_to_the_last_video() -> None:
    """Pages go on by the cursor until there is no more; only what was asked for is shown of a video."""
    api, token, cursor = TikTok(), first("tiktok").token, None
    shown: list[dict[str, Any]] = []
    while True:
        sent = {"max_count": 6} if cursor is None else {"max_count": 6, "cursor": cursor}
        _, body = tiktok(api, "/v2/video/list/", token, **sent)
        shown += body["data"]["videos"]
        cursor = body["data"]["cursor"]
        if not body["data"]["has_more"]:
            break
    assert len(shown) > 6
    assert len({video["id"] for video in shown}) == len(shown)
    assert {tuple(sorted(video)) for video in shown} == {("create_time", "id")}
    _, body = tiktok(api, "/v2/video/query/", token, filters={"video_ids": [shown[0]["id"], "1"]})
    assert [video["id"] for video in body["data"]["videos"]] == [shown[0]["id"]]


@pytest.mark.parametrize("most", [0, 21])
def test_tiktok_refuses_pages_of_other_sizes(most: int) -> None:
    """A page has 1 to 20 videos."""
    status, body = tiktok(TikTok(), "/v2/video/list/", first("tiktok").token, max_count=most)
    assert (status, body["error"]["code"]) == (400, "invalid_params")
