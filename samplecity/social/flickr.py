"""The city's photos on Flickr, as its REST API shows them: every method at one address, errors in answers of status 200.

Shapes as Flickr's own method descriptions have them (flickrex, lib/flickr/getMethodInfo), in the form that `format=json` and
`nojsoncallback=1` make of its XML.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from zlib import crc32

from samplecity.faults import Reply
from samplecity.social.api import Api, cut_at, holder, media_url, reply
from samplecity.social.model import hashtags

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from samplecity.social.api import ErrorKind, Request
    from samplecity.social.model import SocialAccount, Thing
    from samplecity.social.world import SocialWorld

_NAME = "flickr"
_PATH = "/services/rest/"
_USUAL, _MOST = 100, 500
_SITE = "https://www.flickr.com"


class Flickr(Api):
    """The API.

    Args:
        most: how many photos a page has at most, whatever is asked for.
    """

    platform = _NAME

    def __init__(self, most: int = _MOST) -> None:
        self._most = most

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer a request; see `samplecity.social.api.Api`."""
        if request.path != _PATH or request.method != "GET":
            return Reply(404, {"content-type": "text/html; charset=utf-8"}, b"<h1>Not found</h1>")
        if request.param("format") != "json" or request.param("nojsoncallback") != "1":
            return _failed(111, f'Format "{request.param("format")}" not found')
        if holder(world, _NAME, request.param("api_key")) is None:
            return self.error("token")
        return _Server(world, request, origin, self._most).answer()

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """Flickr's own words for what failed; only the limit has a status of its own."""
        match kind:
            case "rate_limit":
                headers = {"content-type": "text/html; charset=utf-8", "retry-after": str(max(1, round(seconds)))}
                return Reply(429, headers, b"<h1>Too Many Requests</h1>")
            case "token":
                return _failed(100, "Invalid API Key (Key has invalid format)")
            case "permission":
                return _failed(99, "User not logged in / Insufficient permissions")
            case _:
                return _failed(105, "Service currently unavailable")


class _Server:
    """The methods, for one request."""

    def __init__(self, world: SocialWorld, request: Request, origin: str, most: int) -> None:
        self._world, self._request, self._origin, self._most = world, request, origin, most

    def answer(self) -> Reply:
        """Call the method that is asked for."""
        methods: dict[str, Callable[[], Reply]] = {
            "flickr.test.echo": lambda: reply({"method": {"_content": "flickr.test.echo"}, "stat": "ok"}),
            "flickr.urls.lookupUser": self._lookup_user,
            "flickr.people.getInfo": self._person,
            "flickr.people.getPublicPhotos": self._photos,
            "flickr.photos.getInfo": self._photo_info,
            "flickr.photos.getSizes": self._sizes,
            "flickr.photos.comments.getList": self._comments,
        }
        method = self._request.param("method")
        call = methods.get(method)
        return call() if call else _failed(112, f'Method "{method}" not found')

    def _lookup_user(self) -> Reply:
        parts = self._request.param("url").removeprefix(_SITE).strip("/").split("/")
        account = self._world.account(_NAME, parts[1]) if len(parts) > 1 and parts[0] in ("photos", "people") else None
        if account is None or self._world.status(_NAME, account.key) != "active":
            return _failed(1, "User not found")
        return reply({"user": {"id": account.id, "username": {"_content": account.name}}, "stat": "ok"})

    def _owner(self) -> SocialAccount | Reply:
        account = self._world.account(_NAME, self._request.param("user_id"))
        match None if account is None else self._world.status(_NAME, account.key):
            case None | "suspended":
                return _failed(1, "User not found")
            case "deleted":
                return _failed(5, "User deleted")
            case _:
                assert account is not None  # noqa: S101 - said by the first case
                return account

    def _person(self) -> Reply:
        owner = self._owner()
        if isinstance(owner, Reply):
            return owner
        photos = self._world.posts(_NAME, owner.key)
        oldest = _seconds(photos[-1].at) if photos else ""
        person = {
            "id": owner.id, "nsid": owner.id, "ispro": 1, "iconserver": "0", "iconfarm": 0, "path_alias": owner.handle,
            "username": {"_content": owner.name}, "realname": {"_content": owner.name},
            "location": {"_content": "Las Palmas Verdes"}, "description": {"_content": escape(owner.purpose, quote=False)},
            "photosurl": {"_content": f"{_SITE}/photos/{owner.handle}/"},
            "profileurl": {"_content": f"{_SITE}/people/{owner.handle}/"},
            "photos": {"firstdate": {"_content": oldest}, "count": {"_content": len(photos)}},
        }  # fmt: skip
        return reply({"person": person, "stat": "ok"})

    def _photos(self) -> Reply:
        owner = self._owner()
        if isinstance(owner, Reply):
            return owner
        photos = self._world.posts(_NAME, owner.key)
        size = min(max(1, self._request.number("per_page", _USUAL)), self._most)
        start = (max(1, self._request.number("page", 1)) - 1) * size
        shown, following = cut_at(self._request, photos, start, size)
        places = size if following is None else following - start
        found = {
            "page": start // places + 1,
            "pages": -(-len(photos) // places),
            "perpage": places,
            "total": len(photos),
            "photo": [self._photo(one, owner) for one in shown],
        }
        return reply({"photos": found, "stat": "ok"})

    def _photo(self, thing: Thing, owner: SocialAccount) -> dict[str, Any]:
        extras = self._request.param("extras").split(",")
        uploaded = _seconds(thing.at)
        picture = thing.attachments[0]
        secret = f"{crc32(picture.id.encode()):08x}"
        original = {
            "url_o": media_url(self._origin, picture.id),
            "height_o": picture.height,
            "width_o": picture.width,
        }
        told: dict[str, Any] = {
            "description": {"_content": escape(thing.text, quote=False)},
            "license": "0",
            "date_upload": uploaded,
            "date_taken": f"{thing.at:%Y-%m-%d %H:%M:%S}",
            "last_update": _seconds(thing.edited_at or thing.at),
            "owner_name": owner.name,
            "path_alias": owner.handle,
            "tags": " ".join(each.lower() for each in hashtags(thing.text)),
            "views": str(3 * self._world.likes(thing)),
            "media": "photo",
            "count_comments": str(self._world.counted(_NAME, thing.id)),
            "count_faves": str(self._world.likes(thing)),
        }
        names = {
            "date_upload": "dateupload",
            "date_taken": "datetaken",
            "last_update": "lastupdate",
            "owner_name": "ownername",
            "path_alias": "pathalias",
        }
        return {
            "id": thing.id, "owner": owner.id, "secret": secret[::-1], "server": "65535", "farm": 66, "title": thing.title,
            "ispublic": 1, "isfriend": 0, "isfamily": 0,
            **{names.get(name, name): value for name, value in told.items() if name in extras},
            **({"originalsecret": secret, "originalformat": "png"} if "original_format" in extras else {}),
            **(original if "url_o" in extras else {}),
        }  # fmt: skip

    def _found(self) -> Thing | None:
        """The photo that is asked for, where anybody may see it."""
        thing = self._world.thing(_NAME, self._request.param("photo_id"))
        if (
            thing is None
            or thing.kind != "post"
            or self._world.status(_NAME, thing.account) in ("suspended", "deleted")
        ):
            return None
        return thing

    def _photo_info(self) -> Reply:
        thing = self._found()
        if thing is None:
            return _failed(1, f'Photo "{self._request.param("photo_id")}" not found (invalid ID)')
        photo = {
            "id": thing.id,
            "title": {"_content": thing.title},
            "description": {"_content": escape(thing.text, quote=False)},
            "dates": {"posted": _seconds(thing.at), "lastupdate": _seconds(thing.edited_at or thing.at)},
            "visibility": {"ispublic": 1, "isfriend": 0, "isfamily": 0},
        }
        return reply({"photo": photo, "stat": "ok"})

    def _sizes(self) -> Reply:
        thing = self._found()
        if thing is None:
            return _failed(1, "Photo not found")
        picture = thing.attachments[0]
        size = {
            "label": "Original",
            "width": picture.width,
            "height": picture.height,
            "source": media_url(self._origin, picture.id),
            "media": "photo",
        }
        return reply({"sizes": {"canblog": 0, "canprint": 0, "candownload": 1, "size": [size]}, "stat": "ok"})

    def _comments(self) -> Reply:
        """All comments of a photo at once; without any there is no list of them."""
        thing = self._found()
        if thing is None:
            return _failed(1, "Photo not found")
        found: dict[str, Any] = {"photo_id": thing.id}
        comments, _ = cut_at(self._request, self._world.comments(_NAME, thing.id), 0, 1 << 30)
        if comments:
            found["comment"] = [self._comment(one, thing) for one in comments]
        return reply({"comments": found, "stat": "ok"})

    def _comment(self, comment: Thing, photo: Thing) -> dict[str, Any]:
        author, owner = self._world.author(comment), self._world.author(photo)
        return {
            "id": comment.id, "author": author.id, "author_is_deleted": 0, "authorname": author.handle,
            "datecreate": _seconds(comment.at), "path_alias": author.handle, "realname": author.name,
            "permalink": f"{_SITE}/photos/{owner.handle}/{photo.id}/#comment{comment.id.rpartition('-')[2]}",
            "_content": escape(comment.text, quote=False),
        }  # fmt: skip


def _failed(code: int, message: str) -> Reply:
    return reply({"stat": "fail", "code": code, "message": message})


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
