"""Days without a year, names of downloads, and what an export is packed in."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from contract_desk import REGISTRY, Desk, codes, errors, noon
from hypothesis import given
from hypothesis import strategies as st
from tiktok_support import DAY, HARBOUR, NOVA, STEMS, at, back, named, table, zipped

from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.helpers import FormatTrouble
from extractors.tiktok import labels, packages
from extractors.tiktok.simulated import exports
from extractors.tiktok.simulated.exports import Export

GENUINE = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples" / "tiktok"
REPORTS = ("overview", "viewers", "followers", "content")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("June 5", "06-05"), ("5 June", "06-05"), ("Jun 5", "06-05"), ("8 de marzo", "03-08"), ("8 de março", "03-08"),
        ("25 Φεβρουαρίου", "02-25"), ("18 tháng Sáu", "06-18"), ("3 tháng Mười Hai", "12-03"), ("3 tháng 11", "11-03"), ("1er août", "08-01"),
        ("14 juillet", "07-14"), ("8. März", "03-08"), ("31 dicembre", "12-31"), ("17 Agustus", "08-17"), ("2 Kasım", "11-02"),
        ("February 29", "02-29"),
    ],
)  # fmt: skip
def test_a_label_is_read_in_each_language(text: str, day: str) -> None:
    """Day and month, whatever the language and order; 29 February is a day."""
    assert labels.read_label(text).text == day


@pytest.mark.parametrize(
    "text", ["", "undefined", "June", "31 June", "0 June", "32 May", "5 Juneish", "2026-06-05", "6/5", "5" * 50, "June 5, 2026"]
)
def test_what_is_no_label_is_refused(text: str) -> None:
    """No general date parser guesses: an unknown word, a missing day or a day no month has is an error."""
    with pytest.raises(ValueError):
        labels.read_label(text)


@given(
    st.sampled_from(sorted(labels.MONTHS)),
    st.sampled_from(["day first", "month first"]),
    st.dates(date(2024, 1, 1), date(2024, 12, 31)),
)
def test_every_day_is_read_back_in_every_language(language: str, order: str, day: date) -> None:
    """What a language writes is read as that day, and that language is among its forms."""
    label = labels.read_label(labels.spelled(day, language, order))
    assert (label.month, label.day) == (day.month, day.day)
    assert (language, order) in label.forms


@given(
    st.dates(date(2022, 7, 17), date(2032, 12, 31)),
    st.integers(1, 365),
    st.sampled_from(["en", "vi", "el"]),
    st.integers(0, 2),
    st.booleans(),
)
def test_the_years_come_back_from_the_name_and_from_the_time_of_capture(
    first: date, count: int, language: str, lag: int, named: bool
) -> None:
    """A window of up to a year has the same days again, across New Year and leap days, by its first day or by its last."""
    days = [first + timedelta(days=n) for n in range(count)]
    read = [labels.read_label(labels.spelled(day, language, "day first")) for day in days]
    captured = days[-1] + timedelta(days=lag)
    assert labels.dated(read, start=first if named else None, captured=captured) == days


def test_a_table_that_begins_later_than_its_window_is_dated_by_the_window() -> None:
    """119 days of 365: the first row lies in the year in which the window reaches it."""
    days = [date(2026, 3, 2) + timedelta(days=n) for n in range(119)]
    read = [labels.read_label(labels.spelled(day)) for day in days]
    assert labels.dated(read, start=date(2025, 6, 30), captured=date(2030, 1, 1)) == days


def test_shifted_labels_may_begin_a_day_before_the_window() -> None:
    """One day before `<start>` is the same year, not eleven months later."""
    assert labels.dated([labels.read_label("March 1")], start=date(2026, 3, 2), captured=DAY) == [date(2026, 3, 1)]


def test_rows_out_of_order_stay_in_their_year() -> None:
    """A label that steps back is not taken for the next year, so that the rule about rising days sees it."""
    read = [labels.read_label(t) for t in ("May 3", "May 5", "May 4")]
    assert labels.dated(read, start=date(2026, 5, 3), captured=DAY) == [date(2026, 5, 3), date(2026, 5, 5), date(2026, 5, 4)]


def test_a_leap_day_of_a_common_year_has_no_date() -> None:
    """29 February where the window's year has none is told as undatable."""
    read = [labels.read_label(t) for t in ("February 28", "February 29")]
    assert labels.dated(read, start=date(2026, 2, 28), captured=DAY) == [date(2026, 2, 28), None]


@given(
    st.from_regex(r"[A-Za-z0-9._]{1,24}", fullmatch=True),
    st.dates(date(2022, 7, 17), date(2030, 1, 1)),
    st.sampled_from(["zip", "csv", "xlsx"]),
)
def test_a_handle_may_hold_dots_and_underscores(handle: str, start: date, ext: str) -> None:
    """Everything behind the export's moment is the handle."""
    received = labels.read_name(named("Overview", start, at(DAY), handle, ext))
    assert received is not None
    assert (received.report, received.start, received.exported_at, received.handle) == ("Overview", start, at(DAY), handle)


@pytest.mark.parametrize(
    "name", [None, "", "Overview.csv", "Overview_2026-13-01_1772443800_a.zip", "Overview_2026-01-01_17_a.zip", "export (3).zip"]
)
def test_a_lost_name_tells_nothing(name: str | None) -> None:
    """Then the time of capture dates the rows."""
    assert labels.read_name(name) is None


# -- packed in what -----------------------------------------------------------------------------------------------------------


def test_a_zip_a_bare_table_and_a_workbook_hold_the_same_rows() -> None:
    """Three packings, one content, recognised by the same feed only."""
    tables = Export(HARBOUR, DAY, 60).tables("overview")
    bodies = [zipped(tables), tables["Overview"], exports.workbook(tables)]
    read = [packages.reader("overview")(body) for body in bodies]
    assert read[0].records == read[1].records == read[2].records and len(read[0]) == 60
    for body in bodies:
        assert [r for r in REPORTS if packages.recogniser(r)(body)] == ["overview"]


def test_a_followers_workbook_has_its_four_tables() -> None:
    """Sheets are tables, told by their headers."""
    tables = Export(NOVA, DAY, 28).tables("followers")
    read = packages.reader("followers")(exports.workbook(tables))
    assert set(read.parts) == set(tables) and len(read) == 28 and len(read.parts["FollowerActivity"].rows) == 8 * 24


@pytest.mark.parametrize("report", REPORTS)
def test_a_zip_is_recognised_by_its_beginning(report: str) -> None:
    """The first kilobyte is enough; a zip of other things is not ours."""
    body = Export(NOVA, DAY, 60).body(report)
    assert packages.report_of(body[:1024]) == report
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("Table data.csv", "a,b\n1,2\n")
    assert packages.report_of(other.getvalue()) is None


@given(st.binary(max_size=400))
def test_odd_bytes_are_neither_recognised_nor_fatal(data: bytes) -> None:
    """Whatever comes: no feed claims it, and reading ends in a FormatTrouble."""
    for body in (data, b"PK\x03\x04" + data):
        assert packages.report_of(body) is None
        with pytest.raises(FormatTrouble):
            packages.reader("overview")(body)


@given(st.integers(0, 10_000))
def test_a_cut_archive_is_always_noticed(spot: int) -> None:
    """Wherever an archive breaks off, it is told as broken, so that the download is made again."""
    body = Export(NOVA, DAY, 28).body("followers")
    assert packages.why_broken(body) is None
    assert packages.why_broken(body[: spot % len(body)]) is not None


def _archive(*entries: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in entries:
            archive.writestr(zipfile.ZipInfo(name), body, how)
    return out.getvalue()


_OVERVIEW = Export(NOVA, DAY, 7).tables("overview")["Overview"]


@pytest.mark.parametrize(
    "body",
    [
        _archive(("../Overview.csv", _OVERVIEW)), _archive(("a/Overview.csv", _OVERVIEW)), _archive(("a\\Overview.csv", _OVERVIEW)),
        _archive(("Overview.csv", b"x" * (packages.MOST_ENTRY + 1)), how=zipfile.ZIP_DEFLATED),
        _archive(*((f"{n}.csv", b"") for n in range(40))), _archive(("readme.txt", b"hello")), _archive(),
        _archive(("Overview.csv", _OVERVIEW), ("Viewers.csv", Export(NOVA, DAY, 7).tables("viewers")["Viewers"])),
        _archive(("Overview.csv", _OVERVIEW), ("overview.CSV", _OVERVIEW)),
    ],
    ids=["parent", "folder", "backslash", "bomb", "many", "foreign", "empty", "two-reports", "twice"],
)  # fmt: skip
def test_an_unsafe_or_unreasonable_archive_is_refused(body: bytes) -> None:
    """No paths, no bombs, one report, each table once."""
    with pytest.raises(FormatTrouble) as found:
        packages.reader("overview")(body)
    assert found.value.code == "format.archive"


def test_undefined_is_not_zero() -> None:
    """An undefined total makes new and returning viewers missing, too; a zero stays a zero."""
    body = table("Viewers", [["March 1", "undefined", 0, 0], ["March 2", 0, 0, 0], ["March 3", "undefined", 3, 0]])
    rows = packages.reader("viewers")(body).records
    assert [list(r.values())[1:] for r in rows] == [[None, None, None], [0, 0, 0], [None, 3, 0]]


def test_a_header_in_other_words_is_read_by_place_where_the_entry_says_what_it_is() -> None:
    """Inside a zip the entry names the table; a bare table in unknown words is refused."""
    foreign = Export(NOVA, DAY, 7, {"header_translated"}).tables("overview")["Overview"]
    read = packages.reader("overview")(_archive(("Overview.csv", foreign)))
    assert read.records == packages.reader("overview")(_OVERVIEW).records and {f.code for f in read.findings} == {
        "schema.header-unknown"
    }
    with pytest.raises(FormatTrouble):
        packages.reader("overview")(foreign)


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    """Portuguese names, another order, a new column: the same values under our names."""
    body = "Curtidas,Data,Compartilhamentos,Comentários,Salvos,Visualizações do perfil,Visualizações de vídeo\n-2,8 de março,5,4,9,2,100\n"
    read = packages.reader("overview")(body.encode())
    assert read.records == [{"label": "03-08", "video_views": 100, "profile_views": 2, "likes": -2, "comments": 4, "shares": 5}]
    assert [f.code for f in read.findings] == ["schema.drift"]


def test_the_stand_in_and_the_reader_agree_on_every_day_of_a_leap_year(tmp_path: Path) -> None:
    """366 days written by the one are the days read by the other, in three languages."""
    for creator in (NOVA, HARBOUR):
        for n in range(366):
            day = date(2028, 1, 1) + timedelta(days=n)
            assert labels.read_label(exports.label(creator, day)).on(2028) == day


# -- genuine files ------------------------------------------------------------------------------------------------------------

_GENUINE = [
    ("studio_el_28d", "Overview.csv", date(2026, 3, 25), "2026-03-24", set()), ("studio_el_28d", "Viewers.csv", date(2026, 3, 25), "2026-03-24", set()),
    ("studio_el_28d", "FollowerHistory.csv", date(2026, 3, 25), "2026-03-24", {"completeness.part-missing"}),
    ("studio_el_28d", "FollowerActivity.csv", date(2026, 3, 25), None, {"completeness.part-alone", "completeness.part-missing"}),
    ("studio_el_28d", "FollowerGender.csv", date(2026, 3, 25), None, {"completeness.part-alone", "completeness.part-missing"}),
    ("studio_el_28d", "FollowerTopTerritories.csv", date(2026, 3, 25), None, {"completeness.part-alone", "completeness.part-missing"}),
    ("studio_en_365d", "Overview.csv", date(2026, 6, 30), "2026-06-28", set()), ("studio_en_365d", "Viewers.csv", date(2026, 6, 30), "2026-06-29", set()),
    ("studio_en_365d", "FollowerHistory.csv", date(2026, 6, 30), "2026-06-29", {"completeness.part-missing"}),
    *(
        ("studio_en_365d", f"{stem}.csv", date(2026, 6, 30), None, {"completeness.part-alone", "completeness.part-missing", "completeness.header-only"})
        for stem in ("FollowerActivity", "FollowerGender", "FollowerTopTerritories")
    ),
    ("studio_en_7d", "Overview.csv", date(2026, 4, 20), "2026-04-18", set()),
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(("folder", "name", "day", "last", "notes"), _GENUINE, ids=[f"{g[0]}-{g[1]}" for g in _GENUINE])
def test_a_genuine_file_passes(folder: str, name: str, day: date, last: str | None, notes: set[str], tmp_path: Path) -> None:
    """Each genuine table, bare and with its name lost, is recognised by its feed, dated rightly, and passes; what is small is only noted."""
    path = GENUINE / folder / name
    if not path.is_file():
        pytest.skip("no shared samples here")
    data = path.read_bytes()
    report_name = packages.report_of(data)
    report = Desk(f"tiktok/{report_name}", tmp_path).report(data, noon(day))
    assert report.verdict is Verdict.PASSED and codes(report) == notes, report.findings
    assert report.facts.get("last_day") == last and report.facts["dated_by"] == "capture time"


@pytest.mark.shared
def test_genuine_files_in_their_archives_pass_with_what_the_name_tells(tmp_path: Path) -> None:
    """365 days asked: 119 rows of the overview are explained by the window's start, 277 undefined days are no zeros, all four tables count."""
    folder = GENUINE / "studio_en_365d"
    if not folder.is_dir():
        pytest.skip("no shared samples here")
    day, start, handle = date(2026, 6, 30), date(2025, 6, 30), "some.handle_x"
    notes = {"overview": {"completeness.window-cut"}, "viewers": set(), "followers": {"completeness.header-only"}}
    for report_name, expected in notes.items():
        stems = (
            ["Overview"]
            if report_name == "overview"
            else ["Viewers"]
            if report_name == "viewers"
            else [p.stem for p in packages.PARTS if p.report == "followers"]
        )
        body = zipped({stem: (folder / f"{stem}.csv").read_bytes() for stem in stems})
        report = Desk(f"tiktok/{report_name}", tmp_path).report(
            body, noon(day), received_name=named(report_name, start, at(day), handle), request={"days": "365", "handle": handle}
        )
        assert report.verdict is Verdict.PASSED and codes(report) == expected, report.findings
        assert report.facts["dated_by"] == "file name"
        assert report.facts.get("undefined") == {"overview": None, "viewers": 277, "followers": 277}[report_name]


@pytest.mark.shared
def test_seven_genuine_days_for_a_year_are_stopped(tmp_path: Path) -> None:
    """The default period in place of the one asked for is an error, with the name and without it."""
    path = GENUINE / "studio_en_7d" / "Overview.csv"
    if not path.is_file():
        pytest.skip("no shared samples here")
    day = date(2026, 4, 20)
    for name in (None, named("Overview", back(day, 8), at(day))):
        report = Desk("tiktok/overview", tmp_path).report(
            path.read_bytes(), noon(day), received_name=name, request={"days": "365"}
        )
        assert errors(report) == {"completeness.wrong-window"}


def test_each_feed_takes_what_its_part_names() -> None:
    """The feeds of the four downloads land under their own prefix with the extension received."""
    for report, stem in STEMS.items():
        feed = REGISTRY.feed(f"tiktok/{report}")
        assert feed.template.endswith("_{stamp}.{ext}") and stem in {p.stem for p in packages.PARTS if p.report == report}
