"""DistroKid's feeds against made-up data: a clean year raises no alarm, and what must be stopped is stopped."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from contract_desk import REGISTRY, Desk, codes, errors, noon
from distrokid_support import LEAN, MEMBER, page, payload, statement

from bedrot_console.domain.findings import Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.recognise import recognise
from extractors.distrokid.simulated import captchas, exports, site, world

TODAY = date(2026, 3, 2)
PADDED = 60_000
YOUNG = world.MEMBERS[1]


def _year(desk: Desk, every: int) -> dict[str, int]:
    """Errors and warnings of a year of captures, by code. A statement that repeats its bytes is inspected now and then only."""
    found: dict[str, int] = {}
    before = b""
    for n in range(0, 365, every):
        day = date(2025, 11, 1) + timedelta(days=n)
        data = payload(desk.feed.partition("/")[2], day, member=YOUNG)
        if data == before and n % 12:
            continue
        before = data
        for code in codes(desk.report(data, noon(day)), Severity.ERROR, Severity.WARNING):
            found[code] = found.get(code, 0) + 1
    return found


@pytest.mark.parametrize("every", [30, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ["streams", "applemusic", "sales"])
def test_a_clean_year_raises_no_alarm(name: str, every: int, tmp_path: Path) -> None:
    """A year of captures, monthly or daily: no error and no warning."""
    desk = Desk(f"distrokid/{name}", tmp_path)
    found = _year(desk, every)
    assert found == {}
    assert desk.history[0].as_of is not None and desk.history[0].as_of > date(2026, 9, 1)


def _provider(identity: str, change: Callable[[list[str]], list[str]]) -> Callable[[bytes], bytes]:
    """Change the lines of the array that the chart `identity` holds."""

    def mutate(data: bytes) -> bytes:
        text = data.decode()
        start = text.index('"dataProvider": [', text.index(f'"id": "{identity}"')) + len('"dataProvider": [\n')
        end = text.index("    ]", start)
        lines = text[start:end].splitlines(keepends=True)
        return (text[:start] + "".join(change(lines)) + text[end:]).encode()

    return mutate


def _value(index: int, new: str) -> Callable[[list[str]], list[str]]:
    """Another value in one line."""

    def change(lines: list[str]) -> list[str]:
        lines[index] = re.sub(r'": ?"?[\d-]+"?\},', lambda _: f'": {new}}},', lines[index])
        return lines

    return change


def _swapped(lines: list[str]) -> list[str]:
    lines[7], lines[8] = lines[8], lines[7]
    return lines


def _scaled(factor: float) -> Callable[[list[str]], list[str]]:
    return lambda lines: [re.sub(r'"(\d+)"\}', lambda m: f'"{int(int(m[1]) * factor)}"}}', line) for line in lines]


def _chart_mutations() -> list[tuple[str, str, Callable[[bytes], bytes], set[str]]]:
    """(feed, what, mutation, codes of which one must appear as an error)."""
    pad = "<style>" + site.filler(PADDED) + "</style></body></html>"

    def instead(text: str) -> Callable[[bytes], bytes]:
        return lambda _: text.replace("</body></html>", pad).replace("</body>\n</html>\n", pad).encode()

    found: list[tuple[str, str, Callable[[bytes], bytes], set[str]]] = []
    for name, chart in (("streams", "trend365day"), ("applemusic", "appleDaily")):
        other = "applemusic" if name == "streams" else "streams"
        label = "category" if name == "streams" else "field"
        ahead = (TODAY + timedelta(days=3)).isoformat()
        stranger = world.MEMBERS[2]
        rng = random.Random(f"distrokid {name}")
        entries = {
            "the sign-in page": (instead(site.sign_in("v", padded=True)), {"format.sign-in-page"}),
            "a Cloudflare page": (instead(captchas.interstitial("ray", by_hand=True)), {"format.challenge-page"}),
            "the e-mailed code page": (instead(site.code_entry("newComputer", "n", "v", 6)), {"format.challenge-page"}),
            "the app code page": (instead(site.code_entry("2fa", "n", "v", 6)), {"format.challenge-page"}),
            "an error page": (instead(site.page("Error 502", "<h1>Bad gateway</h1>")), {"format.error-page"}),
            "the upgrade page": (instead(site.upgrade(MEMBER)), {"format.unknown-shape"}),
            "the page without releases": (instead(site.no_releases(MEMBER)), {"format.unknown-shape"}),
            "the dashboard": (instead(site.member_page(MEMBER, "My Music", "")), {"format.unknown-shape"}),
            "the other service's page": (lambda _, o=other: page(o, TODAY), {"format.wrong-feed"}),
            "a statement": (lambda _: statement(TODAY), {"format.not-html", "format.wrong-feed"}),
            "JSON": (lambda _: json.dumps([{"day": "2026-01-01", "n": 1}] * 3000).encode(), {"format.not-html"}),
            "nothing": (lambda _: b"", {"size.empty", "size.too-small"}),
            "a page too small": (lambda d: d.replace(site.filler(LEAN).encode(), b""), {"size.too-small"}),
            "an empty chart": (_provider(chart, lambda _: []), {"completeness.no-rows", "completeness.days-missing"}),
            "no chart": (
                lambda d: d.replace(b"trend365day", b"trendYear").replace(b"chartData", b"plotData"), {"format.unknown-shape"},
            ),
            "a renamed label": (lambda d, f=label: d.replace(f'"{f}": "20'.encode(), b'"when": "20'), {"completeness.key-blank", "format.unknown-shape"}),
            "a renamed provider": (lambda d: d.replace(b'"dataProvider"', b'"provider"'), {"format.unknown-shape", "completeness.no-rows", "volume.days-vanished", "volume.front-vanished"}),
            "days written otherwise": (
                lambda d, f=label: re.sub(rb'"%s": "(\d{4})-(\d\d)-(\d\d)"' % f.encode(), rb'"%s": "\3/\2/\1"' % f.encode(), d),
                {"schema.pattern", "format.unknown-shape"},
            ),
            "a negative value": (_provider(chart, _value(20, '"-5"')), {"schema.minimum", "consistency.negative"}),
            "a word for a value": (_provider(chart, _value(20, '"many"')), {"schema.type"}),
            "a broken value": (_provider(chart, _value(20, '"12.5"')), {"schema.type"}),
            "a missing value": (_provider(chart, _value(20, "null")), {"schema.type"}),
            "a value beyond reason": (_provider(chart, _value(20, '"900000000000"')), {"consistency.implausible"}),
            "swapped days": (_provider(chart, _swapped), {"consistency.days-not-rising"}),
            "a day twice": (_provider(chart, lambda x: [*x[:9], x[8], *x[9:]]), {"consistency.days-not-rising", "consistency.key-repeats"}),
            "a future day": (_provider(chart, lambda x, f=label, a=ahead: [*x, x[-1].replace(x[-1][x[-1].index("20"):][:10], a)]), {"consistency.future-day"}),
            "the newest days gone": (_provider(chart, lambda x: x[:-6]), {"volume.days-vanished"}),
            "the first days gone": (_provider(chart, lambda x: x[60:]), {"volume.front-vanished"}),
            "half of the days": (_provider(chart, lambda x: x[::2]), {"completeness.days-missing"}),
            "one day only": (_provider(chart, lambda x: x[-1:]), {"volume.front-vanished", "volume.days-vanished"}),
            "zero everywhere": (_provider(chart, _scaled(0)), {"consistency.constant"}),
            "half of the plays": (_provider(chart, _scaled(0.5)), {"consistency.other-series"}),
            "another account": (lambda _, n=name, s=stranger: page(n, TODAY, member=s), {"consistency.other-series"}),
            "data of two weeks ago": (lambda _, n=name: page(n, TODAY - timedelta(days=14)), {"freshness.too-old", "volume.days-vanished"}),
        }  # fmt: skip
        found += [(name, what, mutation, wanted) for what, (mutation, wanted) in entries.items()]
        for _ in range(6):
            gone = rng.randrange(1, 360)
            found.append(
                (
                    name,
                    f"day {gone} left out",
                    _provider(chart, lambda x, g=gone: x[:g] + x[g + 1 :]),
                    {"completeness.days-missing"},
                )
            )
        for _ in range(6):
            share = rng.uniform(0.86, 0.99)
            found.append((name, f"cut at {share:.1%}", lambda d, s=share: d[: int(len(d) * s)], {"format.truncated"}))
    return found


def _column(index: int, change: Callable[[str], str], *, every: int = 1) -> Callable[[bytes], bytes]:
    """Change one cell of each `every`th row."""

    def mutate(data: bytes) -> bytes:
        lines = data.decode("latin-1").splitlines()
        for n in range(1, len(lines), every):
            cells = lines[n].split("\t")
            cells[index] = change(cells[index])
            lines[n] = "\t".join(cells)
        return ("\n".join(lines) + "\n").encode("latin-1")

    return mutate


def _without(column: str) -> Callable[[bytes], bytes]:
    header = tuple(c for c in exports.CURRENT if c != column)
    return lambda _: statement(TODAY, header=header)


def _statement_mutations() -> list[tuple[str, str, Callable[[bytes], bytes], set[str]]]:
    rng = random.Random("distrokid sales")
    at = {name: n for n, name in enumerate(exports.CURRENT)}
    rows = world.royalties(MEMBER, TODAY)
    reported = sorted({r.reported for r in rows})
    old = reported[len(reported) // 2]
    short = {"format.truncated", "schema.row-short"}
    found = {
        "a page": (lambda _: site.page("Oops", "<h1>Oops! Something went wrong</h1>").encode(), {"format.error-page"}),
        "the sign-in page": (lambda _: site.sign_in("v").encode(), {"format.sign-in-page"}),
        "a Cloudflare page": (lambda _: captchas.interstitial("ray", by_hand=True).encode(), {"format.challenge-page"}),
        "the bank page": (lambda _: site.bank(MEMBER).encode(), {"format.html-instead"}),
        "a stats page": (lambda _: page("streams", TODAY), {"format.html-instead", "format.wrong-feed"}),
        "a JSON error": (lambda _: b'{"error": {"message": "not signed in", "code": 401, "more": "' + b"x" * 200 + b'"}}', {"format.error-body"}),
        "another table": (lambda _: b"date\tcountry\tviews\n" + b"2026-01-01\tUS\t5\n" * 90, {"format.not-a-table", "format.not-recognised"}),
        "nothing": (lambda _: b"", {"size.empty"}),
        "the header only": (lambda d: d[: d.index(b"\n") + 1], {"completeness.no-rows", "size.too-small"}),
        "no header": (lambda d: d[d.index(b"\n") + 1 :], {"format.not-a-table", "format.not-recognised"}),
        "no line end at the end of a short line": (lambda d: d[:-40], short),
        "a damaged archive": (lambda d: exports.zipped_twice(d)[:-300], {"format.archive"}),
        "zero bytes": (lambda d: d[:2000] + b"\0" * 600 + d[2600:], {"format.not-text"}),
        "a row too long": (lambda d: d.replace(b"Spotify\t", b"Spotify\tX\t", 1), {"schema.row-long", "schema.row-type"}),
        "days written otherwise": (_column(at["Reporting Date"], lambda v: v[8:] + "/" + v[5:7] + "/" + v[:4]), {"schema.row-type"}),
        "months written otherwise": (_column(at["Sale Month"], lambda v: v[5:] + "/" + v[:4]), {"consistency.not-a-month"}),
        "sale after report": (_column(at["Sale Month"], lambda v: "2027-01", every=400), {"consistency.sale-after-report"}),
        "a future report": (_column(at["Reporting Date"], lambda v: "2027-05-01", every=900), {"consistency.future-day"}),
        "broken quantities": (_column(at["Quantity"], lambda v: v + ".5", every=300), {"consistency.quantity"}),
        "words for earnings": (_column(at["Earnings (USD)"], lambda v: "n/a", every=300), {"schema.row-type"}),
        "decimal commas": (_column(at["Earnings (USD)"], lambda v: v.replace(".", ",")), {"schema.row-type"}),
        "blank earnings": (_column(at["Earnings (USD)"], lambda v: "", every=300), {"completeness.blank"}),
        "blank stores": (_column(at["Store"], lambda v: "", every=300), {"completeness.blank"}),
        "shares beyond 100": (_column(at["Team Percentage"], lambda v: "1000", every=300), {"consistency.percentage"}),
        "UPCs rounded by a spreadsheet": (_column(at["UPC"], lambda v: "1.98009E+11" if v else v), {"consistency.upc-damaged"}),
        "every row twice": (lambda d: d + d[d.index(b"\n") + 1 :], {"consistency.rows-doubled"}),
        "half of the money": (lambda _: exports.statement([_halved(r) for r in rows]), {"consistency.earnings-fell"}),
        "a reported day gone": (lambda _: exports.statement([r for r in rows if r.reported != old]), {"volume.days-vanished"}),
        "rows of a reported day gone": (
            lambda _: exports.statement([r for r in rows if r.reported != old or r.country == "US"]), {"completeness.rows-vanished"},
        ),
        "one store only": (lambda _: exports.statement([r for r in rows if r.store == "Spotify"]), {"volume.rows-vanished"}),
        "one year only": (lambda _: exports.statement([r for r in rows if r.reported.year == 2025]), {"volume.rows-vanished"}),
        "another account": (lambda _: statement(TODAY, member=YOUNG), {"volume.rows-vanished", "volume.days-vanished"}),
        "an export of half a year ago": (lambda _: statement(TODAY - timedelta(days=180)), {"freshness.too-old", "volume.rows-vanished"}),
    }  # fmt: skip
    listed = [("sales", what, mutation, wanted) for what, (mutation, wanted) in found.items()]
    for name in ("Reporting Date", "Sale Month", "Store", "Title", "Quantity", "Earnings (USD)"):
        listed.append(("sales", f"no column {name}", _without(name), {"completeness.column-missing", "format.not-recognised"}))
    for _ in range(8):
        share = rng.uniform(0.05, 0.98)
        wanted = {"format.truncated", "schema.row-short", "volume.rows-vanished"}
        listed.append(("sales", f"cut at {share:.1%}", lambda d, s=share: d[: int(len(d) * s)], wanted))
    for _ in range(4):
        share = rng.uniform(0.2, 0.95)
        cut = lambda d, s=share: d[: d.rindex(b"\n", 0, int(len(d) * s)) + 1]  # noqa: E731
        listed.append(("sales", f"cut at a line end, {share:.1%}", cut, {"volume.rows-vanished"}))
    return listed


def _halved(row: world.Royalty) -> world.Royalty:
    from dataclasses import replace

    return replace(row, earnings=row.earnings / 2)


MUTATIONS = _chart_mutations() + _statement_mutations()


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Desk]:
    """A desk for each feed that holds the good capture of the day before."""
    desks = {}
    for name in ("streams", "applemusic", "sales"):
        desks[name] = Desk(f"distrokid/{name}", tmp_path_factory.mktemp(name))
        day = TODAY - timedelta(days=6 if name == "sales" else 1)
        assert desks[name].report(payload(name, day), noon(day)).verdict is Verdict.PASSED
    return desks


@pytest.mark.parametrize(("name", "what", "mutate", "wanted"), MUTATIONS, ids=[f"{m[0]}: {m[1]}" for m in MUTATIONS])
def test_what_is_not_the_data_is_stopped(
    name: str, what: str, mutate: Callable[[bytes], bytes], wanted: set[str], yesterday: dict[str, Desk]
) -> None:
    """Each mutation of a good capture fails with a code that says why."""
    report = yesterday[name].report(mutate(payload(name, TODAY)), noon(TODAY), keep=False)
    assert report.verdict is Verdict.FAILED
    assert errors(report) & wanted, errors(report)
    assert "consistency.check-failed" not in codes(report)


@pytest.mark.parametrize("name", ["streams", "applemusic", "sales"])
def test_today_after_yesterday_passes(name: str, yesterday: dict[str, Desk]) -> None:
    """The unmutated capture passes on the same desk, so that the stops above are the mutations' own."""
    assert yesterday[name].report(payload(name, TODAY), noon(TODAY), keep=False).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "how",
    [
        {"header": exports.LEGACY}, {"header": exports.MIXED}, {"header": exports.DRIFTED}, {"encoding": "utf-8"},
        {"encoding": "utf-8-sig"}, {"line_end": "\r"}, {"line_end": "\r\n"}, {"comma": True}, {"comma": True, "encoding": "utf-8-sig"},
    ],
    ids=lambda how: ", ".join(f"{k}={len(v) if isinstance(v, tuple) else v!r}" for k, v in how.items()),
)  # fmt: skip
def test_each_known_spelling_of_the_statement_reads_alike(how: dict[str, object], tmp_path: Path) -> None:
    """13, 15 and mixed columns, three encodings, three line ends, tab or comma: no error, and the same figures."""
    plain = Desk("distrokid/sales", tmp_path).report(statement(TODAY), noon(TODAY))
    report = Desk("distrokid/sales", tmp_path).report(statement(TODAY, **how), noon(TODAY))
    assert errors(report) == set() and not codes(report, Severity.WARNING)
    assert [report.facts[f] for f in ("rows", "totals", "last_day")] == [plain.facts[f] for f in ("rows", "totals", "last_day")]


def test_a_zip_in_a_zip_reads_as_its_table(tmp_path: Path) -> None:
    """`results.csv` inside a zip inside a zip is read like the plain file."""
    report = Desk("distrokid/sales", tmp_path).report(exports.zipped_twice(statement(TODAY, comma=True)), noon(TODAY))
    assert errors(report) == set() and report.facts["rows"] == len(world.royalties(MEMBER, TODAY))


def test_a_new_column_is_noted_as_drift(tmp_path: Path) -> None:
    """A column that nobody declared changes no verdict, but is named."""
    report = Desk("distrokid/sales", tmp_path).report(statement(TODAY, header=exports.DRIFTED), noon(TODAY))
    assert [f.seen for f in report.findings if f.code == "schema.drift"] == ["Label Share (USD)"]


def test_the_same_statement_again_is_told_by_its_bytes(tmp_path: Path) -> None:
    """An export with nothing new is byte-identical: the second is a duplicate, not a failure."""
    desk = Desk("distrokid/sales", tmp_path)
    desk.report(statement(TODAY), noon(TODAY))
    report = desk.report(statement(TODAY), noon(TODAY))
    assert report.verdict is Verdict.PASSED and "duplicates.same-bytes" in codes(report, Severity.NOTE)


def test_the_same_chart_again_is_told_by_its_content(tmp_path: Path) -> None:
    """Stats pages never repeat their bytes: a second capture of the same day is a duplicate by its figures."""
    desk = Desk("distrokid/streams", tmp_path)
    first, second = page("streams", TODAY), page("streams", TODAY, moment="a minute later")
    assert first != second
    desk.report(first, noon(TODAY))
    assert "duplicates.same-content" in codes(desk.report(second, noon(TODAY), keep=False), Severity.NOTE)
    assert codes(desk.report(second, noon(TODAY + timedelta(days=1))), Severity.WARNING) == {"duplicates.same-content"}


def test_days_without_plays_may_be_left_out_between_quiet_days(tmp_path: Path) -> None:
    """A hole between days with hardly a play is a warning, not an error."""
    quiet = [(day, value % 4) for day, value in world.daily(MEMBER, "streams", TODAY)]
    del quiet[100]
    report = Desk("distrokid/streams", tmp_path).report(site.streams(MEMBER, quiet, lean=LEAN).encode(), noon(TODAY))
    assert report.verdict is Verdict.WARNED and codes(report, Severity.WARNING) == {"completeness.days-missing"}


def test_restated_figures_warn_and_late_payments_pass(tmp_path: Path) -> None:
    """More money on a day that was already reported warns; a new reporting date for an old month is normal."""
    from dataclasses import replace

    desk = Desk("distrokid/sales", tmp_path)
    desk.report(statement(TODAY), noon(TODAY))
    rows = list(world.royalties(MEMBER, TODAY))
    late = replace(rows[-1], reported=TODAY, inserted=TODAY)
    assert desk.report(exports.statement([late, *rows]), noon(TODAY), keep=False).verdict is Verdict.PASSED
    rows[-1] = replace(rows[-1], earnings=rows[-1].earnings + 1)
    report = desk.report(exports.statement(rows), noon(TODAY), keep=False)
    assert codes(report, Severity.WARNING) == {"consistency.restated"} and not errors(report)


@pytest.mark.parametrize("name", ["streams", "applemusic", "sales"])
def test_each_payload_is_recognised_by_one_feed(name: str) -> None:
    """Content alone tells which feed a file belongs to."""
    assert [f.name for f in recognise(REGISTRY.load("distrokid").feeds.values(), payload(name, TODAY)[: 1 << 20])] == [
        f"distrokid/{name}"
    ]
