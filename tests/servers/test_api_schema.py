"""Every page answers whatever it is sent: with what its description says, and never with an error of ours."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from clerk import grants, people, sessions
from clerk.app import create_app
from clerk.grants import What
from clerk.saved.store import save
from clerk.serve import running
from clerk.users import create_user, verify
from search.errors import QueryError
from search.query import SearchRequest
from search.query.cursor import encode
from tests.fixtures.clerk import PASSWORD
from tests.fixtures.plain import NO_TLS
from tests.fixtures.searching import ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clerk.users import SignedIn
    from tests.fixtures.clerk import City

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
EXAMPLES = 12
HOSTILE = {
    "nothing": "",
    "NUL": "%00a%00",
    "a lone surrogate": "%ED%A0%80",
    "bytes that are no UTF-8": "%FF%FE%80",
    "right to left": quote("\u202e\u05d7\u05d9\u05e4\u05d5\u05e9\u202c \u0628\u062d\u062b \u2066x"),
    "a huge number": "9" * 400,
    "just beyond eight bytes": "9223372036854775808",
    "a negative number": "-1",
    "no number": "NaN",
    "digits of another script": quote("\u0661\u0662"),
    "markup": quote("<script>alert(1)</script>\"'>{{7*7}}%(x)s"),
    "SQL": quote("'; drop table items; --"),
    "a query that is torn": quote('("pothole OR type: -*~ NEAR/'),
    "a year that is none": "0000-13-45",
    "the last day there is": "9999-12-31",
    "the first day there is": "0001-01-01",
    "an address": quote("https://[::1"),
    "lines": "a%0D%0ASet-Cookie:%20x=1",
    "very long": "x" * 5000,
    "combining marks": quote("e" + "\u0301" * 300),
}
"""Values as they travel, percent-encoded."""


@dataclasses.dataclass(frozen=True)
class Pages:
    """The pages with somebody logged in who may do everything, what they say of themselves, and an id of each kind of thing."""

    city: City
    address: str
    schema: dict[str, Any]
    ids: dict[str, dict[str, list[str]]]
    user: SignedIn

    def browser(self) -> tuple[httpx.Client, str]:
        """A browser with an open session, and the token that its forms carry."""
        engine, now = self.city.archive.engine, self.city.archive.now()
        token = sessions.begin(engine, self.user, now)
        opened = sessions.find(engine, token, now)
        assert opened is not None
        cookies = {"session": token, "login_token": opened.csrf_token}
        client = httpx.Client(base_url=self.address, timeout=60, cookies=cookies, trust_env=False, verify=NO_TLS)
        return client, opened.csrf_token


@pytest.fixture(scope="module")
def pages(module_city: City) -> Iterator[Pages]:
    """The whole application over the city. A capture that is asked for is not made: nothing schedules it."""
    city = module_city
    elsewhere = city.archive.settings.model_copy(update={"airflow_url": "http://127.0.0.1:9"})
    archive = dataclasses.replace(city.archive, settings=elsewhere)
    engine, now = archive.engine, archive.now()
    create_user(engine, "root", PASSWORD, "administrator")
    for what in What:
        grants.give(engine, "root", what, "to try everything", now=now)
    other = create_user(engine, "other", PASSWORD, "clerk")
    people.set_departments(engine, "other", ["Parks and Recreation"])
    schema = create_app(archive, city.searchable.client, city.searchable.alias).openapi()
    user = verify(engine, "root", PASSWORD)
    assert user is not None
    search = str(save(engine, user, {"q": "pothole"}, "Potholes", shared=False, now=now))
    with running(archive, city.searchable.client) as address:
        yield Pages(city, address, schema, _ids(city, str(other), search), user)


def _ids(city: City, user: str, search: str) -> dict[str, dict[str, list[str]]]:
    """What stands in an address, by the address's first part and the parameter's name: something known, and something unknown."""
    nobody = str(uuid.uuid4())
    with city.archive.engine.connect() as connection:
        (exchange,) = connection.execute(sa.text("select exchange_id::text from warc_records limit 1")).scalars()
        (account,) = connection.execute(sa.text("select public_id::text from accounts order by id limit 1")).scalars()
    numbers = {"number": ["1", "0", "-1", "7", "9" * 30]}
    return {
        "items": {"public_id": [str(city.public_id("post")), str(city.public_id("hostile")), nobody], **numbers},
        "media": {"public_id": [str(each) for each in city.media.values()] + [nobody]},
        "accounts": {"public_id": [account, nobody]},
        "exchanges": {"exchange_id": [exchange, nobody]},
        "users": {"public_id": [user, nobody]},
        "language": {"tag": ["en", "es", "xx"]},
        "exports": {"public_id": [nobody]},
        "receipts": numbers,
        "searches": {"public_id": [search, nobody]},
        "threads": {"public_id": [str(city.public_id("post")), str(city.public_id("orphan")), nobody]},
    }


@pytest.fixture(scope="module")
def schema(pages: Pages) -> schemathesis.BaseSchema:
    """The description, in which the addresses of what is held are known, so that the pages behind them are reached."""
    described = pages.schema
    for path, operations in described["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    known = pages.ids[path.split("/")[1]][parameter["name"]]
                    parameter["schema"] = {"type": "string", "enum": known}
    return schemathesis.openapi.from_dict(described)


def test_every_page_answers_as_it_says(
    schema: schemathesis.BaseSchema, pages: Pages, subtests: pytest.Subtests
) -> None:
    """Whatever is sent to a page by somebody who is logged in, it answers with a status and a type that it names."""
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            _ask(case, pages)

        with subtests.test(operation.label):
            ask()


def _ask(case: schemathesis.Case, pages: Pages) -> None:
    client, token = pages.browser()
    if case.operation.method.upper() == "POST":
        sent = case.body if isinstance(case.body, dict) else {}
        case.body = {**sent, "csrf_token": token}
        case.media_type = case.media_type or "application/x-www-form-urlencoded"
    with client:
        answer = case.call(base_url=pages.address, cookies=dict(client.cookies), allow_redirects=False)
    case.validate_response(answer, checks=CHECKS)
    assert "/login?" not in "".join(answer.headers.get("location", ())), "the page behind the log-in was not reached"
    assert b"form has expired" not in answer.content, "the page behind the token of the forms was not reached"


def _operations(pages: Pages) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of everything that can be asked for, what ends the session last."""
    found = [
        (method.upper(), path, operation)
        for path, operations in pages.schema["paths"].items()
        for method, operation in operations.items()
    ]
    yield from sorted(found, key=lambda each: each[1] == "/logout")


def _fields(pages: Pages, operation: dict[str, Any]) -> list[str]:
    """The names of a form's fields."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        return list(pages.schema["components"]["schemas"][name]["properties"])
    return []


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_is_answered(pages: Pages, value: str) -> None:
    """A hostile value in every field of every page at once is taken as text or refused in a sentence; nothing breaks."""
    client, token = pages.browser()
    with client:
        for method, path, operation in _operations(pages):
            named = {each["name"]: each["in"] for each in operation.get("parameters", ())}
            known = pages.ids.get(path.split("/")[1], {})
            address = path
            for name in (name for name, where in named.items() if where == "path"):
                address = address.replace(f"{{{name}}}", known[name][0])
            query = "&".join(f"{name}={value}" for name, where in named.items() if where == "query")
            form = "&".join([*(f"{name}={value}" for name in _fields(pages, operation)), f"csrf_token={token}"])
            answer = client.request(
                method,
                f"{address}?{query}",
                content=form if method == "POST" else None,
                headers={"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {},
            )
            assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, (method, path, answer.text)
            assert "form has expired" not in answer.text, (method, path)
            if answer.is_client_error:
                assert '<main id="main"' in answer.text, (method, path)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_addresses_are_answered(pages: Pages, value: str) -> None:
    """A hostile value in place of an id is no page, and says so."""
    client, token = pages.browser()
    with client:
        for method, path, operation in _operations(pages):
            address = path
            for each in operation.get("parameters", ()):
                if each["in"] == "path":
                    address = address.replace(f"{{{each['name']}}}", value)
            if address != path:
                answer = client.request(method, address, data={"csrf_token": token} if method == "POST" else None)
                assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, (method, path, answer.text)


def _multipart(charset: str, value: bytes, token: str) -> tuple[dict[str, str], bytes]:
    """A form in parts, in an encoding of its own choosing."""
    fields = {"csrf_token": token.encode(), "q": value, "name": value, "terms": value, "note": value}
    parts = (
        b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), content)
        for name, content in fields.items()
    )
    return {"Content-Type": f"multipart/form-data; boundary=cut; charset={charset}"}, b"".join(parts) + b"--cut--\r\n"


@pytest.mark.parametrize("path", ["/login", "/terms", "/receipts", "/exports"])
@pytest.mark.parametrize(
    "charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "utf-16", "punycode", "idna", "hex", "\xff"]
)
def test_forms_in_strange_encodings_are_answered(pages: Pages, path: str, charset: str) -> None:
    """A form in parts may name any encoding, also one that makes of it what no text is."""
    client, token = pages.browser()
    with client:
        for value, secret in ((rb"\ud800 \x00", token), (b"a", r"\ud800")):
            headers, body = _multipart(charset, value, secret)
            answer = client.post(
                path, headers={name: each.encode("latin-1") for name, each in headers.items()}, content=body
            )
            assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, answer.text


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Host": "["}, b""),
        ({"Host": "a@b:c:d"}, b""),
        ({"Host": "\xff"}, b""),
        ({"Cookie": "session=\xff; session=; =; csrf"}, b""),
        ({"Content-Type": "multipart/form-data"}, b"--x"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\n\r\n--x"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"&".join(b"a=%d" % n for n in range(5000))),
        ({"Content-Type": "application/json"}, b"{" * 1000),
        ({"Content-Type": "text/plain; charset=\xff"}, b"\xff"),
        ({"Sec-Fetch-Site": "\xff"}, b""),
        ({"X-Forwarded-Proto": "[", "X-Forwarded-For": "\xff"}, b""),
    ],
)
def test_requests_that_no_browser_sends_are_answered(pages: Pages, headers: dict[str, str], body: bytes) -> None:
    """Headers and bodies of no sense are refused, or not looked at; with and without a session."""
    with (
        pages.browser()[0] as client,
        httpx.Client(base_url=pages.address, timeout=60, trust_env=False, verify=NO_TLS) as stranger,
    ):
        sent = {name: value.encode("latin-1") for name, value in headers.items()}
        for browser, method, path in itertools.product(
            (client, stranger), ("GET", "POST"), ("/", "/login", "/terms", "/none")
        ):
            answer = browser.request(method, path, headers=sent, content=body)
            assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, (method, path, answer.text)


@pytest.mark.parametrize(
    "cursor", ["[" * 20_000, '["", ["\\ud800"]]', '{"a": 1}', "[1e400, [1e400]]", "nul", "\0"], ids=range(6)
)
def test_a_place_to_go_on_at_that_was_made_up_is_refused(pages: Pages, cursor: str) -> None:
    """A page that begins after what no page ended with is of another search."""
    with pages.browser()[0] as client:
        after = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")
        answer = client.get("/", params={"q": "pothole", "after": after})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "belongs to another search" in answer.text


@pytest.mark.parametrize(
    "place",
    [[], [1], [1, 1, 1, 1], [True, 1, 1], ["x", 1, 1], [None, 1, 1], [1, float("inf"), 1], [2**64, 1, 1], [{}, [], 1]],
)
def test_a_place_that_no_search_sorts_by_is_refused(pages: Pages, place: list[Any]) -> None:
    """Also where what names the search was taken from a page of it."""
    searchable = pages.city.searchable
    request = SearchRequest(text="pothole", zone=ZONE)
    with pytest.raises(QueryError, match="belongs to another search"):
        searchable.search("pothole", cursor=encode(request, place))
