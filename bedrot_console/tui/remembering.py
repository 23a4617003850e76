"""Where the operator left the console, kept while it runs and put back when it starts: place, theme, commands, and what each place keeps.

What comes back is looked at field by field: the file is the operator's own, and may be old, cut or changed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .places import PLACES
from .screens.view import View
from .words import History

VERSION = 1


def text_of(value: object, longest: int) -> str:
    """A kept text, or nothing: one line of at most `longest` characters."""
    return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""


def texts_of(value: object, most: int, longest: int) -> list[str]:
    """Kept texts, those that are any."""
    return [text for item in value[:most] if (text := text_of(item, longest))] if isinstance(value, list) else []


def table_of(value: object) -> Mapping[str, Any]:
    """A kept table, or an empty one."""
    return value if isinstance(value, dict) else {}


class Remembering:
    """Mixed into the app. `memory` is what was kept last; an empty one begins where a new operator begins."""

    memory: Mapping[str, Any]
    _kept: dict[str, Any] | None = None

    def restore_view(self, view: View) -> None:
        """Put back what the place kept, before it is mounted."""
        view.restore(table_of(table_of(self.memory.get("places")).get(view.place)))

    def restore_theme(self) -> None:
        app: Any = self
        theme = self.memory.get("theme")
        if isinstance(theme, str) and theme in app.offered_themes and self._shows(theme):
            app.theme = theme

    def _shows(self, theme: str) -> bool:
        """Whether this terminal can show the theme: one of many colours is left alone where there are sixteen or none."""
        app: Any = self
        return not app.no_color and (theme.startswith("ansi") or app.console.color_system in ("256", "truecolor"))

    def restore_rest(self) -> None:
        """Place and command history, once the screen is there."""
        app: Any = self
        lines = texts_of(self.memory.get("commands"), History.LONGEST, 2000)
        app.command_line.history.lines[:] = History(lines).lines
        place = self.memory.get("place")
        if isinstance(place, str) and place in PLACES and place != app.place:
            app.show_place(place)

    def kept(self) -> dict[str, Any]:
        """What to keep now. Places that were not seen this time keep what they kept last."""
        app: Any = self
        places = dict(table_of(self.memory.get("places")))
        places |= {name: view.to_keep() for name, view in app._views.items() if view.is_mounted}
        kept = self.memory.get("theme")
        theme = app.theme if app.theme != app.own_theme or (isinstance(kept, str) and self._shows(kept)) else kept
        return {
            "version": VERSION,
            "place": app.place,
            "theme": theme,
            "commands": list(app.command_line.history.lines),
            "places": places,
        }

    def keep(self) -> None:
        """Keep it in a worker, if it changed."""
        app: Any = self
        backend, now = app.backend, self.kept()
        if self._kept is None:
            self._kept = now
        if now != self._kept:
            self._kept = now
            app.fetch("keep", lambda: backend.keep(now))

    def exit(self, *given: Any, **named: Any) -> None:
        """The last word, before the screen goes."""
        app: Any = self
        if app._views and app.is_mounted:
            app.backend.keep(self.kept())
        super().exit(*given, **named)  # type: ignore[misc]
