"""The screen below everything. It makes good a loss of Textual's: a widget whose place was asked for before it was laid out is never told its size.

Textual tells a widget its size when a layout finds it for the first time. A question for any widget's place in between, after something
has scrolled, makes it lay out silently, and the next layout takes the new widget for a known one: no Resize, no Show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from textual._compositor import Compositor, CompositorMap, ReflowResult
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
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

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """Textual's own, but each widget is asked only for the lines that are wanted and where something of it is seen.

        Textual asks every widget for all its lines, wherever what changed lies, and the containers below everything too.
        """
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
        missing = {y: len(chops[y]) for y in crop.line_range if is_rendered_line(y)}
        for widget, (region, clip) in self.visible_widgets.items():  # front to back
            if not missing:
                break
            seen = region.intersection(clip)
            for first, last in _runs([y for y in seen.line_range if y in missing]) if seen else ():
                wanted = Region(seen.x - region.x, first - region.y, seen.width, last - first)
                for y, strip in enumerate(widget.render_lines(wanted), first):
                    chop = chops[y]
                    inside = [cut for cut in cuts[y] if seen.x <= cut <= seen.right]
                    pieces = [strip] if len(inside) == 2 else strip.divide([cut - seen.x for cut in inside[1:]])
                    for cut, piece in zip(inside, pieces, strict=False):
                        if chop[cut] is None:
                            chop[cut] = piece
                            missing[y] -= 1
                    if not missing[y]:
                        del missing[y]
        return chops  # type: ignore[return-value]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as ranges: first, and one after the last."""
    start = 0
    for at, number in enumerate(numbers, 1):
        if at == len(numbers) or numbers[at] != number + 1:
            yield numbers[start], number + 1
            start = at


class Ground(Screen[Any]):
    """The console's only screen that is no dialog."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._compositor = Layout()
