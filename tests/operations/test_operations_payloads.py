"""Payloads as tables: every feed's rows in SQL as its own reader finds them, bounded, narrowed, and honest about what is missing."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract_desk import REGISTRY, SAMPLED_AT, sidecar
from contract_samples import provenance, samples_of

from bedrot_console.domain.errors import Cancelled, QueryError, UsageError
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.domain.macros import LEAD, Call
from bedrot_console.inspection.columnar import payload_rows
from bedrot_console.inspection.pool import Readers
from bedrot_console.inspection.readers import completed, read
from bedrot_console.operations import checks, land, payloads, queries, sql
from bedrot_console.operations.decide import decide
from bedrot_console.operations.workspace import Workspace

PLAYS = "press/plays"


@pytest.fixture
def given(ws: Workspace, plays: Any) -> Iterator[Workspace]:
    """Two captures of press/plays of one account and one of another, and a sign-in page, all in landing."""
    list(land.land(ws, [plays(days=3, name="a.json"), plays(days=4, each=200, name="b.json")], feed=PLAYS))
    list(land.land(ws, [plays(days=2, each=7, name="c.json")], feed=PLAYS, account="second"))
    page = b"<html><form><input type=password></form></html>"
    list(land.land(ws, [plays(name="page.json", body=page)], feed=PLAYS, account="second"))
    ws.settle(publish="now")
    yield ws
    ws.readers.close()


def ask(ws: Workspace, text: str, **options: Any) -> tuple[list[tuple[Any, ...]], Any]:
    """Rows, and the run that gave them."""
    with sql.start(ws, text, timeout_seconds=60, **options).open() as run:
        return list(run.rows()), run


def test_rows_come_as_the_feeds_reader_finds_them(given: Workspace) -> None:
    """File, account, capture and day before the feed's own columns, with types that add up; what cannot be read is left out and named."""
    rows, run = ask(given, f"select * from landing('{PLAYS}') order by account, captured_at, day")
    assert run.columns == (*LEAD, "day", "plays") and run.types[3:] == ("TIMESTAMP", "DATE", "BIGINT")
    assert len(rows) == 9 and {r[1] for r in rows} == {"default", "second"} and rows[-1][5] == 7
    assert (
        run.reading == (4, 4)
        and run.partial
        and len(run.notes) == 1
        and run.notes[0].endswith(": this is a sign-in page")
        and "landing/press/plays" in run.notes[0]
    )
    total = "select sum(plays), count(distinct file_id), max(day) from landing('{}'{})"
    assert ask(given, total.format(PLAYS, ", account := 'second'"))[0][0][:2] == (15, 1)
    assert ask(given, total.format(PLAYS, ", last := 1"))[0][0][1] == 1  # the newest of `second` is the page
    assert ask(given, total.format(PLAYS, ", since := '2020-01-01'"))[0][0][1] == 3
    told: list[tuple[int, int]] = []
    assert len(list(sql.query(given, f"from landing('{PLAYS}')", tell=lambda *seen: told.append(seen)).rows)) == 9
    assert told[0][1] == 4 and told[-1][0] >= 3
    assert ask(given, f"select f.status, count(*) from files f join landing('{PLAYS}') p on f.id = p.file_id group by 1")[0] == [
        ("pending", 9)
    ]


def test_a_zone_without_files_keeps_the_columns(given: Workspace) -> None:
    """What was promoted is in raw, and landing is an empty table of the same shape; a query that is kept still binds."""
    ids = [r[0] for r in ask(given, f"select distinct file_id from landing('{PLAYS}', account := 'default')")[0]]
    asked = f"select plays from landing('{PLAYS}', account := 'default')"
    assert all(o.done for o in decide(given, Verb.QUARANTINE, ids, reason="odd"))
    rows, run = ask(given, asked)
    assert rows == [] and run.types == ("BIGINT",) and not run.partial
    assert run.notes == [f"no file is in landing('{PLAYS}', account := 'default')"]
    assert len(ask(given, f"from quarantine('{PLAYS}')")[0]) == 7
    assert (
        ask(given, "select account, plays from raw('press/plays'), (select count(*) from landing('press/plays', last := 9))")[0]
        == []
    )


def test_what_the_readme_says_to_a_duckdb_of_ones_own_works(given: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the lake's home plain payloads are read in place by their paths; the macros are not there."""
    import duckdb

    blocks = re.findall(r"```sql\n(.*?)```", (Path(__file__).parents[2] / "README.md").read_text("utf-8"), re.DOTALL)
    (text,) = [b for b in blocks if "SET VARIABLE" in b]
    text = text.replace("raw", "landing").replace("'toolost/spotify'", f"'{PLAYS}' AND account = 'default'")
    monkeypatch.chdir(given.home)
    with duckdb.connect("catalog.duckdb", read_only=True) as connection:
        found = connection.execute(text).fetchall()
        assert len(found) == 2 and {Path(row[-1]).parts[0] for row in found} == {"landing"}
        with pytest.raises(duckdb.CatalogException):
            connection.execute(f"FROM landing('{PLAYS}')")


def test_the_starter_that_reads_payloads_answers_with_and_without_files(given: Workspace) -> None:
    """Without a file no row, with its columns and a note; then each day once, from the newest file, with the mean of seven days."""
    ws = Workspace(given.settings, clock=given.clock)
    text = dict(sql.STARTERS)["plays by day"]
    try:
        rows, run = ask(ws, text)
        assert rows == [] and run.columns == ("day", "account", "streams", "mean_of_7_days", "file_id")
        assert "no file is in raw('distrokid/streams', last := 1)" in run.notes and not run.partial
        sample = REGISTRY.folder / "distrokid/samples/streams/ok-2026-03-02.html"
        (landed, again) = land.land(ws, [sample, sample], feed="distrokid/streams")
        ws.settle(publish="now")
        rows, _ = ask(ws, text)
        newest = max(landed.id, again.id)
        assert len(rows) > 300 and len({day for day, *_ in rows}) == len(rows) and {row[4] for row in rows} == {newest}
        assert [day for day, *_ in rows] == sorted((day for day, *_ in rows), reverse=True)
        assert rows[0][3] == round(sum(row[2] for row in rows[:7]) / 7)
    finally:
        ws.readers.close()


def test_more_than_one_query_reads_is_refused_with_what_narrows_it(given: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, bytes, rows and calls have bounds; the sentence has the figures, the hint the words that help."""
    text = f"select * from\n landing('{PLAYS}')"
    for name, value, said in (
        ("MOST_FILES", 2, "stands for 4 files, and one query reads at most 2"),
        ("MOST_BYTES", 100, "one query reads at most 0 MiB of payloads"),
        ("MOST_ROW_BYTES", 10, "the rows are more than"),
    ):
        with monkeypatch.context() as patch, pytest.raises(QueryError, match=said) as told:
            patch.setattr(payloads, name, value)
            ask(given, text)
        assert told.value.place == (2, 2) and "last := 1" in (told.value.hint or "")
    monkeypatch.setattr(payloads, "MOST_CALLS", 0)
    with pytest.raises(UsageError, match="at most 0"):
        ask(given, text)


def test_a_feed_that_there_is_not_is_told_with_its_place(given: Workspace) -> None:
    """Line and column of the name, and what was perhaps meant; so are arguments that are no literals."""
    for text, place, hint in (
        ("select 1,\n * from landing('press/play')", (2, 17), "perhaps press/plays"),
        ("from landing('press')", (1, 14), "perhaps press/plays"),
        ("from landing('no/such')", (1, 14), "bedrot platforms"),
        ("from landing(files)", (1, 14), "platform/feed"),
    ):
        with pytest.raises(QueryError) as told:
            ask(given, text)
        assert told.value.place == place and hint in (told.value.hint or ""), text


def test_a_check_reads_payloads_inside_its_scope(given: Workspace) -> None:
    """Its rows are violations as any other's; outside the scope there are none; that files could not be read is part of what it says."""
    text = f"-- check: error\n-- scope: {{}}\nselect file_id from landing('{PLAYS}') where plays > 200"
    queries.save(given, "inside", text.format(PLAYS))
    queries.save(given, "outside", text.format("elsewhere"))
    inside, outside = checks.run(given)
    assert (inside.outcome, inside.rows) == ("failed", 3) and inside.sentence == "3 rows break it; not all payloads could be read"
    assert outside.outcome == "passed" and not outside.partial


@pytest.mark.parametrize("how", ["cancel", "time"])
def test_reading_payloads_ends_when_it_is_told_or_its_time_is_over(given: Workspace, how: str) -> None:
    """A reader that never answers holds nobody: a second after the cancel it is over, and its process too."""
    given.readers.close()
    given.__dict__["readers"] = hanging = Readers([sys.executable, "-c", "import sys; sys.stdin.read()"])
    run = sql.start(given, f"from landing('{PLAYS}')", timeout_seconds=60 if how == "cancel" else 0.2)
    told: list[float] = []
    timer = threading.Timer(0.3, lambda: (told.append(time.monotonic()), run.cancel()))
    if how == "cancel":
        timer.start()
    with pytest.raises(Cancelled if how == "cancel" else UsageError):
        run.open()
    assert not told or time.monotonic() - told[0] < 1.0
    hanging.close()


def test_shapes_that_differ_from_file_to_file_meet_in_one_table(ws: Workspace, plays: Any) -> None:
    """A column that is a number here and a text there is text, whole numbers and fractions are numbers, one that only some have is null elsewhere."""
    bodies = [
        {"day": "2026-01-01", "plays": 1},
        {"day": "2026-01-02", "plays": 2.5},
        {"day": "soon", "plays": None},
        {"day": "2026-01-04", "plays": 4},
    ]
    for number, row in enumerate(bodies):
        body = json.dumps({"source": "press", "plays": [row]}).encode()
        list(land.land(ws, [plays(name=f"{number}.json", body=body)], feed=PLAYS))
    rows, run = ask(ws, f"select * exclude (file_id, captured_at, account, series) from landing('{PLAYS}') order by file_id")
    assert rows == [("2026-01-01", "1.0"), ("2026-01-02", "2.5"), (None, None), ("2026-01-04", "4.0")]
    assert run.types == ("DATE", "DOUBLE")
    ws.readers.close()


class Samples:
    """The good samples of every feed, given as one statement's payloads."""

    notes: list[str] = []
    partial = False
    read = files = 0

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.found: list[tuple[Any, Any]] = []
        for platform in REGISTRY.names():
            for path in samples_of(platform):
                if path.name.startswith("ok"):
                    self._read(platform, path)

    def _read(self, platform: str, path: Path) -> None:
        feed = REGISTRY.feed(f"{platform}/{path.parent.name}")
        commit = sidecar(feed, path.read_bytes(), SAMPLED_AT, **provenance(platform, path))
        found = payload_rows(feed, path, commit)
        content = completed(feed, read(feed, path), commit)
        assert not found.problem and found.rows == len(content), path
        assert (found.day is not None) == (feed.day in content.columns), path
        content.close()
        self.rows[feed.name] = self.rows.get(feed.name, 0) + found.rows
        self.found.append((feed, found))

    def lines(self, stop: Callable[[], bool]) -> Iterator[bytes]:
        for feed, found in self.found:
            head = {
                "table": Call("raw", (feed.name, "", "", "", ""), 0, 0).table,
                "lead": [["file_id", "VARCHAR", "x"]],
                "day": found.day,
            }
            yield json.dumps(head | {"columns": found.columns, "types": found.types, "parts": len(found.parts)}).encode()
            yield from map(bytes, found.parts)


def test_every_feed_of_every_platform_can_be_asked(given: Workspace) -> None:
    """Its good samples, each read by its own reader: as many rows in SQL, its measures add up, and its day is a date."""
    from bedrot_console.catalog.sql import start_sql

    samples = Samples()
    assert len(samples.rows) > 40
    parts = []
    for name in samples.rows:
        feed = REGISTRY.feed(name)
        sums = "".join(f', sum("{m}")' for m in feed.measures)
        day = "typeof(any_value(day))" if feed.day else "'DATE'"
        parts.append(f"(select '{name}', n, d from (select count(*) as n, {day} as d{sums} from raw('{name}')))")
    with start_sql(given.settings.catalog, " union all ".join(parts), timeout_seconds=60, given=samples).open() as run:
        assert {name: (rows, day) for name, rows, day in run.rows()} == {
            name: (rows, "DATE") for name, rows in samples.rows.items()
        }
