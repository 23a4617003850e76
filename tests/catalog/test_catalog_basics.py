"""The catalog says what journal and sidecars say: by apply, by overlay and by rebuild alike."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date

import pytest

from bedrot_console.catalog.summary import read_summary
from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.lifecycle import Verdict, Zone


def test_a_landed_file_is_resolved_before_anything_was_applied(lake):
    """resolve answers from the journal's tail, by id, prefix and zone path."""
    file = lake.land(path="distrokid/streams/x.html")
    by_id, by_prefix, by_path = lake.catalog.resolve([file, file[:15], "landing/distrokid/streams/x.html"])
    assert by_id == by_prefix == by_path
    assert (by_id.zone, by_id.status, by_id.verdict) == (Zone.LANDING, "pending", None)


def test_names_that_name_nothing_say_so(furnished):
    """Unknown, too short, odd and ambiguous names are usage errors, each in its place."""
    a = furnished.ids[0]
    unknown, short, odd, whole = furnished.catalog.resolve(["zzzzzzzzzz", "abc", "../x", a])
    assert all(isinstance(e, UsageError) for e in (unknown, short, odd))
    assert whole.id == a
    ambiguous = furnished.catalog.resolve([a[:6]])[0]
    assert isinstance(ambiguous, UsageError) and "5 files" in str(ambiguous)


def test_overlay_and_published_catalog_agree(furnished):
    """Every file reads the same from the tail alone and from the published catalog."""
    rows = furnished.catalog.reader().files(FileFilter())
    assert [r.id for r in rows] == sorted(furnished.ids, reverse=True)
    assert furnished.catalog.select(FileFilter()) == rows
    from bedrot_console.catalog.overlay import Overlay

    assert Overlay(None, list(furnished.journal.read()), furnished.catalog.reports).select(FileFilter()) == rows


def test_status_follows_zone_and_verdict(furnished):
    """Each file carries zone, verdict, report and counts of its latest report."""
    a, b, c, d, e = (furnished.row(i) for i in furnished.ids)
    assert [r.status for r in (a, b, c, d, e)] == ["promoted", "quarantined", "warned", "pending", "pending"]
    assert (b.errors, b.first_code, c.warnings, c.as_of) == (1, "format.failed", 1, date(2026, 2, 28))


def test_release_asks_for_a_new_verdict(furnished):
    """A released file is pending again."""
    b = furnished.ids[1]
    furnished.move(b, "release", "landing")
    row = furnished.row(b)
    assert (row.status, row.verdict, row.report_id) == ("pending", None, None)
    furnished.catalog.catch_up(publish="now")
    assert furnished.catalog.reader().file(b) == row


def test_reader_answers_reports_history_decisions_and_runs(furnished):
    """The read models hold what the events said."""
    a, b, c, d, _ = furnished.ids
    reader = furnished.catalog.reader()
    assert reader.report(b).verdict is Verdict.FAILED
    assert [f.code for f in reader.findings(b)] == ["format.failed"]
    assert [h.file_id for h in reader.history("distrokid/streams", "default")] == [a]
    assert reader.history("distrokid/streams", "default")[0].facts["rows"] == 10
    assert [x.verb for x in reader.decisions(a)] == ["promote"]
    assert reader.decisions(d) == []
    assert reader.runs()[0].state == "partial" and reader.runs()[0].files == (a,)
    assert [x.id for x in reader.challenges(open_only=True)] == ["c1"]
    assert reader.events(kind="run-ended")[0].data["state"] == "partial"
    assert [r.id for r in reader.twins(reader.file(a).sha256)] == [a]
    assert reader.groups(FileFilter(), "zone") == [("landing", 3, 3012), ("quarantine", 1, 1002), ("raw", 1, 1001)]
    assert reader.count(FileFilter()) == 5 and reader.count(FileFilter(status="pending")) == 2


def test_rebuild_answers_the_same(furnished):
    """A catalog made from sidecars and journal equals the one that grew."""
    before = furnished.catalog.reader().files(FileFilter(), limit=None)
    done = furnished.catalog.rebuild(verify=True)
    assert (done.equal, done.files, done.added, done.mended, done.missing) == (True, 5, 0, 0, 0)
    assert furnished.catalog.reader().files(FileFilter(), limit=None) == before


def test_summary_is_read_without_duckdb(furnished):
    """`status` reads the summary and never imports duckdb, nor its engine."""
    code = (
        "import sys, json, pathlib; from bedrot_console.catalog.summary import read_summary; s = read_summary(pathlib.Path(sys.argv[1]));"
        "assert not {'duckdb', '_duckdb'} & set(sys.modules); print(json.dumps(s))"
    )
    found = json.loads(subprocess.run([sys.executable, "-c", code, str(furnished.home)], capture_output=True, check=True).stdout)
    assert found == read_summary(furnished.home)
    assert found["applied_seq"] == furnished.journal.head and found["pending"] == 2
    assert found["needs_operator"][0]["command"] == "bedrot extract distrokid"
    assert {(f["feed"], f["as_of"]) for f in found["freshness"]} == {
        ("distrokid/streams", "2026-02-27"), ("distrokid/sales", "2026-02-28"), ("metaads/ads", None),
    }  # fmt: skip


@pytest.mark.parametrize("order", ["newest", "oldest", "worst", "largest", "feed", "path"])
def test_pages_join_without_gap_or_double_in_every_order(furnished, order):
    """Paging by key, forwards and backwards, gives the same list as one big page; position and row agree."""
    reader = furnished.catalog.reader()
    wanted = FileFilter(order=order)
    whole = reader.files(wanted, limit=None)
    forwards, page = [], reader.files(wanted, limit=2)
    while page:
        forwards += page
        page = reader.files(wanted, after=page[-1], limit=2)
    assert forwards == whole
    assert reader.files(wanted, before=whole[3], limit=2) == whole[1:3]
    assert [reader.offset_of(wanted, r) for r in whole] == list(range(len(whole)))
    assert furnished.catalog.select(wanted) == whole


def test_the_engine_is_that_of_the_package():
    """Functions and errors are those of `duckdb`, and a catalog is read without loading the package."""
    import duckdb

    from bedrot_console.catalog.engine import duckdb as engine

    assert all(
        getattr(engine, name) is getattr(duckdb, name)
        for name in ("connect", "Error", "InterruptException", "OutOfMemoryException")
    )
