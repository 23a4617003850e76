"""audit: the journal's anchor shows a rewrite of the whole chain."""

from __future__ import annotations

from pathlib import Path

from bedrot_console.cli.main import run
from bedrot_console.operations.workspace import Workspace
from bedrot_console.resilience import SystemClock
from bedrot_console.security.journal import FileJournal
from bedrot_console.settings import Settings


def test_a_journal_rewritten_as_a_whole_passes_without_the_anchor_and_fails_with_it(home: Path, tmp_path: Path, capfd) -> None:
    """Somebody with the machine makes a new, consistent journal and drops our note; who kept the anchor elsewhere sees it."""
    ws = Workspace.open(Settings.load(home, {}))
    ws.prepare()
    ws.record(ws.event("alert-raised", alert="a1", code="test", subject="one"))
    assert run(["--home", str(home), "audit", "anchor"]) == 0
    anchor = tmp_path / "anchor"
    anchor.write_text(capfd.readouterr().out)
    ws.record(ws.event("alert-raised", alert="a2", code="test", subject="two"))
    assert run(["--home", str(home), "audit", "verify", "--anchor", str(anchor)]) == 0

    forged = FileJournal(tmp_path / "forged", SystemClock())
    forged.append(ws.event("alert-raised", alert=a, code="test", subject="other") for a in ("a1", "a2"))
    journal = ws.settings.state / "journal"
    for path in journal.iterdir():
        path.unlink()
    (ws.settings.state / "verified.json").unlink()
    for path in (tmp_path / "forged").iterdir():
        path.rename(journal / path.name)
    assert run(["--home", str(home), "audit", "verify"]) == 0
    assert run(["--home", str(home), "audit", "verify", "--anchor", str(anchor)]) == 5
    capfd.readouterr()


def test_a_damaged_line_ends_rebuild_and_audit_verify_with_a_warning(home: Path, capfd) -> None:
    """Before: exit code 5 and what to do. Rebuild: 1, said. After: the break stays named, with 1, and new lines verify."""
    ws = Workspace.open(Settings.load(home, {}))
    ws.prepare()
    for name in ("a1", "a2", "a3"):
        ws.record(ws.event("alert-raised", alert=name, code="test", subject="one"))
    path = ws.settings.state / "journal" / "000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"a2"', b'"a6"'))
    assert run(["--home", str(home), "files"]) == 5
    assert "bedrot rebuild" in capfd.readouterr().err
    assert run(["--home", str(home), "rebuild"]) == 1
    assert "1 line of the journal could not be read" in capfd.readouterr().err
    assert run(["--home", str(home), "rebuild"]) == 0
    assert run(["--home", str(home), "files"]) == 0
    assert run(["--home", str(home), "status"]) == 0
    capfd.readouterr()
    assert run(["--home", str(home), "audit", "verify"]) == 1
    out = capfd.readouterr().out
    assert "the chain holds" in out and "recorded break: line 2 lost, kept in damaged-000001-" in out
