"""How DistroKid's stats pages and statements are read: pure functions on made-up bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, errors, noon
from distrokid_support import MEMBER, page, statement
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import SourceChanged
from bedrot_console.domain.findings import Severity
from bedrot_console.inspection.helpers import FormatTrouble
from extractors.distrokid import bank, charts, pages
from extractors.distrokid.simulated import captchas, exports, site, world

TODAY = date(2026, 3, 2)
SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples" / "distrokid"


def _page(script: str) -> bytes:
    return f"<!DOCTYPE html><html><head><title>Stats</title></head><body><script>{script}</script></body></html>".encode()


@pytest.mark.parametrize("loose", [False, True])
@pytest.mark.parametrize(("name", "measure"), [("streams", "streams"), ("applemusic", "plays")])
def test_every_day_of_the_chart_is_read(name: str, measure: str, loose: bool) -> None:
    """Days and whole numbers come out as they were put in, for the strict and the loose spelling."""
    rows = getattr(charts, name)(page(name, TODAY, loose=loose))
    assert [(date.fromisoformat(r["day"]), r[measure]) for r in rows.records] == list(world.daily(MEMBER, name, TODAY))


@given(
    days=st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 10**7)), max_size=40),
    comma=st.booleans(), quoted=st.booleans(), spaces=st.sampled_from(["", " ", "\n\t"]),
)  # fmt: skip
def test_any_spelling_of_the_array_reads_alike(days: list[tuple[date, int]], comma: bool, quoted: bool, spaces: str) -> None:
    """Trailing comma or not, numbers as text or not, any blanks: the same rows."""
    values = [(d.isoformat(), f'"{v}"' if quoted else str(v)) for d, v in days]
    entries = f",{spaces}".join(f'{{"category":{spaces}"{d}", "column-1": {v}}}' for d, v in values)
    script = f'x({{"id":{spaces}"trend365day", "dataProvider":{spaces}[{entries}{"," if comma and days else ""}{spaces}]}});'
    assert [(r["day"], r["streams"]) for r in charts.streams(_page(script)).records] == [(d.isoformat(), v) for d, v in days]


def test_only_the_chart_s_own_provider_counts() -> None:
    """A provider inside a nested object, or of the next chart, is not taken for that of the chart asked for."""
    nested = 'make({"id": "trend365day", "scroll": {"dataProvider": [{"category": "2020-01-01", "column-1": 1}]}, "dataProvider": [{"category": "2026-01-01", "column-1": 2}]});'
    assert [r["day"] for r in charts.streams(_page(nested)).records] == ["2026-01-01"]
    other = 'make({"id": "trend365day", "type": "serial"}); make({"id": "x", "dataProvider": [{"category": "2020-01-01", "column-1": 1}]});'
    with pytest.raises(FormatTrouble, match="no dataProvider"):
        charts.streams(_page(other))


def test_a_chart_in_running_text_or_attributes_is_not_read() -> None:
    """Only inline script counts: words of the page cannot pose as the chart."""
    text = b'<!DOCTYPE html><html><body><p>"id": "trend365day", "dataProvider": [{"category":"2026-01-01","column-1":1}]</p></body></html>'
    with pytest.raises(FormatTrouble):
        charts.streams(text)


def test_the_longest_array_of_days_is_apple_s_daily_one() -> None:
    """Months and weeks are shorter and passed over, wherever they stand."""
    rows = charts.applemusic(page("applemusic", TODAY))
    assert len(rows) == 365


def test_chart_data_itself_may_hold_the_days() -> None:
    """`var chartData` with the days in it, and a provider that only names it, is read too."""
    script = 'var chartData = [{"field": "2026-01-01", "value": 3},{"field": "2026-01-02", "value": "4"},];\nmake({"dataProvider": chartData});'
    assert [(r["day"], r["plays"]) for r in charts.applemusic(_page(script)).records] == [("2026-01-01", 3), ("2026-01-02", 4)]


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        (site.upgrade(MEMBER), "plan"), (site.no_releases(MEMBER), "no releases"), (site.bank(MEMBER), "holds no trend365day"),
        (page("applemusic", TODAY).decode(), "Apple Music page"),
    ],
)  # fmt: skip
def test_a_page_without_the_chart_says_why(html: str, sentence: str) -> None:
    """Wrong plan, no releases, wrong page: each has its own sentence."""
    with pytest.raises(FormatTrouble, match=sentence):
        charts.streams(html.encode())


def test_a_script_that_breaks_off_is_truncated() -> None:
    """A configuration that never closes is named as such."""
    with pytest.raises(FormatTrouble) as caught:
        charts.streams(b'<html><body><script>m({"id": "trend365day", "dataProvider": [{"category": "2026-01-01"')
    assert caught.value.code == "format.truncated"


@given(st.binary(max_size=400))
def test_no_bytes_break_the_parser(junk: bytes) -> None:
    """Whatever stands in the page, the parser gives rows or a reason."""
    for parse in (charts.streams, charts.applemusic):
        for data in (
            junk,
            _page('var chartData = x({"id": "trend365day", "dataProvider": [').replace(b"[<", b"[" + junk + b"]<"),
        ):
            try:
                parse(data)
            except FormatTrouble:
                pass


def test_the_page_s_secrets_are_counted_not_kept() -> None:
    """Whether a page holds an address or token-like text is a fact; the values are not."""
    rows = charts.streams(page("streams", TODAY))
    assert rows.facts == {"holds_email": True, "holds_token": True}


def test_a_page_of_another_member_is_a_stranger_s() -> None:
    """The address on the page tells whose it is, in any spelling; the site's own addresses do not count."""
    html = page("streams", TODAY)
    assert not pages.stranger(html, Secret(MEMBER.email.upper()))
    assert not pages.stranger(html.replace(b"@", b"&#64;"), Secret(MEMBER.email))
    assert pages.stranger(html, Secret("somebody@else.example"))
    assert not pages.stranger(b"write to support@distrokid.com", Secret("somebody@else.example"))
    assert not pages.stranger(html, None)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_a_whole_statement_is_whole(tmp_path: Path, line_end: str) -> None:
    """An export with all its cells passes the look at its end, and its newest report is read."""
    path = tmp_path / "export"
    path.write_bytes(statement(TODAY, line_end=line_end))
    assert bank.cut_short(path) is None
    assert bank.newest_report(path) == max(r.reported for r in world.royalties(MEMBER, TODAY))


def test_a_cell_that_no_table_reader_takes_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    """200 kB without a tab: no report is newest, and the export is not whole."""
    path = tmp_path / "export"
    path.write_bytes(statement(TODAY) + b"x" * 200_000 + b"\n")
    assert bank.newest_report(path) is None
    assert bank.cut_short(path)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_last_title_of_several_lines_is_whole(tmp_path: Path, line_end: str) -> None:
    """A quoted line break in the last row is no cut; a row cut inside it is."""
    row = replace(world.royalties(MEMBER, TODAY)[-1], title="Side A\nSide B, part 2")
    path = tmp_path / "export"
    path.write_bytes(exports.statement([row], line_end=line_end))
    assert bank.cut_short(path) is None
    path.write_bytes(path.read_bytes().partition(b"Side B")[0] + b"Side")
    assert bank.cut_short(path)


@pytest.mark.parametrize(("how", "extension"), [({}, "tsv"), ({"comma": True}, "csv"), ({"line_end": "\r"}, "tsv")])
def test_an_export_is_named_by_what_it_holds(tmp_path: Path, how: dict[str, Any], extension: str) -> None:
    """Tabs, commas or an archive decide the extension."""
    path = tmp_path / "export"
    path.write_bytes(statement(TODAY, **how))
    assert bank.extension_of(path) == extension
    path.write_bytes(exports.zipped_twice(path.read_bytes()))
    assert bank.extension_of(path) == "zip"


@pytest.mark.parametrize("cut", [5, 20, 60, 90])
def test_a_statement_cut_inside_a_line_is_noticed(tmp_path: Path, cut: int) -> None:
    """A last line with fewer cells than the header: not whole."""
    path = tmp_path / "export"
    whole = statement(TODAY)
    last = whole.rindex(b"\n", 0, len(whole) - 1)
    path.write_bytes(whole[: last + cut])
    assert "cells" in (bank.cut_short(path) or "")


@pytest.mark.parametrize("body", [site.sign_in("v"), captchas.interstitial("ray", by_hand=True), site.bank(MEMBER), "<p>Oops"])
def test_a_page_in_place_of_the_statement_is_refused(tmp_path: Path, body: str) -> None:
    """HTML under the export's name is never taken."""
    path = tmp_path / "export"
    path.write_text(body)
    with pytest.raises(SourceChanged):
        bank.cut_short(path)


def test_an_archive_without_its_end_is_noticed(tmp_path: Path) -> None:
    """A zip that was cut is not whole; a whole one is."""
    path = tmp_path / "export"
    path.write_bytes(exports.zipped_twice(statement(TODAY)))
    assert bank.cut_short(path) is None
    path.write_bytes(path.read_bytes()[:-100])
    assert bank.cut_short(path)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rows"), [("bank_details_13col_anonymised.csv", 746), ("bank_details_15col_synthetic_excerpt.csv", 9)]
)
def test_statements_from_outside_read_without_error(name: str, rows: int, tmp_path: Path) -> None:
    """A real legacy export (converted by its publisher) and a 15-column example: every row read, nothing stopped but their age."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("no shared samples here")
    captured = date(2026, 1, 1)
    report = Desk("distrokid/sales", tmp_path).report(path.read_bytes(), noon(captured))
    assert errors(report) - {"freshness.too-old"} == set()
    assert report.facts["rows"] == rows
    assert {f.code for f in report.findings if f.severity is Severity.WARNING} <= {
        "consistency.upc",
        "consistency.isrc",
        "freshness.stale",
    }
