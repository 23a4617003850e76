"""The practice lake on the command line: make it or go on with it, hand it to the console, say the score."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.lifecycle import Zone
from .tables import Column

if TYPE_CHECKING:
    from ..operations.practice import Score
    from .face import Face

TASK = (
    "Promote what is good and quarantine what is not. 12 of the 100 files are bad; the checks stop most of them,",
    "some are only warned about and seen in the diff.",
)
BY_KEYS = "In the console: 2 is Review, p promotes, q quarantines, ctrl+q ends and scores."
BY_WORDS = "In the console: review lists them, a number shows one, promote N, quarantine N --reason WHY; quit ends and scores."


def practise(face: Face, home: Path, *, seed: int, linear: bool) -> int:
    """Make the lake unless it is there, open the console on it where somebody can use one, and print the score.

    Raises:
        PracticeFailed: the lake does not keep what the product promises.
    """
    from ..operations import practice

    if not (home / ".bedrot" / practice.MEMO).exists():
        for line in practice.make(home, seed=seed):
            face.say.note(line)
    for line in (*TASK, BY_WORDS if linear else BY_KEYS):
        face.say.note(line)
    at_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()
    if linear or at_terminal and not face.json:
        from .opening import open_console

        practice.begin(home)
        face.move_to(str(home))
        open_console(face, linear=linear)
    else:
        face.say.note(f"no terminal, so no console; try: bedrot --home {home} files --zone landing")
    print_score(face, practice.score(home))
    return 0


def print_score(face: Face, score: Score) -> None:
    """The figures, then each bad file with what happened and where it is seen."""
    per_file = None if score.seconds is None or not score.decided else round(score.seconds / score.decided, 1)
    if face.json:
        face.out.record(
            {
                "points": score.points, "seed": score.seed, "good": score.good, "good_promoted": score.good_promoted,
                "good_quarantined": score.good_quarantined, "bad": score.bad, "bad_quarantined": score.bad_quarantined,
                "bad_promoted": score.bad_promoted, "decided": score.decided, "seconds": score.seconds, "seconds_per_file": per_file,
                "faults": [
                    {"id": f.row.id, "feed": f.row.feed, "fault": f.name, "zone": f.row.zone, "code": f.row.first_code} for f in score.faults
                ],
            }
        )  # fmt: skip
        return
    face.out.text("\nScore", "head")
    face.out.line(f"  {score.points} of 100 points")
    face.out.line(f"  good files: {score.good_promoted} of {score.good} promoted, {score.good_quarantined} quarantined")
    face.out.line(f"  bad files:  {score.bad_quarantined} of {score.bad} quarantined, {score.bad_promoted} promoted")
    if per_file is not None:
        face.out.line(f"  {score.decided} decided in {score.seconds:.0f} s, {per_file} s a file")
    face.out.text("\nThe bad files", "head")
    words = {Zone.RAW: "promoted", Zone.QUARANTINE: "quarantined", Zone.LANDING: "not decided"}
    rows = []
    order = sorted(score.faults, key=lambda f: (f.row.zone is not Zone.RAW, f.row.zone is not Zone.LANDING, f.name))
    for found in order:
        seen = " (by eye)" if found.fault.by_eye else ""
        rows.append((words.get(found.row.zone, found.row.zone), found.name + seen, found.row.feed, found.row.id))
    style = {"promoted": "bad", "quarantined": "good"}
    face.out.table([Column("", style=lambda text: style.get(text, "")), Column("fault"), Column("feed"), Column("id")], rows)
    for found in order:
        text = f"{found.name}: {found.fault.happened}. Seen by: {found.fault.look}."
        face.out.text(textwrap.fill(text, face.out.width, subsequent_indent="    ") if face.out.width else text)
