"""How the lake is, for people and for machines. Loads nothing that parses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .face import Face
from .output import STATUS_STYLES

if TYPE_CHECKING:
    from .tables import Column


def show_status(face: Face) -> None:
    """Say how the lake is: health, what waits, how fresh each feed is."""
    from ..operations import status as verb

    found = verb.status(face.workspace())
    if face.json:
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
            face.out.line(f"  {need['platform']} {need['account']}: {need['code']} since {need['at']}  ({need['command']})")
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
