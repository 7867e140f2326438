"""What a failed answer is about, as the session tells those who asked: the question, a limit, or neither."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archiver.capture.errors import RequestFailed
from archiver.capture.session import CaptureSession
from archiver.platforms.manners import Meaning, Verdict
from archiver.platforms.pages import Exchange

if TYPE_CHECKING:
    from archiver.capture.transport import Request

AT = datetime(2026, 6, 1, tzinfo=UTC)


class Answering(CaptureSession):
    """A session that gets the same answer to whatever it asks."""

    status: int

    def attempt(self, request: Request) -> tuple[Exchange | None, str]:
        """The answer."""
        digest = b"\0" * 32
        return Exchange("1", AT, "GET", request.url, self.status, "", (), (), b"{}", b"{}", digest, 1), ""


def failure(status: int, meaning: Meaning | None = None) -> RequestFailed:
    """How asking ends that is answered so, and judged so by the platform; as it comes out of another process."""
    verdict = None if meaning is None else Verdict(meaning, "its words")
    session = Answering(user_agent="test", max_attempts=2, max_wait=1, sleep=lambda _: None, judge=lambda _: verdict)
    session.status = status
    with pytest.raises(RequestFailed) as failed:
        session.get("https://x.test/posts?cursor=b")
    found = pickle.loads(pickle.dumps(failed.value))  # noqa: S301 - our own
    assert isinstance(found, RequestFailed)
    assert str(found) == str(failed.value)
    return found


def about(failed: RequestFailed) -> tuple[bool, bool]:
    """Whether it is final, and whether it is a limit."""
    return failed.final, failed.limit


@pytest.mark.parametrize("status", [400, 410, 422])
def test_an_answer_that_calls_the_question_wrong_is_final(status: int) -> None:
    """The same question gets it again."""
    assert about(failure(status)) == (True, False)


@pytest.mark.parametrize("status", [403, 404, 406, 408, 425, 451, 500, 501, 503, 505, 507, 520, 522, 524, 530])
def test_what_a_server_or_a_firewall_says_is_not_about_the_question(status: int) -> None:
    """Also where asking again at once is of no use."""
    assert about(failure(status)) == (False, False)


@pytest.mark.parametrize(
    ("status", "meaning", "final", "limit"),
    [
        (200, Meaning.FINAL, True, False),
        (400, Meaning.FINAL, True, False),
        (500, Meaning.FINAL, False, False),
        (403, Meaning.FORBIDDEN, False, False),
        (400, Meaning.RETRY, False, False),
        (400, Meaning.WAIT, False, True),
        (429, None, False, True),
    ],
)
def test_the_platform_says_whether_an_answer_is_final_or_a_limit(
    status: int, meaning: Meaning | None, *, final: bool, limit: bool
) -> None:
    """A limit that names no time is one as well; an error in an answer that went well is about the question."""
    assert about(failure(status, meaning)) == (final, limit)
