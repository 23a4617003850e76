"""Moving between places: views are made when first wanted, and the next key finds the place that the last one asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from .keys import EVERYWHERE, KEYS
from .places import PLACES
from .screens.files import FilesView
from .screens.view import View
from .widgets.header import Header
from .widgets.keybar import KeyBar
from .widgets.prompt import PromptBar

if TYPE_CHECKING:
    from .screens.review import ReviewView
    from .screens.runs import RunsView
    from .screens.sql import SqlView


class Moving:
    """Mixed into the app. `place` is the name of the place on the screen, `arriving` the view that is asked for and not there yet."""

    place: str
    arriving: View | None
    _views: dict[str, View]

    def view(self, place: str) -> View:
        """The view of a place; made when it is first wanted."""
        if place not in self._views:
            self._views[place] = PLACES[place].load()()
            self.restore_view(self._views[place])
            self.screen_stack[0].query_one("#places").mount(self._views[place])
        return self._views[place]

    def _ready_views(self) -> list[View]:
        return [view for view in self._views.values() if view.is_mounted]

    @property
    def current_view(self) -> View:
        return self._views[self.place]

    @property
    def files_view(self) -> FilesView:
        return self.view("files")  # type: ignore[return-value]

    @property
    def review_view(self) -> ReviewView:
        return self.view("review")  # type: ignore[return-value]

    @property
    def runs_view(self) -> RunsView:
        return self.view("runs")  # type: ignore[return-value]

    @property
    def sql_view(self) -> SqlView:
        return self.view("sql")  # type: ignore[return-value]

    def show_place(self, place: str) -> None:
        """Bring a place onto the screen; the next key goes there."""
        view = self.view(place)
        if place != self.place:
            self.leave_notice()
        self.place = place
        for name, other in self._views.items():
            other.display = name == place
        self._main.query_one(Header).place = place
        self.arriving = view
        if view.is_mounted:
            self.arrive()
        else:
            self.call_after_refresh(self.arrive)

    def arrive(self) -> None:
        """The place that was asked for is there: it has the keys."""
        view, self.arriving = self.arriving, None
        if view is None:
            return
        if not view.is_mounted:
            self.arriving = view
            self.call_after_refresh(self.arrive)
            return
        self.focus_place()
        view.shown()
        self.ask_challenge()

    def focus_place(self) -> None:
        """Give the keys to the place on the screen."""
        self._main.set_focus(self.current_view.focus_target())
        self.refresh_keys()

    def when_there(self, place: str, act: Callable[[], None]) -> None:
        """Show a place and do something there, as soon as it is there."""
        self.show_place(place)
        if self.arriving is None:
            act()
        else:
            self.call_after_refresh(self.when_there, place, act)

    @property
    def _main(self) -> Screen[Any]:
        return self.screen_stack[0]

    def refresh_keys(self) -> None:
        """Draw the key bar for where the keys go now."""
        if not self._views:
            return
        bar = self._main.query_one(KeyBar)
        prompt = self._main.query_one(PromptBar)
        if self._main.focused is prompt:
            bar.show(prompt.keys(), prompt.why_not)
            return
        view = self.current_view
        if not view.is_mounted:
            return  # it asks when it arrives
        bar.show((*view.keys(), *KEYS[EVERYWHERE]), lambda a: view.why_not(a) or self.why_not(a))

    def on_descendant_focus(self) -> None:
        self.refresh_keys()
