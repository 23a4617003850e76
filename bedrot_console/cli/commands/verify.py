"""verify: bytes against the recorded hashes."""

from __future__ import annotations

import click

from ...domain.browsing import Outcome
from ..arguments import Duration, ids_argument, named
from ..face import Face
from ..frame import command
from ..records import FIXITY_EXIT, batch_exit, outcome_record, plain_record


@command(example="bedrot verify\nbedrot verify --budget 10m --json", exits=(0, 1, 5))
@ids_argument
@click.option("--budget", type=Duration(), metavar="T", help="Stop after this long: 90s, 10m, 2h.")
def verify(face: Face, ids: tuple[str, ...], budget: float | None) -> int:
    """Hash payloads again and compare with what was recorded.

    Without ids: every file in all zones. Prints what is wrong; with --json every file. Exit code 5 when something is wrong.
    """
    from ...operations import upkeep

    names = named(ids)
    good = bad = 0
    failures: list[Outcome] = []
    for item in face.say.tracked("verifying", upkeep.verify(face.workspace(), names, budget_seconds=budget), len(names) or None):
        if isinstance(item, Outcome):
            failures.append(item)
            face.out.record(outcome_record(item)) if face.json else face.out.line(f"{item.id}  failed  {item.reason}")
            continue
        good, bad = (good + 1, bad) if item.problem is None else (good, bad + 1)
        if face.json:
            face.out.record(plain_record(item))
        elif item.problem is not None:
            face.out.line(f"{item.problem}  {item.zone}/{item.path}" + (f"  {item.id}" if item.id else ""))
            face.out.flush()
    face.say.note(f"{good:,} good, {bad:,} wrong")
    if bad:
        face.say.error("the disk holds other bytes than were recorded", "keep the disk as it is, then: bedrot show ID")
        return FIXITY_EXIT
    return batch_exit([*failures, *([Outcome(id="", verb="", outcome="done")] if good else [])])
