"""Workbooks: sheets, header, rows and days are read from the content; and answers of unknown platforms: rows, and how an API says no."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.inspection.contents import FormatTrouble
from extractors.manual import checks
from extractors.manual.responses import is_answer, read_answer, rows_in, says_no
from extractors.manual.simulated.books import xls, xlsx
from extractors.manual.simulated.samples import EARNINGS, JOBS, MACHINES, answer
from extractors.manual.workbooks import MOST_RECORDS, header_of, plain, read_book

CELLS = st.one_of(
    st.integers(-(10**6), 10**6), st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=12),
)  # fmt: skip


def test_cells_become_plain_values() -> None:
    """Whole numbers are int, fractions Decimal, dates days, blanks None; rows carry the numbers of the sheet."""
    book = read_book(xlsx(("Earnings", EARNINGS), first_row=4), "xlsx")
    assert book.columns == ("Period", "Artist", "Earnings", "Currency")
    assert book.records[0] == {"Period": date(2026, 1, 1), "Artist": "Mara", "Earnings": Decimal("61.93"), "Currency": "EUR"}
    assert [book.place(i).row for i in range(2)] == [5, 6]
    assert book.facts["of_sheets"] == [
        {"name": "Earnings", "header_row": 4, "columns": 4, "rows": 2, "first_day": "2026-01-01", "last_day": "2026-02-01"}
    ]


def test_each_row_of_several_sheets_names_its_own() -> None:
    """Rows of all sheets are there, with the sheet beside them, and their places say which."""
    book = read_book(xlsx(("Machines", MACHINES), ("Empty", ()), ("Jobs", JOBS)), "xlsx")
    assert [r["sheet"] for r in book.records] == ["Machines", "Machines", "Jobs", "Jobs"]
    assert (book.facts["sheets"], book.facts["rows"]) == (2, 4) and book.place(2).pointer == "/Jobs"


def test_old_workbooks_are_read_alike() -> None:
    """The same cells in .xls and .xlsx are the same rows."""
    assert read_book(xls("Jobs", JOBS), "xls").records == read_book(xlsx(("Jobs", JOBS)), "xlsx").records


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8), st.integers(1, 40), st.booleans())
def test_what_is_written_is_read(rows: list[list[Any]], first_row: int, packed: bool) -> None:
    """Below its header every cell comes back, wherever the table begins and however it is packed."""
    header = ("first column", "second column", "third column")
    book = read_book(xlsx(("Data", (header, *rows)), first_row=first_row, packed=packed), "xlsx")
    assert [list(r.values()) for r in book.records] == rows
    assert book.facts["of_sheets"][0]["header_row"] == first_row


def test_lines_above_a_table_are_no_header() -> None:
    """The row with the most names is the header, not the title and the date of printing above it."""
    rows = [["Royalty statement", ""], ["Printed", datetime(2026, 3, 1)], ["Period", "Amount"], [date(2026, 1, 1), 2.5]]
    assert header_of(rows) == 2
    assert header_of([["a", 1.0], ["b", 2.0]]) == 0


def test_a_workbook_beyond_the_bounds_is_kept_unread_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many places: no rows, no error, a warning that a human must look."""
    monkeypatch.setattr("extractors.manual.workbooks.MOST_CELLS", 5)
    book = read_book(xlsx(("Machines", MACHINES)), "xlsx")
    assert not len(book) and book.unread
    assert [(f.code, f.severity.value) for f in checks.unread(book, None)] == [("completeness.unread", "warning")]
    assert list(checks.rows(book, None)) == []


def test_a_workbook_of_headers_or_of_nothing_holds_no_rows() -> None:
    """Sheets without rows are an error."""
    for cells in ((), (MACHINES[0],)):
        book = read_book(xlsx(("Machines", cells)), "xlsx")
        assert [f.code for f in checks.rows(book, None)] == ["completeness.no-rows"]


def test_names_of_columns_are_made_unique() -> None:
    """Blank and repeated headers, and one that is called as the sheet column, get numbers."""
    book = read_book(xlsx(("Data", (("a", None, "a", "sheet", "b"), (1, 2, 3, 4, 5)))), "xlsx")
    assert list(book.records[0].items()) == [("a", 1), ("column 2", 2), ("a 3", 3), ("sheet 4", 4), ("b", 5)]


def test_other_rows_behind_the_first_are_another_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows count for the content's hash, also those that are not held."""
    monkeypatch.setattr("extractors.manual.workbooks.MOST_RECORDS", 2)
    assert MOST_RECORDS > 2
    one, other = (read_book(xlsx(("D", (("a", "b"), (1, 2), (3, 4), (5, last)))), "xlsx") for last in (6, 7))
    assert one.records == other.records and one.facts["content_sha256"] != other.facts["content_sha256"]
    assert [f.code for f in checks.sampled(one, None)] == ["completeness.sampled"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [(3.0, 3), (1.5, Decimal("1.5")), (True, True), ("", None), ("x", "x"), (1e300, Decimal("1e300")), (datetime(2026, 3, 1, 6), datetime(2026, 3, 1, 6)), (datetime(2026, 3, 1), date(2026, 3, 1))],
)  # fmt: skip
def test_kinds_of_cells(cell: Any, value: Any) -> None:
    """Each kind that calamine gives has its plain value."""
    found = plain(cell)
    assert found == value and type(found) is type(value)


SAYS_NO = [
    {"error": "x"}, {"error": {"code": 190}}, {"errors": [{"m": 1}]}, {"fault": {"faultstring": "x"}}, {"ok": False, "n": 1}, {"success": False, "data": []},
    {"status": 404, "title": "Not Found", "detail": "x", "instance": "/y"}, {"status": "error", "message": "x"}, {"code": 401, "message": "x", "more": 1, "and": 2},
    {"message": "Bad credentials", "documentation_url": "x"}, {"Message": "denied"}, {"status": "403", "reason": "x", "path": "y", "at": "z"},
    [{"errorCode": "X", "message": "y"}], {"statusCode": 429, "error": "Too Many Requests", "message": "x"},
]  # fmt: skip
SAYS_YES = [
    {"error": None, "data": [{"id": 1}]}, {"errors": [], "rows": [{"id": 1}]}, {"ok": True, "result": [{"id": 1}]}, {"code": 0, "message": "ok", "data": {"a": 1}},
    {"status": 200, "message": "ok", "id": 4}, {"status": "active", "id": 1, "name": "x"}, [{"id": 1}], {"code": 4711, "name": "x", "stock": 3},
    {"message": "hello", "from": "a", "to": "b", "at": "c"},
]  # fmt: skip


@pytest.mark.parametrize("value", SAYS_NO, ids=repr)
def test_error_envelopes_are_stopped(value: Any) -> None:
    """The common ways of saying no are no answers, and reading them says so."""
    assert says_no(value) and not is_answer(value)
    with pytest.raises(FormatTrouble) as caught:
        read_answer(json.dumps(value).encode())
    assert caught.value.code == "format.error-body"


@pytest.mark.parametrize("value", SAYS_YES, ids=repr)
def test_answers_with_words_of_errors_are_answers(value: Any) -> None:
    """Empty error fields, codes of success and messages that are data stop nothing."""
    assert not says_no(value) and is_answer(value)
    assert len(read_answer(json.dumps(value).encode())) == 1


def test_rows_are_found_wherever_they_lie() -> None:
    """The highest list of objects is the rows, of several the longest; its pointer names it, escaped."""
    assert rows_in({"a": {"b/c": [{"x": 1}]}, "n": [1, 2]}) == ("/a/b~1c", [{"x": 1}])
    assert rows_in({"few": [{"x": 1}], "many": [{"y": 1}, {"y": 2}], "deep": {"z": [{}, {}, {}]}}) == (
        "/many",
        [{"y": 1}, {"y": 2}],
    )
    assert rows_in({"a": 1}) is None and rows_in([]) is None and rows_in([1, {"a": 1}]) is None
    content = read_answer(answer())
    assert content.place(1).pointer == "/result/lists/1" and content.facts["rows_at"] == "/result/lists"


def test_an_answer_without_rows_holds_none() -> None:
    """Empty lists, at whatever depth, are an answer without rows: an error of completeness."""
    for body in (b"[]", b"{}", answer(0), b'{"data": [], "next": null, "total": 0}'):
        assert [f.code for f in checks.rows(read_answer(body), None)] == ["completeness.no-rows"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["error", "message", "data", "status", "id", "ok", "x/y"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(json_values)
def test_whatever_is_an_answer_can_be_read(value: Any) -> None:
    """What the recogniser takes has rows; what says no is refused; nothing stumbles."""
    body = json.dumps(value).encode()
    if is_answer(value):
        content = read_answer(body)
        assert len(content) or not rows_in(value)
    elif says_no(value):
        with pytest.raises(FormatTrouble):
            read_answer(body)
