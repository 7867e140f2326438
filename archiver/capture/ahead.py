"""Reading ahead: the next answer is waited for while the last one is being stored."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_T = TypeVar("_T")
_POLL_SECONDS = 0.1


class _End:
    """What the reading thread sends last: that it has ended, and of what."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(source: Iterable[_T], depth: int = 1) -> Iterator[_T]:
    """Give what the source gives, the source working in a thread of its own and up to `depth` steps in advance.

    The order stays, and there is still one request at a time. An error of the source is raised where its element would have
    come. When the reader stops early the source is let go of after the step that it is in; `close` it to wait for that.
    """
    waiting: queue.Queue[_T | _End] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def offer(element: _T | _End) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(element, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        error: BaseException | None = None
        try:
            for element in source:
                if not offer(element):
                    return
        except BaseException as raised:  # noqa: BLE001 - it is raised in the reader's thread
            error = raised
        offer(_End(error))

    thread = threading.Thread(target=work, name="read ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(element := waiting.get(), _End):
            yield element
        if element.error is not None:
            raise element.error
    finally:
        stopped.set()
        thread.join()
