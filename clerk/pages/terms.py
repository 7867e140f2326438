"""A requester's list of terms: how many records each has, and all together; as a table and as a file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from archiver.i18n.languages import ENGLISH, language, speaking
from archiver.i18n.translation import _, marked
from clerk import described, reading
from clerk.asking import asked_for, in_english, today
from clerk.context import clerk_of, csv_file, page
from clerk.csv_cells import csv_of
from clerk.searching import SearchForm, form_of
from clerk.visibility import WANTED_SEARCH, Seen, Sight, audit_refusal
from search.errors import MessagesRefusedError, QueryError, SearchError
from search.query.term_list import TermCounts, count_terms, terms_in

if TYPE_CHECKING:
    from clerk.context import Clerk

router = APIRouter()
_BAD_REQUEST, _FORBIDDEN, _UNAVAILABLE = 400, 403, 503
_MOST_BYTES = 60_000
"""Less than a form of this site can hold."""
_COLUMNS = ("term", "taken to mean", "records", "records that no other term has", "not understood because")
_UNAVAILABLE_SENTENCE = marked(
    "The search cannot answer now, and nothing was counted: try again in a minute, or tell the operator."
)


@router.get("/terms")
def empty(request: Request, sight: Seen) -> Response:
    """The form."""
    return _page(request, sight, SearchForm(), "")


@router.post("/terms", responses=described.file("text/csv"))
async def counted(
    request: Request,
    sight: Seen,
    terms: Annotated[str, Form()] = "",
    file: UploadFile | None = None,
    account: Annotated[str, Form()] = "",
    platform: Annotated[str, Form()] = "",
    date_from: Annotated[str, Form(alias="from")] = "",
    date_to: Annotated[str, Form(alias="to")] = "",
    messages: Annotated[str, Form()] = "",
    filled: Annotated[str, Form()] = "",
    as_file: Annotated[str, Form(alias="as")] = "",
) -> Response:
    """The list, counted: that of the box or of a file, never one of them without a word about the other.

    `filled` tells what the page itself had put into the box: that stands there from before, and a file that is chosen is meant.
    """
    filters = {"account": account, "platform": platform, "from": date_from, "to": date_to, "messages": messages}
    form = form_of(filters)
    try:
        chosen = file is not None and bool(file.filename)
        if chosen and terms.strip() and _digest(terms) != filled:
            raise QueryError(
                lambda: _(
                    "There is a list in the box and a file besides, and nothing was counted: empty the box to count the file, or "
                    "choose no file to count the box."
                )
            )
        listed = _text(await file.read(_MOST_BYTES + 1)) if file is not None and chosen else terms
    except QueryError as error:
        return await run_in_threadpool(
            _page, request, sight, form, terms, status=_BAD_REQUEST, problem=str(error), filled=filled
        )
    # Counting takes its time, in which this process answers others.
    return await run_in_threadpool(_counted, request, sight, form, listed, as_csv=as_file == "csv")


def _counted(request: Request, sight: Sight, form: SearchForm, listed: str, *, as_csv: bool) -> Response:
    clerk = clerk_of(request)
    detail: dict[str, Any] = {name: value for name, value in form.fields.items() if name != "q"}
    try:
        found = terms_in(listed)
        detail["terms"] = found
        # A file is in English, whoever asks for it.
        with speaking(ENGLISH if as_csv else language()):
            counts = _count(clerk, sight, form, found)
    except MessagesRefusedError as error:
        audit_refusal(request, None, WANTED_SEARCH, **detail)
        clerk.record(request, "searched a list", None, detail | {"problem": in_english(error)})
        return _page(request, sight, form, listed, status=_FORBIDDEN, problem=str(error))
    except QueryError as error:
        clerk.record(request, "searched a list", None, detail | {"problem": in_english(error)})
        return _page(request, sight, form, listed, status=_BAD_REQUEST, problem=str(error))
    except SearchError as error:
        clerk.record(request, "searched a list", None, detail | {"error": in_english(error)})
        return _page(request, sight, form, listed, status=_UNAVAILABLE, problem=_(_UNAVAILABLE_SENTENCE))
    clerk.record(request, "searched a list", None, detail | {"union": counts.union})
    if refused := [each.typed for each in counts.terms if each.refused]:
        audit_refusal(request, None, WANTED_SEARCH, terms=refused)
    if as_csv:
        return csv_file("terms.csv", _as_csv(counts))
    return _page(request, sight, form, listed, counts=counts)


def _count(clerk: Clerk, sight: Sight, form: SearchForm, terms: list[str]) -> TermCounts:
    return count_terms(clerk.client, clerk.index, terms, asked_for(clerk.archive, sight, form, today(clerk.archive)))


def _digest(listed: str) -> str:
    """What tells a list from another, however its lines end: browsers end them in their own way."""
    return hashlib.sha256("\n".join(listed.strip().splitlines()).encode()).hexdigest()


def _text(content: bytes) -> str:
    """A file of terms as text.

    Raises:
        QueryError: it is too large, or no text.
    """
    if len(content) > _MOST_BYTES:
        raise QueryError(lambda: _("This file is larger than a list of terms can be (60 KB): choose the list itself."))
    for coding in ("utf-8-sig", "utf-16") if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(coding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise QueryError(lambda: _("This file is no plain text: save the list as text, one term on each line."))


def _as_csv(counts: TermCounts) -> bytes:
    rows = [(each.typed, each.meaning, each.total, each.only, each.problem) for each in counts.terms]
    return csv_of(_COLUMNS, [*rows, ("all together, each record once", "", counts.union, "", "")])


def _page(
    request: Request,
    sight: Sight,
    form: SearchForm,
    listed: str,
    *,
    status: int = 200,
    problem: str = "",
    counts: TermCounts | None = None,
    filled: str | None = None,
) -> Response:
    """The page. `filled`: what the page before had put into the box, where nothing has become of what stands in it since."""
    with clerk_of(request).archive.engine.connect() as connection:
        accounts = reading.account_names(connection, sight.account_ids)
    return page(
        request,
        "terms.html",
        status=status,
        title=_("A list of terms"),
        form=form,
        sight=sight,
        listed=listed,
        filled=_digest(listed) if filled is None else filled,
        problem=problem,
        counts=counts,
        accounts=accounts,
        platforms=sorted({account.platform for account in accounts}),
    )
