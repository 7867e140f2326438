"""Logging in by the city's single sign-on, with the real npm `oidc-provider`: who gets in, as what, and who does not."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from clerk import people
from clerk.app import create_app
from clerk.serve import running
from clerk.single_sign_on import SignOnSettingsError, SingleSignOn
from tests.fixtures.clerk import NAME, log_in, token_of
from tests.fixtures.single_sign_on import CLIENT_ID, Provider, running_provider, sign_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.clerk import City

USERS: dict[str, dict[str, Any]] = {
    "s-0001": {"preferred_username": "Rita.Vega", "name": "Rita Vega", "email": "rita@city.example", "email_verified": True,
               "groups": ["staff", "archive-clerks"]},
    "s-0002": {"preferred_username": "omar", "email": "omar@city.example", "email_verified": True,
               "groups": ["archive-admins", "archive-clerks"]},
    "s-0003": {"preferred_username": "nobody.much", "email": "n@city.example", "email_verified": True, "groups": ["staff"]},
    "s-0004": {"preferred_username": "elsewhere", "email": "x@other.example", "email_verified": True,
               "groups": ["archive-clerks"]},
    "s-0005": {"preferred_username": "unverified", "email": "u@city.example", "email_verified": False,
               "groups": ["archive-clerks"]},
    "s-0006": {"preferred_username": NAME, "email": "d@city.example", "email_verified": True, "groups": ["archive-clerks"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The provider, waiting for its client."""
    with running_provider() as made:
        yield made


@pytest.fixture(scope="module")
def joined(module_city: City, provider: Provider) -> Iterator[City]:
    """The city's pages, joined to the provider."""
    settings = module_city.archive.settings.model_copy(
        update={
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": _secret(provider.secret),
            "oidc_scopes": "openid profile email groups",
            "oidc_roles": (("archive-admins", "administrator"), ("archive-clerks", "clerk")),
            "oidc_domain": "city.example",
            "oidc_name": "Carson Grove sign-on",
        }
    )
    archive = dataclasses.replace(module_city.archive, settings=settings)
    with running(archive, module_city.searchable.client) as address:
        provider.register(address)
        provider.set_users(USERS)
        yield dataclasses.replace(module_city, archive=archive, address=address)


def _secret(value: str) -> Any:
    from pydantic import SecretStr  # noqa: PLC0415 - here alone

    return SecretStr(value)


def test_a_first_log_in_makes_a_user_with_the_role_of_their_groups(joined: City) -> None:
    """The form offers it; the way there has state, nonce and PKCE; back comes a session, and the subject is kept."""
    client = joined.client()
    assert "Log in with Carson Grove sign-on" in client.get("/login").text
    way = client.get("/login/single-sign-on")
    asked = parse_qs(urlsplit(way.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["response_type"] == ["code"]
    answer = sign_on(client, "s-0001", "/status")
    assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    page = client.get("/status")
    assert "rita.vega" in page.text
    with joined.archive.engine.connect() as connection:
        row = connection.execute(sa.text("select * from users where subject = 's-0001'")).one()
    assert (row.name, row.role, row.password_hash, row.issuer) == (
        "rita.vega",
        "clerk",
        None,
        joined.archive.settings.oidc_issuer,
    )
    assert joined.audit("logged in")[-1].detail["by"] == "single sign-on"
    assert sign_on(joined.client(), "s-0001").status_code == 303
    with joined.archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from users where subject = 's-0001'")) == 1


def test_the_subject_is_the_identity(joined: City, provider: Provider) -> None:
    """Another name, address or group is the same user with another role; another subject of a local user's name is not them."""
    sign_on(joined.client(), "s-0002")
    renamed = {**USERS, "s-0002": {**USERS["s-0002"], "preferred_username": "omar.b", "groups": ["archive-clerks"]}}
    provider.set_users(renamed)
    client = joined.client()
    assert sign_on(client, "s-0002").status_code == 303
    with joined.archive.engine.connect() as connection:
        row = connection.execute(sa.text("select name, role from users where subject = 's-0002'")).one()
    assert (row.name, row.role) == ("omar", "clerk")
    assert joined.audit("role changed")[-1].detail == {"from": "administrator", "to": "clerk"}
    provider.set_users(USERS)
    assert sign_on(joined.client(), "s-0006").status_code == 303
    with joined.archive.engine.connect() as connection:
        names = connection.execute(
            sa.text("select name, subject from users where name like :n"), {"n": f"{NAME}%"}
        ).all()
    assert {tuple(each) for each in names} == {(NAME, None), (f"{NAME} (s-0006)", "s-0006")}


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("s-0003", "none of your groups has a role in this archive"),
        ("s-0004", "Only verified addresses of city.example may log in here"),
        ("s-0005", "Only verified addresses of city.example may log in here"),
        ("s-9999", "The single sign-on did not let you in"),
    ],
)
def test_who_may_not_is_told_why(joined: City, who: str, sentence: str) -> None:
    """No group with a role, an address of elsewhere, nobody the provider knows: a sentence, no session, and the audit log."""
    client = joined.client()
    before = len(joined.audit("log-in refused"))
    answer = sign_on(client, who)
    assert answer.status_code == 401
    assert sentence in answer.text
    assert "session" not in client.cookies
    assert len(joined.audit("log-in refused")) == before + 1
    with joined.archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from users where subject = :s"), {"s": who}) == 0


def test_a_disabled_user_is_refused(joined: City) -> None:
    """Though the provider lets them in."""
    client = joined.client()
    sign_on(client, "s-0001")
    people.set_disabled(joined.archive.engine, "rita.vega", disabled=True)
    assert client.get("/").status_code == 303
    answer = sign_on(joined.client(), "s-0001")
    assert (answer.status_code, "disabled: ask an administrator" in answer.text) == (401, True)
    people.set_disabled(joined.archive.engine, "rita.vega", disabled=False)


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(joined: City) -> None:
    """Another browser's answer, an old one, one sent twice, an invented one, one of another issuer."""
    client = joined.client()
    way = client.get("/login/single-sign-on")
    state = parse_qs(urlsplit(way.headers["location"]).query)["state"][0]
    issuer = joined.archive.settings.oidc_issuer
    back = "/login/single-sign-on/return"
    other = joined.client()
    for browser, answer in (
        (other, {"code": "x", "state": state, "iss": issuer}),
        (client, {"code": "x", "state": "guessed", "iss": issuer}),
        (client, {"code": "x", "state": state, "iss": "http://127.0.0.1:9/"}),
        (client, {"code": "x", "state": state}),
        (client, {"code": "invented", "state": state, "iss": issuer}),
        (client, {"state": state, "iss": issuer}),
        (client, {}),
    ):
        way = client.get("/login/single-sign-on")
        state_now = parse_qs(urlsplit(way.headers["location"]).query)["state"][0]
        asked = {**answer, "state": state_now} if answer.get("state") == state and browser is client else answer
        found = browser.get(back, params={name: value for name, value in asked.items() if value})
        assert found.status_code == 401, answer
        assert "session" not in browser.cookies
        assert "invented" not in found.text


def test_an_answer_is_taken_once(joined: City) -> None:
    """The provider's answer, sent again with the same cookies, opens no second session."""
    client = joined.client()
    answer = sign_on(client, "s-0002")
    assert answer.status_code == 303
    again = client.get(str(answer.request.url))
    assert again.status_code == 401


def test_logging_out_leads_to_the_provider(joined: City) -> None:
    """Our session is over; the page leads on to the provider's own log-out, which leads back here."""
    client = joined.client()
    sign_on(client, "s-0002")
    token = client.cookies["session"]
    answer = client.post("/logout", data={"csrf_token": token_of(client.get("/"))})
    assert answer.status_code == 200
    found = re.search(r'<a href="([^"]+)">log out of Carson Grove sign-on', answer.text)
    assert found
    address = found[1].replace("&amp;", "&")
    assert address.startswith(f"{joined.archive.settings.oidc_issuer}/session/end?")
    assert parse_qs(urlsplit(address).query)["post_logout_redirect_uri"] == [f"{joined.address}/login"]
    assert joined.client().get("/", headers={"Cookie": f"session={token}"}).status_code == 303
    there = httpx.get(address)
    assert there.status_code == 200
    assert "xsrf" in there.text
    local = joined.client()
    log_in(local)
    assert local.post("/logout", data={"csrf_token": token_of(local.get("/"))}).headers["location"] == "/login"


def test_local_log_in_can_be_switched_off(joined: City) -> None:
    """Then the form is gone, and the right password does not help."""
    settings = joined.archive.settings.model_copy(update={"local_login": False})
    archive = dataclasses.replace(joined.archive, settings=settings)
    with running(archive, joined.searchable.client) as address:
        client = httpx.Client(base_url=address, timeout=60)
        form = client.get("/login")
        assert 'name="password"' not in form.text
        cookie = client.cookies["login_token"]
        answer = client.post(
            "/login", data={"csrf_token": cookie, "name": NAME, "password": "correct horse battery staple"}
        )
        assert answer.status_code == 401
        assert "Nobody logs in with a password here." in answer.text
        assert "session" not in client.cookies


def test_the_secret_is_nowhere(joined: City, provider: Provider) -> None:
    """Not in a page, nor in the audit log, nor in what the settings print."""
    assert provider.secret not in repr(joined.archive.settings)
    with joined.archive.engine.connect() as connection:
        assert provider.secret not in str(connection.execute(sa.text("select * from audit")).all())
        assert provider.secret not in str(connection.execute(sa.text("select * from users")).all())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"oidc_issuer": "http://sso.example.gov"}, "must be an address of https"),
        ({"oidc_client_id": None}, "OIDC_CLIENT_ID is missing"),
        ({"oidc_roles": ()}, "OIDC_ROLES is missing"),
        ({"oidc_roles": (("a", "king"),)}, "names the role 'king'"),
        ({"oidc_issuer": None, "local_login": False}, "nobody could log in"),
    ],
)
def test_settings_that_cannot_be_are_said_at_the_start(joined: City, wrong: dict[str, Any], says: str) -> None:
    """The pages do not start, and the sentence names the setting."""
    archive = dataclasses.replace(joined.archive, settings=joined.archive.settings.model_copy(update=wrong))
    with pytest.raises(SignOnSettingsError, match=says):
        create_app(archive, joined.searchable.client, joined.searchable.alias)


def test_a_secret_may_be_in_a_file(joined: City, provider: Provider, tmp_path: Any) -> None:
    """As Docker gives secrets."""
    path = tmp_path / "secret"
    path.write_text(f"{provider.secret}\n")
    update = {"oidc_client_secret": None, "oidc_client_secret_file": path}
    made = SingleSignOn(joined.archive.settings.model_copy(update=update))
    assert made._secret == provider.secret


def test_a_provider_that_does_not_answer_is_said(joined: City) -> None:
    """A sentence on the log-in page; local users get in all the same."""
    settings = joined.archive.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    archive = dataclasses.replace(joined.archive, settings=settings)
    with running(archive, joined.searchable.client) as address:
        client = httpx.Client(base_url=address, timeout=60)
        answer = client.get("/login/single-sign-on")
        assert answer.status_code == 401
        assert "The single sign-on does not answer now" in answer.text
        assert log_in(client).status_code == 303
