"""Declares TooLost's three feeds and walks the portal for them in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bedrot_console.domain.errors import AccessError, RateLimited, SourceError, SourceUnavailable
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.helpers import not_negative, note, warning, whole_days

from . import analytics, checks, pages, pair_checks, report, report_checks
from .bearer import Bearer
from .portal import Portal

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

TRIES = 3
LONGEST_PAUSE_SECONDS = 60.0
SOON = timedelta(days=1)
PER_FEED = (SourceError, AccessError)
FOR_ALL = ("CredentialsRejected", "ChallengeUnanswered", "ChallengeExpired", "SourceBlocked", "MissingBrowser")
SPOTIFY_AGES = timedelta(days=4), timedelta(days=7)
APPLE_AGES = timedelta(days=6), timedelta(days=10)
_COMMON = (checks.a_capture, checks.one_year, checks.days_kept, checks.same_series, checks.plausible, not_negative("streams"))


class TooLost(Extractor):
    """Daily Spotify and Apple Music figures and the monthly sales report of one TooLost account.

    Settings of an account: `second_factor` = `none` (the site asks for no code: runs may sign in with nobody there), `app`, or `e-mail` (as if
    unset). `answer_seconds`: how long the server may take for a year of figures.
    """

    name = "toolost"
    version = "1"
    method = "browser"
    title = "TooLost"
    origin = "https://toolost.com"
    secrets = ("email", "password")

    spotify = Feed(
        template="toolost/analytics/toolost_spotify_{stamp}.json", title="Daily streams (Spotify)", parse=analytics.spotify,
        recognise=analytics.recogniser(analytics.SPOTIFY), day="date", key=("date",), measures=("streams",), min_bytes=20, max_bytes=32 << 20,
        checks=(
            *_COMMON, checks.types_kept(streams={"streams": str}, discovery={"streams": str, "fees": str}),
            checks.no_year_without_days(*SPOTIFY_AGES), whole_days("date", severity=warning), checks.discovery_formed,
        ),
        warn_after=SPOTIFY_AGES[0], fail_after=SPOTIFY_AGES[1], empty="ok", policy="review", options={"duplicates": "daily"},
    )  # fmt: skip
    apple = Feed(
        template="toolost/analytics/toolost_apple_{stamp}.json", title="Daily plays (Apple Music)", parse=analytics.apple,
        recognise=analytics.recogniser(analytics.APPLE), day="date", key=("date",), measures=("streams",), min_bytes=20, max_bytes=64 << 20,
        checks=(
            *_COMMON,
            checks.types_kept(
                totalStreams={"streams": int}, totalShazam={"streams": str}, tracksTotal={"streams": int}, countryTotal={"streams": int},
                streamTotal=int,
            ),
            checks.no_year_without_days(*APPLE_AGES), whole_days("date", severity=note), checks.totals_agree,
            checks.tracks_and_countries_formed, checks.shazams_formed, checks.same_tracks, pair_checks.pair_agrees,
        ),
        warn_after=APPLE_AGES[0], fail_after=APPLE_AGES[1], empty="ok", policy="review", options={"duplicates": "daily", "same_content": "note"},
    )  # fmt: skip
    sales = Feed(
        template="toolost/notifications/toolost_sales_{series}_{stamp}.csv", title="Monthly sales report", format="table",
        media_type="text/csv", columns=report.COLUMNS, recognise=report.is_report, encodings=("utf-8-sig", "utf-8", "latin-1"),
        day=report.REPORTED, key=report.KEY, measures=(report.REVENUE, report.UNITS),
        checks=(
            checks.a_capture, report_checks.cells_filled, report_checks.cells_formed, report_checks.months_agree,
            report_checks.sold_before_reported, report_checks.rows_not_doubled, report_checks.same_catalogue,
        ),
        min_bytes=40, max_bytes=1 << 30, warn_after=timedelta(days=75), history="growing", empty="warning", policy="review", sensitive=True,
        successive=True, options={"key_repeats": True, "duplicates": "note", "kin": True},
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Sign in if needed, then bring each feed; one that fails does not stop the others. The analytics come before the notifications."""
        portal = Portal(session)
        proved = self._arrive(session, portal)
        steps: list[tuple[Feed, Callable[[], Capture | None]]] = [
            (self.spotify, partial(self._figures, session, portal, self.spotify, analytics.SPOTIFY)),
            (self.apple, partial(self._figures, session, portal, self.apple, analytics.APPLE)),
            (self.sales, partial(self._sales, session, portal)),
        ]
        wanted = [step for step in steps if session.wants(step[0])]
        again = [True]
        for number, (feed, bring) in enumerate(wanted):
            session.stage(feed.name.partition("/")[2], number, len(wanted))
            try:
                capture = self._brought(session, portal, bring, again)
            except PER_FEED as error:
                if type(error).__name__ in FOR_ALL:
                    raise
                session.failed(feed, AccessError(str(error), hint=error.hint) if isinstance(error, pages.LoginLost) else error)
                continue
            if capture is not None:
                proved = True
                yield capture
        if proved:
            session.save_login()

    def prove(self, session: Session) -> str | None:
        """Whether the saved login works: a member's path, a token that has not ended, and an analytics call answered with figures."""
        where, token = Portal(session).enter()
        if where != "in" or token is None:
            return None
        return f"an analytics call was answered; {token.told(session.clock.now())}"

    # -- being signed in ----------------------------------------------------------------------------------------------------

    def _arrive(self, session: Session, portal: Portal) -> bool:
        """Be signed in: with the saved login if it still works, else from the form. Returns whether that is proved.

        Raises:
            AccessError: the site takes the password, and refuses the login it gave.
        """
        if session.has_login:
            where, token = portal.enter()
            if where != "out":
                self._tell(session, token)
                return where == "in"
            ended = token is not None and token.ended(session.clock.now())
            session.log("info", "the saved login has ended" if ended else "the saved login is no longer taken")
        return self._sign_in(session, portal)

    def _sign_in(self, session: Session, portal: Portal) -> bool:
        if session.has_login:
            session.forget_login()
        pages.sign_in(session)
        where, token = portal.enter(fresh=True)
        if where == "out":
            raise AccessError(
                "TooLost does not take the login that it gave a moment ago",
                hint="look at toolost.com in your own browser; then: bedrot extract toolost",
            )
        self._tell(session, token)
        if where == "in":
            session.save_login(signed_in=True)
            session.log("info", "signed in")
        return where == "in"

    def _tell(self, session: Session, token: Bearer | None) -> None:
        """Say when the login ends, before it does: a scheduled run cannot sign in by itself where a code is asked for.

        Raises:
            AccessError: the token names another member than this account's.
        """
        if token is None:
            return
        now = session.clock.now()
        email = session.secret_or_none("email")
        if "@" in token.email and email is not None and token.email.lower() != email.reveal().strip().lower():
            raise AccessError("the portal is signed in as another member", hint="bedrot sessions forget toolost")
        left = token.left(now)
        if left is not None and left <= timedelta(0):
            session.log(
                "warning", "the token that was just given calls itself ended: the clock of this machine or of TooLost is wrong"
            )
        elif left is not None and left < SOON:
            session.log("warning", f"{token.told(now)}: sign in again before then (bedrot extract toolost)")
        else:
            session.log("info", token.told(now))

    def _brought(
        self, session: Session, portal: Portal, bring: Callable[[], Capture | None], again: list[bool]
    ) -> Capture | None:  # fmt: skip
        """A feed's capture; tried again after a pause where that can help, and once in a run after signing in anew."""
        for attempt in range(TRIES):
            try:
                return bring()
            except pages.LoginLost as lost:
                if not again:
                    raise
                again.clear()
                session.log("warning", f"{lost}; signing in again")
                self._sign_in(session, portal)
            except (SourceUnavailable, RateLimited) as error:
                pause = (
                    error.retry_after_seconds
                    if isinstance(error, RateLimited) and error.retry_after_seconds
                    else 2.0 * 2**attempt
                )
                if not error.retryable or attempt + 1 == TRIES or pause > LONGEST_PAUSE_SECONDS:
                    raise
                session.log("warning", f"{error}; again in {pause:.0f} s")
                session.sleep(pause)
                portal.leave()
        return bring()

    # -- feeds --------------------------------------------------------------------------------------------------------------

    def _figures(self, session: Session, portal: Portal, feed: Feed, platform: str) -> Capture:
        answer = portal.figures(platform)
        days = checks.by_day(answer.rows)
        return self.capture(
            feed, answer.content, session, as_of=max(days, default=None), set_id=session.run_id, request={"date": answer.date}
        )

    def _sales(self, session: Session, portal: Portal) -> Capture | None:
        """The newest sales report, whole. None if the notifications hold none, which is told."""
        found = portal.reports()
        if not found:
            session.nothing(self.sales, "no sales report among the notifications")
            return None
        newest = found[0]
        self._tell_months(session, newest.month)
        spooled = portal.fetch(newest)
        path = Path(spooled.content)
        cut = report.cut_short(path)
        if cut is not None:
            raise SourceUnavailable(f"the sales report broke off: {cut}")
        return self.capture(
            self.sales, path, session, as_of=report.newest_day(path), received_name=spooled.name, series=newest.month,
            request={"month": newest.month},
        )  # fmt: skip

    def _tell_months(self, session: Session, newest: str) -> None:
        """Say which report is the newest; as a warning if the one before last month's is missing, too."""
        today: date = session.clock.now().date()
        last = report.months_before(f"{today:%Y-%m}", 1)
        if newest < report.months_before(last, 1):
            session.log("warning", f"no sales report of {last} or the month before has come; the newest is of {newest}")
        elif newest < last:
            session.log("info", f"no sales report of {last} yet; the newest is of {newest}")
        else:
            session.log("info", f"the newest sales report is of {newest}")
