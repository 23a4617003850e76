"""What is left on the terminal when the console itself fails: kind and places, no values."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from rich.segment import Segment, Segments
from rich.text import Text

from ..domain.text import safe

INTERNAL = 70


def crash_text(error: BaseException | None) -> Text:
    """Kind of error and the places it went through. Its words are left out: they may quote what was typed or read."""
    if error is None:
        return Text("bedrot console: internal error")
    lines = [f"bedrot console: internal error: {type(error).__name__}"]
    for frame in traceback.extract_tb(error.__traceback__)[-12:]:
        place = frame.filename.rsplit("site-packages/", 1)[-1]
        lines.append(f"  {safe(place)}:{frame.lineno} in {safe(frame.name)}")
    lines.append("Runs go on. Nothing of the lake is lost. Please report the lines above.")
    return Text("\n".join(lines))


class CrashScreen:
    """Mixed into the app: Textual's crash screen prints local variables, and those hold codes, cookies and personal data."""

    def _fatal_error(self) -> None:
        self.panic(crash_text(sys.exc_info()[1]))

    def panic(self, *renderables: Any) -> None:
        """As Textual's; but anything that is not our own crash text (a traceback, perhaps with locals) is replaced by it, and what fails after
        the first failure is not told: it follows from it."""
        kept = [r if isinstance(r, Text) else crash_text(sys.exc_info()[1]) for r in renderables]
        self._return_code = INTERNAL
        self._exit_renderables[:] = self._exit_renderables or (Segments([Segment(text.plain + "\n")]) for text in kept)  # type: ignore[attr-defined]
        self._close_messages_no_wait()  # type: ignore[attr-defined]

    def _handle_exception(self, error: Exception) -> None:
        if self._exception is None:  # type: ignore[has-type]
            self._exception = error
            self._exception_event.set()  # type: ignore[attr-defined]
        self.panic(crash_text(error))
