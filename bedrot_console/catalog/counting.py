"""The summary's numbers, read from an open work file. Small: it asks the kept tables; of the files themselves only who waits longest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ..domain.lifecycle import Verdict, Zone, status
from .gate import Database

RUNS = 20


def _records(database: Database, sql: str) -> list[dict[str, Any]]:
    answer = database.connection.execute(sql)
    names = [column[0] for column in answer.description]
    return [{n: _plain(v) for n, v in zip(names, values, strict=True)} for values in answer.fetchall()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value


def summarise(database: Database, made_at: str) -> dict[str, Any]:
    """The content of the summary file; its keys are listed at `summary.read_summary`."""
    counts = _records(database, "SELECT * FROM base.tally ORDER BY platform, feed, account, zone, verdict")
    zones: dict[str, dict[str, int]] = {z.value: {"files": 0, "bytes": 0} for z in Zone}
    platforms: dict[str, dict[str, int]] = {}
    statuses: dict[str, int] = {}
    for line in counts:
        line["status"] = status(Zone(line["zone"]), Verdict(line["verdict"]) if line["verdict"] else None)
        for group in (zones[line["zone"]], platforms.setdefault(line["platform"], {"files": 0, "bytes": 0})):
            group["files"] += line["files"]
            group["bytes"] += line["bytes"]
        statuses[line["status"]] = statuses.get(line["status"], 0) + line["files"]
    return {
        "applied_seq": database.connection.execute("SELECT applied_seq FROM base.meta").fetchone()[0],
        "made_at": made_at,
        "files": sum(line["files"] for line in counts),
        "bytes": sum(line["bytes"] for line in counts),
        "pending": statuses.get("pending", 0),
        "zones": zones,
        "platforms": platforms,
        "statuses": statuses,
        "waiting_since": _waiting_since(database, statuses),
        "counts": counts,
        "freshness": _records(database, "SELECT * FROM base.freshness ORDER BY platform, feed, account, series"),
        "needs_operator": _records(
            database,
            "SELECT item, platform, account, run_id AS run, code, command, raised_at FROM base.needs WHERE ended_at IS NULL ORDER BY raised_at, item",
        ),
        "alerts": _records(
            database, "SELECT alert, code, subject, raised_at FROM base.alerts WHERE ended_at IS NULL ORDER BY raised_at, alert"
        ),
        "challenges": _records(
            database,
            "SELECT challenge_id AS challenge, run_id AS run, kind, medium, platform, account, raised_at, expires_at FROM base.challenges"
            " WHERE state = 'open' ORDER BY raised_at, challenge_id",
        ),
        "runs": _records(
            database,
            "SELECT run_id AS run, platform, account, state, started_at, ended_at, error_code, exit_code FROM base.runs"
            f" ORDER BY started_at DESC, run_id DESC LIMIT {RUNS}",
        ),
        "sessions": _records(
            database,
            "SELECT platform, account, version, saved_at, expires_at, failed_at, code FROM base.sessions ORDER BY platform, account",
        ),
    }


def _waiting_since(database: Database, statuses: dict[str, int]) -> dict[str, str]:
    """{`failed` | `warned`: when the oldest of them in landing landed}."""
    asked = [word for word in ("failed", "warned") if statuses.get(word)]
    if not asked:
        return {}
    oldest = database.connection.execute(
        "SELECT verdict, min(landed_at) FROM base.files WHERE zone = 'landing' AND verdict IN (SELECT unnest($1)) GROUP BY verdict",
        [asked],
    ).fetchall()
    return {verdict: _plain(landed) for verdict, landed in oldest}
