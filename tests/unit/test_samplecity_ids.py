"""The sample city's identifiers and records are what the AT Protocol would have made."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import libipld
import pytest

from samplecity import records
from samplecity.city import City
from samplecity.events import Put
from samplecity.ids import blob_cid, dag_cbor, did_plc, record_cid, tid
from samplecity.images import picture


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "aa": [True, False, None], "a": "é🌴"},
        {"n": [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, -1, -25]},
        {"text": "x" * 300, "list": list(range(30))},
    ],
)
def test_dag_cbor_is_what_a_foreign_encoder_makes(value: dict[str, object]) -> None:
    """Our DAG-CBOR is byte for byte libipld's."""
    assert dag_cbor(value) == libipld.encode_dag_cbor(value)


def test_every_record_of_the_history_has_its_real_cid() -> None:
    """A foreign decoder finds in each CID dag-cbor, SHA-256 and the digest of the record as libipld encodes it."""
    puts = [event for event in City.build(nights=5).log if isinstance(event, Put)]
    for put in puts:
        decoded = libipld.decode_cid(put.cid)
        record = _linked(put.record)
        assert decoded["codec"] == 0x71
        assert bytes(decoded["hash"]["digest"]) == hashlib.sha256(libipld.encode_dag_cbor(record)).digest()
    assert len(puts) > 900


def _linked(value: object) -> object:
    if isinstance(value, dict):
        if value.keys() == {"$link"}:
            decoded = libipld.decode_cid(value["$link"])
            return bytes((1, decoded["codec"], 0x12, 0x20)) + bytes(decoded["hash"]["digest"])
        return {key: _linked(one) for key, one in value.items()}
    return [_linked(one) for one in value] if isinstance(value, list) else value


def test_a_link_is_encoded_as_tag_42_over_the_binary_cid() -> None:
    """What decodes our bytes gets the same CID back."""
    cid = blob_cid(b"hello")
    assert libipld.decode_dag_cbor(dag_cbor({"ref": {"$link": cid}})) == {"ref": libipld.decode_multibase(cid)[1]}


def test_a_float_has_no_place_in_a_record() -> None:
    """The data model knows no floats, so a record with one is refused, not silently given another CID."""
    with pytest.raises(TypeError, match="float"):
        record_cid({"size": 1.5})


def test_record_keys_sort_by_time() -> None:
    """TIDs have the lexicon's shape and the order of their moments."""
    moments = [
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2026, 11, 24, 1, 2, 3, 4, UTC),
        datetime(2030, 1, 1, tzinfo=UTC),
    ]
    keys = [tid(at, 5) for at in moments]
    assert keys == sorted(keys)
    assert all(re.fullmatch(r"[234567abcdefghij][2-7a-z]{12}", key) for key in keys)


def test_dids_have_the_shape_of_plc() -> None:
    """A made-up DID is 24 characters of base 32."""
    assert re.fullmatch(r"did:plc:[a-z2-7]{24}", did_plc("city/parks"))


def test_facets_point_at_bytes_not_characters() -> None:
    """Each facet's slice of the UTF-8 text is exactly the link, tag or mention, also after emoji and accents."""
    text = "¡Olé 🌴! @parks.city.test #Año2026 y https://city.example/n/12. שלום #ירוק"
    marks = records.facets(text, {"parks.city.test": did_plc("x")})
    cut = [text.encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in marks]
    assert cut == ["@parks.city.test", "#Año2026", "https://city.example/n/12", "#ירוק"]


def test_pictures_are_real_and_differ() -> None:
    """A picture is a PNG a decoder accepts, the same for its name and another for another name."""
    one, other = picture("a"), picture("b")
    assert one.data == picture("a").data != other.data
    assert one.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert hashlib.sha256(one.data).hexdigest() == one.sha256
    assert bytes(libipld.decode_cid(one.cid)["hash"]["digest"]).hex() == one.sha256
