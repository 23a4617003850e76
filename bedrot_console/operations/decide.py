"""promote, quarantine, release, withdraw, undo: carry out decisions. A verdict is bound to bytes and rules; if one changed, the decision is void."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..domain.browsing import FileFilter, FileRow, Outcome
from ..domain.errors import BedrotError, LifecycleError, PermissionDenied, UsageError
from ..domain.events import Event
from ..domain.identifiers import new_id
from ..domain.lifecycle import TRANSITIONS, Decision, Verb, Zone, transition
from .validate import bound, failed, judged_otherwise
from .workspace import Workspace

CHUNK = 256


def decide(
    ws: Workspace,
    verb: Verb,
    ids: Sequence[str],
    *,
    reason: str = "",
    dry_run: bool = False,
    undoes: dict[str, str] | None = None,
    seen: Mapping[str, str | None] | None = None,
) -> Iterator[Outcome]:
    """Carry out `verb` on each file; yields an Outcome per file as soon as it is durable.

    Args:
        ids: id prefixes or zone paths.
        reason: why; quarantine, release and withdraw must have one.
        dry_run: say what would happen and change nothing (outcome `skipped`).
        undoes: file id -> decision id that this reverses.
        seen: file id -> report that this is decided from; where a verb needs a verdict and another report holds now, the file stays.

    Raises:
        UsageError: a reason is missing.
    """
    if TRANSITIONS[verb].needs_reason and not reason.strip():
        raise UsageError(f"{verb} needs a reason", hint=f"bedrot {verb} ID --reason WHY")
    if dry_run:
        yield from _plan(ws, verb, ids, seen or {})
        return
    with ws.writing():
        for start in range(0, len(ids), CHUNK):
            yield from _carry_out(ws, verb, ids[start : start + CHUNK], reason.strip(), undoes or {}, seen or {})
            ws.settle()


def checked(
    ws: Workspace, verb: Verb, ids: Sequence[str], seen: Mapping[str, str | None] | None = None
) -> Iterator[FileRow | Outcome]:
    """Each named file that `verb` may move now, or the outcome that says why not; in order, a file named twice only once.

    `seen` as for `decide`.
    """
    rules: dict[str, str] = {}
    named: set[str] = set()
    for name, row in zip(ids, ws.catalog.resolve(ids), strict=True):
        if isinstance(row, BedrotError):
            yield failed(name, row, verb)
            continue
        if row.id in named:
            yield Outcome(id=row.id, verb=verb, outcome="skipped", reason="named twice")
            continue
        named.add(row.id)
        try:
            checked = bound(ws, row, rules) if TRANSITIONS[verb].needs_verdict else row
            if checked.verdict is None and row.verdict is not None:
                raise LifecycleError("the rules changed since it was validated", hint="bedrot validate ID")
            transition(verb, row.zone, checked.verdict)
            if seen and TRANSITIONS[verb].needs_verdict and seen.get(row.id, row.report_id) != row.report_id:
                raise LifecycleError("judged anew since you looked", hint="look again: bedrot show ID")
            yield row
        except BedrotError as error:
            hint = (error.hint or "").replace("ID", row.id) or None
            yield Outcome(
                id=row.id, verb=verb, outcome="failed", reason=str(error), zone=row.zone, code=error.code,
                exit_code=error.exit_code, hint=hint,
            )  # fmt: skip


def _plan(ws: Workspace, verb: Verb, ids: Sequence[str], seen: Mapping[str, str | None]) -> Iterator[Outcome]:
    for item in checked(ws, verb, ids, seen):
        if isinstance(item, Outcome):
            yield item
        else:
            target = TRANSITIONS[verb].target
            yield Outcome(
                id=item.id, verb=verb, outcome="skipped", reason=f"would move from {item.zone} to {target}", zone=item.zone
            )


def _carry_out(
    ws: Workspace, verb: Verb, ids: Sequence[str], reason: str, undoes: dict[str, str], seen: Mapping[str, str | None]
) -> Iterator[Outcome]:
    from ..zones.moves import Move, Moved

    step = TRANSITIONS[verb]
    now = ws.clock.now()
    moves: list[Move] = []
    for item in checked(ws, verb, ids, seen):
        if isinstance(item, Outcome):
            yield item
            continue
        decision = Decision(
            id=new_id(now), file_id=item.id, verb=verb, actor=ws.actor, at=now, reason=reason, sha256=item.sha256,
            report_id=item.report_id, undoes=undoes.get(item.id),
        )  # fmt: skip
        moves.append(Move(decision, item.zone, item.path, step.target, item.report_id))
    for result in ws.zones.transfer(moves) if moves else []:
        if isinstance(result, Moved):
            yield Outcome(
                id=result.decision.file_id, verb=verb, outcome="done", path=result.path, zone=result.zone, reason=reason,
                decision=result.decision.id,
            )  # fmt: skip
        else:
            error = result.error
            yield Outcome(
                id=result.decision.file_id, verb=verb, outcome="failed", reason=str(error), code=error.code,
                exit_code=error.exit_code, hint=error.hint,
            )  # fmt: skip


def passed(ws: Workspace) -> list[FileRow]:
    """Landing files whose verdict is `passed` under today's rules, oldest first: what `promote --passed` takes."""
    rules: dict[str, str] = {}
    return [r for r in ws.catalog.select(FileFilter(status="passed", order="oldest")) if bound(ws, r, rules).verdict is not None]


def waiting(ws: Workspace) -> dict[str, int]:
    """How many files in landing wait for something else than a promotion, by status: failed, warned, pending (also: judged under other rules
    than today's)."""
    counts: dict[str, int] = {}
    rules: dict[str, str] = {}
    for row in ws.catalog.select(FileFilter(zone=Zone.LANDING)):
        word = "pending" if judged_otherwise(ws, row, rules) else row.status
        if word != "passed":
            counts[word] = counts.get(word, 0) + 1
    return counts


def undo(
    ws: Workspace, ids: Sequence[str] = (), *, reason: str = "", expected: Mapping[str, str] | None = None
) -> Iterator[Outcome]:
    """Reverse the newest decision on each file by its opposite verb, as a new event.

    Undoing a promotion withdraws: the file goes to quarantine, never back among the files that a policy would promote again.
    Without `ids`: this actor's newest decision that is still the last word on its file and is no undo itself.

    Args:
        expected: file id -> id of the decision that is meant; a file on which another one is the last word stays as it is.

    Raises:
        UsageError: this actor has decided nothing that could be undone.
    """
    wanted: dict[str, str] = {}
    for name, row in zip(ids, ws.catalog.resolve(ids) if ids else [], strict=True):
        if isinstance(row, BedrotError):
            yield failed(name, row, "undo")
        else:
            wanted[row.id] = name
    if ids and not wanted:
        return
    newest = _last_on(ws, wanted) if wanted else _own_last(ws)
    if not newest:
        raise UsageError("nothing to undo", hint="bedrot audit show --kind decided")
    for name, last in newest:
        if last is None:
            yield failed(name, LifecycleError("no decision on this file yet"), "undo")
            continue
        if expected and expected.get(last.file, last.id) != last.id:
            anew = LifecycleError(f"decided anew since: {last.verb}", hint=f"bedrot show {last.file}")
            yield dataclasses.replace(failed(last.file, anew, "undo"), decision=last.id)
            continue
        verb = TRANSITIONS[last.verb].opposite
        why = reason.strip() or f"undo of {last.verb}"
        try:
            yield from decide(ws, verb, [last.file], reason=why, undoes={last.file: last.id})
        except PermissionDenied:
            raise
        except BedrotError as error:
            yield failed(last.file, error, verb)


class _Last(NamedTuple):
    """The decision that is the last word on a file."""

    id: str
    file: str
    verb: Verb


def _of_event(event: Event) -> _Last:
    return _Last(event.data["decision"], event.data["file"], Verb(event.data["verb"]))


def _last_on(ws: Workspace, wanted: dict[str, str]) -> list[tuple[str, _Last | None]]:
    """(name, last decision that was not refused) of each wanted file (file id -> name): the catalog's, then the journal's tail."""
    from .browse import reader

    known = reader(ws)
    applied = known.applied_seq
    decided: dict[str, list[_Last]] = {
        file: [_Last(d.id, file, d.verb) for d in reversed(known.decisions(file))] for file in wanted
    }
    refused: set[str] = set()
    for event in ws.journal.read(after=applied):
        if event.kind == "decided" and event.data["file"] in wanted:
            decided[event.data["file"]].append(_of_event(event))
        elif event.kind == "refused":
            refused.add(event.data["decision"])
    return [(name, next((d for d in reversed(decided[file]) if d.id not in refused), None)) for file, name in wanted.items()]


def _own_last(ws: Workspace) -> list[tuple[str, _Last]]:
    """This actor's newest decision that is still the last word on its file and is no undo itself; none: an empty list.

    Walks the journal backwards, a window at a time.
    """
    high, span = ws.journal.head, 1024
    refused: set[str] = set()
    settled: set[str] = set()
    while high > 0:
        low = max(0, high - span)
        window: list[Event] = []
        for event in ws.journal.read(after=low):
            if event.seq > high:
                break
            if event.kind in ("decided", "refused"):
                window.append(event)
        for event in reversed(window):
            decision, file = event.data["decision"], event.data["file"]
            if event.kind == "refused":
                refused.add(decision)
            elif decision not in refused and file not in settled:
                if event.actor == ws.actor and not event.data.get("undoes"):
                    return [(file, _of_event(event))]
                settled.add(file)
        high, span = low, min(span * 4, 65536)
    return []
