"""quarantine: landing to quarantine."""

from __future__ import annotations

from ...domain.lifecycle import Verb
from ..arguments import dry_run_option, ids_argument, matching_option, reason_option
from ..deciding import carry_out_named
from ..face import Face
from ..frame import command


@command(example='bedrot quarantine 06exy3k2 --reason "chart is empty"', exits=(0, 1, 5, 7, 8))
@ids_argument
@matching_option
@reason_option
@dry_run_option
def quarantine(face: Face, ids: tuple[str, ...], matching: str | None, reason: str, dry_run: bool) -> int:
    """Move files from landing to quarantine. A reason is needed."""
    return carry_out_named(face, Verb.QUARANTINE, ids, matching, reason, dry_run, "bedrot files status:failed")
