"""runs: what ran."""

from __future__ import annotations

import click

from ...domain.runs import RunState, RunView
from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import run_record
from ..tables import Column

EVERY = 10_000
"""More runs than a home keeps in view; a filter looks at all of these."""


@command(example="bedrot runs --limit 5\nbedrot runs --active", exits=(0,))
@click.option("--active", is_flag=True, help="Only those that have not ended.")
@click.option("--platform", metavar="P", help="Only this platform.")
@click.option("--state", type=click.Choice([s.value for s in RunState]), metavar="S", help="Only in this state, such as failed.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most N.")
def runs(face: Face, active: bool, platform: str | None, state: str | None, limit: int) -> None:
    """List runs, newest first."""
    from ...operations import runs as verb

    chosen = active or platform is not None or state is not None
    views = [
        view
        for view in verb.list_runs(face.workspace(), limit=EVERY if chosen else limit)
        if not (active and view.state.ended) and platform in (None, view.platform) and state in (None, view.state.value)
    ][:limit]
    if face.json:
        for view in views:
            face.out.record(run_record(view))
        return
    face.out.table(
        COLUMNS,
        (
            (
                v.id, v.state.value, v.platform, v.account, f"{v.started_at:%Y-%m-%d %H:%M}",
                f"{v.feeds_landed}/{len(v.expected)}" if v.expected else "", v.error or said(v),
            )
            for v in views
        ),
    )  # fmt: skip
    if len(views) == limit:
        face.say.note(f"showing {limit:,}; --limit N shows more")
    elif not views:
        face.say.note("no run matches" if chosen else "no runs yet: bedrot extract PLATFORM")


def said(view: RunView) -> str:
    """The stage, with how far it is while it is under way."""
    if view.done is None or view.state.ended:
        return view.stage
    return f"{view.stage} {view.done:,}" + (f" of {view.total:,}" if view.total else "")


COLUMNS = (
    Column("run", least=13, cut="bare"),
    Column("state", least=9, style=lambda text: STATUS_STYLES.get(text, "")),
    Column("platform", least=8),
    Column("account", least=7, drop=2),
    Column("started (UTC)", least=16, drop=1),
    Column("feeds", least=5),
    Column("last said", least=16),
)
