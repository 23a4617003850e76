"""The YouTube extractor over loopback: what it brings, to whom it is bound, and what it says when consent ends."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from youtube_support import ALL, ALWAYS, BRAND, BUSY, REPORTS, bench_of, brought

from bedrot_console.domain.errors import (
    AccessError,
    CredentialsRejected,
    SourceChanged,
    UsageError,
)


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


def test_youtube_secrets_are_three_and_none_is_echoed() -> None:
    """What a run needs from the vault, and that no answer carries any of it."""
    from extractors.youtube.extractor import YouTube

    assert YouTube.secrets == ("client_id", "client_secret", "refresh_token") and not YouTube.echoes
    assert YouTube.uploads == ("studio",) and YouTube.runs == ALL
