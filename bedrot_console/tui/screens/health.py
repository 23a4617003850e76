"""Health: how fresh each feed's data is, worst first, and beside it how runs went, what landed and when the disk is full."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container

from ...domain.accounts import account_flag
from ...domain.errors import READ_ONLY
from ...domain.plots import has_blocks
from ...domain.text import safe
from ..healthlines import feed_pieces, head, health_lines, why_lines
from ..keys import bindings
from ..messages import Explained, Failed, HealthLoaded
from ..widgets.headline import Headline
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from .overview import Overview

if TYPE_CHECKING:
    from ...operations.explain import Why
    from ...operations.health import FeedHealth, Health
    from ..modals.text import TextModal

COLUMNS = (
    Column("state", 11),
    Column("feed", 20, flex=2),
    Column("account/series", 9, flex=1),
    Column("data as of", 10),
    Column("age", 6, "right"),
    Column("deadline", 9, "right"),
    Column("last landed", 16, least=104),
)


class FeedList(ListTable, can_focus=True):
    """Feeds by account and series, worst first."""


class HealthView(Overview):
    """Feeds, and the figures below or beside them."""

    place = "health"
    BINDINGS = bindings("health")
    DEFAULT_CSS = """
    HealthView FeedList { height: 2fr; }
    HealthView Pane { height: 3fr; }
    """
    loads = "health"
    every_seconds = 30

    def __init__(self) -> None:
        super().__init__()
        self.health: Health | None = None
        self.why: Why | None = None
        self.modal: TextModal | None = None
        self.blocks = has_blocks(os.environ)

    def compose(self) -> ComposeResult:
        yield Headline()
        with Container(id="sides"):
            yield FeedList(COLUMNS, id="feeds", empty=("loading…",))
            yield Pane(id="figures")

    @property
    def feed(self) -> FeedHealth | None:
        """The feed under the cursor."""
        index = self.table.cursor
        return self.health.feeds[index] if self.health is not None and index < len(self.health.feeds) else None

    # loading

    def load(self) -> None:
        backend = self.console.backend
        self.fetch("health", lambda: HealthLoaded(backend.health()))

    def on_health_loaded(self, message: HealthLoaded) -> None:
        message.stop()
        self.health = health = message.health
        self.table.empty = (
            "no data has a date yet",
            "freshness is the newest date inside a good file, never the age of a file",
            "it comes with the first file that is validated: bedrot extract PLATFORM",
        )
        self.table.set_rows([((f.feed, f.account, f.series), feed_pieces(f)) for f in health.feeds])
        self.query_one(Headline).show(head(health))
        self.tell()
        self.state_changed()

    def tell(self) -> None:
        if self.health is not None:
            self.pane.show(health_lines(self.health, max(40, self.pane.size.width - 2), blocks=self.blocks), keep_top=True)

    def on_virtual_table_chosen(self, message: ListTable.Chosen) -> None:
        message.stop()
        self.action_act("why")

    def on_failed(self, message: Failed) -> None:
        if message.group == "why" and self.modal is not None:
            self.modal.set_lines(
                [[(f"✗ {safe(message.text, 300)}", "error")], [(f"→ {safe(message.hint or '', 200)}", "strong")]]
            )
            message.stop()
            message.prevent_default()  # said where it was asked

    # keys

    def why_not(self, action: str) -> str | None:
        if action in ("why", "files", "start", "copy_command", "login") and self.feed is None:
            return "no feed here"
        if action == "start" and self.console.backend.read_only:
            return READ_ONLY
        return None

    def do_files(self) -> None:
        if self.feed:
            self.console.show_files(f"feed:{self.feed.feed}")

    def do_login(self) -> None:
        if self.feed:
            self.console.show_account(self.feed.platform, self.feed.account)

    def do_start(self) -> None:
        if self.feed:
            self.console.start_run(self.feed.platform, self.feed.account)

    def do_copy_command(self) -> None:
        feed = self.feed
        if feed:
            series = f" --series {feed.series}" if feed.series else ""
            self.console.copy(f"bedrot status --why {feed.feed}{account_flag(feed.account)}{series}", "command")

    def do_why(self) -> None:
        from ..modals.text import TextModal

        feed = self.feed
        if feed is None:
            return
        backend = self.console.backend
        keys = {"l": "log", "f": "files", "e": "review", "s": "start", "y": "copy"}
        self.modal = TextModal("Why", [[("looking…", "dim")]], keys)
        self.why = None

        def closed(word: str | None) -> None:
            self.modal = None
            if word:
                self._go(word, feed)

        self.console.push_screen(self.modal, closed)
        self.fetch("why", lambda: Explained(backend.why(feed.feed, feed.account, feed.series)))

    def on_explained(self, message: Explained) -> None:
        message.stop()
        self.why = why = message.why
        if self.modal is not None:
            now = self.console.backend.now()
            self.modal.set_lines(lambda width: why_lines(why, now, width))

    def _go(self, word: str, feed: FeedHealth) -> None:
        """What a key of the dialog leads to; what there is nothing of is said."""
        why = self.why
        if word in ("files", "start"):
            self.action_act(word)
        elif why is None:
            self.notice("nothing was found out yet", "warning")
        elif word == "log":
            if why.runs:
                self.console.show_run(why.runs[0].id)
            else:
                self.notice(f"nothing has run for {feed.platform} ({feed.account})", "warning")
        elif word == "review":
            if why.captures:
                self.console.review_file(why.captures[0].id)
            else:
                self.notice("there is no capture", "warning")
        elif why.command:
            self.console.copy(why.command, "command")
        else:
            self.notice("there is nothing to do but wait", "info")

    def decided(self, message: object) -> None:
        self.catalog_changed()

    validated = decided
