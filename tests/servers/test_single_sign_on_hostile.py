"""A single sign-on that lies: ID tokens that are forged, old, somebody else's or unsigned let nobody in."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from archiver.settings import Settings
from clerk.single_sign_on import Attempt, SignOnError, SingleSignOn

if TYPE_CHECKING:
    from collections.abc import Iterator

BACK = "http://127.0.0.1:8800/login/single-sign-on/return"
CLIENT, SECRET = "civic-archive", "a secret of the client's, of many letters"


@dataclass
class Liar:
    """A provider that signs whatever it is told to. `token` is the answer of the token endpoint."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    published: list[RSAKey] = field(default_factory=list)
    description: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    def claims(self, attempt: Attempt, **more: Any) -> dict[str, Any]:
        """What a truthful ID token of this attempt says."""
        now = int(time.time())
        good = {"iss": self.issuer, "aud": CLIENT, "sub": "s-1", "iat": now, "exp": now + 300, "nonce": attempt.nonce,
                "groups": ["clerks"], "preferred_username": "rita"}  # fmt: skip
        return {name: value for name, value in {**good, **more}.items() if value is not None}

    def signed(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        """A token."""
        return jwt.encode(
            {"alg": "RS256", "kid": "one", **header}, claims, key or self.key, algorithms=["RS256", "HS256"]
        )


@pytest.fixture
def liar() -> Iterator[Liar]:
    """The provider, on loopback."""
    with running() as made:
        yield made


@contextmanager
def running() -> Iterator[Liar]:
    """Run it until the block ends."""
    liar = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            what = {
                "/.well-known/openid-configuration": liar.description,
                "/keys": {"keys": [key.as_dict(private=False) for key in liar.published or [liar.key]]},
                "/about": liar.about,
            }
            self._say(what.get(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._say(liar.token)

        def _say(self, what: Any) -> None:
            body = json.dumps(what).encode()
            self.send_response(200 if what is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar.issuer = f"http://127.0.0.1:{server.server_port}"
    liar.description = {
        "issuer": liar.issuer,
        "authorization_endpoint": f"{liar.issuer}/go",
        "token_endpoint": f"{liar.issuer}/token",
        "jwks_uri": f"{liar.issuer}/keys",
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    }
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        server.server_close()


def sign_on(liar: Liar) -> SingleSignOn:
    """The archive's side of it."""
    settings = Settings(
        oidc_issuer=liar.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SecretStr(SECRET),
        oidc_roles=(("clerks", "clerk"),),
    )
    return SingleSignOn(settings)


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def finish(liar: Liar, attempt: Attempt, token: str, **more: Any) -> Any:
    """What the archive makes of a token."""
    liar.token = {"access_token": "at", "token_type": "Bearer", "id_token": token}
    return sign_on(liar).finish(attempt, BACK, {"state": attempt.state, "code": "c", **more})


def test_a_truthful_token_is_believed(liar: Liar) -> None:
    """Else the tests below would say nothing."""
    attempt = Attempt.begin()
    found = finish(liar, attempt, liar.signed(liar.claims(attempt)))
    assert (found.issuer, found.subject, found.name, found.role) == (liar.issuer, "s-1", "rita", "clerk")
    with_list = liar.claims(attempt, aud=[CLIENT, "another"], azp=CLIENT)
    assert finish(liar, attempt, liar.signed(with_list)).subject == "s-1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": ["another"], "azp": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 300},
        {"at_hash": "bm90IGl0"},
    ],
)
def test_a_token_that_says_something_wrong_lets_nobody_in(liar: Liar, wrong: dict[str, Any]) -> None:
    """Another attempt's, issuer's or client's; out of time; about nobody; beside another access token."""
    attempt = Attempt.begin()
    with pytest.raises(SignOnError) as caught:
        finish(liar, attempt, liar.signed(liar.claims(attempt, **wrong)))
    assert "cannot be trusted" in str(caught.value)
    assert SECRET not in str(caught.value) + caught.value.cause


def test_a_token_that_is_signed_wrongly_lets_nobody_in(liar: Liar) -> None:
    """By another key, by the client's secret or the public key as a secret, by nobody; cut short; changed afterwards."""
    attempt = Attempt.begin()
    claims = liar.claims(attempt)
    good = liar.signed(claims)
    head, body, signature = good.split(".")
    other = RSAKey.generate_key(2048, {"kid": "one"})
    shared = OctKey.import_key(SECRET.encode())
    # By hand, as joserfc makes no such thing: the published key taken for a shared secret.
    said = f"{_base64(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode())}.{body}"
    confused = f"{said}.{_base64(hmac.digest(liar.key.as_pem(private=False), said.encode(), 'sha256'))}"
    unsigned = f"eyJhbGciOiJub25lIn0.{body}."
    for token in (
        liar.signed(claims, other), liar.signed(claims, shared, alg="HS256"), confused,
        unsigned, f"{head}.{body}.", f"{head}.{body}", f"{head}.{body[:-4]}AAAA.{signature}", "", "x.y.z",
    ):  # fmt: skip
        with pytest.raises(SignOnError, match="cannot be trusted"):
            finish(liar, attempt, token)


def test_new_keys_are_read_when_the_provider_changes_them(liar: Liar) -> None:
    """A token by a key that was not published when we last looked is checked by the keys of now."""
    attempt = Attempt.begin()
    archive = sign_on(liar)
    liar.token = {"access_token": "at", "token_type": "Bearer", "id_token": liar.signed(liar.claims(attempt))}
    answer = {"state": attempt.state, "code": "c"}
    assert archive.finish(attempt, BACK, answer).subject == "s-1"
    liar.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    liar.token["id_token"] = liar.signed(liar.claims(attempt), kid="two")
    assert archive.finish(attempt, BACK, answer).subject == "s-1"


def test_the_description_must_be_of_the_issuer_itself(liar: Liar) -> None:
    """A provider that names another issuer, or no endpoint, is not used."""
    attempt = Attempt.begin()
    for wrong in ({"issuer": "https://elsewhere.example"}, {"token_endpoint": None}, {"jwks_uri": 7}):
        was = dict(liar.description)
        liar.description |= wrong
        with pytest.raises(SignOnError, match="cannot be trusted"):
            sign_on(liar).address(attempt, BACK)
        liar.description = was


def test_user_information_is_of_the_same_person(liar: Liar) -> None:
    """Groups may come from there, but not somebody else's."""
    attempt = Attempt.begin()
    liar.description["userinfo_endpoint"] = f"{liar.issuer}/about"
    token = liar.signed(liar.claims(attempt, groups=None))
    liar.about = {"sub": "s-1", "groups": ["clerks"]}
    assert finish(liar, attempt, token).role == "clerk"
    liar.about = {"sub": "s-2", "groups": ["clerks"]}
    with pytest.raises(SignOnError, match="cannot be trusted"):
        finish(liar, attempt, token)
    liar.about = {"sub": "s-1", "groups": ["others"]}
    with pytest.raises(SignOnError, match="none of your groups"):
        finish(liar, attempt, token)


def test_the_issuer_of_the_answer_is_checked_where_it_is_named(liar: Liar) -> None:
    """RFC 9207: another issuer's answer is refused; one without a name only where the provider says it names itself."""
    attempt = Attempt.begin()
    token = liar.signed(liar.claims(attempt))
    assert finish(liar, attempt, token, iss=liar.issuer).subject == "s-1"
    with pytest.raises(SignOnError):
        finish(liar, attempt, token, iss="https://elsewhere.example")
    liar.description["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(SignOnError):
        finish(liar, attempt, token)
