"""Administration: who may log in and what they may see, on the pages and by command; the audit log for its auditor."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.records.models import User
from clerk.users import create_user
from tests.fixtures.clerk import NAME, PASSWORD, City, log_in, token_of

if TYPE_CHECKING:
    import httpx


def browser(city: City, role: str) -> httpx.Client:
    """Somebody of that role, logged in."""
    create_user(city.archive.engine, f"{role}.person", PASSWORD, role)
    client = city.client()
    assert log_in(client, f"{role}.person").status_code == 303
    return client


def page_of(city: City, name: str) -> str:
    """The page of a user."""
    with city.archive.engine.connect() as connection:
        return f"/users/{connection.scalar(sa.select(User.public_id).where(User.name == name))}"


def post(client: httpx.Client, address: str, **form: object) -> httpx.Response:
    """Send a form of ours."""
    token = token_of(client.get(address.rpartition("/")[0]))
    return client.post(address, data={"csrf_token": token, **form})


@pytest.mark.parametrize("role", ["viewer", "clerk", "reviewer", "records_manager", "auditor"])
def test_only_an_administrator_administers(city: City, role: str) -> None:
    """Nobody else sees the users or changes one; each try is audited."""
    client = browser(city, role)
    page = page_of(city, NAME)
    token = token_of(client.get("/audit" if role == "auditor" else "/"))
    answers = [client.get("/users"), client.get(page)]
    for what in ("role", "departments", "grants", "disabled", "sessions"):
        form = {
            "csrf_token": token,
            "role": "administrator",
            "disabled": "yes",
            "what": "messages",
            "do": "give",
            "reason": "x",
        }
        answers.append(client.post(f"{page}/{what}", data=form))
    for answer in answers:
        assert answer.status_code == 403
        assert "Only an administrator sees and changes who may log in" in answer.text
    assert len(city.audit("refused")) == len(answers)
    with city.archive.engine.connect() as connection:
        assert connection.execute(sa.text("select role, disabled from users where name = :n"), {"n": NAME}).one() == (
            "clerk",
            False,
        )
        assert connection.scalar(sa.text("select count(*) from grants")) == 0


def test_an_administrator_is_spoken_to_in_spanish_and_the_log_stays_english(city: City) -> None:
    """The pages and the mistakes are in the language of the browser; what is written into the audit log is not."""
    client = browser(city, "administrator")
    client.headers["accept-language"] = "es-US,es;q=0.9"
    page = page_of(city, NAME)
    assert "Sesiones abiertas" in client.get("/users").text
    seen = client.get(page).text
    assert "Funci\u00f3n y departamentos" in seen
    assert "There is" not in seen
    refused = post(client, f"{page}/grants", do="give", what="messages", reason="")
    assert "No se cambi\u00f3 nada: Diga por qu\u00e9, en 1 a 2,000 caracteres" in refused.text
    assert post(client, f"{page}/role", role="viewer").status_code == 303
    assert [each.detail for each in city.audit("role changed")] == [{"from": "clerk", "to": "viewer"}]
    log = client.get("/audit").text
    assert "Bit\u00e1cora de auditor\u00eda" in log
    assert '<td lang="en">role changed</td>' in log


def test_an_administrator_changes_a_user(city: City) -> None:
    """Role, departments, grants, sessions, disabled: each at once, each in the audit log under the administrator's name."""
    client, clerk = browser(city, "administrator"), city.signed_in()
    page = page_of(city, NAME)
    assert NAME in client.get("/users").text
    assert post(client, f"{page}/role", role="viewer").headers["location"] == page
    assert (
        clerk.post(f"{city.page_of('post')}/capture", data={"csrf_token": token_of(clerk.get("/"))}).status_code == 403
    )
    assert post(client, f"{page}/departments", department=["Parks and Recreation"]).status_code == 303
    assert clerk.get(city.page_of("post")).status_code == 404
    assert post(client, f"{page}/departments").status_code == 303
    assert clerk.get(city.page_of("post")).status_code == 200
    given = post(client, f"{page}/grants", do="give", what="messages", reason="request 2026-14", until="2099-07-31")
    assert given.status_code == 303
    assert "Include direct messages" in clerk.get("/").text
    shown = client.get(page).text
    assert "request 2026-14" in shown
    assert "1 August 2099" in shown
    assert post(client, f"{page}/grants", do="take back", what="messages", reason="closed").status_code == 303
    assert "Include direct messages" not in clerk.get("/").text
    assert post(client, f"{page}/sessions").status_code == 303
    assert clerk.get("/status").status_code == 303
    clerk = city.signed_in()
    assert post(client, f"{page}/disabled", disabled="yes").status_code == 303
    assert clerk.get("/status").status_code == 303
    assert log_in(city.client()).status_code == 401
    assert post(client, f"{page}/disabled", disabled="no").status_code == 303
    assert log_in(city.client()).status_code == 303
    for action in ("role changed", "departments changed", "grant given", "grant taken back", "sessions ended",
                   "user disabled", "user enabled"):  # fmt: skip
        assert {(row.actor, row.subject) for row in city.audit(action)} == {("administrator.person", NAME)}, action


@pytest.mark.parametrize(
    ("what", "form", "sentence"),
    [
        ("role", {"role": "king"}, "is no role"),
        ("departments", {"department": ["Nowhere"]}, "names no department"),
        ("grants", {"do": "give", "what": "everything", "reason": "x"}, "There is no grant"),
        ("grants", {"do": "give", "what": "messages", "reason": " "}, "Say why"),
        ("grants", {"do": "give", "what": "messages", "reason": "x", "until": "soon"}, "is no day"),
        (
            "grants",
            {"do": "give", "what": "messages", "reason": "x", "until": "2001-01-01"},
            "cannot end before it begins",
        ),
        ("grants", {"do": "take back", "what": "messages", "reason": "x"}, "has no grant"),
        ("grants", {"what": "messages", "reason": "x"}, "Choose whether"),
        ("disabled", {"disabled": "no"}, "enabled already"),
        ("disabled", {"disabled": "perhaps"}, "not understood"),
    ],
)
def test_a_mistake_is_said_and_changes_nothing(city: City, what: str, form: dict[str, object], sentence: str) -> None:
    """One sentence, and the user is as before."""
    client = browser(city, "administrator")
    answer = post(client, f"{page_of(city, NAME)}/{what}", **form)
    assert answer.status_code == 400
    assert sentence in answer.text
    with city.archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from grants")) == 0
        row = connection.execute(
            sa.text("select role, disabled, departments from users where name = :n"), {"n": NAME}
        ).one()
    assert tuple(row) == ("clerk", False, [])


def test_administrators_change_nothing_of_their_own(city: City) -> None:
    """Neither role, nor limits, nor grants; nor do they lock themselves out."""
    client = browser(city, "administrator")
    page = page_of(city, "administrator.person")
    for what, form in (
        ("role", {"role": "auditor"}),
        ("departments", {}),
        ("grants", {"do": "give", "what": "personal_accounts", "reason": "mine"}),
        ("disabled", {"disabled": "yes"}),
    ):
        answer = post(client, f"{page}/{what}", **form)
        assert answer.status_code == 400
        assert "ask another administrator" in answer.text
    assert client.get("/users/018f0000-0000-7000-8000-000000000000").status_code == 404


def test_an_auditor_sees_the_audit_log_and_no_record(city: City) -> None:
    """The log-in leads there; the filters narrow it; records, searches and lists are not theirs; the menu names what is."""
    clerk = city.signed_in()
    clerk.get("/", params={"q": "pothole"})
    clerk.get(city.page_of("post"))
    client = browser(city, "auditor")
    assert client.get("/").headers["location"] == "/audit"
    page = client.get("/audit")
    assert page.status_code == 200
    for word in ("searched", "record opened", NAME, "pothole"):
        assert word in page.text
    assert 'href="/terms"' not in page.text
    assert 'href="/users"' not in page.text
    narrowed = client.get(
        "/audit", params={"actor": NAME, "action": "record opened", "subject": str(city.public_id("post"))}
    )
    assert narrowed.text.count("<tr>") == 2
    assert "Nothing in the log matches" in client.get("/audit", params={"from": "2001-01-01", "to": "2001-01-02"}).text
    assert client.get("/audit", params={"from": "soon"}).status_code == 400
    for address in (
        "/terms", "/accounts", "/moderation", "/moderation.csv", "/status", city.page_of("post"),
        f"/media/{city.media['street']}", f"/exchanges/{city.account.exchange}",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert "Your role reads the audit log, not the records" in answer.text
    assert city.audit("audit log read")[0].actor == "auditor.person"
    assert browser(city, "viewer").get("/audit").status_code == 403


def test_the_audit_log_is_a_file_of_every_row(city: City) -> None:
    """All of it, more than a page, in order, each row once; what looks like a formula is none."""
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into audit (actor, action, subject, detail) select 'made', 'counted', '=' || n, "
                "jsonb_build_object('n', n) from generate_series(1, 12345) n"
            )
        )
    client = browser(city, "auditor")
    answer = client.get("/audit.csv", params={"actor": "made"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [json.loads(row["detail"])["n"] for row in rows] == list(range(12345, 0, -1))
    assert rows[0]["of what"] == "'=12345"
    first = client.get("/audit", params={"actor": "made"})
    assert "Earlier entries" in first.text
    assert [row.detail for row in city.audit("audit log downloaded")] == [{"actor": "made"}]
