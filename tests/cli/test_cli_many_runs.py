"""Several runs from the command line: what would start, what is going, and stopping all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cli_house import Bedrot

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec, RunState
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.runfolder import EventLog, RunFolder, end
from bedrot_console.extraction.runs import Runs
from bedrot_console.extraction.tally import reduce
from bedrot_console.operations import vaulting
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

Ran = Callable[..., str]


@pytest.fixture
def ran(home: Path, clock) -> Iterator[Ran]:
    """`ran("metaads", RunState.DONE, hours=3)`: a run of so long ago, as it stands in its folder."""
    ws = Workspace(Settings.load(home, {}), clock=clock)
    ws.prepare()
    everyone = Runs(home / ".bedrot" / "runs", clock)
    going: list[RunFolder] = []

    def make(platform: str, state: RunState, *, account: str = "default", hours: float = 1) -> str:
        clock.advance(-3600 * hours)
        spec = RunSpec(id=new_id(clock.now()), platform=platform, account=account)
        folder: RunFolder = everyone.create(spec)
        log = EventLog(folder, clock, Redactor())
        log.emit("state", state="running", expected=[f"{platform}/campaigns", f"{platform}/ads"])
        log.emit("landed", feed=f"{platform}/campaigns", file="f1", path="p", size_bytes=1200)
        log.emit("stage", stage="ads", done=3, total=12)
        if state.ended:
            end(log, reduce(spec, folder.events(), alive=True), state, 0, None, None, None)
            (folder.path / "tmp").rmdir()
            folder.release()
        else:
            going.append(folder)
        log.close()
        clock.advance(3600 * hours)
        return spec.id

    yield make
    for folder in going:
        folder.release()


def test_a_preview_of_what_is_due_names_what_starts_and_why_the_rest_does_not(
    bedrot: Bedrot, ran: Ran, home: Path, monkeypatch: pytest.MonkeyPatch, clock
) -> None:
    """`extract --due --dry-run` starts nothing; a fresh account, one without a login and one at work are left, with the reason."""
    ws = Workspace(Settings.load(home, {}), clock=clock)
    for account in ("default", "second"):
        vaulting.set_secret(ws, "metaads", "access_token", Secret("EAAx" * 8), account=account)
    monkeypatch.setattr("bedrot_console.resilience.SystemClock.now", lambda self: clock.now())
    ran("metaads", RunState.DONE, account="second")
    ran("metaads", RunState.DONE, hours=timedelta(days=3).total_seconds() / 3600)
    said = bedrot("extract", "--due", "--dry-run", "--json")
    by_name = {(r["platform"], r["account"]): r for r in said.records}
    assert said.code == 0 and by_name["metaads", "default"]["starts"] and by_name["metaads", "default"]["last_state"] == "done"
    assert not by_name["metaads", "second"]["starts"] and by_name["metaads", "second"]["why_not"].startswith("done at")
    assert by_name["youtube", "default"]["why_not"] == "no login stored"
    assert {(r["platform"], r["account"]) for r in bedrot("extract", "--all", "--dry-run", "--json").records} == {
        ("metaads", "default"), ("metaads", "second"),
    }  # fmt: skip
    both = bedrot("extract", "metaads", "--account", "second", "--account", "third", "--dry-run").out.splitlines()
    assert both == [line for line in both if line.startswith("start  metaads")] and len(both) == 2
    assert len(bedrot("runs", "--json").records) == 2


def test_runs_are_listed_by_what_they_are_doing(bedrot: Bedrot, ran: Ran) -> None:
    """`--active`, `--state`, `--platform`; a run at work shows how far its stage is and what has landed."""
    ran("metaads", RunState.DONE)
    going = ran("youtube", RunState.RUNNING)
    (active,) = bedrot("runs", "--active", "--json").records
    assert (active["id"], active["stage"], active["done"], active["total"], active["landed_bytes"]) == (going, "ads", 3, 12, 1200)
    assert "ads 3 of 12" in bedrot("runs", "--active").out
    assert [r["platform"] for r in bedrot("runs", "--state", "done", "--json").records] == ["metaads"]
    assert [r["landed_bytes"] for r in bedrot("runs", "--platform", "metaads", "--json").records] == [1200]
    assert "no run matches" in bedrot("runs", "--state", "failed").err


def test_cancelling_all_where_nothing_goes_is_said_so(bedrot: Bedrot) -> None:
    """No run, no error."""
    said = bedrot("cancel", "--all")
    assert said.code == 0 and "no run is going" in said.err
