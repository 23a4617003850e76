"""recover: finish or roll back unfinished work."""

from __future__ import annotations

from ..face import Face
from ..frame import command
from ..records import plain_record


@command(example="bedrot recover", exits=(0, 5, 8))
def recover(face: Face) -> None:
    """Finish or roll back what a killed process left open.

    Every command that writes does this first; run it by hand after a crash to see what was found.
    """
    from ...operations import upkeep

    done = upkeep.recover(face.workspace())
    for item in done:
        record = plain_record(item)
        if face.json:
            face.out.record(record)
        else:
            face.out.line("  ".join(str(v) for v in record.values() if v not in (None, (), [])))
    if not done:
        face.say.note("nothing was left open")
