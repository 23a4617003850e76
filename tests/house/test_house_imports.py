"""What a cold command may load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, sys
from bedrot_console.cli.main import run
code = run(json.loads(sys.argv[1]))
outside = {name.partition(".")[0] for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", None) or "")}
ours = sorted(name for name in sys.modules if name.startswith(("bedrot_console", "extractors")))
print(json.dumps({"code": code, "outside": sorted(outside), "ours": ours}), file=sys.stderr)
"""


def loaded(arguments: list[str]) -> tuple[set[str], list[str]]:
    """The third-party packages and our own modules that a command line has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stderr.splitlines()[-1])
    assert found["code"] == 0, done.stderr
    return set(found["outside"]) - {"_distutils_hack", "__editable___bedrot_console_0_1_0_finder"}, found["ours"]


def test_help_loads_click_and_nothing_else() -> None:
    """`bedrot --help` loads the standard library and click; no command, no operation, no extractor."""
    outside, ours = loaded(["--help"])
    assert outside == {"click"}
    assert not [
        name for name in ours if name.startswith(("extractors", "bedrot_console.operations", "bedrot_console.cli.commands"))
    ]


def test_status_loads_no_database_no_browser_no_screens(home: Path) -> None:
    """`bedrot status` loads the standard library, click and msgspec only."""
    outside, ours = loaded(["--home", str(home), "status"])
    assert outside <= {"click", "msgspec"}
    assert not [name for name in ours if name.startswith("bedrot_console.tui")]


@pytest.mark.parametrize("arguments", [["files"], ["challenges"], ["runs"], ["audit", "show"]])
def test_lists_load_no_browser_and_no_screens(home: Path, arguments: list[str]) -> None:
    """Listing commands load neither Textual, Playwright nor requests; only `files` needs the database."""
    outside, _ = loaded(["--home", str(home), *arguments])
    assert not outside & {"textual", "playwright", "requests", "rich", "lxml", "jsonschema"}
    if arguments != ["files"]:
        assert "duckdb" not in outside
