"""Files landed and judged, for the tests of the verbs."""

from __future__ import annotations

from pathlib import Path

from bedrot_console.domain.browsing import Outcome
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.operations.land import land
from bedrot_console.operations.validate import validate


def landed(ws, *paths: Path) -> list[str]:
    outcomes = list(land(ws, list(paths)))
    assert all(o.done for o in outcomes), outcomes
    return [o.id for o in outcomes]


def judged(ws, *ids: str) -> dict[str, Verdict]:
    return {row.id: report.verdict for row, report in (v for v in validate(ws, ids) if not isinstance(v, Outcome))}
