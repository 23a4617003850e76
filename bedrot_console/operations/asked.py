"""Which feeds and series the settings ask for: what is no longer asked is not awaited. Its files stay where they are and are found as ever.

A cache of what extractors say of `bedrot.toml`, so that `status` needs to load none; made anew when either has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..domain.errors import BedrotError
from .deadlines import stamp

if TYPE_CHECKING:
    from .workspace import Workspace

Entry = Mapping[str, Any]
"""Of the freshness: `platform`, `feed` (whole name), `account`, `series`."""


def asked(ws: Workspace, entries: Iterable[Entry]) -> Callable[[Entry], bool]:
    """A function that says of each of `entries` whether a run would still bring it. Writes the cache where it may."""
    accounts = sorted({(e["platform"], e["account"]) for e in entries})
    path = ws.settings.state / "catalog" / "asked.json"
    now = [*stamp(ws.extractors_folder), _settings_stamp(ws)]
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
        known = kept["asked"] if kept["stamp"] == now else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        known = {}
    missing = [(p, a) for p, a in accounts if a not in known.get(p, {})]
    for platform, account in missing:
        known.setdefault(platform, {})[account] = _of(ws, platform, account)
    if missing and not ws.read_only and path.parent.is_dir():
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps({"stamp": now, "asked": known}), "utf-8")
            temporary.rename(path)
        except (OSError, UnicodeError):
            pass

    def is_asked(entry: Entry) -> bool:
        of_feed: Sequence[str] | bool = known[entry["platform"]][entry["account"]].get(entry["feed"], True)
        series = entry.get("series", "")
        if isinstance(of_feed, bool) or not series:
            return of_feed is not False
        return any(series == begin or series.startswith(begin + "_") for begin in of_feed)

    return is_asked


def _of(ws: Workspace, platform: str, account: str) -> dict[str, tuple[str, ...] | bool]:
    """Whole feed name -> what `Extractor.asked` says of it, where that is not True."""
    try:
        extractor = ws.registry.load(platform)

        def option(name: str, default: Any = None) -> Any:
            return ws.settings.option(platform, account, name, default)

        found = {feed.name: extractor.asked(attribute, option) for attribute, feed in extractor.feeds.items()}
    except BedrotError:  # a folder that is gone or broken, or settings that are: nothing is known, so everything is awaited
        return {}
    return {name: says for name, says in found.items() if says is not True}


def _settings_stamp(ws: Workspace) -> list[Any]:
    try:
        found = os.stat(ws.home / "bedrot.toml")
    except OSError:
        return ["bedrot.toml", 0, 0]
    return ["bedrot.toml", found.st_mtime_ns, found.st_size]
