"""audit: the journal."""

from __future__ import annotations

from collections.abc import Sequence
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


@sub_command(audit, example="bedrot audit show --kind decided --since 7d\nbedrot audit show --file 01k3aq --json", exits=(0, 5))
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only events after this number.")
@click.option("--before", metavar="SEQ", help="Only events before this number.")
@click.option("--kind", type=click.Choice(list(KINDS)), metavar="KIND", help="Only this kind, e.g. landed, decided, moved.")
@click.option("--verb", metavar="V", help="Only decisions and moves of this verb, e.g. promote.")
@click.option("--who", metavar="ACTOR", help="Only what this actor did, e.g. uid:1000.")
@click.option("--file", metavar="ID", help="Only what is about this file.")
@click.option("--run", metavar="RUN", help="Only what is about this run and what it brought.")
@click.option("--platform", metavar="P", help="Only what is about this platform and its files.")
@click.option("--since", metavar="T", help="Only since then: 7d, 24h, or a date.")
@click.option("--text", default="", metavar="T", help="Only what holds this text.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True, metavar="N", help="The newest N.")
def show(face: Face, after: int, limit: int, **words: str | None) -> int:
    """Show journal events, oldest first.

    A line that cannot be read is named and passed over, with exit code 5.
    """
    from ...operations import audit as verb

    ws = face.workspace()
    found = verb.newest(ws, verb.made(now=ws.clock.now(), **words), after=after, limit=limit)
    _show(face, found.events[::-1], limit)
    for number in found.damaged:
        face.say.error(f"line {number} of the journal cannot be read", "bedrot audit verify")
    return FIXITY_EXIT if found.damaged else 0


def _show(face: Face, events: Sequence[Event], limit: int) -> None:
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
    from ...operations import audit as verb

    check, found = verb.verify(face.workspace(), anchor_file.read() if anchor_file else None)
    if face.json:
        face.out.record(plain_record(check))
    else:
        face.out.line(
            f"{check.lines:,} lines, "
            + ("the chain holds" if check.ok else f"broken at seq {check.first_bad_seq}: {check.problem}")
        )
        face.out.line(f"head {check.head_hash}")
        if found.held is not None:
            face.out.line(f"seq {found.held} is the line that was noted when the journal was last verified")
        for one in check.breaks:
            what = f"{one.lost:,} lines lost after seq {one.after}" if one.lost != 1 else f"line {one.after + 1} lost"
            face.out.line(f"recorded break: {what}" + (f", kept in {one.aside}" if one.aside else ""))
    if not check.ok:
        face.say.error("the journal is not what was written", "keep it as it is and compare it with a copy")
    if not check.ok:
        return FIXITY_EXIT
    return PARTIAL_EXIT if check.breaks else 0


@sub_command(audit, example="bedrot audit state --json", exits=(0, 1, 5))
def state(face: Face) -> int:
    """Say up to where the journal was last verified here, by whom, and how it was found. Verifies nothing."""
    from ...operations import audit as verb

    found = verb.state(face.workspace())
    last = found.verified
    if face.json:
        face.out.record(plain_record(found))
    else:
        face.out.line(f"head: seq {found.head:,}")
        if last is None:
            face.out.line("never verified here  (bedrot audit verify)")
        else:
            new = max(0, found.head - last.seq)
            how = "the chain held" if last.ok else f"broken at seq {last.first_bad_seq}: {last.problem}"
            face.out.line(
                f"verified: to seq {last.seq:,} on {last.at:%Y-%m-%d %H:%M} UTC by {last.by}: {how}; {new:,} lines since"
            )
            if last.anchor is not None:
                face.out.line(f"anchor: lines after seq {last.anchor:,} were proved by a key from outside")
            for after, lost, aside in last.breaks:
                face.out.line(f"recorded break: {lost:,} lost after seq {after:,}" + (f", kept in {aside}" if aside else ""))
    if last is None or last.ok:
        return PARTIAL_EXIT if last is not None and last.breaks else 0
    return FIXITY_EXIT
