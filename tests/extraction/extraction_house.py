"""A home whose runs are real processes, for the tests of the machinery."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_process

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec, RunView
from bedrot_console.extraction import worker
from bedrot_console.extraction.runs import Runs
from bedrot_console.extraction.simulator import Served
from bedrot_console.resilience import SystemClock
from bedrot_console.security.vault import Vault
from bedrot_console.settings import Settings

HERE = Path(__file__).resolve().parent
TOKEN = "Token-canary-90q+/="


class House:
    """A home, its vault and its runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs = Runs(home / ".bedrot" / "runs", SystemClock())
        self.vault = Vault(home / ".bedrot" / "vault")
        self.pids: list[int] = []

    def settings(self, served: Served, environ: dict[str, str] | None = None, **options: Any) -> Settings:
        lines = [f"[platforms.{served.simulator.name}]", f"base_url = {json.dumps(served.base_url)}"]
        lines += [f"{k} = {json.dumps(v)}" for k, v in options.items()]
        (self.home / "bedrot.toml").write_text("\n".join(lines) + "\n")
        return Settings.load(self.home, environ or {})

    def store(self, platform: str, **values: str) -> None:
        for name, value in values.items():
            self.vault.put(platform, "default", name, Secret(value))

    def spec(self, platform: str, **values: Any) -> RunSpec:
        return RunSpec(id=new_id(SystemClock().now()), platform=platform, **{"challenge_timeout_seconds": 30.0} | values)

    def here(self, spec: RunSpec, settings: Settings, **more: Any) -> RunView:
        """Execute a run in this process."""
        folder = self.runs.create(spec)
        try:
            return worker.execute(folder, spec, tiny_process.parts(self.home, spec, settings, **more))
        finally:
            folder.release()

    def start(self, spec: RunSpec, environ: dict[str, str] | None = None) -> str:
        """Execute a run in a process of its own."""
        folder = self.runs.create(spec)
        command = [sys.executable, str(HERE / "tiny_process.py"), str(self.home), spec.id]
        self.pids.append(self.runs.spawn(command, folder, environ={**os.environ, **(environ or {})}))
        return spec.id

    def until(self, run: str, kind: str, after: int = 0, **values: Any) -> dict[str, Any]:
        """The next event of a kind; fails when the run ends before."""
        for event in self.runs.follow(run, after):
            if event["kind"] == kind and all(event.get(k) == v for k, v in values.items()):
                return event
        pytest.fail(f"no {kind} before the run ended: {self.runs.read_events(run)}\n{self.log(run)}")

    def ended(self, run: str) -> RunView:
        for _ in self.runs.follow(run):
            pass
        while self.runs.get(run).alive():
            os.sched_yield()
        return self.runs.view(run)

    def log(self, run: str) -> str:
        return (self.runs.folder / run / "run.log").read_text() if (self.runs.folder / run / "run.log").exists() else ""
