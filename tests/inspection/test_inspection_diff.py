"""Diffs: exact counts, one sentence, noise hidden; for row lists, tables, documents and pages."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inspection_feeds import CHART, HEADER, PLAYS, SALES, chart, days, sold

from bedrot_console.domain.browsing import Diff
from bedrot_console.domain.feeds import Feed
from bedrot_console.inspection.contents import Rows
from bedrot_console.inspection.diff import chosen, diff, diff_rows, same_number
from bedrot_console.inspection.diffraw import diff_raw

Pair = Callable[[bytes, bytes], tuple[Path, Path]]
KEYED = dataclasses.replace(SALES, key=("Reporting Date", "Store", "Title"))


@pytest.fixture
def between(pair: Pair) -> Callable[..., Diff]:
    """The diff of two payloads."""

    def compare(feed: Feed, old: bytes, new: bytes, **options: Any) -> Diff:
        a, b = pair(old, new)
        return diff(feed, a, b, "old", "new", **options)

    return compare


def test_the_same_bytes_are_identical(between: Callable[..., Diff]) -> None:
    """The commonest answer is said first."""
    found = between(PLAYS, days("2026-02-01", [1, 2]), days("2026-02-01", [1, 2]))
    assert found.identical and found.headline == "identical: the same bytes"


def test_the_headline_says_it_in_words(between: Callable[..., Diff]) -> None:
    """Days, measures, vanished and revised days make one sentence, the same each time."""
    old = days("2026-01-01", [100] * 31)
    new = json.loads(days("2026-01-01", [100] * 33))
    del new[9]
    new[3]["plays"] = 199
    found = between(PLAYS, old, json.dumps(new).encode())
    assert found.headline == "+2 days, plays +6.4 %, 1 day vanished, 1 day revised"
    assert (found.added, found.removed, found.changed, found.unchanged) == (2, 1, 1, 29)
    assert found.columns == {"plays": 1}
    assert [r.kind for r in found.rows] == ["removed", "changed", "added", "added"]
    assert found.rows[1].changes == {"plays": ("100", "199")}


def test_a_rolling_window_rolls_off_without_alarm(between: Callable[..., Diff]) -> None:
    """Days before the new first day did not vanish, they rolled off."""
    assert between(PLAYS, days("2026-01-01", [5] * 30), days("2026-01-03", [5] * 30)).headline == "+2 days, 2 days rolled off"


def test_order_and_spelling_are_noise(between: Callable[..., Diff]) -> None:
    """Another order, other blanks and another spelling of a number are counted and hidden."""
    old = b'[{"day":"2026-02-01","plays":"50"},{"day":"2026-02-02","plays":"7"}]'
    new = b'[{"plays": "7.0", "day": "2026-02-02"}, {"day": "2026-02-01", "plays": "50.00"}]'
    found = between(PLAYS, old, new)
    assert (found.added, found.removed, found.changed, found.unchanged) == (0, 0, 0, 2)
    assert set(found.noise) == {"order", "spelling"}
    assert found.headline.startswith("the same content")


def test_a_page_that_changed_around_its_data_is_the_same_content(between: Callable[..., Diff]) -> None:
    """Page chrome and a trailing comma are noise."""
    row = '{"category": "2026-03-01", "column-1": "5"}'
    found = between(CHART, chart(row), chart(row + ",", before="<h1>Hello</h1>"))
    assert found.noise == {"page": 1} and found.headline == "the same content (only page differs)"
    assert between(CHART, chart(row), chart(row.replace('"5"', '"6"'))).headline == "plays +20.0 %, 1 day revised"


def test_new_and_gone_fields_are_schema_changes(between: Callable[..., Diff]) -> None:
    """A field is gone only when no row has it any more."""
    old = b'[{"day":"2026-02-01","plays":1,"x":1},{"day":"2026-02-02","plays":1,"z":1}]'
    new = b'[{"day":"2026-02-01","plays":1,"y":1},{"day":"2026-02-02","plays":1,"z":1}]'
    assert between(PLAYS, old, new).schema_changes == ("field x is gone", "field y is new")


def test_the_limit_shows_the_largest_moves_and_counts_all(between: Callable[..., Diff]) -> None:
    """Counts are exact whatever the limit; what is shown are the largest moves."""
    old = days("2024-01-01", [10] * 400)
    new = days("2024-01-01", [10 + i for i in range(400)])
    found = between(PLAYS, old, new, limit=5)
    assert found.changed == 399 and len(found.rows) == 5 and found.truncated
    assert found.rows[0].changes == {"plays": ("10", "409")}


def test_tables_are_compared_by_key(between: Callable[..., Diff]) -> None:
    """Tables say the same as rows: exact counts, changes per column, largest moves first."""
    old = sold(
        ("2026-02-01", "Spotify", "A", 3, "0.12"),
        ("2026-02-01", "Spotify", "B", 3, "0.12"),
        ("2026-02-02", "Apple", "A", 5, "1.12"),
    )
    new = sold(
        ("2026-02-01", "Spotify", "A", 3, "0.120"),
        ("2026-02-01", "Spotify", "B", 4, "9.00"),
        ("2026-02-03", "Apple", "A", 5, "1.12"),
    )
    found = between(KEYED, old, new)
    assert (found.added, found.removed, found.changed, found.unchanged) == (1, 1, 1, 1)
    assert found.columns == {"Quantity": 1, "Earnings (USD)": 1}
    changed = next(r for r in found.rows if r.kind == "changed")
    assert changed.key == ("2026-02-01", "Spotify", "B")
    assert changed.changes == {"Quantity": ("3", "4"), "Earnings (USD)": ("0.12", "9")}
    assert found.headline == "+1 day, Earnings (USD) +652.9 %, Quantity +9.1 %, 1 day vanished, +1 row, 1 row gone, 1 row changed"


def test_tables_whose_keys_repeat_or_are_not_declared_still_count_exactly(between: Callable[..., Diff]) -> None:
    """Rows that share a key are told apart; without a key whole rows are counted as in a bag."""
    row = ("2026-02-01", "Spotify", "A", 3, "0.12")
    old, new = sold(row, row, row, (*row[:3], 4, 1)), sold(row, row, (*row[:3], 5, 1), row, row)
    for feed in (KEYED, SALES):
        found = between(feed, old, new)
        assert found.unchanged == 3
        assert found.added + found.changed == 2
        assert found.unchanged + found.changed + found.removed == 4


def test_a_table_in_another_form_is_the_same_content(between: Callable[..., Diff]) -> None:
    """Latin-1 against UTF-8, CR against LF, comma against tab: no row changed."""
    old = sold(("2026-02-01", "Höhe", "A", 3, "0.12"), ("2026-02-02", "X", "", 3, ""))
    for new in (
        old.decode().encode("latin-1"),
        old.replace(b"\n", b"\r"),
        old.replace(b"\t", b";"),
        old.decode().encode("utf-16"),
    ):
        found = between(KEYED, old, new)
        assert (found.added, found.removed, found.changed, found.unchanged) == (0, 0, 0, 2)


def test_what_cannot_be_read_cannot_be_compared_and_says_why(between: Callable[..., Diff]) -> None:
    """A payload that cannot be read gives a sentence, not an exception."""
    assert between(PLAYS, days("2026-02-01", [1]), b"[{").headline.startswith("cannot be compared: the JSON ends")
    assert between(SALES, sold(), b"<html></html>").because == "format.html-instead"
    assert diff(PLAYS, None, Path("/nowhere"), None, "new").headline == "first capture of this feed"
    assert diff(PLAYS, Path("/nowhere"), Path("/nowhere"), "old", "new").because == "format.unreadable"


def test_documents_without_key_are_walked(between: Callable[..., Diff]) -> None:
    """A single object is compared field by field, with JSON pointers as keys."""
    feed = dataclasses.replace(PLAYS, key=(), day=None, measures=())
    old = b'{"a":{"b":1,"c":[1,2,{"x":1}]},"gone":1,"n":"1.0"}'
    new = b'{"a":{"b":2,"c":[2,{"x":3},1,4]},"new":1,"n":"1.00"}'
    found = between(feed, old, new)
    assert {(r.kind, r.key[0]) for r in found.rows} == {
        ("changed", "/a/b"), ("changed", "/a/c/1/x"), ("added", "/a/c/3"), ("removed", "/gone"), ("added", "/new"),
    }  # fmt: skip
    assert found.noise == {"spelling": 1}


row = st.fixed_dictionaries(
    {
        "day": st.integers(0, 8).map(lambda i: f"2026-01-{i + 1:02d}"),
        "plays": st.integers(0, 3),
        "x": st.sampled_from(["a", "b", None]),
    }
)
unique = st.lists(row, max_size=9, unique_by=lambda r: r["day"])


@settings(max_examples=150, deadline=None)
@given(unique, unique, st.randoms())
def test_the_quick_way_agrees_with_the_plain_one(
    old: list[dict[str, Any]], new: list[dict[str, Any]], rng: random.Random
) -> None:
    """Comparing raw bytes finds what comparing parsed rows finds."""
    a, b = json.dumps(old).encode(), json.dumps([dict(sorted(r.items(), key=lambda _: rng.random())) for r in new]).encode()
    quick, plain = diff_raw(PLAYS, a, b), diff_rows(PLAYS, Rows(old), Rows(new))
    assert quick is not None
    for name in ("added", "removed", "changed", "unchanged", "columns"):
        assert getattr(quick, name) == getattr(plain, name)
    assert chosen(quick.rows, 100) == chosen(plain.rows, 100)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("50", "50.00", True),
        (50, "50.0", True),
        ("007.0", "7", False),
        ("1e3", "1000", False),
        ("a.b", "a.b0", False),
        (True, "1", False),
    ],
)
def test_one_number_in_two_spellings_is_one_number(a: Any, b: Any, same: bool) -> None:
    """Trailing zeros are spelling; leading zeros, words and exponents are not."""
    assert same_number(a, b) is same


def test_rows_that_cannot_be_read_are_told(between: Callable[..., Diff]) -> None:
    """Rows refused by the reader are counted beside the comparison."""
    old = sold(("2026-02-01", "X", "A", 3, "0.12"))
    found = between(KEYED, old, old + b"2026-02-02\tX\tA\tmany\t1\n")
    assert found.noise == {"rows that cannot be read": 1}
    assert HEADER.startswith(b"Reporting")
