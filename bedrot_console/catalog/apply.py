"""Applying journal events to the work file: one transaction per batch, exactly once, by `applied_seq`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any

import msgspec

from ..domain.events import Event
from ..domain.files import canonical_json, format_time
from ..domain.findings import Report
from . import records, reducer, rows, schema
from .reducer import Draft

_encode = msgspec.json.Encoder(order="sorted").encode


def _as_json(value: Any) -> str:
    return str(_encode(value), "utf-8")


FINDINGS_KEPT = 200
"""Findings of one report that become rows; the whole report stays in its segment."""

TallyKey = tuple[str, str, str, str, str | None]


def mark_of(event: Event) -> str:
    """What an event is recognised by again: a change of the journal before `applied_seq` must not go unnoticed."""
    return f"{event.kind} {format_time(event.at)} {rows.fingerprint(canonical_json(event.data).decode()):016x}"


def append(cursor: Any, table: str, values: Iterable[Sequence[Any]]) -> None:
    """Insert rows into `base.<table>` within the current transaction."""
    appender = cursor.appender(f"base.{table}")
    appender.append_rows(values)
    appender.flush()


def known_drafts(cursor: Any, ids: Sequence[str]) -> dict[str, Draft]:
    """The drafts of these ids, as far as they exist."""
    if not ids:
        return {}
    found = cursor.execute(
        f"SELECT {rows.FILE_SELECT} FROM base.files f SEMI JOIN (SELECT unnest($1::VARCHAR[]) AS id) w ON f.id = w.id"
        " WHERE f.id >= $2 AND f.id <= $3",
        [list(ids), min(ids), max(ids)],
    ).fetchall()
    return {values[0]: rows.file_draft(values) for values in found}


def _event_values(event: Event) -> tuple[Any, ...]:
    data, at = event.data, event.at
    if "sidecar" in data:
        data = {k: v for k, v in data.items() if k != "sidecar"}
    return (
        event.seq, at.replace(tzinfo=None) if at.tzinfo is UTC else rows.naive(at), event.kind, event.actor, event.host, data.get("file"),
        _as_json(data),
    )  # fmt: skip


Group = tuple[str, str, str, str]
"""Platform, feed, account and series: what has a freshness of its own."""


def _group_of(draft: Draft) -> Group:
    return draft["platform"], draft["feed"], draft["account"], draft["series"]


_GOOD = "verdict IN ('passed', 'warned') AND zone IN ('landing', 'raw')"
_FRESHNESS = f"max(as_of) FILTER ({_GOOD}), max(captured_at) FILTER ({_GOOD}), max(landed_at) FILTER ({_GOOD}), max(landed_at)"
"""`reducer.good` in SQL, over a group of files."""


class Applier:
    """Applies events within the caller's transaction.

    Args:
        reports: loads the report of a `validated` event, for its findings.
        anew: the file was empty when this applier began and nobody else writes to it. Then the tally is not kept but made by `finish`,
            and what has a higher id than everything before is not looked for.
    """

    def __init__(self, cursor: Any, reports: Callable[[Event], Report | None], *, anew: bool = False) -> None:
        self.cursor = cursor
        self.reports = reports
        self.anew = anew
        self._highest: dict[str, str] = {}

    def apply(self, events: Sequence[Event]) -> None:
        """Apply a batch, in order; the caller commits."""
        if not events:
            return
        loaded: dict[int, Report | None] = {}

        def report_of(event: Event) -> Report | None:
            if event.seq not in loaded:
                loaded[event.seq] = self.reports(event)
            return loaded[event.seq]

        before = known_drafts(self.cursor, self.sought("files", {e.data["file"] for e in events if e.kind in reducer.FILE_KINDS}))
        self.write_files(before, reducer.reduce_drafts(before, events, report_of))
        self._write_reports([e for e in events if e.kind == "validated"], report_of)
        records.apply(self.cursor, events, self.sought)
        append(self.cursor, "events", map(_event_values, events))
        self.stamp(events[-1])

    def sought(self, table: str, keys: set[str]) -> list[str]:
        """Which of the keys a batch speaks of may stand in the table already; in order."""
        if not self.anew or not keys:
            return sorted(keys)
        before = self._highest.get(table, "")
        self._highest[table] = max(before, *keys)
        return sorted(key for key in keys if key <= before)

    def finish(self) -> None:
        """Make the tally and the freshness of a file made anew from all its rows."""
        self.cursor.execute("DELETE FROM base.tally; DELETE FROM base.freshness")
        self.cursor.execute(
            "INSERT INTO base.tally SELECT zone, platform, feed, account, verdict, count(*), sum(size_bytes) FROM base.files GROUP BY ALL"
        )
        self.cursor.execute(
            f"INSERT INTO base.freshness SELECT platform, feed, account, series, {_FRESHNESS} FROM base.files"
            " GROUP BY platform, feed, account, series"
        )

    def stamp(self, last: Event) -> None:
        """Record how far the journal is applied."""
        self.cursor.execute("UPDATE base.meta SET applied_seq = $1, mark = $2", [last.seq, mark_of(last)])

    def write_files(self, before: Mapping[str, Draft], after: Mapping[str, Draft]) -> None:
        """Insert what is new, update what changed, and keep tally and freshness in step."""
        new = [draft for key, draft in after.items() if key not in before]
        changed = [(before[key], draft) for key, draft in after.items() if key in before and draft != before[key]]
        if new:
            new.sort(key=itemgetter("id"))
            append(self.cursor, "files", map(rows.file_values, new))
        if changed:
            self._update(changed)
        if not self.anew:
            self.count([*((None, draft) for draft in new), *changed])

    def _update(self, pairs: Sequence[tuple[Draft, Draft]]) -> None:
        """Write only the columns that changed in any of the rows: each written column is rewritten at the checkpoint."""
        types = schema.TABLES["files"]
        names = list(types)
        old = [rows.file_values(b) for b, _ in pairs]
        new = [rows.file_values(a) for _, a in pairs]
        differing = [i for i in range(1, len(names)) if any(b[i] != a[i] for b, a in zip(old, new, strict=True))]
        columns = [names[i] for i in differing]
        values: list[Any] = [[v[0] for v in new], *([v[i] for v in new] for i in differing)]
        given = ["unnest($1::VARCHAR[]) AS id"]
        given += [f"unnest(${n}::{types[c]}[]) AS {schema.quoted(c)}" for n, c in enumerate(columns, start=2)]
        sets = ", ".join(f"{schema.quoted(c)} = g.{schema.quoted(c)}" for c in columns)
        self.cursor.execute(f"UPDATE base.files f SET {sets} FROM (SELECT {', '.join(given)}) g WHERE f.id = g.id", values)

    def count(self, pairs: Sequence[tuple[Draft | None, Draft | None]]) -> None:
        """Keep the tally by zone, platform, feed, account and verdict, and the freshness of each feed, account and series."""
        files: Counter[TallyKey] = Counter()
        size: Counter[TallyKey] = Counter()
        for old, new in pairs:
            for draft, sign in ((old, -1), (new, 1)):
                if draft is not None:
                    verdict = draft["verdict"]
                    key = (
                        draft["zone"].value,
                        draft["platform"],
                        draft["feed"],
                        draft["account"],
                        verdict.value if verdict else None,
                    )
                    files[key] += sign
                    size[key] += sign * draft["size_bytes"]
        held = self.cursor.execute("SELECT zone, platform, feed, account, verdict, files, bytes FROM base.tally").fetchall()
        for *key, n, b in held:
            files[tuple(key)] += n  # type: ignore[index]
            size[tuple(key)] += b  # type: ignore[index]
        kept = [(*key, n, size[key]) for key, n in files.items() if n]
        self.cursor.execute("DELETE FROM base.tally")
        append(self.cursor, "tally", sorted(kept, key=str))
        self._freshen(pairs)

    def _freshen(self, pairs: Sequence[tuple[Draft | None, Draft | None]]) -> None:
        groups: dict[Group, dict[str, date | datetime | None]] = {}
        names = ("as_of", "captured_at", "landed_at", "last_landed_at")
        for platform, feed, account, series, *values in self.cursor.execute(
            "SELECT platform, feed, account, series, as_of, captured_at, landed_at, last_landed_at FROM base.freshness"
        ).fetchall():
            groups[(platform, feed, account, series)] = dict(zip(names, values, strict=True))
        shrunk: set[Group] = set()
        for old, new in pairs:
            if old is not None and (new is None or reducer.good(old) and (not reducer.good(new) or new["as_of"] != old["as_of"])):
                shrunk.add(_group_of(old))
            if new is not None:
                held = groups.setdefault(_group_of(new), dict.fromkeys(names))
                landed = rows.naive(new["landed_at"])
                found: dict[str, Any] = {"last_landed_at": landed}
                if reducer.good(new):
                    found |= {"as_of": new["as_of"], "captured_at": rows.naive(new["captured_at"]), "landed_at": landed}
                for name, value in found.items():
                    if value is not None and (held[name] is None or value > held[name]):
                        held[name] = value
        for group in shrunk:
            values = self.cursor.execute(
                f"SELECT {_FRESHNESS} FROM base.files WHERE platform = $1 AND feed = $2 AND account = $3 AND series = $4",
                list(group),
            ).fetchone()
            groups[group] = dict(zip(names, values, strict=True))
        self.cursor.execute("DELETE FROM base.freshness")
        append(self.cursor, "freshness", sorted((*k, *v.values()) for k, v in groups.items() if v["last_landed_at"]))

    def _write_reports(self, events: Sequence[Event], report_of: Callable[[Event], Report | None]) -> None:
        if not events:
            return
        reports: list[tuple[Any, ...]] = []
        findings: list[tuple[Any, ...]] = []
        for event in events:
            d = event.data
            errors, warnings, first = reducer.counts(event, report_of)
            as_of = d.get("as_of")
            reports.append((
                d["report"], d["file"], event.seq, rows.naive(event.at), d.get("sha256"), d.get("rules"), d["verdict"], errors, warnings,
                first, date.fromisoformat(as_of) if as_of else None, d.get("rows"), d.get("content_sha256"),
                _as_json(d["codes"]) if d.get("codes") else "{}", str(d["segment"]) if d.get("segment") is not None else None,
                d.get("offset"), d.get("length"),
            ))  # fmt: skip
            if d.get("codes"):
                report = report_of(event)
                for number, f in enumerate(report.findings[:FINDINGS_KEPT] if report else (), start=1):
                    p = f.place
                    findings.append((
                        d["report"], d["file"], number, f.code, f.severity.value, f.stage, f.message, p.pointer, p.row, p.column,
                        p.selector, f.expected, f.seen, f.count,
                    ))  # fmt: skip
        append(self.cursor, "reports", reports)
        if findings:
            append(self.cursor, "findings", findings)
