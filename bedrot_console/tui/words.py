"""The commands of the console in words: one table for `:` and for `--linear`, with the shell's own words, parsing and completion.

No handler stands here: each face carries an order out by the method of the command's name.
"""

from __future__ import annotations

import os.path
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..domain import filterwords
from ..domain.errors import UsageError
from ..domain.lifecycle import Verb
from ..domain.text import safe
from .places import PLACES

FLAG = ""
"""Kind of an option that takes no value."""
LINE = "line"
"""Kind of an argument that is the rest of the line as it stands."""
FILTERS = tuple(filterwords.WORDS)
"""Options of `files`, and words before a colon in a filter."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: the word; a command of the shell has the shell's word.
        form: name and arguments, as help and errors show it.
        help: what it does, in a few words.
        takes: kind of each argument (`file`, `platform`, `run`, `words` ...), for completion; the last one goes on if `many`.
        least: how many arguments are needed.
        options: option -> kind of its value, FLAG for one without.
        also: other words for the same.
        writes: refused in a console that is read-only.
    """

    name: str
    form: str
    help: str
    takes: tuple[str, ...] = ()
    least: int = 0
    many: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    writes: bool = False

    def kind(self, index: int) -> str | None:
        """What the argument at `index` is; None when there is no room for it."""
        if index < len(self.takes):
            return self.takes[index]
        return self.takes[-1] if self.takes and self.many else None


@dataclass(frozen=True, slots=True)
class Order:
    """A command with what was given: `words` in order, `options` without their dashes (a flag is "yes")."""

    command: Command
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def first(self) -> str | None:
        """The first argument, if there is one."""
        return self.words[0] if self.words else None

    def filter_words(self) -> str:
        """The arguments and options of `files` as one filter."""
        return " ".join([*(f"{n}:{v}" for n, v in self.options.items() if n in FILTERS), *self.words])


_REASON = {"--reason": "text"}


def _decision(verb: Verb, help: str, form: str = "", **more: str) -> Command:
    form = form or f"{verb.value} [ID… | --matching FILTER] --reason WHY"
    return Command(verb.value, form, help, ("file",), many=True, options={**_REASON, "--matching": "words", **more}, writes=True)


_COMMANDS = (
    Command(
        "files", "files [--status failed] [--platform P] [FILTER…]", "the catalog, filtered", ("words",), many=True,
        options={f"--{name}": name for name in FILTERS}, also=("filter",),
    ),
    Command("review", "review [ID]", "what waits for a decision, worst first; or this file", ("file",)),
    Command("runs", "runs [RUN]", "runs; or the log of one", ("run",), also=("attach",)),
    Command("sql", "sql [QUERY]", "a read-only query", (LINE,)),
    Command("audit", "audit [FILTER…]", "the journal, filtered: kind:decided file:ID since:7d", ("free",), many=True),
    Command("show", "show ID", "everything about one file", ("file",), 1, also=("diff",)),
    Command("goto", "goto ID", "the list, at this file", ("file",), 1),
    Command("validate", "validate [ID… | --pending]", "check files again", ("file",), many=True, options={"--pending": FLAG}, writes=True),
    _decision(Verb.PROMOTE, "landing to raw; without ID the marked files", "promote [ID… | --passed | --matching FILTER] [--reason WHY]", **{"--passed": FLAG}),
    _decision(Verb.QUARANTINE, "landing to quarantine"),
    _decision(Verb.RELEASE, "quarantine back to landing"),
    _decision(Verb.WITHDRAW, "raw to quarantine"),
    Command("undo", "undo [ID…]", "undo the newest decision, as a new event", ("file",), many=True, writes=True),
    Command(
        "extract", "extract PLATFORM [ACCOUNT] | --due", "start an extraction, or all that is due", ("platform", "account"),
        options={"--account": "account", "--due": FLAG}, writes=True,
    ),
    Command("cancel", "cancel RUN | --all", "stop a run, or all; what has landed stays", ("run",), options={"--all": FLAG}, writes=True),
    Command("answer", "answer [CHALLENGE]", "answer what a platform asks; the code is asked for, never written here", ("challenge",)),
    Command("needs", "needs", "what waits for a human", also=("challenges",)),
    Command("copy", "copy id|path", "to the terminal's clipboard", ("copied",), 1),
    Command("theme", "theme NAME", "colours; remembered", ("theme",), 1),
    Command("help", "help [WORDS]", "keys and commands, or those that hold the words", ("free",), many=True),
    Command("redraw", "redraw", "draw the whole screen again"),
    Command("quit", "quit", "leave; runs go on", also=("q", "exit")),
)  # fmt: skip


def commands() -> dict[str, Command]:
    """All commands by name; a place that no row names has one that goes there."""
    table = {command.name: command for command in _COMMANDS}
    for place in PLACES.values():
        table.setdefault(place.name, Command(place.name, place.name, place.about))
    return table


Table = Mapping[str, Command]


def named(word: str, table: Table) -> Command:
    """The command of this word. Raises UsageError."""
    found = table.get(word) or next((c for c in table.values() if word in c.also), None)
    if found is None:
        from difflib import get_close_matches

        close = get_close_matches(word, [*table, *(a for c in table.values() for a in c.also)], n=1)
        raise UsageError(f"no such command: {safe(word, 40)}", hint=f"did you mean {close[0]}?" if close else "help lists them")
    return found


def parse(line: str, table: Table | None = None) -> Order | None:
    """What one line orders; None for an empty one. `table` is `commands()` unless another one is given.

    Raises:
        UsageError: unknown command or option, too many or too few arguments; the hint is the right form.
    """
    head, _, rest = line.strip().partition(" ")
    if not head:
        return None
    command = named(head, commands() if table is None else table)
    if LINE in command.takes:
        return Order(command, (rest.strip(),) if rest.strip() else ())
    try:
        given = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"not a command: {error}", hint=command.form) from None
    words: list[str] = []
    options: dict[str, str] = {}
    source = iter(given)
    for word in source:
        if not word.startswith("--"):
            words.append(word)
            continue
        name, equals, value = word.partition("=")
        if name not in command.options:
            from difflib import get_close_matches

            close = get_close_matches(name, command.options, n=1)
            raise UsageError(f"{command.name} has no {safe(name, 40)}" + (f"; {close[0]}?" if close else ""), hint=command.form)
        if command.options[name] == FLAG:
            value = "yes"
        elif not equals:
            value = next(source, "")
            if not value:
                raise UsageError(f"{name} needs a value", hint=command.form)
        options[name.removeprefix("--")] = value
    if len(words) < command.least:
        raise UsageError(f"{command.name} what?", hint=command.form)
    if words and command.kind(len(words) - 1) is None:
        raise UsageError(f"{command.name} does not take {safe(words[-1], 40)}", hint=command.form)
    return Order(command, tuple(words), options)


# completion

_FIXED: dict[str, Sequence[str]] = {**filterwords.FIXED, "copied": ("id", "path")}
Known = Mapping[str, Iterable[str]]
"""Kind -> values that there are now."""


def complete(line: str, known: Known) -> tuple[str, list[str]]:
    """What the last word may become: the line before it, and the words it begins; a word that is whole ends in a space."""
    head, space, _ = line.lstrip().partition(" ")
    table = commands()
    if not space:
        names = [*table, *(a for c in table.values() for a in c.also if len(a) > 1)]
        return "", [f"{name} " for name in names if name.startswith(head)]
    try:
        command = named(head, table)
    except UsageError:
        return line, []
    before, _, last = line.rpartition(" ")
    before += " "
    given = before.split()[1:]
    if given and command.options.get(given[-1]):
        return before, _begun(last, _values(command.options[given[-1]], known))
    if last.startswith("-"):
        return before, _begun(last, [o for o in command.options if o not in given])
    skipped = sum(1 + bool(command.options[w]) for w in given if w in command.options)
    kind = command.kind(len(given) - skipped)
    if kind == "words":
        name, colon, value = last.partition(":")
        if colon and name in FILTERS:
            return before, [f"{name}:{v}" for v in _begun(value, _values(name, known))]
        return before, [f"{name}:" for name in FILTERS if name.startswith(last)]
    return before, _begun(last, _values(kind, known)) if kind else []


def _values(kind: str, known: Known) -> Iterable[str]:
    return _FIXED.get(kind) or known.get(kind, ())


def _begun(start: str, values: Iterable[str]) -> list[str]:
    return [f"{v} " for v in dict.fromkeys(values) if v.startswith(start) and not any(c in v for c in " '\"\\")]


def common(candidates: Sequence[str]) -> str:
    """What all candidates begin with."""
    return os.path.commonprefix(list(candidates))


class History:
    """Lines that were carried out, newest last, and the way through them.

    A line that answers a challenge is never kept, whatever stands in it.
    """

    LONGEST = 100

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.lines = [line for line in lines if isinstance(line, str)][-self.LONGEST :]
        self.at = len(self.lines)
        self.draft = ""

    def add(self, line: str) -> None:
        line = line.strip()
        self.draft = ""
        if line and not line.startswith("answer") and (not self.lines or self.lines[-1] != line):
            self.lines = [*self.lines, line][-self.LONGEST :]
        self.at = len(self.lines)

    def older(self, current: str) -> str:
        """The line before; `current` is kept as the draft when the way begins."""
        if self.at == len(self.lines):
            self.draft = current
        self.at = max(0, self.at - 1)
        return self.lines[self.at] if self.lines else current

    def newer(self) -> str:
        """The line after; at the end the draft."""
        self.at = min(len(self.lines), self.at + 1)
        return self.lines[self.at] if self.at < len(self.lines) else self.draft
