"""undo: reverse the newest decision."""

from __future__ import annotations

from ..arguments import ids_argument, named, reason_option
from ..face import Face
from ..frame import command
from ..records import print_outcomes


@command(example="bedrot undo\nbedrot undo 06exy3k2 --reason 'decided on the wrong file'", exits=(0, 1, 5, 7, 8))
@ids_argument
@reason_option
def undo(face: Face, ids: tuple[str, ...], reason: str) -> int:
    """Reverse the newest decision on files, or your newest one.

    Undoing is a new decision by the opposite verb; nothing is removed from the journal.
    """
    from ...operations import decide

    return print_outcomes(face, decide.undo(face.workspace(), named(ids), reason=reason), "undoing")
