"""Finds the browser of this machine. Standard library only, so that `doctor` needs no Playwright to say what is missing."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import MissingBrowser

NAMES = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
    "brave-browser",
)
PLACES = (
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)


@dataclass(frozen=True, slots=True)
class Found:
    """A browser: its executable, or a Playwright channel; `source` says how it was found (`BEDROT_BROWSER`, `playwright`, `system`)."""

    source: str
    path: Path | None = None
    channel: str | None = None

    def __str__(self) -> str:
        return str(self.path or f"channel:{self.channel}")


def find_browser(setting: str | None = None, *, search: str | None = None, builds: Path | None = None) -> Found | None:
    """The browser to use: `setting` (a path, a command, or `channel:<name>`), else Playwright's own build, else one of the system.

    Args:
        search: PATH to look in; default the environment's.
        builds: where Playwright keeps its builds; default its usual folder.

    Raises:
        MissingBrowser: `setting` names something that is not there. A wish is never silently replaced by another browser.
    """
    if setting:
        if setting.startswith("channel:"):
            return Found("BEDROT_BROWSER", channel=setting.removeprefix("channel:"))
        path = shutil.which(os.path.expanduser(setting), path=search)
        if path is None:
            raise MissingBrowser(f"BEDROT_BROWSER names no browser: {setting}", hint="unset it, or name a Chromium or Chrome")
        return Found("BEDROT_BROWSER", Path(path))
    own = _playwright_build(builds or _builds_folder())
    if own is not None:
        return Found("playwright", own)
    for name in NAMES:
        path = shutil.which(name, path=search)
        if path is not None:
            return Found("system", Path(path))
    if search is None:
        for place in PLACES:
            if os.access(place, os.X_OK):
                return Found("system", Path(place))
    return None


def driver_trouble() -> str | None:
    """Why Playwright's own program does not start here (`libatomic.so.1` missing on small systems); None if it does, or is not installed."""
    found = importlib.util.find_spec("playwright")
    if found is None or not found.origin:
        return None
    node = Path(found.origin).parent / "driver" / "node"
    if not node.exists():
        return None
    try:
        done = subprocess.run(
            [str(node), "--version"], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it ends at once"])[-1]


def browser_version(found: Found, *, timeout_seconds: float = 10.0) -> str | None:
    """What it says of its version (`156.0.7000.1`); None if it does not start or the version is unknown."""
    if found.path is None:
        return None
    try:
        done = subprocess.run(
            [str(found.path), "--version"],
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return match[0] if match else None


def how_to_get_one() -> str:
    """The command that brings a browser to this machine."""
    if sys.platform == "darwin":
        return "brew install --cask google-chrome"
    for tool, command in (
        ("apt-get", "apt-get install chromium"),
        ("dnf", "dnf install chromium"),
        ("pacman", "pacman -S chromium"),
    ):
        if shutil.which(tool) and os.geteuid() == 0:
            return command
    return "python -m playwright install --only-shell chromium"


def _builds_folder() -> Path:
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if chosen and chosen != "0":
        return Path(chosen)
    home = Path(os.path.expanduser("~"))
    return home / ("Library/Caches/ms-playwright" if sys.platform == "darwin" else ".cache/ms-playwright")


def _playwright_build(folder: Path) -> Path | None:
    """Playwright's newest own Chromium, the full one before the headless shell."""
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*") + (
        "chromium_headless_shell-*/chrome-*/*headless*shell",
    )
    for pattern in patterns:
        builds = [p for p in folder.glob(pattern) if os.access(p, os.X_OK)]
        if builds:
            return max(builds, key=lambda p: [int(n) for n in re.findall(r"\d+", p.relative_to(folder).parts[0])])
    return None
