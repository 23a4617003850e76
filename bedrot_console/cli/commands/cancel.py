"""cancel: stop a run."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command


@command(example="bedrot cancel 06exy3k2", exits=(0, 7))
@click.argument("run", metavar="RUN")
def cancel(face: Face, run: str) -> None:
    """Stop a run.

    What has landed stays; the run ends as cancelled.
    """
    from ...operations import runs

    ws = face.workspace()
    view = runs.view(ws, run)
    runs.cancel(ws, view.id)
    if face.json:
        face.out.record({"run": view.id, "platform": view.platform, "outcome": "done"})
    else:
        face.say.note(f"{view.platform}: run {view.id} is told to stop")
