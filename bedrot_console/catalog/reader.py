"""Read models over the published catalog: what screens, commands and reviews ask. Read-only, safe from several threads, never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.browsing import FileFilter, FileRow
from ..domain.errors import BedrotError, UsageError
from ..domain.events import Event
from ..domain.findings import Finding, Place, Report, Severity
from ..domain.lifecycle import Decision, Verdict, Zone
from . import queries, rows, schema
from .names import Names
from .published import Published
from .search import Search

if TYPE_CHECKING:
    from ..domain.challenges import Challenge
    from ..domain.feeds import History
    from ..domain.runs import RunView

GROUPS = {
    "zone": "f.zone", "platform": "f.platform", "feed": "f.feed", "account": "f.account", "status": schema.status_sql("f.zone", "f.verdict"),
    "verdict": "f.verdict", "series": "f.series", "code": "f.first_code", "day": "f.landed_at::DATE",
}  # fmt: skip
"""What `groups` can group by, as SQL; `day` is the day of landing (UTC)."""
COUNTED = ("zone", "platform", "feed", "account", "status", "verdict")
"""Groups that the kept tally can tell."""


class Reader(Published):
    """What is asked of the published catalog.

    Args:
        path: the published file.
        reports: loads the Report that a `validated` event names.
        heal, sparing: see Published.
    """

    def __init__(
        self,
        path: Path,
        *,
        reports: Callable[[Event], Report | None] | None = None,
        heal: Callable[[], None] | None = None,
        sparing: bool = False,
    ) -> None:
        super().__init__(path, heal=heal, sparing=sparing)
        self._reports = reports
        self._search = Search(self)

    # ---- files

    def files(
        self, wanted: FileFilter, *, after: FileRow | None = None, before: FileRow | None = None, limit: int | None = 200
    ) -> list[FileRow]:
        """A page of files in `wanted.order`: the first, or the one after a row, or the one before a row (also in order).

        Args:
            limit: rows at most; None for all.
        """
        backwards = before is not None
        anchor = before or after

        def narrow(w: queries.Where) -> None:
            if anchor is not None:
                queries.beyond(w, wanted.order, anchor, backwards=backwards)

        order = queries.order_by(wanted.order, backwards=backwards)
        found = [rows.file_row(v) for v in self._search.rows(wanted, order, narrow, limit=limit)]
        return found[::-1] if backwards else found

    def between(self, wanted: FileFilter, one: FileRow, other: FileRow, limit: int) -> list[FileRow]:
        """The files from one row to the other, both included if they still match, in `wanted.order`; the first `limit` of them."""
        order = queries.sort_key(wanted.order)
        low, high = sorted((one, other), key=order)

        def narrow(w: queries.Where) -> None:
            queries.beyond(w, wanted.order, low, included=True)
            queries.beyond(w, wanted.order, high, backwards=True, included=True)

        found = self._search.rows(wanted, queries.order_by(wanted.order), narrow, limit=limit)
        return [rows.file_row(v) for v in found]

    def states(self, wanted: FileFilter) -> list[tuple[Zone, Verdict | None, str, int, int]]:
        """(zone, verdict, platform, files, bytes) of the files that match: what decides which verbs are allowed."""
        w = self._search.where(wanted)
        if queries.only_tally(wanted):
            asked = "sum(f.files)::BIGINT, sum(f.bytes)::BIGINT FROM base.tally f"
        else:
            asked = "count(*), sum(f.size_bytes)::BIGINT FROM base.files f"
        found = self._ask(f"SELECT f.zone, f.verdict, f.platform, {asked} {w.sql} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", w.values)
        return [(Zone(z), Verdict(v) if v else None, p, n, b) for z, v, p, n, b in found if n]

    def offset_of(self, wanted: FileFilter, row: FileRow) -> int:
        """How many files of `wanted` come before `row` in its order."""
        return self._search.count(wanted, lambda w: queries.beyond(w, wanted.order, row, backwards=True))

    def count(self, wanted: FileFilter) -> int:
        """How many files match; from the kept tally where that suffices."""
        if queries.only_tally(wanted):
            w = queries.where(wanted)
            return int(self._ask(f"SELECT coalesce(sum(f.files), 0) FROM base.tally f {w.sql}", w.values)[0][0])
        return self._search.count(wanted)

    def groups(self, wanted: FileFilter, by: str) -> list[tuple[str | None, int, int]]:
        """(key, files, bytes) for each value of `by` (one of GROUPS) among the files that match: largest first, days newest first."""
        if by not in GROUPS:
            raise UsageError(f"cannot group by {by}", hint=", ".join(GROUPS))
        w = self._search.where(wanted)
        order = "1 DESC NULLS LAST" if by == "day" else "2 DESC, 1"
        if queries.only_tally(wanted) and by in COUNTED:
            sql = f"SELECT {GROUPS[by]}, sum(f.files)::BIGINT, sum(f.bytes)::BIGINT FROM base.tally f {w.sql} GROUP BY 1 ORDER BY {order}"
        else:
            sql = (
                f"SELECT {GROUPS[by]}, count(*), sum(f.size_bytes)::BIGINT FROM base.files f {w.sql} GROUP BY 1 ORDER BY {order}"
            )
        return [(k.isoformat() if isinstance(k, date) else k, n, b) for k, n, b in self._ask(sql, w.values)]

    def file(self, prefix: str) -> FileRow:
        """The file that a whole id, an unambiguous prefix of it, or a zone path (`landing/x/y.html`) names.

        Raises:
            UsageError: no such file, more than one, or too short.
        """
        found = self.named([prefix])[0]
        if isinstance(found, BedrotError):
            raise found
        return found

    def by_ids(self, ids: Sequence[str]) -> dict[str, FileRow]:
        """The rows of whole ids, as far as they exist."""
        if not ids:
            return {}
        found = self._ask(
            f"{queries.SELECT} SEMI JOIN (SELECT unnest($1::VARCHAR[]) AS id) w ON f.id = w.id WHERE f.id >= $2 AND f.id <= $3",
            [list(ids), min(ids), max(ids)],
        )
        return {v[0]: rows.file_row(v) for v in found}

    def by_prefixes(self, prefixes: Sequence[str]) -> dict[str, tuple[int, FileRow]]:
        """prefix -> (how many files it names, the first of them); prefixes that name none are absent."""
        if not prefixes:
            return {}
        found = self._ask(
            "SELECT p.prefix, count(*), min(f.id) FROM (SELECT unnest($1::VARCHAR[]) AS prefix, unnest($2::VARCHAR[]) AS beyond) p"
            " JOIN base.files f ON f.id >= p.prefix AND f.id < p.beyond WHERE f.id >= $3 AND f.id < $4 GROUP BY p.prefix",
            [list(prefixes), [p + "~" for p in prefixes], min(prefixes), max(prefixes) + "~"],
        )
        first = self.by_ids([identifier for _, _, identifier in found])
        return {prefix: (count, first[identifier]) for prefix, count, identifier in found}

    def by_paths(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], FileRow]:
        """The rows of (zone, path) places, as far as they exist."""
        if not places:
            return {}
        found = self._ask(
            f"{queries.SELECT} SEMI JOIN (SELECT unnest($1::UBIGINT[]) AS fp) w ON f.path_fp = w.fp",
            [[rows.fingerprint(path) for _, path in places]],
        )
        meant = set(places)
        got = [rows.file_row(v) for v in found]
        return {(r.zone.value, r.path): r for r in got if (r.zone.value, r.path) in meant}

    def named(self, names: Sequence[str]) -> list[FileRow | BedrotError]:
        """Each name (whole id, prefix, zone path) as its file, or why it names none; in order."""
        wanted = Names(names)
        ids = self.by_ids(wanted.ids)
        prefixes = self.by_prefixes(wanted.prefixes)
        places = self.by_paths(wanted.places)
        return wanted.answers(ids, prefixes, places)

    def twins_of(self, hashes: Sequence[str]) -> dict[str, list[FileRow]]:
        """sha256 -> files with those bytes, oldest first, for many at once."""
        found = self._ask(
            f"{queries.SELECT} SEMI JOIN (SELECT unnest($1::UBIGINT[]) AS fp) w ON f.sha_fp = w.fp ORDER BY f.id",
            [[rows.sha_fingerprint(h) for h in hashes]],
        )
        out: dict[str, list[FileRow]] = {h: [] for h in hashes}
        for row in map(rows.file_row, found):
            if row.sha256 in out:
                out[row.sha256].append(row)
        return out

    def twins(self, sha256: str) -> list[FileRow]:
        """Files with the same bytes, oldest first."""
        return self.files(FileFilter(sha256=sha256, order="oldest"), limit=None)

    # ---- reports, history, decisions

    def findings(self, file_id: str) -> list[Finding]:
        """Findings of the file's latest report, as far as the catalog keeps them (the first 200)."""
        found = self._ask(
            "SELECT n.code, n.severity, n.message, n.stage, n.pointer, n.row_number, n.column_name, n.selector, n.expected, n.seen, n.count"
            " FROM base.findings n JOIN base.files f ON f.id = $1 AND f.report_id = n.report_id WHERE n.file_id = $1 ORDER BY n.number",
            [file_id],
        )
        return [
            Finding(
                code=code, severity=Severity(severity), message=message, stage=stage, expected=expected, seen=seen, count=count,
                place=Place(pointer=pointer, row=row, column=column, selector=selector),
            )
            for code, severity, message, stage, pointer, row, column, selector, expected, seen, count in found
        ]  # fmt: skip

    def _load(self, values: Sequence[Any]) -> Report | None:
        report_id, file_id, sha256, made_at, segment, start, length = values
        if self._reports is None or segment is None:
            return None
        shelf: Any = int(segment) if segment.isdigit() else segment
        data = {"report": report_id, "file": file_id, "sha256": sha256, "segment": shelf, "offset": start, "length": length}
        report = self._reports(Event(kind="validated", at=rows.aware(made_at) or datetime.min, actor="", data=data))
        return report if report is not None and report.id == report_id else None

    def report(self, file_id: str) -> Report | None:
        """The file's newest report, whole; None if it has none or its segment is gone."""
        found = self._ask(
            "SELECT report_id, file_id, sha256, made_at, segment, start, length FROM base.reports WHERE file_id = $1 ORDER BY seq DESC LIMIT 1",
            [file_id],
        )
        return self._load(found[0]) if found else None

    def history(
        self, feed: str, account: str, series: str = "", limit: int = 400, before: FileRow | None = None
    ) -> list[History]:
        """Facts of good captures (passed or warned, in landing or raw) of one feed, account and series, newest first.

        Args:
            before: only captures made before this file's own.
        """
        from ..domain.feeds import History

        w = self._search.where(FileFilter(feed=feed, account=account, series=series))
        w.add("f.zone IN ('landing', 'raw') AND f.verdict IN ('passed', 'warned')")
        if before is not None:
            at, identifier = w.bind(rows.naive(before.captured_at)), w.bind(before.id)
            w.add(f"f.captured_at <= {at} AND (f.captured_at < {at} OR f.id < {identifier})")
        found = self._ask(
            f"WITH g AS (SELECT f.id, f.captured_at, f.as_of, f.report_id, f.rows, f.content_sha256 FROM base.files f {w.sql}"
            f" ORDER BY f.captured_at DESC, f.id DESC LIMIT {int(limit)})"
            " SELECT g.id, g.captured_at, g.as_of, g.rows, g.content_sha256, r.report_id, r.file_id, r.sha256, r.made_at, r.segment,"
            " r.start, r.length FROM g LEFT JOIN base.reports r ON r.report_id = g.report_id AND r.file_id = g.id"
            " ORDER BY g.captured_at DESC, g.id DESC",
            w.values,
        )
        past: dict[str, History] = {}
        for identifier, captured_at, as_of, row_count, content, *shelf in found:
            if identifier in past:
                continue
            report = self._load(shelf) if shelf[0] is not None else None
            known = {"rows": row_count, "content_sha256": content}
            facts = report.facts if report else {k: v for k, v in known.items() if v is not None}
            past[identifier] = History(
                captured_at=rows.aware(captured_at) or captured_at, as_of=as_of, facts=facts, file_id=identifier
            )
        return list(past.values())

    def newest_by_series(self, feed: str, account: str, *, before: FileRow, limit: int) -> list[FileRow]:
        """The newest good capture (passed or warned, in landing or raw) of each series of a feed and account, of those made before a file's
        own and in another run; newest first."""
        w = self._search.where(FileFilter(feed=feed, account=account))
        w.add("f.zone IN ('landing', 'raw') AND f.verdict IN ('passed', 'warned')")
        at, identifier = w.bind(rows.naive(before.captured_at)), w.bind(before.id)
        w.add(f"f.captured_at <= {at} AND (f.captured_at < {at} OR f.id < {identifier})")
        if before.run_id is not None:
            w.add(f"f.run_id IS DISTINCT FROM {w.bind(before.run_id)}")
        found = self._ask(
            f"{queries.SELECT} {w.sql} QUALIFY row_number() OVER (PARTITION BY f.series ORDER BY f.captured_at DESC, f.id DESC) = 1"
            f" ORDER BY f.captured_at DESC, f.id DESC LIMIT {int(limit)}",
            w.values,
        )
        return list(map(rows.file_row, found))

    def decisions(self, file_id: str) -> list[Decision]:
        """Decisions on a file that were carried out or are under way, newest first."""
        found = self._ask(
            "SELECT decision_id, file_id, verb, actor, decided_at, reason, sha256, report_id, undoes FROM base.decisions"
            " WHERE file_id = $1 AND outcome <> 'refused' ORDER BY decided_at DESC, decision_id DESC",
            [file_id],
        )
        return [rows.decision(v) for v in found]

    # ---- runs, challenges, events

    def runs(self, limit: int = 50) -> list[RunView]:
        """Runs, newest first."""
        found = self._ask(
            "SELECT run_id, platform, account, state, started_at, ended_at, expected, landed, files, error_code, exit_code, attended"
            f" FROM base.runs ORDER BY started_at DESC, run_id DESC LIMIT {int(limit)}"
        )
        return [rows.run_view(v) for v in found]

    def challenges(self, open_only: bool = False) -> list[Challenge]:
        """Challenges, newest first. Their prompts are in the run folders, not here."""
        found = self._ask(
            "SELECT challenge_id, kind, run_id, platform, account, raised_at, expires_at, medium, state FROM base.challenges"
            + (" WHERE state = 'open'" if open_only else "")
            + " ORDER BY raised_at DESC, challenge_id DESC"
        )
        return [rows.challenge(v) for v in found]

    def events(self, after: int = 0, limit: int = 200, kind: str | None = None) -> list[Event]:
        """Journal events with `seq` above `after`, in order, without the sidecars of `landed`. The journal itself is the audit log."""
        w = queries.Where()
        w.add(f"seq > {w.bind(after)}")
        if kind is not None:
            w.add(f"kind = {w.bind(kind)}")
        found = self._ask(
            f"SELECT seq, happened_at, kind, actor, host, data FROM base.events {w.sql} ORDER BY seq LIMIT {int(limit)}", w.values
        )
        return [rows.event(v) for v in found]

    def schema(self) -> list[tuple[str, str, str]]:
        """(view, column, type) of the stable views, for `bedrot sql --schema`."""
        found = self._ask(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'catalog' AND schema_name = 'main'"
            " ORDER BY table_name, column_index"
        )
        return [(v, c, t) for v, c, t in found]

    def words(self) -> list[tuple[str, str]]:
        """(name, kind) of every function that a query may call by name; kind is `function`, `aggregate`, `macro` or `table function`."""
        found = self._ask(
            "SELECT function_name, min(CASE function_type WHEN 'scalar' THEN 'function' WHEN 'table' THEN 'table function'"
            " WHEN 'table_macro' THEN 'table function' ELSE function_type END) FROM duckdb_functions()"
            " WHERE regexp_full_match(function_name, '[a-z][a-z0-9_]*') AND function_type <> 'pragma'"
            " AND NOT regexp_matches(function_name, '^(read_|parquet_|pragma_|pg_|duckdb_|__|has_|test_|sniff_|glob|query|arrow_|pandas_|python_|seq_scan)')"
            " GROUP BY function_name ORDER BY function_name"
        )
        return [(name, kind) for name, kind in found]
