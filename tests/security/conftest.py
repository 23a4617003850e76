"""A journal in a temporary home."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedrot_console.security.journal import FileJournal


@pytest.fixture
def journal(home: Path, clock) -> FileJournal:
    return FileJournal(home / ".bedrot" / "journal", clock, actor_host="here")
