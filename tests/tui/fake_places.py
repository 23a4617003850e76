"""The part of the made-up lake that Sessions, Health and Audit look at."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bedrot_console.domain.errors import BedrotError, Cancelled, UsageError
from bedrot_console.domain.events import Event
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.operations.accounts import AccountInfo, Accounts
from bedrot_console.operations.audit import AuditFilter, AuditPage, AuditState, Verified, _fits, file_of, parse_audit, run_of
from bedrot_console.operations.explain import Why
from bedrot_console.operations.health import DAYS, FeedHealth, Forecast, Health, PlatformRuns, Storage
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


def some_feed(feed: str, state: str, age: int | None, *, account: str = "default", series: str = "") -> FeedHealth:
    """A feed whose data is so many days old; warned of after 2 and late after 5."""
    return FeedHealth(
        platform=feed.partition("/")[0], feed=feed, account=account, series=series, state=state, age_days=age, warn_days=2, fail_days=5,
        as_of=NOW.date() - timedelta(days=age) if age is not None else None, last_landed_at="2026-03-02T04:00:00.000000Z",
    )  # fmt: skip


def some_health(**changes: Any) -> Health:
    """One feed late, one aging, one fresh; a month of runs and files."""
    days = tuple(NOW.date() - timedelta(days=n) for n in reversed(range(DAYS)))
    files = tuple(n % 5 for n in range(DAYS))
    health = Health(
        word="trouble", days=days, landed={"distrokid": files}, landed_bytes={"distrokid": tuple(n * 1000 for n in files)},
        feeds=(some_feed("distrokid/sales", "fail", 9), some_feed("metaads/insights", "warn", 3, series="2026-02"), some_feed("distrokid/streams", "ok", 1)),
        runs=(
            PlatformRuns(platform="distrokid", done=20, partial=1, failed=3, cancelled=0, p50_seconds=41.6, p95_seconds=180.0, daily=tuple((n % 2, 1) for n in range(DAYS))),
        ),
        storage=(Storage(zone="landing", files=3, size_bytes=4_000, grown_bytes=4_000), Storage(zone="raw", files=900, size_bytes=52_000_000, grown_bytes=8_000)),
        forecast=Forecast(
            free_bytes=60_000_000_000, total_bytes=100_000_000_000, days=27, per_day_bytes=2e8, recent_bytes=3e8,
            earliest=NOW.date() + timedelta(days=200), latest=NOW.date() + timedelta(days=300),
        ),
        alerts=[{"alert": "x", "code": "run-failed", "subject": "distrokid default", "raised_at": "2026-03-02T04:00:00.000000Z", "message": "the login page changed", "command": "bedrot attach x"}],
    )  # fmt: skip
    return dataclasses.replace(health, **changes)


class FakePlaces:
    """Mixed into FakeLake. `told` collects what was asked to be done."""

    def __init__(self) -> None:
        self.account_rows = some_accounts()
        self.vault_trouble: tuple[str, str] | None = None
        self.told: list[tuple[str, ...]] = []
        self.check_views: dict[str, tuple[RunView, str | None]] = {}
        self.check_refusal: BedrotError | None = None
        self.judged = "works"
        self.health_now: Health | None = some_health()
        self.cause = Why(
            sentence="the last run (2026-03-02 04:00 UTC) failed: the login page changed", command="bedrot attach run0", feed=some_feed("x/y", "fail", 9),
            account=self.account_rows[0], captures=(),
            runs=(
                RunView(id="run0", platform="distrokid", account="default", state=RunState.FAILED, started_at=NOW - timedelta(hours=30), ended_at=NOW - timedelta(hours=29), expected=("distrokid/sales",), error="the login page changed", hint="tell the developers"),
            ),
        )  # fmt: skip

        self.head = 500
        self.audit_lines = 1000
        self.more_events: dict[int, Event] = {}
        self.damaged_lines: set[int] = set()
        self.verified: Verified | None = None
        self.outcome = Verified(seq=500, head_hash="ab" * 32, at=NOW, by="uid:1000", lines=500, ok=True, good=(500, "ab" * 32))
        self.slow_verify = threading.Event()
        self.slow_verify.set()

    def spoil(self, texts: Sequence[str]) -> None:
        """Put texts from outside wherever one can stand in these places."""
        some = itertools.cycle(texts)
        self.account_rows = [
            dataclasses.replace(a, platform=next(some), account=next(some), title=next(some), because=next(some), command=next(some), missing=(next(some),))
            for a in self.account_rows
        ]  # fmt: skip
        self.vault_trouble = (next(some), next(some))
        bad = [
            dataclasses.replace(some_feed("x/y", "fail", 9), feed=next(some), account=next(some), series=next(some))
            for _ in texts
        ]
        alerts = [{"alert": "x", "code": t, "subject": t, "raised_at": t, "message": t, "command": t} for t in texts]
        self.health_now = some_health(
            feeds=tuple(bad), alerts=alerts, landed={t: (1,) * DAYS for t in texts}, landed_bytes={t: (1,) * DAYS for t in texts}
        )
        runs = tuple(dataclasses.replace(self.cause.runs[0], error=t, hint=t) for t in texts)
        self.cause = dataclasses.replace(
            self.cause, sentence=next(some), command=next(some), account=self.account_rows[0], runs=runs
        )
        for number, text in enumerate(texts):
            data = {text: text, "path": text, "code": next(some), "sidecar": {"feed": text, "masks": [{text: text}]}}
            self.more_events[self.head - number] = Event(
                kind=text, at=NOW, actor=text, host=text, seq=self.head - number, data=data
            )
        self.outcome = dataclasses.replace(
            self.outcome, ok=False, problem=next(some), first_bad_seq=3, by=next(some), breaks=((1, 1, next(some)),)
        )

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

    def health(self) -> Health:
        if self.health_now is None:
            raise UsageError("there is no catalog yet", hint="bedrot demo")
        return self.health_now

    def why(self, feed: str, account: str, series: str) -> Why:
        found = next(f for f in self.health().feeds if (f.feed, f.account, f.series) == (feed, account, series))
        self.told.append(("why", feed, account))
        return dataclasses.replace(self.cause, feed=found)

    # the journal: any number of events, made from their number

    def event(self, seq: int) -> Event:
        """Landings, decisions and what runs left, by turns; some are about files of the fake lake."""
        if seq in self.more_events:
            return self.more_events[seq]
        kind = ("landed", "validated", "decided", "needs-operator")[seq % 4]
        file = f"{seq // 8:020d}"
        data: dict[str, Any] = {
            "landed": {"file": file, "path": f"distrokid/streams/{seq}.json", "sidecar": {"feed": "distrokid/streams", "run_id": "run0", "masks": []}},
            "validated": {"file": file, "verdict": "passed", "codes": {}},
            "decided": {"file": file, "verb": "promote", "reason": "fine", "target_path": "distrokid/x"},
            "needs-operator": {"item": f"item{seq}", "platform": "tiktok", "account": "default", "run": f"run{seq}", "code": "challenge-unanswered"},
        }[kind]  # fmt: skip
        return Event(kind=kind, at=NOW - timedelta(minutes=self.head - seq), actor="uid:1000", host="box", seq=seq, data=data)

    def audit_filter(self, words: str) -> AuditFilter:
        return parse_audit(words, NOW)

    def audit(self, what: AuditFilter, *, before: int | None = None, after: int | None = None, limit: int = 100) -> AuditPage:
        self.told.append(("audit", str(before), str(after)))
        onwards = after is not None
        numbers = range((after or 0) + 1, self.head + 1) if onwards else range((before or self.head + 1) - 1, 0, -1)
        found, reached = [], after or 0 if onwards else before or self.head + 1
        for looked, seq in enumerate(numbers):
            if len(found) == limit or looked == self.audit_lines:
                break
            reached = seq
            if seq not in self.damaged_lines and _fits(what, self.event(seq)):
                found.append(self.event(seq))
        ended = reached in (numbers[-1:] or [reached])
        damaged = tuple(n for n in self.damaged_lines if n in range(reached, numbers[0] + 1 if numbers else 0))
        return AuditPage(
            events=tuple(found[::-1] if onwards else found),
            reached=0 if ended and not onwards else reached,
            ended=ended,
            head=self.head,
            damaged=damaged,
        )

    def audit_state(self) -> AuditState:
        return AuditState(self.head, self.verified)

    def verify_journal(self, anchor: str | None, tell: Callable[[int], bool]) -> AuditState:
        self.told.append(("verify", str(anchor)))
        if anchor == "/nowhere":
            raise UsageError("/nowhere cannot be read: No such file or directory")
        while tell(self.head // 2):
            if not self.slow_verify.wait(0.01):
                continue
            break
        else:
            raise Cancelled("verifying was cancelled")
        self.verified = self.outcome
        return self.audit_state()

    def event_file(self, event: Event) -> str | None:
        return file_of(event)

    def event_run(self, event: Event) -> str | None:
        return run_of(event)
