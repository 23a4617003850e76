"""What the four deciding commands share: promote, quarantine, release, withdraw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..domain.errors import UsageError
from ..domain.lifecycle import Verb
from ..domain.plans import Plan
from ..domain.text import size_text
from .arguments import required
from .face import Face
from .records import print_outcomes


def carry_out(
    face: Face,
    verb: Verb,
    ids: Sequence[str],
    reason: str,
    dry_run: bool,
    seen: Mapping[str, str | None] | None = None,
) -> int:
    """Decide for each file and print its outcome as soon as it is durable. `seen`: file id -> report that it was chosen by."""
    from ..operations import decide

    outcomes = decide.decide(face.workspace(), verb, ids, reason=reason, dry_run=dry_run, seen=seen)
    return print_outcomes(face, outcomes, verb.value, len(ids))


def carry_out_named(
    face: Face, verb: Verb, ids: Sequence[str], matching: str | None, reason: str, dry_run: bool, otherwise: str
) -> int:
    """Decide for the named files, or for all that a filter has and that may move.

    Raises:
        UsageError: neither or both were given; the hint names `otherwise`.
    """
    if matching is None:
        return carry_out(face, verb, required(ids, otherwise), reason, dry_run)
    if ids:
        raise UsageError("ids and --matching exclude each other", hint=otherwise)
    return carry_out_matching(face, verb, matching, reason, dry_run)


def carry_out_matching(face: Face, verb: Verb, words: str, reason: str, dry_run: bool) -> int:
    """Decide for all files that a filter has and that may move; says on stderr how many those are, and why the others stay.

    Raises:
        UsageError: the filter has wrong words, one without a value, or none that restricts.
    """
    from ..domain.filterwords import decision_filter
    from ..operations import plan

    ws = face.workspace()
    made = plan.plan(ws, verb, decision_filter(words, ws.clock.now()))
    for line in told(made):
        face.say.note(line)
    return carry_out(face, verb, made.ids, reason, dry_run, made.seen) if made.rows else 0


def told(plan: Plan) -> list[str]:
    """A plan in sentences."""
    parts = ", ".join(f"{platform} {files:,}" for platform, files, _ in plan.platforms)
    number = f"{len(plan.rows):,} file{'s' if len(plan.rows) != 1 else ''}"
    moved = f"{plan.verb} {number} to {plan.target} ({size_text(plan.size_bytes)}; {parts})" if plan.rows else ""
    lines = [moved or f"nothing to {plan.verb}"]
    lines += [f"not {files:,}: {reason}" for reason, files in plan.refused.items()]
    if plan.beyond:
        lines.append(f"{plan.beyond:,} more could move; one command takes {len(plan.rows):,}, give it again for the next")
    return lines
