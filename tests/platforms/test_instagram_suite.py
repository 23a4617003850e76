"""Exports of Meta Business Suite: recognised by their second line, read strictly, judged by what was seen of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from contract_desk import codes, errors, noon
from hypothesis import given
from hypothesis import strategies as st
from instagram_support import DAY, report

from bedrot_console.domain.findings import Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.registry import Registry
from bedrot_console.inspection.helpers import FormatTrouble
from bedrot_console.inspection.recognise import recognise
from extractors.instagram import suite
from extractors.instagram.simulated import suite as exports
from extractors.instagram.simulated.world import PROFILES

SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "instagram" / "business_suite_90d"
FIRST, LAST = date(2026, 1, 10), date(2026, 2, 27)
REAL = {
    "Views.csv": ("suite_views", 90), "Reach.csv": ("suite_reach", 90), "Follows.csv": ("suite_follows", 71),
    "Interactions.csv": ("suite_interactions", 90), "Visits.csv": ("suite_visits", 90), "Link clicks.csv": ("suite_link_clicks", 90),
    "Audience.csv": ("suite_audience", 33),
}  # fmt: skip


def export(metric: str, first: date = FIRST, last: date = LAST) -> bytes:
    return exports.daily(PROFILES[0], metric, first, last, noon(DAY))


def lines(data: bytes) -> list[str]:
    """The lines of an export, without the empty one at the end."""
    return data.decode("utf-16").split("\n")[:-2]


def claimed(data: bytes) -> list[str]:
    return [f.name for f in recognise(Registry().feeds()[0], data[: 1 << 20]) if f.platform != "manual"]


@pytest.mark.parametrize("metric", exports.TITLES)
def test_instagram_exports_by_day_are_told_by_their_title_alone(tmp_path: Path, metric: str) -> None:
    """All exports have the same header; the second line says which metric they are, and a clean one passes."""
    data = export(metric)
    assert claimed(data) == [f"instagram/suite_{metric}"]
    assert report(tmp_path, f"suite_{metric}", data).verdict is Verdict.PASSED


def test_instagram_export_begins_as_seen() -> None:
    """A byte order mark, `sep=,`, the title, the header, then local midnights."""
    data = export("views")
    assert data.startswith(b"\xff\xfes\x00e\x00p\x00=\x00,\x00\n\x00")
    assert lines(data)[:3] == ["sep=,", '"Views"', '"Date","Primary"']
    assert lines(data)[3].startswith('"2026-01-10T00:00:00","')


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 10**9)), min_size=1, max_size=40, unique_by=lambda x: x[0]))
def test_instagram_export_by_day_reads_back(values: list[tuple[int, int]]) -> None:
    """Days and values come out as they went in, each with its line."""
    rows = [(date(2020, 1, 1) + timedelta(days=n), v) for n, v in sorted(values)]
    data = exports.utf16(["sep=,", '"Instagram follows"', '"Date","Primary"', *(f'"{d}T00:00:00","{v}"' for d, v in rows)])
    found = suite.read_daily(data)
    assert [(r["day"], r["value"]) for r in found.records] == rows
    assert found.place(0).row == 4


def test_instagram_only_follows_may_leave_out_days(tmp_path: Path) -> None:
    """A missing day is normal for follows, whose empty days are left out, and a loss everywhere else."""
    for metric, wanted in (
        ("follows", set()),
        ("views", {"completeness.days-missing"}),
        ("reach", {"completeness.days-missing"}),
    ):
        kept = [line for n, line in enumerate(lines(export(metric))) if n != 12]
        assert errors(report(tmp_path, f"suite_{metric}", exports.utf16(kept))) == wanted


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda ls: [*ls[:4], ls[6], ls[5], *ls[7:]], "consistency.days-not-rising"),
        (lambda ls: [*ls, ls[-1]], "consistency.key-repeats"),
        (lambda ls: [*ls[:5], ls[5][:-3] + '1.5"', *ls[6:]], "consistency.not-a-count"),
        (lambda ls: [*ls[:5], ls[5].rpartition(",")[0] + ',"-4"', *ls[6:]], "consistency.not-a-count"),
        (lambda ls: [*ls[:5], ls[5].replace("T00:00:00", "T07:00:00"), *ls[6:]], "format.not-a-table"),
        (lambda ls: [*ls[:5], ls[5] + ',"7"', *ls[6:]], "format.not-a-table"),
        (lambda ls: [*ls[:5], '"yesterday","7"', *ls[6:]], "format.not-a-table"),
        (lambda ls: ls[:3], "completeness.no-rows"),
        (lambda ls: [*ls[:-1], ls[-1].replace("2026", "2027")], "consistency.future-day"),
    ],
)  # fmt: skip
def test_instagram_export_by_day_rule(tmp_path: Path, change: object, code: str) -> None:
    """A file that breaks one rule is stopped by it."""
    data = exports.utf16(change(lines(export("views"))))  # type: ignore[operator]
    assert code in errors(report(tmp_path, "suite_views", data))


def test_instagram_export_cut_anywhere_is_noticed(tmp_path: Path) -> None:
    """Wherever a file breaks off: an error inside a line or character, a warning at a line's end, because the last line is missing."""
    data = export("views")
    for end in range(len(data) - 1, len(data) - 130, -1):
        found = report(tmp_path, "suite_views", data[:end])
        cut_at_line = data[:end].endswith(b"\n\x00") and (end % 2 == 0)
        assert found.verdict is (Verdict.WARNED if cut_at_line else Verdict.FAILED), end


def test_instagram_export_saved_by_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    """In another encoding the file went through other hands, and its days may have been changed on the way."""
    text = export("views").decode("utf-16")
    for data in (text.encode("utf-8"), text.encode("utf-8-sig"), text.replace("\n", "\r\n").encode("utf-8-sig")):
        assert claimed(data) == ["instagram/suite_views"]
        assert "format.encoding" in errors(report(tmp_path, "suite_views", data))


def test_instagram_unknown_titles_are_nobodys(tmp_path: Path) -> None:
    """An export whose title is not in the table is refused with the feeds it came close to, never guessed."""
    data = exports.utf16(["sep=,", '"Facebook visits"', '"Date","Primary"', '"2026-02-01T00:00:00","3"'])
    assert claimed(data) == []


def test_instagram_two_exports_agree_on_their_common_days(tmp_path: Path) -> None:
    """Overlapping windows restate nothing (seen on 82 common days): other values are told, with the line."""
    first = export("views", FIRST, LAST - timedelta(days=8))
    assert report(tmp_path, "suite_views", export("views"), before=first).verdict is Verdict.PASSED
    changed = [
        line.replace("2026-01-15T00:00:00", "2026-01-15T00:00:00").replace('","', '","9') for line in lines(export("views"))[3:]
    ]
    other = exports.utf16([*lines(export("views"))[:3], *changed])
    found = report(tmp_path, "suite_views", other, before=first)
    assert codes(found, Severity.WARNING) == {"volume.days-restated"}


def test_instagram_audience_is_four_tables_in_one(tmp_path: Path) -> None:
    """Total, ages by gender, cities and countries each become rows, shares as exact numbers."""
    data = exports.audience(PROFILES[0], noon(DAY))
    assert claimed(data) == ["instagram/suite_audience"]
    rows = suite.read_audience(data).records
    assert [r["table"] for r in rows][0] == "total" and {r["table"] for r in rows} == {"total", "age", "cities", "countries"}
    assert all(isinstance(r["share"], Decimal) for r in rows[1:])
    assert report(tmp_path, "suite_audience", data).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"Top cities","Value"', '"Top cities","Value","More"', "format.not-a-table"),
        ("Instagram followers by top countries", "Something else", "format.not-a-table"),
        ('%"\n', '"\n', "consistency.not-a-share"),
        ('"25-34","', '"25-34","9', "consistency.shares"),
    ],
)
def test_instagram_audience_rule(tmp_path: Path, old: str, new: str, code: str) -> None:
    """A file that breaks one rule is stopped by it."""
    text = exports.audience(PROFILES[0], noon(DAY)).decode("utf-16")
    assert old in text
    changed = b"\xff\xfe" + text.replace(old, new, 1).encode("utf-16-le")
    assert code in errors(report(tmp_path, "suite_audience", changed))


def test_instagram_list_of_posts_reads_its_own_dates(tmp_path: Path) -> None:
    """Month before day, figures of a whole life, long ids as text."""
    data = exports.posts(PROFILES[0], noon(DAY))
    assert claimed(data) == ["instagram/suite_posts"]
    rows = suite.read_posts(data).records
    assert rows[0]["Publish time"].startswith("2026-0") and rows[0]["Post ID"].isdecimal() and rows[0]["Date"] == "Lifetime"
    assert report(tmp_path, "suite_posts", data).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("old", "new", "code", "severity"),
    [
        ("Lifetime", "2026-02-01", "consistency.not-lifetime", Severity.ERROR),
        ("17841400000000001,nightworks", "17841400000000009,nightworks", "consistency.wrong-account", Severity.ERROR),
        ("\n18010", "\n1.8E+16", "consistency.post-id", Severity.ERROR),
        ("02/", "31/", "consistency.posted-when", Severity.ERROR),
        ("Saves", "Saved", "schema.columns-gone", Severity.WARNING),
        ("Saves", "Saves,Mood", "format.not-a-table", Severity.ERROR),
        ("Publish time", "Published", "format.not-a-table", Severity.ERROR),
    ],
)
def test_instagram_list_of_posts_rule(tmp_path: Path, old: str, new: str, code: str, severity: Severity) -> None:
    """A file that breaks one rule is told by it."""
    text = exports.posts(PROFILES[0], noon(DAY)).decode()
    assert old in text
    found = report(tmp_path, "suite_posts", text.replace(old, new, 1).encode())
    assert code in codes(found, severity)


def test_instagram_exports_that_are_none_raise_in_words() -> None:
    """Readers refuse what is no export, whatever it is."""
    for data in (
        b"",
        b"\xff\xfe",
        b"\xff\xfea",
        b"x,y\n1,2\n",
        b"\xff\xfe" + "sep=,\na\rb\n".encode("utf-16-le"),
        b"\xff\xfe" + 'sep=,\n"A"\n'.encode("utf-16-le"),
        b"\xff\xfe\x00\xd8\x00\xd8\n\x00",
    ):
        for read in (suite.read_daily, suite.read_audience, suite.read_posts):
            with pytest.raises(FormatTrouble):
                read(data)


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_instagram_real_exports_pass(tmp_path: Path, name: str) -> None:
    """Genuine exports are recognised by content, read whole, and pass; copies with another name as well."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip("no shared samples here")
    feed, count = REAL[name]
    data = path.read_bytes()
    assert claimed(data) == [f"instagram/{feed}"]
    found = report(tmp_path, feed, data, captured=noon(date(2026, 3, 24)))
    assert (found.verdict, found.facts["rows"]) == (Verdict.PASSED, count), found.findings
