"""The linear console itself: reads a line, carries it out on the same backend as the screens, says how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...domain.browsing import FileRow, Outcome
from ...domain.errors import BedrotError, UsageError
from ...domain.filterwords import decision_filter
from ...domain.lifecycle import TRANSITIONS, Verb, transition
from ...domain.plans import Plan
from ...domain.text import safe
from ..backend import Backend
from ..palette import size_text
from ..places import PLACES
from ..undoing import OwnDecisions
from ..words import Order, parse
from .lists import Item, Listing, is_number
from .places import Places
from .questions import Questions
from .speech import Left, Speech
from .texts import file_text
from .words import NO_SCREEN, SHELL, table

READ_ONLY = "this console is read-only"
Shell = Callable[[Sequence[str]], int]
"""Runs one command of the shell on this home; returns its exit code."""
WITHOUT_WRITING = ("show", "diff", "cat", "files", "status", "platforms", "doctor", "simulate")
"""Commands of the shell that a read-only console hands on, whatever follows them."""
WHOLE_LINES = (["sessions"], ["secrets"])
"""Groups that it hands on only without a command of theirs: then they list."""


class Desk(Places, Questions):
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
        self.listing: Listing | None = None
        self.current: int | None = None
        self.row: FileRow | None = None
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
                    self.backend.cancel_sql()
                    self.speech.say("", "Stopped. quit leaves.")
        except Left:
            pass
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
            self.obey(line)
        except BedrotError as error:
            self._wrong(error)

    def _wrong(self, error: BedrotError) -> None:
        self.speech.say(f"Not done: {error}" + (f". Next: {error.hint}" if error.hint else ""))

    def obey(self, line: str) -> None:
        """Carry out one line.

        Raises:
            BedrotError: it is wrong, or cannot be done.
        """
        words = line.split()
        if not words:
            return
        if len(words) == 1 and is_number(words[0], self.listing) and self.listing is not None:
            self.open_item(self.listing, int(words[0].split(",")[0].split("-")[0]))
            return
        if words[0] in NO_SCREEN:
            raise UsageError(f"{words[0]} needs a screen", hint="a console without --linear")
        if words[0] in SHELL and not hasattr(self, f"order_{words[0]}"):
            self._hand_to_shell(line if len(words) > 1 and ":" not in line else self._as_options(words))
            return
        if words[0] in ("show", "diff") and any(word.startswith("--") for word in words):
            self._hand_to_shell(line)
            return
        if words[0] not in self.table and not any(words[0] in c.also for c in self.table.values()):
            self._hand_to_shell(line)
            return
        order = parse(line, self.table)
        if order is None:
            return
        if order.command.writes and self.backend.read_only:
            raise UsageError(f"{order.name}: {READ_ONLY}", hint="a console without --read-only")
        getattr(self, f"order_{order.name}")(order)

    @staticmethod
    def _as_options(words: Sequence[str]) -> str:
        """A place's words as the shell has them: `audit kind:decided` is `audit show --kind decided`."""
        options = " ".join(f"--{word.replace(':', ' ', 1)}" if ":" in word else word for word in words[1:])
        return f"{SHELL[words[0]]} {options}".strip()

    def _hand_to_shell(self, line: str) -> None:
        import shlex

        try:
            given = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"not a command: {error}", hint="help") from None
        if given[0] in ("console", "demo"):
            raise UsageError(f"{given[0]} does not run inside the console", hint="quit")
        harmless = given[0] in WITHOUT_WRITING or given[:2] == ["audit", "show"] or given in WHOLE_LINES
        if self.backend.read_only and not harmless:
            raise UsageError(f"{given[0]}: {READ_ONLY}", hint="a console without --read-only")
        words = []
        for word in given:
            plain = words and not words[-1].startswith("--") and word.isdigit()
            is_file = self.listing is not None and self.listing.kind == "file"
            words.append(self.named([word])[0] if plain and is_file and is_number(word, self.listing) else word)
        code = self.shell(words)
        if code:
            self.speech.say(f"That ended with exit code {code}.")

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
                if self.listing.kind != "file":
                    raise UsageError(f"the list is not of files: {self.listing.title}", hint="files")
                out += [item.id for item in self.listing.numbers([word])]
            else:
                out.append(word)
        return list(dict.fromkeys(out))

    def rows(self, words: Sequence[str]) -> list[FileRow]:
        """Current rows of what was named."""
        return [self.backend.find(name) for name in self.named(words)]

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
            self.speech.say("Left; nothing was changed.")
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
            if self.speech.attended and self.speech.ask(f"{verb}? yes or no:").strip().lower() not in ("y", "yes"):
                return None
            return given
        if step.needs_reason:
            return self.speech.ask("why (an empty line leaves):").strip() or None
        answer = self.speech.ask("yes, or a reason (an empty line leaves):").strip()
        return "" if answer.lower() in ("y", "yes") else answer if answer.lower() not in ("", "n", "no") else None

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
        what = _files(len(ids)) if ids else "your newest decision"
        if self.speech.attended and self.speech.ask(f"Undo {what}? yes or no:").strip().lower() not in ("y", "yes"):
            self.speech.say("Left; nothing was changed.")
            return
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
        also = f" ({', '.join(SHELL.values())} and so on)"
        lines.append(f"Every other command of the shell works here as well{also}, without the word bedrot.")
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
