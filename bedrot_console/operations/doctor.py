"""doctor: what this machine and this home lack, and how to get it. Looks, changes nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..domain.errors import BedrotError
from .workspace import Workspace

NEEDED = (
    "click", "cryptography", "duckdb", "jsonschema", "jsonschema_rs", "lxml", "msgspec", "playwright", "pyrage", "requests", "rich",
    "segno", "textual", "werkzeug",
)  # fmt: skip
ROOM_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor. `ok` is `ok`, `warning` or `fail`; `fix` is the next command or act."""

    name: str
    ok: str
    detail: str
    fix: str | None = None


def doctor(ws: Workspace) -> Iterator[Check]:
    """Every check, as soon as it is done. A check that stumbles is a failed check."""
    checks: tuple[tuple[str, Callable[[Workspace], Check]], ...] = (
        ("python", _python),
        ("packages", _packages),
        ("home", _home),
        ("disk", _disk),
        ("file system", _file_system),
        ("state folder", _state),
        ("browser", _browser),
        ("driver", _driver),
        ("sandbox", _landlock),
        ("journal", _journal),
        ("catalog", _catalog),
    )
    for name, check in checks:
        try:
            yield check(ws)
        except (BedrotError, OSError) as error:
            yield Check(name, "fail", str(error), getattr(error, "hint", None))
    yield from _platforms(ws)


def _python(ws: Workspace) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Check("python", "ok" if good else "fail", version, None if good else "install Python 3.11 or newer")


def _packages(ws: Workspace) -> Check:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return Check("packages", "fail", "missing: " + ", ".join(missing), "remove .venv and start ./bedrot again")
    return Check("packages", "ok", f"{len(NEEDED)} present")


def _home(ws: Workspace) -> Check:
    home = ws.home
    if not home.exists():
        parent = home.parent
        good = os.access(parent, os.W_OK)
        return Check(
            "home",
            "ok" if good else "fail",
            f"{home} (not there yet)",
            None if good else f"{parent} is not writable; give --home DIR",
        )
    if not os.access(home, os.W_OK):
        return Check("home", "warning", f"{home} is read-only for you: looking works, changing does not", "give --home DIR")
    return Check("home", "ok", str(home))


def _disk(ws: Workspace) -> Check:
    place = ws.home if ws.home.exists() else ws.home.parent
    free = shutil.disk_usage(place).free
    good = free >= ROOM_BYTES
    return Check(
        "disk",
        "ok" if good else "warning",
        f"{free / (1 << 30):.1f} GiB free",
        None if good else "free space; landing refuses when it is full",
    )


def _file_system(ws: Workspace) -> Check:
    place = ws.home if ws.home.exists() else ws.home.parent
    try:
        os.close(os.open(place, os.O_TMPFILE | os.O_RDWR, 0o600))
    except OSError:
        return Check("file system", "warning", "no unnamed temporary files here; landing falls back to hidden names")
    return Check("file system", "ok", "unnamed temporary files work")


def _state(ws: Workspace) -> Check:
    state = ws.settings.state
    if not state.exists():
        return Check("state folder", "ok", "not there yet; made on first use")
    found = state.stat()
    if stat.S_IMODE(found.st_mode) & 0o077:
        return Check("state folder", "fail", f"others can look into {state}", f"chmod 700 {state}")
    if found.st_uid != os.getuid():
        return Check("state folder", "warning", f"{state} belongs to uid {found.st_uid}")
    return Check("state folder", "ok", "only its owner can look inside")


def _browser(ws: Workspace) -> Check:
    from ..extraction.chromium import browser_version, find_browser, how_to_get_one

    found = find_browser(ws.settings.browser)
    if found is None:
        return Check("browser", "fail", "no Chromium or Chrome found; needed by platforms without an API", how_to_get_one())
    return Check("browser", "ok", f"{found}: {browser_version(found) or 'version unknown'}")


def _driver(ws: Workspace) -> Check:
    from ..extraction.chromium import driver_trouble

    trouble = driver_trouble()
    if trouble:
        return Check("driver", "fail", f"what drives the browser does not start: {trouble}", "apt-get install libatomic1")
    return Check("driver", "ok", "what drives the browser starts")


def _landlock(ws: Workspace) -> Check:
    from ..inspection.confinement import landlock_version

    version = landlock_version()
    if not version:
        return Check("sandbox", "warning", "this kernel has no Landlock; readers are held by resource limits only")
    return Check("sandbox", "ok", f"Landlock ABI {version}")


def _journal(ws: Workspace) -> Check:
    if not (ws.settings.state / "journal").exists():
        return Check("journal", "ok", "none yet")
    check = ws.journal.verify()
    if not check.ok:
        return Check("journal", "fail", check.problem or "the chain does not hold", "bedrot audit verify")
    if check.breaks:
        lost = sum(one.lost for one in check.breaks)
        return Check("journal", "warning", f"chain of {check.lines} lines holds but for {lost} lost ones", "bedrot audit verify")
    return Check("journal", "ok", f"chain of {check.lines} lines holds")


def _catalog(ws: Workspace) -> Check:
    if not ws.settings.catalog.exists():
        if ws.journal.head:
            return Check("catalog", "warning", "it is gone; the next command that asks it makes it again", "bedrot files")
        return Check("catalog", "ok", "none yet; made on first use")
    from ..domain.browsing import FileFilter
    from .browse import count, reader

    reader(ws)
    return Check("catalog", "ok", f"{count(ws, FileFilter())} files")


def _platforms(ws: Workspace) -> Iterator[Check]:
    from .browse import platforms

    for platform in platforms(ws):
        if platform.problem:
            yield Check(f"platform {platform.name}", "fail", platform.problem, "its folder under extractors/ must be mended")
        else:
            yield Check(f"platform {platform.name}", "ok", f"{len(platform.feeds)} feeds, extractor {platform.version}")
