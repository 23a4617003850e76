"""The console on a home whose only platform is the one beside this file: `python real_console.py HOME`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings
from bedrot_console.tui.app import run_console

PLATFORMS = Path(__file__).parent / "platforms"

if __name__ == "__main__":
    raise SystemExit(run_console(Workspace(Settings.load(sys.argv[1], dict(os.environ)), extractors=PLATFORMS)))
