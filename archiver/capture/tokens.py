"""The tokens that accounts are read with: renewed in time, saved before they are used, checked daily.

A token comes from the environment (`env:NAME`). What the platform renewed is sealed in the database and goes before it, as long
as the environment still holds the one it was renewed from: whoever connects an account anew needs only to set the variable.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from archiver.capture.errors import CaptureError, TokenRefused
from archiver.platforms.errors import UnreadableAnswerError
from archiver.platforms.manners import TokenHealth
from archiver.records.models import TokenCheck
from archiver.records.storable import mend
from archiver.vault import Vault, VaultError, vault_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archiver.archive import Archive
    from archiver.capture.session import CaptureSession
    from archiver.platforms.contract import Platform
    from archiver.platforms.manners import Renewal
    from archiver.platforms.pages import AccountRef, AccountStatus

_log = structlog.get_logger(__name__)
_LOCK_SPACE = 0x_C1_70C
_DAY = timedelta(hours=20)
"""A check is made once a day: at the first capture so long after the last one."""
WARN = timedelta(days=14)
"""So long before a token ends somebody is told."""
_SOON = 0.25
"""A token is renewed in the last quarter of its life, as far as that is known."""
_SHORT = timedelta(minutes=15)
_NOT_KEPT = "it could not be renewed: "
"""Begins, in the words of a check, why nothing could be renewed: the key that seals tokens is at fault, and not the platform."""

_SAVE = sa.text("""
    insert into account_tokens (account_id, setting, seed_sha256, sealed, expires_at, renewed_at)
    values (:account, :setting, :seed, :sealed, :expires, :now)
    on conflict (account_id, setting) do update set
        seed_sha256 = excluded.seed_sha256, sealed = excluded.sealed, expires_at = excluded.expires_at,
        renewed_at = excluded.renewed_at
""")


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """An account with its newest tokens, and when the first of them ends and was renewed, where that is known."""

    account: AccountRef
    expires_at: datetime | None = None
    renewed_at: datetime | None = None


def newest(archive: Archive, account: AccountRef) -> Kept:
    """The account with the tokens that were renewed since its own were set. Raises `VaultError`."""
    with archive.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "select setting, seed_sha256, sealed, expires_at, renewed_at from account_tokens where account_id = :id"
            ),
            {"id": account.id},
        ).all()
    settings, secrets = dict(account.settings), list(account.secrets)
    expires, renewed = None, None
    for row in rows:
        if bytes(row.seed_sha256) != _seed(account, row.setting):
            continue  # the account was connected anew
        settings[row.setting] = vault_of(archive).open(bytes(row.sealed))
        secrets.append(settings[row.setting])
        if row.expires_at is not None and (expires is None or row.expires_at < expires):
            expires, renewed = row.expires_at, row.renewed_at
    return Kept(dataclasses.replace(account, settings=settings, secrets=tuple(secrets)), expires, renewed)


def _seed(account: AccountRef, setting: str) -> bytes:
    """Which token of the environment it was. Salted with the place, since it only has to be compared."""
    return hashlib.sha256(f"{account.id}\0{setting}\0{account.settings.get(setting, '')}".encode()).digest()


class Tokens:
    """The tokens of one account during one run. `account` is it with the newest ones."""

    def __init__(self, archive: Archive, platform: Platform, account: AccountRef, session: CaptureSession) -> None:
        self._archive, self._platform, self._session, self._given = archive, platform, session, account
        self.account = account
        self._expires_at: datetime | None = None
        self._renewed_at: datetime | None = None
        self._not_kept: VaultError | None = None
        """Why the last renewal was not asked for: what it brings could not be kept."""

    def _use(self, kept: Kept) -> None:
        self.account, self._expires_at, self._renewed_at = kept.account, kept.expires_at, kept.renewed_at
        self._session.add_secrets(self.account.secrets)

    def status(self) -> AccountStatus:
        """The account's status, asked with a token that was renewed first if it is about to end, or is found dead.

        Raises what the session raises; `TokenRefused` where renewing does not help either; `VaultError` where the newest token
        cannot be opened.
        """
        self._use(newest(self._archive, self._given))
        self.keep_fresh()
        try:
            return self._platform.status(self._session, self.account)
        except TokenRefused as error:
            if not self.renew_refused(error):
                raise
            return self._platform.status(self._session, self.account)

    def keep_fresh(self) -> None:
        """Renew a token that is about to end, as before a long stream: one of an hour does not outlive every run."""
        if self._ends_soon():
            self._renew_ahead("it is about to end")

    def renew_refused(self, refused: TokenRefused) -> bool:
        """Renew a token that was refused. Gives whether there is a newer one now; raises `TokenRefused`, with what to do, where
        a new one could not be kept.
        """
        try:
            return self._renew("it was refused")
        except VaultError as error:
            remedy = f"{_NOT_KEPT}{error}"
            raise TokenRefused(refused.url, refused.words, remedy) from error

    def _renew_ahead(self, why: str) -> bool:
        """Renew a token that is good still. That a new one could not be kept ends nothing, and the next check says it."""
        try:
            return self._renew(why)
        except VaultError as error:
            _log.warning("token not renewed", account=self.account.name, why=str(error))
            return False

    def _ends_soon(self) -> bool:
        if self._expires_at is None:
            return False
        left = self._expires_at - self._archive.now()
        life = self._expires_at - self._renewed_at if self._renewed_at else timedelta()
        return left < max(_SHORT, life * _SOON)

    def _renew(self, why: str) -> bool:
        """Have the token renewed and saved, then use it. Another task that is at it is waited for, and its token is taken.

        Gives whether there is a newer one now. Raises `VaultError` where a new one could not be kept: then none is asked for,
        since the refresh token would be used up for nothing.
        """
        with _locked(self._archive, self._given):
            try:
                kept = newest(self._archive, self._given)
                if kept.account.settings == self.account.settings:
                    session = _OnceKept(self._session, self._archive)
                    renewal = self._asked(session)
                    if renewal is None:
                        return False
                    self._session.add_secrets(tuple(renewal.secrets.values()))
                    self._save(renewal, session.vault)
                    kept = newest(self._archive, self._given)
                    _log.info("token renewed", account=self.account.name, why=why)
            except VaultError as error:
                self._not_kept = error
                raise
        self._not_kept = None
        self._use(kept)
        return True

    def _asked(self, session: _OnceKept) -> Renewal | None:
        """New tokens; None where the platform renews none, or does not now. Raises `VaultError` before anything is asked for."""
        try:
            return self._platform.renew(session, self.account)
        except (CaptureError, UnreadableAnswerError) as error:
            _log.warning("token not renewed", account=self.account.name, why=str(error))
            return None

    def _save(self, renewal: Renewal, vault: Vault) -> None:
        """Committed before the new token is used for anything: a refresh token that was used up and not kept is lost for good."""
        with self._archive.engine.begin() as connection:
            for setting, secret in renewal.secrets.items():
                connection.execute(
                    _SAVE,
                    {
                        "account": self.account.id,
                        "setting": setting,
                        "seed": _seed(self._given, setting),
                        "sealed": vault.seal(secret),
                        "expires": renewal.expires_at.get(setting),
                        "now": self._archive.now(),
                    },
                )

    def check(self, *, now_too: bool = False) -> TokenHealth | None:
        """Ask how the token stands, once a day (`now_too`: whenever), and keep the answer; renew it where it ends within the
        days of warning and the platform renews. None where there was nothing to ask.
        """
        archive = self._archive
        if not now_too and not self._due():
            return None
        try:
            health = self._platform.token(self._session, self.account)
        except TokenRefused as error:
            health = TokenHealth(alive=False, words=str(error))
        except (CaptureError, UnreadableAnswerError) as error:
            _log.warning("token not checked", account=self.account.name, why=str(error))
            return None
        if health is None:
            return None
        ends = health.expires_at or self._expires_at
        soon = (
            ends is None or ends - archive.now() < WARN
        )  # one of which nobody knows the end is renewed, which tells it
        why = "it ends within the days of warning, or nobody knows when"
        renewed = health.renewable and soon and self._renew_ahead(why)
        health = dataclasses.replace(health, expires_at=ends)
        if renewed:
            health = dataclasses.replace(health, expires_at=self._expires_at, words=f"{health.words}; renewed")
        elif self._not_kept is not None:
            health = dataclasses.replace(health, words=f"{health.words}; {_NOT_KEPT}{self._not_kept}")
        with archive.engine.begin() as connection:
            connection.execute(
                sa.insert(TokenCheck).values(
                    account_id=self.account.id,
                    checked_at=archive.now(),
                    alive=health.alive,
                    words=mend(self._session.clean_text(health.words)),
                    expires_at=health.expires_at,
                    scopes=list(health.scopes),
                    missing=list(health.missing),
                    renewed=renewed,
                )
            )
        return health

    def _due(self) -> bool:
        with self._archive.engine.connect() as connection:
            last = connection.scalar(
                sa.text("select max(checked_at) from token_checks where account_id = :id"), {"id": self.account.id}
            )
        return last is None or self._archive.now() - last >= _DAY


class _OnceKept:
    """The session of a renewal: before it asks anything it makes sure that what comes can be kept (`VaultError`). A platform that
    renews nothing asks nothing, and needs no key.
    """

    def __init__(self, session: CaptureSession, archive: Archive) -> None:
        self._session, self._archive = session, archive
        self._vault: Vault | None = None

    @property
    def vault(self) -> Vault:
        """What new tokens are sealed with. Raises `VaultError`."""
        if self._vault is None:
            self._vault = vault_of(self._archive)
        return self._vault

    @property
    def get(self) -> Any:
        """See `platforms.contract.Session`, as the others."""
        return self._sure().get

    @property
    def post(self) -> Any:
        """As `get`."""
        return self._sure().post

    @property
    def download(self) -> Any:
        """As `get`."""
        return self._sure().download

    def _sure(self) -> CaptureSession:
        _ = self.vault
        return self._session


@contextlib.contextmanager
def _locked(archive: Archive, account: AccountRef) -> Iterator[None]:
    """One task at a time renews an account's token."""
    with archive.engine.begin() as connection:
        connection.execute(
            sa.text("select pg_advisory_xact_lock(:space, :id)"), {"space": _LOCK_SPACE, "id": account.id}
        )
        yield


@dataclasses.dataclass(frozen=True, slots=True)
class TokenStanding:
    """How an account's token stood when it was last asked for, and the sentence that somebody should read, if any."""

    account: str
    checked_at: datetime | None
    alive: bool | None
    expires_at: datetime | None
    scopes: tuple[str, ...]
    missing: tuple[str, ...]
    problem: str | None

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dataclasses.asdict(self)


_STANDINGS = sa.text("""
    select a.platform || ':' || a.handle as account, t.checked_at, t.alive, t.words, t.expires_at, t.scopes, t.missing,
           t.renewed
    from accounts a
    join lateral (select * from token_checks t where t.account_id = a.id order by t.id desc limit 1) t on true
    where a.status = 'active' order by 1
""")


def standings(archive: Archive) -> list[TokenStanding]:
    """How every active account's token stood at its last check, by name."""
    now = archive.now()
    with archive.engine.connect() as connection:
        rows = connection.execute(_STANDINGS).all()
    return [
        TokenStanding(
            row.account,
            row.checked_at,
            row.alive,
            row.expires_at,
            tuple(row.scopes),
            tuple(row.missing),
            # What was renewed there and then is renewed again in time, however soon it ends (an hour, on YouTube).
            problem_of(row.alive, row.words, None if row.renewed else row.expires_at, tuple(row.missing), now),
        )
        for row in rows
    ]


def problem_of(
    alive: bool | None,  # noqa: FBT001 - as the platform says
    words: str,
    expires_at: datetime | None,
    missing: tuple[str, ...],
    now: datetime,
) -> str | None:
    """What somebody should do about a token, or None. Pure."""
    if _NOT_KEPT in words:
        return f"the token is {'dead' if alive is False else 'good still'}; {words[words.index(_NOT_KEPT) :]}"
    if alive is False:
        return f"the token is dead ({words}); connect the account anew"
    if expires_at is not None and expires_at - now < WARN:
        days = max(0, (expires_at - now).days)
        return f"the token ends on {expires_at:%Y-%m-%d} (in {days} days) and is not renewed by itself; connect the account anew"
    if missing:
        return f"the token lacks the permission {', '.join(missing)}; connect the account anew with it"
    return None
