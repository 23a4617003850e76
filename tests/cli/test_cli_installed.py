"""The program without a checkout, as pipx installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_installed_among_packages_the_home_is_the_current_folder(tmp_path: Path) -> None:
    """Without a checkout no lake is ever made among the packages: the home is where the operator stands."""
    packages = tmp_path / "packages"
    for name in ("bedrot_console", "extractors"):
        shutil.copytree(CHECKOUT / name, packages / name, ignore=shutil.ignore_patterns("__pycache__"))
    stand = tmp_path / "stand"
    stand.mkdir()
    environ = {k: v for k, v in os.environ.items() if k not in ("BEDROT_HOME", "PROJECT_ROOT")}
    command = "import sys; from bedrot_console.__main__ import main; sys.argv = ['bedrot', 'status']; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=stand, capture_output=True, text=True, env={**environ, "PYTHONPATH": str(packages)}
    )
    assert f"home: {stand}" in done.stdout, done
    assert not any(stand.iterdir())
