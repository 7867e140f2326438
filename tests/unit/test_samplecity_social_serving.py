"""Renderings are mounted, limited, and struck by faults alike; a patient reader loses nothing to a page fault."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from samplecity.city import City
from samplecity.faults import POISON, Fault, Reply
from samplecity.running import serve
from samplecity.social import APIS
from samplecity.social.api import Api, ErrorKind, Request, StaleCursor, cut, cut_at, holder, media_url, reply
from samplecity.social.bulk import bulk_social_city
from samplecity.social.graph import paged
from samplecity.social.trouble import PATIENCE, nightly_trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samplecity.running import RunningCity
    from samplecity.social.world import SocialWorld


class PlainApi(Api):
    """A rendering that no platform has: it lists an account's posts, three to a page."""

    platform = "flickr"

    def answer(self, world: SocialWorld, request: Request, origin: str) -> Reply:
        """Answer everything with a page of posts, or with what was posted."""
        account = holder(world, self.platform, request.token)
        if account is None:
            return self.error("token")
        if request.method == "POST":
            return reply({"form": request.form(), "json": request.json(), "path": request.path, "origin": origin})
        page = cut(
            request, world.posts(self.platform, account.key), request.number("limit", 3), request.param("cursor")
        )
        posts = [
            {"id": one.id, "text": one.text, "media": [media_url(origin, image.id) for image in one.attachments]}
            for one in page.items
        ]
        left = request.budget.remaining if request.budget else -1
        return reply({"posts": posts, "next": page.next}, headers={"x-left": str(left)})

    def error(self, kind: ErrorKind, seconds: float = 1.0) -> Reply:
        """Say what is wrong in words of its own."""
        status = {"rate_limit": 429, "token": 401, "permission": 403, "server_error": 503, "cursor": 400}[kind]
        return reply({"fail": kind, "wait": round(seconds)}, status)


@pytest.fixture(scope="module")
def city() -> City:
    """The default city, also on one further platform."""
    return City.build(social=("flickr",))


@pytest.fixture(scope="module")
def api() -> Iterator[None]:
    """The plain rendering in place of whatever there is."""
    patch = pytest.MonkeyPatch()
    patch.setitem(APIS, "flickr", PlainApi())
    yield
    patch.undo()


@pytest.fixture(scope="module")
def running(city: City, api: None) -> Iterator[RunningCity]:
    """The city, served without faults."""
    assert api is None
    with serve(city, faulty=False) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_faults(running: RunningCity) -> None:
    running.install()
    running.at(1)


def _get(running: RunningCity, token: str = "token-flickr-parks", **query: Any) -> requests.Response:  # noqa: S107
    return requests.get(
        f"{running.url}/flickr/rest/posts", params=query, headers={"Authorization": f"Bearer {token}"}, timeout=10
    )


def _walk(running: RunningCity, most: int = 60) -> tuple[list[str], list[int]]:
    """Read to the last page; gives ids as they came, and how many each page had."""
    ids: list[str] = []
    sizes: list[int] = []
    cursor = ""
    while len(sizes) < most:
        page = _get(running, cursor=cursor).json()
        ids += [post["id"] for post in page["posts"]]
        sizes.append(len(page["posts"]))
        cursor = page["next"]
        if cursor is None:
            break
    return ids, sizes


def _true(city: City, night: int = 1) -> list[str]:
    return [one.id for one in city.social.at(night).posts("flickr", "parks")]


def test_a_reader_comes_to_the_last_page(city: City, running: RunningCity) -> None:
    """Following the cursors gives every post once, newest first, on each night."""
    for night in (1, 3, 5):
        running.at(night)
        assert _walk(running)[0] == _true(city, night)


def test_only_the_accounts_own_token_opens_it(city: City, running: RunningCity) -> None:
    """A wrong token and a dead one get the platform's own error; the dead one lives again."""
    assert _get(running, token="token-flickr-nobody").json()["fail"] == "token"
    assert _get(running, token="").status_code == 401
    key = city.social.at(1).accounts("flickr")[-1].key
    states = []
    for night in range(1, 6):
        running.at(night)
        states.append(_get(running, token=f"token-flickr-{key}").status_code)
    assert states == [200, 401, 401, 401, 200]


def test_media_have_their_bytes_and_type(city: City, running: RunningCity) -> None:
    """An attachment's address gives the file of the truth; one that never was is not found."""
    post = _get(running).json()["posts"][0]
    attachment = city.social.at(1).posts("flickr", "parks")[0].attachments[0]
    answer = requests.get(post["media"][0], timeout=10)
    assert answer.content == attachment.data
    assert answer.headers["content-type"] == "image/png"
    assert requests.get(media_url(f"{running.url}/flickr", "1"), timeout=10).status_code == 404


def test_what_is_posted_arrives(running: RunningCity) -> None:
    """Body, path and origin reach the rendering; the city's own pages take no POST."""
    address = f"{running.url}/flickr/v2/list"
    head = {"Authorization": "Bearer token-flickr-parks"}
    answer = requests.post(address, json={"cursor": 3}, headers=head, timeout=10).json()
    assert (answer["json"], answer["path"], answer["origin"]) == ({"cursor": 3}, "/v2/list", f"{running.url}/flickr")
    answer = requests.post(address, data={"a": "b"}, headers=head, timeout=10).json()
    assert (answer["json"], answer["form"]) == (None, {"a": "b"})
    assert requests.post(f"{running.url}/feeds/parks-news", timeout=10).status_code == 405


@pytest.mark.parametrize("kind", ["empty_page_with_next", "short_page", "reordered_page", "repeated_ids"])
def test_a_page_fault_loses_nothing(city: City, running: RunningCity, kind: str) -> None:
    """Whoever goes on to the last page and forgets repetitions has every post, after faults on several pages."""
    running.install(Fault("/flickr/", kind, times=3, skip=1))  # type: ignore[arg-type] # a kind of the list above
    ids, sizes = _walk(running)
    true = _true(city)
    assert running.faults[0]["struck"] == 3
    assert set(ids) == set(true)
    match kind:
        case "empty_page_with_next":
            assert (ids, sizes.count(0)) == (true, 3)
        case "short_page":
            assert (ids, sizes[1:4]) == (true, [1, 1, 1])
        case "reordered_page":
            assert len(ids) == len(true)
            assert ids != true
        case _:
            assert ids[:5] == [*true[:3], *true[1:3]]


def test_a_page_loop_never_ends(running: RunningCity) -> None:
    """The same page and the same cursor come for ever."""
    running.install(Fault("/flickr/", "page_loop", times=None))
    first = _get(running).json()
    assert _get(running, cursor=first["next"]).json() == first
    assert first["posts"]


def test_a_place_may_be_refused(running: RunningCity) -> None:
    """The page behind it; the first one comes as ever."""
    running.install(Fault("/flickr/", "stale_cursor", times=None))
    first = _get(running)
    assert first.json()["posts"]
    answer = _get(running, cursor=first.json()["next"])
    assert (answer.status_code, answer.json()["fail"]) == (400, "cursor")


def test_metas_places_last_as_long_as_the_item_that_they_point_at() -> None:
    """A page is asked for by the last item of the one before it, and refused once that is gone."""
    listed = [_Listed(str(number)) for number in range(5)]

    def page(of: list[_Listed], after: str = "") -> Reply:
        return paged(
            Request("GET", "/edge", [("limit", "2"), ("after", after)], {}), of, lambda one: {"id": one.id}, "/"
        )

    after = json.loads(page(listed).body)["paging"]["cursors"]["after"]
    assert [each["id"] for each in json.loads(page(listed[0:4], after).body)["data"]] == ["2", "3"]
    with pytest.raises(StaleCursor):
        page([listed[0], *listed[2:]], after)


@dataclass
class _Listed:
    id: str


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("rate_limit", 429, "rate_limit"),
        ("server_error", 503, "server_error"),
        ("expired_token", 401, "token"),
        ("no_permission", 403, "permission"),
        ("error_in_200", 200, "server_error"),
    ],
)
def test_errors_are_in_the_platforms_words(running: RunningCity, kind: Any, status: int, words: str) -> None:
    """A fault answers as the platform would, and once."""
    running.install(Fault("/flickr/", kind, seconds=7))
    answer = _get(running)
    assert (answer.status_code, answer.json()) == (status, {"fail": words, "wait": 7})
    assert "posts" in _get(running).json()


def test_the_other_faults_strike_here_too(running: RunningCity) -> None:
    """Truncated bodies, log-in pages and poison meet the further platforms as they do Bluesky."""
    running.install(Fault("/flickr/", "truncated"))
    with pytest.raises(json.JSONDecodeError):
        _get(running).json()
    running.install(Fault("/flickr/", "html"))
    assert _get(running).headers["content-type"].startswith("text/html")
    running.install(Fault("/flickr/", "poison_text"))
    assert json.loads(_get(running).content)["posts"][0]["text"] == POISON
    running.install(Fault("/_media/", "redirect", location="http://10.0.0.1/"))
    answer = requests.get(f"{running.url}/flickr/_media/1", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://10.0.0.1/")


def test_every_token_has_a_budget_of_its_own(city: City, api: None) -> None:
    """The platform's limit counts down to its own error for one token, and leaves the other alone."""
    assert api is None
    with serve(city, faulty=False, limits={"flickr": (2, 60)}) as server:
        answers = [_get(server) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert [one.headers["x-left"] for one in answers[:2]] == ["1", "0"]
        assert 0 < answers[2].json()["wait"] <= 61
        assert _get(server, token="token-flickr-library").status_code == 200


def test_the_register_has_the_accounts_with_their_tokens(city: City, running: RunningCity) -> None:
    """Rows name the API's address and the variable of the token; the city says what the environment must hold."""
    rows = [row for row in running.register_rows() if row["platform"] == "flickr"]
    assert [row["handle_or_id"] for row in rows] == [one.handle for one in city.social.accounts]
    settings = rows[0]["settings"]
    assert settings["api_url"] == f"{running.url}/flickr"
    variable = settings["token"].removeprefix("env:")
    assert variable == "SAMPLE_CITY_TOKEN_FLICKR_PARKS"
    assert running.tokens()[variable] == "token-flickr-parks"
    assert "flickr:lpvparks" in running.register_csv()


def test_a_platform_without_rendering_is_not_served(running: RunningCity) -> None:
    """What the city is not on, or nobody renders, is no page; a platform not asked for has no media either."""
    assert requests.get(f"{running.url}/x/2/users", timeout=10).status_code == 404
    assert requests.get(f"{running.url}/x/_media/1", timeout=10).status_code == 404


@given(
    size=st.integers(0, 40),
    limit=st.integers(1, 12),
    faults=st.lists(st.sampled_from(["", "short_page", "reordered_page", "repeated_ids", "empty_page_with_next"])),
)
def test_no_mixture_of_page_faults_loses_an_item(size: int, limit: int, faults: list[str]) -> None:
    """Whatever strikes on the way, walking to the end meets every item, no page has more than asked for and repeated."""
    listing = list(range(size))
    met: set[int] = set()
    cursors: set[str] = set()
    cursor: str | None = ""
    strikes = iter(faults)
    while cursor is not None:
        assert cursor not in cursors  # no cursor comes twice: a reader that looks for loops finds none
        cursors.add(cursor)
        request = Request("GET", "/", [], {}, faults=frozenset({next(strikes, "")}))
        page = cut(request, listing, limit, cursor)
        assert len(page.items) <= limit + 2
        met |= set(page.items)
        cursor = page.next
    assert met == set(listing)


@given(st.text(max_size=30))
def test_a_cursor_that_was_never_given_begins_anew(cursor: str) -> None:
    """Nonsense for a cursor is the first page, not an error."""
    page = cut(Request("GET", "/", [], {}), [1, 2, 3], 3, cursor)
    assert page.items in ([1, 2, 3], [2, 3], [3], [])


def test_offsets_are_cut_like_cursors() -> None:
    """Pages by offset end where the listing ends."""
    plain = Request("GET", "/", [], {})
    assert cut_at(plain, [1, 2, 3, 4, 5], 0, 2) == ([1, 2], 2)
    assert cut_at(plain, [1, 2, 3, 4, 5], 4, 2) == ([5], None)
    assert cut_at(plain, [1, 2, 3, 4, 5], 9, 2) == ([], None)


def test_a_token_is_found_where_it_may_stand() -> None:
    """As a bearer or as a parameter."""
    assert Request("GET", "/", [("access_token", "a")], {}).token == "a"
    assert Request("GET", "/", [("access_token", "a")], {"authorization": "Bearer b"}).token == "b"
    assert Request("GET", "/", [], {}).token == ""


def test_a_big_thread_is_there_at_once() -> None:
    """The benchmarks' city has as many comments on one post as asked for, some of them below the first."""
    world = bulk_social_city("facebook", 1, 2000, nested=500).social.at(1)
    (account,) = world.accounts("facebook")
    (post,) = world.posts("facebook", account.key)
    comments = world.comments("facebook", post.id)
    assert len({one.id for one in comments}) == 2000
    assert len(world.replies("facebook", comments[0].id)) == 500


def test_an_ordinary_nights_trouble_loses_nothing(city: City, running: RunningCity) -> None:
    """Whoever waits, asks again and goes on has everything, night after night of different trouble."""
    kinds = set()
    for night in range(1, 6):
        running.at(night)
        plan = nightly_trouble(("flickr",), night)
        kinds |= {fault.kind for fault in plan}
        running.install(*plan)
        met: set[str] = set()
        for _ in range(12):  # several readings: faults strike late too
            cursor: str | None = ""
            while cursor is not None:
                answer = _get(running, cursor=cursor, limit=5)
                if answer.status_code == 200:
                    met |= {post["id"] for post in answer.json()["posts"]}
                    cursor = answer.json()["next"]
            assert met == set(_true(city, night))
            met.clear()
    assert kinds == set(PATIENCE)
