"""Widgets that draw whole lines themselves."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Drawn(Widget):
    """A widget whose `render_line` gives each line as it is to be seen, as wide as the widget: nothing of the style sheet is laid over it.

    Textual adds border, padding, tint and opacity to every line, and looks all of them up for every line, also where there are none. With
    a border or padding it still does.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.gutter:
            return super().render_lines(crop)
        strips = [self.render_line(y) for y in crop.line_range]
        first, last = crop.column_span
        strips = [s if s.cell_length == last and not first else s.crop_extend(first, last, None) for s in strips]
        filters = self.get_line_filters()
        if filters:
            background = self.background_colors[1]
            for each in filters:
                strips = [strip.apply_filter(each, background) for strip in strips]
        return strips
