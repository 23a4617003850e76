"""audit: the journal's anchor shows a rewrite of the whole chain."""

from __future__ import annotations

from pathlib import Path

from bedrot_console.cli.main import run
from bedrot_console.operations.workspace import Workspace
from bedrot_console.resilience import SystemClock
from bedrot_console.security.journal import FileJournal
from bedrot_console.settings import Settings


def test_a_journal_rewritten_as_a_whole_passes_without_the_anchor_and_fails_with_it(home: Path, tmp_path: Path, capfd) -> None:
    """Somebody with the machine makes a new, consistent journal; who kept the anchor elsewhere sees it."""
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
    for path in (tmp_path / "forged").iterdir():
        path.rename(journal / path.name)
    assert run(["--home", str(home), "audit", "verify"]) == 0
    assert run(["--home", str(home), "audit", "verify", "--anchor", str(anchor)]) == 5
    capfd.readouterr()
