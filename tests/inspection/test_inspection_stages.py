"""The stages, their gates, and what each must catch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inspection_feeds import CHART, NOW, PLAYS, SALES, chart, codes, days, sidecar_of, sold

from bedrot_console.domain.feeds import History
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import STAGES, Finding, Outcome, Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection.helpers import Rows, header_has, json_rows_with, note

Ask = Callable[..., Report]
GOOD = days("2026-01-31", list(range(100, 130)))
SHOP = dataclasses.replace(PLAYS, name="soundcloud/shop", recognise=json_rows_with("sku"))
OWN = dataclasses.replace(PLAYS, recognise=json_rows_with("day", "plays"))


def outcome(report: Report, stage: str) -> Outcome:
    return next(s.outcome for s in report.stages if s.stage == stage)


def test_a_clean_capture_passes_with_its_facts(ask: Ask) -> None:
    """A clean capture passes, all stages are listed in order, and the facts name rows, days and totals."""
    report = ask(PLAYS, GOOD)
    assert report.verdict is Verdict.PASSED
    assert [s.stage for s in report.stages] == list(STAGES)
    assert report.facts["rows"] == 30
    assert (report.facts["first_day"], report.facts["last_day"]) == ("2026-01-31", "2026-03-01")
    assert report.facts["totals"] == {"plays": str(sum(range(100, 130)))}
    assert str(report.as_of) == "2026-03-01"


def test_every_report_survives_its_record(ask: Ask) -> None:
    """A report read back from its record is the report."""
    report = ask(PLAYS, GOOD[:-20], previous=GOOD)
    assert Report.from_record(report.to_record()) == report


def test_changed_bytes_fail_fixity_and_nothing_is_read(ask: Ask) -> None:
    """Bytes that are not those that landed fail at the first gate, and every later stage says why it was skipped."""
    wrong = sidecar_of(GOOD.replace(b"100", b"900"), PLAYS)
    report = ask(PLAYS, GOOD, sidecar=wrong)
    assert codes(report) == {"fixity.hash-differs"}
    assert {s.because for s in report.stages[1:]} == {"fixity failed"}


def test_a_shortened_file_fails_fixity_by_its_size(ask: Ask) -> None:
    """A file of another length than recorded is named without hashing it."""
    assert codes(ask(PLAYS, GOOD[:-1], sidecar=sidecar_of(GOOD, PLAYS))) == {"fixity.size-differs"}


def test_a_payload_that_is_gone_or_a_link_fails_fixity(ask: Ask, tmp_path: Path) -> None:
    """Links are not followed and a missing payload is a finding, not an exception."""
    link = tmp_path / "link"
    link.symlink_to("/etc/hostname")
    from bedrot_console.inspection.jobs import Job
    from bedrot_console.inspection.stages import inspect

    for path in (link, tmp_path / "nowhere", tmp_path):
        report = inspect(Job(feed=PLAYS, payload=path, sidecar=sidecar_of(b"", PLAYS), now=NOW, report_id="r"))
        assert codes(report) == {"format.unreadable"}
        assert report.stages[0].outcome is Outcome.FAILED


def test_sizes_out_of_bounds_stop_before_reading(ask: Ask) -> None:
    """Below or above the feed's bounds is an error, and the content is not read."""
    assert codes(ask(PLAYS, b"")) == {"size.empty"}
    assert codes(ask(dataclasses.replace(PLAYS, min_bytes=10_000), GOOD)) == {"size.too-small"}
    assert codes(ask(dataclasses.replace(PLAYS, max_bytes=10), GOOD)) == {"size.too-large"}


PAGES = {
    "format.challenge-page": [
        b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>",
        b'<html><body><form action="/newComputer/?forward=%2Fstats"><input name="code"></form></body></html>',
        b'<html><body><input autocomplete="one-time-code"></body></html>',
    ],
    "format.sign-in-page": [
        b'<html><body><form><input id="inputEmail"><input type="password" id="inputPassword"></form></body></html>',
        b"<html><head><title>Sign in</title></head><body></body></html>",
    ],
    "format.error-page": [
        b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
        b"<html><body><h1>Something went wrong</h1></body></html>",
    ],
}


@pytest.mark.parametrize(("code", "page"), [(code, page) for code, pages in PAGES.items() for page in pages])
@pytest.mark.parametrize("feed", [PLAYS, SALES, CHART], ids=lambda f: f.format)
def test_sign_in_challenge_and_error_pages_are_named_whatever_the_feed(ask: Ask, feed: object, code: str, page: bytes) -> None:
    """A page saved as data is named for what it is, under a JSON, a table and an HTML feed."""
    assert codes(ask(feed, page)) == {code}


@pytest.mark.parametrize("feed", [PLAYS, SALES])
def test_other_html_under_a_data_feed_is_html_instead(ask: Ask, feed: object) -> None:
    """An HTML page that is none of these is still not data."""
    assert codes(ask(feed, b"<html><body><p>hello</p></body></html>")) == {"format.html-instead"}


def test_a_member_page_may_speak_of_signing_in(ask: Ask) -> None:
    """Words in running text decide nothing: a member page with a sign-in link is data."""
    page = chart('{"category": "2026-03-01", "column-1": "5"},', before="<p>log in, sign in, 404 error, verification code</p>")
    assert ask(CHART, page).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "body", [b'{"error": {"code": 190, "message": "x"}}', b'{"errors": ["no"]}', b'{"success": false, "message": "no"}']
)
def test_a_json_error_body_is_no_data(ask: Ask, body: bytes) -> None:
    """An error of the platform that came with status 200 is found in the body."""
    assert codes(ask(PLAYS, body)) == {"format.error-body"}
    assert codes(ask(SALES, body)) == {"format.error-body"}


@pytest.mark.parametrize("cut", [1, 2, 7, 15, 40, 333])
def test_truncated_json_is_called_truncated(ask: Ask, cut: int) -> None:
    """JSON that ends in the middle is called that."""
    assert codes(ask(PLAYS, GOOD[:-cut])) == {"format.truncated"}


def test_a_page_without_its_end_is_truncated(ask: Ask) -> None:
    """A page cut after its data, but before its closing tag, is still a cut transfer."""
    page = chart('{"category": "2026-03-01", "column-1": "5"}')
    assert codes(ask(CHART, page[: page.index(b"</script>")])) == {"format.truncated"}
    assert codes(ask(CHART, page[: page.index(b"column-1")] + b"</html>")) == {"format.truncated"}


@pytest.mark.parametrize("tail", [b"2026-02-02\tSpo", b"2026-02-02\tSpotify\tA\t3", b"2026-0", b'2026-02-02\t"Spot'])
def test_a_table_whose_last_line_is_short_is_truncated(ask: Ask, tail: bytes) -> None:
    """A last line that ends too early is a cut transfer."""
    report = ask(SALES, sold(("2026-02-01", "Spotify", "A", 3, "0.1")) + tail)
    assert "format.truncated" in codes(report)


def test_a_missing_last_line_end_counts_only_where_one_is_promised(ask: Ask) -> None:
    """Without a promise a missing last line end is a note; with `final_newline` it is a cut transfer."""
    data = sold(("2026-02-01", "Spotify", "A", 3, "0.1"))[:-1]
    assert ask(SALES, data).verdict is Verdict.PASSED
    strict = dataclasses.replace(SALES, options={"final_newline": True})
    assert codes(ask(strict, data)) == {"format.truncated"}


def test_the_content_of_another_feed_is_named(ask: Ask) -> None:
    """Content that another feed of the platform recognises and this one does not is named with that feed."""
    report = ask(OWN, b'[{"sku": 1}]', feeds=[OWN, SHOP])
    assert codes(report) == {"format.wrong-feed"}
    assert report.findings[0].seen == "soundcloud/shop"
    assert codes(ask(OWN, b'[{"else": 1}]', feeds=[SHOP])) == {"format.not-recognised"}


def test_a_table_of_another_feed_is_named(ask: Ask) -> None:
    """The same for tables, where the header decides."""
    bank = dataclasses.replace(SALES, name="soundcloud/bank", recognise=header_has("IBAN"))
    own = dataclasses.replace(SALES, recognise=header_has("Store", "Quantity"))
    assert codes(ask(own, b"IBAN\tAmount\n1\t2\n", feeds=[bank])) == {"format.wrong-feed"}


def test_an_empty_chart_fails(ask: Ask) -> None:
    """A page saved before its chart was filled has no rows, and that is an error unless the feed says otherwise."""
    assert codes(ask(CHART, chart(""))) == {"completeness.no-rows"}
    assert codes(ask(PLAYS, b"[]")) == {"completeness.no-rows"}
    assert codes(ask(SALES, sold())) == {"completeness.no-rows"}
    assert ask(dataclasses.replace(PLAYS, empty="warning"), b"[]").verdict is Verdict.WARNED
    assert ask(dataclasses.replace(PLAYS, empty="ok"), b"[]").verdict is Verdict.PASSED


def test_a_missing_column_is_named_and_a_new_one_is_drift(ask: Ask) -> None:
    """A missing required column is an error; an unknown column is a note and changes no verdict."""
    assert codes(ask(SALES, b"Reporting Date\tStore\tQuantity\n2026-02-01\tX\t1\n")) >= {"completeness.column-missing"}
    report = ask(SALES, b"Reporting Date\tStore\tTitle\tQuantity\tEarnings (USD)\tRecoup\n2026-02-01\tX\tA\t1\t0.5\t\n")
    assert codes(report) == {"schema.drift"}
    assert report.verdict is Verdict.PASSED


def test_an_incomplete_set_warns(ask: Ask) -> None:
    """A set that lacks one of its declared feeds warns and names it."""
    report = ask(PLAYS, GOOD, declared=("soundcloud/plays", "soundcloud/sales"), siblings={})
    assert [f.expected for f in report.findings if f.code == "completeness.set-incomplete"] == ["soundcloud/sales"]
    assert (
        ask(PLAYS, GOOD, declared=("soundcloud/plays", "soundcloud/sales"), siblings={"soundcloud/sales": sold()}).verdict
        is Verdict.PASSED
    )


def test_days_ahead_of_the_capture_are_errors(ask: Ask) -> None:
    """A day may be one ahead of the capture's UTC day, not more."""
    assert ask(PLAYS, days("2026-03-01", [1, 2, 3])).verdict is Verdict.PASSED
    assert codes(ask(PLAYS, days("2026-03-01", [1, 2, 3, 4]))) == {"consistency.future-day"}


def test_cells_that_are_no_days_and_keys_that_repeat_are_errors(ask: Ask) -> None:
    """The day column holds days, and the key names one row."""
    assert codes(ask(PLAYS, b'[{"day": "1 March", "plays": 1}]')) >= {"consistency.not-a-day"}
    report = ask(PLAYS, b'[{"day": "2026-03-01", "plays": 1}, {"day": "2026-03-01", "plays": 1}]')
    assert codes(report) == {"consistency.key-repeats"}
    assert report.findings[0].place.pointer == "/1/day"
    assert codes(ask(PLAYS, b'[{"day": "2026-03-01", "plays": 1}, {"day": null, "plays": 1}]')) == {"completeness.key-blank"}


def test_freshness_is_the_newest_day_inside_the_data(ask: Ask) -> None:
    """A new file with old days is stale: warned, then failed, by the data's own newest day."""
    assert codes(ask(PLAYS, days("2026-02-20", [1, 2, 3, 4, 5]))) == {"freshness.stale"}
    assert codes(ask(PLAYS, days("2026-02-10", [1, 2, 3, 4, 5]))) == {"freshness.too-old"}
    brought = ask(PLAYS, days("2026-02-10", [1, 2, 3, 4, 5]), method="manual")
    assert codes(brought) == {"freshness.too-old"} and brought.verdict.value == "warned", "what a person brings may be old"
    assert (
        ask(PLAYS, days("2026-02-10", [1, 2, 3, 4, 5]), captured_at=datetime(2026, 2, 15, tzinfo=UTC)).verdict is Verdict.PASSED
    )


def earlier(ask: Ask, data: bytes) -> list[History]:
    report = ask(PLAYS, data)
    return [History(captured_at=NOW - timedelta(days=1), as_of=report.as_of, facts=report.facts, file_id="00earlier")]


def test_duplicates_are_found_by_bytes_and_by_content(ask: Ask) -> None:
    """The same bytes and the same content in other bytes are both noticed."""
    assert codes(ask(PLAYS, GOOD, twins=[("00twin", NOW)])) == {"duplicates.same-bytes"}
    respelled = GOOD.replace(b", ", b",\n  ")
    assert codes(ask(PLAYS, respelled, history=earlier(ask, GOOD))) == {"duplicates.same-content"}


def test_vanished_days_fail_and_revised_days_are_told(ask: Ask) -> None:
    """Earlier days may be revised, which is reported with a count, but not vanish."""
    revised = days("2026-01-31", [100, 999, *range(102, 131)])
    report = ask(PLAYS, revised, previous=GOOD, history=earlier(ask, GOOD))
    assert codes(report) == {"volume.days-revised"}
    assert report.verdict is Verdict.PASSED and report.findings[0].count == 1
    hole = GOOD.replace(b'{"day": "2026-02-09", "plays": 109}, ', b"")
    assert codes(ask(PLAYS, hole, previous=GOOD)) == {"volume.days-vanished"}


def test_a_rolling_window_may_roll_but_not_lose_its_front(ask: Ask) -> None:
    """Days may fall off the front of a rolling window as far as its end moved on, no further."""
    rolled = days("2026-02-02", list(range(102, 130)))
    assert ask(PLAYS, rolled, previous=GOOD, captured_at=NOW).verdict is Verdict.PASSED
    assert codes(ask(PLAYS, days("2026-02-12", list(range(112, 130))), previous=GOOD)) == {"volume.front-vanished"}


def test_a_growing_table_must_not_lose_rows(ask: Ask) -> None:
    """A full export that holds fewer rows than the last one fails, also when the cut is at a line end."""
    whole = sold(*(("2026-02-01", "Spotify", f"T{i}", i, "0.1") for i in range(50)))
    cut = b"".join(whole.splitlines(keepends=True)[:-5])
    report = ask(SALES, cut, previous=whole)
    assert "volume.rows-vanished" in codes(report)
    assert ask(SALES, whole + b"2026-02-02\tSpotify\tT1\t5\t0.1\n", previous=whole).verdict is Verdict.PASSED


def test_volume_falling_beyond_the_guard_warns(ask: Ask) -> None:
    """Rows or measures falling by more than the feed's share against the last good capture warn."""
    report = ask(PLAYS, days("2026-01-31", [1] * 30), history=earlier(ask, GOOD))
    assert codes(report) >= {"volume.total-dropped"}
    assert report.verdict is Verdict.WARNED


def test_without_its_predecessor_at_hand_facts_still_guard(ask: Ask) -> None:
    """When the last good payload is gone, its facts still show that the data went back in time."""
    facts = dict(earlier(ask, GOOD)[0].facts)
    facts.pop("days")
    old = [History(captured_at=NOW, as_of=None, facts=facts, file_id="x")]
    assert "volume.days-vanished" in codes(ask(PLAYS, days("2026-01-31", list(range(100, 125))), history=old))


def test_checks_see_content_neighbours_and_options(ask: Ask) -> None:
    """A feed's own checks get the content and a context with previous, sibling, options and sidecar."""
    seen: list[object] = []

    def check(content: object, context: object) -> list[Finding]:
        seen.extend(
            [
                len(content),
                len(context.previous()),
                len(context.sibling("soundcloud/sales")),
                context.options["a"],
                context.sibling("x/y"),
            ]
        )  # type: ignore[arg-type, attr-defined]
        return [note("consistency.seen", "seen")]

    feed = dataclasses.replace(PLAYS, checks=(check,), options={"a": 1})
    siblings = {"soundcloud/sales": sold(("2026-02-01", "Spotify", "A", 3, "0.1"))}
    report = ask(feed, GOOD, previous=days("2026-01-31", [100]), siblings=siblings, feeds=[SALES], options={"a": 2})
    assert seen == [30, 1, 1, 2, None]
    assert [f.stage for f in report.findings if f.code == "consistency.seen"] == ["consistency"]


def test_a_check_that_trips_is_a_finding_and_stops_nothing(ask: Ask) -> None:
    """A check that cannot cope with odd data costs the file its verdict, not the batch."""

    def check(content: object, context: object) -> list[Finding]:
        raise KeyError("x")

    report = ask(dataclasses.replace(PLAYS, checks=(check,)), GOOD)
    assert codes(report) == {"consistency.check-failed"}
    assert outcome(report, "freshness") is Outcome.PASSED


def test_a_finding_for_an_earlier_stage_changes_that_stage(ask: Ask) -> None:
    """A check may speak for another stage, whose outcome then shows it."""

    def check(content: object, context: object) -> list[Finding]:
        return [Finding(code="completeness.x", severity=Severity.ERROR, message="x", stage="completeness")]

    report = ask(dataclasses.replace(PLAYS, checks=(check,)), GOOD)
    assert outcome(report, "completeness") is Outcome.FAILED
    assert outcome(report, "consistency") is Outcome.PASSED


def _without_year(payload: bytes) -> Rows:
    return Rows([{"label": line} for line in payload.decode().split()], ("label", "day"))


def _with_year(content: Rows, sidecar: Sidecar) -> Rows:
    year = (sidecar.received_name or "").removesuffix(".txt")
    if not year:
        raise ValueError("nothing tells the year")
    return Rows([row | {"day": f"{year}-{row['label']}"} for row in content.records], ("label", "day"))


def test_what_the_bytes_do_not_tell_comes_from_the_sidecar(ask: Ask) -> None:
    """A feed may complete its content from the sidecar; facts and checks see the result, and what cannot be completed is unreadable."""
    seen: list[object] = []

    def look(content: Rows, context: Any) -> Iterator[Finding]:
        seen.append((content.records[0]["day"], context.earlier, [list(r) for r in context.previous().rows()]))
        yield from ()

    feed = dataclasses.replace(
        PLAYS, format="table", parse=_without_year, complete=_with_year, key=("label",), measures=(), checks=(look,), history=None
    )
    data, earlier = b"02-27\n02-28\n", History(captured_at=NOW, as_of=None, facts={"last_day": "2026-02-27"}, file_id="f0")
    card = dataclasses.replace(sidecar_of(data, feed), received_name="2026.txt")
    report = ask(feed, data, sidecar=card, previous=b"02-26\n", history=[earlier])
    assert report.verdict is Verdict.PASSED and (report.facts["first_day"], report.facts["last_day"]) == (
        "2026-02-27",
        "2026-02-28",
    )
    assert seen == [("2026-02-27", earlier, [["label"]])]
    assert codes(ask(feed, data)) == {"format.unknown-shape"}


def test_a_recogniser_that_trips_does_not_recognise() -> None:
    """A feed's own recogniser may fail on odd bytes in any usual way: it is a no, for that feed only."""
    import csv

    from bedrot_console.inspection.recognise import recognise

    def trips(head: bytes) -> bool:
        raise csv.Error("new-line character seen in unquoted field")

    odd = dataclasses.replace(PLAYS, name="tiny/odd", recognise=trips)
    good = dataclasses.replace(PLAYS, name="tiny/good", recognise=lambda head: True)
    assert recognise([odd, good], b"a\rb") == [good]
