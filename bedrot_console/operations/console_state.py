"""Where an operator left the console: one small file per operator beside the lake, comfort only. Holds no payload and no secret."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .workspace import Workspace

LARGEST = 1 << 20


def _path(ws: Workspace) -> Path:
    return ws.settings.state / "console" / f"{os.getuid()}.json"


def recall(ws: Workspace) -> dict[str, Any]:
    """What was kept last; empty when nothing was, when it cannot be read, or when the settings say that nothing is kept."""
    if not ws.settings.restore:
        return {}
    try:
        fd = os.open(_path(ws), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:
            found = json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(ws: Workspace, state: Mapping[str, Any]) -> None:
    """Keep it, whole or not at all, readable by its operator only. Silent where it cannot be: it is comfort.

    A home that is only looked at (read-only, or none yet) is left as it is.
    """
    if not ws.settings.restore or ws.read_only or not ws.settings.state.is_dir():
        return
    text = json.dumps(state, ensure_ascii=True).encode()
    path = _path(ws)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    if len(text) > LARGEST:
        return
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            file.write(text)
        os.rename(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
