"""Opening the linear console on stdin and stdout."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..backend import Backend, OperationsBackend
from .desk import Desk
from .speech import Speech

if TYPE_CHECKING:
    from ...operations.workspace import Workspace


def run_linear(workspace: Workspace, *, read_only: bool = False) -> int:
    """The console as numbered text, until the operator leaves or the input ends. Returns the exit code."""
    if read_only:
        workspace.read_only = True
    return run_backend(OperationsBackend(workspace))


def run_backend(backend: Backend) -> int:
    """The linear console on any backend."""

    def shell(words: Sequence[str]) -> int:
        environ = {**os.environ, "NO_COLOR": "1", "TERM": "dumb"} | ({"BEDROT_READ_ONLY": "1"} if backend.read_only else {})
        sys.stdout.flush()
        return subprocess.call([sys.executable, "-m", "bedrot_console", "--home", backend.home, *words], env=environ)

    try:
        return Desk(backend, Speech(sys.stdin, sys.stdout), shell, time.sleep).run()
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
