"""rebuild: the catalog from the truth."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command
from ..records import FIXITY_EXIT, plain_record


@command(example="bedrot rebuild --verify", exits=(0, 5, 6, 8))
@click.option("--verify", is_flag=True, help="Compare every answer with the old catalog's; exit code 5 when one differs.")
def rebuild(face: Face, verify: bool) -> int:
    """Make the catalog anew from sidecars and journal."""
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
    return FIXITY_EXIT if verify and result.equal is False else 0
