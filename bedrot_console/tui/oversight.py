"""What Sessions, Health and Audit ask of the operations: the part of the backend that looks after the lake itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..domain.events import Event
    from ..domain.runs import RunView
    from ..operations.accounts import Accounts
    from ..operations.audit import AuditFilter, AuditPage, AuditState
    from ..operations.explain import Why
    from ..operations.health import Health
    from ..operations.workspace import Workspace


class Oversight(Protocol):
    """Calls block and may raise BedrotError, as all of the backend's."""

    def accounts(self) -> Accounts: ...
    def check_login(self, platform: str, account: str) -> str: ...
    def checked(self, run: str) -> tuple[RunView, str | None]: ...
    def import_login(self, platform: str, account: str, path: str) -> tuple[int, str, bool]: ...
    def judge_import(self, platform: str, account: str, version: int, checked: RunView) -> str: ...
    def rollback(self, platform: str, account: str) -> None: ...
    def forget(self, platform: str, account: str) -> None: ...
    def health(self) -> Health: ...
    def why(self, feed: str, account: str, series: str) -> Why: ...
    def audit_filter(self, words: str) -> AuditFilter: ...
    def audit(self, what: AuditFilter, *, before: int | None = None, after: int | None = None, limit: int = 100) -> AuditPage: ...
    def audit_state(self) -> AuditState: ...
    def verify_journal(self, anchor: str | None, tell: Callable[[int], bool]) -> AuditState: ...
    def event_file(self, event: Event) -> str | None: ...
    def event_run(self, event: Event) -> str | None: ...


class OperationsOversight:
    """Mixed into the real backend."""

    ws: Workspace

    def accounts(self) -> Accounts:
        from ..operations import accounts

        return accounts.accounts(self.ws)

    def check_login(self, platform: str, account: str) -> str:
        """Start a check; returns its run."""
        from ..operations import sessions

        return sessions.check(self.ws, platform, account)

    def checked(self, run: str) -> tuple[RunView, str | None]:
        """How a check stands, and the sign that proved the login once it has."""
        from ..operations import accounts, runs

        view = runs.view(self.ws, run)
        return view, accounts.sign_of(self.ws, view)

    def import_login(self, platform: str, account: str, path: str) -> tuple[int, str, bool]:
        """The version that was saved, what was kept in words, and whether others may read the file."""
        from ..operations import sessions

        data, seen = sessions.read_export(path)
        version, found = sessions.import_login(self.ws, platform, data, account)
        return version, found.in_words(), seen

    def judge_import(self, platform: str, account: str, version: int, checked: RunView) -> str:
        from ..operations import sessions

        return sessions.judge_import(self.ws, platform, account, version, checked)

    def rollback(self, platform: str, account: str) -> None:
        from ..operations import sessions

        sessions.rollback(self.ws, platform, account)

    def forget(self, platform: str, account: str) -> None:
        from ..operations import sessions

        sessions.forget(self.ws, platform, account)

    def health(self) -> Health:
        from ..operations import health

        return health.health(self.ws)

    def why(self, feed: str, account: str, series: str) -> Why:
        from ..operations import explain

        return explain.explain(self.ws, feed, account, series)

    def audit_filter(self, words: str) -> AuditFilter:
        """Asks nobody. Raises UsageError."""
        from ..operations import audit

        return audit.parse_audit(words, self.ws.clock.now())

    def audit(self, what: AuditFilter, *, before: int | None = None, after: int | None = None, limit: int = 100) -> AuditPage:
        from ..operations import audit

        return audit.page(self.ws, what, before=before, after=after, limit=limit)

    def audit_state(self) -> AuditState:
        from ..operations import audit

        return audit.state(self.ws)

    def verify_journal(self, anchor: str | None, tell: Callable[[int], bool]) -> AuditState:
        """Walk through the journal, with the anchor of that file if there is one; how it was found."""
        from ..operations import audit

        _, found = audit.verify(self.ws, audit.read_anchor(anchor) if anchor else None, tell)
        return replace(audit.state(self.ws), verified=found)  # read-only, nothing of it was noted

    def event_file(self, event: Event) -> str | None:
        """The file that an event is about. Asks nobody."""
        from ..operations import audit

        return audit.file_of(event)

    def event_run(self, event: Event) -> str | None:
        """The run that an event is about. Asks nobody."""
        from ..operations import audit

        return audit.run_of(event)
