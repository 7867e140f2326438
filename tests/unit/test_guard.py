"""Nothing inside the city's network is ever asked, however the address is written."""

from __future__ import annotations

import http.server
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from archiver.capture.errors import Refused
from archiver.capture.guard import check_url, is_public, origin_of
from archiver.capture.session import CaptureSession

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0",  # noqa: S104 - judged, nothing is bound to it
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2002:a00:1::1", "2001:db8::1", "100::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    """Loopback, private, link-local, shared, multicast, reserved, and IPv6 that carries any of them."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    """What can be reached from everywhere may be fetched."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a.example/", "gopher://a", "//a.example/x", "http://", "http://a:99999/", "http://[::1"]
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    """Only http and https, with a host, are ever fetched."""
    with pytest.raises(Refused):
        check_url(url)


def test_an_origin_is_compared_with_its_port() -> None:
    """Case and the default port make no difference, another port does."""
    assert origin_of("HTTP://City.Example/a") == origin_of("http://city.example:80/b")
    assert origin_of("http://city.example:81/") != origin_of("http://city.example/")


class Heard(http.server.ThreadingHTTPServer):
    """A server inside the network that remembers every connection and everything that was asked of it."""

    def __init__(self, family: int = socket.AF_INET) -> None:
        self.address_family = socket.AddressFamily(family)
        self.asked: list[str] = []
        self.connections = 0
        heard = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.asked.append(self.path)
                if self.path.startswith("/to?"):
                    self.send_response(302)
                    self.send_header("Location", unquote(self.path.removeprefix("/to?")))
                    self.end_headers()
                    with suppress(OSError):
                        while "endless" in self.path:
                            self.wfile.write(bytes(65536))
                    return
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"secret")

            def log_message(self, *_: Any) -> None:
                """Write no log."""

        super().__init__(("127.0.0.1" if family == socket.AF_INET else "::1", 0), Handler)

    def get_request(self) -> Any:
        """Count the connections that came, also those over which nothing is said."""
        self.connections += 1
        return super().get_request()


@contextmanager
def serving(family: int = socket.AF_INET) -> Iterator[Heard]:
    """Such a server, running."""
    server = Heard(family)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def session(*allowed: str) -> CaptureSession:
    """A session that gives up at once."""
    return CaptureSession(user_agent="test", allowed_origins=allowed, timeout=5, max_attempts=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"])
def test_nothing_is_sent_to_a_private_address_however_it_is_written(host: str) -> None:
    """Short, decimal, hexadecimal, mapped or named: the connection is dropped before a request is sent."""
    with serving() as inside, pytest.raises(Refused, match="private network"):
        session().get(f"http://{host}:{inside.server_port}/metadata")
    assert inside.asked == []


def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer is looked at, not the name, so that a stranger's DNS gains nothing."""
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == "cdn.example.com" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving() as inside, pytest.raises(Refused, match=r"cdn\.example\.com is at 127\.0\.0\.1"):
        session().get(f"http://cdn.example.com:{inside.server_port}/photo.jpg")
    assert inside.asked == []


def test_an_ipv6_loopback_is_refused() -> None:
    """IPv6 is judged as IPv4 is."""
    with serving(socket.AF_INET6) as inside, pytest.raises(Refused, match="private network"):
        session().get(f"http://[::1]:{inside.server_port}/")
    assert inside.asked == []


def test_a_redirect_to_a_private_address_is_refused() -> None:
    """An allowed origin cannot lend its permission to where it redirects."""
    with serving() as outside, serving() as inside:
        origin = f"http://127.0.0.1:{outside.server_port}"
        with pytest.raises(Refused, match="private network"):
            session(origin).get(f"{origin}/to?http://127.0.0.1:{inside.server_port}/latest/meta-data")
    assert len(outside.asked) == 1
    assert inside.asked == []


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[", "http://a:b/", "javascript:1"])
def test_a_redirect_to_no_web_address_is_refused(location: str) -> None:
    """Whatever a Location header says, it ends as a refusal with words, not as a surprise."""
    with serving() as outside:
        origin = f"http://127.0.0.1:{outside.server_port}"
        with pytest.raises(Refused):
            session(origin).get(f"{origin}/to?{location}")


def test_the_body_of_a_redirect_is_not_read() -> None:
    """A redirect whose body never ends costs nothing."""
    with serving() as outside:
        origin = f"http://127.0.0.1:{outside.server_port}"
        assert session(origin).get(f"{origin}/to?{origin}/endless").body == b"secret"


def test_a_redirect_loop_ends() -> None:
    """A server that redirects to itself is left after a few hops."""
    with serving() as outside:
        origin = f"http://127.0.0.1:{outside.server_port}"
        loop = f"{origin}/to?"
        with pytest.raises(Refused, match="redirects more than"):
            session(origin).get(f"{loop}{loop}{loop}{loop}{loop}{loop}{loop}{origin}/")


def test_an_origin_named_exactly_is_fetched() -> None:
    """The city's own server may be allowed by name; its neighbour on another port is not."""
    with serving() as allowed, serving() as neighbour:
        origin = f"http://127.0.0.1:{allowed.server_port}"
        assert session(origin).get(f"{origin}/feed").body == b"secret"
        with pytest.raises(Refused):
            session(origin).get(f"http://127.0.0.1:{neighbour.server_port}/")


def test_the_log_in_does_not_follow_a_redirect_to_another_origin() -> None:
    """A token is for the origin it was given for."""
    got: list[str | None] = []

    class Echo(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    with serving() as first, http.server.HTTPServer(("127.0.0.1", 0), Echo) as second:
        thread = threading.Thread(target=second.handle_request)
        thread.start()
        origins = [f"http://127.0.0.1:{port}" for port in (first.server_port, second.server_port)]
        session(*origins).get(f"{origins[0]}/to?{origins[1]}/", headers={"Authorization": "Bearer abcdef"})
        thread.join()
    assert got == [None]
