"""Event streams: JSON lines, one object a line, oldest first, as programs append them; a rotated log, plain or gzip'd."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bedrot_console.domain.findings import Finding, Place, Severity
from bedrot_console.inspection.helpers import FormatTrouble, Rows, error, note, warning
from bedrot_console.inspection.jsontext import decode, decode_lines

from .streams import Lines, pieces_of

TIMES = ("ts", "time", "timestamp", "at", "occurred_at", "date", "@timestamp", "event_time", "created_at", "datetime")
"""Names of the field that says when, best first."""
LONGEST_LINE = 16 << 20
MOST_RECORDS = 50_000
HELD_BYTES = 48 << 20
"""So many events, and so many bytes of them, are held for looking at; all are read."""
NAMED_LINES = 20
BACKWARDS = timedelta(minutes=1)
"""Writers that work side by side may be out of step by so much."""
AHEAD = timedelta(days=1)
_DIGITS = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:\Z|[T ]\d{2}:)", re.ASCII)


def time_of(value: Any) -> datetime | None:
    """The moment a field names: ISO 8601 (UTC where no zone is given), or seconds, milliseconds, microseconds or nanoseconds since 1970; else
    None. Aware."""
    if isinstance(value, str):
        text = value.strip()
        if _ISO.match(text):
            try:
                found = datetime.fromisoformat(text.replace(" UTC", "Z").replace("UTC", "Z") if text.endswith("UTC") else text)
            except ValueError:
                return None
            return found if found.tzinfo is UTC else found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        if not _DIGITS.fullmatch(text):
            return None
        value = float(text) if "." in text else int(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1e8 <= value < 1e19:
        return None
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        if value < 1e11 * unit:
            return datetime.fromtimestamp(value / unit, UTC)
    return None


def time_field(event: Mapping[str, Any]) -> str | None:
    """The field of an event that says when it happened."""
    return next((name for name in TIMES if name in event and time_of(event[name]) is not None), None)


def is_events(head: bytes) -> bool:
    """Whether a text begins with objects, one a line: two at least, or one with a time, alone and without lists of further objects."""
    whole, end, cut = head.rpartition(b"\n")
    lines = [line for line in whole.split(b"\n")[:40] if line.strip()]
    if not end or not lines or not lines[0].lstrip().startswith(b"{"):
        return False
    objects = [value for line in lines if (value := _object(line)) is not None]
    if len(lines) > 1 or cut.lstrip().startswith(b"{"):
        return len(objects) * 2 > len(lines)
    return bool(objects) and not cut.strip() and time_field(objects[0]) is not None and not any(
        isinstance(v, list) and v and isinstance(v[0], dict) for v in objects[0].values()
    )  # fmt: skip


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = decode(line, duplicates=False)
    except FormatTrouble:
        return None
    return value if type(value) is dict else None


def read_events(data: Any) -> Rows:
    """A stream as rows, with every line that is no event named.

    Raises:
        FormatTrouble: not a single line is an event; or the gzip wrapping is damaged.
    """
    return _Reading(data).content()


class _Reading:
    """One walk down a stream."""

    def __init__(self, data: Any) -> None:
        self.lines = Lines(pieces_of(data), LONGEST_LINE)
        self.packed = data[:2] == b"\x1f\x8b"
        self.records: list[dict[str, Any]] = []
        self.rows: list[int] = []
        self.held = self.count = self.bad = 0
        self.findings: list[Finding] = []
        self.codes: dict[str, int] = {}
        self.digest = hashlib.sha256()
        self.field: str | None = None
        self.times = Times()

    def content(self) -> Rows:
        last: tuple[int, FormatTrouble] | None = None
        for number, lines in self.lines:
            for row, line, value in self.decoded(number, lines):
                if last is not None:
                    self.name(*last)
                    last = None
                if isinstance(value, FormatTrouble):
                    last = row, value
                elif type(value) is not dict:
                    last = row, FormatTrouble("format.unknown-shape", "is no JSON object")
                else:
                    self.event(row, line, value)
        if last is not None:
            row, trouble = last
            broken = trouble.code in ("format.truncated", "format.not-json", "format.too-large") and not self.lines.ended
            self.name(row, FormatTrouble("format.truncated", "is the last and breaks off") if broken else trouble)
        elif not self.lines.ended and self.count:
            self.findings.append(note("format.no-final-newline", "the last line has no line end"))
        if not self.count:
            raise FormatTrouble("format.empty") if not self.bad else self.first_trouble()
        self.more()
        return Stream(self)

    def decoded(self, number: int, lines: list[bytes | None]) -> Iterator[tuple[int, bytes, Any]]:
        """Number, text and value of each line that is not blank; a FormatTrouble in place of a value where there is none."""
        good = [(row, line) for row, line in enumerate(lines, start=number) if line is None or line.strip(b" \t\r")]
        whole = [line for _, line in good if line is not None]
        values = decode_lines(whole) if len(whole) == len(good) and not self.lines.holds_zero else None
        if values is not None:
            for (row, line), value in zip(good, values, strict=True):
                yield row, line or b"", value
            return
        for row, line in good:
            yield row, line or b"", self.looked_at(line)

    @staticmethod
    def looked_at(line: bytes | None) -> Any:
        """The value of one line, or why there is none."""
        if line is None:
            return FormatTrouble("format.too-large", f"is longer than {LONGEST_LINE:,} bytes")
        if b"\0" in line:
            return FormatTrouble("format.not-text", "holds zero bytes")
        try:
            return decode(line)
        except FormatTrouble as trouble:
            return trouble

    def event(self, row: int, line: bytes, value: dict[str, Any]) -> None:
        self.count += 1
        self.digest.update(line.rstrip(b"\r") + b"\n")
        if len(self.records) < MOST_RECORDS and self.held < HELD_BYTES:
            self.held += len(line)
            self.records.append(value)
            self.rows.append(row)
        if self.field is None and self.count <= NAMED_LINES:
            self.field = time_field(value)
        if self.field is not None:
            self.times.take(row, value.get(self.field))

    def name(self, row: int, trouble: FormatTrouble) -> None:
        self.bad += 1
        self.codes[trouble.code] = self.codes.get(trouble.code, 0) + 1
        if self.codes[trouble.code] <= NAMED_LINES:
            sentence = (
                trouble.sentence if trouble.sentence.startswith(("is ", "holds ")) else f"cannot be read: {trouble.sentence}"
            )
            self.findings.append(error(trouble.code, f"line {row} {sentence}", row=row))

    def more(self) -> None:
        for code, count in self.codes.items():
            if count > NAMED_LINES:
                self.findings.append(error(code, f"and so in {count - NAMED_LINES:,} more lines", count=count - NAMED_LINES))

    def first_trouble(self) -> FormatTrouble:
        first = self.findings[0]
        return FormatTrouble(first.code, f"no line is an event; {first.message}", place=first.place)


class Times:
    """The times of a stream as they pass by: earliest and latest, the first step back, the first cell that is no time."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.back = self.odd = self.missing = self.good = 0
        self.back_row = self.odd_row = self.missing_row = 0
        self.farthest = timedelta(0)

    def take(self, row: int, value: Any) -> None:
        if value is None:
            self.missing += 1
            self.missing_row = self.missing_row or row
            return
        at = time_of(value)
        if at is None:
            self.odd += 1
            self.odd_row = self.odd_row or row
            return
        self.good += 1
        if self.first is None or at < self.first:
            self.first = at
        if self.last is None or at >= self.last:
            self.last = at
        elif self.last - at > BACKWARDS:
            self.back += 1
            self.back_row = self.back_row or row
            self.farthest = max(self.farthest, self.last - at)


class Stream(Rows):
    """Events as rows, the first of them held; `times` is what all of them say, `numbers` the line of each one held, `count` how many there are."""

    __slots__ = ("times", "field", "numbers", "count")

    def __init__(self, reading: _Reading) -> None:
        times = reading.times
        facts: dict[str, Any] = {"kind": "jsonl", "rows": reading.count}
        if reading.packed:
            facts["packed"] = "gzip"
        if reading.field is not None:
            facts["time_field"] = reading.field
        if times.first is not None and times.last is not None:
            facts |= {
                "first_day": times.first.date().isoformat(), "last_day": times.last.date().isoformat(),
                "first_time": times.first.isoformat(), "last_time": times.last.isoformat(),
            }  # fmt: skip
        facts["content_sha256"] = reading.digest.hexdigest()
        super().__init__(reading.records, base=None, findings=reading.findings, facts=facts)
        self.times, self.field, self.numbers, self.count = times, reading.field, reading.rows, reading.count

    def place(self, index: int, column: str | None = None) -> Place:
        return Place(row=self.numbers[index], column=column)


def in_order(content: Any, context: Any) -> Iterator[Finding]:
    """Events have times, in order (up to a minute out of step), none ahead of the capture."""
    if not isinstance(content, Stream):
        return
    times, name = content.times, content.field
    if name is None:
        yield note(
            "completeness.no-times", "no field of the events says when", stage="completeness", expected=" or ".join(TIMES[:6])
        )
        return
    if times.odd:
        yield warning("consistency.not-a-time", f"{name} is not a time", row=times.odd_row, column=name, count=times.odd)
    if times.missing:
        yield warning(
            "completeness.time-missing", f"events have no {name}", stage="completeness", row=times.missing_row, column=name, count=times.missing
        )  # fmt: skip
    if times.back:
        yield warning(
            "consistency.time-order", f"events are older than one before them, by up to {int(times.farthest.total_seconds()):,} seconds",
            row=times.back_row, column=name, count=times.back,
        )  # fmt: skip
    if times.last is not None and times.last > context.sidecar.captured_at + AHEAD:
        yield _finding_ahead(name, times.last, context.sidecar.captured_at)


def _finding_ahead(name: str, last: datetime, captured: datetime) -> Finding:
    return Finding(
        code="consistency.future-day", severity=Severity.ERROR, stage="", message="an event lies in the future of the capture",
        place=Place(column=name), expected=f"at most {(captured + AHEAD).date()}", seen=str(last.date()),
    )  # fmt: skip
