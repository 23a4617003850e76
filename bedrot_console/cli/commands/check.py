"""check: saved queries whose rows are violations."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..face import Face
from ..frame import Group, sub_command
from ..records import PARTIAL_EXIT
from ..tables import Column


@click.group(cls=Group, name="check", example="bedrot check run", exits=(0, 1))
def check() -> None:
    """Run saved queries whose rows are violations."""


@sub_command(check, example="bedrot check run late-files --json", exits=(0, 1, 6))
@click.argument("names", nargs=-1, metavar="[NAME]...")
def run(face: Face, names: tuple[str, ...]) -> int:
    """Run checks, all without a name. What one finds stands as an alert in `bedrot status` until it finds nothing."""
    from ...operations import checks

    found = 0
    ran = 0
    for result in checks.run(face.workspace(), names):
        ran += 1
        found += result.outcome != "passed"
        if face.json:
            rows = [dict(zip(result.columns, row, strict=False)) for row in result.sample]
            face.out.record({k: v for k, v in asdict(result).items() if k not in ("columns", "sample")} | {"sample": rows})
            continue
        style = "good" if result.outcome == "passed" else "warn" if result.severity == "warning" else "bad"
        scope = f" ({result.scope})" if result.scope else ""
        face.out.text(f"{result.outcome} {result.name}{scope}: {result.sentence}", style)
        for note in result.notes:
            face.say.note(f"{result.name}: {note}")
        if result.outcome == "failed":
            face.out.line(f"  look: bedrot sql --saved {result.name}")
    if not ran:
        face.say.note("no checks yet; make one: bedrot sql --save NAME --check error 'select …'")
    return PARTIAL_EXIT if found else 0


@sub_command(check, example="bedrot check list", exits=(0,))
def list_(face: Face) -> None:
    """List checks: name, severity, scope, query."""
    from ...operations import checks

    found = checks.checks(face.workspace())
    if face.json:
        for query in found:
            face.out.record(asdict(query))
        return
    columns = [Column("name", least=8), Column("severity", least=7), Column("scope", least=8), Column("query", least=20)]
    face.out.table(columns, ((q.name, q.check, q.scope or "all", q.about or " ".join(q.body.split())) for q in found))
