"""Secrets are taken out of whatever is kept, and nothing else is touched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.scrub import MARK, scrub_body, scrub_headers, scrub_text, scrub_url

SECRET = "EAAB/s3cr+t=="


def test_a_secret_parameter_of_an_address_is_taken_out_and_named() -> None:
    """The value goes, the name stays, and what was taken is told."""
    clean, taken = scrub_url("https://graph.example/v1/me?fields=id%2Cname&access_token=abcdef&limit=5")
    assert clean == f"https://graph.example/v1/me?fields=id%2Cname&access_token={MARK}&limit=5"
    assert taken == ("access_token",)


def test_a_log_in_within_an_address_is_taken_out() -> None:
    """`user:password@` never stays, whatever else the address says."""
    assert scrub_url("https://city:hunter22@feeds.example/a") == (f"https://{MARK}@feeds.example/a", ("user",))
    assert "hunter22" not in scrub_text("could not reach https://city:hunter22@feeds.example/a: refused")


def test_a_secret_in_the_fragment_is_taken_out() -> None:
    """A log-in that answers in the fragment leaves no token there."""
    assert scrub_url("https://app.example/cb#access_token=abcdef&state=1")[0].endswith(f"#access_token={MARK}&state=1")


def test_our_own_secret_is_taken_out_wherever_it_stands() -> None:
    """In the path, under an innocent name, percent-encoded: the value itself is looked for."""
    for url in (
        "https://api.example/botEAAB%2Fs3cr%2Bt%3D%3D/getUpdates",
        "https://api.example/x?auth=EAAB%2Fs3cr%2Bt%3D%3D",
        "https://api.example/EAAB/s3cr+t==/x",
    ):
        clean, taken = scrub_url(url, [SECRET])
        assert "s3cr" not in clean
        assert MARK in clean
        assert taken


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@"), max_size=40))
def test_an_address_without_secrets_comes_back_letter_for_letter(path: str) -> None:
    """Evidence is not rewritten by looking at it."""
    url = f"https://city.example/feed/{path.replace('=', '')}?"
    assert scrub_url(url) == (url, ())


@given(st.text(max_size=60))
def test_no_header_of_a_stranger_can_make_the_scrubbing_fail(value: str) -> None:
    """Whatever a server writes into a header, the capture goes on."""
    kept, _ = scrub_headers([("Location", value), ("Link", f"<http://[{value}>; rel=next")])
    assert len(kept) == 2


def test_headers_lose_log_ins_and_tokens() -> None:
    """Authorization and cookies go whole; a token within a Link header goes alone."""
    kept, taken = scrub_headers(
        [
            ("Authorization", "Bearer abcdef"),
            ("Set-Cookie", "sid=1"),
            ("Link", "<https://g.example/p?access_token=abcdef&after=9>; rel=next"),
            ("X-Trace", f"for {SECRET}"),
            ("ETag", 'W/"token-1"'),
        ],
        [SECRET],
    )
    assert kept == (
        ("Authorization", MARK),
        ("Set-Cookie", MARK),
        ("Link", f"<https://g.example/p?access_token={MARK}&after=9>; rel=next"),
        ("X-Trace", f"for {MARK}"),
        ("ETag", 'W/"token-1"'),
    )
    assert taken == ("Authorization", "Set-Cookie", "Link", "X-Trace")


def test_a_body_loses_tokens_in_every_writing() -> None:
    """Behind a telling name, JSON-escaped, percent-encoded, or our own secret with escaped slashes."""
    body = (
        b'{"accessJwt": "aaaa.bbbb", "paging": {"next": "https://g.example/?access_token=cccccc\\u0026x=1"}, '
        b'"echo": "EAAB\\/s3cr+t==", "url": "EAAB%2Fs3cr%2Bt%3D%3D"}'
    )
    clean, taken = scrub_body(body, [SECRET])
    for left in (b"aaaa", b"cccccc", b"s3cr"):
        assert left not in clean
    assert b"x=1" in clean
    assert set(taken) == {"accessJwt", "access_token", "a secret of ours"}


@given(st.binary(max_size=200))
def test_a_body_without_secrets_is_the_same_bytes(body: bytes) -> None:
    """Bytes that hold no secret are kept as they came, whatever they are."""
    clean, taken = scrub_body(body, [SECRET])
    assert (clean == body) is (not taken)


def test_a_secret_too_short_to_tell_is_left() -> None:
    """A one-letter secret would blank ordinary words."""
    assert scrub_body(b"a banana", ["a"]) == (b"a banana", ())
