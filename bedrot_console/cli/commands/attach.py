"""attach: follow a run."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command
from ..terminal import Terminal
from ..watching import Watch


@command(example="bedrot attach 06exy3k2", exits=(0, 1, 3, 4, 5, 130))
@click.argument("run", metavar="RUN")
def attach(face: Face, run: str) -> int:
    """Follow a run and answer what it asks.

    Shows the run's events from its beginning; any number may attach. Exit code: the run's own, 0 when you detach.
    """
    with Terminal.hold() as terminal:
        return Watch(face, face.workspace(), [run], terminal).until_ended()
