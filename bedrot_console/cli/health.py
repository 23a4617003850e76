"""How the lake is, for people and for machines. Loads nothing that parses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .face import Face
from .output import STATUS_STYLES

if TYPE_CHECKING:
    from .tables import Column


def show_status(face: Face, *, history: bool = False) -> None:
    """Say how the lake is: health, what waits, how fresh each feed is. With `history`, `--json` holds the days behind it too."""
    from ..operations import status as verb

    found = verb.status(face.workspace())
    if face.json:
        if history:
            from ..operations.health import health
            from .records import plain_record

            found = found | {"history": plain_record(health(face.workspace(), found))}
        face.out.record(found)
        return
    face.out.text(f"health: {found['health']}", STATUS_STYLES.get(found["health"], ""))
    if "home" in found:
        face.out.line(f"home: {found['home']}")
    zones = ", ".join(f"{zone} {_count(number)}" for zone, number in found["zones"].items())
    face.out.line(f"files: {zones or 'none yet'}")
    face.out.line(f"pending: {found['pending']:,}" + ("  (bedrot validate --pending)" if found["pending"] else ""))
    for run in found.get("runs", ()):
        face.out.line(f"run: {run['platform']} {run['account']} {run['state']}  (bedrot attach {run['id']})")
    if found["needs_operator"]:
        face.out.text("\nNeeds an operator", "head")
        for need in found["needs_operator"]:
            by = f", data too old from {need['stale_on']}" if need.get("stale_on") else ""
            face.out.line(f"  {need['platform']} {need['account']}: {need['code']} since {need['at']}{by}  ({need['command']})")
    if found["freshness"]:
        face.out.text("\nFreshness", "head")
        face.out.table(_columns(), (_fresh(entry) for entry in found["freshness"]))
    if found["alerts"]:
        face.out.text("\nAlerts", "head")
        for alert in found["alerts"]:
            why = f": {alert['message']}" if alert.get("message") else ""
            then = f"  ({alert['command']})" if alert.get("command") else ""
            since = f" since {alert['raised_at']}" if alert.get("raised_at") else ""
            face.out.line(f"  {alert['subject']}: {alert['code']}{since}{why}{then}")
    behind = (found.get("catalog") or {}).get("behind")
    if behind:
        face.say.note(
            f"the catalog does not know the last {behind:,} journal events yet; the next command that writes brings it up to date"
        )


def show_history(face: Face) -> None:
    """The days behind `status`: runs, what landed, storage."""
    from ..domain.plots import gauge, has_blocks, spark
    from ..domain.text import size_text
    from ..operations.health import health
    from .tables import Column

    found = health(face.workspace())
    blocks = has_blocks(os.environ)
    face.out.text(f"\nRuns, {len(found.days)} days", "head")
    face.out.table(
        [
            Column("platform", least=8), Column("ended", right=True), Column("done", right=True), Column("partial", right=True, drop=2),
            Column("failed", right=True), Column("p50", right=True), Column("p95", right=True), Column("share of done, by day", least=10, drop=1),
        ],
        (
            (
                r.platform, r.ended, r.done, r.partial, r.failed, _took(r.p50_seconds), _took(r.p95_seconds),
                spark([done / ended if ended else None for done, ended in r.daily], blocks=blocks, top=1.0),
            )
            for r in found.runs
        ),
    )  # fmt: skip
    face.out.text(f"\nLanded, {len(found.days)} days to {found.days[-1]}", "head")
    face.out.table(
        [Column("platform", least=8), Column("files", right=True), Column("bytes", right=True), Column("files by day", least=10, drop=1)],
        ((name, f"{sum(files):,}", size_text(sum(found.landed_bytes[name])), spark(files, blocks=blocks)) for name, files in found.landed.items()),
    )  # fmt: skip
    face.out.text("\nStorage", "head")
    for zone in found.storage:
        face.out.line(
            f"  {zone.zone}: {zone.files:,} files, {size_text(zone.size_bytes)}, of which {size_text(zone.grown_bytes)} landed in these days"
        )
    disk = found.forecast
    used = 1 - disk.free_bytes / disk.total_bytes if disk.total_bytes else 0.0
    face.out.line(f"  disk: {gauge(used, 20, blocks=blocks)} {used:.0%} full, {size_text(disk.free_bytes)} free")
    face.out.line(f"  forecast: {disk.in_words()}")


def show_why(face: Face, feed: str, account: str, series: str | None) -> None:
    """Why a feed is late."""
    from ..operations.explain import explain
    from .records import plain_record

    found = explain(face.workspace(), feed, account, series)
    if face.json:
        face.out.record(plain_record(found))
        return
    of = found.feed
    age = f", {of.age_days} d old" if of.age_days is not None else ""
    limits = f"; warned of after {of.warn_days} d, late after {of.fail_days} d" if of.fail_days is not None else ""
    name = "/".join(part for part in (of.feed, of.account, of.series) if part)
    face.out.text(f"{name}: {of.state}: data as of {of.as_of or 'unknown'}{age}{limits}", STATUS_STYLES.get(of.state, ""))
    face.out.line(f"why: {found.sentence}")
    if found.command:
        face.out.line(f"next: {found.command}")
    if found.account is not None:
        face.out.line(f"login: {found.account.state}" + (f": {found.account.because}" if found.account.because else ""))
    for run in found.runs:
        said = f": {run.error}" if run.error else f": {run.brought}" if run.expected else ""
        face.out.line(f"run: {run.started_at:%Y-%m-%d %H:%M} {run.state} {run.purpose}{said}  (bedrot attach {run.id})")
    for row in found.captures:
        face.out.line(
            f"file: {row.captured_at:%Y-%m-%d %H:%M} {row.status} as of {row.as_of or 'unknown'}  (bedrot show {row.id})"
        )


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _count(number: Any) -> str:
    return f"{number.get('files', 0):,}" if isinstance(number, dict) else f"{number:,}"


def _fresh(entry: dict[str, Any]) -> tuple[object, ...]:
    age = entry.get("age_days")
    return (
        entry["feed"],
        "/".join(part for part in (entry.get("account", ""), entry.get("series", "")) if part),
        entry.get("as_of") or "unknown",
        "" if age is None else f"{age} d",
        entry.get("state", ""),
    )


def _columns() -> list[Column]:
    from .tables import Column

    return [
        Column("feed", least=16, cut="middle"),
        Column("account/series", least=7, drop=1),
        Column("data as of", least=10),
        Column("age", least=4, right=True),
        Column("state", least=7, style=lambda text: STATUS_STYLES.get(text, "")),
    ]
