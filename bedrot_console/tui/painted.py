"""Textual's frames go out through the painter."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from textual.screen import Screen

from .painter import Painter
from .pictures import BLOCKS, Ability


class Painted:
    """Mixed into the app, before Textual's App."""

    painter: Painter
    ability = Ability()

    def learn_ability(self) -> None:
        """Ask the terminal, once, how it draws pictures; until it answers they are half blocks. `ability_learned` follows."""
        wanted = self.backend.pictures
        ask = getattr(self._driver, "ask", None)
        if ask is not None and wanted != BLOCKS and "NO_COLOR" not in os.environ:
            ask(wanted, lambda ability: self.call_later(partial(self.ability_learned, ability)))

    def ability_learned(self, ability: Ability) -> None:
        """The terminal has answered: whatever shows a picture draws it anew."""
        self.ability = ability
        drawn_anew = getattr(self.screen, "ability_learned", None)
        if drawn_anew is not None:
            drawn_anew()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Textual's own, but the bytes come from the painter: changed cells only, printable characters only."""
        from textual._compositor import ChopsUpdate, LayoutUpdate

        driver = self._driver
        if (
            isinstance(renderable, (ChopsUpdate, LayoutUpdate))
            and driver is not None
            and not self.is_headless
            and self._running
            and not self._closed
            and not self._batch_count
        ):
            try:
                frame = self.painter.paint(
                    renderable, self.console, (self.size.width, self.size.height), getattr(self.screen, "picture", None)
                )
            except Exception as error:  # as in what it stands for: a screen that cannot be drawn is a crash
                self._handle_exception(error)
                return
            if frame:
                self._begin_update()
                driver.write(frame)
                self._end_update()
                driver.flush()
            self.post_display_hook()
            return
        super()._display(screen, renderable)
