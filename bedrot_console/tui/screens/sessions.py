"""Sessions: how the login of each account stands, what ends it, and what to do by when. What is inside a login is never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from ...domain.text import safe
from .. import logins
from ..accountlines import account_lines, ends_text, run_text, state_piece
from ..keys import bindings
from ..messages import AccountsLoaded, CheckSeen, CheckStarted, SessionChanged
from ..widgets.lines import Piece
from ..widgets.pane import Pane
from ..widgets.table import Column, ListTable
from ..widgets.times import span
from .overview import Overview

if TYPE_CHECKING:
    from ...operations.accounts import AccountInfo as Account

COLUMNS = (
    Column("state", 16),
    Column("platform", 11),
    Column("account", 9, flex=1),
    Column("age", 6, "right"),
    Column("ends", 12),
    Column("last run", 12),
    Column("last check", 12, least=92),
    Column("signs in by", 11, least=120),
)
Key = tuple[str, str]


class AccountList(ListTable, can_focus=True):
    """Platforms and accounts."""

    DEFAULT_CSS = "AccountList { height: 9; }"


@dataclass
class Checking:
    """A check that runs: its run, and the version that was imported before it, if it proves an import."""

    run: str
    version: int | None = None
    stage: str = ""


class SessionsView(Overview):
    """Accounts above, the chosen one in words below."""

    place = "sessions"
    BINDINGS = bindings("sessions")
    loads = "accounts"
    every_seconds = 15

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Account] = []
        self.trouble: tuple[str, str | None] | None = None
        self.checks: dict[Key, Checking] = {}
        self.loaded = False
        self.wanted: Key | None = None

    def compose(self) -> ComposeResult:
        yield AccountList(COLUMNS, id="accounts", empty=("loading…",))
        yield Pane(id="account")

    def fit(self) -> None:
        """The list takes the lines it needs, up to half of the place."""
        self.table.styles.height = max(4, min(len(self.rows) + 1, self.size.height // 2))

    @property
    def account(self) -> Account | None:
        """The chosen account."""
        index = self.table.cursor
        return self.rows[index] if index < len(self.rows) else None

    @property
    def key(self) -> Key:
        account = self.account
        assert account is not None
        return account.platform, account.account

    # loading

    def heartbeat(self) -> None:
        """A second has passed, wherever the operator is: checks go on."""
        for key, checking in self.checks.items():
            self._look(key, checking)

    def choose(self, platform: str, account: str) -> None:
        """Put the cursor on an account, as soon as it is listed."""
        self.wanted = (platform, account)
        self.load()

    def load(self) -> None:
        backend = self.console.backend
        self.fetch("accounts", lambda: AccountsLoaded(backend.accounts()))

    def on_accounts_loaded(self, message: AccountsLoaded) -> None:
        message.stop()
        found = message.accounts
        self.loaded = True
        self.rows = list(found.rows)
        self.trouble = (found.trouble, found.hint) if found.trouble else None
        self.table.empty = (
            "no platform here signs in",
            "a platform is a folder under extractors/; bedrot platforms lists them",
            "a run saves the login that it made: s starts one; i brings one from your own browser",
        )
        self._draw()
        index = next((i for i, a in enumerate(self.rows) if (a.platform, a.account) == self.wanted), None)
        if index is not None:
            self.table.move_to(index)
        self.wanted = None

    def _draw(self) -> None:
        self.fit()
        self.table.set_rows([((a.platform, a.account), self._pieces(a)) for a in self.rows])
        self.tell()
        self.state_changed()

    def _pieces(self, account: Account) -> list[Piece]:
        now = self.console.backend.now()
        session = account.session
        begin = (session.logged_in_at or session.imported_at) if session is not None and session.version else None
        state = state_piece(account)
        if (account.platform, account.account) in self.checks:
            state = ("▶ checking…", "running")
        return [
            state,
            (safe(account.platform, 40), "plain"),
            (safe(account.account, 60), "plain"),
            (span(now - begin) if begin else "–", "plain"),
            (ends_text(account, now), "plain"),
            run_text(account.last_run, now),
            run_text(account.last_check, now),
            (safe(account.method, 20), "dim"),
        ]

    def tell(self) -> None:
        width = max(20, self.pane.size.width)
        lines = []
        if self.trouble is not None:
            lines.append([(f"✗ {safe(self.trouble[0], 200)}", "error"), (f"  → {safe(self.trouble[1] or '', 200)}", "strong")])
            lines.append([("  What is known of logins lies in the open; none can be used before the vault opens.", "plain")])
        account = self.account
        if account is not None:
            checking = self.checks.get((account.platform, account.account))
            if checking is not None:
                stage = f": {safe(checking.stage, 80)}" if checking.stage else ""
                lines.append([(f"▶ a check runs{stage}", "running"), (f"  run {checking.run[:10]}; l shows its log", "dim")])
            lines += account_lines(account, self.console.backend.now(), width)
        self.pane.show(lines, keep_top=True)

    def on_virtual_table_moved(self, message: ListTable.Moved) -> None:
        self.pane.top = 0
        self.tell()

    # keys

    def why_not(self, action: str) -> str | None:
        account = self.account
        if account is None:
            nothing = "no account here" if self.loaded else "still loading"
            return nothing if action in (*logins.WRITES, "log", "copy_command", "files") else None
        if action == "log" and self._log() is not None:
            return None
        return logins.why_not(account, action, checking=self.key in self.checks, read_only=self.console.backend.read_only)

    def _log(self) -> str | None:
        account = self.account
        if account is None:
            return None
        checking = self.checks.get((account.platform, account.account))
        return checking.run if checking else logins.newest_run(account)

    def do_log(self) -> None:
        run = self._log()
        if run:
            self.console.show_run(run)

    def do_copy_command(self) -> None:
        if self.account:
            self.console.copy(self.account.command, "command")

    def do_start(self) -> None:
        self.console.start_run(*self.key)

    def do_check(self) -> None:
        backend, (platform, account) = self.console.backend, self.key
        self.notice(f"checking the login of {platform} ({account})…")
        self.fetch("check", lambda: CheckStarted(platform, account, backend.check_login(platform, account)), keep=True)

    def on_check_started(self, message: CheckStarted) -> None:
        message.stop()
        key = (message.platform, message.account)
        if message.words:
            self.notice(message.words, "warning" if message.warned else "info", message.hint)
        if message.run is not None:
            self.checks[key] = Checking(message.run, message.version)
            self._look(key, self.checks[key])
        self.load()

    def _look(self, key: Key, checking: Checking) -> None:
        backend, (platform, account), version = self.console.backend, key, checking.version

        def work() -> CheckSeen:
            return CheckSeen(platform, account, *logins.looked(backend, platform, account, checking.run, version))

        self.fetch(f"check {checking.run}", work)

    def on_check_seen(self, message: CheckSeen) -> None:
        message.stop()
        key = (message.platform, message.account)
        checking = self.checks.get(key)
        if checking is None or checking.run != message.view.id:
            return
        checking.stage = message.view.stage
        if message.view.state.ended:
            del self.checks[key]
            self.notice(*logins.verdict(message.platform, message.account, message.view, message.sign, message.outcome))
            self.load()
        self._draw()

    def do_import(self) -> None:
        from ..modals.ask import AskModal

        backend, (platform, account) = self.console.backend, self.key

        def chosen(path: str | None) -> None:
            if path is None:
                return
            self.notice("importing…")

            def work() -> CheckStarted:
                made = logins.bring(backend, platform, account, path)
                return CheckStarted(platform, account, made.run, made.version, made.words, made.warned, made.hint)

            self.fetch("import", work, keep=True)

        lines = (f"Import a login of {platform} ({account})", logins.IMPORT_TAKES, logins.IMPORT_KEEPS)
        refuse = lambda text: None if text else "a path is needed"  # noqa: E731
        self.console.push_screen(AskModal(lines, does="import and check", placeholder="path of the file", refuse=refuse), chosen)

    def do_rollback(self) -> None:
        from ..modals.confirm import ConfirmModal

        backend, (platform, account) = self.console.backend, self.key
        lines = logins.rollback_lines(platform, account)

        def confirmed(yes: bool | None) -> None:
            if yes:
                self._change(
                    lambda: backend.rollback(platform, account), "rolled back; the login before it stands", "c checks it"
                )

        self.console.push_screen(ConfirmModal(lines), confirmed)

    def do_forget(self) -> None:
        from ..modals.ask import AskModal

        backend, (platform, account) = self.console.backend, self.key
        name, lines = logins.name_of(platform, account), logins.forget_lines(platform, account)
        refuse = lambda text: None if text == name else f"that is not its name: {name}"  # noqa: E731

        def typed(text: str | None) -> None:
            if text is not None:
                self._change(lambda: backend.forget(platform, account), "forgotten; the next run signs in anew", "s starts one")

        self.console.push_screen(AskModal(lines, does="forget", refuse=refuse), typed)

    def _change(self, act: object, words: str, hint: str) -> None:
        platform, account = self.key

        def work() -> SessionChanged:
            act()  # type: ignore[operator]
            return SessionChanged(f"{platform} ({account}): {words}", hint)

        self.fetch("session", work, keep=True)

    def on_session_changed(self, message: SessionChanged) -> None:
        message.stop()
        self.notice(message.text, "done", message.hint)
        self.load()
