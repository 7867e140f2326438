"""The clerk's pages over the real Postgres and Elasticsearch: what they show, and that what is shown is inert."""

from __future__ import annotations

import gzip
import html
import re
import uuid
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from archiver.capture.evidence_file import seal
from archiver.thumbnails import run
from archiver.thumbnails.making import is_webp
from tests.fixtures.clerk import BODY, NAME, picture

if TYPE_CHECKING:
    from tests.fixtures.clerk import City


_INLINE = r"</?(?:a|b|bdi|code|del|ins|mark|q|span|strong|time)\b[^>]*>"


def text_of(page: str) -> str:
    """What a reader sees of a page, on one line."""
    blocks = re.sub(_INLINE, "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", blocks)))


class Elements(HTMLParser):
    """The elements of a page as a browser would make them, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))


def test_a_search_shows_total_explanation_highlight_and_state(module_city: City) -> None:
    """A search page has the exact total, the sentence that explains it, the highlight, and how each hit was last found."""
    page = module_city.signed_in().get("/", params={"q": "potholes"})
    assert page.status_code == 200
    seen = text_of(page.text)
    assert "3 records found" in seen
    assert "Everything that says \u201cpotholes\u201d in any form in one version" in seen
    assert "<mark>Pothole</mark>" in page.text
    assert "Carson Grove Public Works" in seen
    assert "City account" in seen
    assert "2 May 2026, 10:30 PDT" in seen
    assert '<time datetime="2026-05-02T10:30:00-07:00">' in page.text
    assert re.search(r"Not seen since \d+ \w+ \d{4}, \d\d:\d\d P[DS]T, reason unknown", seen)
    assert "The index is up to date." in seen


def test_words_that_were_edited_away_are_found_and_marked(module_city: City) -> None:
    """A phrase of an earlier version is found, highlighted there, and marked as later changed."""
    page = module_city.signed_in().get("/", params={"q": '"repaired on Monday"'})
    assert "1 record found" in page.text
    assert "<mark>repaired on Monday</mark>" in page.text
    assert "The words were found in version 1 of 2; this text was later changed." in page.text


def test_days_are_days_of_the_city_and_undated_items_are_counted(module_city: City) -> None:
    """A post of 28 March, 23:59 city time (a day later in UTC) is found on the 28th; what has no date is said to be left out."""
    client = module_city.signed_in()
    on_the_day = client.get("/", params={"q": "", "from": "2026-03-28", "to": "2026-03-28"})
    assert "1 record found" in on_the_day.text
    assert "1 more has no date and was left out." in text_of(on_the_day.text)
    assert "Nothing in the archive" in client.get("/", params={"from": "2026-03-29", "to": "2026-03-29"}).text


def test_filters_are_applied_and_kept_in_the_form(module_city: City) -> None:
    """The account's filter narrows the search and stays chosen."""
    page = module_city.signed_in().get("/", params={"account": "bluesky:parks.example.gov", "sort": "newest"})
    assert "2 records found" in page.text
    assert '<option value="bluesky:parks.example.gov" selected>' in page.text
    assert '<option value="newest" selected>' in page.text


def test_pages_of_results_go_on_where_the_last_ended(city: City) -> None:
    """Following "Next page" shows every hit once, and numbers them."""
    for number in range(60):
        city.searchable.records.item(city.parks, f"Council agenda {number}")
    city.searchable.drain()
    client, address, seen = city.signed_in(), "/?q=agenda&sort=newest", []
    pages = 0
    while address:
        page = client.get(address).text
        assert "60 records found" in page
        assert f'<ol start="{len(seen) + 1}" id="hits"' in page
        seen += re.findall(r'<h3><a href="(/items/[^"]+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address, pages = html.unescape(found[1]) if found else "", pages + 1
    assert (pages, len(seen), len(set(seen))) == (3, 60, 60)


def test_a_record_shows_versions_conversation_and_evidence(module_city: City) -> None:
    """The record page has the changed words, the replies with their states, the completeness, and where the bytes lie."""
    page = module_city.signed_in().get(module_city.page_of("post"))
    assert page.status_code == 200
    assert "<del>Monday</del><ins>Thursday</ins>" in page.text
    seen = text_of(page.text)
    assert "8 replies held." in seen
    assert "Confirmed gone on" in seen
    assert "Hidden by the platform or its owner" in seen
    assert "In answer to something that the archive does not hold" in seen
    assert "of 9 the platform counts: 5 present, 1 hidden, 1 gone (confirmed), 1 not returned, 1 unexplained" in seen
    assert 'alt="A barrier across Main Street"' in page.text
    assert "The video is not kept: the platform answered 410 Gone." in seen
    assert str(module_city.account.exchange) in seen
    assert f"account-{module_city.account.id}-test.warc.gz" in seen
    assert 'href="https://city.example.gov/streets/main" rel="noreferrer nofollow' in page.text
    assert "Also changed: the links, the attachments or their descriptions, the hashtags." in seen


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/accounts", "Lo que se conserva de cada una"),
        ("/status", "Lo que no se captura en este momento"),
        ("/moderation", "Qui\u00e9n ocult\u00f3, elimin\u00f3 o aprob\u00f3 qu\u00e9"),
    ],
)
def test_the_lists_speak_spanish_and_show_what_is_kept_in_english_as_such(
    module_city: City, path: str, said: str
) -> None:
    """To a browser that asks for it; a sentence that is kept in English says that it is."""
    client = module_city.signed_in()
    english = client.get(path)
    client.headers["accept-language"] = "es"
    page = client.get(path)
    assert (english.status_code, page.status_code) == (200, 200)
    assert '<html lang="es">' in page.text
    assert said in text_of(page.text)
    assert said not in text_of(english.text)
    assert ('lang="en">' in page.text.partition("<main")[2]) == (path != "/moderation")
    assert 'lang="en">' not in english.text.partition("<main")[2]


def test_what_a_connector_says_of_a_count_is_named_english_on_a_spanish_page(city: City) -> None:
    """How complete a thread is: our half in the reader's language, the connector's as it is kept, and said to be English."""
    reason = "replies that the account <b>hid</b> are counted"
    with city.archive.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into completeness (capture_id, stream_id, item_id, counted, platform_count, held_count, difference, "
                "reason, observed_at) select capture_id, stream_id, item_id, counted, 9, 8, 1, :reason, now() "
                "from completeness where item_id is not null"
            ),
            {"reason": reason},
        )
    client = city.signed_in()
    assert f"1 not given out by the platform ({reason})." in text_of(client.get(city.page_of("post")).text)
    client.headers["accept-language"] = "es"
    page = client.get(city.page_of("post")).text
    assert '(<span lang="en">replies that the account &lt;b&gt;hid&lt;/b&gt; are counted</span>).' in page
    assert "Cobertura: " in text_of(page)


def test_a_reply_shows_what_it_answers_from_the_root_on(module_city: City) -> None:
    """Above a reply stands everything it answers, the root first; below, what answers it."""
    seen = text_of(module_city.signed_in().get(module_city.page_of("answer")).text)
    places = [
        seen.index(words) for words in ("Elm Avenue instead", "near the school included?", "This record", "kids walk")
    ]
    assert places == sorted(places)
    orphan = text_of(module_city.signed_in().get(module_city.page_of("orphan")).text)
    assert (
        "It answers something that the archive does not hold or does not show you: at://comments/never-held" in orphan
    )


def test_answers_to_another_id_of_a_record_and_circles_are_shown(city: City) -> None:
    """A reply that names an earlier id of what it answers is found; replies that answer each other do not hang the page."""
    add = city.searchable.records.item
    top = add(city.account, "Edited on X", platform_id="x:2")
    city.items["top"] = top
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("insert into item_aliases values ('bluesky', '', 'x:1', :id)"), {"id": top})
    city.items["reply"] = add(city.account, "To the first id", kind="comment", stream="comments", parent_id="x:1")
    city.items["egg"] = add(city.account, "egg", kind="comment", stream="comments", platform_id="egg", parent_id="hen")
    city.items["hen"] = add(city.account, "hen", kind="comment", stream="comments", platform_id="hen", parent_id="egg")
    client = city.signed_in()
    assert "1 reply held." in client.get(city.page_of("top")).text
    assert "Edited on X" in client.get(city.page_of("reply")).text
    for name in ("hen", "egg"):
        page = client.get(city.page_of(name))
        assert (page.status_code, page.text.count("1 reply held.")) == (200, 1)


def test_a_huge_conversation_is_paged(city: City) -> None:
    """A thread beyond 500 replies says how many there are and leads to the rest, each reply shown once."""
    for number in range(620):
        city.searchable.records.item(
            city.account, f"reply number {number} of many", kind="comment", stream="comments",
            parent_id="at://root/huge", root_id="at://root/huge", platform_id=f"at://huge/{number}",
        )  # fmt: skip
    city.items["huge"] = city.searchable.records.item(city.account, "Ask us anything", platform_id="at://root/huge")
    client = city.signed_in()
    first = client.get(city.page_of("huge")).text
    assert "Showing replies 1 to 500 of 620." in first
    assert 'href="?start=500#thread"' in first
    second = client.get(city.page_of("huge") + "?start=500").text
    assert "Showing replies 501 to 620 of 620." in second
    numbers = re.findall(r"reply number (\d+) of", first) + re.findall(r"reply number (\d+) of", second)
    assert sorted(map(int, numbers)) == list(range(620))


def test_hostile_text_and_markup_are_shown_inert(module_city: City) -> None:
    """Scripts, handlers, forms, frames, remote pictures and dangerous links of strangers reach no page as such."""
    client = module_city.signed_in()
    pages = [client.get(module_city.page_of(name)).text for name in ("hostile", "notice", "post")] + [
        client.get("/", params={"q": words}).text for words in ("invoice", "water", "alert")
    ]
    for page in pages:
        assert "\u202e" not in page
        assert "\x07" not in page
        for tag, attributes in Elements(page).found:
            ours = tag == "script" and re.match(
                r"/static/(?:comfort|htmx\.min|keys)\.js\?v=", attributes.get("src") or ""
            )
            assert ours or tag not in {"script", "iframe", "object", "embed", "base", "svg"}, tag
            assert not [name for name in attributes if name.startswith("on") or name == "style"], attributes
            own = {name: attributes[name] or "" for name in ("href", "src", "action") if name in attributes}
            outward = {value for value in own.values() if not value.startswith(("/", "#"))}
            assert all(tag == "a" and value.startswith("https://") for value in outward), (tag, attributes)
            assert not outward or "noreferrer" in (attributes["rel"] or "")
            assert not any("evil" in value or "tracker" in value for value in own.values())
    hostile = pages[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in hostile
    assert 'invoice<span class="control">U+202E</span>fdp.exe' in hostile
    assert "Water is <b>off</b> here" in pages[1]
    assert "javascript:alert(7)</span>" in pages[2]


def test_a_text_of_ten_megabytes_is_cut_and_can_be_had_whole(city: City) -> None:
    """A huge text is shown in part, says how much is missing, and comes whole as a file."""
    text = "word " * 2_000_000
    city.items["huge"] = city.searchable.records.item(city.account, text)
    client = city.signed_in()
    page = client.get(city.page_of("huge"))
    assert len(page.content) < 200_000
    assert "9,980,000 more characters" in page.text
    whole = client.get(f"{city.page_of('huge')}/versions/1/text")
    assert whole.text == text
    assert whole.headers["content-disposition"].startswith("attachment")


def test_only_safe_pictures_are_shown_in_place(module_city: City) -> None:
    """A PNG is served as one; an SVG, which can hold scripts, is a download; both under a sandbox."""
    client = module_city.signed_in()
    street = client.get(f"/media/{module_city.media['street']}")
    assert (street.headers["content-type"], street.content) == ("image/png", picture())
    assert street.headers["content-disposition"].startswith("inline")
    plan = client.get(f"/media/{module_city.media['plan']}")
    assert plan.headers["content-type"] == "application/octet-stream"
    assert plan.headers["content-disposition"].startswith("attachment")
    for answer in (street, plan):
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
    lost = client.get(f"/media/{module_city.media['lost']}")
    assert lost.status_code == 404
    assert "the platform answered 410 Gone" in lost.text


def test_a_picture_that_lies_about_its_type_is_a_download(city: City) -> None:
    """What is declared as a PNG and begins like something else is not shown."""
    with city.archive.engine.begin() as connection:
        connection.execute(sa.text("update media set content_type = 'image/png' where platform_id = 'plan'"))
    answer = city.signed_in().get(f"/media/{city.media['plan']}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_the_kept_record_is_shown_and_downloaded(city: City) -> None:
    """An exchange's page shows the bytes as escaped text, from the spool and once sealed; the download is a WARC itself."""
    client, address = city.signed_in(), f"/exchanges/{city.account.exchange}"
    for sealed in (False, True):
        if sealed:
            assert seal(city.archive, f"account-{city.account.id}-test.warc.gz")
        page = client.get(address)
        assert page.status_code == 200
        assert ("(sealed)" in page.text) is sealed
        assert "&lt;script&gt;alert(6)&lt;/script&gt;" in page.text
        assert "WARC-Type: response" in page.text
        assert "HTTP/1.1 200 OK" in page.text
        record = gzip.decompress(client.get(f"{address}/record").content)
        assert record.startswith(b"WARC/1.")
        assert record.rstrip().endswith(BODY)
    city.archive.blobs._fs.rm(city.archive.blobs._at(f"warc/account-{city.account.id}-test.warc.gz"))
    assert "tell the operator" in client.get(address).text
    assert client.get(f"{address}/record").status_code == 404


def test_an_exchange_without_a_body_says_so(module_city: City) -> None:
    """Of an exchange that brought nothing new time, status and digest are shown, and that the body was not kept."""
    client = module_city.signed_in()
    page = client.get(f"/exchanges/{module_city.parks.exchange}")
    assert "The body was not kept" in page.text
    assert client.get(f"/exchanges/{module_city.parks.exchange}/record").status_code == 404


def test_accounts_and_status_say_what_is_held_and_what_is_missing(module_city: City) -> None:
    """The register shows days left, counts, completeness and open gaps; the status page the index and the captures."""
    client = module_city.signed_in()
    accounts = text_of(client.get("/accounts").text)
    assert "Parks and Recreation" in accounts
    assert "missing: steward, purpose" in accounts
    assert "all that the platform counts is held" in accounts
    assert (
        "Comments: not captured whole since 1 May 2026, 02:00 PDT: the platform answered 503 three times." in accounts
    )
    status = text_of(client.get("/status").text)
    assert "The index is up to date." in status
    assert "Records in the archive 11" in status
    assert "English: words are found in their other forms" in status


def test_what_is_looked_at_is_in_the_audit_log(city: City) -> None:
    """Log-ins, searches (refused ones too), records, exchanges and attachments opened each leave a row with the name."""
    client = city.signed_in()
    client.get("/", params={"q": "potholes", "from": "2026-05-01"})
    client.get("/", params={"q": '"half'})
    client.get(city.page_of("post"))
    client.get(f"/exchanges/{city.account.exchange}")
    client.get(f"/media/{city.media['street']}")
    assert [row.actor for row in city.audit("logged in")] == [NAME]
    first, second = city.audit("searched")
    assert (first.actor, first.detail) == (NAME, {"q": "potholes", "from": "2026-05-01", "page": 1, "total": 3})
    assert "problem" in second.detail
    assert [(row.actor, row.subject) for row in city.audit("record opened")] == [(NAME, str(city.public_id("post")))]
    assert [row.subject for row in city.audit("exchange opened")] == [str(city.account.exchange)]
    assert [row.subject for row in city.audit("attachment opened")] == [str(city.media["street"])]


def test_the_block_list_is_shown_with_its_latest_changes(module_city: City) -> None:
    """How many, since when, who came and who left, and that the last reading broke off; names are inert."""
    with module_city.archive.engine.connect() as connection:
        public_id = connection.scalar(
            sa.text("select public_id from accounts where id = :id"), {"id": module_city.account.id}
        )
    page = module_city.signed_in().get(f"/accounts/{public_id}").text
    seen = text_of(page)
    assert "Whom it blocks" in seen
    assert "2 accounts on 3 May 2026, by the latest of 2 snapshots since 2 May 2026." in seen
    assert "The latest 3 changes" in seen
    assert "3 May 2026 No longer blocked Sam K. @sam.example.social did:plc:sam" in seen
    assert "3 May 2026 Blocked no name shown did:plc:lee" in seen
    assert "It could not be read to its end on 4 May 2026, 02:10 PDT: answered 502 <b>twice</b>." in seen
    assert "<script>alert(1)" not in page
    assert "Who follows it" not in seen


def test_a_picture_is_shown_small_and_leads_to_itself(module_city: City) -> None:
    """The page shows what a process of its own made of it, with its size and description; the link is the original. What could
    not be decoded is a file with the reason beside it.
    """
    run.make_waiting(module_city.archive)
    client = module_city.signed_in()
    page = client.get(module_city.page_of("post")).text
    street, plan = module_city.media["street"], module_city.media["plan"]
    (image,) = [attrs for tag, attrs in Elements(page).found if tag == "img"]
    assert image == {
        "src": f"/media/{street}/small", "width": "320", "height": "200", "alt": "A barrier across Main Street",
    }  # fmt: skip
    assert f'<a href="/media/{street}/view?of={module_city.public_id("post")}"><img' in page
    assert f'<a href="/media/{plan}">Download the picture</a>' in page
    assert "it is not shown here: its bytes are none of a picture that browsers show" in text_of(page)
    small = client.get(f"/media/{street}/small")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert small.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert is_webp(small.content)
    assert client.get(f"/media/{plan}/small").status_code == 404
    assert client.get(f"/media/{uuid.uuid4()}/small").status_code == 404
    assert module_city.client().get(f"/media/{street}/small").status_code == 303
    assert client.get(f"/media/{street}").content == picture()
