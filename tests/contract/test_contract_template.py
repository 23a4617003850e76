"""A platform that `new-platform` makes passes the whole contract suite at once, with nothing else touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bedrot_console.domain.errors import UsageError
from bedrot_console.operations.new_platform import new_platform
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import CHECKOUT, Settings


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program whose only platform is the template."""
    copy = tmp_path / "checkout"
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("bedrot_console", "tests", "benchmarks", "extractors/_template"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=skip)
    for name in ("pyproject.toml", "extractors/__init__.py"):
        shutil.copy(CHECKOUT / name, copy / name)
    (copy / "landing").mkdir()
    return copy


def test_a_new_platform_passes_the_contract_suite_at_once(checkout: Path) -> None:
    """The command makes one folder; login, faults, partial run, samples, clean days and the rest of the suite pass on it."""
    environ = {**os.environ, "PYTHONPATH": str(checkout), "BEDROT_HOME": str(checkout)}
    make = [sys.executable, "-m", "bedrot_console", "new-platform", "soundcloud", "--title", "SoundCloud"]
    made = subprocess.run(make, env=environ, cwd=checkout, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    folders = {p.name for p in (checkout / "extractors").iterdir() if p.is_dir()} - {"__pycache__"}
    assert folders == {"_template", "soundcloud"}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-k", "soundcloud", "tests/contract"]
    done = subprocess.run(run, env=environ, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "soundcloud" in (checkout / "extractors" / "soundcloud" / "extractor.py").read_text("utf-8")


@pytest.mark.parametrize("name", ["", "a", "Sound", "sound-cloud", "../x", "json", "class", "x" * 60, "manual", "1up", "_graph"])
def test_names_that_cannot_be_a_platform_are_refused(home: Path, name: str) -> None:
    """Nothing is made for a name that is taken, no name, or a word of Python's own."""
    before = sorted((CHECKOUT / "extractors").iterdir())
    with pytest.raises(UsageError):
        new_platform(Workspace(Settings.load(home, {})), name)
    assert sorted((CHECKOUT / "extractors").iterdir()) == before
