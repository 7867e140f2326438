"""The salted commitment of a version: computed anew from its description, and what it must give away or hide."""

from __future__ import annotations

import hashlib
import uuid

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archiver.evidence import merkle
from archiver.evidence.commitments import WORDED, commit, leaves, tokens

SECRET = bytes(range(32))
VERSION = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
fields_of = st.dictionaries(
    st.sampled_from(["text", "title", "author", "kind", "links", "zz", "éa", "\U0001f6a7"]),
    texts | st.lists(texts, max_size=3) | st.dictionaries(texts, texts, max_size=2),
    min_size=1,
    max_size=5,
)


@given(texts)
def test_joined_the_tokens_are_the_text(text: str) -> None:
    """The tokeniser loses nothing, whatever white space or script a text has."""
    assert "".join(tokens(text)) == text
    assert all(tokens(text))


def test_a_root_can_be_computed_from_the_description_alone() -> None:
    """Somebody with the secret, the version's id and the fields gets the same root with SHA-256, SHAKE256 and RFC 8785."""
    fields = {"text": "Fix the  pothole", "author": "did:plc:a", "links": ["https://a.example/é"]}

    def leaf(field: str, position: int, value: bytes) -> bytes:
        stream = hashlib.shake_256(SECRET + VERSION.bytes + field.encode()).digest(16 * (position + 1))
        salt = stream[16 * position :]
        return hashlib.sha256(b"\x00" + salt + field.encode() + b"\x00" + position.to_bytes(8, "big") + value).digest()

    hashes = [leaf("author", 0, rfc8785.dumps("did:plc:a")), leaf("links", 0, rfc8785.dumps(fields["links"]))]
    hashes += [leaf("text", n, token) for n, token in enumerate([b"Fix", b" ", b"the", b"  ", b"pothole"])]

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    a, b, c, d, e, f, g = hashes
    assert commit(fields, SECRET, VERSION) == node(node(node(a, b), node(c, d)), node(node(e, f), g))


@given(fields_of, st.binary(min_size=32, max_size=32), st.uuids())
def test_the_quick_way_and_the_leaves_agree(fields: dict[str, object], secret: bytes, version: uuid.UUID) -> None:
    """What is stored and what a proof is made of are one tree."""
    made = list(leaves(fields, secret, version))  # type: ignore[arg-type]
    assert commit(fields, secret, version) == merkle.root(leaf.entry for leaf in made)  # type: ignore[arg-type]
    salts = [leaf.salt for leaf in made]
    assert len(set(salts)) == len(salts)


@given(fields_of, st.data())
def test_any_change_changes_the_root(fields: dict[str, object], data: st.DataObject) -> None:
    """Another word, another field, another secret, another version: another root."""
    root = commit(fields, SECRET, VERSION)  # type: ignore[arg-type]
    name = data.draw(st.sampled_from(sorted(fields)))
    changed = {**fields, name: "changed" if fields[name] != "changed" else "again"}
    assert commit(changed, SECRET, VERSION) != root  # type: ignore[arg-type]
    assert commit({**fields, "new": "x"}, SECRET, VERSION) != root
    assert commit(fields, SECRET[::-1], VERSION) != root  # type: ignore[arg-type]
    assert commit(fields, SECRET, uuid.UUID(int=VERSION.int + 1)) != root  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(["street", "name", "4th", "of", "July"]), min_size=2, max_size=12), st.data())
def test_with_words_hidden_the_root_can_still_be_computed(words: list[str], data: st.DataObject) -> None:
    """Bare hashes in the place of hidden words give the same root; equal words have hashes that do not tell so."""
    fields = {"text": " ".join(words), "author": "did:plc:a"}
    made = list(leaves(fields, SECRET, VERSION))
    hidden = data.draw(st.sets(st.integers(0, len(made) - 1)))
    shown = [merkle.leaf_hash(leaf.entry) if n in hidden else leaf for n, leaf in enumerate(made)]
    hashes = [each if isinstance(each, bytes) else merkle.leaf_hash(each.entry) for each in shown]
    assert merkle.root_of_hashes(hashes) == commit(fields, SECRET, VERSION)
    assert len(set(hashes)) == len(hashes)


def test_an_empty_text_is_committed_and_is_not_an_absent_one() -> None:
    """That the platform said nothing, and that it said the empty text, are different statements."""
    assert commit({"kind": "post", "text": ""}, SECRET, VERSION) != commit({"kind": "post"}, SECRET, VERSION)
    (leaf,) = leaves({"text": ""}, SECRET, VERSION)
    assert leaf.value == b""


def test_words_of_two_fields_are_not_exchanged() -> None:
    """A word of the title is not the same leaf as the word in the same place of the text."""
    assert {"text", "title"} == WORDED
    assert commit({"text": "a", "title": "b"}, SECRET, VERSION) != commit({"text": "b", "title": "a"}, SECRET, VERSION)
