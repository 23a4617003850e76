"""Declares Linktree's two feeds and walks the Insights page for them in a real browser.

Settings (`[platforms.linktree]` or `[platforms.linktree.accounts.<account>]`):

    days            window wanted, default 365; a plan that offers less gives its longest one, and each such file is told as `plan-limit`
    profile         name of the profile (linktr.ee/<profile>): a page that shows another one ends the run, since answers name none
    second_factor   sms, voice, app or none: what a sign-in from an unknown device meets; none lets a run without anybody sign in
    operations      names of the GraphQL operations that may be read, in place of the rule in `graphql`

The audience holds counts by city, down to one visitor: it is landed as it came, but as a sensitive feed (sealed at rest, erasable), and no
city becomes a row that a diff or preview shows. Who does not want it runs `bedrot extract linktree --feed linktree/overview`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.errors import AccessError, BedrotError, RateLimited, SourceChanged, SourceError, SourceUnavailable
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.domain.text import safe
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.helpers import FormatTrouble, days_rising, whole_days

from . import audience_checks, checks, content, pages
from .graphql import Answer, Listener

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

WANTED_DAYS = 365
TRIES = 3
ANSWER_SECONDS = 60.0
"""How long the answers for the chosen window may take; one that takes more than ten seconds is nothing unusual."""
QUIET_SECONDS = 5.0
"""Without a question on its way for so long, nothing more comes."""
LONGEST_WAIT = 30.0
"""A wait that Linktree asks for is kept up to so many seconds; a longer one ends the run."""
FOR_ALL = ("CredentialsRejected", "ChallengeUnanswered", "ChallengeExpired", "SourceBlocked", "MissingBrowser")


class Linktree(Extractor):
    """Daily views and clicks of one Linktree profile, and the countries, cities, referrers and devices of its visitors."""

    name = "linktree"
    version = "1"
    method = "browser"
    title = "Linktree"
    origin = "https://linktr.ee"
    secrets = ("username", "password")

    overview = Feed(
        template="social_media/linktree/linktree_overview_{stamp}.json", title="Daily views and clicks", parse=content.read_overview,
        recognise=content.is_overview, day="date", key=("date",), measures=("totalViews", "totalClicks"),
        checks=(
            days_rising("date"), whole_days("date"), checks.account_data, checks.totals, checks.rates, checks.window, checks.plan_limit,
            checks.counting, checks.overlap,
        ),
        min_bytes=60, max_bytes=4 << 20, warn_after=timedelta(days=1), fail_after=timedelta(days=5), history="rolling",
        policy="review", successive=True, options={"duplicates": "daily"},
    )  # fmt: skip
    audience = Feed(
        template="social_media/linktree/linktree_audience_{stamp}.json", title="Countries, referrers, devices", parse=content.read_audience,
        recognise=content.is_audience, key=("kind", "name"),
        checks=(
            checks.account_data, audience_checks.rates, audience_checks.once, audience_checks.breakdowns, audience_checks.lost,
            checks.plan_limit,
        ),
        min_bytes=60, max_bytes=4 << 20, policy="review", sensitive=True, successive=True,
        options={"duplicates": "note", "key_repeats": True},
    )  # fmt: skip

    @classmethod
    def asked(cls, feed: str, option: Callable[..., Any]) -> tuple[str, ...] | bool:
        """A window of another length is another series."""
        return (f"{_days(option)}d",)

    def extract(self, session: Session) -> Iterator[Capture]:
        """Arrive signed in, set the picker, and take what the page itself gets for that window; a feed that fails does not stop the other."""
        missing = [f for f in (self.overview, self.audience) if session.wants(f)]
        troubles: dict[str, BedrotError] = {}
        pause: float | None = 0.0
        for attempt in range(TRIES):
            if attempt:
                session.log("warning", f"{next(iter(troubles.values()))}; once more from the start")
                session.sleep(pause or 0.0)
            again = True
            with Listener(session) as listener:
                try:
                    self._arrive(session, listener)
                    days = self._choose(session, listener)
                except (SourceError, AccessError) as error:
                    if type(error).__name__ in FOR_ALL:
                        raise
                    troubles = dict.fromkeys((f.name for f in missing), error)
                    again = isinstance(error, SignedOutAgain) or listener.holds(error)
                else:
                    troubles = {}
                    for feed in tuple(missing):
                        answer = listener.best(_kind(feed), days)
                        if answer is None or answer.body is None:
                            troubles[feed.name] = _absent(listener, feed, days) if answer is None else _trouble(answer)
                            continue
                        missing.remove(feed)
                        yield self._landed(session, listener, feed, answer, days)
            pause = _pause(troubles, attempt + 1) if again else None
            if pause is None:
                break
        for feed in missing:
            session.failed(feed, _plain(troubles[feed.name]))
        if session.has_login:
            session.save_login()

    def prove(self, session: Session) -> str | None:
        """Whether the saved login works: the Insights page gets figures, which only the member does."""
        with Listener(session) as listener:
            return "the Insights page gets this member's figures" if pages.arrive(session, listener) == "member" else None

    def _arrive(self, session: Session, listener: Listener) -> None:
        """Be on the Insights page with its first figures: with the saved login if it still works, else from the form."""
        session.stage("open Insights")
        where = pages.arrive(session, listener)
        if where == "login":
            pages.sign_in(session)
            listener.start_anew()
            where = pages.arrive(session, listener)
            if where == "login":
                raise AccessError(
                    "Linktree signs us in and then shows its sign-in page again",
                    hint="look at linktr.ee/admin in your own browser",
                )
            # Also with figures in trouble: name, password and code were taken, and the token was not refused.
            session.save_login(signed_in=True)
        if where == "trouble" and (trouble := listener.only_trouble) is not None:
            raise trouble
        self._look_whose(session)

    def _look_whose(self, session: Session) -> None:
        """Make sure that the page shows the profile that is wanted: one login may have several, and no answer names its own."""
        wanted = str(session.option("profile", "")).lower().removeprefix("linktr.ee/")
        if not wanted:
            return
        found = pages.profiles(session.page)
        if not found:
            session.log(
                "warning", "the page does not show which profile it belongs to; the figures are compared with the last ones only"
            )
        elif wanted not in found:
            raise AccessError(
                f"the page belongs to another profile ({safe(', '.join(sorted(found)), 60)}), not to {safe(wanted, 40)}",
                hint="switch the profile at linktr.ee/admin in your own browser, or mend the setting profile",
            )

    def _choose(self, session: Session, listener: Listener) -> int:
        """Set the picker and wait until both kinds have an answer for that window, or nothing more comes; returns its days.

        The overview is waited for even where only the audience is wanted: its total is what the audience is held against.
        """
        wanted = _days(session.option)
        session.stage("choose period")
        days = pages.choose_period(session, wanted)
        if days < wanted:
            session.log("warning", f"this account's plan offers {days} days at most ({wanted} wanted): plan limit")
        session.stage(f"figures of {days} days")

        def there(_: Any) -> bool:
            listener.collect()
            return listener.signed_out or all(listener.best(kind, days) is not None for kind in ("overview", "audience"))

        def still(page: Any) -> bool:
            return not listener.pending and pages.quiet(page, f"bedrotQuiet{listener.activity}", QUIET_SECONDS)

        late = lambda page: pages.quiet(page, "bedrotLate", ANSWER_SECONDS)  # noqa: E731
        session.landmark(
            {"there": there, "still": still, "late": late},
            timeout_seconds=ANSWER_SECONDS * 2,
            what="figures of the chosen window",
        )
        if listener.signed_out:
            raise SignedOutAgain("Linktree ended the login while the figures were read")
        return days

    def _landed(self, session: Session, listener: Listener, feed: Feed, answer: Answer, days: int) -> Capture:
        """The capture of a good answer, with what was asked for it."""
        request = {"operation": safe(answer.operation, 80), "days": str(days), "wanted": str(_days(session.option))}
        if answer.window.first and answer.window.last:
            request |= {"from": answer.window.first.isoformat(), "to": answer.window.last.isoformat()}
        if profile := str(session.option("profile", "")):
            request["profile"] = safe(profile, 60)
        as_of, views = _told(listener.best("overview", days))
        if feed.name == self.audience.name:
            as_of = None
            request |= {"views": str(views)} if views is not None else {}
        return self.capture(feed, answer.body, session, as_of=as_of, series=f"{days}d", request=request)


class SignedOutAgain(SourceUnavailable):
    """The login was lost in the middle of the walk; the next attempt signs in anew."""


def _told(overview: Answer | None) -> tuple[date | None, int | None]:
    """The newest day and all views of an overview; nothing of one that its checks will stop anyway."""
    if overview is None or overview.body is None:
        return None, None
    try:
        rows = content.read_overview(overview.body)
    except FormatTrouble:
        return None, None
    views = rows.document["data"][content.ROOT]["overview"].get("totalViews")
    days = [day for row in rows.records if (day := checks.day_or_none(row.get("date"))) is not None]
    return max(days, default=None), views if type(views) is int else None


def _kind(feed: Feed) -> str:
    return feed.name.partition("/")[2]


def _days(option: Callable[..., Any]) -> int:
    value = option("days", WANTED_DAYS)
    return value if type(value) is int and 1 <= value <= 366 else WANTED_DAYS


def _trouble(answer: Answer) -> BedrotError:
    return answer.trouble or SourceChanged("an answer holds nothing")


def _plain(error: BedrotError) -> BedrotError:
    """The errors of this folder as those that everybody knows."""
    return (
        AccessError(str(error), hint="look at linktr.ee/admin in your own browser")
        if isinstance(error, SignedOutAgain)
        else error
    )


def _pause(troubles: dict[str, BedrotError], attempt: int) -> float | None:
    """Seconds until the page is asked again; None where that cannot help, or Linktree wants to be left alone for long."""
    if not any(e.retryable for e in troubles.values()):
        return None
    waits = [e.retry_after_seconds or LONGEST_WAIT + 1 for e in troubles.values() if isinstance(e, RateLimited)]
    longest = max(waits, default=float(attempt))
    return longest if longest <= LONGEST_WAIT else None


def _absent(listener: Listener, feed: Feed, days: int) -> BedrotError:
    """Why there is no answer of a feed for the window: the picker did nothing, or the page no longer asks."""
    kind = _kind(feed)
    asked = listener.windows(kind)
    if listener.pending:
        return SourceUnavailable(f"the {kind} of {days} days does not come in time")
    if asked and not any(a.window.is_of(days) for a in listener.answers):
        last = asked[-1]
        what = f"{last.days} days" if last.days is not None else "a window that its question does not name"
        return SourceChanged(
            f"the period could not be set: Linktree was asked for the {kind} of {what}{'' if last.daily else ', not day by day'}, "
            f"where {days} days were chosen; nothing of it was landed",
            hint="a developer must look at the period picker",
        )
    names = ", ".join(sorted(listener.asked)[:24]) or "nothing"
    return SourceChanged(
        f"the page did not ask for the {kind} of {days} days",
        hint=f"it asked for {safe(names, 400)}; the setting operations names what may be read",
    )
