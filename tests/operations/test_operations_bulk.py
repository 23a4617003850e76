"""validate in bulk: a batch says what validating one by one says, whatever else is in the batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedrot_console.domain.browsing import Outcome
from bedrot_console.domain.findings import Report
from bedrot_console.operations import validate as validating
from bedrot_console.operations.land import land
from bedrot_console.operations.validate import validate
from bedrot_console.operations.workspace import Workspace


def reports(ws, ids: list[str]) -> dict[str, Report]:
    return {row.id: report for row, report in (v for v in validate(ws, ids) if not isinstance(v, Outcome))}


def essence(report: Report) -> tuple:
    return report.verdict, report.stages, report.findings, report.facts, report.rules


@pytest.fixture
def mixed(ws, plays, clock, tmp_path: Path) -> list[str]:
    """Eighteen captures of two accounts: growing, with vanished days, unreadable, and some with the content of an earlier one."""
    ids = []
    for number in range(18):
        path = plays(days=10 + number, drop=(3,) if number % 5 == 2 else (), name=f"{number}.json")
        if number % 7 == 3:
            path.write_bytes(b'{"press": 1, "plays": [')
        if number in (12, 15):
            earlier = json.loads((tmp_path / f"{number - 6}.json").read_bytes())
            path.write_text(json.dumps(earlier, indent=number - 10))
        (outcome,) = land(ws, [path], feed="press/plays", account="second" if number % 3 == 1 else "default")
        assert outcome.done
        ids.append(outcome.id)
        clock.advance(600)
    return ids


@pytest.mark.parametrize("kept", [400, 2])
def test_a_batch_says_what_one_by_one_says(ws, mixed, monkeypatch, kept: int) -> None:
    """Verdicts, stages, findings and facts are the same, in whatever order the ids are given, also where the past is cut short."""
    monkeypatch.setattr(validating, "HISTORY", kept)
    singly = {k: essence(v) for i in mixed for k, v in reports(ws, [i]).items()}
    again = {k: essence(v) for k, v in reports(ws, list(reversed(mixed))).items()}
    assert len({v[0] for v in singly.values()}) > 1
    assert again == singly
    some = {k: essence(v) for k, v in reports(ws, mixed[1::4]).items()}
    assert some == {k: singly[k] for k in mixed[1::4]}


def test_content_of_long_ago_is_noticed_though_only_the_last_capture_is_read(ws, mixed) -> None:
    """A capture that repeats the content of one that is not its predecessor is named as such."""
    found = [f for r in reports(ws, mixed).values() for f in r.findings if f.code == "duplicates.same-content"]
    assert found and all(f.seen in mixed for f in found)


def test_accounts_are_read_side_by_side(ws: Workspace, mixed) -> None:
    """Two accounts keep two children busy; both are there for the next file."""
    reports(ws, mixed)
    assert len(ws.readers._idle) == 2


def test_a_bulk_is_stored_in_few_pieces_and_yields_all(ws, mixed) -> None:
    """One journal append stands for many files."""
    before = ws.journal.head
    assert set(reports(ws, mixed)) == set(mixed)
    validated = [e for e in ws.journal.read(after=before) if e.kind == "validated"]
    assert len(validated) == len(mixed) and len({e.at for e in validated}) <= 3
