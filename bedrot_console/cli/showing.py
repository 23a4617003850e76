"""Challenges that are looked at, on the terminal: a QR code to scan, drawn anew when it changes; a page to work on by typed commands.

Each has `tick` (called a few times a second), `prompt` (the last line), `take` (a line was typed) and `close`. What is drawn and typed
is in memory only; it goes to a screen of its own that leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..domain.blocks import View, code_cells, fitting_quiet, picture_cells, view_of
from ..domain.challenges import Challenge, ChallengeKind, Look
from ..domain.errors import BedrotError, UsageError
from ..domain.text import safe
from . import drawing
from .pagelines import HELP, Order, hidden, parse
from .tables import cut, width_of
from .terminal import Terminal

if TYPE_CHECKING:
    from datetime import datetime

    from ..operations.workspace import Workspace

ROTATION_SECONDS = 2.0
"""How often a code is looked at again: platforms change theirs every 20 to 60 seconds."""
SIDE_COLUMNS = 24
"""What text beside a code needs at least."""


def time_left(challenge: Challenge, now: datetime) -> str:
    """` 4:32 left`, or nothing where there is no deadline."""
    if challenge.expires_at is None:
        return ""
    seconds = max(0, int((challenge.expires_at - now).total_seconds()))
    return f" {seconds // 60}:{seconds % 60:02d} left"


class Shown:
    """What both kinds share: the look, the message line, and when to paint."""

    def __init__(self, ws: Workspace, challenge: Challenge, terminal: Terminal, colours: int) -> None:
        from ..operations import looking, runs

        self.ws, self.challenge, self.terminal, self.colours = ws, challenge, terminal, colours
        self.runs, self.looking = runs, looking
        self.look: Look | None = None
        self.message = ""
        self._painted: Any = None
        self._hid = False
        terminal.open_screen()

    @property
    def who(self) -> str:
        account = "" if self.challenge.account == "default" else f" ({self.challenge.account})"
        return safe(self.challenge.platform + account, 40)

    def look_again(self) -> None:
        """See what there is now. What hinders it becomes the message; that the challenge is over is told by the run."""
        try:
            self.look = self.runs.look(self.ws, self.challenge.id)
            self.message = ""
        except BedrotError as error:
            self.look = None
            self.message = str(error)

    def tick(self) -> None:
        """Paint when there is something else to see, or another terminal to see it on."""
        state = (self.terminal.size, self.state())
        if state != self._painted or self.terminal.stopped:
            self._painted, self.terminal.stopped = state, False
            self.terminal.paint(self.lines(*self.terminal.size))

    def state(self) -> Any:
        raise NotImplementedError

    def lines(self, columns: int, rows: int) -> list[str]:
        raise NotImplementedError

    def prompt(self) -> str:
        raise NotImplementedError

    def take(self, line: str) -> None:
        raise NotImplementedError

    def act(self, word: str) -> bool:
        """Do what `:word` says: one of the challenge's acts, or done. Whether it is one."""
        if word not in (*self.challenge.can, "done"):
            return False
        self.attempt(lambda: self.runs.act(self.ws, self.challenge.id, word), f"{word}: the run has it")
        return True

    def attempt(self, work: Callable[[], Any], done: str) -> bool:
        """Whether `work` was done; the message says so, or why not."""
        try:
            work()
        except BedrotError as error:
            self.message = str(error)
            return False
        self.message = done
        return True

    def acts(self) -> str:
        return "".join(f", :{act}" for act in (*self.challenge.can, "done"))

    def with_line(self, about: str, line: str) -> str:
        """A prompt and what was typed after it: of a long line the end."""
        room = max(8, self.terminal.size[0] - 2 - len(about))
        return about + (line if len(line) <= room else "…" + line[1 - room :])

    @property
    def words(self) -> bool:
        """Whether a line of words is being typed, as `Terminal.poll` takes it."""
        return True

    def hides(self) -> bool:
        """Whether what is being typed is a secret."""
        return False

    def close(self) -> None:
        """Leave the screen; forget what was seen and typed. A secret that is half typed must not go on in the clear at another prompt."""
        self.look = None
        if self._hid or self.hides():  # as it was when the prompt was drawn: by now the line may be forgotten
            self.terminal.hush()
        self.terminal.forget()
        self.terminal.close_screen()


class ShownCode(Shown):
    """A QR code, as large as the terminal can draw it, until the phone did it."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.inverse = False
        self._next = 0.0

    def tick(self) -> None:
        now = self.ws.clock.monotonic()
        if now >= self._next:
            self.look_again()
            self._next = now + ROTATION_SECONDS
        super().tick()

    def state(self) -> Any:
        return (self.look.text if self.look else None, self.message, self.inverse)

    def lines(self, columns: int, rows: int) -> list[str]:
        about = [f"{self.who}: {safe(self.challenge.prompt, 200)}"]
        text = self.look.text if self.look is not None else None
        if text is None:
            return [cut(about[0], columns), "", cut(safe(self.message) or "this challenge shows no code", columns)]
        try:
            modules = self.looking.modules(text)
        except BedrotError as error:
            return [cut(about[0], columns), "", cut(safe(error), columns)]
        quiet = fitting_quiet(len(modules), columns, rows - 1)
        if quiet is None:
            return [*(cut(line, columns) for line in about), "", *self._too_small(len(modules), columns, rows)]
        cells = code_cells(modules, quiet, colours=self.colours > drawing.NONE, inverse=self.inverse)
        drawn = drawing.lines_of(cells, self.colours)
        beside = columns - len(cells[0]) - 2
        above = len(drawn) + 2 <= rows - 1
        if above and (width_of(about[0]) <= columns or beside < SIDE_COLUMNS):
            return [cut(about[0], columns), "", *drawn]
        if beside >= SIDE_COLUMNS:
            notes = _wrapped(about[0], beside)
            return [line + (f"  {notes[n]}" if n < len(notes) else "") for n, line in enumerate(drawn)]
        return drawn

    def _too_small(self, size: int, columns: int, rows: int) -> list[str]:
        wide, high = size + 4, (size + 4 + 1) // 2 + 1
        told = (
            f"This code needs {wide} columns and {high} rows; this terminal has {columns} by {rows}.",
            "Make the window larger or its letters smaller: the code is drawn as soon as it fits.",
            "Or write it into a file:",
            f"bedrot answer {self.challenge.id} --look code.png",
        )
        return [part for line in told for part in _wrapped(line, columns)]

    def prompt(self) -> str:
        invert = ", i inverts" if not self.colours else ""
        left = time_left(self.challenge, self.ws.clock.now())
        return self.with_line(f"{self.who}: scan it{left} (Enter looks again{invert}{self.acts()}): ", self.terminal.line)

    def take(self, line: str) -> None:
        if line.startswith(":") and self.act(line[1:]):
            return
        if line.strip() == "i":
            self.inverse = not self.inverse
        self._next = 0.0


class ShownPage(Shown):
    """A live page: its outline first, its picture on request, and commands for the hands."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.mode = self.before = "outline"
        self.zoom = 1.0
        self.centre: tuple[float, float] | None = None
        self.view: View | None = None
        self.first = 0
        self.typing = False
        self._turn = 0
        self.look_again()

    def state(self) -> Any:
        return (self._turn, self.mode, self.zoom, self.centre, self.first, self.message, self.typing)

    def look_again(self) -> None:
        super().look_again()
        self._turn += 1

    def lines(self, columns: int, rows: int) -> list[str]:
        head = f"{self.who}: {safe(self.message) or safe(self.challenge.prompt, 200)}"
        if self.mode == "help":
            return [cut(line, columns) for line in [head, "", *HELP]]
        if self.look is None:
            return [cut(head, columns)]
        body = self._picture(columns, rows - 2) if self.mode == "picture" else self._outline(columns, rows - 2)
        return [cut(head, columns), *body]

    def _picture(self, columns: int, rows: int) -> list[str]:
        assert self.look is not None
        if not self.look.picture:
            return ["there is no picture"]
        self.view = view_of(
            self.look.width,
            self.look.height,
            max(10, columns - drawing.RULER),
            max(3, rows - 1),
            zoom=self.zoom,
            centre=self.centre,
        )
        colourful = self.colours > drawing.FEW
        try:
            cells = picture_cells(self.looking.shrunk(self.look, self.view), colours=colourful)
        except BedrotError as error:
            return [cut(safe(error), columns)]
        return drawing.ruled(drawing.lines_of(cells, self.colours if colourful else drawing.NONE), self.view.columns)

    def _outline(self, columns: int, rows: int) -> list[str]:
        assert self.look is not None
        if rows < 1:
            return []
        every = [safe(line) for line in self.look.outline.splitlines()]
        self.first = min(self.first, max(0, len(every) - 1))
        here = every[self.first : self.first + rows]
        if self.first + rows < len(every):
            here[-1] = f"… {len(every) - self.first - rows + 1} more lines: more"
        return [cut(line, columns) for line in here]

    def prompt(self) -> str:
        left = time_left(self.challenge, self.ws.clock.now())
        self._hid = self.hides()
        if self.typing:
            return f"{self.who}{left} types (not shown), empty to leave it: " + "*" * self.terminal.typed
        line = self.terminal.line
        line = hidden(line) or line
        more = "look" if self.mode == "outline" else "outline"
        return self.with_line(f"{self.who}{left} ({more}, click, type, help): ", line)

    @property
    def words(self) -> bool:
        return not self.typing

    def hides(self) -> bool:
        return self.typing or hidden(self.terminal.line) is not None

    def take(self, line: str) -> None:
        self._hid = False
        if self.typing:
            self.typing = False
            if line:
                self._do({"act": "type", "text": line}, "typed")
            return
        if not line.strip():
            self.mode = self.before if self.mode == "help" else self.mode
            self.look_again()
            return
        try:
            order = parse(line, self.view if self.mode == "picture" else None, self.challenge.can)
        except UsageError as error:
            self.message = str(error)
            return
        self._obey(order)

    def _obey(self, order: Order) -> None:
        self.message = ""
        match order.word:
            case "look":
                self.mode = "picture"
                self.look_again()
            case "outline":
                self.mode, self.first = "outline", 0
                self.look_again()
            case "more":
                self.mode = "outline"
                self.first += max(1, self.terminal.size[1] - 4)
            case "help":
                self.before = self.mode if self.mode != "help" else self.before
                self.mode = "help"
            case "zoom":
                self.mode = "picture"
                self.zoom = self.zoom * order.factor if order.at else 1.0
                self.centre = order.at
            case "type" if order.act is None:
                self.typing = True
            case "act":
                self.act(order.name)
            case _:
                assert order.act is not None
                self._do(order.act, order.name)

    def _do(self, act: dict[str, Any], done: str) -> None:
        if not self.attempt(lambda: self.runs.hand(self.ws, self.challenge.id, act), done):
            return
        self.look_again()
        self.message = self.message or done


def shown(ws: Workspace, challenge: Challenge, terminal: Terminal, colours: int) -> Shown | None:
    """What shows this challenge on the terminal; None for one that is only typed or done elsewhere."""
    kinds = {ChallengeKind.QR: ShownCode, ChallengeKind.PAGE: ShownPage}
    kind = kinds.get(challenge.kind)
    return kind(ws, challenge, terminal, colours) if kind is not None else None


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]
