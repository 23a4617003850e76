"""The genuine files that lie beside the checkout, each read with the feed it belongs to: good ones are not stopped, bad ones are, by the sheet's rules."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from contract_desk import REGISTRY, SAMPLED_AT, Desk, codes, noon

from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.recognise import HEAD_BYTES, recognise
from bedrot_console.settings import CHECKOUT

SAMPLES = CHECKOUT.parent / "shared" / "samples"
FILES = sorted(p for p in SAMPLES.rglob("*") if p.is_file() and p.name != "README.md") if SAMPLES.is_dir() else []
STOPPED = {
    "instagram/graph_api/media_insights_reels_pre_v22.json": "consistency.removed-metric",
    "metaads/adsets_page.json": "schema.type",
    "metaads/campaigns_page.json": "schema.type",
    "spotify/fixture-artist-audience-timeline.csv": "completeness.days-missing",
}
"""Files that must be stopped, and why: metrics that no longer exist, budgets as floats, days left out of a made-up fixture."""
NO_DATA = {
    "instagram/graph_api/error_code_10_no_permission.json", "instagram/sdk_v26_ig_catalogue.json", "metaads/sdk_v26_field_catalogue.json",
    "metaads/actions_pixel_overlap_summary.json", "youtube/youtube.v3.discovery.extract.json", "youtube/youtubeAnalytics.v2.discovery.json",
}  # fmt: skip
"""An error body, catalogues of a client library, a fragment, descriptions of an interface: nothing that a feed delivers."""
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not FILES, reason="no shared samples beside this checkout")]


def name_of(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_genuine_file_gets_the_verdict_of_the_sheets_rules(path: Path, tmp_path: Path) -> None:
    """One feed recognises it, of its own platform; captured two days after its newest day it is not stopped, unless it must be."""
    name, data = name_of(path), path.read_bytes()
    feeds, problems = REGISTRY.feeds()
    assert not problems
    found = recognise(feeds, data[:HEAD_BYTES])
    if name in NO_DATA:
        assert all(feed.platform in ("manual", name.partition("/")[0]) for feed in found)
        return
    (feed,) = found
    assert feed.platform in (name.partition("/")[0], "manual")
    desk = Desk(feed.name, tmp_path)
    report = desk.report(data, SAMPLED_AT, keep=False, received_name=path.name)
    if report.as_of is not None:
        report = desk.report(data, noon(report.as_of + timedelta(days=2)), keep=False, received_name=path.name)
    if name in STOPPED:
        assert report.verdict is Verdict.FAILED and STOPPED[name] in codes(report)
    else:
        assert report.verdict is not Verdict.FAILED, report.findings


def test_an_audience_timeline_saved_again_by_a_spreadsheet_is_stopped(tmp_path: Path) -> None:
    """The genuine timeline with dates as a spreadsheet spells them."""
    text = (SAMPLES / "spotify" / "artist-a-audience-timeline.csv").read_text("utf-8-sig")
    out = io.StringIO()
    for number, line in enumerate(text.splitlines()):
        day, _, rest = line.partition(",")
        year, _, month = day.partition("-")
        out.write(line + "\n" if number == 0 else f"{int(month[:2])}/{int(month[3:])}/{year},{rest}\n")
    report = Desk("spotify/audience", tmp_path).report(out.getvalue().encode(), SAMPLED_AT, keep=False)
    assert report.verdict is Verdict.FAILED


def test_a_week_in_place_of_a_year_is_stopped(tmp_path: Path) -> None:
    """A genuine seven-day export where 365 days were asked for; a genuine year cut to its last week."""
    body = (SAMPLES / "tiktok" / "studio_en_7d" / "Overview.csv").read_bytes()
    desk = Desk("tiktok/overview", tmp_path)
    report = desk.report(body, SAMPLED_AT, keep=False, request={"days": "365"}, received_name="Overview.csv")
    assert report.verdict is Verdict.FAILED and any(code.startswith("completeness.") for code in codes(report)), report.findings
