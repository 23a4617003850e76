"""Textual's frames go out through the painter."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from .painter import Painter


class Painted:
    """Mixed into the app, before Textual's App."""

    painter: Painter

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
                frame = self.painter.paint(renderable, self.console, (self.size.width, self.size.height))
            except Exception as error:
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
