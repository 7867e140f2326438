"""Handing an e-mail to a real mail server: encrypted, logged in, and what is said where that does not work."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest

from archiver import mail
from archiver.settings import Settings
from tests.fixtures.mail import PASSWORD, Post, mail_server, silent_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def message() -> EmailMessage:
    """A message to send."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "archive@carsongrove.example", "dana@carsongrove.example", "1 new"
    made.set_content("A pothole")
    return made


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """The city's mail server, with STARTTLS and a log-in."""
    with mail_server(tmp_path_factory.mktemp("mail")) as running:
        yield running


def settings(post: Post, **changes: Any) -> Settings:
    """The settings that reach it."""
    return Settings.model_validate(post.settings | changes)


def test_a_message_goes_by_starttls_and_a_log_in(post: Post) -> None:
    """The server has it, from and to whom it says."""
    mail.send(settings(post), message())
    assert post.messages[-1].get_content().splitlines() == ["A pothole"]
    assert post.envelopes[-1].rcpt_tos == ["dana@carsongrove.example"]
    assert post.envelopes[-1].mail_from == "archive@carsongrove.example"


@pytest.mark.parametrize("tls", ["tls", "none"])
def test_a_message_goes_by_tls_from_the_first_byte_or_in_the_clear(tmp_path: Path, tls: str) -> None:
    """In the clear without a log-in only."""
    with mail_server(tmp_path, tls) as running:
        mail.send(settings(running), message())
        assert len(running.messages) == 1
        if tls == "none":
            with pytest.raises(mail.MailError, match="STARTTLS"):
                mail.send(settings(running, smtp_tls="starttls"), message())
            with pytest.raises(mail.MailError, match="A password is not sent unencrypted"):
                mail.send(settings(running, smtp_user="archive", smtp_password=PASSWORD), message())
            assert len(running.messages) == 1


def test_the_password_may_stand_in_a_file(post: Post, tmp_path: Path) -> None:
    """As containers get theirs."""
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    before = len(post.messages)
    mail.send(settings(post, smtp_password=None, smtp_password_file=path), message())
    assert len(post.messages) == before + 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"smtp_password": "wrong"}, "refuses \\(535"),
        ({"smtp_password": "w\u00f6rong-4711"}, "letters that its log-in cannot carry"),
        ({"smtp_password_file": "/nowhere/password"}, "FileNotFoundError"),
        ({"smtp_ca": None}, "CERTIFICATE_VERIFY_FAILED"),
        ({"smtp_user": None, "smtp_password": None}, "refuses \\(530"),
        ({"smtp_port": 1}, "ConnectionRefusedError"),
        ({"smtp_host": None}, "CIVIC_ARCHIVE_SMTP_HOST"),
        ({"smtp_from": "nobody"}, "CIVIC_ARCHIVE_SMTP_FROM"),
    ],
)
def test_what_does_not_work_is_one_sentence_without_the_password(
    post: Post, changes: dict[str, Any], says: str
) -> None:
    """A wrong password, a certificate that nobody vouches for, nobody there, nothing set."""
    before = len(post.messages)
    with pytest.raises(mail.MailError, match=says) as caught:
        mail.send(settings(post, **changes), message())
    for error in (caught.value, caught.value.__cause__):
        assert PASSWORD not in str(error)
        assert "4711" not in str(error)
    assert len(post.messages) == before


def test_a_server_that_refuses_dies_or_is_silent_took_nothing(post: Post) -> None:
    """Each is told; none is waited for without end."""
    before = len(post.envelopes)
    post.refuses = "550 5.1.1 nobody of that name"
    with pytest.raises(mail.MailError, match=r"550 5\.1\.1 nobody of that name"):
        mail.send(settings(post), message())
    post.refuses, post.dies = "", True
    with pytest.raises(mail.MailError, match="SMTPServerDisconnected"):
        mail.send(settings(post), message())
    post.dies = False
    assert len(post.envelopes) == before
    with silent_server() as port, pytest.raises(mail.MailError, match="timed out"):
        mail.send(settings(post, smtp_port=port, smtp_timeout=0.3), message())
