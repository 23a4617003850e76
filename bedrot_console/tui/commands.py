"""The command line (`:`) and the palette of the console. Both say what the keys and the shell say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ..domain.browsing import FileFilter, FileRow
from ..domain.errors import READ_ONLY, UsageError
from ..domain.filterwords import decision_filter
from ..domain.lifecycle import Verb, Zone
from . import operator
from .keys import EVERYWHERE, KEYS
from .messages import Named, Notice, RunNamed, StartableLoaded
from .widgets.commandline import CommandLine
from .words import Known, Order, commands, parse

if TYPE_CHECKING:
    from .app import Console

VERBS = tuple(verb.value for verb in Verb)


class Commanding:
    """Mixed into the app: `:` opens the line, `order_<name>` carries a command out."""

    @property
    def command_line(self) -> CommandLine:
        app: Any = self
        return app.screen_stack[0].query_one(CommandLine)

    def do_command(self, text: str = "") -> None:
        app: Any = self
        self.command_line.open(text)
        app.screen_stack[0].set_focus(self.command_line.field)

    def _leave_command(self) -> None:
        app: Any = self
        self.command_line.close()
        app.focus_place()

    def _command(self, text: str) -> None:
        self._leave_command()
        self.run_command(text)

    def run_command(self, text: str) -> None:
        """Carry out one line; what is wrong with it is said, with the right form."""
        app: Any = self
        try:
            order = parse(text)
            if order is not None:
                app.notice("")  # of what came before
                self.command_line.history.add(text)
                if order.command.writes and app.backend.read_only:
                    raise UsageError(f"{order.name}: {READ_ONLY}", hint="a console without --read-only")
                getattr(self, f"order_{order.name}", partial(self._go, app))(order)
        except UsageError as error:
            app.notice(str(error), "error", error.hint)

    @staticmethod
    def _go(app: Console, order: Order) -> None:
        app.show_place(order.name)

    def known(self) -> Known:
        """What can be completed now, without asking anybody: what the places have loaded."""
        app: Any = self
        if not app.platform_names and self.command_line.field.value.startswith("extract"):
            app.fetch("platform names", lambda: StartableLoaded(app.backend.startable()))
        rows: list[FileRow] = [*app.files_view.table.chosen(), *app.files_view.table.rows]
        runs = []
        if "review" in app._views:
            rows = [*app.review_view.rows, *rows] if app.place == "review" else [*rows, *app.review_view.rows]
        if "runs" in app._views:
            runs = app.runs_view.runs
        return {
            "file": (r.id for r in rows),
            "platform": {r.platform: None for r in rows} | {r.platform: None for r in runs} | dict.fromkeys(app.platform_names),
            "feed": (r.feed for r in rows),
            "account": (r.account for r in [*rows, *runs]),
            "series": (r.series for r in rows),
            "run": (r.id for r in runs),
            "challenge": (c.id for c in app.challenges),
            "theme": app.offered_themes,
        }

    def on_startable_loaded(self, message: StartableLoaded) -> None:
        app: Any = self
        app.platform_names = list(dict.fromkeys(a.platform for a in message.accounts if not a.problem))

    # what the words do

    def order_files(self, order: Order) -> None:
        app: Any = self
        app.show_files(order.filter_words())

    def order_review(self, order: Order) -> None:
        app: Any = self
        app.review_file(order.first) if order.first else app.show_place("review")

    def order_runs(self, order: Order) -> None:
        app: Any = self
        app.show_place("runs")
        if order.first:
            backend, name = app.backend, order.first
            app.fetch("named run", lambda: RunNamed(backend.run(name).id))

    def on_run_named(self, message: RunNamed) -> None:
        app: Any = self
        app.show_run(message.run)

    def order_sql(self, order: Order) -> None:
        app: Any = self
        app.run_sql(order.first) if order.first else app.show_place("sql")

    def order_audit(self, order: Order) -> None:
        app: Any = self
        app.show_audit(" ".join(order.words)) if order.words else app.show_place("audit")

    def order_show(self, order: Order) -> None:
        app: Any = self
        app.show_details(order.first)

    def order_goto(self, order: Order) -> None:
        app: Any = self
        app.goto(order.first)

    def order_validate(self, order: Order) -> None:
        self._on_files(order, FileFilter(zone=Zone.LANDING, status="pending") if "pending" in order.options else None)

    def _decide(self, order: Order) -> None:
        app: Any = self
        if len([g for g in (order.words, order.options.get("passed"), "matching" in order.options) if g]) > 1:
            raise UsageError("ids, --passed and --matching exclude each other", hint=order.command.form)
        if "matching" in order.options:
            what = decision_filter(order.options["matching"], app.backend.now())
            app.current_view.ask_plan(Verb(order.name), what, why=order.options.get("reason", ""))
            return
        self._on_files(order, "passed" if "passed" in order.options else None)

    order_promote = order_quarantine = order_release = order_withdraw = _decide

    def _on_files(self, order: Order, what: FileFilter | str | None) -> None:
        """On the named files; without a name on those that the keys would take."""
        app: Any = self
        if not order.words and what is None:
            place = app.place if app.place in ("files", "review") and order.name not in ("release", "withdraw") else "files"
            app.when_there(place, partial(app.view(place).action_act, order.name))
            return
        backend = app.backend

        def work() -> Named:
            if what is None:
                rows: Sequence[FileRow] = [backend.find(name) for name in dict.fromkeys(order.words)]
            else:
                rows = backend.passed() if isinstance(what, str) else backend.files(what, limit=10_000)
            return Named(order.name, list(rows), order.options.get("reason", ""))

        app.fetch("named", work)

    def on_named(self, message: Named) -> None:
        app: Any = self
        view = app.current_view
        if not message.rows:
            app.notice(f"{message.verb}: no such files", "warning", "files status:pending")
            return
        if message.verb == "validate":
            view.ask_validation(message.rows)
            return
        verb = Verb(message.verb)
        reason = view.refusal_of_all(verb, message.rows)
        if reason:
            app.notice(f"{verb}: {reason}", "warning")
        else:
            view.ask_decision(verb, message.rows, message.reason)

    def order_undo(self, order: Order) -> None:
        app: Any = self
        app.ask_undo(list(order.words))

    def order_extract(self, order: Order) -> None:
        app: Any = self
        if "due" in order.options:
            app.when_there("runs", partial(app.runs_view.action_act, "start_due"))
            return
        if not order.words:
            raise UsageError("extract what?", hint=order.command.form)
        account = order.options.get("account") or (order.words[1] if len(order.words) > 1 else "default")
        app.start_run(order.first, account)

    def order_cancel(self, order: Order) -> None:
        app: Any = self
        if "all" in order.options:
            app.when_there("runs", partial(app.runs_view.action_act, "cancel_all"))
            return
        if not order.words:
            raise UsageError("cancel what?", hint=order.command.form)
        backend, name = app.backend, order.words[0]

        def work() -> Notice:
            run = backend.run(name)
            backend.cancel(run.id)
            return Notice(f"{run.platform} ({run.account}) is being cancelled; what has landed stays", "done")

        app.fetch("cancel", work, keep=True)

    def order_answer(self, order: Order) -> None:
        app: Any = self
        if order.first is not None:
            found = [c for c in app.challenges if c.id.startswith(order.first)]
            if len(found) != 1:
                raise UsageError("no such question now", hint="needs")
            if operator.is_seen(found[0]):
                app.see(found[0])
                return
            app.prompt.ask(found[0], app.backend.now())
            app.screen_stack[0].set_focus(app.prompt)
            app.refresh_keys()
            return
        app.action_act("answer")

    def order_needs(self, order: Order) -> None:
        app: Any = self
        app.action_act("needs")

    def order_copy(self, order: Order) -> None:
        app: Any = self
        action = f"copy_{order.first}"
        if not hasattr(app.current_view, f"do_{action}"):
            raise UsageError(f"no {order.first} here", hint=order.command.form)
        app.current_view.action_act(action)

    def order_theme(self, order: Order) -> None:
        app: Any = self
        if order.first not in app.offered_themes:
            raise UsageError("no such theme", hint="theme " + "|".join(app.offered_themes))
        app.theme = order.first

    def order_help(self, order: Order) -> None:
        app: Any = self
        app.show_help(" ".join(order.words))

    def order_redraw(self, order: Order) -> None:
        app: Any = self
        app.do_redraw()

    def order_quit(self, order: Order) -> None:
        app: Any = self
        app.exit(0)


MOVES = ("up", "down", "page_up", "page_down", "home", "end", "left", "right")


class ConsoleCommands(Provider):
    """What the palette offers: the safe rows of the key table. No screenshot: a picture of a code or a person's data is a leak."""

    def _commands(self) -> list[tuple[str, str, partial[None]]]:
        console: Console = self.app  # type: ignore[assignment]
        out = []
        for where in (console.place, EVERYWHERE):
            target = console if where == EVERYWHERE else console.current_view
            for key in KEYS[where]:
                if key.safe and key.action not in MOVES:
                    why = target.why_not(key.action)
                    text = f"{key.help}  ({key.face})" + (f"  not now: {why}" if why else "")
                    out.append((text, "", partial(console.call_later, target.action_act, key.action)))
        for command in commands().values():
            out.append(
                (f":{command.form}  {command.help}", "", partial(console.call_later, console.do_command, f"{command.name} "))
            )
        for theme in console.offered_themes:
            out.append((f"theme: {theme}", "", partial(setattr, console, "theme", theme)))
        return out

    async def discover(self) -> Hits:
        for text, face, run in self._commands():
            yield DiscoveryHit(text, run, help=face or None)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, face, run in self._commands():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), run, help=face or None)
