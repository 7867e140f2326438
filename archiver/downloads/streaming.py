"""Reading a JSON file of any size one element after the other, in bounded memory.

A download's data files are one array, or one object of arrays; some have an assignment before it (X). What is read is each
element of such an array, and each other value of such an object. An element that is damaged or too large is named, and what
comes after it is read; only where a file breaks off is nothing read beyond.

Bytes that are no UTF-8 are held as lone surrogates (PEP 383), so that the very bytes can be given back for keeping; as all lone
surrogates they become U+FFFD in what is stored.
"""

from __future__ import annotations

import dataclasses
import re
from typing import IO, TYPE_CHECKING

from archiver.downloads.json_text import Scan, Text, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
LARGEST = 16 * MIB
"""Characters of one element. The largest that is known is a conversation of X with tens of thousands of messages."""
_AFTER_VALUES = frozenset(",]} \t\r\n")
_QUOTED = 60
_LONGEST_ASSIGNMENT = 1000
_ASSIGNMENT = re.compile(r"(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*\s*=\s*", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Element:
    """One element of an array, or one value of the outermost object.

    `key` is the name of the array within the outermost object, empty where the array is the outermost value. `index` is None
    for a value of the object that is no array.
    """

    key: str
    index: int | None
    value: object = None
    problem: str | None = None
    """Why there is no value."""
    cut: bool = False
    """Its bytes are left out of what `Elements.take` gives: it is too large."""
    broken: bool = False
    """Nothing can be read after it."""

    @property
    def pointer(self) -> str:
        """Where it lies in the file: an RFC 6901 JSON Pointer."""
        parts = [self.key.replace("~", "~0").replace("/", "~1")] if self.key else []
        return "".join(f"/{part}" for part in (*parts, *([] if self.index is None else [str(self.index)])))


class _Broken(Exception):
    """The text breaks off, or cannot be gone on with."""


class Elements:
    """The elements of one file, in its order.

    Args:
        stream: Read to its end, in pieces.
        assigned: Whether the JSON stands after an assignment (`window.YTD.tweets.part0 = [`).
        largest: How many characters one element may have.
    """

    def __init__(self, stream: IO[bytes], *, assigned: bool = False, largest: int = LARGEST) -> None:
        self._text = Text(stream)
        self._assigned, self._largest = assigned, largest
        self._key, self._index = "", 0
        self._before_gaps: list[tuple[bytes, int]] = []

    @property
    def held(self) -> int:
        """How many characters would be taken now."""
        return self._text.held + self._text.at

    @property
    def bad_bytes(self) -> int:
        """How many bytes up to here were no UTF-8."""
        return self._text.bad_bytes

    def take(self) -> tuple[bytes, int]:
        """The file's very bytes since the last time this was asked, and where in it they begin.

        To be asked between two elements, and after each that is `cut`. All that is taken, put together, is the file, but for
        elements that are too large.
        """
        return self._before_gaps.pop(0) if self._before_gaps else self._text.take()

    def __iter__(self) -> Iterator[Element]:
        text = self._text
        try:
            self._begin()
            if text.peek() == "[":
                yield from self._array("")
            elif text.peek() == "{":
                yield from self._object()
            else:
                raise _Broken(self._instead("an array or object"))
            if text.peek() == ";":
                text.at += 1
            if text.peek():
                raise _Broken(f"something follows after its end ({self._quoted()})")
        except _Broken as error:
            yield Element(self._key, self._index, problem=str(error), broken=True)
            self._rest()

    def _begin(self) -> None:
        text = self._text
        while len(text.text) < _LONGEST_ASSIGNMENT and text.more():
            pass
        if text.text.startswith("\ufeff"):
            text.at = 1
        if not text.peek():
            raise _Broken("it is empty")
        if self._assigned:
            match = _ASSIGNMENT.match(text.text, text.at, text.at + _LONGEST_ASSIGNMENT)
            if match is None:
                raise _Broken(self._instead("an assignment"))
            text.at = match.end()

    def _array(self, key: str) -> Iterator[Element]:
        text = self._text
        text.at += 1
        self._key, self._index = key, 0
        while text.peek() != "]":
            element = self._value(key, self._index)
            # The place is moved on before anybody asks for what has been read so far.
            following = self._after(element)
            if following == ",":
                text.at += 1
            yield element
            self._index += 1
            if following not in {",", "]"}:
                raise _Broken(self._instead("',' or ']'"))
        text.at += 1

    def _object(self) -> Iterator[Element]:
        text = self._text
        text.at += 1
        while text.peek() != "}":
            name = self._value("", None)
            if not isinstance(name.value, str):
                raise _Broken(name.problem or "a name is no text")
            if text.peek() != ":":
                raise _Broken(self._instead("':'"))
            text.at += 1
            if text.peek() == "[":
                yield from self._array(name.value)
            else:
                element = self._value(name.value, None)
                self._after(element)
                yield element
            if text.peek() == ",":
                text.at += 1
            elif text.peek() != "}":
                raise _Broken(self._instead("',' or '}'"))
        text.at += 1

    def _after(self, element: Element) -> str:
        """What comes after a value. Where that is nothing that may, a number may be the beginning of one. Raises `_Broken`."""
        following = self._text.peek()
        if (
            following not in _AFTER_VALUES
            and element.problem is None
            and not isinstance(element.value, dict | list | str)
        ):
            raise _Broken(self._instead("',' or a bracket") if following else "it breaks off")
        return following

    def _value(self, key: str, index: int | None) -> Element:
        """The value that begins here, however much of it has to be read. Raises `_Broken`."""
        text = self._text
        if not text.peek():
            raise _Broken("it breaks off")
        value, end, problem = decoded(text.text, text.at)
        if problem is None and (text.text[end : end + 1] in _AFTER_VALUES or isinstance(value, dict | list | str)):
            text.at = end
            return Element(key, index, value)
        # It is not whole yet, or damaged; a number whose end is not seen may have further digits. Its brackets and quotes
        # tell, without anything being made of a large value before its end is there.
        scan, added = Scan(text.text[text.at]), False
        while (found := scan.on(text.text, text.at)) is None:
            if len(text.text) - text.at > self._largest:
                self._skip(scan)
                what = f"it is larger than the {self._largest} characters that are read at once"
                return Element(key, index, problem=what, cut=True)
            if not text.more():
                if problem is None:
                    break
                raise _Broken(f"it breaks off ({problem})")
            added = True
        if added:
            value, end, problem = decoded(text.text, text.at)
        if found is not None and problem is None and end != found:
            problem = "it is no number"
        text.at = end if found is None else found
        return Element(key, index, None if problem else value, problem)

    def _skip(self, scan: Scan) -> None:
        """Read over a value of any size, without holding it. Raises `_Broken`."""
        text = self._text
        self._before_gaps.append(text.take())
        while True:
            text.at, scan.over = min(scan.over, len(text.text)), 0
            text.drop()
            if not text.more():
                raise _Broken("it breaks off within an element that is too large to be read")
            found = scan.on(text.text, 0)
            if found is not None:
                text.at = found
                text.drop()
                return

    def _rest(self) -> None:
        """Read what cannot be understood to its end; no more of it is kept than what is held."""
        text = self._text
        text.at = len(text.text)
        while text.more():
            text.at = len(text.text)
            if text.held > self._largest:
                text.forget()

    def _instead(self, wanted: str) -> str:
        return f"there should be {wanted} and is {self._quoted()}"

    def _quoted(self) -> str:
        part = self._text.text[self._text.at : self._text.at + _QUOTED]
        return repr(part) if part else "nothing"
