"""A QR code to scan with a phone, drawn anew when the platform changes it, until the platform goes on."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.blocks import code_cells, fitting_quiet
from ...domain.text import safe
from ..keys import bindings
from ..messages import Seen
from ..widgets.lines import wrap
from .seeing import Seeing

SIDE_COLUMNS = 20
"""What words beside the code need at least."""


class ScanModal(Seeing):
    """The code as large as it is; where it does not fit, what to do."""

    PLACE = "scan"
    BINDINGS = bindings("scan")

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.code: Sequence[Sequence[bool]] = ()
        self.inverse = False

    def on_seen(self, message: Seen) -> None:
        message.stop()
        self.code = message.code
        self.message = message.problem or message.did or ("" if message.code else "this challenge shows no code")
        self.tell()
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        """The code; where two rows are missing, over head and foot too."""
        columns, rows = self.size
        size = len(self.code)
        quiet = fitting_quiet(size, columns, rows - 2) if size else None
        whole = quiet is None and bool(size) and fitting_quiet(size, columns, rows - 1) is not None
        if whole:
            quiet = fitting_quiet(size, columns, rows - 1)
        self.query_one("#head").display = not whole
        if not size:
            self.canvas.show(())
            return
        if quiet is None:
            wide, high = size + 4, (size + 5) // 2 + 1
            told = (
                f"This code needs {wide} columns and {high} rows; this terminal has {columns} by {rows}.",
                "Make the window larger or its letters smaller, or write the code into a file:",
                f"bedrot answer {safe(self.challenge.id, 24)} --look code.png",
            )
            lines = [text for line in told for pieces in wrap(line, max(20, columns - 4)) for text, _ in pieces]
            self.canvas.show([()] * (len(lines) + 1), ["", *lines])
            return
        cells = code_cells(self.code, quiet, colours=self.colours, inverse=self.inverse)
        beside = columns - len(cells[0]) - 3
        words = safe(self.challenge.prompt, 200) if beside >= SIDE_COLUMNS else ""
        self.canvas.show(cells, [text for pieces in wrap(words, beside) for text, _ in pieces] if words else ())

    def do_invert(self) -> None:
        self.inverse = not self.inverse
        self._draw()
