"""withdraw: raw to quarantine."""

from __future__ import annotations

from ...domain.lifecycle import Verb
from ..arguments import dry_run_option, ids_argument, matching_option, reason_option
from ..deciding import carry_out_named
from ..face import Face
from ..frame import command


@command(example='bedrot withdraw 06exy3k2 --reason "wrong account"', exits=(0, 1, 5, 7, 8))
@ids_argument
@matching_option
@reason_option
@dry_run_option
def withdraw(face: Face, ids: tuple[str, ...], matching: str | None, reason: str, dry_run: bool) -> int:
    """Move files from raw to quarantine. A reason is needed."""
    return carry_out_named(face, Verb.WITHDRAW, ids, matching, reason, dry_run, "bedrot files zone:raw")
