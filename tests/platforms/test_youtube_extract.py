"""The YouTube extractor over loopback: what it brings, to whom it is bound, how it waits, and what it says when consent or quota ends."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from youtube_support import BRAND, BUSY, bench_of, brought

from bedrot_console.domain.errors import (
    AccessError,
    BedrotError,
    CredentialsRejected,
    RateLimited,
    SourceChanged,
    SourceUnavailable,
    UsageError,
)
from extractors.youtube import api, queries
from extractors.youtube.errors import error_of, next_midnight, pacific_day, token_error

REPORTS = ("daily", "top_videos", "traffic", "countries", "demographics", "devices")
ALWAYS = ("channel", "playlist", "videos", *REPORTS)
ALL = (*ALWAYS, "revenue")


def test_youtube_bodies_are_not_touched(tmp_path: Path, clock: Any) -> None:
    """The channel is the answer itself; every other file is an array of answers, each byte for byte as it was sent, in the order asked."""
    with bench_of(tmp_path, clock) as bench:
        ran = bench.run()
        sent: list[tuple[str, dict[str, list[str]], int, bytes]] = bench.simulator.asked  # type: ignore[attr-defined]
    of = {path: [body for p, _, _, body in sent if p.endswith(path)] for path in ("channels", "playlistItems", "videos")}
    assert ran.bodies["channel"] == of["channels"][0]
    assert ran.bodies["playlist"] == b"[" + b",".join(of["playlistItems"]) + b"]"
    assert ran.bodies["videos"] == b"[" + b",".join(of["videos"]) + b"]"
    by_dimensions = {
        params.get("dimensions", [""])[0]: body for p, params, _, body in sent if p == "/v2/reports" and "currency" not in params
    }
    assert ran.bodies["daily"] == b"[" + by_dimensions["day"] + b"," + by_dimensions[""] + b"]"
    assert ran.bodies["traffic"].startswith(b"[" + by_dimensions["day,insightTrafficSourceType"] + b",")
    assert ran.bodies["demographics"] == b"[" + by_dimensions["ageGroup,gender"] + b"," + by_dimensions[""] + b"]"


def test_youtube_all_pages_and_all_videos_come(tmp_path: Path, clock: Any) -> None:
    """Uploads are paged to the end; videos are asked fifty ids at a time, never with maxResults, never by search."""
    with bench_of(tmp_path, clock) as bench:
        ran = bench.run()
        asked = [(path, params) for path, params, *_ in bench.simulator.asked]  # type: ignore[attr-defined]
    pages = json.loads(ran.bodies["playlist"])
    ids = [item["contentDetails"]["videoId"] for page in pages for item in page["items"]]
    assert len(pages) == 2 and len(ids) == pages[0]["pageInfo"]["totalResults"] > 50
    assert [v["id"] for page in json.loads(ran.bodies["videos"]) for v in page["items"]] == ids
    groups = [params["id"][0].split(",") for path, params in asked if path.endswith("/videos")]
    assert [len(g) for g in groups] == [50, len(ids) - 50]
    assert ran.captures["videos"].request == {"channel": BUSY.id, "uploads": str(len(ids) - 2), "asked": str(len(ids))}
    assert all("maxResults" not in params for path, params in asked if path.endswith("/videos"))


def test_youtube_pairing_with_the_channel_is_recorded(tmp_path: Path, clock: Any) -> None:
    """Analytics answers name no channel: each sidecar says for which one its query was asked, word for word."""
    ran = brought(tmp_path, clock)
    for feed in REPORTS:
        request = ran.captures[feed].request
        assert (request["channel"], request["ids"]) == (BUSY.id, f"channel=={BUSY.id}")
        assert (request["startDate"], request["endDate"]) == ("2026-02-02", "2026-03-01")
    assert ran.captures["traffic"].request["dimensions"] == "day,insightTrafficSourceType"


@pytest.mark.parametrize(
    ("at", "last"),
    [
        (datetime(2026, 3, 2, 7, 59, tzinfo=UTC), "2026-02-28"), (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), "2026-03-01"),
        (datetime(2026, 7, 2, 6, 59, tzinfo=UTC), "2026-06-30"), (datetime(2026, 7, 2, 7, 0, tzinfo=UTC), "2026-07-01"),
    ],
)  # fmt: skip
def test_youtube_range_ends_with_the_last_full_pacific_day(tmp_path: Path, clock: Any, at: datetime, last: str) -> None:
    """Midnight is that of Los Angeles, in winter and in summer."""
    clock.at = at
    ran = brought(tmp_path, clock, feeds=("demographics",))
    assert ran.captures["demographics"].request["endDate"] == last


def test_youtube_as_of_is_the_newest_day_inside_the_data(tmp_path: Path, clock: Any) -> None:
    """Not the end of the range: recent days are not ready. Tables without days, and empty ones, have none."""
    with bench_of(tmp_path, clock) as bench:
        ran, new = bench.run(), bench.run(account="newcomer")
    assert {f: ran.captures[f].as_of for f in REPORTS} == dict.fromkeys(REPORTS, None) | dict.fromkeys(
        ("daily", "traffic", "devices"), date(2026, 2, 27)
    )
    assert new.captures["daily"].as_of is None


def test_youtube_days_follow_googles_clock(tmp_path: Path, clock: Any) -> None:
    """When Google's day is another than ours, its day counts, and the log says so."""
    with bench_of(tmp_path, clock) as bench:
        bench.simulator.advance_days(3)
        ran = bench.run(feeds=("daily",))
    assert ran.captures["daily"].request["endDate"] == "2026-03-04"
    assert any("Google's clock says 2026-03-05" in line for line in ran.logged("warning"))


def test_youtube_wrong_channel_stops_the_run_before_anything_lands(tmp_path: Path, clock: Any) -> None:
    """A consent for the brand account is refused by name, with what to do; nothing is yielded, no figure is asked for."""
    with bench_of(tmp_path, clock, "wrong_account") as bench:
        ran = bench.run()
        assert isinstance(ran.error, AccessError) and not ran.bodies
        assert BRAND.title in str(ran.error) and BUSY.id in str(ran.error) and "brand account" in (ran.error.hint or "")
        assert not bench.simulator.requests("/v2/")


def test_youtube_unbound_run_says_which_channel_it_took(tmp_path: Path, clock: Any) -> None:
    """Without channel_id the consent's channel is taken, with a warning that gives the line to add."""
    with bench_of(tmp_path, clock, accounts={}) as bench:
        ran = bench.run(feeds=("channel",))
    assert any(f'channel_id = "{BUSY.id}"' in line for line in ran.logged("warning"))
    assert ran.captures["channel"].request == {"channel": BUSY.id}


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("channel_id", "nightworks", "channel_id"),
        ("days", 0, "days"),
        ("days", "28", "days"),
        ("revenue_days", -1, "revenue_days"),
        ("units", True, "units"),
    ],
)
def test_youtube_bad_settings_are_usage_errors(tmp_path: Path, clock: Any, option: str, value: Any, word: str) -> None:
    """A setting that cannot be meant ends the run with its name."""
    ran = brought(tmp_path, clock, accounts={"default": {"revenue": True, option: value}})
    assert isinstance(ran.error, UsageError) and word in str(ran.error)


def test_youtube_revenue_comes_only_where_it_is_asked_for(tmp_path: Path, clock: Any) -> None:
    """The setting brings it, in its own query, over its own longer range and in its currency; elsewhere nobody misses it."""
    with bench_of(tmp_path, clock, currency="EUR") as bench:
        ran, without = bench.run(), bench.run(account="label")
        named, alone = bench.run(feeds=("daily",)), bench.run(feeds=("revenue",))
    assert (
        tuple(ran.bodies) == ALL
        and tuple(without.bodies) == ALWAYS
        and tuple(named.bodies) == ("daily",)
        and tuple(alone.bodies) == ("revenue",)
    )
    assert not without.failed and any("revenue is not true" in line for line in without.logged("info"))
    request = ran.captures["revenue"].request
    assert (request["startDate"], request["endDate"], request["currency"]) == ("2026-01-01", "2026-03-01", "EUR")
    assert "estimatedRevenue" not in ran.bodies["daily"].decode()


def test_youtube_new_channel_lands_headers_and_empty_lists(tmp_path: Path, clock: Any) -> None:
    """A channel that never uploaded has no list of uploads (404) and no rows: that is a whole run, not a partial one."""
    ran = brought(tmp_path, clock, account="newcomer")
    assert ran.error is None and not ran.failed and set(ran.bodies) == set(ALWAYS)
    assert ran.bodies["playlist"] == ran.bodies["videos"] == b"[]"
    assert "rows" not in json.loads(ran.bodies["daily"])[0]


def test_youtube_one_refused_report_costs_only_itself(tmp_path: Path, clock: Any) -> None:
    """The refused feed is failed, all others land; a report refused with its first metric is not asked metric by metric."""
    with bench_of(tmp_path, clock, "report_refused") as bench:
        ran = bench.run()
        refused = [p for p, _, status, _ in bench.simulator.asked if status == 400]  # type: ignore[attr-defined]
    assert set(ran.failed) == {"traffic"} and isinstance(ran.failed["traffic"], SourceChanged)
    assert (
        str(ran.failed["traffic"]).startswith("traffic sources by day: YouTube refuses")
        and ran.failed["traffic"].code == "source-changed"
    )
    assert set(ran.bodies) == set(ALL) - {"traffic"} and len(refused) == 2


def test_youtube_one_refused_metric_is_left_out_and_recorded(tmp_path: Path, clock: Any) -> None:
    """The reports that had it come without it, the sidecar says so, and it is looked for one by one only once."""
    with bench_of(tmp_path, clock, "metric_refused") as bench:
        ran = bench.run()
        calls = len(bench.simulator.requests("/v2/"))
    assert set(ran.bodies) == set(ALL) and not ran.failed
    for feed in ("daily", "top_videos"):
        assert (
            ran.captures[feed].request["refused"] == "engagedViews"
            and "engagedViews" not in ran.captures[feed].request["metrics"]
        )
        names = [h["name"] for h in json.loads(ran.bodies[feed])[0]["columnHeaders"]]
        assert "engagedViews" not in names and "views" in names
    assert "refused" not in ran.captures["countries"].request
    assert calls == 8 + 10 + 1 + 2, "one by one for the first report, once more each without"


def test_youtube_dead_refresh_token_tells_of_testing_mode(tmp_path: Path, clock: Any) -> None:
    """invalid_grant ends the run at once; sentence and hint tell of the 7 days, of publishing, and how to store the new consent."""
    with bench_of(tmp_path, clock, "token_expired") as bench:
        ran = bench.run(account="yoru")
        assert len(bench.simulator.requests("/token")) == 1
    assert (
        isinstance(ran.error, CredentialsRejected)
        and "7 days" in str(ran.error)
        and "Testing" in str(ran.error)
        and "invalid_grant" in str(ran.error)
    )
    hint = ran.error.hint or ""
    assert "In production" in hint and "bedrot secrets set youtube refresh_token --account yoru" in hint


def test_youtube_access_token_that_ends_is_replaced_once(tmp_path: Path, clock: Any) -> None:
    """401 in the middle of a run takes a new token and goes on; a fresh token that is refused as well ends the run."""
    with bench_of(tmp_path, clock, "session_expired") as bench:
        ran = bench.run()
        assert ran.error is None and set(ran.bodies) == set(ALL)
        tokens, calls = (
            len(bench.simulator.requests("/token")),
            [a.status for a in bench.simulator.requests() if a.path != "/token"],
        )
    assert tokens == 4 and calls.count(401) == 3
    with bench_of(tmp_path, clock, "access_refused") as bench:
        ran = bench.run()
        assert isinstance(ran.error, CredentialsRejected) and len(bench.simulator.requests("/token")) == 2


def test_youtube_missing_secret_names_the_command(tmp_path: Path, clock: Any) -> None:
    """Without one of the three secrets the run says how to store it."""
    with bench_of(tmp_path, clock) as bench:
        del bench.vault.values["youtube", "default", "client_secret"]
        ran = bench.run()
    assert isinstance(ran.error, CredentialsRejected) and ran.error.hint == "bedrot secrets set youtube client_secret"


def test_youtube_consent_of_limited_time_is_told_ahead(tmp_path: Path, clock: Any) -> None:
    """Where the token service says when the refresh token ends, the operator reads it."""
    ran = brought(tmp_path, clock, "consent_in_testing", feeds=("channel",))
    assert any("ends on 2026-03-04 09:29" in line and "In production" in line for line in ran.logged("warning"))


def test_youtube_scopes_are_compared(tmp_path: Path, clock: Any) -> None:
    """Fewer ticked boxes: what cannot be read at all ends the run, a missing monetary scope costs revenue only and is not even asked for."""
    ran = brought(tmp_path, clock, "scope_missing")
    assert isinstance(ran.error, AccessError) and "youtube.readonly" in str(ran.error) and "every box" in (ran.error.hint or "")
    with bench_of(tmp_path, clock, "revenue_not_granted") as bench:
        ran = bench.run()
        assert set(ran.failed) == {"revenue"} and set(ran.bodies) == set(ALWAYS)
        assert all("estimatedRevenue" not in a.args.get("metrics", "") for a in bench.simulator.requests("/v2/"))


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


def test_youtube_proof_is_the_channel(tmp_path: Path, clock: Any) -> None:
    """`prove` names the channel while the consent works; one that was revoked or belongs to another channel is told with what to do."""
    with bench_of(tmp_path, clock) as bench:
        session = _session(bench)
        assert bench.extractor().prove(session) == f"reads the channel Night Works ({BUSY.id})"
        bench.simulator.set_faults(["wrong_account"])
        with pytest.raises(AccessError, match="wrong channel"):
            bench.extractor().prove(session)
        bench.simulator.set_faults([])
        bench.simulator.expire_sessions()
        with pytest.raises(CredentialsRejected) as refused:
            session.prove()
        assert "bedrot secrets set youtube refresh_token" in (refused.value.hint or "")


def test_youtube_end_of_a_consent_is_kept_only_where_google_names_it(tmp_path: Path, clock: Any) -> None:
    """The end that the token service states is known under the name of the token, and is forgotten once it states none."""
    with bench_of(tmp_path, clock) as bench:
        bench.simulator.set_faults(["consent_in_testing"])
        bench.run(feeds=("channel",))
        assert bench.vault.facts["youtube", "default"] == {
            "credential_ends_at": "2026-03-04T09:29:59.000000Z", "credential": "refresh_token",
        }  # fmt: skip
        bench.simulator.set_faults([])
        bench.run(feeds=("channel",))
        assert set(bench.vault.facts["youtube", "default"].values()) == {None}


def _session(bench: Any) -> Any:
    """A session as a run has it, without a run."""
    kept: list[Any] = []
    real = bench.extractor.extract

    class Spy(bench.extractor):  # type: ignore[misc, name-defined]
        name = ""

        def extract(self, session: Any) -> Any:
            kept.append(session)
            return real(self, session)

    bench.extractor, spied = Spy, bench.extractor
    try:
        Spy.name = spied.name
        bench.run(feeds=("channel",))
    finally:
        bench.extractor = spied
    return kept[0]


def test_youtube_nothing_said_holds_a_secret(tmp_path: Path, clock: Any) -> None:
    """Neither refresh token, client secret nor access token is in a log line, an error, a hint, a sidecar or a payload."""
    for fault in ("", "access_refused", "token_expired", "session_expired", "truncated", "connection_reset"):
        with bench_of(tmp_path, clock, *([fault] if fault else [])) as bench:
            ran = bench.run()
            secrets = [str(bench.vault.values["youtube", "default", f].reveal()) for f in ("refresh_token", "client_secret")]
            secrets += list(bench.simulator.oauth.grants)  # type: ignore[attr-defined]
        said = json.dumps([ran.events, [str(ran.error), getattr(ran.error, "hint", "")]], default=str)
        said += "".join(str(dict(c.request)) for c in ran.captures.values()) + "".join(b.decode() for b in ran.bodies.values())
        assert not [s for s in secrets if s in said], fault


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


def test_youtube_secrets_are_three_and_none_is_echoed() -> None:
    """What a run needs from the vault, and that no answer carries any of it."""
    from extractors.youtube.extractor import YouTube

    assert YouTube.secrets == ("client_id", "client_secret", "refresh_token") and not YouTube.echoes
    assert YouTube.uploads == ("studio",) and YouTube.runs == ALL
