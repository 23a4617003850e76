"""land: bring files from outside into landing."""

from __future__ import annotations

from pathlib import Path

import click

from ..arguments import account_option
from ..face import Face
from ..frame import command
from ..records import print_outcomes


@command(example="bedrot land royalties-2026-01.csv\nbedrot land *.csv --feed manual/external_reports --move", exits=(0, 1, 2, 5))
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=str))
@click.option("--feed", metavar="F", help="Whole feed name; without it the feed that recognises the content takes the file.")
@account_option
@click.option("--move", is_flag=True, help="Remove the outside file once its bytes are durable here.")
def land(face: Face, paths: tuple[str, ...], feed: str | None, account: str, move: bool) -> int:
    """Land files from outside, one or many.

    Content that no feed recognises is refused, and the feeds it came closest to are named. One bad file does not stop the others.
    """
    from ...operations import land as verb

    ws = face.workspace()
    outcomes = verb.land(ws, [Path(p) for p in paths], feed=feed, account=account, move=move)
    return print_outcomes(face, outcomes, "landing", len(paths))
