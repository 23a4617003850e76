"""health and explain: freshness worst first, runs, what landed, the disk's forecast, and why one feed is late."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bedrot_console.cli.root import root
from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.operations import browse, land, validate
from bedrot_console.operations import health as figures
from bedrot_console.operations.explain import explain
from bedrot_console.operations.health import health
from bedrot_console.operations.workspace import Workspace

DAY = 86_400


def ran(
    ws: Workspace, clock: Any, seconds: float, state: str = "done", platform: str = "press", expected: Any = ("press/plays",)
) -> None:
    """A run that took so long, in the journal."""
    run = new_id(clock.now())
    ws.record(ws.event("run-started", run=run, platform=platform, account="default", expected=list(expected), attended=False))
    clock.advance(seconds)
    ws.record(
        ws.event(
            "run-ended", run=run, platform=platform, account="default", state=state, error_code=None, exit_code=0, landed=[], files=[],
        )
    )  # fmt: skip


@pytest.fixture
def landed(ws: Workspace, plays: Any) -> Workspace:
    """A lake with one capture of press/plays that nobody has validated."""
    list(land.land(ws, [plays()], feed="press/plays"))
    published(ws)
    return ws


def published(ws: Workspace) -> None:
    """What the console's pulse does: the newest catalog is published and read."""
    ws.settle(publish="now")
    browse.fresh(ws)


def test_an_empty_lake_has_no_figures_and_no_forecast(ws: Workspace) -> None:
    """Nothing is guessed, and the reason is told."""
    found = health(ws)
    assert not found.feeds and not found.runs and not found.landed and len(found.days) == figures.DAYS
    assert found.forecast.earliest is None and found.forecast.why_not == "not enough days: 0 of 7 whole days since the first file"


def test_runs_are_counted_by_day_with_how_long_they_took(landed: Workspace, clock: Any) -> None:
    """Checks of logins do not count, failed runs have no latency, and a day without a run is no failure."""
    ran(landed, clock, 10)
    ran(landed, clock, 30)
    clock.advance(2 * DAY)
    ran(landed, clock, 500, "failed")
    ran(landed, clock, 1, expected=())
    published(landed)
    (press,) = health(landed).runs
    assert (press.done, press.failed, press.ended) == (2, 1, 3)
    assert press.p50_seconds == pytest.approx(20) and press.p95_seconds == pytest.approx(29)
    assert press.daily[-3:] == ((2, 2), (0, 0), (0, 1))


def test_the_disk_has_a_forecast_after_seven_whole_days(landed: Workspace, plays: Any, clock: Any, monkeypatch: Any) -> None:
    """Free space by what landed a day, today not counted; earlier by the last week if that was more."""
    monkeypatch.setattr(figures, "_disk", lambda ws: (10_000, 20_000))
    clock.advance(6 * DAY)
    assert health(landed).forecast.why_not == "not enough days: 6 of 7 whole days since the first file"
    clock.advance(4 * DAY)
    list(land.land(landed, [plays(days=3)], feed="press/plays"))
    clock.advance(DAY)
    list(land.land(landed, [plays(days=2)], feed="press/plays"))
    published(landed)
    found = health(landed)
    first, second, today = (size for size in found.landed_bytes["press"] if size)
    disk = found.forecast
    assert (disk.days, disk.per_day_bytes, disk.recent_bytes) == (11, (first + second) / 11, second / 7)
    rates = sorted((disk.per_day_bytes, disk.recent_bytes))
    assert disk.latest == clock.now().date() + timedelta(days=int(10_000 / rates[0]))
    assert disk.earliest == clock.now().date() + timedelta(days=int(10_000 / rates[1]))
    assert today and disk.method in disk.in_words() and str(disk.earliest) in disk.in_words()


def test_freshness_and_why_in_one_week_of_a_feed(landed: Workspace, plays: Any, clock: Any, home: Path) -> None:
    """By the newest date inside the data, never a file's age: fresh, then late because nobody brought a newer file, then because the newer
    one waits, then because it failed. The command line tells the same."""
    ws = landed
    (row,) = browse.files(ws, FileFilter())
    list(validate.validate(ws, [row.id]))
    published(ws)
    (feed,) = health(ws).feeds
    assert (feed.state, feed.age_days, feed.over_days) == ("ok", 1, -2)
    assert explain(ws, "press/plays").sentence == "it is not late"
    with pytest.raises(UsageError, match="nothing of press/charts"):
        explain(ws, "press/charts")

    clock.advance(4 * DAY)
    (feed,) = health(ws).feeds
    assert (feed.state, feed.age_days, feed.over_days, feed.warn_days, feed.fail_days) == ("warn", 5, 2, 3, 30)
    assert health(ws).late == 1
    why = explain(ws, "press/plays")
    assert "nobody has brought a newer one" in why.sentence and why.command == "bedrot land FILE" and why.account is None

    (row,) = land.land(ws, [plays(body=b'{"source": "press", "plays": 3}')], feed="press/plays")
    published(ws)
    why = explain(ws, "press/plays")
    assert why.sentence.endswith("waits to be validated") and why.command == f"bedrot validate {row.id}"
    list(validate.validate(ws, [row.id]))
    published(ws)
    why = explain(ws, "press/plays")
    assert " failed: " in why.sentence and why.command == f"bedrot show {row.id}" and why.captures[0].id == row.id
    _command_line(home)


def test_a_feed_that_runs_were_to_bring_and_never_did_is_there_with_its_cause(
    ws: Workspace, clock: Any, monkeypatch: Any
) -> None:
    """Nothing of it has landed, so it has no age; it is still not forgotten."""
    view = RunView(
        id=new_id(clock.now()), platform="press", account="default", state=RunState.DONE, started_at=clock.now(), ended_at=clock.now(),
        expected=("press/plays",),
    )  # fmt: skip
    for module in ("bedrot_console.operations.health.list_runs", "bedrot_console.operations.runs.list_runs"):
        monkeypatch.setattr(module, lambda ws, limit: [view])
    (feed,) = health(ws).feeds
    assert (feed.feed, feed.state, feed.as_of, feed.warn_days) == ("press/plays", "never", None, 3)
    why = explain(ws, "press/plays")
    assert "the platform showed nothing of it" in why.sentence and why.command == f"bedrot attach {view.id}"
    failed = dataclasses.replace(view, state=RunState.FAILED, error="the login page changed", hint="tell the developers")
    for module in ("bedrot_console.operations.health.list_runs", "bedrot_console.operations.runs.list_runs"):
        monkeypatch.setattr(module, lambda ws, limit: [failed])
    why = explain(ws, "press/plays")
    assert why.sentence.endswith("failed: the login page changed") and why.command == "tell the developers"


def _command_line(home: Path) -> None:
    said = CliRunner().invoke(root, ["--home", str(home), "--json", "status", "--history"])
    found = json.loads(said.output)["history"]
    assert found["storage"][0]["zone"] == "landing" and found["forecast"]["why_not"] and len(found["days"]) == figures.DAYS
    for words in (["status", "--history"], ["status", "--why", "press/plays"], ["--json", "status", "--why", "press/plays"]):
        said = CliRunner().invoke(root, ["--home", str(home), *words])
        assert said.exit_code == 0 and "press" in said.output
    said = CliRunner().invoke(root, ["--home", str(home), "status", "--why", "press/plays", "--history"])
    assert said.exit_code == 2 or "two questions" in str(said.exception)
