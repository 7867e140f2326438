"""Who gets in: sessions, forged forms, floods of log-ins, and that no page is open by oversight."""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from clerk import users
from clerk.app import create_app
from clerk.security import HEADERS, PUBLIC
from clerk.sessions import ABSOLUTE, IDLE
from clerk.users import UserError, create_user, set_password, signed_on, verify
from tests.fixtures.clerk import NAME, PASSWORD, log_in, token_of

if TYPE_CHECKING:
    from tests.fixtures.clerk import City


def test_every_page_but_the_named_ones_wants_a_session(module_city: City) -> None:
    """Each route, asked with each of its methods, sends the anonymous to the log-in; only log-in and health are open."""
    app = create_app(module_city.archive, module_city.searchable.client, module_city.searchable.alias)
    client, asked = module_city.client(), set()
    for route in app.routes:
        methods = getattr(route, "methods", None)
        if methods is None:
            assert route.path == "/static", "a mount is outside of the gate: only the style sheet may be one"
            continue
        address = re.sub(r"\{[^}]+\}", lambda _: str(uuid.uuid4()), route.path)
        for method in methods:
            answer = client.request(method, address, content=b"")
            asked.add(route.path)
            if route.path in PUBLIC:
                continue
            assert answer.status_code == 303, (method, route.path)
            assert answer.headers["location"].startswith("/login"), route.path
            assert not answer.content
    assert {"/", "/items/{public_id}", "/media/{public_id}", "/exchanges/{exchange_id}/record", "/logout"} <= asked


def test_health_says_nothing_but_that_it_lives(module_city: City) -> None:
    """The health address is open and holds no data."""
    answer = module_city.client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_every_answer_carries_the_policy(module_city: City) -> None:
    """Pages, redirects, refusals, files and the style sheet all carry the headers; only the style sheet may be kept."""
    client = module_city.signed_in()
    answers = [
        module_city.client().get("/"),
        client.get("/"),
        client.get(module_city.page_of("post")),
        client.get("/nowhere"),
        client.post("/logout", data={"csrf_token": "wrong"}),
        client.post("/logout", content=b"x" * 70_000),
        client.get("/static/clerk.css"),
        client.get(f"/exchanges/{module_city.account.exchange}/record"),
    ]
    for answer in answers:
        for name in HEADERS.keys() - {"Content-Security-Policy"}:
            assert answer.headers[name] == HEADERS[name], (answer.url, name)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_logging_in_opens_the_page_that_was_asked_for(module_city: City) -> None:
    """The log-in leads back to where somebody wanted to go, and nowhere else."""
    client = module_city.client()
    wanted = module_city.page_of("post") + "?start=3"
    sent = client.get(wanted)
    form = client.get(sent.headers["location"])
    assert f'name="next" value="{wanted}"' in form.text
    assert log_in(client, target=wanted).headers["location"] == wanted
    for elsewhere in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\r\nX: y",
    ):
        assert log_in(module_city.client(), target=elsewhere).headers["location"] == "/", elsewhere


def test_the_cookie_is_out_of_reach_and_the_database_holds_no_token(module_city: City) -> None:
    """The session's cookie is HttpOnly and SameSite; only its digest is stored; behind TLS it is Secure and host-bound."""
    client = module_city.client()
    cookie = log_in(client).headers["set-cookie"]
    assert re.fullmatch(r"session=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)
    token = client.cookies["session"]
    with module_city.archive.engine.connect() as connection:
        stored = connection.execute(sa.text("select * from user_sessions")).all()
    assert token not in str(stored)
    secure = httpx.Client(base_url=module_city.address, headers={"X-Forwarded-Proto": "https"})
    form = secure.get("/login")
    assert re.search(r"__Host-login_token=[\w-]+; HttpOnly; Path=/; SameSite=lax; Secure", form.headers["set-cookie"])
    assert form.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (NAME, "wrong"),
        ("nobody", PASSWORD),
        (NAME, ""),
        ("", ""),
        ("a\x00b", "x"),
        (NAME, "x" * 5000),
        ("n" * 9999, "x"),
    ],
)
def test_who_has_not_both_is_refused_alike(module_city: City, name: str, password: str) -> None:
    """A wrong password, an unknown name, nonsense: the same answer, no session, and a row in the audit log."""
    client = module_city.client()
    before = len(module_city.audit("log-in refused"))
    answer = log_in(client, name, password)
    assert answer.status_code == 401
    assert "The name or the password is not right." in answer.text
    assert "session" not in client.cookies
    assert len(module_city.audit("log-in refused")) == before + 1


def test_an_unknown_name_takes_as_long_as_a_known_one(module_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a refusal takes does not tell whether the name exists."""
    monkeypatch.setattr(users, "_hasher", PasswordHasher())  # as it is outside of tests
    assert verify(module_city.archive.engine, NAME, PASSWORD) is not None  # and so its hash is made anew
    times: dict[str, list[float]] = {"nobody.here": [], NAME: []}
    for _ in range(5):
        for name, taken in times.items():
            begun = time.perf_counter()
            assert verify(module_city.archive.engine, name, "not the password") is None
            taken.append(time.perf_counter() - begun)
    # Without a hash to compare with, the unknown name would take less than a twentieth.
    assert min(times["nobody.here"]) > min(times[NAME]) / 4


def test_a_form_without_our_token_changes_nothing(city: City) -> None:
    """Logging in and out ask for the token of our own form; another site's request is refused even with it."""
    client = city.client()
    token = token_of(client.get("/login"))
    credentials = {"name": NAME, "password": PASSWORD}
    assert client.post("/login", data=credentials).status_code == 403
    assert client.post("/login", data={**credentials, "csrf_token": "guess"}).status_code == 403
    assert client.post("/login", data={**credentials, "csrf_token": "\u00e9"}).status_code == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/login", data={**credentials, "csrf_token": token}, headers=cross).status_code == 403
    assert city.client().post("/login", data={**credentials, "csrf_token": token}).status_code == 403
    signed_in = city.signed_in()
    assert signed_in.post("/logout", data={}).status_code == 403
    assert signed_in.post("/logout", data={"csrf_token": token}).status_code == 403
    assert signed_in.get("/accounts").status_code == 200


def test_a_form_has_a_bounded_size(module_city: City) -> None:
    """Nobody can make the program read more than a form holds."""
    client = module_city.client()
    assert client.post("/login", content=b"x" * 65_537).status_code == 413
    assert client.post("/login", content=iter([b"x" * 10])).status_code == 411


def test_logging_out_ends_the_session_for_good(city: City) -> None:
    """After logging out the old cookie opens nothing."""
    client = city.signed_in()
    token = client.cookies["session"]
    answer = client.post("/logout", data={"csrf_token": token_of(client.get("/"))})
    assert answer.headers["location"] == "/login"
    assert city.client().get("/", headers={"Cookie": f"session={token}"}).status_code == 303
    assert [row.actor for row in city.audit("logged out")] == [NAME]


def test_a_session_ends_when_idle_and_after_a_day_of_work(city: City) -> None:
    """An hour without use ends a session; use keeps it open, for twelve hours at most."""
    now = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
    object.__setattr__(city.archive, "now", lambda: now)
    idle, busy = city.signed_in(), city.signed_in()
    now += IDLE / 2
    assert busy.get("/status").status_code == 200
    now += IDLE / 2
    assert idle.get("/status").status_code == 303
    assert busy.get("/status").status_code == 200
    begun = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
    while now + IDLE / 2 < begun + ABSOLUTE:
        now += IDLE / 2
        assert busy.get("/status").status_code == 200, now
    now = begun + ABSOLUTE
    assert busy.get("/status").status_code == 303


def test_guessing_is_slowed_down_by_name_and_by_address(city: City) -> None:
    """After ten attempts under a name not even the right password gets in for a while; after thirty, no name does."""
    now = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
    object.__setattr__(city.archive, "now", lambda: now)
    client = city.client()
    for number in range(10):
        assert log_in(client, password=f"guess {number}").status_code == 401
    locked = log_in(client)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
    assert "try again in 15 minutes" in locked.text
    assert log_in(client, "somebody.else", "guess").status_code == 401
    for number in range(19):
        assert log_in(client, f"name {number}", "guess").status_code == 401
    assert log_in(client, "yet.another", "guess").status_code == 429
    now += dt.timedelta(minutes=15)
    assert log_in(client).status_code == 303


def test_a_disabled_user_is_out_at_once(city: City) -> None:
    """Disabling a user ends what is open and refuses the right password; a new password ends open sessions too."""
    engine, client = city.archive.engine, city.signed_in()
    set_password(engine, NAME, "another long password")
    assert client.get("/").status_code == 303
    assert log_in(client).status_code == 401
    assert log_in(client, password="another long password").status_code == 303
    with engine.begin() as connection:
        connection.execute(sa.text("update users set disabled = true"))
    assert client.get("/").status_code == 303
    assert log_in(client, password="another long password").status_code == 401


def test_users_have_usable_names_and_passwords(city: City) -> None:
    """Names are one whatever their case; short passwords, unknown roles and strange names are refused; argon2id is kept."""
    engine = city.archive.engine
    create_user(engine, " Ana.Ruiz ", PASSWORD, "auditor")
    found = verify(engine, "ana.ruiz", PASSWORD)
    assert found is not None
    assert (found.name, found.role) == ("ana.ruiz", "auditor")
    for name, password, role in (
        ("ANA.RUIZ", PASSWORD, "clerk"),
        ("x", "short", "clerk"),
        ("x", PASSWORD, "king"),
        ("", PASSWORD, "clerk"),
        ("a\x00b", PASSWORD, "clerk"),
    ):
        with pytest.raises(UserError):
            create_user(engine, name, password, role)
    with engine.connect() as connection:
        hashes = connection.scalars(sa.text("select password_hash from users")).all()
    assert all(each.startswith("$argon2id$") for each in hashes)


def test_passwords_are_slow_to_guess(
    city: City, quick_passwords: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 MiB and three passes (RFC 9106); whose password was hashed for less, it is hashed anew when they log in."""
    own = quick_passwords
    assert (own.memory_cost, own.time_cost, own.parallelism) == (65536, 3, 4)
    monkeypatch.setattr(users, "_hasher", own)
    assert verify(city.archive.engine, NAME, PASSWORD)
    with city.archive.engine.connect() as connection:
        hashed = connection.scalar(sa.text("select password_hash from users where name = :name"), {"name": NAME})
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify(city.archive.engine, NAME, PASSWORD)
    assert not verify(city.archive.engine, NAME, "another long password")


def test_nobody_is_called_what_the_audit_log_calls_a_program(city: City) -> None:
    """By whichever way they come: made here, or signed on elsewhere under that name."""
    for name in ("Command Line", "single sign-on", "exports"):
        with pytest.raises(UserError, match="calls a program"):
            create_user(city.archive.engine, name, PASSWORD)
    signed = signed_on(city.archive.engine, "https://id.example", "s-9", "command line", "clerk")
    assert signed is not None
    assert signed.name == "command line (s-9)"
