"""What the four deciding commands share: promote, quarantine, release, withdraw."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.lifecycle import Verb
from .face import Face
from .records import print_outcomes


def carry_out(face: Face, verb: Verb, ids: Sequence[str], reason: str, dry_run: bool) -> int:
    """Decide for each file and print its outcome as soon as it is durable."""
    from ..operations import decide

    outcomes = decide.decide(face.workspace(), verb, ids, reason=reason, dry_run=dry_run)
    return print_outcomes(face, outcomes, verb.value, len(ids))
