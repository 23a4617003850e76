"""Event streams: times by name, order, and every line that is no event named."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.findings import Finding, Severity
from bedrot_console.inspection.contents import FormatTrouble
from extractors.manual.events import LONGEST_LINE, NAMED_LINES, TIMES, Stream, in_order, is_events, read_events, time_of
from extractors.manual.simulated import samples as made
from extractors.manual.streams import Lines

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MOMENT = datetime(2026, 3, 1, 6, 0, 5, tzinfo=UTC)


def checked(rows: list[dict[str, Any]]) -> dict[str, Finding]:
    context = SimpleNamespace(sidecar=SimpleNamespace(captured_at=AT))
    return {f.code: f for f in in_order(read_events(made.lines(rows)), context)}


def bad_lines(data: bytes) -> list[tuple[str, int | None]]:
    return [(f.code, f.place.row) for f in read_events(data).findings if f.severity is Severity.ERROR]


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T06:00:05Z", "2026-03-01T06:00:05+00:00", "2026-03-01 06:00:05", "2026-03-01T07:00:05+01:00", "2026-03-01 06:00:05 UTC",
        "2026-03-01T06:00:05.000Z", 1772344805, 1772344805.0, 1772344805000, 1772344805000000, 1772344805000000000, "1772344805", "1772344805000",
        " 2026-03-01T06:00:05Z ",
    ],
)  # fmt: skip
def test_times_are_read_in_every_common_spelling(value: Any) -> None:
    """ISO 8601 with and without zone, and seconds to nanoseconds since 1970, as number or text, are one moment."""
    assert time_of(value) == MOMENT


@pytest.mark.parametrize(
    "value", ["", "soon", "06:00", 7, -5, True, None, [], {}, "2026-13-01", 1e30, float("nan"), "9" * 40, "2026-03-01T99:00:00Z"]
)
def test_what_is_no_time_is_none(value: Any) -> None:
    """Words, small numbers, impossible dates and other kinds are no moments."""
    assert time_of(value) is None


@given(
    st.datetimes(datetime(1973, 6, 1), datetime(2100, 1, 1)).map(lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000))
)
def test_a_moment_survives_its_spellings(moment: datetime) -> None:
    """Milliseconds since 1970 and ISO text give the moment back."""
    aware = moment.replace(tzinfo=UTC)
    millis = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert time_of(aware.isoformat()) == aware
    if millis >= 10**11:
        assert abs(time_of(millis) - aware) < timedelta(milliseconds=1)  # type: ignore[operator]


@pytest.mark.parametrize("name", TIMES)
def test_the_time_field_is_found_by_its_name(name: str) -> None:
    """Each of the known names gives the stream its first and last day."""
    content = read_events(made.lines([{"n": 1, name: "2026-02-27T10:00:00Z"}, {"n": 2, name: "2026-03-01T10:00:00Z"}]))
    assert (content.facts["time_field"], content.facts["first_day"], content.facts["last_day"]) == (
        name,
        "2026-02-27",
        "2026-03-01",
    )


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_whole_streams_have_no_finding(end: bytes) -> None:
    """Line ends of both kinds, blank lines and a byte order mark are fine."""
    data = b"\xef\xbb\xbf" + made.lines(made.events(4)).replace(b"\n", end) + end
    content = read_events(data)
    assert content.findings == () and len(content) == 4
    assert read_events(gzip.compress(data)).facts["content_sha256"] == content.facts["content_sha256"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"plain words", "format.not-json"), (b'{"a": 1} {"a": 2}', "format.not-json"), (b'{"a": 1}, {"a": 2}', "format.not-json"),
        (b"[1]", "format.unknown-shape"), (b"7", "format.unknown-shape"), (b'"x"', "format.unknown-shape"), (b'{"a": 1', "format.truncated"),
        (b'{"a": 1, "a": 2}', "format.duplicate-keys"), (b'{"a": NaN}', "format.not-a-number"), (b'{"a": "\0"}', "format.not-text"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "format.too-deep"), (b'{"a": "\xff"}', "format.encoding"), (b'{"a": "\xed\xa0\x80"}', "format.encoding"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_row_and_the_others_are_read(bad: bytes, code: str) -> None:
    """Whatever is wrong with a line in the middle, it is named, and the events around it count."""
    good = made.lines(made.events(3))
    assert bad_lines(good + bad + b"\n" + good) == [(code, 4)]
    assert read_events(good + bad + b"\n" + good).facts["rows"] == 6


def test_two_halves_of_an_object_are_two_bad_lines() -> None:
    """An object that was broken over two lines is not put together again."""
    good = made.lines(made.events(2))
    assert [row for _, row in bad_lines(good + b'{"a": [{}\n{}]}\n{},{}\n' + good)] == [3, 4, 5]


def test_the_last_line_decides_whether_a_stream_breaks_off() -> None:
    """Cut inside the last line: truncated, at its row. Whole but without line end: a note."""
    data = made.lines(made.events(5))
    assert bad_lines(data[:-9]) == [("format.truncated", 5)]
    assert [(f.code, f.severity) for f in read_events(data[:-1]).findings] == [("format.no-final-newline", Severity.NOTE)]


@given(st.integers(1, 700))
def test_wherever_a_stream_is_cut_it_is_told(size: int) -> None:
    """A stream cut anywhere but at a line end is an error or, with its last line whole, a note; what was whole counts."""
    data = made.lines(made.events(9))[:size]
    whole = data.count(b"\n") + data.endswith(b"}")
    try:
        content = read_events(data)
    except FormatTrouble as trouble:
        assert trouble.code == "format.truncated" and not whole
        return
    assert content.facts["rows"] == whole
    assert bool(content.findings) == (not data.endswith(b"\n"))


def test_many_bad_lines_are_counted_not_listed() -> None:
    """The first lines of a kind are named one by one, the rest as a number."""
    content = read_events(made.lines(made.events(2)) + b"words\n" * 500)
    assert len(content.findings) == NAMED_LINES + 1 and content.findings[-1].count == 500 - NAMED_LINES


def test_a_stream_without_any_event_is_refused() -> None:
    """No line is an event: the first trouble is the reason."""
    with pytest.raises(FormatTrouble) as caught:
        read_events(b"words\nmore words\n")
    assert caught.value.code == "format.not-json" and caught.value.place.row == 1
    with pytest.raises(FormatTrouble, match="holds nothing"):
        read_events(b"\n\n\n")


def test_order_is_kept_up_to_a_minute() -> None:
    """Writers side by side may be out of step by a minute; a step back beyond it is a warning at its row."""
    rows = made.events(6, step=timedelta(seconds=20))
    assert checked([rows[1], rows[0], *rows[2:]]) == {}
    late = [*rows, *made.events(1, begin=made.BEGIN - timedelta(hours=1))]
    found = checked(late)["consistency.time-order"]
    assert (found.place.row, found.severity, found.count) == (7, Severity.WARNING, 1) and "3,700 seconds" in found.message


def test_times_that_are_missing_odd_or_ahead_are_told() -> None:
    """An event without time or with words for it is a warning; one from the day after tomorrow an error; no time at all a note."""
    rows = made.events(4)
    rows[1].pop("ts")
    rows[2]["ts"] = "soon"
    found = checked(rows)
    assert (found["completeness.time-missing"].place.row, found["consistency.not-a-time"].place.row) == (2, 3)
    assert checked(made.events(1, begin=AT + timedelta(hours=20))) == {}
    assert checked(made.events(1, begin=AT + timedelta(days=2)))["consistency.future-day"].severity is Severity.ERROR
    assert checked([{"n": 1}, {"n": 2}])["completeness.no-times"].severity is Severity.NOTE


def test_places_of_rows_are_lines_of_the_file() -> None:
    """Blank and bad lines above do not shift the row that a finding names."""
    content = read_events(b"\n" + made.lines(made.events(1)) + b"words\n\n" + made.lines(made.events(1)))
    assert isinstance(content, Stream) and [content.place(i).row for i in range(2)] == [2, 5]


@pytest.mark.parametrize(
    "head",
    [
        b'{"a": 1}', b'{"a": 1}\n', b'{\n "a": 1\n}\n', b'{"data": [{"id": 1}], "time": "2026-03-01"}\n', b"[1]\n[2]\n", b'{"a":1}\nwords\nmore\nwords\n',
        b'{"a": 1, "b": 2}\n\n', b"words\n" + b'{"a": 1}\n' * 4, b"",
    ],
)  # fmt: skip
def test_other_texts_are_no_stream(head: bytes) -> None:
    """A single document, indented or not, lists, and prose with an object in it are not JSON lines."""
    assert not is_events(head)


@given(st.lists(st.one_of(st.binary(max_size=30), st.just(b"x" * 50)), max_size=12), st.integers(1, 17))
def test_lines_are_those_of_the_text_however_it_arrives(parts: list[bytes], size: int) -> None:
    """Lines, their numbers and the missing last line end come out the same for every cut; only lines beyond the bound are dropped."""
    data = b"\n".join(parts)
    lines = Lines([data[n : n + size] for n in range(0, len(data), size)], 40)
    found = [(number + i, line) for number, batch in lines for i, line in enumerate(batch)]
    wanted = data.split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    assert found == [(n, line if len(line) <= 40 else None) for n, line in enumerate(wanted, start=1)]
    assert lines.ended == (not data or data.endswith(b"\n")) and lines.size_bytes == len(data)


def test_a_line_at_the_bound_is_kept_and_beyond_it_not() -> None:
    """The longest line is a line; one byte more is not held."""
    event = {"ts": "2026-03-01T00:00:00Z", "x": ""}
    event["x"] = "y" * (LONGEST_LINE - len(json.dumps(event, separators=(",", ":"))))
    whole = made.lines([event])
    assert len(whole) == LONGEST_LINE + 1 and bad_lines(whole * 2) == []
    assert bad_lines(made.lines(made.events(1)) + whole.replace(b'"y', b'"yy')) == [("format.too-large", 2)]
