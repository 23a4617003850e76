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


def test_help_loads_the_standard_library_only() -> None:
    """`bedrot --help` loads the standard library and nothing else: no parser, no command, no operation, no extractor."""
    outside, ours = loaded(["--help"])
    assert outside == set()
    assert not [
        name for name in ours if name.startswith(("extractors", "bedrot_console.operations", "bedrot_console.cli.commands"))
    ]


def test_status_loads_no_database_no_browser_no_screens(home: Path, tmp_path: Path) -> None:
    """`bedrot status`, also on a lake with files, loads the standard library and msgspec (with what that takes along) at most."""
    paper = tmp_path / "statement.csv"
    paper.write_text(
        "Statement Period,Payee,Store,Title,Units,Net Earnings (USD)\n2026-01,Mara Vale,Spotify,Night Ferry,1,2.00\n"
    )
    assert loaded(["--home", str(home), "land", "--feed", "manual/financial_data", str(paper)])
    outside, ours = loaded(["--home", str(home), "status"])
    assert outside <= {"msgspec", "typing_extensions"}
    assert not [name for name in ours if name.startswith("bedrot_console.tui")]


def test_status_says_the_same_with_and_without_the_parser(home: Path) -> None:
    """The short way to `status` gives what the parsed command gives."""
    said = [
        subprocess.run([sys.executable, "-P", "-m", "bedrot_console", *words, "status", "--json"], capture_output=True, text=True)
        for words in (["--home", str(home)], [f"--home={home}"])
    ]
    assert said[0].stdout == said[1].stdout != ""


@pytest.mark.parametrize("arguments", [["files"], ["challenges"], ["runs"], ["audit", "show"]])
def test_lists_load_no_browser_and_no_screens(home: Path, arguments: list[str]) -> None:
    """Listing commands load neither Textual, Playwright nor requests; only `files` needs the database."""
    outside, _ = loaded(["--home", str(home), *arguments])
    assert not outside & {"textual", "playwright", "requests", "rich", "lxml", "jsonschema"}
    if arguments != ["files"]:
        assert not outside & {"duckdb", "_duckdb"}
