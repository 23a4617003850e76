"""Meta Ads: the structure of one ad account, its daily insights and its daily view by campaign, landed as the Graph API sent them.

One run brings one set of four files in a folder of its own: campaigns, adsets, ads, insights. They are yielded only once all four are
complete, so that no half set ever lands. Then it brings the daily view by campaign (`campaign_view`); either may fail without the other.
Exports of Ads Manager are brought by hand (`exports`). Settings (`[platforms.metaads]` or `[platforms.metaads.accounts.<account>]`):

    account_id        digits, with or without act_; else the only account that the token can see
    version           of the API, default v26.0
    days              how many full days back, default 28: figures change that long by late attribution (assumed)
    since, until      a range of days instead (YYYY-MM-DD, account's time zone)
    level             of the insights: ad (default), adset, campaign or account
    campaigns         whose days the view by campaign asks for: active (default) or all
    page_size         rows per page, default 200
    asynchronous      auto (default), always, never
    deadline_seconds  for one report run, default 1800
    patience_seconds  for throttles of one call, default 120
    app_id            with the secret app_secret: lets the app itself inspect the token
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bedrot_console.domain.errors import AccessError, RateLimited, SourceChanged, SourceError, UsageError
from bedrot_console.domain.feeds import Column, Feed
from bedrot_console.domain.files import Capture, Echo
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.helpers import header_has

from . import campaign_view, checks, dumps, exports, id_checks, insight_checks, view_checks
from .api import DEFAULT_VERSION, GRANT_HINT, MARKETING_ENDS, Graph, Page, inspector_of, proof_of, worth_of
from .reports import Insights

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

FIELDS = {
    "campaigns": "id,account_id,name,status,configured_status,effective_status,objective,buying_type,bid_strategy,daily_budget,lifetime_budget,"
    "spend_cap,start_time,stop_time,created_time,updated_time",
    "adsets": "id,account_id,campaign_id,name,status,configured_status,effective_status,daily_budget,lifetime_budget,bid_strategy,billing_event,"
    "optimization_goal,targeting,promoted_object,pacing_type,start_time,end_time,created_time,updated_time",
    "ads": "id,account_id,campaign_id,adset_id,name,status,configured_status,effective_status,creative,tracking_specs,created_time,updated_time",
}
LEVELS = {"account": (), "campaign": ("campaign",), "adset": ("campaign", "adset"), "ad": ("campaign", "adset", "ad")}
METRICS = (
    "impressions", "clicks", "inline_link_clicks", "spend", "reach", "frequency", "cpc", "cpm", "ctr", "actions", "action_values",
    "cost_per_action_type",
)  # fmt: skip
STATUS_WORDS = {
    2: "disabled",
    3: "unsettled",
    7: "pending risk review",
    9: "in its grace period",
    100: "pending closure",
    101: "closed",
}


INSIGHTS_SCHEMA = Path(__file__).resolve().parent / "schemas" / "insights.schema.json"
"""Rows of the view by campaign are insights too."""
Brought = tuple[Feed, bytes, date | None, dict[str, str]]
"""A feed, its file, its newest day, and what was asked."""


class MetaAds(Extractor):
    """Campaigns, ad sets, ads and daily insights of one ad account."""

    name = "metaads"
    version = "1"
    method = "api"
    title = "Meta Ads"
    origin = "https://graph.facebook.com"
    secrets = ("access_token",)
    optional_secrets = ("app_secret",)
    echoes = ("access_token", "token")
    uploads = ("daily", "ads_manager", "ads_manager_days")

    campaigns = Feed(
        template="metaads/{stamp}/campaigns.json", parse=dumps.read_dump, key=("id",), checks=checks.STRUCTURE, empty="warning", max_drop=0.5,
        recognise=dumps.IS_CAMPAIGN, set_name="dump", min_bytes=2, max_bytes=256 << 20, options={"duplicates": "note"},
        title="campaigns",
    )  # fmt: skip
    adsets = Feed(
        template="metaads/{stamp}/adsets.json", parse=dumps.read_dump, key=("id",), checks=checks.STRUCTURE, empty="warning", max_drop=0.5,
        recognise=dumps.IS_ADSET, set_name="dump", min_bytes=2, max_bytes=512 << 20, options={"duplicates": "note"},
        title="ad sets",
    )  # fmt: skip
    ads = Feed(
        template="metaads/{stamp}/ads.json", parse=dumps.read_dump, key=("id",), checks=checks.STRUCTURE, empty="warning", max_drop=0.5,
        recognise=dumps.IS_AD, set_name="dump", min_bytes=2, max_bytes=512 << 20, options={"duplicates": "note"},
        title="ads",
    )  # fmt: skip
    insights = Feed(
        template="metaads/{stamp}/insights.json", parse=dumps.read_insights, day="date_start", key=("object", "date_start"),
        measures=("impressions", "clicks", "spend", "pixel_events"), checks=insight_checks.INSIGHTS, empty="warning", max_drop=0.6, recognise=dumps.IS_INSIGHTS,
        set_name="dump", min_bytes=2, max_bytes=512 << 20, warn_after=timedelta(days=3), options={"duplicates": "daily"},
        title="daily insights",
    )  # fmt: skip
    campaign_daily = Feed(
        template="metaads/campaign_daily/metaads_campaign_daily_{stamp}.json", parse=dumps.read_campaign_days, day="date_start",
        key=("object", "date_start"), measures=("impressions", "clicks", "spend", "pixel_events"), checks=view_checks.CAMPAIGN_DAYS, empty="ok",
        schema=INSIGHTS_SCHEMA, max_drop=0.6,
        recognise=dumps.IS_CAMPAIGN_DAYS, min_bytes=2, max_bytes=512 << 20, options={"duplicates": "daily"}, title="daily view by campaign",
    )  # fmt: skip
    daily = Feed(
        template="metaads/daily/metaads_campaign_daily_{stamp}.csv", format="table", media_type="text/csv", day="date",
        key=("date", "campaign_id", "adset_id"), measures=("impressions", "clicks", "spend_usd"),
        columns=(
            Column(("date",), "DATE", required=True), Column(("campaign_id",), required=True), Column(("campaign_name",)),
            Column(("campaign_objective",)), Column(("campaign_status",)), Column(("adset_id",), required=True), Column(("adset_name",)),
            Column(("spend_usd",), "DECIMAL(18, 4)", required=True), Column(("impressions",), "BIGINT", required=True),
            Column(("clicks",), "BIGINT", required=True), Column(("reach",), "BIGINT"), Column(("frequency",), "DOUBLE"),
            Column(("cpc",), "DOUBLE"), Column(("cpm",), "DOUBLE"), Column(("ctr",), "DOUBLE"), Column(("meta_pixel_events",)),
            Column(("is_active",)),
        ),
        recognise=header_has("date", "campaign_id", "adset_id", "spend_usd", "meta_pixel_events"), checks=(id_checks.table_ids,), title="daily campaign table",
    )  # fmt: skip

    ads_manager = Feed(
        template="metaads/ads_manager/metaads_ads_manager_{stamp}.csv", format="binary", media_type="text/csv", parse=exports.read,
        recognise=exports.is_period, key=("object", "reporting_starts", "reporting_ends"), measures=("impressions", "spend"),
        checks=exports.CHECKS, min_bytes=40, max_bytes=256 << 20, empty="ok", title="Ads Manager export, whole period",
    )  # fmt: skip
    ads_manager_days = Feed(
        template="metaads/ads_manager/metaads_ads_manager_days_{stamp}.csv", format="binary", media_type="text/csv", parse=exports.read,
        recognise=exports.is_days, day="day", key=("object", "day"), measures=("impressions", "spend"), checks=exports.CHECKS,
        min_bytes=40, max_bytes=256 << 20, empty="ok", title="Ads Manager export, by day",
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Check the token and the account, then bring the set."""
        graph = self._graph(session)
        session.stage("check token")
        self._check_token(session, graph)
        session.stage("check account")
        account, zone = self._account(session, graph)
        echoes = (Echo("access_token", graph.token.reveal().encode()),)
        if graph.proof is not None:
            echoes += (Echo("appsecret_proof", graph.proof.reveal().encode()),)
        parts: tuple[tuple[tuple[Feed, ...], Callable[..., list[Brought]]], ...] = (
            ((self.campaigns, self.adsets, self.ads, self.insights), self._set), ((self.campaign_daily,), self._view),
        )  # fmt: skip
        for feeds, bring in parts:
            wanted = [feed for feed in feeds if session.wants(feed)]
            if not wanted:
                continue
            try:
                brought = bring(session, graph, account, zone)
            except RateLimited:
                raise  # calling on would prolong it
            except SourceError as error:
                for feed in wanted:
                    session.failed(feed, error)
                continue
            for feed, body, as_of, request in brought:
                yield self.capture(feed, body, session, as_of=as_of, request=request, echoes=echoes)
        session.log("info", f"{graph.calls} calls")

    def _set(self, session: Session, graph: Graph, account: str, zone: ZoneInfo) -> list[Brought]:
        """The four files, or those of them that are wanted; all of them or none."""
        found: list[Brought] = []
        for feed in (self.campaigns, self.adsets, self.ads):
            if session.wants(feed):
                kind = feed.name.rpartition("/")[2]
                session.stage(kind)
                params = structure_params(kind, self._page_size(session))
                found.append((feed, self._body(graph.whole(f"act_{account}/{kind}", params), account), None, {}))
        if session.wants(self.insights):
            session.stage("insights")
            pages = self._insights(session, graph, account, zone)
            asked = {"page_size": str(self._page_size(session))}
            found.append((self.insights, self._body(pages, account), _newest(pages), asked))
        return found

    def _view(self, session: Session, graph: Graph, account: str, zone: ZoneInfo) -> list[Brought]:
        """The daily view by campaign."""
        session.stage("campaign days")
        whose = session.option("campaigns", "active")
        if whose not in ("active", "all"):
            raise UsageError("campaigns must be active or all", hint="[platforms.metaads] campaigns in bedrot.toml")
        since, until = self._range(session, zone)
        view = campaign_view.bring(
            graph, account, lambda params: self._asking(session, graph, account, params, stage="campaign days"),
            insights_params("campaign", self._page_size(session)), since, until, everything=whose == "all",
        )  # fmt: skip
        how = view.request
        session.log(
            "info", f"days of {how['asked']} of {how['campaigns']} campaigns from {since} to {until}, {how['running']} run"
        )
        if not view.complete:
            session.log("warning", "the campaigns do not make up the account")
        return [(self.campaign_daily, self._body(view.pages, account), _newest(view.pages), how)]

    def prove(self, session: Session) -> str | None:
        """The name of the account that the token can read, or None. A token that is refused is an error, with what to do in its hint."""
        graph = self._graph(session)
        self._check_token(session, graph)
        account = self._account_id(session, graph)
        node = graph.get(f"act_{account}", {"fields": "name"}).document
        return f"reads the ad account {node.get('name', account)}" if isinstance(node, dict) else None

    def _graph(self, session: Session) -> Graph:
        version = str(session.option("version", DEFAULT_VERSION))
        if not re.fullmatch(r"v\d{1,3}\.\d", version):
            raise UsageError(f"not a version of the Graph API: {version[:20]}", hint='[platforms.metaads] version = "v26.0"')
        end = MARKETING_ENDS.get(version)
        today = session.clock.now().date()
        if end is not None:
            what = "has ended on" if end < today else "ends on"
            session.log("warning", f"{version} of the Marketing API {what} {end}: set [platforms.metaads] version")
        token = session.secret_or_none("access_token") or session.secret_or_none("token") or session.secret("access_token")
        proof = proof_of(session, token)
        return Graph(
            session, version=version, token=token, proof=proof, patience_seconds=float(session.option("patience_seconds", 120))
        )

    def _check_token(self, session: Session, graph: Graph) -> None:
        """Ask the platform what the token is worth before anything else is asked.

        Raises:
            CredentialsRejected: not valid, or expired. AccessError: data access lapsed, or no permission to read ads.
        """
        worth = worth_of(session, graph, inspector_of(session, graph))
        session.credential_ends(worth.ends, "access_token")
        if not worth.allows_any(("ads_read", "ads_management")):
            raise AccessError("the token has no permission ads_read", hint=GRANT_HINT)

    def _account_id(self, session: Session, graph: Graph) -> str:
        """Digits of the ad account: the run's account if it is one, the setting, the environment, else the only one the token can see."""
        env = session.settings.secret(self.name, "account_id")
        for value in (session.account, session.option("account_id"), env.reveal() if env else None):
            digits = str(value or "").removeprefix("act_")
            if re.fullmatch(r"\d{5,20}", digits):
                return digits
            if value and value != session.account:
                raise UsageError("account_id is no ad account", hint='[platforms.metaads] account_id = "act_<digits>"')
        found = [row for page in graph.pages("me/adaccounts", {"fields": "account_id,name", "limit": 50}) for row in page.rows]
        if not found:
            raise AccessError("the token can see no ad account", hint=GRANT_HINT)
        if len(found) > 1:
            names = ", ".join(f"act_{row.get('account_id')}" for row in found[:5])
            raise UsageError(
                f"the token can see {len(found)} ad accounts: {names}",
                hint='choose one: [platforms.metaads] account_id = "act_<digits>"',
            )
        return str(found[0].get("account_id"))

    def _account(self, session: Session, graph: Graph) -> tuple[str, ZoneInfo]:
        """The account's digits and time zone, from its own node.

        Raises:
            AccessError: not shown to this token, or the account is closed.
            SourceChanged: another account answers, or its time zone is not known here.
        """
        account = self._account_id(session, graph)
        fields = "account_id,name,currency,timezone_name,account_status,amount_spent"
        page = graph.get(f"act_{account}", {"fields": fields})
        node = page.document
        if not isinstance(node, dict) or str(node.get("account_id")) != account:
            raise SourceChanged("another account answers than the one that was asked")
        status = node.get("account_status")
        if status == 101:
            raise AccessError("the ad account is closed", hint="choose another account")
        if status in STATUS_WORDS:
            session.log("warning", f"the ad account is {STATUS_WORDS[status]} (status {status})")
        wanted = session.option("currency")
        if wanted and node.get("currency") != wanted:
            raise SourceChanged(f"the account's currency is {str(node.get('currency'))[:8]}, not {wanted}")
        try:
            zone = ZoneInfo(str(node.get("timezone_name")))
        except (ZoneInfoNotFoundError, ValueError) as trouble:
            raise SourceChanged("the account's time zone is not known here") from trouble
        session.log(
            "info", f"account {node.get('name', '')!s:.60}, currency {node.get('currency', '?')!s:.8}, time zone {zone.key}"
        )
        self._platform_now = page.served_at(session.clock.now())
        if abs(self._platform_now - session.clock.now()) > timedelta(hours=12):
            session.log("warning", f"Meta's clock says {self._platform_now:%Y-%m-%d %H:%M} UTC: days are counted by it")
        return account, zone

    def _range(self, session: Session, zone: ZoneInfo) -> tuple[date, date]:
        """First and last day to ask for: full days in the account's zone, by the platform's own clock; today is never complete."""
        yesterday = self._platform_now.astimezone(zone).date() - timedelta(days=1)
        try:
            until = _day(session.option("until")) or yesterday
            since = _day(session.option("since")) or until - timedelta(days=max(1, int(session.option("days", 28))) - 1)
        except (ValueError, TypeError) as trouble:
            raise UsageError(
                "since, until and days must be dates (YYYY-MM-DD) and a number", hint="see [platforms.metaads]"
            ) from trouble
        if since > until:
            raise UsageError(f"since {since} lies after until {until}")
        return since, until

    def _insights(self, session: Session, graph: Graph, account: str, zone: ZoneInfo) -> list[Page]:
        level = str(session.option("level", "ad"))
        if level not in LEVELS:
            raise UsageError(f"no such level: {level[:20]}", hint="ad, adset, campaign or account")
        params = insights_params(level, self._page_size(session))
        since, until = self._range(session, zone)
        session.log("info", f"insights from {since} to {until} ({zone.key}), level {level}")
        return self._asking(session, graph, account, params).pages(since, until)

    @staticmethod
    def _asking(session: Session, graph: Graph, account: str, params: Mapping[str, Any], *, stage: str = "insights") -> Insights:
        """A question to the account's insights, asked as the settings say."""
        return Insights(
            graph, f"act_{account}/insights", params, asynchronous=str(session.option("asynchronous", "auto")),
            deadline_seconds=float(session.option("deadline_seconds", 1800)), stage=stage,
        )  # fmt: skip

    @staticmethod
    def _page_size(session: Session) -> int:
        size = session.option("page_size", 200)
        if not isinstance(size, int) or not 1 <= size <= 1000:
            raise UsageError("page_size must be a number from 1 to 1000")
        return size

    @staticmethod
    def _body(pages: list[Page], account: str) -> bytes:
        """The file: a JSON array of the page bodies, byte for byte. Raises SourceChanged if a row belongs to another account."""
        for page in pages:
            for row in page.rows:
                if isinstance(row, Mapping) and str(row.get("account_id", account)) != account:
                    raise SourceChanged("rows of another account came than the one that was asked")
        return b"[" + b",".join(page.body for page in pages) + b"]"


def structure_params(kind: str, page_size: int) -> dict[str, Any]:
    """What is asked of the edges campaigns, adsets and ads; the summary tells how many there are."""
    return {"fields": FIELDS[kind], "limit": page_size, "summary": "true"}


def insights_params(level: str, page_size: int) -> dict[str, Any]:
    """What is asked of insights, but the days: one row per object and day; the summary gives the platform's own totals."""
    named = [f"{name}_{part}" for name in LEVELS[level] for part in ("id", "name")]
    fields = ",".join(("account_id", "account_currency", *named, *(("objective",) if named else ()), *METRICS))
    return {
        "level": level,
        "time_increment": "1",
        "fields": fields,
        "limit": page_size,
        "summary": ["impressions", "clicks", "spend"],
    }


def _newest(pages: list[Page]) -> date | None:
    """The newest date inside the insights."""
    days = [
        row["date_stop"] for page in pages for row in page.rows if isinstance(row, dict) and isinstance(row.get("date_stop"), str)
    ]
    try:
        return max((date.fromisoformat(d) for d in days), default=None)
    except ValueError:
        return None


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    return date.fromisoformat(str(value))
