"""The samples of every feed: what small runs against the stand-in bring on one day, clean and with faults, and exports as people upload them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from bedrot_console.domain.files import Capture
from bedrot_console.extraction.simulator import Simulator

from ..._graph.simulated.serving import LOGIN_PAGE
from ..simulator import InstagramSimulator, token_of
from . import suite
from .world import PROFILES

DAY = date(2026, 3, 2)
NOON = datetime.combine(DAY, time(12), UTC)
SMALL: dict[str, Any] = {"days": 9, "total_days": 3, "page_size": 12, "post_days": 40}
ERROR = b'{"error":{"message":"Error validating access token: The session is invalid because the user logged out.","type":"OAuthException",'
ERROR += b'"code":190,"error_subcode":467,"fbtrace_id":"AmadeUp000000000000000"}}'


class _Noon:
    """The sampled moment, standing still."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


@cache
def captures(account: str = "default", *faults: str, **options: Any) -> dict[str, Capture]:
    """A small run on the sampled day."""
    made: Simulator = InstagramSimulator(clock=_Noon(), faults=faults)
    return made.captures(account, **{**SMALL, **options})  # type: ignore[attr-defined]


def body(name: str, account: str = "default", *faults: str, masked: bool = True, **options: Any) -> bytes:
    """One capture of such a run as it lands: the token masked."""
    data = bytes(captures(account, *faults, **options)[name].body)  # type: ignore[arg-type]
    for profile in PROFILES if masked else ():
        token = token_of(profile).encode()
        data = data.replace(token, b"*" * len(token))
    return data


def request(name: str, account: str = "default", **options: Any) -> dict[str, Any]:
    return {"account": account, "request": dict(captures(account, **options)[name].request)}


def answer(name: str, place: int = 0) -> bytes:
    """One answer of a run alone, as somebody would bring it by hand."""
    return json.dumps(json.loads(body(name))[place]["answer"], indent=1).encode()


def _american(line: str) -> str:
    """A row of an export by day as a spreadsheet writes its date when it saves it."""
    return f'"{int(line[6:8])}/{int(line[9:11])}/{line[1:5]}"{line[line.index(",") :]}'


def made() -> dict[str, bytes]:
    """Every sample by its path under `samples/`."""
    profile, first, last = PROFILES[0], date(2026, 1, 15), date(2026, 2, 28)
    daily = {m: suite.daily(profile, m, first, last, NOON) for m in suite.TITLES}
    posts = suite.posts(profile, NOON)
    views = daily["views"].decode("utf-16").split("\n")
    reach, follows, visits = (daily[name].decode("utf-16").split("\n") for name in ("reach", "follows", "visits"))
    audience = suite.audience(profile, NOON)
    out = {
        "account/ok.json": body("account"), "account/ok-instagram-door.json": body("account", "yoru"), "account/error-body.json": ERROR,
        "account/sign-in-page.json": LOGIN_PAGE,
        "insights/ok-9-days.json": body("insights"), "insights/ok-40-days-two-windows.json": body("insights", days=40),
        "insights/ok-few-followers.json": body("insights", "tiny"), "insights/ok-one-answer-alone.json": answer("insights"),
        "insights/token-in-clear.json": body("insights", masked=False),
        "insights/broken-off.json": body("insights")[:-700],
        **{
            f"insights/{name.replace('_', '-')}.json": body("insights", "default", name)
            for name in ("missing_day", "outside_range", "wrong_hour", "total_as_delta", "schema_drift", "new_field", "foreign_answers", "empty_data", "empty_series")
        },
        "insights/stale.json": body("insights", "default", "stale", days=30),
        "totals/ok-3-days.json": body("totals"), "totals/metric-removed.json": body("totals", "default", "metric_removed"),
        "totals/follows-not-split.json": body("totals", "default", "unsplit_follows"), "totals/empty.json": body("totals", "default", "empty_data"),
        "demographics/ok.json": body("demographics"), "demographics/ok-few-followers.json": body("demographics", "tiny"),
        "demographics/too-many-people.json": body("demographics", "default", "too_many_people"),
        "demographics/empty.json": body("demographics", "default", "empty_data"),
        "media/ok-pages.json": body("media"), "media/last-pages-missing.json": body("media", "default", "pages_end_early"),
        "media/post-twice.json": body("media", "default", "duplicate_rows"),
        "media_insights/ok.json": body("media_insights"),
        "media_insights/ok-old-posts-refused.json": body("media_insights", post_days=730),
        "media_insights/before-v22.json": body("media_insights", "default", "old_answers"),
        "media_insights/metric-refused.json": body("media_insights", "default", "reels_lose_a_metric"),
        "media_insights/post-deleted.json": body("media_insights", "default", "post_deleted", post_days=730),
        "stories/ok.json": body("stories", "tiny"), "stories/ok-none.json": body("stories", "yoru"),
        "stories/older-than-a-day.json": body("stories", "tiny").replace(b'"timestamp":"2026-03-0', b'"timestamp":"2026-02-0'),
        "suite_audience/ok.csv": audience, "suite_audience/cities-cut.csv": audience[: len(audience) // 3 * 2 & ~1],
        "suite_audience/one-table.csv": suite.utf16(audience.decode("utf-16").split("\n\n")[0].split("\n")),
        "suite_posts/ok.csv": posts, "suite_posts/rounded-ids.csv": posts.replace(b"\n18010", b"\n1.8E+16,18010").replace(b",18010", b"", 8),
        "suite_posts/cut.csv": posts[:-9],
        "suite_views/day-missing.csv": suite.utf16([*views[:20], *views[21:-2]]),
        "suite_views/saved-again.csv": "\n".join(views).encode("utf-8-sig"),
        "suite_views/is-reach.csv": daily["reach"],
        "suite_views/last-line-cut.csv": daily["views"][:-20],
        "suite_reach/below-zero.csv": suite.utf16([*reach[:9], reach[9].rpartition(",")[0] + ',"-12"', *reach[10:-2]]),
        "suite_follows/days-written-otherwise.csv": suite.utf16([*follows[:3], *(_american(line) for line in follows[3:-2])]),
        "suite_interactions/cut-inside-a-character.csv": daily["interactions"][:-41],
        "suite_visits/day-missing.csv": suite.utf16([*visits[:30], *visits[31:-2]]),
        "suite_link_clicks/is-visits.csv": daily["visits"],
        "suite_views/no-number.csv": suite.utf16([*views[:9], views[9].rpartition(",")[0] + ',"1,2k"', *views[10:-2]]),
    }  # fmt: skip
    return out | {f"suite_{metric}/ok.csv": data for metric, data in daily.items()}


PROVENANCE: dict[str, dict[str, Any]] = {
    **{name: request(name) for name in ("account", "insights", "totals", "demographics", "media", "media_insights", "stories")},
    "account/ok-instagram-door.json": request("account", "yoru"),
    "insights/ok-40-days-two-windows.json": request("insights", days=40),
    "insights/ok-few-followers.json": request("insights", "tiny"),
    "demographics/ok-few-followers.json": request("demographics", "tiny"),
    "media_insights/ok-old-posts-refused.json": request("media_insights", post_days=730),
    "media_insights/post-deleted.json": request("media_insights", post_days=730),
    "stories/ok.json": request("stories", "tiny"),
    "stories/older-than-a-day.json": request("stories", "tiny"),
    "stories/ok-none.json": request("stories", "yoru"),
    **{f"suite_{name}": {"method": "manual", "source_system": "upload"} for name in (*suite.TITLES, "audience", "posts")},
}
"""What the sidecar of each sample says beside the usual."""
