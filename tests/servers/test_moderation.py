"""The moderation record: filled by captures, added to by people, shown, listed and downloaded; who may add to it."""

from __future__ import annotations

import csv
import dataclasses
import io
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from archiver.capture import stream as streams
from archiver.capture.evidence_file import run_warc
from archiver.capture.running import RunningCapture
from archiver.capture.session import CaptureSession
from archiver.platforms import PLATFORMS
from archiver.platforms.items import Item, ItemKind, Source, State, StreamKind, Tombstone
from archiver.platforms.pages import Page
from archiver.records.models import uuid7
from clerk.users import create_user
from tests.fixtures.clerk import NAME, PASSWORD, log_in, token_of
from tests.fixtures.sessions import Answer, exchange_of
from tests.fixtures.town import town

if TYPE_CHECKING:
    import httpx

    from tests.fixtures.archives import ArchiveMaker
    from tests.fixtures.clerk import City
    from tests.fixtures.town import Town

COMMENT = Item(ItemKind.COMMENT, "at://did:plc:sam/c/1", Source.API, text="rude", order_key="1", exchange=0)


def _show(
    small: Town, *items: Item, stones: tuple[Tombstone, ...] = (), kind: StreamKind = StreamKind.COMMENTS
) -> None:
    """A page of a capture of its own."""
    archive, account = small.archive.archive, small.refreshed()
    with (
        streams.locked(archive.engine, account, kind, wait=False) as stream_id,
        run_warc(archive, account, str(uuid7())) as warc,
        closing(CaptureSession(user_agent="test")) as session,
    ):
        context, cursor = streams.begin(
            archive.engine, stream_id, account, kind, "run", "now", archive.now(), keep_unchanged=False
        )
        running = RunningCapture(archive, PLATFORMS["bluesky"], account, session, warc, context, cursor)
        exchange = dataclasses.replace(exchange_of("https://a.example/", Answer(b"{}")), id=str(uuid7()))
        running.save(Page(items, [exchange], tombstones=stones))


def _acts(small: Town) -> list[tuple[Any, ...]]:
    return small.sql("select action, by_whom, source from moderation order by id")


def test_a_capture_fills_the_record_by_itself(make_archive: ArchiveMaker) -> None:
    """Hidden by the page, shown again, gone for good: a row each, with the platform's words and the exchange and state row;
    the same seen again, or through another stream, adds none.
    """
    with town(make_archive, 1) as small:
        _show(small, COMMENT)
        assert _acts(small) == []
        hidden = dataclasses.replace(COMMENT, hidden="is_hidden: hidden by the page")
        _show(small, hidden)
        _show(small, hidden)
        _show(small, hidden, kind=StreamKind.MENTIONS)
        _show(small, COMMENT)
        _show(small, stones=(Tombstone(COMMENT.id, State.GONE_CONFIRMED, "deleted by its author", 0),))
        assert _acts(small) == [
            ("hidden", "the city's account", "platform"),
            ("unhidden", "unknown", "inferred"),
            ("deleted", "the author", "platform"),
        ]
        rows = small.sql(
            "select m.words, s.words, s.state, m.exchange_id = s.exchange_id, m.capture_id = s.capture_id from moderation m "
            "join states s on s.id = m.state_id and s.item_id = m.item_id order by m.id"
        )
        assert [row[2] for row in rows] == ["hidden", "present", "gone_confirmed"]
        assert all(row[0] == row[1] and row[3] and row[4] for row in rows)


def test_an_item_first_met_hidden_is_on_record(make_archive: ArchiveMaker) -> None:
    """A comment that was held for review before the archive ever saw it."""
    with town(make_archive, 1) as small:
        _show(small, dataclasses.replace(COMMENT, hidden="heldForReview"))
        assert _acts(small) == [("held_for_review", "unknown", "inferred")]


def _browser(city: City, role: str) -> httpx.Client:
    create_user(city.archive.engine, f"{role}.person", PASSWORD, role)
    client = city.client()
    log_in(client, f"{role}.person")
    return client


def _form(client: httpx.Client, city: City, name: str = "gone", **fields: str) -> httpx.Response:
    page = city.page_of(name)
    token = token_of(client.get(page))
    return client.post(f"{page}/moderation", data={"csrf_token": token, **fields})


def test_a_moderator_s_reason_is_kept_and_shown(city: City) -> None:
    """The form's words are on the record's page and in the list, in UTC beneath, with the name, and in the audit log."""
    client = city.signed_in()
    answer = _form(
        client, city, action="deleted", reason="Threat <script>against</script> a person", clause="5.1",
        by_whom="J. Alvarez", at="2026-05-03T09:30",
    )  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, f"{city.page_of('gone')}#moderation")
    page = client.get(city.page_of("gone")).text
    assert "Threat &lt;script&gt;against&lt;/script&gt; a person" in page
    for words in ("3 May 2026, 09:30 PDT", "J. Alvarez", "5.1", f"recorded by {NAME}"):
        assert words in page, words
    assert "Threat &lt;script&gt;" in client.get("/moderation").text
    (row,) = city.audit("moderation recorded")
    assert (row.actor, row.subject, row.detail["action"]) == (NAME, str(city.public_id("gone")), "deleted")


def test_a_mistake_is_named_beside_its_field_and_nothing_is_kept(city: City) -> None:
    """No reason and a time to come: the page says so, holds what was typed, and the record is as before."""
    client = city.signed_in()
    answer = _form(client, city, action="hidden", reason=" ", clause="Clause 7", at="2190-01-01T00:00")
    assert answer.status_code == 400
    assert "Write why" in answer.text
    assert "still to come" in answer.text
    assert 'value="Clause 7"' in answer.text
    assert '<option value="hidden" selected>' in answer.text
    with city.archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from moderation")) == 2


@pytest.mark.parametrize("role", ["viewer"])
def test_who_only_reads_may_not_add(city: City, role: str) -> None:
    """No form is shown, and one that is sent all the same is refused and audited."""
    client = _browser(city, role)
    assert "Put a reason on record" not in client.get(city.page_of("gone")).text
    answer = _form(client, city, action="hidden", reason="why")
    assert answer.status_code == 403
    assert "ask a clerk" in answer.text
    assert city.audit("refused")[-1].detail["wanted"] == "record why something was moderated"
    with city.archive.engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from moderation")) == 2


def test_a_form_of_elsewhere_adds_nothing(city: City) -> None:
    """Without the page's token, or from another site, nothing is recorded."""
    client, page = city.signed_in(), city.page_of("gone")
    assert client.post(f"{page}/moderation", data={"action": "hidden", "reason": "x"}).status_code == 403
    token = token_of(client.get(page))
    sent = {"csrf_token": token, "action": "hidden", "reason": "x"}
    assert client.post(f"{page}/moderation", data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert city.audit("moderation recorded") == []


def test_the_list_is_filtered_and_downloaded_without_formulas(module_city: City) -> None:
    """By action, source, account and days; the file holds the same rows, and no cell that a spreadsheet would run."""
    client = module_city.signed_in()

    def shown(**filters: str) -> int:
        answer = client.get("/moderation", params=filters)
        assert answer.status_code == 200
        return answer.text.count("#moderation")

    assert shown() == 2
    assert shown(source="clerk") == 1
    assert shown(action="deleted") == 0
    assert shown(account="bluesky:city.example.gov") == 2
    assert shown(account="bluesky:parks.example.gov") == 0
    assert shown(**{"from": "2026-05-02", "to": "2026-05-02"}) == 1
    for bad in ({"action": "burned"}, {"from": "soon"}, {"account": "bluesky:nobody"}, {"to": "9999-12-31"}):
        assert client.get("/moderation", params=bad).status_code == 400
        assert client.get("/moderation.csv", params=bad).status_code == 400
    file = client.get("/moderation.csv", params={"source": "clerk"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="INTERNAL-not-reviewed-moderation.csv"' in file.headers["content-disposition"]
    head, row = csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    assert (head[0], row[0]) == ("Internal: not reviewed for release", "1")
    kept = dict(zip(head, row, strict=True))
    assert kept["reason"] == "'=HYPERLINK is how the comment began; personal attack on staff <b>"
    assert kept["when"] == "2026-05-02T16:40:00-07:00"
    assert kept["record"] == str(module_city.public_id("hidden"))


def test_who_only_reads_takes_no_file_of_it(city: City) -> None:
    """A viewer reads the list, has no link to the file, and is refused it: it is an export. Who may export has both."""
    reader, client = _browser(city, "viewer"), city.signed_in()
    assert "personal attack" in reader.get("/moderation").text
    assert "moderation.csv" not in reader.get("/moderation").text
    assert 'href="/moderation.csv"' in client.get("/moderation").text
    refused = reader.get("/moderation.csv")
    assert refused.status_code == 403
    assert "personal attack" not in refused.text
    assert "not take them out as files" in refused.text
    assert city.audit("refused")[-1].detail["wanted"] == "export what a search finds"
    assert client.get("/moderation.csv").status_code == 200


def test_the_file_has_every_row_however_many(city: City) -> None:
    """More than are read at a time: in the order of the list, numbered, each once."""
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into moderation (public_id, item_id, action, by_whom, observed_at, source, reason, recorded_by) "
                "select gen_random_uuid(), :item, 'hidden', 'unknown', now(), 'clerk', 'row ' || n, 'made' "
                "from generate_series(1, 12345) n"
            ),
            {"item": city.items["hidden"]},
        )
    file = city.signed_in().get("/moderation.csv", params={"action": "hidden"})
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert [row["Internal: not reviewed for release"] for row in rows] == [str(n) for n in range(1, 12348)]
    assert [row["reason"] for row in rows[:12345]] == [f"row {n}" for n in range(12345, 0, -1)]
