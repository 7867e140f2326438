"""Sending an e-mail by the city's mail server (RFC 5321), by the standard library's own client."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.utils import parseaddr
from typing import TYPE_CHECKING

from archiver.i18n.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from archiver.settings import Settings

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_MOST_WORDS = 300


class MailError(Exception):
    """An e-mail was not sent. The message says what to do; no password is in it."""


def problem_of(settings: Settings) -> str | None:
    """Why no e-mail can be sent with these settings, in a sentence; None where nothing is missing."""
    if settings.smtp_host is None:
        return _("The archive has no mail server: the operator sets CIVIC_ARCHIVE_SMTP_HOST.")
    if "@" not in parseaddr(settings.smtp_from or "")[1]:
        return _("The archive's e-mails have no sender: the operator sets CIVIC_ARCHIVE_SMTP_FROM to an address.")
    if settings.smtp_user is not None and settings.smtp_tls == "none":
        return _("A password is not sent unencrypted: the operator sets CIVIC_ARCHIVE_SMTP_TLS to starttls or tls.")
    return None


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand one message to the mail server; once this returns, the server has taken it.

    Args:
        settings: of the server.
        message: with its headers, to one recipient.

    Raises:
        MailError: it was not taken, as far as is known: the server cannot be reached, refuses, or does not answer in time.
    """
    if (problem := problem_of(settings)) is not None:
        raise MailError(problem)
    try:
        with _connected(settings) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        refused = "; ".join(_words(code, said) for code, said in error.recipients.values())
        raise MailError(
            f"The mail server does not take mail for that address ({refused}): check the address."
        ) from error
    except smtplib.SMTPResponseException as error:
        words = _words(error.smtp_code, error.smtp_error)
        raise MailError(f"The mail server {settings.smtp_host} refuses ({words}): tell the operator.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(
            f"The mail server {settings.smtp_host} cannot be used now ({type(error).__name__}: {str(error)[:_MOST_WORDS]}): tell "
            "the operator if it lasts."
        ) from error


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A server that is greeted, encrypted and logged in to, as the settings say."""
    host, port = settings.smtp_host or "", settings.smtp_port or _PORTS[settings.smtp_tls]
    context = ssl.create_default_context(cafile=settings.smtp_ca)
    server = (
        smtplib.SMTP_SSL(host, port, timeout=settings.smtp_timeout, context=context)
        if settings.smtp_tls == "tls"
        else smtplib.SMTP(host, port, timeout=settings.smtp_timeout)
    )
    try:
        if settings.smtp_tls == "starttls":
            server.starttls(context=context)
        if settings.smtp_user is not None:
            _log_in(server, settings.smtp_user, _password(settings))
        yield server
        # What the server took is taken, however it says good-bye.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    try:
        server.login(user, password)
    except UnicodeEncodeError:
        raise MailError(
            "The mail server's user or password has letters that its log-in cannot carry: the operator gives it plain ones."
        ) from None


def _password(settings: Settings) -> str:
    if settings.smtp_password_file is not None:
        return settings.smtp_password_file.read_text(encoding="utf-8").strip()
    return settings.smtp_password.get_secret_value() if settings.smtp_password is not None else ""


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())[:_MOST_WORDS]}"
