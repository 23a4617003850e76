"""The demo at the command line: how its lines fit a terminal, and that leaving it ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.cli.commands.demo import _wrapped
from bedrot_console.cli.main import run
from bedrot_console.operations import demo

LONG = "  youtube/traffic: +1 day, views +0.2 %, estimatedMinutesWatched +0.9 %, 1 day rolled off, +8 rows, 8 rows gone"


def test_a_long_line_goes_on_below_itself_at_a_terminal() -> None:
    """At 80 columns no line is wider, what goes on is indented deeper, and no word is lost; in a pipe a line is a line."""
    first, *rest = _wrapped(LONG, 80).split("\n")
    assert len(first) <= 80 and first.startswith("  youtube") and rest
    assert all(len(line) <= 80 and line.startswith("      ") for line in rest)
    assert " ".join([first, *rest]).split() == LONG.split()
    assert _wrapped(LONG, None) == LONG and _wrapped("short", 80) == "short"


def test_leaving_the_demo_ends_it_before_its_home_goes(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Ctrl-C while a line is printed: the demo gets to cancel its runs while its home is still there; then the home is gone."""
    seen: list[tuple[Path, bool]] = []

    def lines(home: Path, *, only: Any = ()) -> Iterator[demo.Line]:
        try:
            yield demo.Line("step", "at work")
            raise AssertionError("went on")
        finally:
            seen.append((home, home.is_dir()))

    def interrupt(face: Any, line: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "demo", lines)
    monkeypatch.setattr("bedrot_console.cli.commands.demo._print", interrupt)
    assert run(["demo"]) == 130
    ((home, there),) = seen
    assert there and not home.exists()
