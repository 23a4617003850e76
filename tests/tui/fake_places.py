"""The part of the made-up lake that Sessions, Health and Audit look at."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from bedrot_console.domain.errors import BedrotError, UsageError
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.operations.accounts import AccountInfo, Accounts
from bedrot_console.operations.sessions import SessionInfo

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def login(platform: str, account: str = "default", **changes: Any) -> SessionInfo:
    at = NOW - timedelta(days=10)
    info = SessionInfo(platform=platform, account=account, version=3, versions=2, saved_at=at, logged_in_at=at, proven_at=at)
    return dataclasses.replace(info, **changes)


def some_accounts() -> list[AccountInfo]:
    """A good login, one that ends soon, one never made, and a platform with a token."""
    soon = login(
        "distrokid", "second", expires_at=NOW + timedelta(days=2), outlook="ends soon", because="what is saved ends on 2026-03-05"
    )
    return [
        AccountInfo(
            platform="distrokid", account="default", title="DistroKid", method="browser", state="good", session=login("distrokid", lifetimes=((12.0, 14.0),)),
            credentials=("email", "password"), expected_end=(NOW + timedelta(days=2), NOW + timedelta(days=4)),
        ),
        AccountInfo(
            platform="distrokid", account="second", title="DistroKid", method="browser", state="ends soon", because=soon.because,
            command="bedrot extract distrokid --account second", session=soon, ends_at=soon.expires_at, ends_by="what is saved",
        ),
        AccountInfo(
            platform="metaads", account="default", title="Meta Ads", method="api", state="no credentials", missing=("access_token",),
            because="it signs in with access_token", command="bedrot secrets set metaads access_token",
        ),
        AccountInfo(platform="tiktok", account="default", title="TikTok", method="browser", state="no login yet", because="the next run signs in", command="bedrot extract tiktok"),
    ]  # fmt: skip


class FakePlaces:
    """Mixed into FakeLake. `told` collects what was asked to be done."""

    def __init__(self) -> None:
        self.account_rows = some_accounts()
        self.vault_trouble: tuple[str, str] | None = None
        self.told: list[tuple[str, ...]] = []
        self.check_views: dict[str, tuple[RunView, str | None]] = {}
        self.check_refusal: BedrotError | None = None
        self.judged = "works"

    def accounts(self) -> Accounts:
        return Accounts(tuple(self.account_rows), *(self.vault_trouble or (None, None)))

    def check_login(self, platform: str, account: str) -> str:
        if self.check_refusal:
            raise self.check_refusal
        run = f"check{len(self.check_views):015d}"
        view = RunView(
            id=run,
            platform=platform,
            account=account,
            state=RunState.RUNNING,
            started_at=NOW,
            stage="opening the page",
            purpose="check",
        )
        self.check_views[run] = (view, None)
        self.told.append(("check", platform, account))
        return run

    def end_check(self, state: RunState, *, sign: str | None = None, error: str | None = None) -> None:
        """Every check that runs ends so."""
        for run, (view, _) in self.check_views.items():
            self.check_views[run] = (dataclasses.replace(view, state=state, ended_at=NOW, error=error), sign)

    def checked(self, run: str) -> tuple[RunView, str | None]:
        return self.check_views[run]

    def import_login(self, platform: str, account: str, path: str) -> tuple[int, str, bool]:
        if path == "/nowhere":
            raise UsageError("/nowhere cannot be read: No such file or directory")
        self.told.append(("import", platform, account, path))
        return 4, "12 cookies and storage of 1 sites of a cookies.txt", path == "/tmp/seen"

    def judge_import(self, platform: str, account: str, version: int, checked: RunView) -> str:
        self.told.append(("judge", platform, account, str(version)))
        return self.judged

    def rollback(self, platform: str, account: str) -> None:
        self.told.append(("rollback", platform, account))

    def forget(self, platform: str, account: str) -> None:
        self.told.append(("forget", platform, account))
