"""promote: landing to raw."""

from __future__ import annotations

import click

from ...domain.errors import UsageError
from ...domain.lifecycle import Verb
from ..arguments import dry_run_option, ids_argument, matching_option, named, reason_option
from ..deciding import carry_out, carry_out_matching
from ..face import Face
from ..frame import command


@command(
    example="bedrot promote 06exy3k2\nbedrot promote --matching 'platform:distrokid status:passed' --dry-run",
    exits=(0, 1, 5, 7, 8),
)
@ids_argument
@click.option("--passed", is_flag=True, help="Every file in landing whose verdict is `passed` under today's rules.")
@matching_option
@reason_option
@dry_run_option
def promote(face: Face, ids: tuple[str, ...], passed: bool, matching: str | None, reason: str, dry_run: bool) -> int:
    """Move checked files from landing to raw."""
    names = named(ids)
    if [bool(names), passed, matching is not None].count(True) != 1:
        none = not (names or passed or matching is not None)
        raise UsageError(
            "name files, or give --passed or --matching" if none else "ids, --passed and --matching exclude each other",
            hint="bedrot files status:passed",
        )
    seen: dict[str, str | None] | None = None
    if matching is not None:
        return carry_out_matching(face, Verb.PROMOTE, matching, reason, dry_run)
    if passed:
        from ...operations import decide

        seen = {row.id: row.report_id for row in decide.passed(face.workspace())}
        names = list(seen)
        waiting = decide.waiting(face.workspace())
        if not names:
            also = ", ".join(f"{number:,} {status}" for status, number in waiting.items())
            face.say.note("nothing to promote" + (f"; in landing wait {also}: bedrot files --zone landing" if also else ""))
            return 0
        if pending := waiting.get("pending"):
            face.say.note(f"{pending:,} in landing have no verdict under today's rules: bedrot validate --pending")
    return carry_out(face, Verb.PROMOTE, names, reason, dry_run, seen)
