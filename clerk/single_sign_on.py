"""The city's single sign-on by OpenID Connect: the authorization code flow with PKCE.

OpenID Connect Core 1.0 (section 3.1, the ID token's checks: 3.1.3.7), Discovery 1.0, RP-Initiated Logout 1.0; PKCE: RFC 7636; the
issuer in the answer: RFC 9207. The protocol is Authlib's; ours is which answers are believed, and what they make of somebody. No
token, code or secret is kept, logged or said in an error.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from archiver.i18n.translation import _, marked
from archiver.settings import Settings
from clerk.users import ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = structlog.get_logger()
_SECONDS = 15.0
_METADATA_FOR = 3600.0
_LEEWAY = 60
_SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key of the provider's own; never one with the client's secret, and never none."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_UNNAMED = str(Settings.model_fields["oidc_name"].default)
_ANSWERED_WRONGLY = marked(
    "The single sign-on gave an answer that cannot be trusted, so nobody was logged in. Tell the operator."
)


class SignOnError(Exception):
    """Nobody can be logged in. The message is a sentence for whoever tried; `cause` is for the audit log."""

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class SignOnSettingsError(ValueError):
    """The settings of the single sign-on contradict themselves. The message says which, and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Claimed:
    """Who the provider says it is: the subject that stays, a name to show, and the role that their groups give."""

    issuer: str
    subject: str
    name: str
    role: str


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in: state, nonce and code verifier, all made of one secret that only the browser keeps."""

    secret: str

    @classmethod
    def begin(cls) -> Attempt:
        """A fresh one, of 256 random bits."""
        return cls(secrets.token_urlsafe(32))

    @property
    def state(self) -> str:
        """Ties the provider's answer to this browser."""
        return self._made("state")

    @property
    def nonce(self) -> str:
        """Ties the ID token to this attempt."""
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        """Ties the code to this attempt (RFC 7636)."""
        return self._made("code verifier")

    def _made(self, what: str) -> str:
        digest = hmac.digest(self.secret.encode(), what.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class SingleSignOn:
    """The provider of the settings. What it says of itself is asked for when it is first needed, and hourly."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = (settings.oidc_issuer or "").strip()
        self._client_id = settings.oidc_client_id or ""
        self._secret = _secret(settings)
        self._scope = settings.oidc_scopes
        self._groups_claim = settings.oidc_groups_claim
        self._domain = (settings.oidc_domain or "").lower().removeprefix("@")
        self._roles = settings.oidc_roles
        self._title = settings.oidc_name
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._check()

    @property
    def title(self) -> str:
        """What the log-in page calls it: the city's own name for it, else ours in the reader's language."""
        return _("single sign-on") if self._title == _UNNAMED else self._title

    def _check(self) -> None:
        parts = urlsplit(self._issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise SignOnSettingsError(f"CIVIC_ARCHIVE_OIDC_ISSUER must be an address of https, not {self._issuer!r}.")
        if not self._client_id:
            raise SignOnSettingsError("CIVIC_ARCHIVE_OIDC_CLIENT_ID is missing: the provider gives it to the archive.")
        if not self._roles:
            raise SignOnSettingsError(
                "CIVIC_ARCHIVE_OIDC_ROLES is missing: without a group for a role nobody could log in (as GROUP=clerk)."
            )
        wrong = [role for _group, role in self._roles if role not in ROLES]
        if wrong:
            raise SignOnSettingsError(
                f"CIVIC_ARCHIVE_OIDC_ROLES names the role {wrong[0]!r}; the roles are {', '.join(ROLES)}."
            )

    def address(self, attempt: Attempt, back: str) -> str:
        """Where to send a browser to log in. `back`: our own address for the answer.

        Raises:
            SignOnError: the provider does not answer.
        """
        metadata = self._described()
        with self._session(back) as session:
            url, _state = session.create_authorization_url(
                metadata["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(url)

    def finish(self, attempt: Attempt, back: str, answer: Mapping[str, str]) -> Claimed:
        """Who it is, by the provider's answer.

        Args:
            attempt: as it began.
            back: our own address for the answer, as it was sent.
            answer: the parameters that came with it.

        Raises:
            SignOnError: it was refused there, the answer cannot be trusted, or no group of theirs gives a role.
        """
        metadata = self._described()
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise SignOnError(_("This log-in is out of date: begin again."), "state does not match")
        said = answer.get("iss")
        if said != self._issuer and (said or metadata.get("authorization_response_iss_parameter_supported")):
            raise SignOnError(_(_ANSWERED_WRONGLY), "another issuer answered")
        if answer.get("error"):
            code = answer["error"][:100]
            raise SignOnError(_("The single sign-on did not let you in: ask whoever runs it."), f"provider: {code}")
        if not answer.get("code"):
            raise SignOnError(_(_ANSWERED_WRONGLY), "no code in the answer")
        claims = self._claims(metadata, attempt, back, answer["code"])
        return self._claimed(claims)

    def log_out_address(self, back: str) -> str | None:
        """Where to send a browser to log out there as well; None where the provider offers it not, or does not answer."""
        try:
            endpoint = self._described().get("end_session_endpoint")
        except SignOnError:
            return None
        if not isinstance(endpoint, str):
            return None
        asked = urlencode({"client_id": self._client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{asked}"

    def _claims(self, metadata: Mapping[str, Any], attempt: Attempt, back: str, code: str) -> dict[str, Any]:
        with self._session(back, metadata) as session:
            try:
                token = session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                    redirect_uri=back,
                    allow_redirects=False,
                )
                claims = self._id_token(metadata, attempt, token)
                if self._groups_claim not in claims and metadata.get("userinfo_endpoint"):
                    answer = session.get(metadata["userinfo_endpoint"], allow_redirects=False)
                    answer.raise_for_status()
                    more = answer.json()
                    if more.get("sub") != claims["sub"]:
                        raise SignOnError(_(_ANSWERED_WRONGLY), "the user information is of somebody else")
                    claims = {**more, **claims}
            except requests.RequestException as error:
                raise _unavailable(error) from None
            except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as error:
                # The name of the error alone: its message may hold a token.
                code_of = getattr(error, "error", "") or ""
                raise SignOnError(_(_ANSWERED_WRONGLY), f"{type(error).__name__} {code_of}".strip()) from None
        return claims

    def _id_token(self, metadata: Mapping[str, Any], attempt: Attempt, token: Mapping[str, Any]) -> dict[str, Any]:
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        algorithms = [each for each in _SIGNED_BY if each in offered]
        try:
            read = jwt.decode(token["id_token"], self._key_set(metadata), algorithms=algorithms)
        except (InvalidKeyIdError, ValueError):
            # The provider has changed its keys since: they are read anew, once.
            read = jwt.decode(token["id_token"], self._key_set(metadata, anew=True), algorithms=algorithms)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client_id},
                "nonce": {"essential": True, "value": attempt.nonce},
            },
            {"nonce": attempt.nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=_LEEWAY)
        return dict(claims)

    def _claimed(self, claims: Mapping[str, Any]) -> Claimed:
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject or len(subject) > 255:  # noqa: PLR2004 - OpenID Connect Core 1.0, section 2
            raise SignOnError(_(_ANSWERED_WRONGLY), "the subject is no text of 1 to 255 characters")
        email = str(claims.get("email") or "").lower()
        if self._domain and not (email.endswith(f"@{self._domain}") and claims.get("email_verified") is True):
            raise SignOnError(
                _("Only verified addresses of %(domain)s may log in here: ask an administrator.", domain=self._domain),
                "not of the domain",
            )
        groups = claims.get(self._groups_claim)
        held = {str(each) for each in groups} if isinstance(groups, list) else {str(groups)} if groups else set()
        role = next((role for group, role in self._roles if group in held), None)
        if role is None:
            raise SignOnError(
                _(
                    "You are known to the single sign-on, but none of your groups has a role in this archive: ask an "
                    "administrator to put you into one."
                ),
                "no group has a role",
            )
        name = next(
            (str(claims[each]) for each in ("preferred_username", "email", "name") if claims.get(each)), subject
        )
        return Claimed(self._issuer, subject, name, role)

    def _session(self, back: str, metadata: Mapping[str, Any] | None = None) -> OAuth2Session:
        offered = (metadata or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return OAuth2Session(
            self._client_id,
            self._secret,
            token_endpoint_auth_method=method if self._secret else "none",
            scope=self._scope,
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=_SECONDS,
        )

    def _described(self) -> dict[str, Any]:
        """What the provider says of itself (Discovery 1.0, section 4)."""
        with self._lock:
            if self._metadata is not None and time.monotonic() - self._metadata[0] < _METADATA_FOR:
                return self._metadata[1]
            found = _fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self._issuer:
                raise SignOnError(_(_ANSWERED_WRONGLY), "the provider names another issuer than the settings")
            for each in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(found.get(each), str):
                    raise SignOnError(_(_ANSWERED_WRONGLY), f"the provider names no {each}")
            self._metadata, self._keys = (time.monotonic(), found), None
            return found

    def _key_set(self, metadata: Mapping[str, Any], *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(_fetch(metadata["jwks_uri"]))  # type: ignore[arg-type] # checked there
        return self._keys


def single_sign_on(settings: Settings) -> SingleSignOn | None:
    """The single sign-on of the settings; None where there is none.

    Raises:
        SignOnSettingsError: the settings contradict themselves, or nobody could log in by them.
    """
    if settings.oidc_issuer:
        return SingleSignOn(settings)
    if not settings.local_login:
        raise SignOnSettingsError(
            "CIVIC_ARCHIVE_LOCAL_LOGIN is off and no CIVIC_ARCHIVE_OIDC_ISSUER is set: nobody could log in."
        )
    return None


def _secret(settings: Settings) -> str | None:
    if settings.oidc_client_secret_file is not None:
        try:
            return settings.oidc_client_secret_file.read_text(encoding="utf-8").strip() or None
        except OSError as error:
            raise SignOnSettingsError(
                f"CIVIC_ARCHIVE_OIDC_CLIENT_SECRET_FILE cannot be read: {error.strerror}."
            ) from error
    return settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None


def _fetch(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except requests.RequestException as error:
        raise _unavailable(error) from None
    if answer.is_redirect or not isinstance(found, dict):
        raise SignOnError(_(_ANSWERED_WRONGLY), "the provider's description of itself cannot be read")
    return found


def _unavailable(error: Exception) -> SignOnError:
    _log.warning("single sign-on does not answer", error=type(error).__name__)
    return SignOnError(_("The single sign-on does not answer now: try again in a minute."), type(error).__name__)
