"""What extractors get: recognisers, page kinds, parsing, ready-made checks, rules."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspection_feeds import HEADER, PLAYS, SALES, codes, days, sold

from bedrot_console.domain.findings import Report
from bedrot_console.inspection import helpers as h
from bedrot_console.inspection.recognise import nearest, recognise
from bedrot_console.inspection.rules import rules_of
from bedrot_console.settings import CHECKOUT

BANK = dataclasses.replace(SALES, recognise=h.header_has("Sale Month", ("Earnings (USD)", "Earnings")))
DUMP = dataclasses.replace(PLAYS, name="x/ads", recognise=h.json_rows_with("id", "adset_id", without=("date_start",)))


@pytest.mark.parametrize(
    ("head", "yes"),
    [
        (b"SaleMonth,EarningsUSD\n", True),
        (b'"Sale Month","Earnings (USD)"\r\n"2024-12","1"', True),
        (b"sep=,\nsale month,earnings\n", True),
        ("Sale Month\tEarnings\n".encode("utf-16"), True),
        (b"Sale Month\tEarn", False),
        (b"", False),
        (b"\0" * 10, False),
        (b"PK\x03\x04" + b"\0" * 10, False),
    ],
)
def test_a_table_is_recognised_by_its_header(head: bytes, yes: bool) -> None:
    """Case, blanks, quotes and encoding of a header do not matter."""
    assert BANK.recognise is not None and BANK.recognise(head) is yes


def test_json_is_recognised_by_its_keys_even_when_cut() -> None:
    """The first bytes of a list, or of an object with a list, show whose content it is."""
    ads = b'{"data": [{"id": "1", "adset_id": "2", "creative": {"id": "9"}, "name": "' + b"x" * 200_000
    assert DUMP.recognise is not None and DUMP.recognise(ads)
    assert DUMP.recognise(ads.replace(b'{"data": ', b""))
    assert not DUMP.recognise(b'[{"id": "1", "adset_id": "2", "date_start": "2026"}]')
    assert not DUMP.recognise(b"[" * 100_000)
    assert h.json_with("data", "paging")(b'{"data": [], "paging": {"cursors": {"a')
    assert not h.json_with("paging")(b'{"data": {"paging": 1}}')
    assert h.all_of(h.html_with("trend"), h.none_of(h.html_with("apple")))(b"<html>trend")
    assert h.any_of(h.html_with("a"), h.html_with("b"))(b"b")


def test_a_packed_table_is_recognised_inside_its_archive() -> None:
    """A zip in a zip is recognised by the header within."""
    from test_inspection_tables import zipped

    inner = zipped(("results.csv", b"Sale Month,Earnings\n2024-12,1\n"))
    assert BANK.recognise is not None and BANK.recognise(inner)
    assert BANK.recognise(zipped(("inner.zip", inner)))


def test_the_nearest_feeds_say_what_is_missing() -> None:
    """A refusal can name the feeds that came closest and what they lack."""
    near = nearest([BANK, DUMP, PLAYS], b"Reporting Date\tStore\tTitle\n")
    assert near[0].name == SALES.name and near[0].why == "lacks Quantity, Earnings (USD)"
    assert recognise([BANK, DUMP], b'[{"id":1,"adset_id":2}]') == [DUMP]
    assert nearest([BANK], b"\xff\xfe\x00") == []


@given(st.binary(max_size=300))
def test_recognisers_and_page_kind_never_fail(data: bytes) -> None:
    """Whatever the first bytes are, there is an answer."""
    for one in (BANK.recognise, DUMP.recognise, h.json_with("a"), h.html_with("x")):
        assert one is not None and one(data) in (True, False)
    assert h.page_kind(data) in (None, "sign-in", "challenge", "error")
    nearest([BANK, DUMP], data)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234.50", "1234.50"), ("23.4", "23.4"), (7, "7"), (0.1, "0.1"), (" -5 ", "-5"), ("1e3", "1E+3"), (".5", "0.5")],
)
def test_numbers_are_exact(text: Any, number: str) -> None:
    """Numbers become exact decimals."""
    assert h.decimal_of(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "NaN", "Infinity", "1,23", "٣", True, None, float("nan"), float("inf"), "9" * 500, [], "1_000"]
)
def test_what_is_no_number_is_refused(text: Any) -> None:
    """Everything else is a ValueError."""
    with pytest.raises(ValueError, match="not a number"):
        h.decimal_of(text)


def test_days_and_months() -> None:
    """ISO days, days of ISO times, and months in both spellings."""
    assert h.day_of("2026-03-01T15:02:47-0700") == date(2026, 3, 1)
    assert h.month_of("2026-03") == h.month_of("202603") == date(2026, 3, 1)
    assert h.whole_number("1,234") == 1234
    for bad in ("2026-3-1", "01.03.2026", "2026-13-01", "", None, 20260301, "20260301"):
        with pytest.raises(ValueError):
            h.day_of(bad)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[{"a": 1,},]', [{"a": 1}]),
        ("{a: 'it\\'s', $b: .5, c: [1,2,], d: undefined, e: true}", {"a": "it's", "$b": 0.5, "c": [1, 2], "d": None, "e": True}),
        ("[/* x */ 1, // y\n 2]", [1, 2]),
        ("['\\x41\\u0042', \"\\n\"]", ["AB", "\n"]),
        ("{true: 1, null: 2}", {"true": 1, "null": 2}),
    ],
)
def test_plain_javascript_literals_are_read(text: str, value: Any) -> None:
    """Trailing commas, bare and single-quoted keys, comments."""
    assert h.loose_json(text) == value


@pytest.mark.parametrize(
    "text", ["[alert(1)]", "[1;2]", "[`x`]", "[", "", "{a:1 b:2}", "[1 2]", "{a:1, a:2}", "['\\ud800']", "[" * 5000]
)
def test_what_is_no_plain_literal_is_refused(text: str) -> None:
    """Nothing is ever evaluated."""
    with pytest.raises(h.FormatTrouble):
        h.loose_json(text)


def test_arrays_in_scripts_are_found_by_name_and_mark() -> None:
    """Arrays are found by their name, after a mark, with brackets balanced and strings respected."""
    page = (
        """x = {"id": "one", "dataProvider": [{"a": "]"}, [1]]}; y = {"id": "two", dataProvider : ['[']}; var chartData = [3];"""
    )
    assert list(h.script_arrays(page, "dataProvider")) == ['[{"a": "]"}, [1]]', "['[']"]
    assert list(h.script_arrays(page, "dataProvider", after='"two"')) == ["['[']"]
    assert list(h.script_arrays(page, "chartData")) == ["[3]"]
    assert list(h.script_arrays(page, "dataProvider", after="three")) == []


def test_a_parser_gets_the_decoded_document_without_a_second_reading(ask: Callable[..., Report]) -> None:
    """`json_value` of the payload inside `parse` is the document that was decoded before, and only there."""
    seen: list[Any] = []

    def parse(payload: bytes) -> h.Rows:
        seen.append(h.json_value(payload))
        assert h.json_value(payload) is seen[0]
        return h.Rows(seen[0], document=seen[0])

    payload = days("2026-02-28", [1, 2])
    assert codes(ask(dataclasses.replace(PLAYS, parse=parse), payload)) == set()
    assert h.json_value(payload) is not h.json_value(payload)


def test_masked_texts_hold_no_words() -> None:
    """Numbers and dates stay; words are cut to two letters."""
    assert h.masked("2026-03-01") == "2026-03-01" and h.masked(12) == "12"
    assert "artist@example" not in h.masked("artist@example.org")
    assert h.masked("EAAB" + "x" * 200) == "EA… (204 characters)"


def test_ready_made_checks_hold_for_rows_and_tables(ask: Callable[..., Report]) -> None:
    """Rising days, gaps, negatives and blanks are found with their place."""
    rows = dataclasses.replace(
        PLAYS, key=(), checks=(h.days_rising("day"), h.whole_days("day"), h.not_negative("plays"), h.filled("plays"))
    )
    assert codes(ask(rows, days("2026-02-28", [1, 2]))) == set()
    bad = b'[{"day":"2026-03-01","plays":1},{"day":"2026-02-26","plays":-1},{"day":"2026-02-26","plays":null}]'
    report = ask(rows, bad)
    assert codes(report) == {
        "consistency.days-not-rising",
        "completeness.days-missing",
        "consistency.negative",
        "completeness.blank",
    }
    assert {str(f.place) for f in report.findings} == {"/1/day", "column day", "/1/plays", "/2/plays"}
    table = dataclasses.replace(SALES, checks=(h.not_negative("Quantity"), h.filled("Title")))
    report = ask(table, sold(("2026-02-01", "X", "A", 1, 1), ("2026-02-01", "X", "", -1, 1)))
    assert {(f.code, str(f.place)) for f in report.findings} == {
        ("consistency.negative", "row 3, column Quantity"),
        ("completeness.blank", "row 3, column Title"),
    }


def test_rules_change_with_what_a_verdict_depends_on(tmp_path: Path) -> None:
    """The rules' hash is stable, and changes with bounds, columns, check parameters and schema, not with the title."""
    schema = tmp_path / "s.json"
    schema.write_text("{}")
    feed = dataclasses.replace(SALES, schema=schema, checks=(h.not_negative("Quantity"),))
    first = rules_of(feed)
    assert first == rules_of(dataclasses.replace(feed)) == rules_of(dataclasses.replace(feed, title="Sales"))
    changed = [
        dataclasses.replace(feed, min_bytes=2),
        dataclasses.replace(feed, columns=feed.columns[:-1]),
        dataclasses.replace(feed, checks=(h.not_negative("Earnings (USD)"),)),
        dataclasses.replace(feed, recognise=h.header_has("Store")),
        dataclasses.replace(feed, recognise=h.header_has("Title")),
    ]
    assert len({first, *map(rules_of, changed)}) == 6
    schema.write_text("{ }")
    assert rules_of(dataclasses.replace(feed)) != first
    assert HEADER


def test_rules_of_every_feed_of_the_house_are_the_same_in_every_process() -> None:
    """A verdict holds as long as the rules do: their hash must not depend on the process that computes it."""
    code = (
        "from bedrot_console.extraction.registry import Registry\n"
        "from bedrot_console.inspection.rules import rules_of\n"
        "print(sorted((f.name, rules_of(f)) for f in Registry().feeds()[0]))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            cwd=CHECKOUT,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1 and b"distrokid/streams" in said.pop()


def test_a_field_that_all_rows_had_is_missed(ask: Callable[..., Report], tmp_path: Path) -> None:
    """Gone from most rows it is told, with what came instead; gone from some, never in all, or of a single row, it is not."""
    feed = dataclasses.replace(PLAYS, checks=(h.fields_kept(),), history=None, max_drop=None)
    earlier = tmp_path / "earlier.json"

    def found(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[tuple[str | None, str | None, int]]:
        earlier.write_text(json.dumps(before))
        report = ask(feed, json.dumps(now).encode(), previous=earlier)
        return [(f.expected, f.seen, f.count) for f in report.findings if f.code == "completeness.field-vanished"]

    def rows(*names: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"day": f"2026-02-{20 + n}", "plays": 5, **dict.fromkeys(more, n)} for n, more in enumerate(names)]

    assert found(rows(("a",), ("a",), ("a",)), rows(("aV2",), ("aV2",), ("aV2",))) == [("a", "aV2", 3)]
    assert found(rows(("a",), ("a",), ("a",)), rows((), (), ("a",))) == [("a", None, 2)]
    assert found(rows(("a",), ("a",), ("a",)), rows(("a",), ("a",), ())) == []
    assert found(rows(("a",), ("a",), ()), rows((), (), ())) == []
    assert found(rows(("a",)), rows(())) == []
