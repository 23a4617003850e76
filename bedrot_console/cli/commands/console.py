"""console: the screens."""

from __future__ import annotations

import sys

import click

from ...domain.errors import UsageError
from ..face import Face
from ..frame import command


@command(example="bedrot console --read-only\nbedrot console --linear", exits=(0, 130))
@click.option("--read-only", is_flag=True, help="Look at everything, change nothing.")
@click.option("--linear", is_flag=True, help="Every action as numbered text: for screen readers, dumb terminals, pipes.")
def console(face: Face, read_only: bool, linear: bool) -> int:
    """Open the console on this terminal.

    A page that a platform wants solved is drawn in pixels where the terminal says that it has kitty's protocol or sixels, else in half
    blocks. BEDROT_PICTURES=blocks, kitty or sixel (or `pictures` in the table [console] of bedrot.toml) says which without asking it.
    """
    return open_console(face, read_only=read_only, linear=linear)


def open_console(face: Face, *, read_only: bool = False, linear: bool = False) -> int:
    """Hand the terminal to the console room; returns its exit code.

    Raises:
        UsageError: stdin or stdout is not a terminal, and the console is not linear.
    """
    if linear:
        from ...tui.linear.opening import run_linear

        return run_linear(face.workspace(read_only=read_only), read_only=read_only)
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()):
        raise UsageError(
            "the console needs a terminal", hint="without one: bedrot console --linear, or bedrot status, bedrot files"
        )
    from ...tui.app import run_console

    return run_console(face.workspace(read_only=read_only), read_only=read_only)
