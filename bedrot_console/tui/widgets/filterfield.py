"""The filter line: what it may become stands behind the cursor, and tab takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.strip import Strip
from textual.suggester import Suggester

from ...domain.filterwords import completions
from .drawn import Drawn
from .field import Field
from .lines import Piece, strip_of


class _Completer(Suggester):
    """Completes the last word from the words of the filter and the values that the catalog holds."""

    def __init__(self, values: Callable[[], Mapping[str, Sequence[str]]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.values = values

    async def get_suggestion(self, value: str) -> str | None:
        return completed(value, self.values())


def completed(line: str, values: Mapping[str, Sequence[str]]) -> str | None:
    """The line with its last word completed by the best fitting word or value; None: nothing fits, or it is whole already."""
    head, space, last = line.rpartition(" ")
    best = next((c for c in completions(line, values) if c != last), None)
    return f"{head}{space}{best}" if best is not None else None


def begun(line: str, values: Mapping[str, Sequence[str]]) -> bool:
    """Whether the last word has the beginning of a value that the catalog holds, and not a whole one."""
    name, colon, value = line.rpartition(" ")[2].partition(":")
    return bool(colon and value) and value not in values.get(name, (value,)) and bool(completions(line, values))


class FilterField(Field):
    """A field whose last word is completed. `values` are filter words with what the catalog holds for them."""

    BINDINGS = [("tab", "complete", "complete")]

    def __init__(self, done: Callable[[str], None], left: Callable[[], None], *, placeholder: str, id: str) -> None:
        super().__init__(done, left, placeholder=placeholder, max_length=400, id=id, classes="waiting")
        self.known: Mapping[str, Sequence[str]] = {}
        self.suggester = _Completer(lambda: self.known)

    def action_complete(self) -> None:
        best = completed(self.value, self.known)
        if best is not None:
            self.value = best
            self.cursor_position = len(best)


class FilterLine(Drawn):
    """Where the cursor stands, how many there are, which filter and order."""

    DEFAULT_CSS = "FilterLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []

    def show(self, pieces: list[Piece]) -> None:
        if pieces != self.pieces:
            self.pieces = pieces
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self.pieces, self.size.width, self.app.palette)  # type: ignore[attr-defined]
