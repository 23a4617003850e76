"""What an export is packed in: a zip with its tables at the root, a bare CSV, or a workbook. Whose it is, and its rows.

*Seen*: four zips per account, entries at the root, stored without compression, named after their tables. XLSX can be chosen in place of
CSV (*documented*); that its tables are sheets with the same headers is *assumed*. Nothing is ever written under a name from inside.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Finding, Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, note, warning

from . import labels
from .tables import BY_STEM, PARTS, Part, Table, part_of_header, read_table, read_text

MOST_ENTRIES = 16
MOST_ENTRY = 8 << 20
"""Bytes of one entry unpacked: the largest seen has 12 kilobytes."""
SHORTEST = 20
_ZIP = b"PK\x03\x04"
_WORKBOOK = ("[content_types].xml", "xl/workbook.xml")


class Sheet(Rows):
    """An export: the rows of its main table, with the other tables beside it.

    Attributes:
        report: the feed it belongs to.  table: the main one; None where a part came alone.
        parts: all tables by the name of their entry (`FollowerGender`).
        received: what the file's name tells; `exported` is the day of the export as far as known. Both filled in by `complete`.
        days: of each row; None where it cannot be told.
    """

    __slots__ = ("report", "table", "parts", "received", "exported", "days", "packed")

    def __init__(
        self, report: str, tables: dict[str, Table], *, packed: bool, findings: tuple[Finding, ...], facts: dict[str, Any]
    ) -> None:
        main = next((t for t in tables.values() if t.part.main), None)
        columns = [c for p in PARTS if p.report == report and p.main for c in p.columns] + (
            ["post", "handle"] if report == "content" else []
        )
        super().__init__(main.rows if main else [], columns, findings=findings, facts=facts)
        self.report, self.table, self.parts, self.packed = report, main, tables, packed
        self.received: labels.Received | None = None
        self.exported: date | None = None
        self.days: list[date | None] = []

    def place(self, index: int, column: str | None = None) -> Place:
        """Row and column of the table, as a person counts them: the header is row 1."""
        return Place(row=index + 2, column=column)


def open_zip(data: bytes) -> dict[str, bytes]:
    """Entries of an archive, by name.

    Raises:
        FormatTrouble: `format.truncated` where the directory at its end is gone; `format.archive` for damage, encryption, paths, repeated
            names, too many or too large entries. Sizes are counted while unpacking.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            names = [e.filename for e in entries]
            if len(entries) > MOST_ENTRIES or len(set(names)) != len(names):
                raise FormatTrouble(
                    "format.archive", "the archive holds too many entries, or one twice", seen=f"{len(names)} entries"
                )
            return {e.filename: _entry(archive, e) for e in entries}
    except FormatTrouble:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        OverflowError,
    ) as trouble:
        if data.startswith(_ZIP) and b"PK\x05\x06" not in data[-66_000:]:
            raise FormatTrouble("format.truncated", "the archive breaks off before its directory") from trouble
        raise FormatTrouble("format.archive", "the archive is damaged") from trouble


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & 1:
        raise FormatTrouble("format.archive", "the archive is encrypted")
    with archive.open(entry) as source:
        body = source.read(MOST_ENTRY + 1)
    if len(body) > MOST_ENTRY:
        raise FormatTrouble("format.archive", "an entry unpacks beyond reason", expected=f"at most {MOST_ENTRY:,} bytes")
    return body


def _is_workbook(names: list[str]) -> bool:
    return bool({n.casefold() for n in names} & set(_WORKBOOK))


def workbook_tables(data: bytes) -> Iterator[list[list[str]]]:
    """The sheets of a workbook as records of text."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names[:MOST_ENTRIES]:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
            records = [[_text(cell) for cell in row] for row in rows if any(cell not in ("", None) for cell in row)]
            if records:
                yield records
    except (CalamineError, ValueError, OSError) as trouble:
        raise FormatTrouble("format.archive", "the workbook is damaged") from trouble


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return labels.spelled(cell) if isinstance(cell, date) else str(cell)


def _stem(name: str) -> str:
    return re.sub(r"\.(csv|xlsx)$", "", name, flags=re.IGNORECASE).casefold()


def _tables(data: bytes) -> tuple[dict[str, Table], bool, list[str]]:
    """Tables of a payload, whether it is an archive of them, and names of entries nobody knows."""
    if not data.startswith(b"PK"):
        records, facts = read_text(data)
        return _named([read_table(records, None, facts)]), False, []
    entries = open_zip(data)
    if _is_workbook(list(entries)):
        return _named([read_table(records, None, {"encoding": "xlsx"}) for records in workbook_tables(data)]), False, []
    found: list[Table] = []
    unknown: list[str] = []
    for name, body in entries.items():
        if "/" in name or "\\" in name or name.startswith("."):
            raise FormatTrouble(
                "format.archive", "an entry of the archive has a path; exports have none", seen=f"{len(name)} characters"
            )
        part = BY_STEM.get(_stem(name))
        if part is None:
            unknown.append(name)
        elif name.casefold().endswith(".xlsx"):
            open_zip(body)
            found += [read_table(records, part, {"encoding": "xlsx"}) for records in list(workbook_tables(body))[:1]]
        else:
            found.append(read_table(*_with_part(body, part)))
    return _named(found), True, unknown


def _with_part(body: bytes, part: Part) -> tuple[list[list[str]], Part, dict[str, Any]]:
    records, facts = read_text(body)
    return records, part, facts


def _named(tables: list[Table]) -> dict[str, Table]:
    found = {t.part.stem: t for t in tables}
    if len(found) != len(tables):
        raise FormatTrouble("format.archive", "the archive holds a table twice")
    return found


def reader(report: str) -> Callable[[bytes], Sheet]:
    """`Feed.parse` of an export: payload to its Sheet, the days still without a year."""

    def parse(data: bytes) -> Sheet:
        tables, packed, unknown = _tables(data)
        reports = {t.part.report for t in tables.values()}
        if len(reports) > 1:
            raise FormatTrouble("format.archive", "the archive holds more than one report", seen=", ".join(sorted(reports)))
        if not reports:
            raise FormatTrouble("format.archive", "the archive holds no table of an export")
        if reports != {report}:
            (other,) = reports
            raise FormatTrouble("format.wrong-feed", f"this is the content of tiktok/{other}", expected=report, seen=other)
        findings = [f for t in tables.values() for f in _noticed(t)]
        findings += [
            note("schema.drift", f"an entry that the feed does not know: {n[:60]}", stage="schema", seen=n[:60]) for n in unknown
        ]
        main = next((t for t in tables.values() if t.part.main), None)
        if report == "viewers" and main is not None:
            _undefined_viewers(main)
        facts = dict(main.facts) if main else {}
        return Sheet(report, tables, packed=packed, findings=tuple(findings), facts=facts)

    parse.source = ("reader", report)  # type: ignore[attr-defined]
    return parse


def _noticed(table: Table) -> Iterator[Finding]:
    for name in table.extra:
        yield note(
            "schema.drift", f"a column that the feed does not know: {name[:60]}", stage="schema", row=1, column=name[:60], seen=name[:60]
        )  # fmt: skip
    if table.by_position:
        yield warning(
            "schema.header-unknown", f"the header of {table.part.stem} is in words that are not known; columns were taken by their place",
            stage="schema", row=1, expected=", ".join(f.spellings[0] for f in table.part.fields)[:120],
        )  # fmt: skip


def _undefined_viewers(table: Table) -> None:
    """An undefined total comes with "0" new and returning viewers (*seen*): all three are missing then, none is zero."""
    for row in table.rows:
        if row["total_viewers"] is None and row["new_viewers"] == 0 and row["returning_viewers"] == 0:
            row["new_viewers"] = row["returning_viewers"] = None


def complete(content: Sheet, sidecar: Sidecar) -> Sheet:
    """`Feed.complete` of an export: the year of each day, from the first day in the received name, else from the time of capture."""
    content.received = labels.read_name(sidecar.received_name)
    exported = content.received.exported_at if content.received else sidecar.captured_at
    content.exported = exported.date()
    facts = content.facts
    facts["dated_by"] = "file name" if content.received else "capture time"
    table = content.table
    if table is not None:
        start = content.received.start if content.received and content.report != "content" else None
        content.days = labels.dated(table.labels, start=start, captured=content.exported)
        for row, day in zip(table.rows, content.days, strict=True):
            row["day"] = day.isoformat() if day else None
        content._columns = ("label", "day", *(c for c in content.columns if c != "label"))
        forms = sorted(labels.common_forms([label for label in table.labels if label]))
        facts |= {"label_form": " or ".join(", ".join(f) for f in forms[:4])} if forms else {}
        measures = [f.name for f in table.part.fields if f.kind == "count"]
        if table.undefined:
            facts["undefined"] = table.undefined
        if content.report == "followers" and (way := _difference_way(table)):
            facts["difference_column"] = way
        told = [d for d, row in zip(content.days, table.rows, strict=True) if d and any(row[m] is not None for m in measures)]
        if told:
            facts["last_told"] = max(told).isoformat()
    return content


def _difference_way(table: Table) -> str | None:
    """Which way the difference column looks: `backward` in some files, `forward` in others (*seen*). It is told and never used."""
    levels = [row["followers"] for row in table.rows]
    counted: dict[str, list[bool]] = {"backward": [], "forward": []}
    for index, step in enumerate(table.aside):
        for way, other in (("backward", index - 1), ("forward", index + 1)):
            if 0 <= other < len(levels) and step is not None and type(levels[index]) is int and type(levels[other]) is int:
                counted[way].append(step == (levels[index] - levels[other]) * (1 if way == "backward" else -1))
    if not counted["backward"] or not counted["forward"]:
        return None
    return next((way for way, hits in counted.items() if sum(hits) >= 0.95 * len(hits)), "neither")


# -- whose content ----------------------------------------------------------------------------------------------------------


def report_of(head: bytes) -> str | None:
    """The report whose export begins with these bytes; None for anything else."""
    if not head.startswith(b"PK"):
        part = part_of_header(_first_cells(head))
        return part.report if part else None
    names = _entry_names(head)
    if _is_workbook(names):
        return _report_of_workbook(head)
    reports = {BY_STEM[_stem(n)].report for n in names if _stem(n) in BY_STEM and re.search(r"\.(csv|xlsx)$", n, re.IGNORECASE)}
    return reports.pop() if len(reports) == 1 else None


def _first_cells(head: bytes) -> list[str]:
    line = head[:4096].decode("utf-8-sig", "replace").partition("\n")[0].rstrip("\r")
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return []


def _entry_names(head: bytes) -> list[str]:
    """Names of an archive's entries as its local headers tell them, as far as the head reaches; a size kept for later ends the walk."""
    names, at = [], 0
    while head[at : at + 4] == _ZIP and len(head) >= at + 30 and len(names) < MOST_ENTRIES:
        flags, packed = int.from_bytes(head[at + 6 : at + 8], "little"), int.from_bytes(head[at + 18 : at + 22], "little")
        length, extra = int.from_bytes(head[at + 26 : at + 28], "little"), int.from_bytes(head[at + 28 : at + 30], "little")
        names.append(head[at + 30 : at + 30 + length].decode("utf-8", "replace"))
        if flags & 8:
            break
        at += 30 + length + extra + packed
    return names


def _report_of_workbook(head: bytes) -> str | None:
    """A workbook is small: the head holds it whole, or it is none of ours."""
    try:
        entries = open_zip(head)
        parts = {part_of_header(records[0]) for records in workbook_tables(head)} if entries else set()
    except FormatTrouble:
        return None
    reports = {part.report for part in parts if part is not None}
    return reports.pop() if len(reports) == 1 and None not in parts else None


def recogniser(report: str) -> Callable[[bytes], bool]:
    """`Feed.recognise` of an export."""

    def recognise(head: bytes) -> bool:
        return report_of(head) == report

    recognise.wanted = [f.spellings for p in PARTS if p.report == report and p.main for f in p.fields]  # type: ignore[attr-defined]
    recognise.source = ("recogniser", report)  # type: ignore[attr-defined]
    return recognise


def why_broken(data: bytes) -> str | None:
    """Why a download is not whole: its archive breaks off or is damaged, its table ends inside a cell; None where nothing shows.

    What is no export at all (a page) is whole in this sense: inspection says what it is.
    """
    if len(data.strip()) < SHORTEST:
        return "it holds nothing"
    if not data.startswith(b"PK"):
        return "the table breaks off inside a cell" if report_of(data) is not None and data.count(b'"') % 2 else None
    try:
        open_zip(data)
    except FormatTrouble as trouble:
        return trouble.sentence
    return None
