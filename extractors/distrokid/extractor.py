"""Declares DistroKid's three feeds and walks the site for them in a real browser.

Setting (`[platforms.distrokid]`, or of one account): `page_seconds`, how long a page may take until it is one of those we know (20); the
other waits are shares of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.errors import (
    AccessError,
    ChallengeExpired,
    ChallengeUnanswered,
    CredentialsRejected,
    MissingBrowser,
    SourceBlocked,
    SourceChanged,
    SourceError,
    SourceUnavailable,
)
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.helpers import FormatTrouble, Rows, days_rising, not_negative, page_kind

from . import bank, charts, checks, pages, signin

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

FETCH_TRIES = 5
EMPTY_LOOKS = 2
"""How often a chart may be found empty; each time the page gets a moment to fill it."""
DOWNLOAD_TRIES = 2
FOR_ALL = (CredentialsRejected, ChallengeUnanswered, ChallengeExpired, SourceBlocked, MissingBrowser)
"""What ends the run, whichever feed met it."""


def _chart(measure: str, *, parse: Callable[[bytes], Rows], recognise: Callable[[bytes], bool], prefix: str, title: str) -> Feed:
    return Feed(
        template=f"distrokid/streams/{prefix}_{{stamp}}.html", title=title, format="html", media_type="text/html",
        parse=parse, recognise=recognise, day="day", key=("day",), measures=(measure,), min_bytes=50_000, max_bytes=16 << 20,
        checks=(
            days_rising("day"), not_negative(measure), checks.no_gaps(measure), checks.plausible(measure), checks.same_series(measure),
        ),
        warn_after=timedelta(days=4), fail_after=timedelta(days=8), history="rolling", max_drop=0.5, policy="review", sensitive=True,
        options={"duplicates": "daily"},
    )  # fmt: skip


class DistroKid(Extractor):
    """Daily streams, daily Apple Music plays and the royalty statement of one DistroKid account."""

    name = "distrokid"
    version = "1"
    method = "browser"
    title = "DistroKid"
    origin = "https://distrokid.com"
    secrets = ("email", "password")

    streams = _chart(
        "streams", parse=charts.streams, recognise=charts.is_streams, prefix="streams_stats", title="Daily streams (Spotify)"
    )
    applemusic = _chart(
        "plays",
        parse=charts.applemusic,
        recognise=charts.is_applemusic,
        prefix="applemusic_stats",
        title="Daily plays (Apple Music)",
    )
    sales = Feed(
        template="distrokid/sales/sales_report_{date}.{ext}", title="Royalty statement", format="table",
        media_type="text/tab-separated-values", columns=bank.COLUMNS, recognise=bank.is_statement,
        encodings=("utf-8-sig", "utf-8", "latin-1"), day=bank.REPORTED, key=bank.KEY, measures=(bank.EARNINGS, bank.QUANTITY),
        checks=(
            checks.cells_filled, checks.cells_formed, checks.sale_before_report, checks.rows_not_doubled, checks.statements_kept,
        ),
        min_bytes=150, max_bytes=1 << 30, warn_after=timedelta(days=45), fail_after=timedelta(days=120), history="growing",
        policy="review", sensitive=True, options={"key_repeats": True, "duplicates": "note"},
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Sign in if needed, then bring each feed; one that fails does not stop the others."""
        self._arrive(session)
        steps: list[tuple[Feed, Callable[[Session], Capture]]] = [
            (self.streams, lambda s: self._stats(s, self.streams, pages.STREAMS, charts.streams)),
            (self.applemusic, lambda s: self._stats(s, self.applemusic, pages.APPLEMUSIC, charts.applemusic)),
            (self.sales, self._sales),
        ]
        wanted = [step for step in steps if session.wants(step[0])]
        signed_in_again = False
        for number, (feed, bring) in enumerate(wanted):
            session.stage(feed.name.partition("/")[2], number, len(wanted))
            try:
                try:
                    capture = bring(session)
                except pages.LoginLost:
                    if signed_in_again:
                        raise
                    signed_in_again = True
                    signin.sign_in(session, device_known=True)
                    capture = bring(session)
            except FOR_ALL:
                raise
            except pages.LoginLost as lost:
                session.failed(
                    feed, AccessError(f"{lost}, also after signing in anew", hint="look at the page in your own browser")
                )
                continue
            except (SourceError, AccessError) as error:
                session.failed(feed, error)
                continue
            yield capture
        session.save_login()

    def prove(self, session: Session) -> str | None:
        """Whether the saved login works: the dashboard shows what only the member sees."""
        return "the dashboard names the member" if self._dashboard(session, ask=False) else None

    def _arrive(self, session: Session) -> None:
        """Be signed in: with the saved login if it still works, else from the form. A saved login also means a known device."""
        if session.has_login and self._dashboard(session):
            session.log("info", "the saved login still works")
            return
        signin.sign_in(session, device_known=session.has_login)

    @staticmethod
    def _dashboard(session: Session, *, ask: bool = True) -> bool:
        marks = {"sign_in": pages.SIGN_IN_FORM, "member": pages.member(session)}
        return pages.go(session, pages.HOME, marks, what="dashboard", ask=ask) == "member"

    def _stats(self, session: Session, feed: Feed, path: str, parse: Callable[[bytes], Rows]) -> Capture:
        """The stats page as its server sent it, once its chart is filled."""
        trouble = SourceUnavailable("the stats page does not come whole", hint="try again later")
        empty = 0
        for attempt in range(FETCH_TRIES):
            try:
                body = pages.served(session, path)
            except pages.NotThisTime as error:
                trouble = error
                session.sleep(2.0)
                continue
            if b"</html" not in body[-4096:].lower():
                trouble = SourceUnavailable("the stats page broke off")
                session.sleep(1.0 + attempt)
                continue
            self._look(session, path, attempt)
            if page_kind(body) is not None:
                continue
            rows = _parsed(parse, body)
            if len(rows):
                if pages.stranger(body, session.secret_or_none("email")):
                    raise AccessError("the stats page belongs to another account", hint="bedrot sessions forget distrokid")
                return self.capture(feed, body, session, as_of=date.fromisoformat(str(rows.records[-1]["day"])[:10]))
            session.log("info", "the chart is still empty; waiting for the page to fill it")
            waits = pages.Waits.of(session)
            session.landmark(
                {"filled": pages.CHART_FILLED, "waited": pages.later("Chart", waits.settling)}, timeout_seconds=waits.page, what="chart",
            )  # fmt: skip
            empty += 1
            if empty == EMPTY_LOOKS:
                raise SourceUnavailable("the chart stays empty", hint="look at the stats page in your own browser")
        raise trouble

    def _look(self, session: Session, path: str, attempt: int) -> None:
        """Make sure that the browser shows a member's stats page."""
        where = session.landmark(
            {
                "challenge": pages.CHALLENGE, "sign_in": pages.SIGN_IN_FORM, "code": f"{pages.MAIL_CODE} || {pages.APP_CODE}",
                "upgrade": pages.UPGRADE, "no_releases": pages.NO_RELEASES, "member": pages.member(session),
            },
            timeout_seconds=pages.Waits.of(session).page, what="stats page",
        )  # fmt: skip
        if where == "challenge":
            pages.get_past_challenge(session, attempt)
        elif where in ("sign_in", "code"):
            raise pages.LoginLost("DistroKid shows its sign-in page in place of the data")
        elif where == "upgrade":
            raise AccessError("this account's plan shows no daily stats", hint="DistroKid shows them from Musician Plus upward")
        elif where == "no_releases":
            raise AccessError("the account has no releases in stores yet", hint="nothing to capture: leave out this feed")

    def _sales(self, session: Session) -> Capture:
        """The bank export, whole."""
        trouble: SourceError | None = None
        for attempt in range(DOWNLOAD_TRIES):
            if attempt:
                session.log("warning", f"the bank export is not whole ({trouble}); once more")
                session.sleep(2.0)
            self._open_bank(session)
            try:
                spooled = session.download(lambda: self._click_download(session), timeout_seconds=120.0)
            except SourceUnavailable as error:
                trouble = error
                continue
            payload = Path(spooled.content)
            cut = bank.cut_short(payload)
            if cut is None:
                return self.capture(
                    self.sales, payload, session, as_of=bank.newest_report(payload), received_name=spooled.name,
                    extension=bank.extension_of(payload),
                )  # fmt: skip
            trouble = SourceUnavailable(f"the bank export broke off: {cut}")
        assert trouble is not None
        raise trouble

    def _open_bank(self, session: Session) -> None:
        is_member = pages.member(session)
        marks: dict[str, Any] = {"sign_in": pages.SIGN_IN_FORM, "link": f"!!document.querySelector('{pages.DETAILS_LINK}')"}
        if pages.go(session, pages.BANK, marks, what="bank page") == "sign_in":
            raise pages.LoginLost("DistroKid shows its sign-in page in place of the bank")
        session.page.locator(pages.DETAILS_LINK).first.click()
        marks = {"sign_in": pages.SIGN_IN_FORM, "download": f"!!document.querySelector('{pages.DOWNLOAD}')"}
        if session.landmark(marks, timeout_seconds=pages.Waits.of(session).page, what="bank details page") == "sign_in":
            raise pages.LoginLost("DistroKid shows its sign-in page in place of the bank")
        if not is_member(session.page):
            raise SourceChanged("the bank page shows nothing of a member")

    def _click_download(self, session: Session) -> None:
        """Click, and see whether a download begins or the site wants something else."""
        begun: list[Any] = []
        page, waits = session.page, pages.Waits.of(session)
        page.once("download", lambda download: begun.append(download))
        page.locator(pages.DOWNLOAD).first.click()
        where = session.landmark(
            {
                "begun": lambda _: bool(begun), "filter": pages.FILTER_FIRST, "sign_in": pages.SIGN_IN_FORM,
                "waiting": pages.later("Download", waits.page),
            },
            timeout_seconds=waits.answer, what="answer to the download",
        )  # fmt: skip
        if where == "filter":
            raise AccessError(
                "DistroKid wants a filter first: the statement has more than 50,000 rows",
                hint="export it at distrokid.com/bank/details with a filter, then: bedrot land FILE --feed distrokid/sales",
            )
        if where == "sign_in":
            raise pages.LoginLost("DistroKid shows its sign-in page in place of the export")


def _parsed(parse: Callable[[bytes], Rows], body: bytes) -> Rows:
    try:
        return parse(body)
    except FormatTrouble as trouble:
        raise SourceChanged(f"the stats page is not as it was: {trouble.sentence}") from trouble
