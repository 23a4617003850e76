"""platforms: what there is to extract from."""

from __future__ import annotations

from ..face import Face
from ..frame import command
from ..tables import Column


@command(example="bedrot platforms", exits=(0,))
def platforms(face: Face) -> None:
    """List platforms, their feeds and promotion policies."""
    from ...operations import browse

    rows = []
    broken = []
    for platform in browse.platforms(face.workspace()):
        if face.json:
            face.out.record(
                {
                    "platform": platform.name,
                    "title": platform.title,
                    "method": platform.method,
                    "version": platform.version,
                    "secrets": platform.secrets,
                    "problem": platform.problem,
                    "feeds": [_feed(f, platform.runs) for f in platform.feeds],
                }
            )
        elif platform.problem:
            broken.append(platform)
        else:
            for feed in platform.feeds:
                how = platform.method if not platform.runs or feed.name.split("/", 1)[1] in platform.runs else "upload"
                rows.append((feed.name, how, feed.format, feed.policy, _days(feed), feed.template))
    if not face.json:
        face.out.table(COLUMNS, rows)
    for platform in broken:
        face.say.error(f"{platform.name}: {platform.problem}", "call a developer; the other platforms work")


def _days(feed: object) -> str:
    warn, fail = feed.warn_after, feed.fail_after  # type: ignore[attr-defined]
    return " / ".join(f"{t.days} d" if t else "never" for t in (warn, fail)) if warn or fail else ""


def _feed(feed: object, runs: tuple[str, ...]) -> dict[str, object]:
    names = ("name", "title", "template", "format", "media_type", "version", "policy", "sensitive", "min_bytes", "max_bytes")
    record: dict[str, object] = {name: getattr(feed, name) for name in names}
    for name in ("warn_after", "fail_after"):
        age = getattr(feed, name)
        record[f"{name}_seconds"] = age.total_seconds() if age else None
    return record


COLUMNS = (
    Column("feed", least=16),
    Column("by", least=6),
    Column("format", least=6, drop=3),
    Column("promoted by", least=6),
    Column("warn / fail after", least=8, drop=1),
    Column("lands as", least=20, cut="middle", drop=2),
)
