"""`civic-archive`: everything the archive does, from a terminal. An edge: it composes, and holds no logic of its own."""

from __future__ import annotations

import contextlib
import logging
import sys

import structlog
import typer

from archiver.cli import (
    accounts,
    capture,
    coverage,
    exports,
    lists,
    log,
    media,
    moderation,
    pages,
    platforms,
    receipts,
    saved,
    stack,
    tokens,
    users,
)
from archiver.cli.output import problem

app = typer.Typer(
    name="civic-archive",
    help="A public-records archive of a city's social media: captured whole, searchable, provable.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(accounts.app, name="accounts")
app.add_typer(exports.app, name="exports")
app.add_typer(log.app, name="log")
app.add_typer(media.app, name="media")
app.add_typer(moderation.app, name="moderation")
app.add_typer(receipts.app, name="receipt")
app.add_typer(saved.app, name="saved")
app.add_typer(users.app, name="users")
for module in (stack, capture, pages, coverage, lists, platforms):
    module.register(app)
tokens.register_commands(app)


def main() -> None:
    """The program. Ends with 1 and one sentence for what a person can mend, and with a trace only for what is a fault."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        app()
    except known_errors() as error:
        problem(str(error))
        sys.exit(1)


def known_errors() -> tuple[type[Exception], ...]:
    """The errors whose message says what to do."""
    from pydantic import ValidationError  # noqa: PLC0415 - `--help` stays quick
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - as above

    from archiver.accounts import RegisterError  # noqa: PLC0415 - as above
    from archiver.capture.errors import CaptureError  # noqa: PLC0415 - as above
    from archiver.downloads.errors import DownloadError  # noqa: PLC0415 - as above
    from archiver.local.errors import LocalStackError  # noqa: PLC0415 - as above
    from archiver.log_keeping import LogError  # noqa: PLC0415 - as above
    from archiver.moderation import ModerationError  # noqa: PLC0415 - as above
    from search.errors import SearchError  # noqa: PLC0415 - as above

    pages: tuple[type[Exception], ...] = ()
    with contextlib.suppress(ImportError):  # the pages are an optional group
        from clerk.single_sign_on import SignOnSettingsError  # noqa: PLC0415 - as above
        from clerk.users import UserError  # noqa: PLC0415 - as above

        pages = (UserError, SignOnSettingsError)
    return (
        RegisterError,
        CaptureError,
        DownloadError,
        LocalStackError,
        *LogError,
        ModerationError,
        SearchError,
        ValidationError,
        OperationalError,
        *pages,
    )
