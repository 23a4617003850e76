"""Rows of a payload by columns: what type each column has, and that nothing a payload holds is changed or breaks the way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from inspection_feeds import PLAYS, SALES, sidecar_of, sold

from bedrot_console.inspection.columnar import MOST_COLUMNS, PayloadRows, _typed, payload_rows
from bedrot_console.inspection.contents import Rows


def read(tmp_path: Path, feed: Any, data: bytes) -> PayloadRows:
    path = tmp_path / "payload"
    path.write_bytes(data)
    return payload_rows(feed, path, sidecar_of(data, feed))


def values(found: PayloadRows) -> list[Any]:
    return [msgspec.json.decode(part) for part in found.parts]


@pytest.mark.parametrize(
    ("held", "kind", "travels"),
    [
        ([1, None, -2], "BIGINT", [1, None, -2]),
        ([1 << 70], "HUGEINT", [str(1 << 70)]),
        ([1 << 130], "VARCHAR", [str(1 << 130)]),
        ([Decimal("1.50"), 2], "DECIMAL(38,2)", ["1.50", "2"]),
        ([Decimal("0.1234567")], "DECIMAL(38,12)", ["0.1234567"]),
        ([Decimal("1E+999999"), Decimal("NaN")], "VARCHAR", ["1E+999999", "NaN"]),
        ([1.5, 2, float("nan")], "DOUBLE", ["1.5", "2", "nan"]),
        ([True, None], "BOOLEAN", [True, None]),
        ([True, 1], "VARCHAR", [True, "1"]),
        ([date(2026, 1, 2)], "DATE", [date(2026, 1, 2)]),
        ([datetime(2026, 1, 2, 3, tzinfo=UTC)], "TIMESTAMP", ["2026-01-02 03:00:00"]),
        ([{"a": 1}, [2]], "JSON", [{"a": 1}, [2]]),
        ([{"a": 1}, "b", date(2026, 1, 2)], "VARCHAR", [{"a": 1}, "b", "2026-01-02"]),
        ([None, None], "", [None, None]),
        (["7", "8"], "VARCHAR", ["7", "8"]),
    ],
)
def test_a_column_is_what_all_its_values_are(held: list[Any], kind: str, travels: list[Any]) -> None:
    """Numbers exactly, days as days, what is nested as JSON, what is mixed as text; a text that looks like a number stays a text."""
    assert _typed(held, reads=False) == (kind, travels)


@pytest.mark.parametrize(
    ("held", "kind"),
    [
        (["7", "-8", None], "BIGINT"), (["7.25", 1], "DECIMAL(38,2)"), (["2026-01-31"], "DATE"), (["2026-01-32"], "VARCHAR"), (["007"], "VARCHAR"),
        (["7", "n/a"], "VARCHAR"), (["1" * 39], "VARCHAR"),
    ],
)  # fmt: skip
def test_a_measure_or_a_day_that_comes_as_text_is_one_if_all_of_it_reads(held: list[Any], kind: str) -> None:
    """The feed says that it adds up, or that it is a day; one value that does not read leaves all as they are."""
    assert _typed(held, reads=True)[0] == kind


def test_rows_of_json_and_of_a_table_come_with_their_types(tmp_path: Path) -> None:
    """A table has the types that its feed declares; rows it refuses are counted, and absent. The feed's day is named."""
    plays = read(tmp_path, PLAYS, json.dumps([{"day": "2026-01-01", "plays": 3, "note": None}]).encode())
    assert (plays.columns, plays.types, plays.day, plays.rows) == (["day", "plays", "note"], ["DATE", "BIGINT", ""], 0, 1)
    assert values(plays) == [{"c0": ["2026-01-01"], "c1": [3], "c2": [None]}]
    sales = read(tmp_path, SALES, sold(("2026-01-01", "Shop", "A", 2, "0.125"), ("2026-01-01", "Shop", "B", "many", "1")))
    assert sales.types == ["DATE", "VARCHAR", "VARCHAR", "BIGINT", "DECIMAL(38,12)"]
    assert (sales.rows, sales.rejected, sales.day) == (1, 1, 0) and values(sales)[0]["c4"] == ["0.125"]


def test_a_payload_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Nothing is raised for what it holds, and nothing of it is quoted."""
    for data, code in (
        (b"<html><form><input type=password></form></html>", "format.sign-in-page"),
        (b"[1", "format.truncated"),
        (b"", "format.empty"),
    ):
        found = read(tmp_path, PLAYS, data)
        assert found.code == code and found.problem and not found.parts
    wide = json.dumps([{f"k{i}": 1 for i in range(MOST_COLUMNS + 1)}]).encode()
    assert read(tmp_path, PLAYS, wide).code == "format.too-large"


def test_names_and_texts_of_a_payload_cannot_break_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lone surrogates become escapes, names that SQL could not tell apart get numbers; rows beyond the bound are refused."""
    rows = Rows([{"day": "\ud800", "DAY": "a\x00b", "": [1, "\udfff"], 'x"; drop': "'\n"}])
    feed, data = replace(PLAYS, parse=lambda _: rows), b"[]"
    found = read(tmp_path, feed, data)
    assert found.columns == ["day", "DAY_2", "column 3", 'x"; drop']
    assert values(found) == [{"c0": ["\\ud800"], "c1": ["a\x00b"], "c2": [[1, "\\udfff"]], "c3": ["'\n"]}]
    monkeypatch.setattr("bedrot_console.inspection.columnar.MOST_BYTES", 10)
    assert read(tmp_path, feed, data).code == "rows.too-many"
