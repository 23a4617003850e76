"""Uploads that mean harm or are merely huge: bombs, endless sheets, long lines, zero bytes. Read where payloads are read, in the limited child."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.pool import Inspectors
from bedrot_console.inspection.recognise import HEAD_BYTES, recognise
from bedrot_console.operations.inspector import command
from extractors.manual.simulated import samples as made
from extractors.manual.simulated.books import xls, xlsx

REGISTRY = Registry()
MANUAL = REGISTRY.load("manual")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ROOT = REGISTRY.folder.parent


def job_of(name: str, path: Path, number: int = 0) -> Job:
    feed = MANUAL.feeds[name]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    sidecar = Sidecar(
        id=f"file{number:06d}", platform="manual", feed=feed.name, feed_version=1, account="default", source_system="upload", method="manual",
        captured_at=AT, landed_at=AT, as_of=None, extractor_version="2", run_id=None, set_id=None, media_type=feed.media_type,
        size_bytes=path.stat().st_size, sha256=digest,
    )  # fmt: skip
    return Job(feed=feed, payload=path, sidecar=sidecar, now=AT, report_id=f"report{number}", rules="test")


class Reading:
    """Payloads in a home's landing folder, read by the limited child as the console does."""

    def __init__(self, home: Path) -> None:
        self.home, self.count = home, 0
        self.inspectors = Inspectors(command(REGISTRY.folder, home), size=1)

    def job(self, name: str, data: bytes) -> Job:
        self.count += 1
        path = self.home / "landing" / f"upload{self.count}"
        path.write_bytes(data)
        return job_of(name, path, self.count)

    def __call__(self, name: str, data: bytes) -> Report:
        (report,) = self.inspectors.run([self.job(name, data)])
        return report


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("home")
    (home / "landing").mkdir()
    reading = Reading(home)
    yield reading
    reading.inspectors.close()


def found(report: Report) -> dict[str, str]:
    return {f.code: f.severity.value for f in report.findings}


def with_part(book: bytes, name: str, body: bytes) -> bytes:
    """A workbook with one part replaced, packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, body if entry == name else old.read(entry))
    return out.getvalue()


BOOK = xlsx(("Machines", made.MACHINES))
SHEET = "xl/worksheets/sheet1.xml"
CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
HEADED = '<row r="1">' + CELL.format("A1", "Host") + CELL.format("B1", "Disk") + "</row>"
EMPTY = "".join(f'<row r="{n}"/>' for n in range(2, 1_000_002))
STYLED = "".join(f'<row r="{n}"><c r="A{n}" s="1"/><c r="B{n}" s="1"/></row>' for n in range(2, 300_002))
LAST = '<row r="1048576">' + CELL.format("A1048576", "lake-9") + '<c r="B1048576"><v>5</v></c></row>'


@pytest.mark.parametrize("rows", [EMPTY, STYLED], ids=["bare", "styled"])
def test_a_million_empty_rows_cost_little_and_hide_nothing(read: Reading, rows: str) -> None:
    """Empty rows, styled or not, are passed over: the row at the very end of the sheet is found, with its number."""
    start = time.perf_counter()
    report = read("system_exports", xlsx(("Machines", HEADED + rows + LAST), packed=True))
    assert report.verdict is Verdict.PASSED, report.findings
    assert report.facts["rows"] == 1 and report.facts["of_sheets"][0]["header_row"] == 1
    assert time.perf_counter() - start < 30


def test_a_sheet_that_spreads_two_cells_over_everything_is_kept_unread(read: Reading) -> None:
    """Two cells at the corners of the largest sheet claim seventeen thousand million places: a human must look, nothing is allocated."""
    far = HEADED + '<row r="1048576">' + CELL.format("XFD1048576", "far") + "</row>"
    report = read("system_exports", xlsx(("Machines", far), packed=True))
    assert found(report) == {"completeness.unread": "warning"}


def test_a_far_sheet_hidden_under_another_name_is_weighed_too(read: Reading) -> None:
    """A workbook may name any part as its sheet, also a picture; all parts are weighed."""
    far = HEADED + '<row r="1048576">' + CELL.format("XFD1048576", "far") + "</row>"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(("Machines", far)))) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.namelist():
            body = old.read(entry).replace(b"worksheets/sheet1.xml", b"media/picture.png")
            new.writestr("xl/media/picture.png" if entry == SHEET else entry, body)
    assert found(read("system_exports", out.getvalue())) == {"completeness.unread": "warning"}
    loose = HEADED + "<row>" + "<c><v>1</v></c>" * 3_000_001 + "</row>"
    assert found(read("system_exports", xlsx(("Machines", loose), packed=True))).keys() & {
        "completeness.unread",
        "format.archive",
    }


@pytest.mark.parametrize(
    ("name", "data", "codes"),
    [
        ("a sheet of blanks", with_part(BOOK, SHEET, b" " * (96 << 20)), {"format.archive"}),
        ("declared entities", with_part(BOOK, SHEET, b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData>&a;</sheetData></worksheet>'), {"format.archive"}),
        ("no sheet's XML", with_part(BOOK, SHEET, b"\0\xff" * 900), {"format.archive", "format.truncated", "completeness.no-rows"}),
        ("cut in the middle", BOOK[: len(BOOK) // 2], {"format.truncated"}),
        ("an old one, cut", xls("Jobs", made.JOBS)[:2048], {"format.truncated"}),
        ("an old one of zeros", xls("Jobs", made.JOBS)[:1536] + bytes(4096), {"format.truncated", "completeness.no-rows", "format.archive"}),
    ],
)  # fmt: skip
def test_hostile_workbooks_fail_for_a_reason(read: Reading, name: str, data: bytes, codes: set[str]) -> None:
    """A bomb, an entity declaration, a broken sheet and broken containers are errors of the file; the reader lives on or is replaced."""
    report = read("system_exports", data)
    assert report.verdict is Verdict.FAILED, name
    assert found(report).keys() & codes, found(report)
    assert read("system_exports", BOOK).verdict is Verdict.PASSED


def test_a_long_sheet_is_read_to_its_end_and_looked_at_in_part(read: Reading) -> None:
    """Of a sheet of 60,000 rows all are counted, the first 50,000 looked at cell by cell, and that is told."""
    cells = [("Host", "Disk used GB"), *((f"lake-{n}", n % 700) for n in range(60_000))]
    report = read("system_exports", xlsx(("Machines", cells), packed=True))
    assert found(report) == {"completeness.sampled": "note"} and report.facts["rows"] == 60_000


def test_a_line_of_fifty_megabytes_is_one_bad_line(read: Reading) -> None:
    """The line is named and not kept; the events around it are read."""
    good = made.lines(made.events(2))
    report = read("event_streams", good + b'{"ts": "' + b"x" * (50 << 20) + b'"}\n' + good)
    assert [(f.code, f.place.row) for f in report.findings if f.severity is Severity.ERROR] == [("format.too-large", 3)]
    assert report.facts["rows"] == 4


def test_zero_bytes_in_lines_are_named(read: Reading) -> None:
    """What a crashed machine leaves in a log, lines of zeros, is named by row; at its end it is a stream that breaks off."""
    good = made.lines(made.events(60))
    report = read("event_streams", good + bytes(4096) + b"\n" + good)
    assert [(f.code, f.place.row) for f in report.findings if f.severity is Severity.ERROR] == [("format.not-text", 61)]
    assert "format.not-text" in found(read("event_streams", good + bytes(4096)))
    dump = made.MYSQL.replace("Night", "Ni\0ght").encode()
    assert found(read("system_exports", dump)) == {"format.not-text": "error"}


def test_bombs_in_gzip_are_refused(read: Reading) -> None:
    """A stream or dump that unpacks beyond reason is damaged, not endless work."""
    bomb = gzip.compress(made.lines(made.events(4)) + b'{"a": 0}' + b" " * (64 << 20) + b"\n")
    assert found(read("event_streams", bomb)) == {"format.archive": "error"}
    assert found(read("system_exports", gzip.compress(made.MYSQL.encode() + b"-" * (64 << 20)))) == {"format.archive": "error"}


def test_deep_and_odd_answers_are_refused(read: Reading) -> None:
    """Nesting without end, numbers beyond all bounds and repeated keys are troubles of the format."""
    assert found(read("api_responses", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)) == {"format.too-deep": "error"}
    assert found(read("api_responses", b'{"a": 1, "b": 2, "a": 3, "c": 4}')) == {"format.duplicate-keys": "error"}
    assert found(read("api_responses", b'[{"a": 1e999}]')) == {"format.number-too-large": "error"}


@pytest.mark.parametrize("seed", range(2))
def test_no_damage_ends_without_a_report(read: Reading, seed: int) -> None:
    """Samples with bytes turned, cut out and doubled: each gets its report, and a whole file after them passes."""
    import random

    random_ = random.Random(seed)
    jobs = []
    for name, body in made.made().items():
        if not name.partition("/")[2].startswith("ok"):
            continue
        data = bytearray(body)
        for _ in range(random_.randint(1, 12)):
            at = random_.randrange(len(data))
            act = random_.randrange(3)
            if act == 0:
                data[at] = random_.randrange(256)
            elif act == 1:
                del data[at : at + random_.randrange(1, 40)]
            else:
                data[at:at] = data[at : at + 30]
            data = data or bytearray(b"{")
        jobs.append(read.job(name.partition("/")[0], bytes(data)))
    reports = list(read.inspectors.run(jobs))
    assert len(reports) == len(jobs)
    assert not [r for r in reports if any(f.seen in ("crashed", "memory", "time", "stumbled") for f in r.findings)]
    assert read("event_streams", made.lines(made.events())).verdict is Verdict.PASSED


WEIGH = """
import resource, sys, json, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
import test_manual_hostile as here
from bedrot_console.inspection.stages import inspect
warm = Path({warm!r}); warm.write_bytes(here.made.MYSQL.encode())
inspect(here.job_of({feed!r}, warm))
used = int(next(l for l in open("/proc/self/status") if l.startswith("VmData")).split()[1]) << 10
resource.setrlimit(resource.RLIMIT_DATA, (used + {most}, used + {most}))
start = time.process_time()
report = inspect(here.job_of({feed!r}, Path({path!r})))
print(json.dumps([report.verdict.value, report.facts, [f.code for f in report.findings], time.process_time() - start]))
"""


def weighed(tmp_path: Path, feed: str, path: Path, most: int) -> list[object]:
    """Verdict, facts, codes and processor seconds of a file read by a process that may use `most` bytes of memory for it."""
    import json

    program = WEIGH.format(
        root=str(ROOT), tests=str(Path(__file__).parent), warm=str(tmp_path / "warm"), feed=feed, most=most, path=str(path)
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_dump_of_200_megabytes_is_read_at_bounded_memory(tmp_path: Path) -> None:
    """Its rows are counted to the last while less than 64 MB of memory are used, and within the reader's processor time."""
    path = tmp_path / "dump.sql"
    head, tail = made.POSTGRES.split("1\tMara Vale\n")
    block = "".join(
        f"{n}\tArtist number {n} of a long list of artists with a long name each\t2026-03-01\n" for n in range(40_000)
    ).encode()
    count = -(-(200 << 20) // len(block))
    with path.open("wb") as file:
        file.write(head.encode())
        for _ in range(count):
            file.write(block)
        file.write(("1\tMara Vale\n" + tail).encode())
    assert path.stat().st_size > 200 << 20
    verdict, facts, _, seconds = weighed(tmp_path, "system_exports", path, 64 << 20)
    assert verdict == "passed"
    assert facts["tables"] == {"public.artists": 40_000 * count + 3, "public.log": 0}  # type: ignore[index]
    assert seconds < 5 + path.stat().st_size / (8 << 20)  # type: ignore[operator]


def test_a_long_stream_is_read_at_bounded_memory(tmp_path: Path) -> None:
    """Of 70 MB of events all are read and the first are held, within 320 MB."""
    path = tmp_path / "events.jsonl"
    block = made.lines([event | {"note": "x" * 400} for event in made.events(5000, step=made.timedelta(0))])
    with path.open("wb") as file:
        for _ in range(-(-(70 << 20) // len(block))):
            file.write(block)
    verdict, facts, codes, _ = weighed(tmp_path, "event_streams", path, 320 << 20)
    assert verdict == "passed" and codes == ["completeness.sampled"]
    assert facts["rows"] == 5000 * -(-(70 << 20) // len(block))  # type: ignore[index]


def test_heads_of_anything_are_looked_at_quickly() -> None:
    """Recognising the first megabyte of a hostile file takes well under a second."""
    heads = [
        b"{" * HEAD_BYTES, b'{"a":1}\n' * (HEAD_BYTES // 8), b'"' * HEAD_BYTES, b"," * HEAD_BYTES, b"PK\x03\x04" * (HEAD_BYTES // 4),
        made.xlsx(("A", (("<t>" * 9000,),))), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Workbook " * (HEAD_BYTES // 9), b"-- MySQL dump 1\n" * 60_000,
        gzip.compress(bytes(8 << 20)), b"a,b\n" * (HEAD_BYTES // 4), b"\n" * HEAD_BYTES, b'[{"a":' * (HEAD_BYTES // 6),
    ]  # fmt: skip
    for head in heads:
        start = time.process_time()
        recognise(MANUAL.feeds.values(), head[:HEAD_BYTES])
        assert time.process_time() - start < 2, head[:20]
