"""status: how the lake is, in one look. Reads the published summary, run folders and the journal's head; never loads the database."""

from __future__ import annotations

from datetime import date
from typing import Any

from ..domain.files import format_time, parse_time
from ..domain.runs import RunState
from .alerts import CHECK, GAVE_NOTHING, check_alert
from .asked import asked
from .deadlines import Deadlines, deadlines
from .workspace import Workspace


def status(ws: Workspace) -> dict[str, Any]:
    """One record: `health` (ok | attention | trouble), `zones`, `pending`, `needs_operator`, `freshness`, `alerts` (also each
    platform whose newest run did not bring everything), `runs`, `catalog`.

    `freshness` per feed, account and series: newest date inside the data (`as_of`), its age in days against today, and `state`
    (ok | warn | fail | unknown | not judged | not asked: the settings no longer ask for it).
    `catalog.behind` says how many journal events the summary does not know yet, `catalog.state` how the published file stands
    (`catalog.standing`); one that is not whole is an alert, since what stands above is then only what was known when it was made.
    """
    from ..catalog.standing import standing
    from ..catalog.summary import read_summary
    from .runs import by_when, list_runs, needs_operator, open_challenges

    summary = read_summary(ws.home) or {}
    applied = summary.get("applied_seq", 0)
    head = ws.journal.head
    waiting = open_challenges(ws)
    needs = [
        {
            "id": n.id,
            "platform": n.platform,
            "account": n.account,
            "at": format_time(n.at),
            "code": n.code,
            "command": n.command,
            "stale_on": n.stale_on.isoformat() if n.stale_on else None,
        }
        for n in by_when(ws, needs_operator(ws, summary), summary)
    ]
    needs += [
        {
            "id": c.id, "platform": c.platform, "account": c.account, "at": format_time(c.raised_at), "code": f"challenge-{c.kind.value}",
            "command": f"bedrot answer {c.id}",
        }
        for c in waiting
    ]  # fmt: skip
    fresh = summary.get("freshness", [])
    limits = deadlines(ws) if fresh else {}
    wanted = asked(ws, fresh)
    freshness = [_aged(ws, entry, limits, wanted(entry)) for entry in _newest_series(fresh, limits)]
    statuses = summary.get("statuses", {})
    recent = list_runs(ws, limit=50)
    active = [r for r in recent if not r.state.ended]
    alerts = [*(_explained(a, recent) for a in summary.get("alerts", [])), *_bad_endings(recent), *_sessions_ending(ws)]
    found = standing(ws.home)
    if found != "whole" and head and not (active and not summary):
        alerts.insert(0, _catalog_alert(ws, found, summary))
    for status in ("failed", "warned"):
        if statuses.get(status):
            alerts.append(
                {
                    "alert": f"landing-{status}", "code": f"files-{status}", "subject": f"{statuses[status]} in landing",
                    "raised_at": summary.get("waiting_since", {}).get(status) or summary.get("made_at") or "",
                    "message": "they wait for a decision", "command": f"bedrot files status:{status}",
                }
            )  # fmt: skip
    health = "ok"
    if needs or statuses.get("failed") or any(f["state"] == "warn" for f in freshness) or alerts:
        health = "attention"
    if any(f["state"] == "fail" for f in freshness):
        health = "trouble"
    return {
        "health": health,
        "home": str(ws.home),
        "zones": summary.get("zones", {}),
        "statuses": statuses,
        "pending": statuses.get("pending", 0),
        "needs_operator": needs,
        "freshness": freshness,
        "alerts": alerts,
        "runs": [{"id": r.id, "platform": r.platform, "account": r.account, "state": r.state.value} for r in active],
        "catalog": {
            "published_at": summary.get("published_at"), "applied_seq": applied, "behind": max(0, head - applied), "state": found,
        },
    }  # fmt: skip


_CATALOG = {
    "missing": "it is gone",
    "changed": "it is not as it was left",
    "old": "an older version of this program wrote it",
    "new": "a newer version of this program wrote it",
}


def _catalog_alert(ws: Workspace, found: str, summary: dict[str, Any]) -> dict[str, Any]:
    """The alert for a published catalog that is not whole. Files and journal are another matter."""
    what = _CATALOG[found]
    if not summary:
        what += ", and what lies in the zones is not known here"
    if found == "new":
        command = "update bedrot"
    else:
        command = "bedrot files"
        what += "; read-only it stays so" if ws.read_only else "; the next command that asks it makes it whole"
    return {
        "alert": "catalog", "code": f"catalog-{found}", "subject": "catalog.duckdb",
        "raised_at": summary.get("published_at") or "", "message": what, "command": command,
    }  # fmt: skip


def _explained(alert: dict[str, Any], recent: list[Any]) -> dict[str, Any]:
    """An alert of the journal with what it means and the command that tells more, where there is more to tell."""
    if alert["alert"].startswith(check_alert("")):
        why = "its rows break it" if alert["code"] == f"{CHECK}-failed" else "it could not be asked"
        return alert | {"message": why, "command": f"bedrot check run {alert['alert'].partition(':')[2]}"}
    if alert["code"] != GAVE_NOTHING:
        return alert
    feed, _, account = alert["subject"].rpartition(" ")
    at = parse_time(alert["raised_at"])
    during = (
        run.id for run in recent
        if (run.platform, run.account) == (feed.partition("/")[0], account) and run.started_at <= at <= (run.ended_at or at)
    )  # fmt: skip
    run = next(during, None)
    return alert | {
        "message": "the platform showed none, and gave some before",
        "command": f"bedrot attach {run}" if run else "bedrot runs",
    }


def _bad_endings(recent: list[Any]) -> list[dict[str, Any]]:
    """An alert for each platform and account whose newest run did not bring everything. `recent` is newest first."""
    newest: dict[tuple[str, str], Any] = {}
    for run in recent:
        if run.purpose == "extract":
            newest.setdefault((run.platform, run.account), run)
    return [
        {
            "alert": run.id, "code": f"run-{run.state.value}", "subject": f"{run.platform} {run.account}",
            "raised_at": format_time(run.ended_at or run.started_at), "message": run.error, "command": run.hint or f"bedrot attach {run.id}",
        }
        for run in newest.values()
        if run.state in (RunState.FAILED, RunState.PARTIAL)
    ]  # fmt: skip


def _sessions_ending(ws: Workspace) -> list[dict[str, Any]]:
    """An alert for each saved login that has ended, or that is known to end soon."""
    from .sessions import sessions

    return [
        {
            "alert": f"session-{info.platform}-{info.account}", "code": "session-" + info.outlook.replace(" ", "-"),
            "subject": f"{info.platform} {info.account}", "raised_at": format_time(info.saved_at) if info.saved_at else "",
            "message": info.because, "command": info.command,
        }
        for info in sessions(ws)
        if info.outlook
    ]  # fmt: skip


def _newest_series(fresh: list[dict[str, Any]], limits: Deadlines) -> list[dict[str, Any]]:
    """The entries to judge: of a feed whose series follow one another only the newest of each account, since the others are closed."""
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in fresh:
        series = "" if limits.get(entry["feed"], (None, None, False))[2] else entry.get("series", "")
        key = (entry["feed"], entry["account"], series)
        kept = newest.get(key)
        if kept is None or (entry.get("as_of") or "", entry.get("series", "")) > (
            kept.get("as_of") or "",
            kept.get("series", ""),
        ):
            newest[key] = entry
    return list(newest.values())


def _aged(ws: Workspace, entry: dict[str, Any], limits: Deadlines, wanted: bool) -> dict[str, Any]:
    """Judge a feed's freshness now, by its declaration: the newest date inside the data, never the age of a file."""
    as_of = date.fromisoformat(entry["as_of"]) if entry.get("as_of") else None
    age = (ws.clock.now().date() - as_of).days if as_of else None
    warn, fail, _ = limits.get(entry["feed"], (None, None, False))
    if not wanted:
        state = "not asked"
    elif age is None:
        state = "not judged" if warn is None and fail is None else "unknown"
    elif fail is not None and age > fail:
        state = "fail"
    else:
        state = "warn" if warn is not None and age > warn else "ok"
    return {**entry, "age_days": age, "state": state}
