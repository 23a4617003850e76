"""cancel: stop a run."""

from __future__ import annotations

import click

from ...domain.errors import BedrotError, UsageError
from ..face import Face
from ..frame import command
from ..records import PARTIAL_EXIT


@command(example="bedrot cancel 06exy3k2\nbedrot cancel --all", exits=(0, 1, 7))
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--all", "everything", is_flag=True, help="Every run that has not ended.")
def cancel(face: Face, run: str | None, everything: bool) -> int:
    """Stop a run, or all of them.

    What has landed stays; the run ends as cancelled.
    """
    from ...operations import runs

    if (run is None) != everything:
        raise UsageError("which run?" if run is None else "RUN and --all exclude each other", hint="bedrot runs --active")
    ws = face.workspace()
    if run is not None:
        view = runs.view(ws, run)
        runs.cancel(ws, view.id)
        _told(face, view.id, view.platform)
        return 0
    ended = runs.cancel_all(ws)
    for name, outcome in ended:
        if isinstance(outcome, BedrotError):
            face.say.failure(outcome)
        else:
            _told(face, name, outcome.platform)
    if not ended:
        face.say.note("no run is going")
    return PARTIAL_EXIT if any(isinstance(outcome, BedrotError) for _, outcome in ended) else 0


def _told(face: Face, run: str, platform: str) -> None:
    if face.json:
        face.out.record({"run": run, "platform": platform, "outcome": "done"})
    else:
        face.say.note(f"{platform}: run {run} is told to stop")
