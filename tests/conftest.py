"""Shared by all rooms: a frozen clock, a temporary home, and no network but loopback."""

from __future__ import annotations

import compileall
import os
import re
import shutil
import signal
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from contract_clock import FrozenClock

hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")  # no test fails because the machine is slow

MEMORY = Path("/dev/shm")
"""A file system in memory: thousands of homes sync there without waiting for a disk. What a disk does is shown by the zones' tests."""
ROOM_BYTES = 4 << 30
CHECKOUT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Signals as a terminal leaves them, and all temporary folders in memory where there is room; `--basetemp` puts them elsewhere.

    What the hundreds of processes of a run import is compiled once before: where PYTHONDONTWRITEBYTECODE is set each would compile it again.
    """
    for ignored in (signal.SIGHUP, signal.SIGINT):  # what starts in the background inherits that they are ignored
        if signal.getsignal(ignored) is signal.SIG_IGN:
            signal.signal(ignored, signal.default_int_handler if ignored is signal.SIGINT else signal.SIG_DFL)
    if hasattr(config, "workerinput"):
        return
    for folder in ("bedrot_console", "extractors", "tests"):
        compileall.compile_dir(CHECKOUT / folder, quiet=2)
    if config.option.basetemp is not None:
        return
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        folder = tempfile.mkdtemp(prefix="bedrot-tests-", dir=MEMORY)
        config.option.basetemp = f"{folder}/t"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Campaigns may take as long as they take; any other test that takes minutes hangs."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The tests of a file share a worker, and with it what their module made; of the contract suite those of a platform do."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFileAndPlatform(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path, _, name = nodeid.partition("::")
            platform = re.match(r"[a-z_]+", name.partition("[")[2])
            return f"contract {platform[0]}" if path.startswith("tests/contract/") and platform else path

    return ByFileAndPlatform(config, log)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home with its landing folder."""
    folder = tmp_path / "home"
    (folder / "landing").mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> object:
        if self.family in (socket.AF_INET, socket.AF_INET6) and str(address[0]) not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):  # type: ignore[index]
            raise OSError(f"tests may not reach {address!r}")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
