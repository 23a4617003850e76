"""The way to the console. Without the library that parses commands, which costs a start more than the first question to the catalog."""

from __future__ import annotations

import sys

from ..domain.errors import UsageError
from .face import Face


def on_a_terminal() -> bool:
    """Whether a human can see and type."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def open_console(face: Face, *, read_only: bool = False, linear: bool = False) -> int:
    """Hand the terminal to the console room; returns its exit code.

    Raises:
        UsageError: stdin or stdout is not a terminal, and the console is not linear.
    """
    if linear:
        from ..tui.linear.opening import run_linear

        return run_linear(face.workspace(read_only=read_only), read_only=read_only)
    if not on_a_terminal():
        raise UsageError(
            "the console needs a terminal", hint="without one: bedrot console --linear, or bedrot status, bedrot files"
        )
    from ..operations import browse

    workspace = face.workspace(read_only=read_only)
    browse.ahead(workspace)
    from ..tui.collecting import rarely

    with rarely():
        from ..tui.app import run_console

        return run_console(workspace, read_only=read_only)
