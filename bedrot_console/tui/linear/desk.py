"""The linear console itself: reads a line, carries it out on the same backend as the screens, says how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ...domain.browsing import FileRow, Outcome, Review
from ...domain.errors import READ_ONLY, BedrotError, UsageError
from ...domain.filterwords import decision_filter
from ...domain.identifiers import MIN_PREFIX
from ...domain.lifecycle import TRANSITIONS, Verb, transition
from ...domain.plans import Plan
from ...domain.text import safe
from .. import keeping
from ..backend import Backend
from ..palette import size_text
from ..places import PLACES
from ..undoing import OwnDecisions
from ..words import Order, parse
from .audit import Journal
from .drift import Drift
from .excerpts import Excerpts
from .health import FeedHealthWords
from .lists import Item, is_number
from .places import Places
from .questions import Questions
from .sessions import Logins
from .speech import Left, Speech
from .sql import Asking
from .texts import file_text
from .words import NO_SCREEN, table

Shell = Callable[[Sequence[str]], int]
"""Runs one command of the shell on this home; returns its exit code."""
WITHOUT_WRITING = ("cat", "status", "platforms", "doctor", "simulate")
"""Commands of the shell that a read-only console hands on, whatever follows them. They are told that nothing may be written."""
WHOLE_LINES = (["secrets"], ["secrets", "list"])
"""Commands that it hands on only as they stand here: then they list."""
SHELL_ONLY = ("audit", "anchor")
"""What stays the shell's of a command that is one of this console too."""


class Desk(Places, Questions, Logins, FeedHealthWords, Journal, Drift, Asking, Excerpts):
    """One conversation.

    Args:
        shell: for every word that is not of this console.
        wait: seconds -> None; between two looks at a run that is followed.
    """

    def __init__(self, backend: Backend, speech: Speech, shell: Shell, wait: Callable[[float], None]) -> None:
        self.backend = backend
        self.speech = speech
        self.shell = shell
        self.wait = wait
        self.place = "files"
        self.table = table()
        self.row: FileRow | None = None
        self.said: Review | None = None
        self.marks: dict[str, FileRow] = {}
        self.words = ""
        self.sorting = "newest"
        self.decided = OwnDecisions()
        self.done = False
        self._told: set[str] = set()
        self._waiting = 0

    def run(self) -> int:
        """Until the operator leaves or the input ends. Returns the exit code."""
        try:
            self._greet()
            while not self.done:
                try:
                    self._turn()
                except KeyboardInterrupt:
                    self.stop_reading()
                    self.speech.say("", "Stopped. quit leaves.")
        except Left:
            self.speech.say("", "The input has ended; runs go on.") if self.speech.attended else None
        finally:
            self.close_answer()
        return 0

    def _greet(self) -> None:
        where = " Read-only: nothing can be changed." if self.backend.read_only else ""
        self.speech.say(f"bedrot, {self.backend.home}.{where}")
        try:
            counts = self.backend.statuses()
        except BedrotError as error:
            self._wrong(error)
            return
        waiting = ", ".join(f"{number:,} {status}" for status, number in counts.items() if number) or "nothing"
        self.speech.say(
            f"In landing: {waiting}.", f"Places: {', '.join(PLACES)}. help lists the commands, a number opens its row."
        )

    def _turn(self) -> None:
        try:
            self.tell_questions()
            needs = len(self.backend.needs())
            if needs > self._waiting:
                self.speech.say(f"{needs} run{'s' if needs != 1 else ''} ended because nobody was there: needs")
            self._waiting = needs
        except BedrotError as error:
            self._wrong(error)
        marks = f", {len(self.marks)} marked" if self.marks else ""
        line = self.speech.ask(f"{self.place}{marks}{', read-only' if self.backend.read_only else ''}>")
        try:
            self._look_anew()
            self.obey(line)
        except BedrotError as error:
            self._wrong(error, line)
        except Left:
            self.speech.say(*[""][: self.speech.attended], "The input ended at this question; it counts as no.")
            raise

    def _look_anew(self) -> None:
        """What was published since the line before is what this line is about."""
        with suppress(BedrotError):
            self.backend.fresh()

    def _wrong(self, error: BedrotError, line: str = "") -> None:
        """Say what went wrong, and always what can be done next."""
        words = line.split()
        known = bool(words) and (words[0] in self.table or any(words[0] in c.also for c in self.table.values()))
        hint = error.hint or (f"help {words[0]}" if known else "help")
        end = "" if str(error).endswith((".", "?", "!")) else "."
        self.speech.say(f"Not done: {error}{end} Next: {hint}")

    def obey(self, line: str) -> None:
        """Carry out one line.

        Raises:
            BedrotError: it is wrong, or cannot be done.
        """
        words = line.split()
        if words[:1] == ["bedrot"]:
            line = line.strip().removeprefix("bedrot").strip()
            words = words[1:]
        if not words:
            return
        if len(words) == 1 and is_number(words[0], self.listing) and self.listing is not None:
            self.open_item(self.listing, int(words[0].split(",")[0].split("-")[0]))
            return
        if len(words) == 1 and words[0].isdigit():
            listing = self.listing
            raise UsageError(
                f"no row {safe(words[0], 20)}: "
                + (f"{len(listing.items)} were read so far" if listing else "there is no list yet"),
                hint="more" if listing is not None and listing.more is not None else "files",
            )
        if words[0] in NO_SCREEN:
            raise UsageError(f"{words[0]} needs a screen", hint="a console without --linear")
        known = words[0] in self.table or any(words[0] in c.also for c in self.table.values())
        if not known or tuple(words[:2]) == SHELL_ONLY:
            self._hand_to_shell(line)
            return
        order = parse(line, self.table)
        if order is None:
            return
        if order.command.writes and self.backend.read_only:
            raise UsageError(f"{order.name}: {READ_ONLY}", hint="a console without --read-only")
        getattr(self, f"order_{order.name}")(order)

    def _hand_to_shell(self, line: str) -> None:
        import shlex

        try:
            given = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"not a command: {error}", hint="help") from None
        if given[0] in ("console", "demo"):
            raise UsageError(f"{given[0]} does not run inside the console", hint="quit")
        if self.backend.read_only and given[0] not in WITHOUT_WRITING and given not in WHOLE_LINES:
            raise UsageError(f"{given[0]}: {READ_ONLY}", hint="a console without --read-only")
        words = []
        for word in given:
            plain = words and not words[-1].startswith("--") and word.isdigit()
            item = self.numbered(word, "file") if plain else None
            words.append(item.id if item is not None else word)
        code = self.shell(words)
        if code:
            self.speech.say(f"That ended with exit code {code}. Next: {'help' if code == 2 else f'{given[0]} --help'}")

    # naming files

    def named(self, words: Sequence[str]) -> list[str]:
        """Ids of what was named: numbers of the list, or ids. Without words the marked files, or the one looked at last."""
        if not words:
            if self.marks:
                return list(self.marks)
            if self.row is not None:
                return [self.row.id]
            raise UsageError("which file?", hint="a number of the list, an id, or mark some first")
        out: list[str] = []
        for word in words:
            if self.listing is not None and is_number(word, self.listing):
                out += [self._file_of(item) for item in self.listing.numbers([word])]
            elif word.isdigit() and len(word) < MIN_PREFIX:
                raise UsageError(f"no row {word} in a list", hint="files, or more")
            else:
                out.append(word)
        return list(dict.fromkeys(out))

    def _file_of(self, item: Item) -> str:
        """The file that a row of the list is, or is about."""
        assert self.listing is not None
        kind = self.listing.kind
        if kind == "event":
            return self.file_of(item.what)
        if kind not in ("file", "row"):
            raise UsageError(f"the list is not of files: {self.listing.title}", hint="files")
        if not item.id:
            raise UsageError("this row has no file id", hint="select id, or file_id")
        return item.id

    def rows(self, words: Sequence[str]) -> list[FileRow]:
        """Current rows of what was named; what rows of an answer name no more is told."""
        names = self.named(words)
        if words and self.listing is not None and self.listing.kind == "row" and all(is_number(w, self.listing) for w in words):
            found, problems = keeping.resolved(self.backend, names)
            if problems:
                self.speech.say(f"Left out, {keeping.problem_sentence(problems)}.")
            return found
        return [self.backend.find(name) for name in names]

    # decisions

    def order_promote(self, order: Order) -> None:
        self._decide(Verb(order.name), order)

    order_quarantine = order_release = order_withdraw = order_promote

    def _decide(self, verb: Verb, order: Order) -> None:
        ways = [bool(order.words), "passed" in order.options, "matching" in order.options]
        if ways.count(True) > 1:
            raise UsageError("ids, --passed and --matching exclude each other", hint=order.command.form)
        if "matching" in order.options:
            plan = self.backend.plan(verb, decision_filter(order.options["matching"], self.backend.now()))
        else:
            plan = _plan(verb, self.backend.passed() if "passed" in order.options else self.rows(order.words))
        may = plan.rows
        self.speech.all(f"Not {number:,}: {safe(reason, 200)}." for reason, number in plan.refused.items())
        if plan.beyond:
            self.speech.say(f"{plan.beyond:,} more could move; one command takes {len(may):,}, give it again for the next.")
        if not may:
            self.speech.say("Nothing to do.")
            return
        reason = self._reason(verb, may, order.options.get("reason", ""))
        if reason is None:
            return
        outcomes: list[Outcome] = []
        try:
            for outcome in self.backend.decide(verb, plan.ids, reason, plan.seen):
                outcomes.append(outcome)
        finally:
            self._tell_outcomes(verb.value, outcomes)

    def _reason(self, verb: Verb, rows: Sequence[FileRow], given: str) -> str | None:
        """Name object, count and consequence; the reason, or None to leave."""
        step = TRANSITIONS[verb]
        counts = Counter(row.status for row in rows)
        what = ", ".join(f"{number:,} {status}" for status, number in counts.items())
        size = size_text(sum(row.size_bytes for row in rows))
        self.speech.say(f"{verb.capitalize()} {_files(len(rows))} ({what}; {size}) to {step.target}:")
        self.speech.all(file_text(row) for row in rows[:5])
        if len(rows) > 5:
            self.speech.say(f"and {len(rows) - 5:,} more")
        if given or not self.speech.attended and not step.needs_reason:
            return given if self.yes(f"{verb.capitalize()}?") else None
        wanted = "why, in your words" if step.needs_reason else f"{verb}? yes, or a reason"
        answer = self.speech.ask(f"{wanted} (an empty line leaves):").strip()
        if not answer or not step.needs_reason and answer.lower() in ("n", "no"):
            self.speech.say("Left; nothing was changed.")
            return None
        return "" if not step.needs_reason and answer.lower() in ("y", "yes") else answer

    def _tell_outcomes(self, verb: str, outcomes: Sequence[Outcome]) -> None:
        done = [o for o in outcomes if o.done]
        if verb == "undo":
            self.decided.undone(outcomes)
        else:
            self.decided.add(verb, outcomes)
        if done:
            for outcome in done:
                self.marks.pop(outcome.id, None)
                self.refresh(outcome.id)
            self.speech.say(f"{verb}: done for {_files(len(done))}." + (" undo takes it back." if verb != "undo" else ""))
        for outcome in outcomes:
            if not outcome.done:
                self.speech.say(
                    f"{outcome.id}: {outcome.outcome}, {outcome.reason}" + (f". Next: {outcome.hint}" if outcome.hint else "")
                )

    def order_undo(self, order: Order) -> None:
        _, expected = ("", {}) if order.words else self.decided.newest
        ids = self.named(order.words) if order.words else list(expected)
        if self.yes(f"Undo {_files(len(ids)) if ids else 'your newest decision'}?"):
            self._tell_outcomes("undo", list(self.backend.undo(ids, expected=expected)))

    def order_validate(self, order: Order) -> None:
        rows: list[Any] = self.pending() if "pending" in order.options else self.rows(order.words)
        for item in self.backend.validate([row.id for row in rows]):
            if isinstance(item, Outcome):
                self.speech.say(f"{item.id}: {item.outcome}, {item.reason}")
            else:
                row, report = item
                codes = ", ".join(dict.fromkeys(f.code for f in report.findings)) or "no findings"
                self.speech.say(f"{report.verdict.value}: {row.path}, {codes}")
                self.refresh(row.id)

    def refresh(self, name: str) -> None:
        """The list shows a changed file as it is now."""
        listed = self.listing is not None and any(item.id == name for item in self.listing.items)
        if not listed and (self.row is None or self.row.id != name):
            return
        row = self.backend.find(name)
        if self.row is not None and self.row.id == name:
            self.row = row
        for index, item in enumerate(self.listing.items if self.listing else ()):
            if item.id == name and isinstance(item.what, FileRow):
                self.listing.items[index] = Item(name, file_text(row), row)  # type: ignore[union-attr]

    # the rest

    def order_help(self, order: Order) -> None:
        wanted = [w.lower() for w in order.words]
        lines = [f"{c.form}: {c.help}" for c in self.table.values()]
        lines.append("N: open row N of the list. N, A-B and ids name files.")
        lines.append(
            "Every other command of the shell works here as well (status, land FILE, hold ID and so on), with or without the word bedrot."
        )
        found = [line for line in lines if all(w in line.lower() for w in wanted)]
        self.speech.all(found or ["nothing holds that"])

    def order_quit(self, order: Order) -> None:
        self.done = True
        self.speech.say("Left; runs go on.")


def _plan(verb: Verb, rows: Sequence[FileRow]) -> Plan:
    may, refused = [], Counter[str]()
    for row in rows:
        try:
            transition(verb, row.zone, row.verdict)
            may.append(row)
        except BedrotError as error:
            refused[str(error)] += 1
    return Plan(verb=verb, rows=tuple(may), refused=refused)


def _files(number: int) -> str:
    return f"{number:,} file{'s' if number != 1 else ''}"
