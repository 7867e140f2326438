"""Timestamps of the log's roots, given by openssl, checked by us, and by openssl again; whatever is wrong is refused."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archiver import log_keeping, timestamping
from archiver.custody import roots
from archiver.evidence import der, timestamps, verify
from archiver.evidence import roots as documents
from archiver.evidence.timestamps import TimestampRefused
from archiver.settings import Settings
from tests.fixtures.log import add_all
from tests.fixtures.timestamp_authority import Authority, authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.archives import ArchiveMaker

DATA = b"the root of a log"


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    """An authority of this test's own."""
    folder = tmp_path / "authority"
    folder.mkdir()
    with authority(folder) as served:
        yield served


def settings(tsa: Authority, **changes: Any) -> Settings:
    """Settings that name it."""
    return Settings(
        **{
            "timestamp_url": tsa.url,
            "timestamp_ca": tsa.ca,
            "allowed_origins": tsa.url,
            "request_timeout": 20,
            **changes,
        }
    )


def test_a_timestamp_is_taken_and_proves_the_data(tsa: Authority) -> None:
    """The token is over these bytes and no others, by this authority and no other, at the time it says."""
    stamp = timestamping.stamp(settings(tsa), DATA)
    assert stamp is not None
    trusted = timestamping.trusted_by(settings(tsa))
    assert timestamps.checked(stamp, DATA, trusted) == stamp.time
    with pytest.raises(TimestampRefused, match="Mismatch between messages"):
        timestamps.checked(stamp, DATA + b"!", trusted)


def test_another_authority_is_not_trusted(tsa: Authority, tmp_path: Path) -> None:
    """A token whose certificate does not lead to the trusted ones is refused."""
    other = tmp_path / "other"
    other.mkdir()
    with authority(other) as stranger, pytest.raises(TimestampRefused, match="proves nothing"):
        timestamping.stamp(settings(tsa, timestamp_ca=stranger.ca), DATA)


def test_the_answer_to_another_question_is_refused(tsa: Authority) -> None:
    """A replayed answer, with the nonce of an earlier question over the same bytes."""
    earlier = timestamps.question(DATA).as_bytes()
    tsa.asked = lambda _: earlier
    with pytest.raises(TimestampRefused, match="Nonce mismatch"):
        timestamping.stamp(settings(tsa), DATA)


def test_an_altered_token_is_refused(tsa: Authority) -> None:
    """One bit flipped anywhere: no crash, and refused wherever it is in what the authority signed or signed with.

    What is left are bytes that claim nothing: versions of the envelope, the signature's name, a certificate that comes along.
    """
    good = timestamping.stamp(settings(tsa), DATA)
    assert good is not None
    trusted = timestamping.trusted_by(settings(tsa))
    token = good.token
    signer = x509.load_pem_x509_certificate((tsa.folder / "good.pem").read_bytes()).public_bytes(Encoding.DER)
    content, said = token.index(bytes.fromhex("06042a030401")), token.index(trusted[0].public_bytes(Encoding.DER))
    attributes = token.index(bytes.fromhex("06092a864886f70d010903"))
    signed = {
        *range(content, said - 4),
        *range(token.index(signer), token.index(signer) + len(signer)),
        *range(attributes, len(token) - 275),
        *range(len(token) - 256, len(token)),
    }
    accepted = set()
    for at in range(len(token)):
        flipped = bytearray(token)
        flipped[at] ^= 1 << at % 8
        try:
            timestamps.checked(documents.Stamp(bytes(flipped), good.authority, good.time), DATA, trusted)
        except TimestampRefused:
            continue
        accepted.add(at)
    assert accepted & signed == set()
    assert len(signed) > 1300


def test_certificates_in_the_order_of_their_chain_are_read(tsa: Authority) -> None:
    """As openssl writes them; sorted as DER wants they are the same token, and what is no token is left as it is."""
    answers: list[bytes] = []
    tsa.altered = lambda answer: answers.append(answer) or answer  # type: ignore[func-returns-value] # None, then the answer
    assert timestamping.stamp(settings(tsa), DATA) is not None
    (answer,) = answers
    fixed = der.with_sorted_certificates(answer)
    assert sorted(fixed) == sorted(answer)
    assert der.with_sorted_certificates(fixed) == fixed
    for cut in range(0, len(answer), 11):
        assert len(der.with_sorted_certificates(answer[:cut])) == cut


def test_an_expired_authority_is_refused(tsa: Authority) -> None:
    """Its certificate had ended at the time that the token says."""
    tsa.signer = "expired"
    with pytest.raises(TimestampRefused, match="proves nothing"):
        timestamping.stamp(settings(tsa), DATA)


def test_an_authority_that_refuses_is_quoted(tsa: Authority) -> None:
    """A question under a digest that it does not take is answered with a rejection, which is passed on."""
    weak = subprocess.run(
        ["openssl", "ts", "-query", "-data", str(tsa.ca), "-sha1"], check=True, capture_output=True
    ).stdout
    tsa.asked = lambda _: weak
    with pytest.raises(TimestampRefused, match="granted no timestamp"):
        timestamping.stamp(settings(tsa), DATA)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"altered": lambda _: b"<html>"}, "no answer of RFC 3161"),
        ({"altered": lambda answer: answer[:-3]}, "no answer of RFC 3161"),
        ({"altered": lambda answer: answer + b"\0" * 100_000}, "more than 65536 bytes"),
        ({"kind": "text/html"}, "not with a timestamp"),
        ({"status": 503}, "answered 503"),
    ],
)
def test_what_is_no_timestamp_is_refused(tsa: Authority, change: dict[str, Any], words: str) -> None:
    """Web pages, halves, floods, errors."""
    for name, value in change.items():
        setattr(tsa, name, value)
    with pytest.raises(TimestampRefused, match=words):
        timestamping.stamp(settings(tsa), DATA)


def test_settings_that_cannot_work_say_which(tsa: Authority, tmp_path: Path) -> None:
    """No certificates, a file that is not there or holds none, a private address, nobody listening."""
    (tmp_path / "empty.pem").write_text("nothing", encoding="ascii")
    for changes, words in (
        ({"timestamp_ca": None}, "CIVIC_ARCHIVE_TIMESTAMP_CA"),
        ({"timestamp_ca": tmp_path / "absent.pem"}, "cannot be read"),
        ({"timestamp_ca": tmp_path / "empty.pem"}, "no certificate"),
        ({"allowed_origins": ""}, "CIVIC_ARCHIVE_ALLOWED_ORIGINS"),
        ({"timestamp_url": "http://127.0.0.1:9", "allowed_origins": "http://127.0.0.1:9"}, "did not answer"),
        ({"timestamp_url": "ftp://a.example"}, "only http and https"),
    ):
        with pytest.raises(TimestampRefused, match=words):
            timestamping.stamp(settings(tsa, **changes), DATA)
    assert timestamping.stamp(settings(tsa, timestamp_url=None), DATA) is None


def test_a_root_is_timestamped_and_openssl_agrees(make_archive: ArchiveMaker, tsa: Authority, tmp_path: Path) -> None:
    """What the published file says to do with nothing of ours: the token out of it, openssl over it, and it is good."""
    archive = make_archive(timestamp_url=tsa.url, timestamp_ca=tsa.ca, allowed_origins=tsa.url)
    add_all(archive.engine, 3)
    log_keeping.append(archive.archive)
    published = log_keeping.publish_root(archive.archive)
    assert (published.failed, published.untimed) == (False, None)
    document = verify.read(published.path)
    assert document["timestamp"]["authority"] == tsa.url
    (tmp_path / "token.der").write_bytes(base64.b64decode(document["timestamp"]["token"]))
    (tmp_path / "bytes").write_bytes(verify.stamped_bytes(document))
    checked = [
        "openssl", "ts", "-verify", "-token_in", "-in", "token.der", "-data", "bytes", "-CAfile", str(tsa.ca),
    ]  # fmt: skip
    done = subprocess.run(checked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr
    (tmp_path / "bytes").write_bytes(verify.stamped_bytes({**document, "size": 4}))
    assert subprocess.run(checked, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    assert log_keeping.check_fixity(archive.archive, 1).findings == []


def test_without_its_timestamp_a_root_is_published_and_says_so(make_archive: ArchiveMaker, tsa: Authority) -> None:
    """The authority is down: the root is signed and out, the file says why it has no timestamp, and the caller learns it."""
    tsa.status = 503
    archive = make_archive(timestamp_url=tsa.url, timestamp_ca=tsa.ca, allowed_origins=tsa.url)
    published = log_keeping.publish_root(archive.archive)
    assert published.failed
    document = verify.read(published.path)
    assert "answered 503" in document["timestamp"]
    assert verify.check_root(document)
    tsa.status = 200
    assert not log_keeping.publish_root(archive.archive).failed
    assert len(list(roots.folder_of(archive.archive).glob("root-*.json"))) == 2
