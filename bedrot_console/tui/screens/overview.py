"""What Sessions, Health and Audit have in common: a list, and a pane that says more, below the list or beside it."""

from __future__ import annotations

from textual.widget import Widget

from ..messages import Failed
from ..widgets.pane import Pane
from ..widgets.table import ListTable, VirtualTable
from .view import View

WIDE = 130
"""From so many columns on the pane stands beside the list."""


class Overview(View):
    """A list and a pane, both in a container `#sides` where they may stand side by side."""

    DEFAULT_CSS = """
    Overview #sides { height: 1fr; layout: vertical; }
    Overview Pane { border-top: solid $panel; }
    Overview.wide #sides { layout: horizontal; }
    Overview.wide VirtualTable { height: 1fr; width: 3fr; }
    Overview.wide Pane { height: 1fr; width: 2fr; border-top: none; border-left: solid $panel; padding: 0 1; }
    """
    loads = ""
    """The group of `fetch` whose answer fills the list."""
    every_seconds = 1
    """So often it is loaded again while it is on the screen; at once when it comes there, or a newer catalog is published."""

    def __init__(self) -> None:
        super().__init__(id=self.place)
        self.beats = 0

    @property
    def table(self) -> ListTable:
        return self.query_one(VirtualTable)  # type: ignore[return-value]

    @property
    def pane(self) -> Pane:
        return self.query_one(Pane)

    def focus_target(self) -> Widget:
        return self.table

    def load(self) -> None:
        """Ask for what the list shows."""
        raise NotImplementedError

    def tell(self) -> None:
        """Say in the pane what there is to say, as wide as it is now."""
        raise NotImplementedError

    def fit(self) -> None:
        """Share out the room."""
        self.set_class(self.size.width >= WIDE, "wide")

    def on_resize(self) -> None:
        self.fit()
        self.call_after_refresh(self.tell)

    def shown(self) -> None:
        self.load()

    def catalog_changed(self) -> None:
        if self.is_shown:
            self.load()

    def pulse(self) -> None:
        self.beats += 1
        if self.beats % self.every_seconds == 0:
            self.load()

    def on_failed(self, message: Failed) -> None:
        if message.group == self.loads and not self.table.row_count():
            self.table.say(message.text, message.hint)

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        message.stop()
        self.state_changed()

    # keys

    def do_up(self) -> None:
        self.table.move_by(-1)

    def do_down(self) -> None:
        self.table.move_by(1)

    def do_home(self) -> None:
        self.table.home()

    def do_end(self) -> None:
        self.table.end()

    def do_page_up(self) -> None:
        self.pane.page(-1)

    def do_page_down(self) -> None:
        self.pane.page(1)
