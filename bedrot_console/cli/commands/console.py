"""console: the screens."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command
from ..opening import open_console


@command(example="bedrot console --read-only\nbedrot console --linear", exits=(0, 130))
@click.option("--read-only", is_flag=True, help="Look at everything, change nothing.")
@click.option("--linear", is_flag=True, help="Every action as numbered text: for screen readers, dumb terminals, pipes.")
def console(face: Face, read_only: bool, linear: bool) -> int:
    """Open the console on this terminal.

    A page that a platform wants solved is drawn in pixels where the terminal says that it has kitty's protocol or sixels, else in half
    blocks. BEDROT_PICTURES=blocks, kitty or sixel (or `pictures` in the table [console] of bedrot.toml) says which without asking it.
    """
    return open_console(face, read_only=read_only, linear=linear)
