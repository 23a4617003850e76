"""audit: the journal."""

from __future__ import annotations

from typing import BinaryIO

import click

from ...domain.events import KINDS, Event
from ..face import Face
from ..frame import Group, sub_command
from ..records import FIXITY_EXIT, PARTIAL_EXIT, plain_record
from ..tables import Column


@click.group(cls=Group, name="audit", example="bedrot audit verify", exits=(0, 5))
def audit() -> None:
    """Show the journal, or verify its chain."""


@sub_command(audit, example="bedrot audit show --kind decided --limit 20", exits=(0, 5))
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only events after this number.")
@click.option("--kind", type=click.Choice(list(KINDS)), metavar="KIND", help="Only this kind, e.g. landed, decided, moved.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True, metavar="N", help="The newest N.")
def show(face: Face, after: int, kind: str | None, limit: int) -> None:
    """Show journal events, oldest first."""
    from ...operations import browse

    events = browse.events(face.workspace(), after=after, kind=kind, limit=limit)
    if face.json:
        for event in events:
            face.out.record(plain_record(event))
        return
    face.out.table(COLUMNS, ((e.seq, f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, e.actor, _detail(e)) for e in events))
    if len(events) == limit:
        face.say.note(f"showing the newest {limit:,}; --limit N shows more")


def _detail(event: Event) -> str:
    return "  ".join(f"{k}={v}" for k, v in event.data.items() if v not in (None, "", [], {}) and not isinstance(v, dict))


COLUMNS = (
    Column("seq", right=True, least=3),
    Column("at (UTC)", least=19),
    Column("kind", least=8),
    Column("actor", least=6, drop=1),
    Column("about", least=20),
)


@sub_command(audit, example="bedrot audit anchor > /mnt/elsewhere/journal.anchor", exits=(0, 2, 5))
def anchor(face: Face) -> None:
    """Print a key to be kept outside this machine: it proves every later line.

    Who holds it can check the journal, but also forge lines written after it: keep it where the people of this machine cannot reach it.
    """
    from ...operations import upkeep

    text = upkeep.journal_anchor(face.workspace()).decode()
    if face.json:
        face.out.record({"anchor": text})
    else:
        face.out.line(text)


@sub_command(audit, example="bedrot audit verify --anchor /mnt/elsewhere/journal.anchor", exits=(0, 1, 2, 5))
@click.option(
    "--anchor", "anchor_file", type=click.File("rb"), metavar="FILE", help="What `audit anchor` printed earlier; - for stdin."
)
def verify(face: Face, anchor_file: BinaryIO | None) -> int:
    """Walk the journal's chain of hashes; exit code 5 when a line was changed, dropped, moved or added.

    A break that `rebuild` recorded stays named for ever, with exit code 1. With an anchor kept elsewhere, a journal that was rewritten as a whole is noticed too.
    """
    from ...operations import upkeep

    check = upkeep.verify_journal(face.workspace(), anchor_file.read() if anchor_file else None)
    if face.json:
        face.out.record(plain_record(check))
    else:
        face.out.line(
            f"{check.lines:,} lines, "
            + ("the chain holds" if check.ok else f"broken at seq {check.first_bad_seq}: {check.problem}")
        )
        face.out.line(f"head {check.head_hash}")
        for one in check.breaks:
            what = f"{one.lost:,} lines lost after seq {one.after}" if one.lost != 1 else f"line {one.after + 1} lost"
            face.out.line(f"recorded break: {what}" + (f", kept in {one.aside}" if one.aside else ""))
    if not check.ok:
        face.say.error("the journal is not what was written", "keep it as it is and compare it with a copy")
    if not check.ok:
        return FIXITY_EXIT
    return PARTIAL_EXIT if check.breaks else 0
