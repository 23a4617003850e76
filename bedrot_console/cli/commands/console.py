"""console: the screens."""

from __future__ import annotations

import sys

import click

from ...domain.errors import UsageError
from ..face import Face
from ..frame import command


@command(example="bedrot console --read-only", exits=(0, 130))
@click.option("--read-only", is_flag=True, help="Look at everything, change nothing.")
def console(face: Face, read_only: bool) -> int:
    """Open the console on this terminal."""
    return open_console(face, read_only=read_only)


def open_console(face: Face, *, read_only: bool = False) -> int:
    """Hand the terminal to the console room; returns its exit code.

    Raises:
        UsageError: stdin or stdout is not a terminal.
    """
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()):
        raise UsageError("the console needs a terminal", hint="without one: bedrot status, bedrot files; bedrot --help lists all")
    from ...tui.app import run_console

    return run_console(face.workspace(read_only=read_only), read_only=read_only)
