"""land: bring files from outside into landing."""

from __future__ import annotations

from pathlib import Path

import click

from ...domain.errors import UsageError
from ..arguments import account_option
from ..face import Face
from ..frame import command
from ..records import print_outcomes

EXAMPLE = """\
bedrot land royalties-2026-01.csv
bedrot land *.csv --feed manual/external_reports --move
bedrot land --rotated /var/log/shop/events.jsonl"""


@command(example=EXAMPLE, exits=(0, 1, 2, 5, 9))
@click.argument("paths", nargs=-1, metavar="[FILE...]", type=click.Path(path_type=str))
@click.option("--feed", metavar="F", help="Whole feed name; without it the feed that recognises the content takes the file.")
@account_option
@click.option("--move", is_flag=True, help="Remove the outside file once its bytes are durable here.")
@click.option(
    "--rotated", metavar="PATH", type=click.Path(path_type=str),
    help="Land the rotated generations beside a file that grows, each once, oldest first; never the file itself.",
)  # fmt: skip
def land(face: Face, paths: tuple[str, ...], feed: str | None, account: str, move: bool, rotated: str | None) -> int:
    """Land files from outside, one or many, or the rotated generations of a log.

    Content that no feed recognises is refused, and the feeds it came closest to are named. One bad file does not stop the others. A file that
    is still being written is refused; with --rotated it is left for next time, and what landed before is skipped (both exit 0).
    """
    if rotated is not None:
        if paths or move:
            raise UsageError(
                "--rotated takes no FILE and no --move", hint="bedrot land --rotated PATH; whoever rotates also removes"
            )
        return _rotated(face, Path(rotated), feed, account)
    if not paths:
        raise UsageError("which file? Give at least one FILE, or --rotated PATH", hint="bedrot land FILE...")
    from ...operations import land as verb

    ws = face.workspace()
    outcomes = verb.land(ws, [Path(p) for p in paths], feed=feed, account=account, move=move)
    return print_outcomes(face, outcomes, "landing", len(paths))


def _rotated(face: Face, live: Path, feed: str | None, account: str) -> int:
    from ...operations import rotated as verb

    outcomes = list(verb.generations(live))
    if not outcomes:
        face.say.note(f"no rotated file stands beside {live}")
        return 0
    ws = face.workspace()
    return print_outcomes(face, verb.land_rotated(ws, live, feed=feed, account=account), "landing", len(outcomes))
