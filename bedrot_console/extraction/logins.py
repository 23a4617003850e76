"""The login of a Session: restored, proved, refreshed, rejected. What a person does with it meanwhile is theirs and stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..domain.accounts import account_flag
from ..domain.errors import AccessError, CredentialsRejected, LoginLost
from ..domain.files import format_time
from .hands import Hands


class Logins(Hands):
    """What a Session does with saved logins."""

    @property
    def has_login(self) -> bool:
        """Whether a login was saved for this account (it may have expired)."""
        return self._login() is not None

    def save_login(self, *, signed_in: bool = False) -> bool:
        """Seal the login state into the vault: cookies, localStorage, IndexedDB, sessionStorage. Call it once the positive sign was seen.

        A state that is only refreshed never takes the place of what a person imported, forgot or rolled back while the run was going.

        Args:
            signed_in: this run signed in anew, so the login's age counts from now; else the sealed state is only refreshed: when somebody
                signed in, or that it was imported and nobody knows, stays as it was.

        Returns:
            Whether it was saved.
        """
        before = None if signed_in else self._login()
        state = dict(self._browser.state() if self._browser is not None else (self._login() or {}))
        if self._http is not None:
            state["cookies"] = self._http.cookies()
        now = format_time(self.clock.now())
        state["saved_at"] = now
        state["logged_in_at"] = now if before is None else before.get("logged_in_at")
        state["imported_at"] = None if before is None else before.get("imported_at")
        state.pop("unproved", None)  # a run saves what has just worked
        version = self._sessions.save(self.platform, self.account, state, replaces=before)
        self._state, self._state_read = state, True
        if version:
            self._emit("session", act="saved", version=version)
        else:
            self.log("info", "the saved login was changed while this run was going: it stays as it is")
        return bool(version)

    def forget_login(self) -> None:
        """The login that this run restored does not work: the vault rolls back to the one before, this run goes on without any.

        One that was imported meanwhile is another one, and stays.
        """
        had = self._login()
        self._state, self._state_read = None, True
        if self._browser is not None:
            self._browser.clear()
        if self._http is not None:
            self._http.restore(None)
        if had is not None and self._sessions.reject(self.platform, self.account, format_time(self.clock.now()), state=had):
            self._emit("session", act="rejected", version=None)

    def credential_ends(self, at: datetime | None, field: str) -> None:
        """Say when the platform itself says that a credential, or what it gives access to, ends. For `sessions`.

        Args:
            at: None: the platform says that it does not end.
            field: which credential: its name goes into the command that stores a new one.
        """
        at_text = format_time(at) if at else None
        self._sessions.note(self.platform, self.account, credential_ends_at=at_text, credential=field if at else None)

    def prove(self) -> str:
        """Prove the saved login (or the token) by the extractor's positive sign; asks nobody and saves what the platform refreshed.

        Raises:
            LoginLost: it does not work, or there is none.
            AccessError: other errors tell that it cannot be known: what a human must do first, or that the token is refused.
        """
        self.stage("check the login")
        try:
            sign = self.extractor().prove(self)
        except CredentialsRejected as error:
            if error.hint == CredentialsRejected.hint and self.extractor.secrets:
                error.hint = self._set_command(self.extractor.secrets[-1])
            raise
        if sign is None:
            raise self._unproved()
        if not self.has_login or self.save_login():  # what is known of another login that was saved meanwhile is not this run's
            self._sessions.note(self.platform, self.account, proven_at=format_time(self.clock.now()))
        self._emit("proved", sign=sign)
        return sign

    def _unproved(self) -> AccessError:
        """No positive sign came, for no reason that the extractor could name."""
        who = f"{self.platform} ({self.account})"
        if self.extractor.method == "browser" or self.has_login:
            why = "the saved login no longer works" if self.has_login else "no login is saved"
            return LoginLost(f"{who}: {why}", hint=f"bedrot extract {self.platform}{account_flag(self.account)}")
        fields = self.extractor.secrets
        return AccessError(
            f"{who}: the platform gives no sign that {fields[-1] if fields else 'the access'} works",
            hint=self._set_command(fields[-1]) if fields else None,
        )

    def _login(self) -> dict[str, Any] | None:
        if not self._state_read:
            self._state, self._state_read = self._sessions.load(self.platform, self.account), True
        return self._state
