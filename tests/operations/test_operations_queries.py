"""Queries that are kept, checks made of them, answers of any size, and files made of answers."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.domain.errors import Cancelled, PermissionDenied, UsageError
from bedrot_console.operations import checks, exporting, land, queries, sql, status
from bedrot_console.operations.answers import Answer, answer
from bedrot_console.operations.workspace import Workspace


@pytest.fixture
def given(ws: Workspace, plays: Any) -> Workspace:
    """A lake with one file of press/plays."""
    list(land.land(ws, [plays()], feed="press/plays"))
    ws.settle(publish="now")
    return ws


class Rows:
    """A run that gives numbered rows in batches, and then ends, or breaks."""

    def __init__(self, batches: int, each: int = 100, *, then: Exception | None = None) -> None:
        self.columns, self.types = ("n", "t"), ("BIGINT", "VARCHAR")
        self.truncated, self.notes, self.partial = False, (), False
        self.batch_count, self.each, self.then = batches, each, then
        self.cancelled = threading.Event()
        self.closed = False

    def open(self) -> Rows:
        return self

    def lines(self):
        for number in range(self.batch_count):
            if self.cancelled.is_set():
                raise Cancelled("the query was cancelled")
            yield self.each, json.dumps([[number * self.each + i, "x"] for i in range(self.each)]).encode()
        if self.then is not None:
            raise self.then

    def batches(self):
        return (json.loads(rows) for _, rows in self.lines())

    def cancel(self) -> None:
        self.cancelled.set()

    def close(self) -> None:
        self.closed = True


# starters


def test_every_starter_query_runs(given: Workspace) -> None:
    """All are answered by the real child on a real catalog, with the platforms that there are, and each has columns."""
    ws = Workspace(given.settings, clock=given.clock)
    try:
        with ThreadPoolExecutor(2) as pool:
            for (name, _), columns in zip(sql.STARTERS, pool.map(_columns(ws), sql.STARTERS), strict=True):
                assert columns, name
    finally:
        ws.readers.close()


def _columns(ws: Workspace):
    def ask(starter: tuple[str, str]) -> tuple[str, ...]:
        with sql.start(ws, starter[1]).open() as run:
            list(run.rows())
            return run.columns

    sql.reader(ws)
    return ask


# saved queries and history


def test_a_saved_query_is_a_file_that_says_what_it_is(ws: Workspace) -> None:
    """Name and text come back as they were; comments at the head declare; the file is its owner's alone."""
    text = "-- about: all\n-- check: warning\n-- scope: press/plays\nselect 1"
    queries.save(ws, "all-of-it", text)
    (found,) = queries.saved(ws)
    assert (found.about, found.check, found.scope, found.body) == ("all", "warning", "press/plays", "select 1")
    assert found == queries.load(ws, "all-of-it") and found.text == text + "\n"
    assert (ws.settings.state / "queries" / "all-of-it.sql").stat().st_mode & 0o777 == 0o600
    assert queries.declared(text, check="error", about="") == "-- scope: press/plays\n-- check: error\nselect 1"
    queries.remove(ws, "all-of-it")
    assert queries.saved(ws) == []


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", ".a", "a" * 49, "a\n", "history-0.jsonl"])
def test_a_name_that_is_no_name_is_refused(ws: Workspace, name: str) -> None:
    """Nothing but small letters, digits, - and _ becomes a file's name."""
    with pytest.raises(UsageError):
        queries.save(ws, name, "select 1")
    with pytest.raises(UsageError):
        queries.load(ws, name)


def test_a_saved_query_is_replaced_only_when_told(ws: Workspace, open_workspace: Any) -> None:
    """A second text under a name needs `replace`; a read-only workspace keeps nothing; a bad declaration is told."""
    queries.save(ws, "a", "select 1")
    with pytest.raises(UsageError, match="there is a saved query"):
        queries.save(ws, "a", "select 2")
    assert queries.save(ws, "a", "select 2", replace=True).text == "select 2"
    with pytest.raises(UsageError, match="severity"):
        queries.save(ws, "b", "-- check: maybe\nselect 1")
    with pytest.raises(PermissionDenied):
        queries.save(open_workspace(read_only=True), "b", "select 1")


def test_history_is_kept_across_restarts_each_text_once_and_bounded(ws: Workspace, open_workspace: Any, monkeypatch: Any) -> None:
    """Newest last, repeated texts move to the end, the oldest go; nothing but texts, for their owner's eyes."""
    monkeypatch.setattr(queries, "HISTORY_ENTRIES", 3)
    for text in ("a", "b", "a", "c", "d"):
        queries.remember(ws, text)
    assert queries.history(open_workspace()) == ["a", "c", "d"]
    queries.remember(open_workspace(read_only=True), "e")
    assert queries.history(ws) == ["a", "c", "d"]
    (path,) = (ws.settings.state / "queries").glob("history-*.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("no json\n" + path.read_text())
    assert queries.history(ws) == ["a", "c", "d"]


# checks


def alerts(ws: Workspace) -> list[tuple[str, str]]:
    return [(a["code"], a["subject"]) for a in status.status(ws)["alerts"] if a["alert"].startswith("check:")]


def test_a_check_that_finds_rows_is_an_alert_until_it_finds_none(given: Workspace) -> None:
    """Raised once, ended by a clean run, by the query's removal, or by its being no check any more."""
    queries.save(given, "any", "-- check: error\nselect id from files")
    queries.save(given, "none", "-- check: warning\nselect id from files where false")
    queries.save(given, "plain", "select id from files")
    first = list(checks.run(given))
    assert [(r.name, r.outcome, r.rows) for r in first] == [("any", "failed", 1), ("none", "passed", 0)]
    assert first[0].sentence == "1 row breaks it" and first[0].columns == ("id",) and len(first[0].sample) == 1
    list(checks.run(given, ["any"]))
    assert alerts(given) == [("check-failed", "any (error)")]
    queries.save(given, "any", "-- check: error\nselect id from files where false", replace=True)
    list(checks.run(given, ["any"]))
    assert alerts(given) == []
    queries.save(given, "any", "-- check: error\nselect nope", replace=True)
    (broken,) = checks.run(given, ["any"])
    assert broken.outcome == "broken" and alerts(given) == [("check-broken", "any (error)")]
    queries.remove(given, "any")
    assert alerts(given) == []
    with pytest.raises(UsageError, match="no check"):
        list(checks.run(given, ["plain"]))


def test_a_scope_is_all_that_a_check_sees(given: Workspace, open_workspace: Any) -> None:
    """The same text finds the feed's files inside the scope and nothing outside; a read-only workspace records nothing."""
    queries.save(given, "here", "-- check: error\n-- scope: press/plays\nselect id from files")
    queries.save(given, "there", "-- check: error\n-- scope: elsewhere\nselect id from files")
    assert [r.outcome for r in checks.run(open_workspace(read_only=True))] == ["failed", "passed"]
    assert alerts(given) == []
    every = ", ".join(f"(select count(*) from {view})" for view, _ in sql.scope_views("press/plays"))
    with sql.start(given, f"select {every}", scope="press/plays").open() as run:
        assert len(next(iter(run.rows()))) == len(sql.scope_views("x"))
    with pytest.raises(UsageError):
        sql.scope_views("x' or true --")


# answers


def test_an_answer_of_any_size_is_read_by_pages_while_it_comes(tmp_path: Path, clock: Any) -> None:
    """Pages are right across batches, during and after; memory holds no rows; closing gives the rows back."""
    run = Rows(50)
    it = Answer(lambda: run, tmp_path, clock)
    seen = []
    it.read(lambda: seen.append((it.state, it.count)))
    assert seen[0] == ("reading", 0) and seen[1] == ("reading", 100) and seen[-1] == ("whole", 5000)
    assert [r[0] for r in it.page(95, 10)] == list(range(95, 105))
    assert [r[0] for r in it.page(4995, 200)] == list(range(4995, 5000)) and it.page(5000, 1) == [] == it.page(-1, 1)
    assert list(tmp_path.iterdir()) == [] and run.closed
    it.close()
    assert it.page(0, 1) == []


@pytest.mark.parametrize(
    ("run", "because"),
    [
        (Rows(9), "0 MB are kept"),
        (Rows(1, then=UsageError("the query took too long")), "too long"),
        (Rows(1, then=Cancelled("x")), "stopped"),
    ],
)
def test_an_answer_that_is_cut_keeps_what_came_and_says_why(tmp_path: Path, clock: Any, run: Rows, because: str) -> None:
    """Space, time or a cancel: the rows so far stay, and the reason is told."""
    it = Answer(lambda: run, tmp_path, clock, kept_bytes=2000)
    it.read(lambda: None)
    assert it.state == "cut" and because in it.because and it.count == 100 and run.closed


def test_an_answer_can_be_cancelled_before_it_began(tmp_path: Path, clock: Any) -> None:
    """No process is started then; an error before any row is raised."""
    it = Answer(lambda: pytest.fail("begun"), tmp_path, clock)  # type: ignore[arg-type]
    it.cancel()
    with pytest.raises(Cancelled):
        it.read(lambda: None)
    with pytest.raises(UsageError):
        Answer(lambda: Rows(0, then=UsageError("no")), tmp_path, clock).read(lambda: None)


# files made of answers


def test_csv_is_harmless_to_a_spreadsheet_and_tells_absent_from_empty() -> None:
    """Formulas get an apostrophe, numbers stay numbers, also those that come as text; NULL is nothing and '' is two quotes."""
    cells = ["=1+1", "-3.50", -3, 1.5, None, "", "a,b", 'q"', "\t=x", "+x", "＝x", "@x", True, "x;=1"]
    shown = ["'=1+1", "-3.50", "-3", "1.5", "", '""', '"a,b"', '"q"""', '"\'\t=x"', "'+x", "'＝x", "'@x", "true", '"x;=1"']
    assert exporting.csv_line(cells) == ",".join(shown)


def test_an_export_is_whole_or_not_there_and_replaces_nothing_unasked(ws: Workspace, tmp_path: Path, clock: Any) -> None:
    """All rows and a header; a file that is there stays; a stopped one leaves nothing; the lake's own folders are refused."""
    it = Answer(lambda: Rows(3), tmp_path, clock)
    it.read(lambda: None)
    path = exporting.target(ws, str(tmp_path / "a.csv"))
    told: list[int] = []
    done = exporting.Export(ws, it, path, "csv").write(told.append)
    assert (done.rows, told) == (300, [100, 200, 300]) and path.read_text().splitlines()[:2] == ["n,t", "0,x"]
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there is a file already"):
        exporting.target(ws, str(path))
    with pytest.raises(UsageError, match="there is a file already"):
        exporting.Export(ws, it, path, "json").write()
    stopped = exporting.Export(ws, it, tmp_path / "b.jsonl", "json")
    with pytest.raises(Cancelled):
        stopped.write(lambda rows: stopped.cancel())
    exporting.Export(ws, it, path, "json", replace=True).write()
    assert json.loads(path.read_text().splitlines()[-1]) == {"n": 299, "t": "x"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "home"]
    ws.prepare()
    for place in (ws.settings.landing, ws.settings.raw, ws.settings.state):
        with pytest.raises(UsageError, match="own folders"):
            exporting.target(ws, str(place / "x.csv"))
    with pytest.raises(UsageError, match="no such folder"):
        exporting.target(ws, str(tmp_path / "none" / "x.csv"))


def test_parquet_holds_the_types_and_a_cut_answer_is_asked_again_whole(given: Workspace, tmp_path: Path) -> None:
    """Numbers, dates and money keep their type; what Parquet has no type for is text; all rows are there."""
    import duckdb

    text = "select i, 0.10::decimal(9,2) as money, date '2026-01-02' as day, [i] as l, null as n, sum(i) over () as s from range(4000) t(i)"
    it = answer(given, text)
    it.read(lambda: it.count and it.cancel())
    assert it.state == "cut"
    path = tmp_path / "x.parquet"
    assert exporting.Export(given, it, path, exporting.format_of(path)).write().rows == 4000
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".bedrot-export")) == []
    found = duckdb.sql(
        f"select count(*), max(i), sum(money), max(day), max(l), max(s), any_value(typeof(s)) from '{path}'"
    ).fetchall()[0]
    assert [str(v) for v in found] == ["4000", "3999", "400.00", "2026-01-02", "[9]", "7998000", "DECIMAL(38,0)"]
