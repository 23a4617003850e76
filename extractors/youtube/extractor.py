"""YouTube: one channel's state, its videos and its reports, landed as Google's APIs sent them; and exports from Studio that people bring.

Each report is a query of its own, so that one that is refused costs only itself: that feed fails, the others land, the run is partial. Where
a single metric is refused, the report is asked again without it and the file's sidecar says which. Analytics answers do not name their
channel: it is bound to the run by channels.list, and written into every sidecar. Settings (`[platforms.youtube]` or
`[platforms.youtube.accounts.<account>]`):

    channel_id        UC…: the channel that the consent must belong to; without it the run takes the one it finds, and says so
    days              how many full Pacific days back, default 28
    revenue           true brings revenue too: it needs a monetised channel and the consent's monetary scope; default false
    revenue_days      as `days`, default 60
    currency          of revenue, default USD
    patience_seconds  for throttles of one call, default 120
    units             of the Data API that this account's runs may use in a day, default 10000
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.errors import AccessError, BedrotError, SourceChanged, UsageError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor

from . import answers, checks, queries, report_checks, studio
from .api import READS_CHANNEL, WANTED_SCOPES, Google, Page
from .asking import ONE_FEED, Asker, not_fatal
from .errors import SCOPE_HINT, NotThere, pacific_day

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

FOLDER = "social_media/youtube/"
NOTED = {"duplicates": "note", "came_again": True}
"""A quiet channel says the same on two days: worth telling, no reason to warn; what comes again after other figures is."""
LATE = {"warn_after": timedelta(days=11), "fail_after": timedelta(days=21)}
"""By UTC, for any channel: a quiet one has days without rows. Busy ones are judged sharper, in Pacific days, by a check."""
CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")
WRONG_HINT = (
    "consent again and choose the channel itself (a brand account is listed apart from the person's own channel), "
    "or set the right id: [platforms.youtube] channel_id"
)


def _report(name: str, title: str, **more: Any) -> Feed:
    """The feed of a report: rows by column name, checked against what was asked."""
    report = queries.BY_NAME[name]
    more |= LATE | {"day": "day"} if "day" in report.dimensions else {}
    return Feed(
        template=f"{FOLDER}youtube_{name}_{{stamp}}.json", parse=answers.read_table, key=report.dimensions, empty="ok", min_bytes=40,
        max_bytes=64 << 20, recognise=answers.is_report(name), checks=report_checks.OF[name], options=NOTED, title=title, **more,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channel:
    """The channel that the consent belongs to, and the answer that says so."""

    id: str
    title: str
    uploads: str
    videos: int
    page: Page


class YouTube(Extractor):
    """Channel, videos and analytics of one YouTube channel."""

    name = "youtube"
    version = "1"
    method = "api"
    title = "YouTube"
    origin = "https://youtube.googleapis.com"
    secrets = ("client_id", "client_secret", "refresh_token")
    uploads = ("studio",)

    channel = Feed(
        template=FOLDER + "youtube_channel_{stamp}.json", parse=answers.read_channel, key=("id",), measures=("viewCount", "subscriberCount", "videoCount"),
        checks=checks.CHANNEL, recognise=answers.is_list_of(answers.CHANNELS), min_bytes=100, max_bytes=1 << 20, max_drop=0.2, options=NOTED,
        title="channel and its counters",
    )  # fmt: skip
    playlist = Feed(
        template=FOLDER + "youtube_playlist_{stamp}.json", parse=answers.read_uploads, key=("videoId",), checks=checks.PLAYLIST, empty="ok",
        recognise=answers.is_list_of(answers.ITEMS, empty=True), min_bytes=2, max_bytes=256 << 20, max_drop=0.1, options=NOTED,
        title="list of uploads",
    )  # fmt: skip
    videos = Feed(
        template=FOLDER + "youtube_videos_{stamp}.json", parse=answers.read_videos, key=("id",), measures=("viewCount", "likeCount", "commentCount"),
        checks=checks.VIDEOS, empty="ok", recognise=answers.is_list_of(answers.VIDEOS, empty=True), min_bytes=2, max_bytes=512 << 20, max_drop=0.1,
        options=NOTED, title="videos and their counters",
    )  # fmt: skip
    daily = _report("daily", "channel by day", measures=("views", "estimatedMinutesWatched"), max_drop=0.5)
    top_videos = _report("top_videos", "videos by views", measures=("views", "estimatedMinutesWatched"), max_drop=0.5)
    traffic = _report(
        "traffic",
        "traffic sources by day",
        measures=("views", "estimatedMinutesWatched"),
        max_drop=0.5,
    )
    countries = _report("countries", "countries", measures=("views", "estimatedMinutesWatched"), max_drop=0.5)
    demographics = _report("demographics", "age and gender")
    devices = _report("devices", "devices by day", measures=("views", "estimatedMinutesWatched"), max_drop=0.5)
    revenue = _report("revenue", "revenue by day", measures=("estimatedRevenue",), max_drop=0.6)
    studio = Feed(
        template=FOLDER + "youtube_studio_{slug}_{stamp}.zip", format="binary", media_type="application/zip", parse=studio.read_export,
        key=("content",), measures=("views",), checks=studio.EXPORT, recognise=studio.is_export, min_bytes=100, max_bytes=64 << 20,
        empty="ok", options=NOTED, title="Studio export",
    )  # fmt: skip

    @classmethod
    def asked(cls, feed: str, option: Callable[..., Any]) -> tuple[str, ...] | bool:
        """Revenue is left out where the settings say so; where they say nothing, a person may bring it."""
        return feed != "revenue" or option("revenue") is not False

    def extract(self, session: Session) -> Iterator[Capture]:
        """Bind the run to its channel, then bring each feed; what one feed cannot have does not keep the others away."""
        google = Google(
            session, patience_seconds=float(session.option("patience_seconds", 120)), units=_whole(session, "units", 10_000)
        )
        try:
            session.stage("sign in")
            google.sign_in()
            self._compare_scopes(session, google)
            session.stage("channel")
            found = self._channel(session, google)
            if session.wants(self.channel):
                yield self.capture(self.channel, found.page.body, session, request={"channel": found.id})
            yield from self._videos(session, google, found)
            yield from self._reports(session, google, found)
        finally:
            google.tell()

    def prove(self, session: Session) -> str | None:
        """The channel that the stored consent can read. A consent that is refused is an error, with what to do in its hint."""
        google = Google(session)
        google.sign_in()
        found = self._channel(session, google)
        return f"reads the channel {found.title} ({found.id})"

    @staticmethod
    def _compare_scopes(session: Session, google: Google) -> None:
        """A person may tick fewer boxes than were asked for.

        Raises:
            AccessError: the channel itself cannot be read with what was granted.
        """
        if not google.covers(READS_CHANNEL):
            raise AccessError(
                f"the consent does not cover youtube.readonly (it covers {', '.join(sorted(google.scopes))})", hint=SCOPE_HINT
            )
        lacking = [s for s in WANTED_SCOPES if not google.covers(frozenset({s}))]
        if lacking:
            session.log("warning", f"the consent lacks {', '.join(lacking)}: {SCOPE_HINT}")

    def _channel(self, session: Session, google: Google) -> Channel:
        """The channel of the consent, which must be the configured one.

        Raises:
            AccessError: the account has no channel, or the consent belongs to another one.
            SourceChanged: the answer is of another shape.
        """
        wanted = session.option("channel_id")
        if wanted is not None and not CHANNEL_ID.fullmatch(str(wanted)):
            raise UsageError("channel_id is no channel's id", hint='[platforms.youtube] channel_id = "UC…", 24 characters')
        page = google.data("channels", queries.CHANNEL)
        if page.document["kind"] != answers.CHANNELS:
            raise SourceChanged(f"YouTube's list of channels is of another kind: {page.document['kind'][:60]}")
        info = page.document.get("pageInfo")
        if not page.items and isinstance(info, dict) and info.get("totalResults"):
            raise SourceChanged("YouTube says that there is a channel, and lists none")
        if not page.items:
            raise AccessError("the Google account of this consent has no YouTube channel", hint=WRONG_HINT)
        item = page.items[0]
        try:
            found = Channel(
                str(item["id"]), str(item["snippet"]["title"])[:60], str(item["contentDetails"]["relatedPlaylists"]["uploads"]),
                int(item["statistics"].get("videoCount", 0)), page,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as trouble:
            raise SourceChanged("YouTube's channel does not have the known shape") from trouble
        if len(page.items) != 1 or not CHANNEL_ID.fullmatch(found.id):
            raise SourceChanged("YouTube answers with more than one channel, or with one that has no id")
        if wanted is not None and found.id != wanted:
            raise AccessError(
                f"wrong channel: the consent belongs to {found.title} ({found.id}), not to {wanted}", hint=WRONG_HINT
            )
        if wanted is None:
            session.log(
                "warning", f'no channel is bound: taking {found.title}; bind it: [platforms.youtube] channel_id = "{found.id}"'
            )
        else:
            session.log("info", f"channel {found.title} ({found.id})")
        if abs(google.now - session.clock.now()) > timedelta(hours=12):
            session.log("warning", f"Google's clock says {google.now:%Y-%m-%d %H:%M} UTC: days are counted by it")
        return found

    def _videos(self, session: Session, google: Google, channel: Channel) -> Iterator[Capture]:
        """The list of uploads, and every video in it."""
        if not session.wants(self.playlist) and not session.wants(self.videos):
            return
        common = {"channel": channel.id, "uploads": str(channel.videos)}
        try:
            session.stage("list of uploads")
            pages = self._uploads(session, google, channel)
        except ONE_FEED as error:
            for feed in (self.playlist, self.videos):
                if session.wants(feed):
                    session.failed(feed, not_fatal(error))
            return
        if session.wants(self.playlist):
            yield self.capture(self.playlist, _array(pages), session, request={**common, "playlist": channel.uploads})
        if not session.wants(self.videos):
            return
        ids = list(dict.fromkeys(_video_id(item) for page in pages for item in page.items))
        groups, found = queries.batches(ids), []
        try:
            for number, group in enumerate(groups, start=1):
                session.stage("videos", number, len(groups))
                found.append(google.data("videos", {**queries.VIDEOS, "id": ",".join(group)}))
        except ONE_FEED as error:
            session.failed(self.videos, not_fatal(error))
            return
        yield self.capture(self.videos, _array(found), session, request={**common, "asked": str(len(ids))})

    @staticmethod
    def _uploads(session: Session, google: Google, channel: Channel) -> list[Page]:
        """Pages of the uploads. A channel that never had one may have no such list at all (seen in public reports): then there are none."""
        try:
            params = {**queries.UPLOADS, "playlistId": channel.uploads}
            pages = google.pages("playlistItems", params, paged=lambda n: session.stage("list of uploads", n))
        except NotThere:
            if channel.videos:
                raise
            return []
        if any(page.document["kind"] != answers.ITEMS or not all(map(_video_id, page.items)) for page in pages):
            raise SourceChanged("YouTube's list of uploads does not have the known shape")
        return pages

    def _reports(self, session: Session, google: Google, channel: Channel) -> Iterator[Capture]:
        """Every report that is wanted, one query each."""
        days, more = _whole(session, "days", queries.DAYS), _whole(session, "revenue_days", queries.MONEY_DAYS)
        today = pacific_day(google.now)
        asker = Asker(session, google, channel.id, str(session.option("currency", "USD")))
        for report in queries.REPORTS:
            feed = self.feeds[report.name]
            if not session.wants(feed):
                continue
            if report.money and not session.option("revenue", False):
                session.nothing(feed, "left out, since [platforms.youtube] revenue is not true", level="info")
                continue
            session.stage(report.name.replace("_", " "))
            try:
                answer = asker.ask(report, *queries.window(today, more if report.money else days))
            except ONE_FEED as error:
                session.failed(feed, _named(feed.title, not_fatal(error)))
                continue
            request = {"channel": channel.id, "uploads": str(channel.videos), **answer.request}
            yield self.capture(feed, _array(answer.pages), session, as_of=_newest(answer.pages[0]), request=request)


def _named(title: str, error: BedrotError) -> BedrotError:
    """What concerns one report says which: the run's last word shows the error alone."""
    if isinstance(error, SourceChanged) or type(error) is AccessError:
        return type(error)(f"{title}: {error}", hint=error.hint)
    return error


def _array(pages: list[Page]) -> bytes:
    """The file: a JSON array of the bodies, byte for byte."""
    return b"[" + b",".join(page.body for page in pages) + b"]"


def _video_id(item: Any) -> str:
    details = item.get("contentDetails") if isinstance(item, dict) else None
    return str(details.get("videoId") or "") if isinstance(details, dict) else ""


def _newest(page: Page) -> date | None:
    """The newest day inside a table; None for a table without days."""
    names = [h.get("name") for h in page.document["columnHeaders"] if isinstance(h, dict)]
    if "day" not in names:
        return None
    spot = names.index("day")
    try:
        return max((date.fromisoformat(str(row[spot])) for row in page.document.get("rows") or ()), default=None)
    except (ValueError, TypeError, IndexError):
        return None


def _whole(session: Session, name: str, default: int) -> int:
    value = session.option(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{name} must be a whole number above 0", hint="see [platforms.youtube]")
    return value
