"""challenges: what platforms ask of a human."""

from __future__ import annotations

from ..face import Face
from ..frame import command
from ..tables import Column


@command(example="bedrot challenges --json", exits=(0,))
def challenges(face: Face) -> None:
    """List what platforms are asking of a human."""
    from ...operations import runs

    ws = face.workspace()
    found = runs.open_challenges(ws)
    now = ws.clock.now()
    if face.json:
        for challenge in found:
            face.out.record(challenge.to_record())
    elif found:
        rows = []
        for c in found:
            left = max(0, int((c.expires_at - now).total_seconds())) if c.expires_at else None
            rows.append(
                (
                    c.id, c.platform, c.account, f"{c.kind.value} {c.medium}".strip(), c.hint,
                    "" if left is None else f"{left // 60}:{left % 60:02d}", c.prompt,
                )
            )  # fmt: skip
        face.out.table(COLUMNS, rows)
        face.say.note(f"bedrot answer {found[0].id}")
    else:
        face.say.note("nothing is asked right now")
    for need in runs.by_when(ws, runs.needs_operator(ws)):
        by = f", data too old from {need.stale_on}" if need.stale_on else ""
        face.say.note(
            f"{need.platform} ({need.account}) needs an operator since {need.at:%Y-%m-%d %H:%M} UTC{by}: {need.command}"
        )


COLUMNS = (
    Column("challenge", least=13, cut="bare"),
    Column("platform", least=8),
    Column("account", least=7, drop=2),
    Column("wants", least=8),
    Column("sent to", least=8, drop=1),
    Column("left", least=5, right=True),
    Column("says", least=12, drop=3),
)
