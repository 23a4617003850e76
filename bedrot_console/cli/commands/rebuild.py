"""rebuild: the catalog from the truth."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command
from ..records import FIXITY_EXIT, PARTIAL_EXIT, plain_record


@command(example="bedrot rebuild --verify", exits=(0, 1, 5, 6, 8))
@click.option("--verify", is_flag=True, help="Compare every answer with the old catalog's; exit code 5 when one differs.")
def rebuild(face: Face, verify: bool) -> int:
    """Make the catalog anew from sidecars and journal.

    Damaged lines of the journal do not stop it: it goes on without them, records that, and ends with exit code 1.
    """
    from ...operations import upkeep

    result = upkeep.rebuild(face.workspace(), verify=verify)
    record = plain_record(result)
    if face.json:
        face.out.record(record)
    else:
        same = {True: "; its answers equal the old one's", False: "; its answers differ from the old one's", None: ""}[
            result.equal
        ]
        face.out.line(f"{result.files:,} files and {result.events:,} events{same}")
    if result.unreadable:
        lines = "1 line" if result.unreadable == 1 else f"{result.unreadable:,} lines"
        face.say.error(f"{lines} of the journal could not be read; it goes on without", "bedrot audit verify names the break")
    gone = result.missing + result.damaged
    if gone:
        face.say.error(
            f"{gone:,} {'file is' if gone == 1 else 'files are'} in the journal and not whole on the disk",
            "bedrot verify names them",
        )
        return FIXITY_EXIT
    if verify and result.equal is False and not result.unreadable:
        return FIXITY_EXIT
    return PARTIAL_EXIT if result.unreadable else 0
