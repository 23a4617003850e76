"""The command line in this process, and a small lake made by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.cli.main import run

STATEMENT = "Statement Period,Payee,Store,Title,Units,Net Earnings (USD)\n2026-01,Mara Vale,Spotify,Night Ferry,{units},61.93\n"
SIGN_IN = "<!doctype html><html><head><title>Sign in</title></head><body><form method='post'><input type='password' name='p'></form></body></html>\n"


@dataclass(frozen=True)
class Said:
    """What a command line left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Bedrot = Callable[..., Said]


@pytest.fixture
def bedrot(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bedrot:
    """Run one command line on the test's home."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run(["--home", str(home), *map(str, arguments)])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture
def statement(tmp_path: Path) -> Callable[..., Path]:
    """Make a royalty statement, or any file, to land."""

    def make(name: str = "statement.csv", text: str | None = None, units: int = 18214) -> Path:
        path = tmp_path / "outside" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text if text is not None else STATEMENT.format(units=units), "utf-8")
        return path

    return make


@pytest.fixture
def landed(bedrot: Bedrot, statement: Callable[..., Path]) -> Callable[..., str]:
    """Land one file and give its id."""

    def land(name: str = "statement.csv", text: str | None = None, units: int = 18214) -> str:
        path = statement(name, text, units)
        said = bedrot("land", "--json", "--feed", "manual/financial_data", path)
        assert said.code == 0, said
        return said.records[0]["id"]

    return land
