"""How old the data of each feed may be, kept beside the catalog so that `status` needs to load no extractor.

A cache of the feeds' declarations: made anew when an extractor's folder is newer, and worth nothing without them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .workspace import Workspace

Deadlines = dict[str, tuple[int | None, int | None, bool]]
"""Whole feed name -> (warn after, fail after) in days, None: not judged; and whether its series follow one another."""


def deadlines(ws: Workspace) -> Deadlines:
    """The deadlines of all feeds that load. Writes the cache where it may."""
    path = ws.settings.state / "catalog" / "deadlines.json"
    now = stamp(ws.extractors_folder)
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
        if kept["stamp"] == now:
            return {name: (warn, fail, bool(follow)) for name, (warn, fail, follow) in kept["feeds"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    feeds, _ = ws.registry.feeds()
    found: Deadlines = {
        f.name: (f.warn_after.days if f.warn_after else None, f.fail_after.days if f.fail_after else None, f.successive)
        for f in feeds
    }
    if not ws.read_only and path.parent.is_dir():
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps({"stamp": now, "feeds": found}), "utf-8")
            temporary.rename(path)
        except OSError:
            pass
    return found


def stamp(folder: Path) -> list[list[Any]]:
    """Name, time and size of each platform's declaration: what tells that one has changed."""
    out = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                try:
                    found = os.stat(os.path.join(entry.path, "extractor.py"))
                except OSError:
                    continue
                out.append([entry.name, found.st_mtime_ns, found.st_size])
    except OSError:
        pass
    return [*out, [str(folder), 0, 0]]
