"""doctor: what this machine lacks."""

from __future__ import annotations

from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import PARTIAL_EXIT, plain_record


@command(example="bedrot doctor", exits=(0, 1))
def doctor(face: Face) -> int:
    """Say what this machine lacks and how to get it.

    Exit code 1 when something that is needed is missing; warnings leave it 0.
    """
    from ...operations import doctor as verb

    worst = 0
    for check in verb.doctor(face.workspace()):
        if check.ok == "fail":
            worst = PARTIAL_EXIT
        if face.json:
            face.out.record(plain_record(check))
            continue
        face.out.text(f"{check.ok:<8} {check.name}: {check.detail}", STATUS_STYLES.get(check.ok, ""))
        if check.fix and check.ok != "ok":
            face.out.line(f"         {check.fix}")
    return worst
