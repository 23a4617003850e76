"""Declares TikTok Studio's six feeds and walks the studio for them in a real browser.

Four are the downloads of the analytics pages, two are the answers that the pages get from their server: `insight` (the same days without
labels, by status instead of `undefined`) and `videos` (every post with its counts, where the content export stops at about 15).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.errors import AccessError, SourceChanged, SourceError, SourceUnavailable, UsageError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.helpers import days_rising, fields_kept, whole_days

from . import answers, audience, checks, labels, packages, pages, sign_in

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

DOWNLOAD_TRIES = 2
MOST_PAGES = 400
"""Pages of the post list: 50 posts, then 10 each (*documented*)."""
PER_FEED = (SourceError, AccessError)
FOR_ALL = ("CredentialsRejected", "ChallengeUnanswered", "ChallengeExpired", "SourceBlocked", "MissingBrowser")
_DAILY = (
    checks.rows_there, checks.cells_formed, checks.one_language, days_rising("day"), whole_days("day"), checks.window, checks.same_account,
    checks.told_lately, checks.kept,
)  # fmt: skip


# A day without a new full day is normal (the lag is one day or two, *seen*): repeated content is a note, `told_lately` tells stale content.
def _export(report: str, template: str, title: str, *more: Callable[[Any, Any], Any], **how: Any) -> Feed:
    declared: dict[str, Any] = {
        "template": template, "title": title, "format": "table", "media_type": "application/zip", "parse": packages.reader(report),
        "complete": packages.complete, "recognise": packages.recogniser(report), "day": "day", "key": ("label",), "min_bytes": 20,
        "max_bytes": 32 << 20, "checks": (*_DAILY, *more), "warn_after": timedelta(days=5), "fail_after": timedelta(days=14), "max_drop": 0.6,
        "policy": "review", "options": {"duplicates": "note"},
    }  # fmt: skip
    return Feed(**declared | how)


class TikTok(Extractor):
    """Views, viewers, followers and posts of one TikTok account, as its studio exports and shows them."""

    name = "tiktok"
    version = "1"
    method = "browser"
    title = "TikTok"
    origin = "https://www.tiktok.com"
    optional_secrets = ("email", "password")

    overview = _export(
        "overview", "tiktok/analytics/tiktok_overview_{stamp}.{ext}", "Daily views, likes, comments, shares", checks.not_all_zero,
        measures=("video_views", "profile_views", "likes"),
    )  # fmt: skip
    viewers = _export(
        "viewers", "tiktok/analytics/tiktok_viewers_{stamp}.{ext}", "Daily viewers, new and returning", audience.viewers_add_up,
        audience.viewers_offset, measures=("total_viewers",),
    )  # fmt: skip
    followers = _export(
        "followers", "tiktok/analytics/tiktok_followers_{stamp}.{ext}", "Daily followers; hours, genders, territories", audience.parts_there,
        audience.activity_whole, audience.shares_add_up, audience.level_plausible, measures=(), empty="ok",
    )  # fmt: skip
    content = _export(
        "content", "tiktok/videos/tiktok_video_performance_{stamp}.{ext}", "Posts of the window with their totals (at most about 15)",
        key=("post",), measures=("views", "likes"), checks=(
            checks.cells_formed, checks.one_language, checks.same_account, audience.posts_own, audience.posts_of_the_day, audience.posts_kept,
        ),
        empty="warning", max_drop=None, sensitive=True,
    )  # fmt: skip
    insight = Feed(
        template="tiktok/analytics/tiktok_insight_{stamp}.json", title="Account histories behind the overview page", parse=answers.read_insight,
        complete=answers.dated, recognise=answers.is_insight, day="day", measures=("video_views", "profile_views", "likes"), min_bytes=40,
        max_bytes=8 << 20, warn_after=timedelta(days=5), fail_after=timedelta(days=14), max_drop=0.6, policy="review",
        checks=(
            answers.types_answered, answers.values_formed, answers.insight_told_lately, answers.insight_kept, answers.no_login_inside,
        ),
        options={"duplicates": "note"},
    )  # fmt: skip
    videos = Feed(
        template="tiktok/videos/tiktok_videos_{series}_{stamp}.json", title="Every post with its counts, page by page", parse=answers.read_posts,
        recognise=answers.is_posts, key=("item_id",), measures=("play_count", "like_count", "comment_count", "share_count"), min_bytes=20,
        max_bytes=16 << 20, policy="review", sensitive=True, empty="warning", successive=True,
        checks=(
            answers.page_whole, answers.posts_formed, answers.posts_kept, answers.posts_known, answers.not_all_nought, fields_kept(),
            answers.no_login_inside,
        ),
        options={"duplicates": "note", "kin": True, "came_again": True},
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Sign in if needed, see that it is the right account, then bring each feed; one that fails does not stop the others."""
        days, export_format = _options(session)
        self._arrive(session)
        handle = _own_handle(session)
        steps: list[tuple[Feed, Callable[[], Iterator[Capture]]]] = [
            (feed, lambda f=feed: iter((self._export(session, f, days, export_format, handle),)))  # type: ignore[misc]
            for feed in (self.overview, self.viewers, self.followers, self.content)
        ]
        steps += [
            (self.insight, lambda: iter((self._insight(session, days, handle),))),
            (self.videos, lambda: self._videos(session, handle)),
        ]
        wanted = [step for step in steps if session.wants(step[0])]
        self._again = False
        for number, (feed, bring) in enumerate(wanted):
            session.stage(feed.name.partition("/")[2], number, len(wanted))
            try:
                yield from self._brought(session, bring)
            except PER_FEED as error:
                if type(error).__name__ in FOR_ALL:
                    raise
                session.failed(feed, error)
        session.save_login()

    def _brought(self, session: Session, bring: Callable[[], Iterator[Capture]]) -> Iterator[Capture]:
        """What a step brings; once per run a lost login is made anew and the step begun again, unless it has brought something."""
        begun = False
        try:
            for capture in bring():
                begun = True
                yield capture
        except pages.LoginLost:
            if self._again or begun:
                raise
            self._again = True
            sign_in.sign_in(session, device_known=True)
            _own_handle(session)
            yield from bring()

    def prove(self, session: Session) -> str | None:
        """Whether the saved login works: the studio names the account.

        Raises:
            AccessError: a captcha lies over it, or it names another account. A captcha says nothing about the login.
        """
        where = pages.go(session, pages.STUDIO, {"member": pages.MEMBER}, what="studio", ask=False)
        if where == "captcha":
            raise AccessError(
                "TikTok wants a captcha solved, which only a human can: whether the saved login works is not seen",
                hint="bedrot extract tiktok",
            )
        if where != "member":
            return None
        _own_handle(session)
        return "the studio names the account"

    def _arrive(self, session: Session) -> None:
        """Be in the studio: with the saved login if it still works, else by signing in."""
        if session.has_login and pages.go(session, pages.STUDIO, {"member": pages.MEMBER}, what="studio") == "member":
            session.log("info", "the saved login still works")
            return
        sign_in.sign_in(session, device_known=session.has_login)
        if pages.go(session, pages.STUDIO, {"member": pages.MEMBER}, what="studio") != "member":
            raise SourceChanged("TikTok took the login, and its studio asks for one")

    def _export(self, session: Session, feed: Feed, days: int, export_format: str, handle: str) -> Capture:
        """One download, whole."""
        report = feed.name.partition("/")[2]
        trouble: SourceError | None = None
        for attempt in range(DOWNLOAD_TRIES):
            if attempt:
                session.log("warning", f"the export is not whole ({trouble}); once more")
                session.sleep(2.0)
            pages.open_tab(session, report)
            pages.choose_period(session, days)
            try:
                spooled = pages.download(session, export_format)
            except SourceUnavailable as error:
                trouble = error
                continue
            payload = Path(spooled.content)
            broken = packages.why_broken(payload.read_bytes())
            if broken is None:
                return self.capture(
                    feed, payload, session, received_name=spooled.name or None, as_of=_newest(feed, payload, spooled.name, session),
                    set_id=session.run_id, request={"days": str(days), "handle": handle, "format": export_format},
                )  # fmt: skip
            trouble = SourceUnavailable(f"the export broke off: {broken}")
        assert trouble is not None
        raise trouble

    def _insight(self, session: Session, days: int, handle: str) -> Capture:
        """The answer that fills the overview page for the whole period."""
        with pages.listening(session, pages.INSIGHT_PATH) as heard:
            pages.open_tab(session, "overview")
            pages.choose_period(session, days)
            pages.wait_for(session, lambda _: _of_period(heard, days) is not None, what="answer behind the overview")
            response = _of_period(heard, days)
            body = pages.body_of(response, "answer behind the overview")
        asked = [t for t in pages.asked_types(response) if t.get("insigh_type")]
        request = {
            "days": str(days), "end_days": str(asked[0].get("end_days", 0)), "types": ",".join(str(t["insigh_type"]) for t in asked),
            "handle": handle,
        }  # fmt: skip
        return self.capture(self.insight, body, session, request=request)

    def _videos(self, session: Session, handle: str) -> Iterator[Capture]:
        """The post list, page by page, until it says that there is no more. Each page is a capture; a page that fails fails the feed."""
        with pages.listening(session, pages.POSTS_PATH) as heard:
            if (
                pages.go(
                    session,
                    pages.POSTS,
                    {"list": f"{pages.MEMBER} && !!document.querySelector('{pages.POST_LIST}')"},
                    what="post list",
                )
                == "signed_out"
            ):
                raise pages.LoginLost("TikTok shows its login page in place of the posts")
            cursor: Any = 0
            for number in range(1, MOST_PAGES + 1):
                if number > 1:
                    pages.scroll_posts(session)
                pages.wait_for(session, lambda _, n=number: len(heard) >= n, what="post list")  # type: ignore[misc]
                response = heard[number - 1]
                body = pages.body_of(response, "post list")
                asked = pages.posted(response)
                if str(asked.get("cursor", 0)) != str(cursor):
                    raise SourceChanged("a page of the post list was left out", hint="a developer must look")
                request = {"page": str(number), "cursor": str(cursor), "size": str(asked.get("size", "")), "handle": handle}
                yield self.capture(
                    self.videos, body, session, series=f"page-{number:02d}", request=request, as_of=session.clock.now().date()
                )
                cursor, more = _onward(body)
                if not more:
                    return
        raise SourceChanged(f"the post list has more than {MOST_PAGES} pages", hint="a developer must look")


def _options(session: Session) -> tuple[int, str]:
    days, export_format = session.option("days", 365), session.option("format", "csv")
    if days not in checks.PERIODS or export_format not in ("csv", "xlsx"):
        raise UsageError(
            "tiktok cannot be asked for this", hint="[platforms.tiktok] days is one of 7, 28, 60, 365 and format is csv or xlsx"
        )
    return days, export_format


def _own_handle(session: Session) -> str:
    """The handle of the account, as set and as the studio shows it.

    Raises:
        AccessError: they differ. A saved login can be that of another artist (*documented*).
    """
    shown, own = pages.handle_shown(session), str(session.option("handle", "")).lstrip("@")
    if own and shown.casefold() != own.casefold():
        raise AccessError(
            f"TikTok is signed in as another account than {session.account}",
            hint=f"bedrot sessions forget tiktok --account {session.account}; or mend handle under [platforms.tiktok.accounts.{session.account}]",
        )
    return own or shown


def _of_period(heard: list[Any], days: int) -> Any:
    """The newest answer to a request for histories of so many days."""
    for response in reversed(heard):
        if any(t.get("insigh_type") == "vv_history" and t.get("days") == days for t in pages.asked_types(response)):
            return response
    return None


def _onward(body: bytes) -> tuple[Any, bool]:
    try:
        page = answers.read_posts(body)
    except ValueError as trouble:
        raise SourceChanged("the post list is not as it was") from trouble
    return page.document.get("cursor"), bool(page.document.get("has_more"))


def _newest(feed: Feed, payload: Path, name: str, session: Session) -> date | None:
    """The newest day inside an export; None where it cannot be told (inspection says why)."""
    try:
        sheet = packages.reader(feed.name.partition("/")[2])(payload.read_bytes())
    except ValueError:
        return None
    if sheet.table is None:
        return None
    received = labels.read_name(name)
    captured = received.exported_at.date() if received else session.clock.now().date()
    start = received.start if received and sheet.report != "content" else None
    return max((d for d in labels.dated(sheet.table.labels, start=start, captured=captured) if d), default=None)
