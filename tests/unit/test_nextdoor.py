"""The form for Nextdoor: what is right in it is read, and whatever is wrong is named with its line."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.accounts import parse_name
from archiver.cli.reference import platforms_page
from archiver.downloads import DOWNLOADS
from archiver.downloads.errors import DamagedArchiveError, TotalsDifferError
from archiver.downloads.nextdoor import NextdoorForm
from archiver.downloads.nextdoor_form import OPTIONAL, REQUIRED, FormError, read_about, read_lines
from archiver.downloads.unpack import open_tree
from archiver.platforms import IMPORTED, PLATFORMS

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = b"account,city-of-riverbend\nname,City of Riverbend\ntime_zone,America/Los_Angeles\n"
HEAD = "kind,id,in_reply_to,author,written_at,text,attachments,alt_texts"
GOOD = "post,p1,,City of Riverbend,2026-03-02 14:05,Hello,,"


def form(*lines: str, head: str = HEAD) -> bytes:
    """A table of the form."""
    return "\n".join((head, *lines, "")).encode()


def problems_of(*lines: str, head: str = HEAD, files: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(FormError) as caught:
        read_lines(form(*lines, head=head), read_about(ABOUT), files)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("note,p2,,A,2026-03-02,text,,", "kind 'note' is neither post nor reply"),
        ("post,,,A,2026-03-02,text,,", "id is empty"),
        ("post,p 2,,A,2026-03-02,text,,", "id 'p 2' has other characters"),
        ("post,p1,,A,2026-03-02,text,,", "id p1 is that of line 2 already"),
        ("post,p2,p1,A,2026-03-02,text,,", "a post has nothing in in_reply_to"),
        ("reply,p2,,A,2026-03-02,text,,", "in_reply_to is empty"),
        ("reply,p2,p3,A,2026-03-02,text,,", "in_reply_to p3 is the id of no line above"),
        ("reply,p2,p2,A,2026-03-02,text,,", "in_reply_to p2 is the id of no line above"),
        ("post,p2,,,2026-03-02,text,,", "author is empty"),
        ("post,p2,,A,,text,,", "written_at is empty"),
        ("post,p2,,A,3 days ago,text,,", "written_at '3 days ago' is no time"),
        ("post,p2,,A,03/02/2026,text,,", "written_at '03/02/2026' is no time"),
        ("post,p2,,A,2026-02-30,text,,", "written_at 2026-02-30 is no day or time that there is"),
        ("post,p2,,A,2026-03-02 25:00,text,,", "written_at 2026-03-02 25:00 is no day or time that there is"),
        ("post,p2,,A,2026-03-02,,,", "text is empty, and there are no attachments either"),
        ("post,p2,,A,2026-03-02,text,map.png,", "the file map.png is not in the folder files/"),
        ("post,p2,,A,2026-03-02,text, with commas,,,and more", "it has more cells than the first line has columns"),
    ],
)
def test_each_mistake_is_named_with_its_line(line: str, problem: str) -> None:
    """One line is wrong, and the error says which line and why; no other line is complained about."""
    (only,) = problems_of(GOOD, line)
    assert only.startswith("nextdoor.csv line 3: ")
    assert problem in only


def test_everything_wrong_is_told_at_once() -> None:
    """All mistakes are named together, in the order of the lines; lines are those of the file, also below text of several."""
    found = problems_of(
        'post,p1,,A,2026-03-02,"two\nlines",,',
        "post,p2,,A,yesterday,text,nothere.png | nothere.png,only one",
        "reply,r1,p9,A,2026-03-02,text,,",
        files=("spare.png",),
    )
    assert [each.split(":")[0] for each in found] == [
        "nextdoor.csv line 4", "nextdoor.csv line 4", "nextdoor.csv line 4", "nextdoor.csv line 4", "nextdoor.csv line 4",
        "nextdoor.csv line 5", "files/spare.png belongs to no line; name it in the attachments of one, or take it out",
    ]  # fmt: skip


def test_the_first_line_is_checked() -> None:
    """A missing, unknown or repeated column is named; a file saved with semicolons says which columns it lacks."""
    assert problems_of(head="kind,id,author,text") == ["nextdoor.csv line 1: the column written_at is missing"]
    assert "there is no column likes" in problems_of(head=f"{HEAD},likes")[0]
    assert "the column text is there twice" in problems_of(head=f"{HEAD},text")[0]
    assert len(problems_of(head=HEAD.replace(",", ";"))) == len(REQUIRED) + 1
    assert len(problems_of(head="")) == len(REQUIRED)


def test_what_is_no_csv_or_no_utf8_is_named_with_its_line() -> None:
    """An open quote, and bytes of another encoding, are told with the line on which they are."""
    about = read_about(ABOUT)
    with pytest.raises(FormError, match="line 3: it is no CSV"):
        read_lines(form(GOOD, 'post,p2,,A,2026-03-02,"open,,'), about, ())
    with pytest.raises(FormError, match="line 3: it is not UTF-8"):
        read_lines(form(GOOD, "post,p2,,A,2026-03-02,text,,").replace(b"p2,,A", b"p2,,\xe9"), about, ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("account,a\nname,A\n", "about.csv: a line with time_zone is missing"),
        ("account,a\nname,A\ntime_zone,Pacific\n", "time_zone 'Pacific' is no zone"),
        ("account,a\nname,A\ntime_zone,UTC\nposts,many\n", "posts 'many' is no number"),
        ("account,a\nname,A, B and C\ntime_zone,UTC\n", "line 2: it has more than a name and its value"),
        ("account,a\nname,A\ntime_zone,UTC\nname,B\n", "line 4: name is there twice"),
        ("account,a\nname,A\ntime_zone,UTC\ncolour,red\n", "line 4: there is no 'colour'"),
        ("account,a\nname,A\ntime_zone,UTC\npage,nextdoor\n", "page 'nextdoor' is no web address"),
    ],
)
def test_mistakes_about_the_account_are_named(text: str, problem: str) -> None:
    """`about.csv` is checked as strictly."""
    with pytest.raises(FormError) as caught:
        read_about(text.encode())
    assert problem in str(caught.value)


def test_times_are_in_the_forms_zone_unless_they_say_otherwise() -> None:
    """A time without an offset is in the zone of the form, summer time included; a day alone begins there, and is marked."""
    lines = read_lines(
        form(
            "post,a,,A,2026-03-02 14:05,x,,",
            "post,b,,A,2026-07-02T14:05:30,x,,",
            "post,c,,A,2026-03-02 14:05 +01:00,x,,",
            "post,d,,A,2026-03-02,x,,",
            "post,e,,A,2026-03-02T14:05Z,x,,",
        ),
        read_about(ABOUT),
        (),
    )
    assert [line.written_at for line in lines] == [
        datetime(2026, 3, 2, 22, 5, tzinfo=UTC),
        datetime(2026, 7, 2, 21, 5, 30, tzinfo=UTC),
        datetime(2026, 3, 2, 13, 5, tzinfo=UTC),
        datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        datetime(2026, 3, 2, 14, 5, tzinfo=UTC),
    ]
    assert [line.whole_day for line in lines] == [False, False, False, True, False]


cells = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).map(str.strip).filter(bool)


@given(st.lists(st.tuples(cells, cells, st.sampled_from(["\n", " "])), min_size=1, max_size=5))
def test_whatever_is_written_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    """Any author and text that a spreadsheet saves are read as they were."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow((*REQUIRED, *OPTIONAL))
    for number, (author, text, between) in enumerate(rows):
        writer.writerow(("post", f"p{number}", author, "2026-03-02", f"{text}{between}{text}"))
    lines = read_lines(out.getvalue().encode(), read_about(ABOUT), ())
    assert [(line.author, line.text) for line in lines] == [
        (author, f"{text}{between}{text}") for author, text, between in rows
    ]


@given(
    st.binary(max_size=200), st.lists(st.text(st.characters(exclude_categories=("Cs", "Co")), max_size=12), max_size=12)
)
def test_no_file_does_more_than_be_refused(body: bytes, texts: list[str]) -> None:
    """Any bytes, and any cells below a right first line, are read or refused in words."""
    for data in (body, form(",".join(texts))):
        with contextlib.suppress(FormError):
            read_about(data)
        with contextlib.suppress(FormError):
            read_lines(data, read_about(ABOUT), ())


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def test_a_zip_of_the_folder_is_the_same_form(tmp_path: Path) -> None:
    """Zipped with its folder, as a desktop does it, the form is found one folder below, and the names lead into it."""
    files = {
        "form/about.csv": ABOUT,
        "form/nextdoor.csv": form("post,p1,,A,2026-03-02,x,a.png,"),
        "form/files/a.png": b"png",
    }
    with open_tree(zipped(tmp_path / "form.zip", files)) as tree:
        read = NextdoorForm()
        assert read.detect(tree)
        assert read.expected(tree) is None
        _, posts = read.files(tree, read.owner(tree))
    assert posts.name == "form/nextdoor.csv"
    assert list(posts.media.values()) == ["form/files/a.png"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"nextdoor.csv": form(GOOD)}, "about.csv is missing"),
        ({"about.csv": ABOUT, "nextdoor.csv": form(GOOD), "photo.jpg": b"x"}, "photo.jpg, which is no part of a form"),
        (
            {"about.csv": ABOUT, "nextdoor.csv": form(GOOD, "post,p1,,A,2026-03-02,x,,")},
            "line 3: id p1 is that of line 2",
        ),
        ({"a/nextdoor.csv": form(GOOD), "b/nextdoor.csv": form(GOOD)}, "it holds 2 forms"),
    ],
)
def test_a_form_that_is_not_whole_is_refused(tmp_path: Path, files: dict[str, bytes], problem: str) -> None:
    """Nothing of a form with anything wrong is read: the total is asked for first, and checks all of it."""
    with open_tree(zipped(tmp_path / "form.zip", files)) as tree, pytest.raises(DamagedArchiveError, match=problem):
        NextdoorForm().expected(tree)


def test_totals_that_differ_are_told(tmp_path: Path) -> None:
    """A line that was lost on the way is noticed where `about.csv` says how many there are."""
    files = {"about.csv": ABOUT + b"posts,2\nreplies,0\n", "nextdoor.csv": form(GOOD)}
    with (
        open_tree(zipped(tmp_path / "form.zip", files)) as tree,
        pytest.raises(TotalsDifferError, match="says 2 posts"),
    ):
        NextdoorForm().expected(tree)


def test_another_file_of_the_same_name_is_another_medium(tmp_path: Path) -> None:
    """An attachment is known by what its bytes are."""
    found = []
    for body in (b"one", b"two"):
        files = {"about.csv": ABOUT, "nextdoor.csv": form("post,p1,,A,2026-03-02,x,a.png,"), "files/a.png": body}
        with open_tree(zipped(tmp_path / f"{body.decode()}.zip", files)) as tree:
            read = NextdoorForm()
            _, posts = read.files(tree, read.owner(tree))
        found.append(posts.items[0].media[0].id)
    assert found[0] != found[1]


def test_nextdoor_is_declared_without_a_connector() -> None:
    """It has a manifest that says what it cannot see, a form to import, a name in the register, and no connector."""
    assert "nextdoor" not in PLATFORMS
    assert set(IMPORTED) <= {download.platform for download in DOWNLOADS.values()}
    assert not set(IMPORTED) & set(PLATFORMS)
    assert parse_name("nextdoor:city-of-riverbend") == ("nextdoor", "city-of-riverbend")
    assert "## Nextdoor (`nextdoor`)" in platforms_page()
