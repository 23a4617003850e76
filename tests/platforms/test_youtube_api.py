"""YouTube's two APIs: quotas and limits, what is tried again, what each error means, windows and batches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from youtube_support import ALL, ALWAYS, BUSY, REPORTS, bench_of, brought

from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
)
from extractors.youtube import api, queries
from extractors.youtube.errors import error_of, next_midnight, pacific_day, token_error


def test_youtube_spent_quota_is_not_asked_again(tmp_path: Path, clock: Any) -> None:
    """quotaExceeded: no retry, no wait, no further call of that API; the error says in words and seconds when to come back."""
    with bench_of(tmp_path, clock, "quota_exceeded") as bench:
        ran = bench.run()
        assert len(bench.simulator.requests("/youtube")) == 1
    assert isinstance(ran.error, RateLimited) and not ran.error.retryable and clock.slept == []
    assert "midnight Pacific time, 2026-03-02 08:00 UTC" not in str(ran.error) and "2026-03-03 08:00 UTC" in str(ran.error)
    assert ran.error.retry_after_seconds == 22.5 * 3600


def test_youtube_quotas_of_the_two_apis_are_apart(tmp_path: Path, clock: Any) -> None:
    """With the Analytics quota spent the lists still land, and each report fails without being asked for."""
    with bench_of(tmp_path, clock, "analytics_quota_exceeded") as bench:
        ran = bench.run()
        assert len(bench.simulator.requests("/v2/")) == 1
    assert set(ran.bodies) == {"channel", "playlist", "videos"} and set(ran.failed) == {*REPORTS, "revenue"}
    assert all(isinstance(e, RateLimited) for e in ran.failed.values())


def test_youtube_counts_its_calls_and_keeps_to_its_own_limit(tmp_path: Path, clock: Any) -> None:
    """No header tells what is used: the log does, also after a failure; `units` bounds a run."""
    with bench_of(tmp_path, clock) as bench:
        ran = bench.run()
        used = len(bench.simulator.requests("/youtube")), len(bench.simulator.requests("/v2/"))
    assert (
        f"quota: {used[0]} of 10000 units of the Data API, {used[1]} queries of the Analytics API, 1 access tokens"
        in ran.logged("info")
    )
    bounded = brought(tmp_path, clock, units=4)
    assert set(bounded.failed) == {"videos"} and "may use 4 units of the Data API a day" in str(bounded.failed["videos"])
    assert any(line.startswith("quota: 4 of 4") for line in bounded.logged("info"))
    refused = brought(tmp_path, clock, "quota_exceeded")
    assert any(line.startswith("quota: 1 of") for line in refused.logged("info"))


def test_youtube_spent_quota_stops_later_runs_until_midnight(tmp_path: Path, clock: Any) -> None:
    """What one run was told the next one remembers: it asks nothing of that API before midnight Pacific, and everything after."""
    with bench_of(tmp_path, clock, "analytics_quota_exceeded") as bench:
        bench.run()
        bench.simulator.set_faults([])
        ran = bench.run()
        assert len(bench.simulator.requests("/v2/")) == 1
        assert set(ran.bodies) == {"channel", "playlist", "videos"} and "as an earlier run was told" in str(ran.failed["daily"])
        assert "bedrot secrets remove youtube analytics_quota_until" in (ran.failed["daily"].hint or "")
        assert set(bench.run(account="yoru").bodies) == set(ALWAYS), "another account is another matter"
        clock.advance(22.5 * 3600 - 1)
        assert set(bench.run().bodies) == {"channel", "playlist", "videos"}
        clock.advance(1)
        assert set(bench.run().bodies) == set(ALL)


def test_youtube_calls_of_the_day_add_up_over_runs(tmp_path: Path, clock: Any) -> None:
    """A second run of the day counts on from the first and is bound by both; the next Pacific day begins at nothing."""
    with bench_of(tmp_path, clock, accounts={"default": {"channel_id": BUSY.id, "units": 8}}) as bench:
        bench.run(feeds=("playlist",))
        again = bench.run(feeds=("playlist", "videos"))
        assert "quota: 8 of 8 units of the Data API today, 0 queries of the Analytics API today, 1 access tokens" in again.logged(
            "info"
        )
        third = bench.run(feeds=("channel",))
        assert isinstance(third.error, RateLimited) and "8 units of the Data API a day" in str(third.error)
        clock.advance(24 * 3600)
        assert "quota: 1 of 8 units of the Data API, 0 queries of the Analytics API, 1 access tokens" in bench.run(
            feeds=("channel",)
        ).logged("info")


def test_youtube_too_fast_backs_off_and_goes_on(tmp_path: Path, clock: Any) -> None:
    """rateLimitExceeded is waited out, longer each time, with jitter, and within the patience that was set."""
    with bench_of(tmp_path, clock) as bench:
        bench.simulator.fail_next("rate_limited", 3)
        ran = bench.run()
    assert ran.error is None and set(ran.bodies) == set(ALL)
    waits = [line for line in ran.logged("warning") if "waiting" in line]
    assert len(waits) == 3 and 10.5 <= sum(clock.slept) <= 17.5
    ended = brought(tmp_path, clock, "rate_limited", patience_seconds=5)
    assert isinstance(ended.error, RateLimited) and "slow down" in str(ended.error)


def test_youtube_temporary_errors_are_tried_again(tmp_path: Path, clock: Any) -> None:
    """A broken-off answer, a 503 and a reset cost a moment, not the run."""
    with bench_of(tmp_path, clock) as bench:
        for fault in ("truncated_silently", "http_503", "connection_reset"):
            bench.simulator.fail_next(fault)
            assert bench.run(feeds=("channel",)).error is None, fault


def test_youtube_real_addresses_are_three(clock: Any) -> None:
    """At its own address the extractor speaks to Google's three hosts, elsewhere to one."""

    class Here:
        def __init__(self, base_url: str) -> None:
            self.base_url, self.clock = base_url, clock

        def recall(self, name: str) -> None: ...

    assert api.Google(Here("https://youtube.googleapis.com"))._hosts == {
        "data": api.DATA,
        "analytics": api.ANALYTICS,
        "token": api.TOKEN,
    }
    assert set(api.Google(Here("http://127.0.0.1:1"))._hosts.values()) == {"http://127.0.0.1:1"}


NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "reason", "kind", "retryable"),
    [
        (400, "badRequest", SourceChanged, False), (400, "incompatibleParameters", SourceChanged, False), (401, "authError", CredentialsRejected, False),
        (403, "quotaExceeded", RateLimited, False), (403, "dailyLimitExceeded", RateLimited, False), (403, "rateLimitExceeded", RateLimited, True),
        (403, "userRateLimitExceeded", RateLimited, True), (429, "anything", RateLimited, True), (403, "forbidden", AccessError, False),
        (403, "insufficientPermissions", AccessError, False), (403, "accessNotConfigured", AccessError, False), (401, "youtubeSignupRequired", CredentialsRejected, False),
        (403, "youtubeSignupRequired", AccessError, False), (404, "playlistNotFound", SourceChanged, False), (500, "backendError", SourceUnavailable, True),
        (503, "backendError", SourceUnavailable, True),
    ],
)  # fmt: skip
def test_youtube_each_reason_means_what_the_operator_must_do(
    status: int, reason: str, kind: type[BedrotError], retryable: bool
) -> None:
    """The table of reasons: class, whether waiting helps, and the reason kept in the sentence."""
    document = {
        "error": {"code": status, "message": "Said <b>so</b>.", "errors": [{"message": "x", "domain": "d", "reason": reason}]}
    }
    error = error_of(status, document, NOW)
    assert type(error) is kind or isinstance(error, kind)
    assert error.retryable is retryable and reason in str(error) and "<b>" not in str(error)
    assert error.code in ("source-changed", "credentials-rejected", "rate-limited", "access-error", "source-unavailable")
    if error.exit_code == 3:
        assert error.hint


def test_youtube_other_forms_of_errors_are_read() -> None:
    """Newer bodies with `details`, bodies without any object, errors inside a 200, and answers without an error."""
    details = {
        "error": {
            "code": 403,
            "message": "no",
            "status": "PERMISSION_DENIED",
            "details": [{"@type": "x", "reason": "SERVICE_DISABLED"}],
        }
    }
    assert "not enabled" in str(error_of(403, details, NOW))
    assert isinstance(error_of(502, None, NOW), SourceUnavailable) and isinstance(error_of(429, None, NOW), RateLimited)
    assert isinstance(error_of(418, {"teapot": True}, NOW), SourceChanged)
    assert isinstance(error_of(200, {"errors": {"code": "SERVICE_UNAVAILABLE"}}, NOW), SourceUnavailable)
    assert isinstance(error_of(200, {"errors": {"code": "FORBIDDEN"}}, NOW), AccessError)
    assert error_of(200, {"kind": "youtube#x", "errors": {}}, NOW) is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, CredentialsRejected),
        (401, {"error": "invalid_client"}, CredentialsRejected), (400, {"error": "something_new"}, CredentialsRejected),
        (429, {"error": "slow_down"}, RateLimited), (500, None, SourceUnavailable), (404, {"odd": 1}, SourceChanged), (200, [], SourceChanged),
    ],
)  # fmt: skip
def test_youtube_token_service_errors_are_read(status: int, body: Any, kind: type[BedrotError]) -> None:
    """Whatever the token service says, the operator reads what to do."""
    assert type(token_error(status, body, "default")) is kind


@settings(deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_youtube_next_midnight_is_the_beginning_of_the_next_pacific_day(now: datetime) -> None:
    """At that moment the day changes, not a microsecond before; it is 23 to 25 hours away at most, clock changes included."""
    midnight = next_midnight(now)
    assert pacific_day(midnight) == pacific_day(now) + timedelta(days=1)
    assert pacific_day(midnight - timedelta(microseconds=1)) == pacific_day(now)
    assert timedelta(0) < midnight - now <= timedelta(hours=25)


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 400))
def test_youtube_windows_hold_as_many_full_days_as_were_asked_for(today: date, days: int) -> None:
    """Never today, never a day more."""
    since, until = queries.window(today, days)
    assert until == today - timedelta(days=1) and (until - since).days + 1 == days


@settings(deadline=None)
@given(st.integers(0, 260))
def test_youtube_batches_lose_no_id(count: int) -> None:
    """Every id once, in order, at most fifty at a time."""
    ids = [f"{n:011d}" for n in range(count)]
    groups = queries.batches(ids)
    assert sum(groups, []) == ids and all(1 <= len(g) <= 50 for g in groups)
