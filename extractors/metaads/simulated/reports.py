"""Asynchronous report runs: started by POST, asked after by GET, done only at `Job Completed` and 100 percent together.

A run advances with each question about it, so that nobody has to wait: not started, started, running, running at 100 percent, completed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import errors
from .faults import Faults
from .insights import Query
from .params import split_fields
from .vocabulary import names

COURSE = (("Job Not Started", 0), ("Job Started", 0), ("Job Running", 43), ("Job Running", 100), ("Job Completed", 100))


@dataclass(slots=True)
class Run:
    """One report run. `step` is how far along COURSE it is; `unseen` how often it is still unknown after its birth."""

    id: str
    query: Query
    at: datetime
    step: int = 0
    unseen: int = 0
    outcome: str = ""


class Reports:
    def __init__(self, now: Callable[[], datetime], faults: Faults) -> None:
        self._now = now
        self._faults = faults
        self._runs: dict[str, Run] = {}

    def start(self, query: Query) -> Run:
        run = Run(f"60700000{len(self._runs) + 1:08d}", query, self._now(), unseen=1 if "async_late" in self._faults else 0)
        if "async_stuck" in self._faults:
            run.outcome = "stuck"
        elif "async_skipped" in self._faults:
            run.outcome = "Job Skipped"
        elif "async_failed" in self._faults:
            run.outcome = "Job Failed"
        self._runs[run.id] = run
        return run

    def find(self, name: str) -> Run | None:
        run = self._runs.get(name)
        if run is not None and run.unseen:
            run.unseen -= 1
            return None
        return run

    def owns(self, thing: object) -> bool:
        return isinstance(thing, Run)

    def status(self, run: Run, params: Mapping[str, str]) -> dict[str, Any]:
        """The run's state; asking moves it on by one step. `fields` narrows it; the id is always there."""
        status, percent = COURSE[run.step]
        if run.outcome == "stuck":
            status, percent = "Job Running", 0
        elif run.outcome and run.step >= 2:
            status, percent = run.outcome, 0
        out: dict[str, Any] = {
            "id": run.id, "account_id": run.query.account.id, "time_ref": errors.utc(run.at), "async_status": status,
            "async_percent_completion": percent, "is_running": status in ("Job Started", "Job Running"),
            "date_start": run.query.since.isoformat(), "date_stop": run.query.until.isoformat(),
        }  # fmt: skip
        if status in ("Job Completed", "Job Failed", "Job Skipped"):
            out["time_completed"] = errors.utc(self._now())
        if status == "Job Failed":
            out |= {
                "error_code": 2, "error_subcode": 1504018, "error_message": "Service temporarily unavailable",
                "error_user_title": "Report failed", "error_user_msg": "The report could not be made. Try a smaller range of dates.",
            }  # fmt: skip
        run.step = min(run.step + 1, len(COURSE) - 1)
        wanted = [name for name, _ in split_fields(params.get("fields") or "")]
        for name in wanted:
            if name not in names("AdReportRun"):
                raise errors.bad_field(name, "AdReportRun")
        return {k: v for k, v in out.items() if not wanted or k in wanted or k == "id"}

    def finished(self, run: Run) -> Query:
        """The query of a completed run; raises `not ready` (2601) for any other."""
        if run.outcome or run.step < len(COURSE) - 1:
            raise errors.report_not_ready()
        return run.query
