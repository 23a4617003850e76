"""The linear console on a real lake: read-only it writes nothing at all; what drifted is accepted as it was said, and nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_house import Bedrot

from bedrot_console.cli import practicing
from bedrot_console.operations import practice
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

SAMPLE = Path(__file__).parents[2] / "extractors/toolost/samples/apple/ok-new-fields.json"
LOOKED = (
    "files", "1", "show 1 --structure", "show 1 --find 2026", "review", "1", "report 1", "diff 1 --all", "runs", "sessions", "sessions 1", "health", "why 1",
    "health --history", "sql select id from files", "1", "more", "starters 1", "queries", "columns", "check", "audit", "1", "audit verify", "audit state",
    "drift", "drift accept 1", "needs", "promote 1", "validate 1", "undo", "extract toolost", "land x.csv",
)  # fmt: skip


class Typed:
    """Lines of a pipe; one that is a function is called when it is its turn, and nothing is typed."""

    def __init__(self, *lines: str | Callable[[], object]) -> None:
        self.lines = iter(lines)

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        for line in self.lines:
            if isinstance(line, str):
                return line + "\n"
            line()
        return ""


def tree(home: Path) -> dict[str, tuple[object, ...]]:
    """Every file and folder of the home: mode, file number, size, time of its last change, hash of its bytes.

    The published catalog, which this process may not open beside its reader, is told by the others: it is only ever replaced.
    """
    found = {}
    for folder, _, names in os.walk(home):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            stat = path.lstat()
            bytes_of = path.read_bytes() if path.is_file() and path.suffix != ".duckdb" else b""
            found[str(path)] = (stat.st_mode, stat.st_ino, stat.st_size, stat.st_mtime_ns, hashlib.sha256(bytes_of).hexdigest())
    return found


@pytest.fixture
def lake(bedrot: Bedrot, home: Path) -> Path:
    """One validated file with two fields that its schema does not know."""
    name = bedrot("land", "--json", "--feed", "toolost/apple", SAMPLE).records[0]["id"]
    bedrot("validate", name)
    return home


def test_a_read_only_linear_console_changes_no_byte_of_the_home(
    lake: Path, bedrot: Bedrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every place is opened and the shell's words are used, while the catalog is behind the journal and what `status` keeps is gone; what writes is tried too."""
    ws = Workspace(Settings.load(lake, {}))
    ws.record(ws.event("session-failed", platform="toolost", account="default", code="rolled-back"))
    (lake / ".bedrot/catalog/deadlines.json").unlink()
    before = tree(lake)
    monkeypatch.setattr("sys.stdin", Typed(*LOOKED, "files", "cat 1", "status", "platforms", "secrets"))
    said = bedrot("console", "--linear", "--read-only").out
    assert tree(lake) == before
    assert said.count("this console is read-only. Next: ") == 6 and "lines, the chain holds" in said and "finding 1, " in said


def test_a_read_only_linear_console_does_not_make_the_catalog_that_is_missing(
    lake: Path, bedrot: Bedrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What needs it says so, with the command that makes it; the rest works, and nothing is written."""
    (lake / "catalog.duckdb").unlink()
    shutil.rmtree(lake / ".bedrot/catalog")
    before = tree(lake)
    monkeypatch.setattr("sys.stdin", Typed(*LOOKED, "status"))
    said = bedrot("console", "--linear", "--read-only").out
    assert tree(lake) == before
    assert "there is no catalog.duckdb; read-only the catalog stays as it is. Next: bedrot files" in said
    assert "Events, newest first: 1 to " in said


def test_drift_is_accepted_as_it_was_said_whatever_its_number_is_by_now(
    lake: Path, bedrot: Bedrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the report is read, somebody else accepts another finding and its numbers change: what was said is accepted; then taken back."""
    name = bedrot("files", "--json").records[0]["id"]
    shown = {r["seen"]: r["number"] for r in bedrot("drift", "show", name, "--json").records if r["code"] == "schema.drift"}
    monkeypatch.setattr(
        "sys.stdin",
        Typed(
            "review", "report 1", lambda: bedrot("drift", "accept", name, shown["saves"]),
            f"drift accept {shown['currency']} --reason 'announced'", f"drift revoke {shown['currency']}", f"drift revoke {shown['currency']}", "drift", "drift accept 99",
        ),
    )  # fmt: skip
    bedrot("console", "--linear")
    accepted = {r["seen"]: r for r in bedrot("drift", "list", "--json").records}
    assert (
        accepted["currency"]["reason"] == "announced"
        and accepted["currency"]["revoked_at"]
        and not accepted["saves"]["revoked_at"]
    )
    codes = {r["seen"]: r["code"] for r in bedrot("drift", "show", name, "--json").records}
    assert (codes["saves"], codes["currency"]) == ("schema.drift-accepted", "schema.drift")


def test_what_landed_since_is_there_at_the_next_line(
    lake: Path, bedrot: Bedrot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run, or another console, brings a file while this one is open."""
    more = tmp_path / "more.json"
    more.write_bytes(SAMPLE.read_bytes() + b" ")
    seen: list[str] = []

    def land() -> None:
        seen.append(bedrot("land", "--json", "--feed", "toolost/apple", more).records[0]["id"])

    monkeypatch.setattr("sys.stdin", Typed("files", land, "files", "quit"))
    said = bedrot("console", "--linear").out
    assert len(seen) == 1 and "Files, newest: 1 to 2 of 2" in said


def test_practice_says_the_words_of_the_console_that_it_opens(
    home: Path, bedrot: Bedrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbered text is told of words, not of keys."""
    (home / ".bedrot").mkdir()
    (home / ".bedrot" / practice.MEMO).write_text("{}")
    for name, made in (("begin", lambda home: None), ("score", lambda home: None)):
        monkeypatch.setattr(practice, name, made)
    monkeypatch.setattr(practicing, "print_score", lambda face, score: None)
    monkeypatch.setattr("sys.stdin", Typed("quit"))
    said = bedrot("demo", "--practice", "--keep", home, "--linear").err
    assert "promote N, quarantine N --reason WHY; quit ends" in said and "ctrl+q" not in said
