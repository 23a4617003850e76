"""A small corpus of hostile payloads: each ends with a reason from the closed list, none crashes or hangs."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import pytest
from inspection_feeds import CHART, HEADER, PLAYS, SALES, chart, codes

from bedrot_console.domain.findings import Report
from bedrot_console.inspection.contents import TROUBLES, FormatTrouble
from bedrot_console.inspection.jsontext import decode, decode_lines

Ask = Callable[..., Report]
DEEP = 1_000_000

JSON = {
    "deep lists": (b"[" * DEEP, "format.too-deep"),
    "deep lists, closed": (b"[" * DEEP + b"]" * DEEP, "format.too-deep"),
    "deep objects": (b'{"a":' * DEEP, "format.too-deep"),
    "deep enough": (b"[" * 300 + b"]" * 300, "format.too-deep"),
    "5000 digits": (b"[" + b"9" * 5000 + b"]", "format.number-too-large"),
    "large exponent": (b'[{"a":1e999}]', "format.number-too-large"),
    "NaN": (b'[{"day":"2026-03-01","plays":NaN}]', "format.not-a-number"),
    "NaN alone": (b"NaN", "format.not-a-number"),
    "Infinity": (b'[{"plays": -Infinity}]', "format.not-a-number"),
    "repeated key": (b'[{"a":1,"a":2}]', "format.duplicate-keys"),
    "repeated key, spaced": (b'[{"a" : 1, "a"\n: 2}]', "format.duplicate-keys"),
    "repeated key, escaped": (b'[{"a":1,"\\u0061":2}]', "format.duplicate-keys"),
    "repeated key in depth": (b'{"data":[{"x":{"b":1,"b":1}}]}', "format.duplicate-keys"),
    "lone high surrogate": (b'["\\ud800"]', "format.encoding"),
    "lone low surrogate": (b'["a\\udc00"]', "format.encoding"),
    "surrogate bytes": (b'["\xed\xa0\x80"]', "format.encoding"),
    "not utf-8": (b'["\xff"]', "format.encoding"),
    "utf-16": ('[{"a":1}]'.encode("utf-16"), "format.encoding"),
    "utf-16-le": ('[{"a":1}]'.encode("utf-16-le"), "format.encoding"),
    "utf-32": ('[{"a":1}]'.encode("utf-32"), "format.encoding"),
    "nul": (b'[{"a":"\0"}]', "format.not-json"),
    "only nul": (b"\0" * 4096, "format.encoding"),
    "control": (b'["\x01"]', "format.not-json"),
    "single quotes": (b"[{'a':1}]", "format.not-json"),
    "trailing comma": (b'[{"a":1},]', "format.not-json"),
    "two values": (b"[] []", "format.not-json"),
    "bare word": (b"undefined", "format.not-json"),
    "cut in a string": (b'[{"a":"b', "format.truncated"),
    "cut after comma": (b'[{"a":1},', "format.truncated"),
    "cut in an escape": (b'["\\u00', "format.truncated"),
    "blank": (b" \n", "format.empty"),
    "bom only": (b"\xef\xbb\xbf", "format.empty"),
    "a number": (b"7", "format.unknown-shape"),
    "a list of numbers": (b"[1, 2]", "format.unknown-shape"),
    "null": (b"null", "format.unknown-shape"),
}


@pytest.mark.parametrize("name", JSON)
def test_hostile_json_ends_with_its_reason(ask: Ask, name: str) -> None:
    """Each hostile JSON payload is refused for the reason that is true of it."""
    data, code = JSON[name]
    report = ask(PLAYS, data)
    assert codes(report) == {code}
    assert code in TROUBLES


@pytest.mark.parametrize(
    "text", [b'{"a":"x:y \\":","b":":"}', b'{"a" : "a"}', b'{"\\":":1,"b":{"c":[{"d":1}]}}', b'[{"a":":\\\\"},{"b":1}]']
)
def test_odd_but_honest_json_has_no_repeated_keys(text: bytes) -> None:
    """The quick look for repeated keys never accuses a document that has none."""
    decode(text)


def test_lines_together_are_decoded_as_each_by_itself() -> None:
    """Values of many lines at once are those of `decode`; one line that `decode` would refuse makes them be looked at one by one."""
    good = [b'{"a":1}', b'{"b":"x:y","c":[1,{"d":null}]}', b"[]"]
    assert decode_lines(good) == [decode(line) for line in good] and decode_lines([]) == []
    for bad in (
        b'{"a":1,"a":2}',
        b"[" * 300 + b"]" * 300,
        b"NaN",
        b'{"a":1',
        b'{"a":1},{"b":2}',
        b'["\xff"]',
        b"[1e999]",
        b"[" * 100_000,
        b"",
    ):
        assert decode_lines([*good, bad]) is None


def test_a_utf_8_mark_before_json_is_tolerated(ask: Ask) -> None:
    """A BOM changes nothing."""
    assert "format" not in {f.stage for f in ask(PLAYS, b'\xef\xbb\xbf[{"day":"2026-03-01","plays":1}]').findings}


TABLES = {
    "one quote in 5 MB": HEADER + b'2026-02-01\t"X\tA\t1\t1\n' + b"2026-02-01\tX\tA\t1\t1\n" * 230_000,
    "200 KB cell": HEADER + b"2026-02-01\t" + b"x" * 200_000 + b"\tA\t1\t1\n",
    "10 MB cell": HEADER + b"2026-02-01\t" + b"x" * 10_000_000 + b"\tA\t1\t1\n",
    "nul in a cell": HEADER + b"2026-02-01\tX\0Y\tA\t1\t1\n",
    "only quotes": HEADER + b'"' * 99_999,
    "quote in header": b'Store\t"Quantity\n2026-02-01\tX\n',
    "100,000 columns": b"Store\t" + b"\t".join(b"c%d" % i for i in range(5_000)) + b"\n" + b"x\t" * 5_000 + b"\n",
    "long header": b"Store" * 100_000 + b"\n",
    "bidi and escapes": HEADER + "2026-02-01\t\x1b]0;x\x07\u202e\tA\t1\t1\n".encode(),
    "huge number": HEADER + b"2026-02-01\tX\tA\t" + b"9" * 5000 + b"\t1\n",
    "half a utf-16": "Store\tQuantity\n".encode("utf-16")[:-1],
    "binary": bytes(range(256)) * 40,
    "formula": HEADER + b"2026-02-01\t=cmd|' /C calc'!A0\tA\t1\t1\n",
    "year 10000": HEADER + b"10000-02-01\tX\tA\t1\t1\n",
    "negative year": HEADER + b"-0001-02-01\tX\tA\t1\t1\n",
    "infinity day": HEADER + b"infinity\tX\tA\t1\t1\n",
    "quote in a name": b'Store\tit\'s "" -- ; DROP\n1\t2\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_hostile_tables_end_with_a_report(ask: Ask, name: str) -> None:
    """Each hostile table ends in a report within its time, and format findings come from the closed list."""
    started = time.process_time()
    report = ask(SALES, TABLES[name])
    assert time.process_time() - started < 5
    for finding in report.findings:
        assert (
            finding.stage != "format"
            or finding.code in TROUBLES
            or finding.code in ("format.repaired", "format.no-final-newline")
        )


def test_zero_bytes_do_not_pass_as_text(ask: Ask) -> None:
    """A zero byte in a text is an error wherever it stands."""
    assert "format.not-text" in codes(ask(SALES, TABLES["nul in a cell"]))
    late = HEADER + b"2026-02-01\tX\tA\t1\t1\n" * 10_000 + b"2026-02-01\tX\0Y\tA\t1\t1\n"
    assert "format.not-text" in codes(ask(SALES, late))


HTML = {
    "300,000 nested tags": b"<html><body>" + b"<div>" * 300_000 + b"</body></html>",
    "entity bomb": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + b"a" * 1000
    + b'"><!ENTITY b "'
    + b"&a;" * 1000
    + b'">]><html>&b;</html>',
    "unclosed": b"<html><body><div",
    "a million attributes": b"<html><body><p " + b"a=1 " * 300_000 + b"></body></html>",
    "comments": b"<html><!--" * 100_000 + b"</html>",
    "nul": b"<html>\0<body>\0</body></html>",
    "utf-16": "<html><body></body></html>".encode("utf-16"),
    "not a page": b"hello",
    "endless array": chart("")[:-40].replace(b"[]", b"[" * 100_000) + b"</html>",
    "deep array": chart("[" * 5_000 + "]" * 5_000),
    "code in the chart": chart('{"category": alert(1), "column-1": 1}'),
    "odd escapes": chart('{"category": "2026-03-\\u0030\\x31", "column-1": "\\ud800"}'),
    "a million rows": chart('{"category": "2026-03-01", "column-1": "1"},' * 30_000),
}


@pytest.mark.parametrize("name", HTML)
def test_hostile_pages_end_with_a_reason(ask: Ask, name: str) -> None:
    """Each hostile page ends in a report within its time, with a reason."""
    started = time.process_time()
    report = ask(CHART, HTML[name])
    assert time.process_time() - started < 5
    assert report.findings
    for finding in report.findings:
        assert finding.stage != "format" or finding.code in TROUBLES


def test_too_much_nesting_in_a_page_is_called_that(ask: Ask) -> None:
    """300,000 nested tags are refused, not walked."""
    assert codes(ask(CHART, HTML["300,000 nested tags"])) == {"format.too-deep"}


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf", b'{"a":1}\n{"a":', b'{"a":1}\n[1]\n', b'{"a":NaN}\n', b"\n\n"])
def test_hostile_json_lines_end_with_a_reason(ask: Ask, data: bytes) -> None:
    """Bad JSON lines are refused by line."""
    report = ask(dataclasses.replace(PLAYS, format="jsonl"), data)
    assert len(codes(report)) == 1 and codes(report) <= set(TROUBLES)


def test_troubles_are_a_closed_list() -> None:
    """A reason that is not in the list cannot be made."""
    with pytest.raises(KeyError):
        FormatTrouble("format.something-else")
