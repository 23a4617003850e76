"""Insights by the shortest way that works: asked directly, by a report run when that is too much, in halves when that fails too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from bedrot_console.domain.errors import SourceChanged, SourceUnavailable
from bedrot_console.resilience import Deadline

from .api import Graph, NotFinished, NotShown, Page, TooMuchData

POLL_FIRST_SECONDS = 2.0
POLL_MOST_SECONDS = 30.0
UNKNOWN_SECONDS = 60.0
"""A new run may be unknown (100/33) for so long (seen in public reports)."""


class ReportFailed(SourceUnavailable):
    """A report run ended without a report. Asking for less may help."""

    retryable = False


class ReportStuck(ReportFailed):
    """A report run stands still, or does not end in time. Asking for less would not help."""


class Insights:
    """One set of insights parameters, asked for a range of days.

    Args:
        asynchronous: `auto` (a report run only when the direct way is too much), `always`, or `never`.
        deadline_seconds: how long one report run may take; Meta's own limit is an hour (documented).
        stage: what the run is told to be doing meanwhile.
        stall_seconds: how long it may stand still; some runs stay at 0 percent for ever (seen), connectors give up after five minutes.
    """

    def __init__(
        self, graph: Graph, edge: str, params: Mapping[str, Any], *, asynchronous: str = "auto", deadline_seconds: float = 1800.0, stall_seconds: float = 300.0,
        stage: str = "insights",
    ) -> None:  # fmt: skip
        self.graph, self.edge, self.params = graph, edge, dict(params)
        self.asynchronous = asynchronous
        self.deadline_seconds = deadline_seconds
        self.stall_seconds = stall_seconds
        self.stage = stage
        self._use_runs = asynchronous == "always"

    def pages(self, since: date, until: date, *, halvings: int = 2) -> list[Page]:
        """All pages for the days from `since` to `until`, both included; a range that is too much is split in halves.

        Raises:
            SourceUnavailable: not even one day can be had; or as the calls do.
        """
        span = {"time_range": {"since": since.isoformat(), "until": until.isoformat()}}
        try:
            return self._range(self.params | span)
        except (TooMuchData, ReportFailed) as trouble:
            if since >= until or isinstance(trouble, ReportStuck) or (isinstance(trouble, ReportFailed) and halvings < 1):
                raise
            self._use_runs = self.asynchronous == "always"
            middle = since + (until - since) // 2
            self.graph.session.log("warning", f"{trouble}: asking for {since} to {middle} and the days after apart")
            first = self.pages(since, middle, halvings=halvings - 1)
            return [*first, *self.pages(middle + timedelta(days=1), until, halvings=halvings - 1)]

    def _range(self, params: Mapping[str, Any]) -> list[Page]:
        if not self._use_runs:
            try:
                return self.graph.whole(self.edge, params, smaller=False, paged=self._paged)
            except TooMuchData as trouble:
                if self.asynchronous == "never":
                    raise
                self.graph.session.log("info", f"{trouble}: going on with a report run")
                self._use_runs = True
        for last in (False, True):
            try:
                return self._run(params)
            except ReportFailed as trouble:
                if last:
                    raise
                self.graph.session.log("warning", f"{trouble}; starting a new run")
        raise AssertionError("unreachable")

    def _paged(self, number: int) -> None:
        self.graph.session.stage(self.stage, number)

    def _run(self, params: Mapping[str, Any]) -> list[Page]:
        """Start a report run, wait until it is really done, read it."""
        started = self.graph.post(self.edge, {k: v for k, v in params.items() if k != "limit"})
        run = started.document.get("report_run_id") if isinstance(started.document, dict) else None
        if not isinstance(run, str) or not run.isdecimal():
            raise SourceChanged("Meta started no report run")
        self._wait(run)
        return self.graph.whole(f"{run}/insights", {"limit": params["limit"]}, paged=self._paged)

    def _wait(self, run: str) -> None:
        """Until the run is `Job Completed` AND at 100 percent: 100 percent alone is seen while it still runs (seen)."""
        session = self.graph.session
        deadline = Deadline.after(session.clock, self.deadline_seconds)
        unknown_until = Deadline.after(session.clock, UNKNOWN_SECONDS)
        stalled, before = deadline, ("", None)
        pause = POLL_FIRST_SECONDS
        while True:
            state = self._state(run, unknown_until)
            status, percent = str(state.get("async_status", "")), state.get("async_percent_completion")
            session.stage(f"report run: {status[:30] or 'not known yet'}", percent if isinstance(percent, int) else None, 100)
            if status == "Job Completed" and percent == 100:
                return
            if status in ("Job Failed", "Job Skipped"):
                raise ReportFailed(f"Meta's report run {run} ended as {status}{_why(state)}")
            if (status, percent) != before:
                before, stalled = (status, percent), Deadline.after(session.clock, self.stall_seconds)
            if min(deadline.left, stalled.left) < pause:
                raise ReportStuck(f"Meta's report run {run} does not get done ({status or 'unknown'}, {percent} %)")
            session.sleep(pause)
            pause = min(pause * 1.5, POLL_MOST_SECONDS)

    def _state(self, run: str, unknown_until: Deadline) -> dict[str, Any]:
        try:
            found = self.graph.get(run).document
        except NotFinished:
            return {}
        except NotShown:
            if unknown_until.passed:
                raise
            return {}
        if not isinstance(found, dict):
            raise SourceChanged("Meta's answer about a report run is no object")
        return found


def _why(state: Mapping[str, Any]) -> str:
    """What a failed run says about itself (given since v25)."""
    code, text = state.get("error_code"), state.get("error_message") or state.get("error_user_msg")
    if code is None and not text:
        return ""
    sub = f"/{state['error_subcode']}" if state.get("error_subcode") else ""
    return f": {str(text or '')[:200]} ({code}{sub})"
