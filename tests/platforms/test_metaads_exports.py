"""Exports of Ads Manager brought by hand: languages, decimal commas, days or a whole period; and what is stopped."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from contract_bench import REGISTRY
from contract_desk import Desk, codes, errors
from hypothesis import example, given
from hypothesis import strategies as st
from metaads_support import FEEDS

from bedrot_console.domain.findings import Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.helpers import FormatTrouble
from bedrot_console.inspection.recognise import recognise
from extractors.metaads import exports
from extractors.metaads.simulated.samples import AT, ENGLISH, ENGLISH_DAYS, FRENCH, GERMAN, PERIOD, export

SPANISH = "Inicio del informe,Fin del informe,Nombre de la campaña,Importe gastado (MXN),Impresiones,Alcance,Frecuencia"
EVERY = tuple(feed for name in ("metaads", "manual") for feed in REGISTRY.load(name).feeds.values())


@pytest.mark.parametrize(
    ("header", "line", "feed"),
    [
        (ENGLISH, PERIOD + "Spring,Broad,1.5,10,9,1,0", "ads_manager"), (ENGLISH_DAYS, "2026-02-01," + PERIOD + "Spring,Broad,1.5,10,9,1,0", "ads_manager_days"),
        (GERMAN, "2026-02-01;2026-02-01;2026-02-01;Lied;1,50;10;9;1", "ads_manager_days"), (FRENCH, PERIOD + "Chanson,1.50,10,9", "ads_manager"),
        (SPANISH, PERIOD + "Canción,1.50,10,9,1.1", "ads_manager"),
    ],
)  # fmt: skip
def test_metaads_export_of_each_language_is_taken_by_one_feed(header: str, line: str, feed: str, tmp_path: Path) -> None:
    """Header and rows are read under our names; no other feed, and not the manual uploads, takes the file."""
    data = export(header, line)
    assert [f.name for f in recognise(EVERY, data)] == [f"metaads/{feed}"]
    content = exports.read(data)
    (row,) = content.records
    assert (row["spend"], row["impressions"], row["reach"]) == (Decimal("1.5"), 10, 9) and row["campaign_name"]
    report = Desk(f"metaads/{feed}", tmp_path).report(data, AT, method="manual")
    assert report.verdict is Verdict.PASSED, report.findings
    assert ("last_day" in report.facts) is (feed == "ads_manager_days")


def test_metaads_export_tells_its_currency() -> None:
    """The currency stands in the column's name and becomes a fact."""
    assert exports.read(export(SPANISH, PERIOD + "x,1,2,3,4")).facts["currency"] == "MXN"
    assert "currency" not in exports.read(export(SPANISH.replace(" (MXN)", ""), PERIOD + "x,1,2,3,4")).facts


@given(st.decimals(0, 10**7, places=2), st.integers(0, 10**9), st.booleans(), st.booleans())
def test_metaads_export_numbers_survive_their_spelling(spend: Decimal, shown: int, comma: bool, grouped: bool) -> None:
    """Decimal point or comma, with or without thousands: the same numbers."""
    money = f"{spend:,.2f}" if grouped else f"{spend:.2f}"
    count = f"{shown:,}" if grouped else str(shown)
    if comma:
        money, count = (t.translate(str.maketrans(",.", ".,")) for t in (money, count))
        data = export(GERMAN, f"2026-02-01;2026-02-01;2026-02-01;Lied;{money};{count};;")
    else:
        data = export(ENGLISH, f'{PERIOD}Spring,Broad,"{money}","{count}",,,')
    (row,) = exports.read(data).records
    assert (row["spend"], row["impressions"], row["reach"]) == (spend, shown, None)


def test_metaads_export_rows_that_sum_up_are_not_counted(tmp_path: Path) -> None:
    """A row `All`, and one that names nothing, are told and left out of the sums."""
    data = export(
        ENGLISH_DAYS,
        "All," + PERIOD + "Spring,Broad,3,30,20,2,0",
        "2026-02-01,2026-02-01,2026-02-01,Spring,Broad,3,30,20,2,0",
        "," + PERIOD + ",,3,30,20,2,0",
    )
    report = Desk("metaads/ads_manager_days", tmp_path).report(data, AT, method="manual")
    assert report.facts["totals"] == {"impressions": "30", "spend": "3"} and "format.sum-rows" in codes(report, Severity.NOTE)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((), "completeness.no-rows"), ((PERIOD + "a,b,x,1,1,1,1",), "schema.type"), ((PERIOD + "a,b,-1,1,1,1,1",), "consistency.negative"),
        ((PERIOD + "a,b,1,1.5,1,1,1",), "consistency.not-whole"), ((PERIOD + "a,b,1,5,9,1,1",), "consistency.bounds"), ((PERIOD + "a,b,,5,4,1,1",), "completeness.blank"),
        (("2026-02-28,2026-02-01,a,b,1,5,4,1,1",), "consistency.days-backwards"), (("01/02/2026,x,a,b,1,5,4,1,1",), "consistency.not-a-day"),
        (("2027-02-01,2027-02-02,a,b,1,5,4,1,1",), "consistency.future-day"), ((PERIOD + "a,b,1,5,4,1,1",) * 2, "consistency.key-repeats"),
        ((PERIOD + "a,b,1,5,4,1,1", PERIOD + "a,b,1"), "format.truncated"),
    ],
)  # fmt: skip
def test_metaads_export_that_is_wrong_is_stopped(lines: tuple[str, ...], code: str, tmp_path: Path) -> None:
    """Each rule has its code."""
    assert code in errors(Desk("metaads/ads_manager", tmp_path).report(export(ENGLISH, *lines), AT, method="manual"))


def test_metaads_export_with_a_breakdown_keeps_its_rows_apart(tmp_path: Path) -> None:
    """Rows of one campaign by age and gender do not repeat a key."""
    header = ENGLISH.replace("Campaign name", "Age,Gender,Campaign name")
    data = export(
        header, *(f"{PERIOD}{age},{sex},Spring,Broad,1,5,4,1,1" for age in ("18-24", "25-34") for sex in ("female", "male"))
    )
    assert not errors(Desk("metaads/ads_manager", tmp_path).report(data, AT, method="manual"))


@given(st.binary(max_size=300))
@example(b"\x00\r\x00")
@example(b",\r," + b"x" * 200_000)
def test_metaads_export_reader_gives_rows_or_a_reason(junk: bytes) -> None:
    """Whatever bytes come, nothing else than a reason is raised."""
    for data in (junk, export(ENGLISH) + junk):
        for feed in FEEDS:
            assert feed.recognise is None or feed.recognise(data) in (True, False)
        try:
            exports.read(data)
        except (FormatTrouble, ValueError):
            pass
