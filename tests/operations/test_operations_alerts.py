"""A feed that gave something and then nothing: the run can be done, but an alert stands until the feed lands again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from contract_clock import FrozenClock
from contract_lake import Lake

from bedrot_console.domain.errors import FixityError
from bedrot_console.domain.files import format_time
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.domain.runs import RunSpec, RunState
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.operations import browse, land, status, upkeep, validate
from bedrot_console.operations.run_process import Chronicle
from bedrot_console.operations.workspace import Workspace

ALERT = "nothing:press/plays:default"
NOTHING = {"kind": "nothing", "feed": "press/plays", "why": "the list is empty", "level": "warning"}
LANDED = {"kind": "landed", "feed": "press/plays", "file": "x", "path": "x"}
ENDED = {"kind": "ended", "state": "done", "error_code": None, "exit_code": 0, "hint": None, "landed": [], "files": []}


def run(ws: Workspace, *events: dict[str, Any], account: str = "default") -> RunSpec:
    """What a run of these events leaves in the journal."""
    spec = RunSpec(id=new_id(ws.clock.now()), platform="press", account=account, actor=ws.actor)
    chronicle = Chronicle(ws, spec)
    for event in (*events, ENDED):
        chronicle(event)
    return spec


def alerts(ws: Workspace) -> list[tuple[str, str]]:
    """(code, subject) of what `status` shows about feeds that gave nothing."""
    found = status.status(ws)["alerts"]
    return [(a["code"], a["subject"]) for a in found if a["alert"].startswith("nothing:")]


@pytest.fixture
def given(ws: Workspace, plays: Any) -> Workspace:
    """A lake with one good capture of press/plays."""
    (row,) = land.land(ws, [plays()], feed="press/plays")
    list(validate.validate(ws, [row.id]))
    ws.settle(publish="now")
    return ws


def test_a_feed_that_gave_before_and_gives_nothing_is_an_alert_until_it_lands(given: Workspace) -> None:
    """Raised once, however many runs bring nothing; the first file that lands ends it."""
    run(given, NOTHING)
    run(given, NOTHING)
    assert alerts(given) == [("feed-gave-nothing", "press/plays default")]
    assert [e.data["alert"] for e in browse.events(given, kind="alert-raised")] == [ALERT]
    run(given, LANDED)
    run(given, LANDED)
    assert not alerts(given)
    assert [e.data["alert"] for e in browse.events(given, kind="alert-ended")] == [ALERT]
    run(given, NOTHING)
    assert alerts(given), "what is lost again is told again"


def test_files_that_wait_for_a_decision_are_an_alert_since_the_oldest_landed(
    given: Workspace, plays: Any, clock: FrozenClock
) -> None:
    """What failed or warned in landing waits since it landed, not since somebody looked."""
    clock.advance(3600)
    began = clock.now()
    for name in ("one.json", "two.json"):
        (row,) = land.land(given, [plays(name=name, drop=(3,))], feed="press/plays")
        list(validate.validate(given, [row.id]))
        clock.advance(3600)
    given.settle(publish="now")
    (found,) = [a for a in status.status(given)["alerts"] if a["alert"].startswith("landing-")]
    assert (found["subject"], found["raised_at"]) == ("2 in landing", format_time(began))


def test_what_never_gave_anything_is_no_alert(ws: Workspace, given: Workspace) -> None:
    """Another account, and a feed without any good capture: nothing was lost."""
    run(given, NOTHING, account="other")
    run(given, NOTHING | {"feed": "press/charts"})
    assert not alerts(given) and not list(browse.events(given, kind="alert-raised"))


def test_a_failed_capture_is_no_sign_that_a_feed_gave_anything(ws: Workspace, plays: Any) -> None:
    """Only a good capture counts."""
    (row,) = land.land(ws, [plays(body=b'{"source": "press", "plays": 3}')], feed="press/plays")
    ((_, report),) = validate.validate(ws, [row.id])
    assert report.verdict is Verdict.FAILED
    ws.settle(publish="now")
    run(ws, NOTHING)
    assert not alerts(ws)


def test_a_feed_that_settings_leave_out_raises_nothing_and_ends_what_was_raised(given: Workspace) -> None:
    """Whoever leaves a feed out knows that it does not come."""
    left_out = NOTHING | {"level": "info"}
    run(given, left_out)
    assert not alerts(given)
    run(given, NOTHING)
    assert alerts(given)
    run(given, left_out)
    assert not alerts(given)


def test_the_end_of_a_run_names_the_feeds_that_gave_nothing(given: Workspace) -> None:
    """Also where there is no alert; what settings leave out is not among them."""
    run(given, NOTHING | {"feed": "press/charts"}, NOTHING | {"feed": "press/rest", "level": "info"})
    run(given, LANDED)
    assert sorted(e.data["nothing"] for e in browse.events(given, kind="run-ended")) == [[], ["press/charts"]]


def test_other_alerts_are_left_alone(given: Workspace) -> None:
    """A file that is verified whole ends its own alert only, and a landed feed that of its own account only."""
    run(given, NOTHING)
    list(upkeep.verify(given))
    run(given, LANDED, account="other")
    assert alerts(given)


def test_a_journal_that_cannot_be_read_does_not_end_the_run(given: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is the run's witness, not its condition."""

    def damaged(*args: Any, **kwargs: Any) -> Any:
        raise FixityError("damaged")

    monkeypatch.setattr(type(given.journal), "read", damaged)
    run(given, NOTHING, LANDED)


@pytest.mark.browser
@pytest.mark.skipif(find_browser() is None, reason="no Chromium here")
def test_a_report_that_is_gone_from_a_platform_is_told_after_a_run_that_is_done(tmp_path: Path) -> None:
    """The whole way: TooLost showed a sales report yesterday and none today. Exit 0; `status` names feed and run, until one is there."""
    (tmp_path / "home" / "landing").mkdir(parents=True)
    lake = Lake("toolost", tmp_path / "home", FrozenClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)))
    try:
        only = ("toolost/sales",)
        assert lake.run(feeds=only).view.exit_code == 0
        lake.tomorrow()
        lake.sim.set_faults(["no_report"])
        gone = lake.run(feeds=only, attended=False)
        assert (gone.view.state, gone.view.exit_code) == (RunState.DONE, 0), gone.why()
        found = status.status(lake.ws)
        (alert,) = [a for a in found["alerts"] if a["code"] == "feed-gave-nothing"]
        assert (alert["subject"], alert["command"]) == ("toolost/sales default", f"bedrot attach {gone.view.id}")
        assert found["health"] != "ok" and alert["message"]
        lake.sim.set_faults([])
        assert lake.run(feeds=only, attended=False).view.exit_code == 0
        assert not [a for a in status.status(lake.ws)["alerts"] if a["code"] == "feed-gave-nothing"]
    finally:
        lake.close()
