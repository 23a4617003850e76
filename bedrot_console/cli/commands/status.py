"""status: how the lake is."""

from __future__ import annotations

from ..face import Face
from ..frame import command
from ..health import show_status


@command(example="bedrot status --json", exits=(0,))
def status(face: Face) -> None:
    """Say how the lake is: health, what waits, how fresh each feed is."""
    show_status(face)
