"""Tokens: renewed in time, saved before they are used, checked daily, and dead ones told at once."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from archiver import accounts
from archiver.capture.errors import TokenRefused
from archiver.capture.session import CaptureSession
from archiver.capture.tokens import Tokens, newest, problem_of, standings
from archiver.platforms import PLATFORMS
from archiver.platforms.items import State
from archiver.platforms.manners import Manners, Renewal, TokenHealth
from archiver.platforms.pages import AccountRef, AccountStatus
from archiver.vault import VaultError
from tests.fixtures.custody import rows

if TYPE_CHECKING:
    from tests.fixtures.archives import ArchiveMaker, TestArchive

FIRST = datetime(2026, 11, 1, 8, tzinfo=UTC)


class Rotating(Manners):
    """A platform whose every token is good until the next one was given out, and that gives each next one once."""

    manifest = PLATFORMS["bluesky"].manifest

    def __init__(self, life: timedelta = timedelta(days=60)) -> None:
        self.good, self.given, self.life, self.now = "token-0", 0, life, FIRST
        self.saved: list[str] = []
        self._lock = threading.Lock()

    def status(self, session: Any, account: AccountRef) -> AccountStatus:  # noqa: ARG002 - the protocol's
        """Present, for the good token."""
        if account.settings["token"] != self.good:
            raise TokenRefused("https://api.example/me", "Session has expired")
        return AccountStatus("1", "parks", State.PRESENT, "it is there")

    def renew(self, session: Any, account: AccountRef) -> Renewal | None:
        """The next token, for the last refresh token alone: it is used up by that."""
        assert session.post, "it would be asked for with this"
        with self._lock:
            if account.settings["refresh_token"] != f"refresh-{self.given}":
                raise TokenRefused("https://api.example/token", "invalid_grant")
            self.given += 1
            self.good = f"token-{self.given}"
            secrets = {"token": self.good, "refresh_token": f"refresh-{self.given}"}
            return Renewal(secrets, {"token": self.now + self.life})

    def token(self, session: Any, account: AccountRef) -> TokenHealth | None:  # noqa: ARG002 - the protocol's
        """Alive for five days more."""
        ends = self.now + timedelta(days=5)
        return TokenHealth(alive=True, words="valid", expires_at=ends, scopes=("read",), renewable=True)


def connected(archive: TestArchive, monkeypatch: pytest.MonkeyPatch, token: str = "0") -> AccountRef:  # noqa: S107
    """An account whose tokens stand in the environment."""
    monkeypatch.setenv("PARKS_TOKEN", f"token-{token}")
    monkeypatch.setenv("PARKS_REFRESH", f"refresh-{token}")
    account_id = rows(archive.engine, "select id from accounts")
    if not account_id:
        accounts.add(archive.engine, "bluesky:parks", {"department": "Parks"})
        account_id = rows(archive.engine, "select id from accounts")
    settings, secrets = accounts.resolve({"token": "env:PARKS_TOKEN", "refresh_token": "env:PARKS_REFRESH"})
    return AccountRef(account_id[0][0], "bluesky", "", None, "parks", settings, secrets)


def tokens(archive: TestArchive, platform: Rotating, account: AccountRef) -> tuple[Tokens, CaptureSession]:
    """The account's tokens in one run."""
    session = CaptureSession(user_agent="test", secrets=account.secrets)
    return Tokens(archive.archive, platform, account, session), session  # type: ignore[arg-type]


def test_a_refused_token_is_renewed_and_saved(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The capture goes on with the new token, the next one begins with it, and nothing kept can be read without the key."""
    archive, platform = make_archive(), Rotating()
    account = connected(archive, monkeypatch)
    platform.good = "token-of-another-day"
    mine, session = tokens(archive, platform, account)
    assert mine.status().state is State.PRESENT
    assert mine.account.settings["token"] == "token-1"
    assert session.clean("https://a.example/?x=token-1") == "https://a.example/?x=[scrubbed]"
    assert newest(archive.archive, account).account.settings["refresh_token"] == "refresh-1"
    kept = b"".join(bytes(row[0]) for row in rows(archive.engine, "select sealed from account_tokens"))
    assert b"token-1" not in kept
    assert b"refresh-1" not in kept
    again, _ = tokens(archive, platform, account)
    assert (again.status().state, platform.given) == (State.PRESENT, 1)


def test_eight_tasks_renew_once(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who come second take the token that the first one saved: its refresh token is used up."""
    archive, platform = make_archive(), Rotating()
    account = connected(archive, monkeypatch)
    platform.good = "none yet"
    ended: list[object] = []

    def work() -> None:
        try:
            ended.append(tokens(archive, platform, account)[0].status().state)
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            ended.append(error)

    tasks = [threading.Thread(target=work) for _ in range(8)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    assert (ended, platform.given) == ([State.PRESENT] * 8, 1)


def test_a_token_about_to_end_is_renewed_before_it_is_refused(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last quarter of its life, and not before."""
    archive, platform = make_archive(), Rotating(life=timedelta(hours=2))
    account = connected(archive, monkeypatch)
    platform.good = "none yet"
    for after, renewed in ((0, 1), (60, 1), (95, 2), (100, 2)):
        platform.now = FIRST + timedelta(minutes=after)
        archive.clock.set(platform.now)
        tokens(archive, platform, account)[0].status()
        assert (after, platform.given) == (after, renewed)


def test_an_account_connected_anew_uses_its_new_token(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was renewed from the old one is forgotten as soon as the environment holds another."""
    archive, platform = make_archive(), Rotating()
    account = connected(archive, monkeypatch)
    platform.good = "none yet"
    tokens(archive, platform, account)[0].status()
    fresh = connected(archive, monkeypatch, "9")
    assert newest(archive.archive, fresh).account.settings == {"token": "token-9", "refresh_token": "refresh-9"}


def test_a_dead_token_stays_dead(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the platform renews nothing any more, that it was refused is what comes out."""
    archive, platform = make_archive(), Rotating()
    account = connected(archive, monkeypatch)
    platform.good, platform.given = "none", 7
    with pytest.raises(TokenRefused, match="connect the account"):
        tokens(archive, platform, account)[0].status()
    assert rows(archive.engine, "select count(*) from account_tokens") == [(0,)]


def test_the_check_is_daily_and_renews_within_the_days_of_warning(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row a day; the token that ends in five days was renewed, so that nobody has to be told."""
    archive, platform = make_archive(), Rotating()
    archive.clock.set(FIRST)
    account = connected(archive, monkeypatch)
    mine, _ = tokens(archive, platform, account)
    mine.status()
    assert mine.check() is not None
    assert mine.check() is None
    assert mine.account.settings["token"] == "token-1"
    assert rows(archive.engine, "select alive, renewed, scopes from token_checks") == [(True, True, ["read"])]
    (standing,) = standings(archive.archive)
    assert (standing.account, standing.problem) == ("bluesky:parks", None)


def test_another_key_opens_nothing(make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive says which key it wants, and shows none."""
    archive, platform = make_archive(), Rotating()
    account = connected(archive, monkeypatch)
    platform.good = "none yet"
    tokens(archive, platform, account)[0].status()
    (key,) = (archive.archive.spool.parent / "keys").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    with pytest.raises(VaultError, match="CIVIC_ARCHIVE_TOKEN_KEY"):
        newest(archive.archive, account)


@pytest.mark.parametrize("broken", ["key", "folder", "file"])
def test_a_token_that_could_not_be_kept_is_not_asked_for(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The refresh token is good still when somebody has put the key right: it was not used up for nothing."""
    platform = Rotating()
    archive = make_archive(**({"token_key": "no key"} if broken == "key" else {}))
    account = connected(archive, monkeypatch)
    platform.good = "none yet"
    folder = archive.archive.spool.parent / "keys"
    if broken == "folder":
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_bytes(b"a file stands where the folder should be")
    elif broken == "file":
        folder.mkdir(parents=True)
        (folder / "tokens.key").write_bytes(b"\xff")
    with pytest.raises(TokenRefused, match=r"has expired; it could not be renewed: .*CIVIC_ARCHIVE_TOKEN_KEY"):
        tokens(archive, platform, account)[0].status()
    assert (platform.given, rows(archive.engine, "select count(*) from account_tokens")) == (0, [(0,)])
    mended = dataclasses.replace(
        archive.archive,
        settings=archive.archive.settings.model_copy(update={"token_key": SecretStr(Fernet.generate_key().decode())}),
    )
    session = CaptureSession(user_agent="test", secrets=account.secrets)
    assert Tokens(mended, platform, account, session).status().state is State.PRESENT  # type: ignore[arg-type]


def test_a_key_that_is_none_ends_no_night_while_the_token_is_good(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal ahead of time waits until the key is put right; the check says so, and nothing is used up meanwhile."""
    archive, platform = make_archive(token_key="no key"), Rotating()
    archive.clock.set(FIRST)
    account = connected(archive, monkeypatch)
    mine, _ = tokens(archive, platform, account)
    mine._expires_at = FIRST + timedelta(minutes=5)  # as one that was renewed when the key was right
    mine.keep_fresh()
    assert mine.status().state is State.PRESENT
    assert mine.check() is not None
    assert rows(archive.engine, "select alive, renewed from token_checks") == [(True, False)]
    (standing,) = standings(archive.archive)
    said = standing.problem or ""
    assert said.startswith("the token is good still; it could not be renewed: CIVIC_ARCHIVE_TOKEN_KEY is no key")
    assert (platform.given, "anew" in said) == (0, False)
    platform.good = "another"
    with pytest.raises(TokenRefused, match="CIVIC_ARCHIVE_TOKEN_KEY"):
        mine.status()


class Lasting(Rotating):
    """A platform that renews no token."""

    def renew(self, session: Any, account: AccountRef) -> Renewal | None:  # noqa: ARG002 - the protocol's
        """None, and nothing is asked."""
        return None


@pytest.mark.parametrize("key", [None, "no key"])
def test_where_no_token_is_renewed_no_key_is_wanted(
    make_archive: ArchiveMaker, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    """A token that is refused is refused, whatever the key is, and none is made for it."""
    archive, platform = make_archive(**({"token_key": key} if key else {})), Lasting()
    account = connected(archive, monkeypatch)
    platform.good = "none yet"
    with pytest.raises(TokenRefused, match="has expired; connect the account to the archive anew"):
        tokens(archive, platform, account)[0].status()
    assert not (archive.archive.spool.parent / "keys").exists()


@pytest.mark.parametrize(
    ("alive", "days", "missing", "words"),
    [
        (True, 15, (), None),
        (None, None, (), None),
        (True, 13, (), "in 13 days"),
        (True, -1, (), "in 0 days"),
        (False, None, (), "is dead"),
        (True, None, ("pages_messaging",), "pages_messaging"),
    ],
)
def test_what_somebody_should_do_about_a_token(
    alive: bool | None,  # noqa: FBT001 - a table
    days: int | None,
    missing: tuple[str, ...],
    words: str | None,
) -> None:
    """Nothing, or a sentence that says it: from fourteen days ahead on."""
    ends = None if days is None else FIRST + timedelta(days=days, minutes=1)
    found = problem_of(alive, "Session has expired", ends, missing, FIRST)
    assert (found is None) if words is None else (words in str(found))
