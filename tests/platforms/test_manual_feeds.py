"""Manual uploads: which feed takes a file, by content alone, and what is said about damaged ones."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.domain.naming import landing_path, template_pattern
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect

REGISTRY = Registry()
MANUAL = REGISTRY.load("manual")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

ROYALTIES = b"Period,Artist,Title,Units,Net royalty,Currency\n2026-01,Mara,Night,120,1.23,EUR\n2026-01,Mara,Day,7,0.07,EUR\n"
PREAMBLE = b"Statement for,Night Works\nIssued,2026-02-01\n\nSale month;Territory;Quantity;Net revenue (EUR)\n202601;DE;12;1,20\n202601;FR;3;0,30\n"
INVOICES = "invoice number\tdate\tamount\tvat\tcurrency\n17\t2026-01-31\t1\u00a0200,00\t228,00\tEUR\n".encode("utf-16")
VIEWS = b"\xef\xbb\xbfDate,Video views,Likes\n2026-02-01,10,2\n2026-02-02,12,3\n"
PDF = b"%PDF-1.7\n1 0 obj<</Title (Royalty statement 2026-01)>>endobj\n" + b"x" * 200 + b"\nstartxref\n9\n%%EOF\n"
PLAIN_PDF = b"%PDF-1.7\n1 0 obj<</Type /Page >>endobj\n" + b"x" * 200 + b"\nstartxref\n9\n%%EOF\n"


def workbook(*texts: str) -> bytes:
    shared = "<sst>" + "".join(f"<si><t>{t}</t></si>" for t in texts) + "</sst>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/sharedStrings.xml", shared)
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return out.getvalue()


FINANCIAL = {
    "royalties": ROYALTIES,
    "statement with a preamble": PREAMBLE,
    "invoices in UTF-16": INVOICES,
    "a PDF whose title is a statement": PDF,
    "a workbook of earnings": workbook("Period", "Artist", "Earnings", "Currency"),
    "JSON of payouts": b'[{"period": "2026-01", "payout": 12.5, "currency": "EUR", "account": "x"}]',
}
REPORTS = {
    "views": VIEWS,
    "a song table": b"song,listeners,streams,saves,release_date\nNight,10,20,1,2026-01-01\n",
    "a plain PDF": PLAIN_PDF,
    "a workbook of views": workbook("Day", "Views"),
    "a JSON report": b'{"report": "weekly", "rows": [{"views": 3}]}',
}
NOBODYS = {
    "prose": b"Dear Mara, the views are good, thanks.\nSee you, soon, there.\n",
    "two letters": b"a,b\n1,2\n",
    "a page": b"<!doctype html><title>Earnings</title><table><tr><td>amount,date,currency</td></tr></table>",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(400),
    "a program": b"\x7fELF" + bytes(400),
    "an archive": b"PK\x03\x04" + bytes(60),
    "JSON of something": b'{"a": 1}',
    "an error body": b'{"error": {"message": "amount, currency, account"}}',
    "nothing": b"   \n",
}


def owners(data: bytes) -> list[str]:
    feeds, problems = REGISTRY.feeds()
    assert not problems
    return [f.name for f in feeds if f.recognise is not None and f.recognise(data[: 1 << 20])]


@pytest.mark.parametrize("what", FINANCIAL)
def test_manual_money_is_taken_by_financial_data_alone(what: str) -> None:
    """What speaks of money belongs to financial_data, and no other feed of any platform claims it."""
    assert owners(FINANCIAL[what]) == ["manual/financial_data"]


@pytest.mark.parametrize("what", REPORTS)
def test_manual_reports_are_taken_by_external_reports_alone(what: str) -> None:
    """Exports of audience and reach, and documents of unknown content, belong to external_reports alone."""
    assert owners(REPORTS[what]) == ["manual/external_reports"]


@pytest.mark.parametrize("what", NOBODYS)
def test_manual_other_content_is_nobodys(what: str) -> None:
    """Prose, pages, pictures, programs and error bodies are refused by every feed."""
    assert owners(NOBODYS[what]) == []


def test_manual_feeds_leave_other_platforms_their_samples() -> None:
    """No sample of another platform is claimed by a manual feed."""
    for platform in REGISTRY.names():
        if platform == "manual":
            continue
        for sample in (REGISTRY.folder / platform / "samples").glob("*/*"):
            if sample.is_file() and not sample.name.endswith(".report.json"):
                claimed = [name for name in owners(sample.read_bytes()) if name.startswith("manual/")]
                assert not claimed, sample


def test_manual_names_from_outside_become_harmless_paths() -> None:
    """An upload lands under its feed's folder with the platform's prefix, a made-safe word and its own extension."""
    path = landing_path(MANUAL.feeds["financial_data"], AT, name="../../R\u00e9glement \u202eQ1 2026.CSV")
    assert path == "manual_uploads/financial_data/manual_financial_reglement-q1-2026_20260302_093000.csv"
    assert template_pattern(MANUAL.feeds["financial_data"]).fullmatch(path)
    report = landing_path(MANUAL.feeds["external_reports"], AT, name="views.pdf")
    assert report == "manual_uploads/external_reports/manual_report_views_20260302_093000.pdf"


def report(tmp_path: Path, name: str, data: bytes) -> Report:
    feed = MANUAL.feeds[name]
    path = tmp_path / "upload"
    path.write_bytes(data)
    sidecar = Sidecar(
        id="file", platform="manual", feed=feed.name, feed_version=1, account="default", source_system="upload", method="manual", captured_at=AT,
        landed_at=AT, as_of=None, extractor_version="1", run_id=None, set_id=None, media_type=feed.media_type, size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    return inspect(Job(feed=feed, payload=path, sidecar=sidecar, now=AT, report_id="report", rules="test"))


def errors(found: Report) -> set[str]:
    return {f.code for f in found.findings if f.severity is Severity.ERROR}


@pytest.mark.parametrize("what", FINANCIAL)
def test_manual_whole_documents_pass(tmp_path: Path, what: str) -> None:
    """A whole document of money has no error and no warning."""
    found = report(tmp_path, "financial_data", FINANCIAL[what])
    assert found.verdict is Verdict.PASSED, found.findings


@pytest.mark.parametrize("what", REPORTS)
def test_manual_whole_reports_pass(tmp_path: Path, what: str) -> None:
    """A whole report export has no error and no warning."""
    assert report(tmp_path, "external_reports", REPORTS[what]).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("financial_data", ROYALTIES[:-12], "format.truncated"),
        ("financial_data", ROYALTIES + b'"2026-02,Mara,No', "format.truncated"),
        ("financial_data", PDF[:-20], "format.truncated"),
        ("financial_data", workbook("Period", "Artist", "Earnings", "Currency")[:-30], "format.truncated"),
        ("financial_data", ROYALTIES.splitlines(keepends=True)[0], "completeness.no-rows"),
        ("financial_data", ROYALTIES.replace(b"1.23", b"see note").replace(b"0.07", b"tbd"), "consistency.not-money"),
        ("external_reports", ROYALTIES, "format.wrong-feed"),
        ("external_reports", b"<!doctype html><title>Log in</title><form><input type='password'></form>", "format.sign-in-page"),
        ("external_reports", b'{"error": {"message": "no", "code": 190}}', "format.error-body"),
        ("financial_data", ROYALTIES + b"2026-01,Mara,Dusk,1,0.01,EUR\n" + b"x,y\n" * 3, "schema.row-width"),
    ],
)
def test_manual_damaged_documents_fail(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    """A cut, empty, mistaken or foreign document fails with the code that says why."""
    found = errors(report(tmp_path, name, data))
    assert code in found or (code == "format.wrong-feed" and "format.not-recognised" in found), found


def test_manual_totals_below_a_statement_are_only_a_warning(tmp_path: Path) -> None:
    """A short line of totals under many rows does not fail a statement."""
    rows = b"".join(b"2026-01,Mara,Night %d,120,1.23,EUR\n" % n for n in range(40))
    found = report(tmp_path, "financial_data", ROYALTIES + rows + b"Total,,,,50.00\n")
    assert found.verdict is Verdict.WARNED
    assert not errors(found)


SAMPLES = {
    "financial_data/royalties.csv": ROYALTIES, "financial_data/statement-with-preamble.csv": FINANCIAL["statement with a preamble"],
    "financial_data/invoices-utf16.tsv": FINANCIAL["invoices in UTF-16"], "financial_data/broken-off.csv": ROYALTIES[:-12],
    "financial_data/payouts.json": FINANCIAL["JSON of payouts"], "external_reports/views.csv": REPORTS["views"],
    "external_reports/is-royalties.csv": ROYALTIES,
}  # fmt: skip
"""Tables only: documents are made in the tests. Their reports are written by `python tests/contract/contract_samples.py manual`."""


def test_every_sample_is_made_here() -> None:
    """Each sample is one of the made-up tables of these tests; none is a copy of somebody's data."""
    found = {f"{p.parent.name}/{p.name}": p.read_bytes() for p in (REGISTRY.folder / "manual" / "samples").glob("*/*")}
    assert {name: body for name, body in found.items() if not name.endswith(".report.json")} == SAMPLES
