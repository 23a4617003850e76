"""Runs, challenges, decisions, sessions, alerts: small records that events open and close. Kept by one pure fold, like the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..domain.events import Event
from . import rows, schema

Record = dict[str, Any]
Fold = Callable[[Record | None, Event], Record]


def _run_started(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        **(old or {}), "run_id": d["run"], "platform": d["platform"], "account": d["account"], "state": "running",
        "started_at": rows.naive(e.at), "expected": list(d.get("expected") or ()), "attended": d.get("attended"), "actor": e.actor,
    }  # fmt: skip


def _run_ended(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        "started_at": rows.naive(e.at), "actor": e.actor, **(old or {}), "run_id": d["run"], "platform": d["platform"],
        "account": d["account"], "state": d["state"], "ended_at": rows.naive(e.at), "landed": list(d.get("landed") or ()),
        "files": list(d.get("files") or ()), "error_code": d.get("error_code"), "exit_code": d.get("exit_code"),
    }  # fmt: skip


def _challenge_raised(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        **(old or {}), "challenge_id": d["challenge"], "run_id": d.get("run"), "kind": d["kind"], "medium": d.get("medium"),
        "platform": d.get("platform"), "account": d.get("account"), "raised_at": rows.naive(e.at),
        "expires_at": rows.told(d.get("expires_at")), "state": "open",
    }  # fmt: skip


def _challenge_ended(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        "challenge_id": d["challenge"], "kind": "code", "raised_at": rows.naive(e.at), "run_id": d.get("run"), **(old or {}),
        "state": d["state"], "ended_at": rows.naive(e.at), "ended_by": d.get("by"),
    }  # fmt: skip


def _decided(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        "decision_id": d["decision"], "file_id": d["file"], "verb": d["verb"], "actor": e.actor, "decided_at": rows.naive(e.at),
        "reason": d.get("reason") or "", "sha256": d.get("sha256"), "report_id": d.get("report"), "source": d.get("source"),
        "source_path": d.get("source_path"), "target": d.get("target"), "target_path": d.get("target_path"), "undoes": d.get("undoes"),
        "outcome": "open", **(old or {}),
    }  # fmt: skip


def _closed(outcome: str) -> Fold:
    def fold(old: Record | None, e: Event) -> Record:
        d = e.data
        known = old or {
            "decision_id": d["decision"], "file_id": d["file"], "verb": d["verb"], "actor": e.actor, "decided_at": rows.naive(e.at),
            "reason": "",
        }  # fmt: skip
        where = {"target": d["zone"], "target_path": d["path"]} if outcome == "done" else {"code": d.get("code")}
        return {**known, **where, "outcome": outcome, "ended_at": rows.naive(e.at)}

    return fold


def _session_saved(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        **(old or {}), "session": f"{d['platform']}/{d['account']}", "platform": d["platform"], "account": d["account"],
        "version": d.get("version"), "saved_at": rows.naive(e.at), "expires_at": rows.told(d.get("expires_at")), "failed_at": None,
        "code": None,
    }  # fmt: skip


def _session_failed(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        **(old or {}), "session": f"{d['platform']}/{d['account']}", "platform": d["platform"], "account": d["account"],
        "failed_at": rows.naive(e.at), "code": d.get("code"),
    }  # fmt: skip


def _needed(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        **(old or {}), "item": d["item"], "platform": d.get("platform"), "account": d.get("account"), "run_id": d.get("run"),
        "code": d.get("code"), "command": d.get("command"), "raised_at": rows.naive(e.at), "ended_at": None, "ended_by": None,
    }  # fmt: skip


def _need_ended(old: Record | None, e: Event) -> Record:
    return {"item": e.data["item"], **(old or {}), "ended_at": rows.naive(e.at), "ended_by": e.data.get("by")}


def _alerted(old: Record | None, e: Event) -> Record:
    d = e.data
    return {
        **(old or {}), "alert": d["alert"], "code": d.get("code"), "subject": d.get("subject"), "raised_at": rows.naive(e.at),
        "ended_at": None,
    }  # fmt: skip


def _alert_ended(old: Record | None, e: Event) -> Record:
    return {"alert": e.data["alert"], **(old or {}), "ended_at": rows.naive(e.at)}


FOLDS: dict[str, tuple[str, Callable[[Event], str | None], Fold]] = {
    "run-started": ("runs", lambda e: e.data["run"], _run_started),
    "run-ended": ("runs", lambda e: e.data["run"], _run_ended),
    "challenge-raised": ("challenges", lambda e: e.data["challenge"], _challenge_raised),
    "challenge-ended": ("challenges", lambda e: e.data["challenge"], _challenge_ended),
    "decided": ("decisions", lambda e: e.data["decision"], _decided),
    "moved": ("decisions", lambda e: e.data.get("decision"), _closed("done")),
    "refused": ("decisions", lambda e: e.data.get("decision"), _closed("refused")),
    "session-saved": ("sessions", lambda e: f"{e.data['platform']}/{e.data['account']}", _session_saved),
    "session-failed": ("sessions", lambda e: f"{e.data['platform']}/{e.data['account']}", _session_failed),
    "needs-operator": ("needs", lambda e: e.data["item"], _needed),
    "needs-operator-ended": ("needs", lambda e: e.data["item"], _need_ended),
    "alert-raised": ("alerts", lambda e: e.data["alert"], _alerted),
    "alert-ended": ("alerts", lambda e: e.data["alert"], _alert_ended),
}
"""kind -> (table, key of the record, fold). The key is the table's first column."""


def apply(cursor: Any, events: Sequence[Event], sought: Callable[[str, set[str]], list[str]]) -> None:
    """Fold events into their records within the current transaction. `sought`: which keys may stand in a table already."""
    grouped: dict[str, list[tuple[str | None, Fold, Event]]] = {}
    for event in events:
        found = FOLDS.get(event.kind)
        if found is not None:
            table, key, fold = found
            grouped.setdefault(table, []).append((key(event), fold, event))
    for table, items in grouped.items():
        columns = list(schema.TABLES[table])
        keys = sought(table, {key for key, _, _ in items if key is not None})
        held: dict[str, Record] = {}
        if keys:
            wanted = f"FROM base.{table} WHERE {columns[0]} IN (SELECT unnest($1::VARCHAR[]))"
            for values in cursor.execute(f"SELECT * {wanted}", [keys]).fetchall():
                held[values[0]] = dict(zip(columns, values, strict=True))
            if held:
                cursor.execute(f"DELETE {wanted}", [list(held)])
        for key, fold, event in items:
            if key is not None:
                held[key] = fold(held.get(key), event)
        appender = cursor.appender(f"base.{table}")
        appender.append_rows([tuple(map(record.get, columns)) for record in held.values()])
        appender.flush()
