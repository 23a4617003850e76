"""Runs that stand before a door (a QR code, a page to solve), and a terminal whose drawn pictures are read again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.simulator import serve
from bedrot_console.operations import extract, runs
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

TESTS = Path(__file__).resolve().parents[1]
PLATFORMS = TESTS / "extraction" / "platforms"
BEDROT = [sys.executable, str(TESTS.parent / "bedrot_console" / "__main__.py")]
sys.path.insert(0, str(TESTS / "tui"))

import phone  # noqa: E402
from ptyline import Line  # noqa: E402


@dataclass
class Door:
    """A run that waits, its platform, and its challenge."""

    ws: Workspace
    site: Any
    run: str
    challenge: str

    def ended(self) -> Any:
        for _ in runs.follow(self.ws, self.run):
            pass
        return runs.view(self.ws, self.run)

    def canaries(self, *words: str) -> list[str]:
        """Files of the home that hold one of the words in clear; the browser's own, gone with the run, are not among them."""
        found = []
        for folder, folders, names in os.walk(self.ws.home):
            folders[:] = [name for name in folders if name != "tmp"]
            for path in (Path(folder, name) for name in names):
                with suppress(FileNotFoundError):  # the run is just leaving
                    data = path.read_bytes() if path.is_file() else b""
                    found += [str(path) for word in words if word.encode() in data]
        return found


@pytest.fixture
def door(home: Path) -> Iterator[Callable[..., Door]]:
    """`door("qr")`, `door("page")`: start a run and wait until it asks."""
    registry = Registry(PLATFORMS)
    with serve(registry.simulator("tinydoor")) as served:
        ws: Workspace | None = None

        def begin(kind: str) -> Door:
            nonlocal ws
            (home / "bedrot.toml").write_text(f'[platforms.tinydoor]\nbase_url = "{served.base_url}"\ndoor = "{kind}"\n')
            ws = Workspace(Settings.load(home), extractors=PLATFORMS)
            run = extract.start(ws, "tinydoor")
            for event in runs.follow(ws, run):
                if event["kind"] == "challenge":
                    return Door(ws, served.simulator, run, event["challenge"]["id"])
            raise AssertionError(runs.read_events(ws, run))

        yield begin
        if ws is not None:
            for view in runs.list_runs(ws):
                if not view.state.ended:
                    runs.cancel(ws, view.id)


@pytest.fixture
def bedrot_line(home: Path) -> Iterator[Callable[..., Line]]:
    """A command line of the test's home on a terminal of its own."""
    opened: list[Line] = []

    def begin(*words: str, **options: Any) -> Line:
        opened.append(Line([*BEDROT, "--home", str(home), *words], **options))
        return opened[-1]

    yield begin
    for line in opened:
        line.close()


def scanned(line: Line) -> str | None:
    """What a phone held before the terminal reads."""
    return phone.scanned(phone.cells_of_line(line))
