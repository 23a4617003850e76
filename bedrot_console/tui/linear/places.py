"""The places in words: files, review, runs, what waits. Each leaves a numbered list behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from ...domain.accounts import account_flag
from ...domain.browsing import ORDERS, FileFilter, FileRow, Review
from ...domain.errors import UsageError
from ...domain.filterwords import parse_filter, split_words
from ...domain.lifecycle import Zone
from ...domain.text import safe
from .. import logins
from ..palette import size_text
from ..words import Order
from .lists import Item, Listing
from .room import Room
from .texts import diff_text, file_text, flat, log_text, review_text, run_text

FAR = 10_000
"""So many rows are read to get to the last one."""
MOST_MARKED = 10_000
LOG_LINES = 40
LOOK_SECONDS = 0.5
WHOLE = ("facts", "report", "diff", "preview", "allowed")
DECIDING = ("report", "diff", "allowed")


class Places(Room):
    """Files, Review, Runs and what waits."""

    row: FileRow | None
    marks: dict[str, FileRow]
    words: str
    sorting: str
    said: Review | None
    named: Callable[[Sequence[str]], list[str]]
    rows: Callable[[Sequence[str]], list[FileRow]]
    key_of: Callable[[str], tuple[str, str] | None]
    account: Callable[..., Any]
    run_of: Callable[[Any], str]
    say_event: Callable[[Any], None]
    say_row: Callable[[Item, int], None]
    say_part: Callable[[str, Order], None]
    run_kept: Callable[[Any], None]

    # files and review

    def _files(self, what: FileFilter, title: str, empty: Sequence[str]) -> Listing:
        def more(row: FileRow | None) -> list[Item]:
            return [Item(r.id, file_text(r), r) for r in self.backend.files(what, after=row)]

        return Listing(title, "file", more=more, total=self.backend.count(what), empty=empty)

    def order_files(self, order: Order) -> None:
        words = self._filter_of_number(order.filter_words())
        what = parse_filter(words, self.backend.now())
        by = split_words(words)[0].get("group")
        if by is not None:
            for key, files, size in self.backend.groups(what, by):
                self.speech.say(
                    f"{by} {safe(key or '(none)', 80)}: {files:,} file{'s' if files != 1 else ''}, {size_text(size)}."
                )
            return
        if "order:" not in words:
            what = dataclasses.replace(what, order=self.sorting)
        self.words = words
        empty = ("no file matches",) if words else ("no files yet: extract PLATFORM starts an extraction",)
        self.show_list("files", self._files(what, f"Files, {what.order}" + (f", {words}" if words else ""), empty))

    def _filter_of_number(self, words: str) -> str:
        """A number of a list that is not of files stands for what that row is about."""
        item = self.numbered(words, "run", "feed", "row", "event")
        if item is None or self.listing is None:
            return words
        if self.listing.kind == "run":
            return f"run:{item.id}"
        if self.listing.kind == "feed":
            return f"feed:{item.what.feed}"
        return f"id:{','.join(self.named([words]))}"

    def order_order(self, order: Order) -> None:
        if order.first not in ORDERS:
            raise UsageError(f"no such order: {safe(order.first, 20)}", hint=", ".join(ORDERS))
        self.sorting = order.first
        self.obey("files " + " ".join(w for w in self.words.split() if not w.startswith("order:")))

    def order_review(self, order: Order) -> None:
        if order.first:
            self._show(self.named(order.words)[0], DECIDING)
            return
        what = FileFilter(zone=Zone.LANDING, order="worst")
        empty = ("nothing waits for a decision: new files come from extract, or land in a shell",)
        self.show_list("review", self._files(what, "Review, worst first", empty))

    def pending(self) -> list[FileRow]:
        """Files that were never validated."""
        return self.backend.files(FileFilter(zone=Zone.LANDING, status="pending"), limit=10_000)

    def _show(self, name: str, parts: Sequence[str]) -> None:
        review = self.backend.review(name)
        self.row = review.file
        if "report" in parts:
            self.said = review
        if self.listing is not None and self.listing.kind == "file":
            self.current = next((i for i, item in enumerate(self.listing.items) if item.id == review.file.id), self.current)
        number = f"{self.current + 1}. " if self.current is not None else ""
        self.speech.say(number + file_text(review.file))
        self.speech.all(review_text(review, parts))

    def order_show(self, order: Order) -> None:
        name = self.named(order.words)[0]
        if order.options:
            self.row = self.backend.find(name)
            self.say_part(self.row.id, order)
        else:
            self._show(name, WHOLE)

    def order_report(self, order: Order) -> None:
        self._show(self.named(order.words)[0], (order.name,))

    order_preview = order_report

    def order_diff(self, order: Order) -> None:
        name = self.named(order.words)[0]
        if "all" not in order.options:
            self._show(name, (order.name,))
            return
        self.row = self.backend.find(name)
        self.speech.say(file_text(self.row))
        self.speech.all(diff_text(self.backend.diff(self.row.id, True), None))

    def order_next(self, order: Order) -> None:
        self._step(1)

    def order_previous(self, order: Order) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        listing = self._list("file")
        at = 0 if self.current is None else self.current + by
        listing.fill(at + 1)
        if not 0 <= at < len(listing.items):
            raise UsageError("that was the last file" if by > 0 else "that was the first file", hint="review")
        self.current = at
        listing.top = at // 20 * 20
        self._show(listing.items[at].id, DECIDING)

    def order_mark(self, order: Order) -> None:
        if order.words == ("all",):
            listing = self._list("file")
            if listing.total is not None and listing.total > MOST_MARKED:
                raise UsageError(f"{listing.total:,} files are more than can be marked", hint="promote --matching FILTER")
            listing.fill(MOST_MARKED)
            self.marks |= {item.id: item.what for item in listing.items}
        else:
            self.marks |= {row.id: row for row in self.rows(order.words)}
        self.speech.say(f"{len(self.marks)} marked.")

    def order_unmark(self, order: Order) -> None:
        for name in self.named(order.words) if order.words else list(self.marks):
            for whole in [m for m in self.marks if m.startswith(name)]:
                self.marks.pop(whole)
        self.speech.say(f"{len(self.marks)} marked.")

    def order_marks(self, order: Order) -> None:
        self.show_list("files", Listing("Marked", "file", [Item(r.id, file_text(r), r) for r in self.marks.values()]))

    # any list

    def _list(self, kind: str = "") -> Listing:
        if self.listing is None or kind and self.listing.kind != kind:
            raise UsageError(f"no list{' of files' if kind else ''} yet", hint="files, or review")
        return self.listing

    def order_more(self, order: Order) -> None:
        listing = self._list()
        if not listing.turn(1):
            raise UsageError("that was all", hint="first")
        self.speech.all(listing.page())

    def order_back(self, order: Order) -> None:
        listing = self._list()
        if not listing.turn(-1):
            raise UsageError("this is the first page", hint="more")
        self.speech.all(listing.page())

    def order_first(self, order: Order) -> None:
        listing = self._list()
        listing.top = 0
        self.speech.all(listing.page())

    def order_last(self, order: Order) -> None:
        listing = self._list()
        hint = {"file": "order oldest", "event": "audit before:200"}.get(listing.kind, "a query that gives fewer rows")
        if listing.total is not None and listing.total > FAR:
            raise UsageError(f"too far: {listing.total:,} rows", hint=hint)
        listing.fill(FAR)
        while listing.turn(1):
            pass
        self.speech.all(listing.page())

    def open_item(self, listing: Listing, number: int) -> None:
        """What a number alone does."""
        item = listing.numbers([str(number)])[0]
        if listing.kind == "file":
            self._show(item.id, DECIDING if self.place == "review" else WHOLE)
        elif listing.kind == "run":
            self._log(item.id, LOG_LINES)
        elif listing.kind in ("need", "way"):
            self.obey(item.what)
        elif listing.kind == "account":
            self.obey(f"sessions {number}")
        elif listing.kind == "feed":
            self.obey(f"why {number}")
        elif listing.kind == "event":
            self.say_event(item.what)
        elif listing.kind == "query":
            self.run_kept(item.what)
        elif listing.kind == "row":
            self.say_row(item, number)
        else:
            self.speech.say(item.text + (f". {item.what}" if item.what else ""))

    # runs

    def order_runs(self, order: Order) -> None:
        if order.first:
            self._log(self._run(order), LOG_LINES)
            return
        runs = [Item(r.id, run_text(r), r) for r in self.backend.runs(200)]
        self.show_list("runs", Listing("Runs, newest first", "run", runs, empty=("no runs yet: extract PLATFORM starts one",)))

    def _run(self, order: Order) -> str:
        if (item := self.numbered(order.first, "run")) is not None:
            return item.id
        if (item := self.numbered(order.first, "event")) is not None:
            return self.run_of(item.what)
        if order.first and self.key_of(order.first) is not None:
            account = self.account([order.first])
            run = logins.newest_run(account)
            if run is None:
                raise UsageError(f"nothing has run for {account.platform} ({account.account})", hint=f"extract {order.first}")
            return run
        if order.first:
            return self.backend.run(order.first).id
        runs = self.backend.runs(1)
        if not runs:
            raise UsageError("no runs yet", hint="extract PLATFORM")
        return runs[0].id

    def order_log(self, order: Order) -> None:
        from ..widgets.log import ALL, ERRORS, WARNINGS

        level = ERRORS if "errors" in order.options else WARNINGS if "warnings" in order.options else ALL
        self._log(self._run(order), None if "all" in order.options else LOG_LINES, level, " ".join(order.words[1:]))

    def _log(self, name: str, most: int | None, level: int = 0, text: str = "") -> None:
        lines = self._said(self.backend.run_events(name), level, text)
        self.speech.say(run_text(self.backend.run(name)))
        if most is not None and len(lines) > most:
            self.speech.say(f"the last {most} of {len(lines)} lines; log {name[:10]} --all reads all")
            lines = lines[-most:]
        self.speech.all(lines)

    @staticmethod
    def _said(events: Sequence[dict[str, Any]], level: int = 0, text: str = "") -> list[str]:
        """What events say: those of this level or a worse one, that hold this text."""
        from ..runlines import entry_of

        entries = [entry for event in events if (entry := entry_of(event)) is not None and entry.level >= level]
        lines = [log_text(line) for line in flat(entry.line for entry in entries)]
        return [line for line in lines if text.lower() in line.lower()]

    def order_follow(self, order: Order) -> None:
        name = self._run(order)
        events = self.backend.run_events(name)
        seen = int(events[-1]["seq"]) if events else 0
        while True:
            view = self.backend.run(name)
            events = self.backend.run_events(name, seen)
            self.speech.all(self._said(events))
            seen = int(events[-1]["seq"]) if events else seen
            if view.state.ended or any(c.run_id == view.id for c in self.backend.challenges()):
                self.speech.say(run_text(view))
                return
            self.wait(LOOK_SECONDS)

    def order_extract(self, order: Order) -> None:
        accounts = self.backend.startable()
        if "due" in order.options:
            due = [a for a in accounts if a.due and not a.problem]
            self.speech.say(
                f"{len(due)} due: {', '.join(f'{a.platform} ({a.account})' for a in due)}" if due else "Nothing is due."
            )
            if due and self.yes("Start them?"):
                for account in due:
                    self._start(account.platform, account.account)
            return
        key = self.key_of(order.first) if order.first and len(order.words) == 1 else None
        if key is not None:
            self._start(*key)
            return
        if order.first not in {a.platform for a in accounts}:
            names = ", ".join(sorted({a.platform for a in accounts if not a.problem}))
            raise UsageError(f"no such platform: {safe(order.first or 'none given', 40)}", hint=names)
        self._start(order.words[0], order.options.get("account") or (order.words[1] if len(order.words) > 1 else "default"))

    def _start(self, platform: str, account: str, feeds: Sequence[str] = ()) -> None:
        name = self.backend.start(platform, account, feeds)
        self.speech.say(f"Run {name[:10]} of {platform} ({account}) started; it goes on if this ends. follow reads what it says.")

    def order_again(self, order: Order) -> None:
        run = self.backend.run(self._run(order))
        self._start(run.platform, run.account, run.again)

    def order_cancel(self, order: Order) -> None:
        if "all" in order.options:
            done, failed = self.backend.cancel_all()
            self.speech.say(
                f"{done} run{'s are' if done != 1 else ' is'} being cancelled"
                + (f", {failed} could not be" if failed else "")
                + "."
            )
            return
        if not order.first:
            raise UsageError("cancel what?", hint=order.command.form)
        name = self._run(order)
        self.backend.cancel(name)
        self.speech.say(f"Run {name[:10]} is being cancelled; what has landed stays.")

    # what waits

    def order_needs(self, order: Order) -> None:
        from .. import operator

        now = self.backend.now()
        items = [
            Item(c.id, f"now: {operator.question(c)}, {operator.time_left(c, now)}", f"answer {c.id}")
            for c in self.backend.challenges()
        ]
        for need in self.backend.needs():
            text = f"{need.at:%m-%d %H:%M} {need.platform} ({need.account}): {need.code}; its number starts the run again with you present"
            items.append(Item(need.id, safe(text, 300), f"extract {need.platform}{account_flag(need.account)}"))
        self.show_list(self.place, Listing("What needs you", "need", items, empty=("nothing waits for you",)))
