"""drift: what platforms changed in their data, accepted item by item."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...domain.browsing import Outcome
from ...domain.drift import CAN_BE_ACCEPTED, Acceptance
from ...domain.lifecycle import Verdict
from ..arguments import reason_option
from ..face import Face
from ..frame import Group, sub_command
from ..records import FIXITY_EXIT, PARTIAL_EXIT, batch_exit, outcome_record, report_record
from ..tables import Column


@click.group(cls=Group, name="drift", example="bedrot drift list", exits=(0, 2, 7))
def drift() -> None:
    """Accept what a platform changed in its data, item by item, into a new version of a feed's schema; or take that back.

    An item is a shape: an unknown field, another type, or a missing field, at its place in any row. Files and earlier reports stay as they
    are; from then on validation tells the same shape as a note.
    """


@sub_command(drift, example="bedrot drift list distrokid/streams", exits=(0, 5))
@click.argument("feed", metavar="[FEED]", required=False)
def list_(face: Face, feed: str | None) -> int:
    """List what was accepted, by whom, when and why; also what was taken back.

    Exit code 5 when a record is not the one that the journal knows.
    """
    from ...operations import drift as verbs

    ws = face.workspace()
    found = verbs.listing(ws, feed)
    odd = set(verbs.not_in_journal(ws)) if found else set()
    if face.json:
        for one in found:
            face.out.record(one.to_record() | {"in_journal": one.id not in odd})
    elif not found:
        face.say.note("nothing was accepted yet; bedrot drift accept ID takes what a report calls drift")
    else:
        columns = (
            Column("acceptance", least=10), Column("feed", least=8), Column("version", least=3), Column("what", least=8), Column("place", least=8),
            Column("seen"), Column("at (UTC)", least=16, drop=1), Column("by", least=6, drop=2), Column("why", drop=3), Column("stands"),
        )  # fmt: skip
        face.out.table(columns, [_row(one) for one in found])
    for name in odd:
        face.say.error(
            f"acceptance {name} is not as the journal knows it", "bedrot audit verify; then bedrot drift revoke " + name
        )
    return FIXITY_EXIT if odd else 0


def _row(one: Acceptance) -> tuple[str, ...]:
    stands = "yes" if one.revoked_at is None else f"taken back {one.revoked_at:%Y-%m-%d} by {one.revoked_by}"
    return (
        one.id,
        one.feed,
        one.version,
        one.code,
        one.place,
        one.seen or "",
        f"{one.at:%Y-%m-%d %H:%M}",
        one.actor,
        one.reason,
        stands,
    )


@sub_command(drift, example="bedrot drift show 06exy3k2", exits=(0, 2))
@click.argument("name", metavar="ID")
def show(face: Face, name: str) -> None:
    """Show the findings of a file's latest report by number, and which of them can be accepted."""
    from ...operations import drift as verbs

    found = verbs.items(face.workspace(), name)
    if found and not face.json:
        face.out.line(f"report {found[0].report_id}")
    for item in found:
        what = CAN_BE_ACCEPTED.get(item.finding.code, "")
        state = f"accepted: {item.acceptance}" if item.acceptance else item.why_not or f"can be accepted: {what}"
        if face.json:
            face.out.record(
                {"number": item.number, "report": item.report_id, "acceptance": item.acceptance, "why_not": item.why_not}
                | item.finding.to_record()
            )
        else:
            face.out.line(f"{item.number}. {item.finding.code} at {item.finding.place}: {item.finding.message}")
            face.out.line(f"   {state}")


@sub_command(drift, example="bedrot drift accept 06exy3k2 2 --reason 'announced in their changelog'", exits=(0, 1, 2, 5, 7, 8))
@click.argument("name", metavar="ID")
@click.argument("numbers", metavar="[N...]", nargs=-1, type=click.IntRange(min=1))
@click.option("--report", metavar="R", help="The report that the numbers are of; when it is not the latest, nothing is accepted.")
@reason_option
@click.option("--no-validate", is_flag=True, help="Do not validate the feed's files in landing again.")
def accept(face: Face, name: str, numbers: tuple[int, ...], report: str | None, reason: str, no_validate: bool) -> int:
    """Accept findings of a file's latest report by number; without numbers all of them that are drift.

    Files of the feed in landing are validated again: their verdicts were made under the rules before.
    """
    from ...operations import drift as verbs

    ws = face.workspace()
    made = verbs.accept(ws, name, numbers, report=report, reason=reason)
    _tell(face, made, "accepted")
    return 0 if no_validate else _validate_again(face, made)


@sub_command(drift, example="bedrot drift revoke 06exy3k2", exits=(0, 1, 2, 5, 8))
@click.argument("names", metavar="ACCEPTANCE...", nargs=-1, required=True)
@click.option("--no-validate", is_flag=True, help="Do not validate the feed's files in landing again.")
def revoke(face: Face, names: tuple[str, ...], no_validate: bool) -> int:
    """Take acceptances back. The record and the journal keep that they were made."""
    from ...operations import drift as verbs

    made = verbs.revoke(face.workspace(), names)
    _tell(face, made, "taken back")
    return 0 if no_validate else _validate_again(face, made)


def _tell(face: Face, made: Sequence[Acceptance], word: str) -> None:
    for one in made:
        if face.json:
            face.out.record(one.to_record())
        else:
            what = f" {one.seen}" if one.seen else ""
            face.out.line(f"{one.id}  {word}  {one.feed} {one.version}: {one.code} at {one.place}{what}")


def _validate_again(face: Face, made: Sequence[Acceptance]) -> int:
    from ...operations import drift as verbs
    from ...operations import validate
    from .validate import print_report

    ws = face.workspace()
    ids = verbs.concerned(ws, [one.feed for one in made])
    failed: list[Outcome] = []
    bad = False
    for item in face.say.tracked("validating", validate.validate(ws, ids) if ids else (), len(ids) or None):
        if isinstance(item, Outcome):
            failed.append(item)
            if face.json:
                face.out.record(outcome_record(item))
            continue
        bad = bad or item[1].verdict is Verdict.FAILED
        if face.json:
            face.out.record(report_record(*item))
        else:
            print_report(face, *item)
    return batch_exit(failed) if failed else PARTIAL_EXIT if bad else 0
