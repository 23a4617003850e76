"""Instagram insights of one professional account, landed as the Graph API sent them, and the exports of Meta Business Suite.

A run brings the account's totals of the moment, its insights by day, what only exists as a total (asked day by day), who its people are, its
posts with their insights, and the stories that live. A file is the list of what was asked and what came (`answers`). Settings
(`[platforms.instagram]` or `[platforms.instagram.accounts.<account>]`):

    door              facebook (default): the account hangs on a Page; instagram: the token is the account's own
    ig_user_id        the account, digits; else the only one the token can see, or the one named by
    username          without @
    version           of the API, default v26.0
    days              how many full days of series back, default 30; more are asked in windows of at most 30 days
    total_days        how many days of totals back, default 14, each one a question
    post_days         posts up to this age are asked for insights, default 730: no longer are they kept (documented)
    timeframe         of the demographics of those reached and engaged: this_month (default) or this_week
    without           metrics not to ask for, a list: what the platform gave up warns every day until somebody says so here
    page_size         posts per page, default 25
    patience_seconds  for throttles of one call, default 120
    token_expires     the day an Instagram Login token ends; behind the other door Meta itself says so
    app_id            with the secret app_secret: lets the app itself inspect the token
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bedrot_console.domain.errors import (
    AccessError,
    CredentialsRejected,
    RateLimited,
    SourceBlocked,
    SourceChanged,
    SourceError,
    UsageError,
)
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture, Echo
from bedrot_console.extraction.base import Extractor

from . import answers, api, checks, day_checks, media_checks, people_checks, suite, suite_checks
from .answers import after_of, bundle, is_kind, question
from .api import Answer, Asker, Door
from .metrics import (
    BREAKDOWNS,
    DEMOGRAPHICS,
    FOLLOWS,
    HISTORY_DAYS,
    MEDIA,
    TIMEFRAMES,
    TOTALS,
    day_that_ends,
    midnight,
    pacific_day,
    windows,
    young,
)

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

PLACE = "social_media/instagram/"
STALE = timedelta(days=3)
"""A day's figures may come 48 hours after its end (documented), and the Pacific day ends up to a third of a day after the UTC one."""
ENDS_RUN = (CredentialsRejected, SourceBlocked, RateLimited)
"""Errors that every further question would meet too."""


def landed(name: str, **values: Any) -> Feed:
    """A feed that a run brings."""
    return Feed(
        template=f"{PLACE}instagram_{name}_{{stamp}}.json", recognise=is_kind(values.pop("kind", name)), min_bytes=2, max_bytes=256 << 20,
        **values,
    )  # fmt: skip


def exported(metric: str, title: str, *, additive: bool = True) -> Feed:
    """A feed of Business Suite files of one metric, one day a row."""
    return Feed(
        template=f"{PLACE}instagram_suite_{metric}_{{stamp}}.csv", format="table", media_type="text/csv", parse=suite.read_daily,
        day="day", key=("day",), measures=("value",) if additive else (), checks=suite_checks.daily(sparse=metric == "follows"),
        recognise=suite.is_daily(metric), min_bytes=40, max_bytes=16 << 20, options={"duplicates": "note"}, title=title,
    )  # fmt: skip


class Instagram(Extractor):
    """Account, insights, people, posts and stories of one professional account."""

    name = "instagram"
    version = "1"
    method = "api"
    title = "Instagram"
    origin = api.DOORS["facebook"].origin
    secrets = ("access_token",)
    optional_secrets = ("app_secret",)
    echoes = ("access_token",)
    uploads = (
        "suite_views", "suite_reach", "suite_follows", "suite_interactions", "suite_visits", "suite_link_clicks", "suite_audience",
        "suite_posts",
    )  # fmt: skip

    account = landed(
        "account", parse=answers.read_account, key=("id",), measures=("followers_count", "media_count"), checks=checks.ACCOUNT,
        options={"duplicates": "note"}, max_drop=0.2, title="account",
    )  # fmt: skip
    insights = landed(
        "insights", parse=answers.read_series, day="day", key=("day",), measures=("follower_count",), checks=day_checks.SERIES,
        warn_after=STALE, fail_after=timedelta(days=5), history="rolling", options={"duplicates": "daily"},
        title="account insights by day",
    )  # fmt: skip
    totals = landed(
        "totals", parse=answers.read_totals, day="day", key=("day",), measures=("views", "total_interactions", "follows", "unfollows"),
        checks=day_checks.TOTALS, warn_after=STALE, fail_after=timedelta(days=5), history="rolling",
        options={"duplicates": "daily"}, title="account totals by day",
    )  # fmt: skip
    demographics = landed(
        "demographics", parse=answers.read_demographics, key=("metric", "breakdown", "group"), checks=people_checks.DEMOGRAPHICS,
        empty="ok", options={"duplicates": "note"}, title="who follows and watches",
    )  # fmt: skip
    media = landed(
        "media", parse=answers.read_media, key=("id",), measures=("like_count", "comments_count"), checks=media_checks.MEDIA,
        empty="ok", set_name="posts", max_drop=0.5, options={"duplicates": "note"}, title="posts",
    )  # fmt: skip
    media_insights = landed(
        "media_insights", parse=answers.read_media_insights, key=("media",), measures=("views", "total_interactions"),
        checks=media_checks.MEDIA_INSIGHTS, empty="ok", set_name="posts", max_drop=0.5, options={"duplicates": "daily"},
        title="insights of posts",
    )  # fmt: skip
    stories = landed(
        "stories", parse=answers.read_stories, key=("media",), checks=media_checks.STORIES, empty="ok", options={"duplicates": "note"},
        title="live stories",
    )  # fmt: skip

    suite_views = exported("views", "Business Suite: views")
    suite_reach = exported("reach", "Business Suite: reach", additive=False)
    suite_follows = exported("follows", "Business Suite: follows")
    suite_interactions = exported("interactions", "Business Suite: content interactions")
    suite_visits = exported("visits", "Business Suite: profile visits")
    suite_link_clicks = exported("link_clicks", "Business Suite: link clicks")
    suite_audience = Feed(
        template=f"{PLACE}instagram_suite_audience_{{stamp}}.csv", format="table", media_type="text/csv", parse=suite.read_audience,
        key=("table", "group"), checks=suite_checks.AUDIENCE, recognise=suite.is_audience, min_bytes=40, max_bytes=4 << 20,
        options={"duplicates": "note"}, title="Business Suite: audience",
    )  # fmt: skip
    suite_posts = Feed(
        template=f"{PLACE}instagram_suite_posts_{{stamp}}.csv", format="table", media_type="text/csv", parse=suite.read_posts,
        key=("Post ID",), measures=("Views", "Likes", "Shares", "Comments", "Saves"), checks=suite_checks.POSTS,
        recognise=suite.is_posts, min_bytes=40, max_bytes=256 << 20, options={"duplicates": "note"}, title="Business Suite: posts",
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Check the token, find the account, then bring feed after feed; one that fails does not stop the others."""
        door, graph = self._graph(session)
        session.stage("check token")
        api.check_token(session, graph, door)
        session.stage("find account")
        user = api.find_account(session, graph, door)
        walk = Walk(session, graph, door, user)
        walk.look()
        steps: tuple[tuple[Feed, Callable[[], list[Answer]]], ...] = (
            (self.account, walk.account), (self.insights, walk.series), (self.totals, walk.totals), (self.demographics, walk.demographics),
            (self.media, walk.media), (self.media_insights, walk.media_insights), (self.stories, walk.stories),
        )  # fmt: skip
        for feed, step in steps:
            if not session.wants(feed):
                continue
            session.stage(feed.title)
            try:
                found = step()
                if found and all(a.refused for a in found) and feed is not self.media_insights:
                    raise SourceChanged(f"Meta refuses every metric of {feed.title}")
            except ENDS_RUN:
                raise
            except (SourceError, AccessError) as trouble:
                session.failed(feed, trouble)
                continue
            if not found:
                left_out = feed is not self.media_insights
                session.nothing(
                    feed,
                    "the settings leave out all of it" if left_out else "there is no post to ask about",
                    level="info" if left_out else "warning",
                )
                continue
            body = bundle([(a.asked, a.body) for a in found])
            made = self.capture(
                feed, body, session, as_of=walk.as_of.get(feed.name), request=walk.request(feed), echoes=_echoes(graph)
            )
            yield replace(made, source_system=urlsplit(graph.origin).netloc)
        session.log("info", f"{graph.calls} calls")

    def prove(self, session: Session) -> str | None:
        """The name of the account that the token can read, or None. A token that is refused is an error, with what to do in its hint."""
        door, graph = self._graph(session)
        api.check_token(session, graph, door)
        user = api.find_account(session, graph, door)
        node = graph.get(user, {"fields": "username"}).document
        return f"reads @{node['username']}" if isinstance(node, dict) and node.get("username") else None

    def _graph(self, session: Session) -> tuple[Door, api.Graph]:
        named = str(session.option("door", "facebook"))
        if named not in api.DOORS:
            raise UsageError(f"no such door: {named[:20]}", hint='[platforms.instagram] door = "facebook" or "instagram"')
        version = str(session.option("version", api.DEFAULT_VERSION))
        if not re.fullmatch(r"v\d{1,3}\.\d", version):
            raise UsageError(f"not a version of the Graph API: {version[:20]}", hint='[platforms.instagram] version = "v26.0"')
        door = api.DOORS[named]
        token = session.secret("access_token")
        graph = (api.FacebookGraph if named == "facebook" else api.InstagramGraph)(
            session, version=version, token=token, proof=api.proof_of(session, token),
            patience_seconds=float(session.option("patience_seconds", 120)),
            origin=session.settings.base_url(self.name) or door.origin,
        )  # fmt: skip
        return door, graph


def _echoes(graph: api.Graph) -> tuple[Echo, ...]:
    echoes = (Echo("access_token", graph.token.reveal().encode()),)
    return echoes if graph.proof is None else (*echoes, Echo("appsecret_proof", graph.proof.reveal().encode()))


class Walk:
    """One walk through one account: what is asked, in order, and what is known on the way. Holds answers, makes no files."""

    def __init__(self, session: Session, graph: api.Graph, door: Door, user: str) -> None:
        self.session, self.graph, self.door, self.user = session, graph, door, user
        without = session.option("without", ())
        if not isinstance(without, list | tuple) or not all(isinstance(name, str) for name in without):
            raise UsageError("without must be a list of metrics", hint='[platforms.instagram] without = ["profile_views"]')
        self.asker = Asker(graph, session.log, without)
        self.as_of: dict[str, date | None] = {}
        self.now: datetime = session.clock.now()
        self.node: dict[str, Any] = {}
        self._node: Answer | None = None
        self._posts: list[dict[str, Any]] = []
        self._listed: list[Answer] | None = None
        self._asked: dict[str, dict[str, str]] = {}

    def look(self) -> None:
        """Read the account's node: whose it is, how many follow, what the platform's time is.

        Raises:
            AccessError: it is not the account of the settings. SourceChanged: another account answers than was asked.
        """
        params = {"fields": api.account_fields(self.door)}
        page = self.graph.get(self.user, params)
        node = page.document
        if not isinstance(node, dict) or str(node.get("user_id", node.get("id"))) != self.user:
            raise SourceChanged("another account answers than the one that was asked")
        username = self.session.option("username")
        if username is not None and node.get("username") != username:
            raise AccessError(
                f"the account is @{str(node.get('username'))[:60]}, not the one of the settings", hint=api.ACCOUNT_HINT
            )
        self.node, self._node = node, Answer(question(self.user, params), page.body, node)
        self.now = page.served_at(self.now)
        if abs(self.now - self.session.clock.now()) > timedelta(hours=12):
            self.session.log("warning", f"Meta's clock says {self.now:%Y-%m-%d %H:%M} UTC: days are counted by it")
        self.session.log(
            "info", f"account @{str(node.get('username', ''))[:60]}, {node.get('followers_count', '?')!s:.12} followers"
        )

    def request(self, feed: Feed) -> dict[str, str]:
        """What checks must know of the question: whose account, how many follow, and the feed's own range."""
        known = {"user_id": self.user, "username": str(self.node.get("username", "")), "door": self.door.name}
        known |= {k: str(self.node[k]) for k in ("followers_count", "media_count") if isinstance(self.node.get(k), int)}
        known |= {"without": ",".join(sorted(self.asker.without))} if self.asker.without else {}
        return known | self._asked.get(feed.name, {})

    def account(self) -> list[Answer]:
        assert self._node is not None
        return [self._node]

    def series(self) -> list[Answer]:
        """reach over all days; follower_count and online_followers over the last 30, which is all the platform has of them."""
        last = pacific_day(self.now) - timedelta(days=1)
        first = last - timedelta(days=self._count("days", 30) - 1)
        recent = max(first, last - timedelta(days=HISTORY_DAYS - 1))
        self._asked["instagram/insights"] = {"first": str(first), "last": str(last)}
        found = []
        for metric, start, period in (
            ("reach", first, "day"),
            ("follower_count", recent, "day"),
            ("online_followers", recent, "lifetime"),
        ):
            found += self._windows(metric, start, last, period)
        ends = [day for a in found if a.document for day in _days_of(a.document)]
        self.as_of["instagram/insights"] = max(ends, default=None)
        return found

    def _windows(self, metric: str, first: date, last: date, period: str, steps: int = 0) -> list[Answer]:
        out = []
        for n, (since, until) in enumerate(windows(first, last)):
            try:
                out += self._insights("series", [metric], {"period": period, "since": since, "until": until})
            except SourceChanged as trouble:
                if n or steps >= 2 or not api.too_far_back(trouble):
                    raise
                self.session.log("info", f"{metric}: Meta no longer has {first}; asking from the day after")
                return self._windows(metric, first + timedelta(days=1), last, period, steps + 1)
        return out

    def totals(self) -> list[Answer]:
        """What exists only as one number for a range: one day a question. Follows and unfollows need their breakdown."""
        last = pacific_day(self.now) - timedelta(days=1)
        count = self._count("total_days", 14)
        first = last - timedelta(days=count - 1)
        self._asked["instagram/totals"] = {"first": str(first), "last": str(last)}
        found: list[Answer] = []
        for n in range(count):
            day = first + timedelta(days=n)
            self.session.stage("account totals by day", n + 1, count)
            span = {"since": int(midnight(day).timestamp()), "until": int(midnight(day + timedelta(days=1)).timestamp())}
            form = {"metric_type": "total_value", "period": "day"}
            answered = self._insights("totals", TOTALS, form | span)
            answered += self._insights("follows", (FOLLOWS,), form | {"breakdown": "follow_type"} | span)
            if any(a.document and a.document["data"] for a in answered):
                self.as_of["instagram/totals"] = day
            found += answered
        return found

    def demographics(self) -> list[Answer]:
        timeframe = str(self.session.option("timeframe", "this_month"))
        if timeframe not in TIMEFRAMES:
            raise UsageError(f"no such timeframe: {timeframe[:20]}", hint=" or ".join(TIMEFRAMES))
        found: list[Answer] = []
        for metric in DEMOGRAPHICS:
            for breakdown in BREAKDOWNS:
                params = {"period": "lifetime", "metric_type": "total_value", "breakdown": breakdown}
                params |= {} if metric == DEMOGRAPHICS[0] else {"timeframe": timeframe}
                found += self._insights(f"demographics by {breakdown}", (metric,), params)
        return found

    def media(self) -> list[Answer]:
        """Every page of posts, to the one without a next."""
        size = self.session.option("page_size", 25)
        if not isinstance(size, int) or not 1 <= size <= 100:
            raise UsageError("page_size must be a number from 1 to 100")
        self._listed = self._list("media", api.MEDIA_FIELDS, size)
        self._posts = [entry for a in self._listed for entry in a.document["data"] if isinstance(entry, dict)]
        return self._listed

    def media_insights(self) -> list[Answer]:
        """Insights of every post that is young enough. Children of albums have none (documented) and are not asked."""
        if self._listed is None:
            self.media()
        days = self._count("post_days", 730)
        asked = [p for p in self._posts if young(p, self.now, days)]
        self._asked["instagram/media_insights"] = {
            "posts": str(len(asked)),
            "post_days": str(days),
            "at": str(int(self.now.timestamp())),
        }
        return [a for n, post in enumerate(asked) for a in self._post(post, n + 1, len(asked))]

    def stories(self) -> list[Answer]:
        """The stories that live, with what they brought so far."""
        found = self._list("stories", api.STORY_FIELDS, 25)
        self._asked["instagram/stories"] = {"at": str(int(self.now.timestamp()))}
        for story in [entry for a in found for entry in a.document["data"] if isinstance(entry, dict)]:
            found += self._post(story | {"media_product_type": "STORY"}, None, None)
        return found

    def _list(self, edge: str, fields: str, size: int) -> list[Answer]:
        params: dict[str, Any] = {"fields": fields, "limit": size}
        path = f"{self.user}/{edge}"
        out: list[Answer] = []
        for page in self.graph.whole(path, params):
            after = after_of(out[-1].document) if out else None
            out.append(Answer(question(path, params if after is None else {**params, "after": after}), page.body, page.document))
        return out

    def _post(self, post: dict[str, Any], number: int | None, count: int | None) -> list[Answer]:
        self.session.stage("insights of posts", number, count)
        kind = str(post.get("media_product_type") or "FEED")
        return self.asker.ask(kind, f"{post.get('id')}/insights", MEDIA.get(kind, MEDIA["FEED"]), {}, post=True)

    def _insights(self, kind: str, metrics: tuple[str, ...] | list[str], params: dict[str, Any]) -> list[Answer]:
        return self.asker.ask(kind, f"{self.user}/insights", metrics, params)

    def _count(self, name: str, default: int) -> int:
        value = self.session.option(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 4000:
            raise UsageError(f"{name} must be a number of days")
        return value


def _days_of(document: dict[str, Any]) -> Iterator[date]:
    """The Pacific days that an answer's values close."""
    for entry in document["data"]:
        for value in (entry.get("values") if isinstance(entry, dict) else None) or ():
            try:
                yield day_that_ends(value["end_time"])
            except (ValueError, KeyError, TypeError):
                continue
