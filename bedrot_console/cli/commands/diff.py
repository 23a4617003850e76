"""diff: a file against the last good capture before it."""

from __future__ import annotations

import click

from ...domain.browsing import Diff
from ..face import Face
from ..frame import command
from ..records import diff_record
from ..tables import Column

SIGNS = {"added": "+", "removed": "-", "changed": "~", "same": "="}


@command(example="bedrot diff 06exy3k2\nbedrot diff 06exy3k2 06exq8zz", exits=(0, 5, 6))
@click.argument("name", metavar="ID")
@click.argument("other", metavar="[ID]", required=False)
@click.option("--limit", type=click.IntRange(min=0), default=200, show_default=True, metavar="N", help="At most N rows.")
@click.option("--all", "whole", is_flag=True, help="Also rows that are the same, and all columns of changed ones.")
def diff(face: Face, name: str, other: str | None, limit: int, whole: bool) -> None:
    """Compare a file with the last good capture before it, or with another.

    The first ID is the new one. Counts are exact; rows are the first N.
    """
    from ...operations import review

    result = review.diff(face.workspace(), name, other, limit=limit, whole=whole)
    if face.json:
        face.out.record(diff_record(result))
    else:
        print_diff(face, result)


def print_diff(face: Face, diff: Diff) -> None:
    """Headline, counts, then rows."""
    against = f"against {diff.old_id} ({diff.because})" if diff.old_id else diff.because
    face.out.line(f"{diff.new_id} {against}")
    if diff.headline:
        face.out.line(f"  {diff.headline}")
    if diff.identical:
        face.out.line("  the same bytes")
        return
    if diff.added or diff.removed or diff.changed or diff.unchanged:
        face.out.line(
            f"  rows: {diff.added:,} added, {diff.removed:,} removed, {diff.changed:,} changed, {diff.unchanged:,} the same"
        )
    for change in diff.schema_changes:
        face.out.line(f"  schema: {change}")
    if diff.noise:
        face.out.line("  hidden: " + ", ".join(f"{count:,} {name}" for name, count in diff.noise.items()))
    if not diff.rows:
        return
    rows = []
    for row in diff.rows:
        changes = "; ".join(
            f"{column}: {_cell(old)} -> {_cell(new)}"
            if row.kind == "changed" and old != new
            else f"{column}: {_cell(new if row.kind == 'added' else old)}"
            for column, (old, new) in row.changes.items()
        )
        rows.append((SIGNS.get(row.kind, row.kind), " / ".join(row.key), changes))
    face.out.table((Column("", least=1), Column("row", least=12), Column("values", least=20)), rows)
    if diff.truncated:
        face.say.note(f"showing {len(diff.rows):,} of {diff.added + diff.removed + diff.changed:,} rows; --limit N shows more")


def _cell(value: str | None) -> str:
    return "nothing" if value is None else value
