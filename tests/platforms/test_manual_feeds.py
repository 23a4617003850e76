"""Manual uploads: which feed takes a file, by content alone, and what is said about damaged ones."""

from __future__ import annotations

import gzip
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.domain.naming import landing_path, template_pattern
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.recognise import HEAD_BYTES, claims, recognise
from bedrot_console.inspection.stages import inspect
from extractors.manual.simulated import samples as made
from extractors.manual.simulated.books import xls, xlsx

REGISTRY = Registry()
MANUAL = REGISTRY.load("manual")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

ROYALTIES = made.ROYALTIES
PDF = b"%PDF-1.7\n1 0 obj<</Title (Royalty statement 2026-01)>>endobj\n" + b"x" * 200 + b"\nstartxref\n9\n%%EOF\n"
PLAIN_PDF = b"%PDF-1.7\n1 0 obj<</Type /Page >>endobj\n" + b"x" * 200 + b"\nstartxref\n9\n%%EOF\n"


def workbook(*texts: str) -> bytes:
    return xlsx(("Sheet", (texts, tuple(range(1, len(texts) + 1)))), packed=True)


def word_document() -> bytes:
    """An OLE container with another stream than a workbook's."""
    return (
        xls("Jobs", made.JOBS)
        .replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le"))
        .replace(b"\x09\x08\x10\0", bytes(4))
    )


FINANCIAL = {
    "royalties": ROYALTIES,
    "statement with a preamble": made.PREAMBLE,
    "invoices in UTF-16": made.INVOICES,
    "a PDF whose title is a statement": PDF,
    "a workbook of earnings": workbook("Period", "Artist", "Earnings", "Currency"),
    "an old workbook of earnings": xls("Data", (("Period", "Artist", "Earnings", "Currency"), ("2026-01", "Mara", 61.5, "EUR"))),
    "JSON of payouts": made.PAYOUTS,
}
REPORTS = {
    "views": made.VIEWS,
    "a song table": b"song,listeners,plays,shares\nNight,10,20,1\n",
    "a plain PDF": PLAIN_PDF,
    "a workbook of views": workbook("Day", "Views"),
    "a JSON report": b'{"report": "weekly", "rows": [{"views": 3}]}',
}
SYSTEMS = {
    "a dump of PostgreSQL": made.POSTGRES.encode(),
    "a dump of MySQL": made.MYSQL.encode(),
    "a dump of MySQL, gzip'd": gzip.compress(made.MYSQL.encode()),
    "a dump of MySQL without comments": re.sub(r"(?m)^--.*\n", "", made.MYSQL).encode(),
    "a dump of SQLite": made.SQLITE.encode(),
    "a dump of a whole cluster": (
        "--\n-- PostgreSQL database cluster dump\n--\n\n"
        + made.POSTGRES
        + "\n--\n-- PostgreSQL database cluster dump complete\n--\n\n"
    ).encode(),
    "a dump between the restrictions of newer versions": ("\\restrict abc\n" + made.POSTGRES + "\\unrestrict abc\n").encode(),
    "a workbook of neither money nor reach": workbook("Host", "Disk", "Checked"),
    "an old workbook": xls("Jobs", made.JOBS),
}
EVENTS = {
    "events": made.lines(made.events()),
    "events, gzip'd": gzip.compress(made.lines(made.events())),
    "two events without a time": b'{"n": 1}\n{"n": 2}\n',
    "a single event with a time": b'{"ts": "2026-03-01T00:00:00Z", "level": "info", "n": 1}\n',
    "events with a byte order mark": b"\xef\xbb\xbf" + made.lines(made.events(3)),
    "events of which one is very long": made.lines(made.events(2)) + b'{"ts": "' + b"x" * (2 << 20) + b'"}\n',
}
ANSWERS = {
    "lists of a service": made.answer(),
    "one resource": b'{"id": "a17", "name": "Night Works", "plan": "small"}',
    "a bare list": b'[{"id": 1, "name": "x"}]',
    "a long answer": made.answer(40_000),
}
NOBODYS = {
    "a document of a word processor": word_document(),
    "an error envelope": b'{"status": 404, "title": "Not Found", "detail": "no such list", "instance": "/x"}',
    "a refusal": b'{"message": "Bad credentials", "documentation_url": "x"}',
    "SQL that is no dump": b"SELECT * FROM tracks;\nSELECT 1;\n",
    "gzip'd prose": gzip.compress(b"Dear Mara, the views are good.\n" * 9),
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
    return [f.name for f in recognise(feeds, data[:HEAD_BYTES])]


@pytest.mark.parametrize("what", FINANCIAL)
def test_manual_money_is_taken_by_financial_data_alone(what: str) -> None:
    """What speaks of money belongs to financial_data, and no other feed of any platform claims it."""
    assert owners(FINANCIAL[what]) == ["manual/financial_data"]


@pytest.mark.parametrize("what", REPORTS)
def test_manual_reports_are_taken_by_external_reports_alone(what: str) -> None:
    """Exports of audience and reach, and documents of unknown content, belong to external_reports alone."""
    assert owners(REPORTS[what]) == ["manual/external_reports"]


@pytest.mark.parametrize("what", SYSTEMS)
def test_manual_dumps_and_other_workbooks_are_taken_by_system_exports_alone(what: str) -> None:
    """SQL dumps of every known maker, and workbooks that speak of neither money nor reach, belong to system_exports."""
    assert owners(SYSTEMS[what]) == ["manual/system_exports"]


@pytest.mark.parametrize("what", EVENTS)
def test_manual_json_lines_are_taken_by_event_streams_alone(what: str) -> None:
    """Objects one a line, plain or gzip'd, belong to event_streams."""
    assert owners(EVENTS[what]) == ["manual/event_streams"]


@pytest.mark.parametrize("what", ANSWERS)
def test_manual_json_of_unknown_platforms_is_taken_by_api_responses_alone(what: str) -> None:
    """A JSON body with rows, or one resource of several fields, belongs to api_responses when no other feed takes it."""
    assert owners(ANSWERS[what]) == ["manual/api_responses"]


@pytest.mark.parametrize("what", NOBODYS)
def test_manual_other_content_is_nobodys(what: str) -> None:
    """Prose, pages, pictures, programs and error bodies are refused by every feed."""
    assert owners(NOBODYS[what]) == []


def good_samples() -> list[Path]:
    """Samples that pass, of all platforms but this one."""
    folders = (REGISTRY.folder / name / "samples" for name in REGISTRY.names() if name != "manual")
    return [p for folder in folders for p in sorted(folder.glob("*/ok*")) if not p.name.endswith(".report.json")]


def test_manual_feeds_leave_other_platforms_their_samples() -> None:
    """No good sample of another platform is left to a manual feed."""
    samples = good_samples()
    assert samples
    for sample in samples:
        assert not [name for name in owners(sample.read_bytes()) if name.startswith("manual/")], sample


def test_manual_feeds_never_claim_a_file_together() -> None:
    """Whatever a file holds, at most one of the feeds of last resort claims it."""
    bodies = [*FINANCIAL.values(), *REPORTS.values(), *SYSTEMS.values(), *EVENTS.values(), *ANSWERS.values(), *NOBODYS.values()]
    bodies += [path.read_bytes() for path in good_samples()]
    for body in bodies:
        assert sum(claims(feed, body[:HEAD_BYTES]) for feed in MANUAL.feeds.values()) <= 1


def test_manual_names_from_outside_become_harmless_paths() -> None:
    """An upload lands under its feed's folder with the platform's prefix, a made-safe word and its own extension."""
    path = landing_path(MANUAL.feeds["financial_data"], AT, name="../../R\u00e9glement \u202eQ1 2026.CSV")
    assert path == "manual_uploads/financial_data/manual_financial_reglement-q1-2026_20260302_093000.csv"
    assert template_pattern(MANUAL.feeds["financial_data"]).fullmatch(path)
    names = {name: landing_path(feed, AT, name="a b.x") for name, feed in MANUAL.feeds.items()}
    assert names["system_exports"] == "manual_uploads/system_exports/manual_system_a-b_20260302_093000.x"
    assert names["event_streams"] == "manual_uploads/event_streams/manual_events_a-b_20260302_093000.x"
    assert names["api_responses"] == "manual_uploads/api_responses/manual_response_a-b_20260302_093000.x"
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
    ("name", "what"), [("system_exports", w) for w in SYSTEMS] + [("event_streams", w) for w in EVENTS if "very long" not in w]
    + [("api_responses", w) for w in ANSWERS],
)  # fmt: skip
def test_manual_whole_exports_streams_and_answers_pass(tmp_path: Path, name: str, what: str) -> None:
    """A whole dump, workbook, stream or answer has no error and no warning."""
    found = report(tmp_path, name, (SYSTEMS | EVENTS | ANSWERS)[what])
    assert found.verdict is Verdict.PASSED, found.findings


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
        ("api_responses", b"<!doctype html><title>Log in</title><form><input type='password'></form>", "format.sign-in-page"),
        ("api_responses", b"<!doctype html><title>Lists</title><p>rows", "format.html-instead"),
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
