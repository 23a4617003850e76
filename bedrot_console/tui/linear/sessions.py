"""Sessions in words: how each login stands, everything about one, and what the screen can do with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain.accounts import DEFAULT, account_flag
from ...domain.errors import UsageError
from ...domain.text import safe
from .. import logins
from ..accountlines import account_lines, ends_text
from ..widgets.times import ago
from .lists import Item, Listing
from .room import Room
from .texts import WIDE, spoken

if TYPE_CHECKING:
    from ...domain.runs import RunView
    from ...operations.accounts import AccountInfo as Account
    from ..words import Order

ACTS = ("check", "import", "rollback", "forget")
LOOK_SECONDS = 0.5
Key = tuple[str, str]


class Logins(Room):
    """Sessions. `login` is the account that was looked at last."""

    login: Key | None = None

    def order_sessions(self, order: Order) -> None:
        words = [word for word in order.words if word not in ("list", "show")]
        if words and words[0] in ACTS:
            path = words.pop() if words[0] == "import" and len(words) > 2 else ""
            getattr(self, f"_{words[0]}")(self.account(words[1:], order), path)
        elif words or "account" in order.options:
            self._say_account(self.account(words, order))
        else:
            self._list_accounts()

    def _list_accounts(self) -> None:
        found = self.backend.accounts()
        if found.trouble:
            self.speech.say(f"Trouble: {found.trouble}" + (f". Next: {found.hint}" if found.hint else ""))
        items = [Item(f"{a.platform} {a.account}", self._account_text(a), (a.platform, a.account)) for a in found.rows]
        empty = ("no platform here signs in: platforms lists them",)
        self.show_list("sessions", Listing("Sessions", "account", items, empty=empty))

    def _account_text(self, account: Account) -> str:
        now = self.backend.now()
        parts = [f"{account.platform} ({account.account}): {account.state}"]
        ends = ends_text(account, now)
        if account.ends_at is not None:
            parts.append(f"{'ended' if account.ends_at <= now else 'ends'} {ends}")
        elif account.expected_end is not None:
            parts.append(f"a new one is expected to be wanted {ends.removeprefix('~')}")
        for word, run in (("last run", account.last_run), ("last check", account.last_check)):
            if run is not None:
                parts.append(f"{word} {ago(run.started_at, now)} {run.state}")
        return ", ".join(safe(part, 200) for part in parts)

    def _say_account(self, account: Account) -> None:
        self.login = account.platform, account.account
        self.speech.all(spoken(account_lines(account, self.backend.now(), WIDE, key="")))
        able = [act for act in ACTS if self._why_not(account, act) is None]
        if able:
            self.speech.say("Can be done: " + ", ".join(f"sessions {act}" for act in able))

    def account(self, words: Sequence[str], order: Order | None = None) -> Account:
        """The account that a number of a list, or platform and account name; without words the one looked at last."""
        key = self._key(words, order.options.get("account") if order is not None else None)
        rows = self.backend.accounts().rows
        found = next((a for a in rows if (a.platform, a.account) == key), None)
        if found is None:
            raise UsageError(f"no such account: {safe(' '.join(key), 60)}", hint="sessions")
        self.login = key
        return found

    def _key(self, words: Sequence[str], account: str | None) -> Key:
        if not words:
            if self.login is None:
                raise UsageError("which login?", hint="sessions, then a number of the list")
            return self.login
        named = self.key_of(words[0]) if len(words) == 1 else None
        if named is None and words[0].isdigit():
            raise UsageError(f"no row {safe(words[0], 20)} in a list of logins or feeds", hint="sessions")
        if len(words) > 2:
            raise UsageError(f"one login at a time, not {safe(words[2], 40)}", hint="sessions PLATFORM ACCOUNT")
        return named or (words[0], account or (words[1] if len(words) > 1 else DEFAULT))

    def key_of(self, word: str) -> Key | None:
        """Platform and account of a numbered row, where the list is of accounts or of feeds."""
        item = self.numbered(word, "account", "feed")
        if item is None:
            return None
        return item.what if isinstance(item.what, tuple) else (item.what.platform, item.what.account)

    def _why_not(self, account: Account, act: str) -> str | None:
        return logins.why_not(account, act, read_only=self.backend.read_only, start="extract makes one")

    def _may(self, account: Account, act: str) -> None:
        reason = self._why_not(account, act)
        if reason:
            name = f"{account.platform} ({account.account})"
            hint = "a console without --read-only" if self.backend.read_only else f"sessions {logins.name_of(*_key_of(account))}"
            raise UsageError(f"sessions {act} {name}: {reason}", hint=hint)

    def _check(self, account: Account, path: str = "") -> None:
        self._may(account, "check")
        self._follow_check(account, self.backend.check_login(*_key_of(account)), None)

    def _follow_check(self, account: Account, run: str, version: int | None) -> None:
        key = _key_of(account)
        self.speech.say(f"A check runs, {run[:10]}; nobody is asked. ctrl+c stops waiting for it, not the check.")
        stage = ""
        while True:
            view, sign, outcome = logins.looked(self.backend, *key, run, version)
            if view.state.ended:
                break
            if view.stage != stage:
                stage = view.stage
                self.speech.say(stage)
            self.wait(LOOK_SECONDS)
        self._tell_verdict(key, view, sign, outcome)

    def _tell_verdict(self, key: Key, view: RunView, sign: str | None, outcome: str) -> None:
        said, kind, hint = logins.verdict(*key, view, sign, outcome)
        then = hint or (f"log {view.id[:10]}" if kind != "done" else None)
        self.speech.say(f"{said}." + (f" Next: {then}" if then else ""))

    def _import(self, account: Account, path: str) -> None:
        self._may(account, "import")
        if not path:
            self.speech.say(
                f"Import a login of {account.platform} ({account.account}).", logins.IMPORT_TAKES, logins.IMPORT_KEEPS
            )
            path = self.speech.ask("path of the file (an empty line leaves):").strip()
            if not path:
                self.speech.say("Left; nothing was changed.")
                return
        made = logins.bring(self.backend, account.platform, account.account, path)
        self.speech.say(f"Imported: {made.words}." + (f" Next: {made.hint}" if made.hint else ""))
        if made.run is not None:
            self._follow_check(account, made.run, made.version)

    def _rollback(self, account: Account, path: str = "") -> None:
        self._may(account, "rollback")
        key = _key_of(account)
        if not self.yes(" ".join(logins.rollback_lines(*key))):
            return
        self.backend.rollback(*key)
        self.speech.say(
            f"{key[0]} ({key[1]}): rolled back; the login before it stands. Next: sessions check {logins.name_of(*key)}"
        )

    def _forget(self, account: Account, path: str = "") -> None:
        self._may(account, "forget")
        key = _key_of(account)
        if self.speech.attended:
            asked, follows, typed = logins.forget_lines(*key)
            self.speech.say(asked, follows)
            if self.speech.ask(f"{typed} (an empty line leaves):").strip() != logins.name_of(*key):
                self.speech.say("That is not its name; nothing was changed.")
                return
        self.backend.forget(*key)
        self.speech.say(
            f"{key[0]} ({key[1]}): forgotten; the next run signs in anew. Next: extract {key[0]}{account_flag(key[1])}"
        )


def _key_of(account: Account) -> Key:
    return account.platform, account.account
