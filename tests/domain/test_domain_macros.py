"""Where a query calls the table macros, and with what."""

from __future__ import annotations

import pytest

from bedrot_console.domain.macros import Call, Unread, calls


def one(text: str) -> Call:
    (found,) = calls(text)
    return found


def test_a_call_is_found_wherever_it_stands() -> None:
    """In FROM, joins, subqueries and after SUMMARIZE; in any case and quoting; each set of arguments once."""
    text = (
        "with a as (select * from RAW('x/y')) select * from a join \"landing\" ( 'x/z' /* c */ , account := 'me', last=>3 ) using (day)"
        " where day in (from raw($$x/y$$)) and b = (summarize quarantine('x/y', 'me', since := '7d'))"
    )
    found = calls(text)
    assert [str(c) for c in found] == [
        "raw('x/y')", "landing('x/z', account := 'me', last := 3)", "quarantine('x/y', account := 'me', since := '7d')",
    ]  # fmt: skip
    assert text[found[1].feed_at :].startswith("'x/z'") and text[found[1].start :].startswith('"landing"')
    assert one("from raw('a/b', last := 1_0)").named == {"feed": "a/b", "last": "10"}
    assert one("from raw(feed := 'o''x/b')").arguments[0] == "o'x/b"


@pytest.mark.parametrize(
    "text",
    [
        "select 'from raw(''x/y'')' -- from raw('x/y')", "with raw(a, b) as (select 1, 2) from raw", "with x as (select 1), raw(a) as (from x) from raw",
        "select * from t as landing(a, b)", "select raw, raw.x from raw", "from files f, raw(f.feed)", "from main.raw('x/y')", "from raw ('",
    ],
)  # fmt: skip
def test_what_is_no_call_is_left_alone(text: str) -> None:
    """Texts, comments, and names that the query makes itself."""
    assert calls(text) == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("from raw(files)", "files"), ("from raw('a' || 'b')", "'a'"), ("from raw('a/b', what := 1)", "1"), ("from raw('a/b', last := 0)", "0"),
        ("from raw('a/b', last := 'x')", "'x'"), ("from raw('')", "raw"), ("from raw('a\x1fb')", "'a"), ("from raw('a/b', feed := 'c')", "'c'"),
        ("select * from raw()", "raw"), ("from raw((select 'a/b'))", "(select"), ("from raw('a/b'", "'a/b"),
    ],
)  # fmt: skip
def test_a_call_that_names_no_files_is_refused_at_its_place(text: str, at: str) -> None:
    """Only literals, only what a macro takes, each once; the place is that of the argument."""
    with pytest.raises(Unread) as told:
        calls(text)
    assert told.value.at == text.index(at)
