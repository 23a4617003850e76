"""runs: what ran."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import run_record
from ..tables import Column


@command(example="bedrot runs --limit 5", exits=(0,))
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most N.")
def runs(face: Face, limit: int) -> None:
    """List runs, newest first."""
    from ...operations import runs as verb

    views = verb.list_runs(face.workspace(), limit=limit)
    if face.json:
        for view in views:
            face.out.record(run_record(view))
        return
    face.out.table(
        COLUMNS,
        (
            (
                v.id, v.state.value, v.platform, v.account, f"{v.started_at:%Y-%m-%d %H:%M}",
                f"{v.feeds_landed}/{len(v.expected)}" if v.expected else "", v.error or v.stage,
            )
            for v in views
        ),
    )  # fmt: skip
    if len(views) == limit:
        face.say.note(f"showing {limit:,}; --limit")
    elif not views:
        face.say.note("no runs yet: bedrot extract PLATFORM")


COLUMNS = (
    Column("run", least=13, cut="bare"),
    Column("state", least=9, style=lambda text: STATUS_STYLES.get(text, "")),
    Column("platform", least=8),
    Column("account", least=7, drop=2),
    Column("started (UTC)", least=16, drop=1),
    Column("feeds", least=5),
    Column("last said", least=16),
)
