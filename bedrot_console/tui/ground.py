"""The screen below everything. It makes good a loss of Textual's: a widget whose place was asked for before it was laid out is never told its size.

Textual tells a widget its size when a layout finds it for the first time. A question for any widget's place in between, after something
has scrolled, makes it lay out silently, and the next layout takes the new widget for a known one: no Resize, no Show.
"""

from __future__ import annotations

from typing import Any

from textual._compositor import Compositor, CompositorMap, ReflowResult
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget


class Layout(Compositor):
    """A compositor that compares a layout with the last one that was told, whatever was asked since."""

    _told: CompositorMap | None = None

    @property
    def full_map(self) -> CompositorMap:
        if self._full_map_invalidated and self._told is None:
            self._told = self._full_map
        return super().full_map

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        if self._told is not None:
            self._full_map, self._told = self._told, None
        return super().reflow(parent, size)


class Ground(Screen[Any]):
    """The console's only screen that is no dialog."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._compositor = Layout()
