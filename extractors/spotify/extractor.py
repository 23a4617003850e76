"""Declares Spotify for Artists' feeds and walks the site for them in a real browser, artist by artist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.errors import AccessError, BedrotError, RateLimited, SourceError, SourceUnavailable, UsageError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture, Echo
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.http import Pauses
from bedrot_console.resilience import Retry

from . import exports, login, metrics, pages
from .checks import SONG_TIMELINE_CHECKS, STALE, TIMELINE_CHECKS, TOO_OLD
from .metric_checks import METRICS_CHECKS
from .song_checks import PLAYLISTS_CHECKS, SONGS_CHECKS

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

TRIES, TRY_SECONDS = 2, 150.0
PER_FEED = (SourceError, AccessError)
FOR_ALL = ("CredentialsRejected", "ChallengeUnanswered", "ChallengeExpired", "SourceBlocked", "MissingBrowser")
SONGS_PERIODS = ("1year", "all")
WINDOW_PERIOD = "1year"
_ARTIST = re.compile(r"[0-9A-Za-z]{22}")


class Spotify(Extractor):
    """Audience, songs and playlists of every artist of one Spotify for Artists login.

    Options: `artists`, a list of ids (the 22 letters and digits in an artist's address), per account; `second_factor = "none"` where an
    account has none, so that it may sign in with nobody there; `accounts_url`, where people sign in, if it is not Spotify's own. Series are artist ids,
    with the period behind them where a feed has several. One artist or period that fails does not stop the others. Small artists' songs repeat
    their few numbers from day to day by chance: there the same bytes again are a note, in the timeline, which gets a day a day, a warning.
    """

    name = "spotify"
    version = "1"
    method = "browser"
    title = "Spotify for Artists"
    origin = "https://artists.spotify.com"
    secrets = ("email", "password")
    uploads = ("song_timeline",)

    audience = Feed(
        template="social_media/spotify/spotify_audience_{series}_{stamp}.csv", title="Audience timeline, 12 months", format="table",
        media_type="text/csv", columns=exports.TIMELINE, recognise=exports.is_timeline, day=exports.DATE, key=(exports.DATE,),
        measures=(exports.STREAMS, exports.LISTENERS), checks=TIMELINE_CHECKS, min_bytes=40, max_bytes=4 << 20, warn_after=STALE,
        fail_after=TOO_OLD, max_drop=0.5, policy="review", options={"duplicates": "daily", "kin": True},
    )  # fmt: skip
    song_metrics = Feed(
        template="social_media/spotify/spotify_songs_{series}_{stamp}.json", title="Songs by period, as the page gets them", parse=metrics.parse,
        recognise=metrics.is_songs, key=(metrics.ID,), measures=(metrics.STREAMS,), checks=METRICS_CHECKS, min_bytes=12, max_bytes=32 << 20,
        set_name="songs", policy="review", options={"duplicates": "note", "kin": True, "came_again": True},
    )  # fmt: skip
    songs_csv = Feed(
        template="social_media/spotify/spotify_songs_{series}_{stamp}.csv", title="Songs, 12 months and all time", format="table",
        media_type="text/csv", columns=exports.SONGS, recognise=exports.is_songs, key=(exports.SONG, exports.RELEASED),
        measures=(exports.STREAMS,), checks=SONGS_CHECKS, min_bytes=40, max_bytes=16 << 20, policy="review",
        options={"key_repeats": True, "duplicates": "note", "kin": True, "came_again": True},
    )  # fmt: skip
    playlists_csv = Feed(
        template="social_media/spotify/spotify_playlists_{series}_{stamp}.csv", title="Playlists, 12 months", format="table",
        media_type="text/csv", columns=exports.PLAYLISTS, recognise=exports.is_playlists, key=(exports.TITLE, exports.AUTHOR),
        measures=(exports.STREAMS,), checks=PLAYLISTS_CHECKS, min_bytes=40, max_bytes=16 << 20, max_drop=0.5, policy="review",
        options={"key_repeats": True, "duplicates": "note", "kin": True, "came_again": True},
    )  # fmt: skip
    song_timeline = Feed(
        template="social_media/spotify/spotify_song_{slug}_{stamp}.csv", title="One song's streams by day", format="table", media_type="text/csv",
        columns=exports.SONG_TIMELINE, recognise=exports.is_song_timeline, day=exports.DATE, key=(exports.DATE,), measures=(exports.STREAMS,),
        checks=SONG_TIMELINE_CHECKS, min_bytes=13, max_bytes=4 << 20, warn_after=TOO_OLD, policy="review",
    )  # fmt: skip

    @classmethod
    def asked(cls, feed: str, option: Callable[..., Any]) -> tuple[str, ...] | bool:
        """Every run feed's series begin with their artist."""
        given = option("artists") or ()
        return tuple(str(artist) for artist in ([given] if isinstance(given, str) else given)) if feed in cls.runs else True

    def extract(self, session: Session) -> Iterator[Capture]:
        """Sign in if needed, then bring every artist's feeds."""
        artists = _artists(session)
        self._arrive(session, artists[0])
        self._signed_in_again = False
        with pages.latest_day(session) as latest:
            for number, artist in enumerate(artists):
                session.stage(f"artist {artist}", number, len(artists))
                yield from self._artist(session, artist, latest)
        session.save_login()

    def prove(self, session: Session) -> str | None:
        """Whether the saved login works: an artist's own menu is there."""
        try:
            pages.visit(session, _artists(session)[0], pages.HOME)
        except pages.LoginLost:
            return None
        return "the first artist's pages show the team's menu"

    def _arrive(self, session: Session, artist: str) -> None:
        """Be signed in: with the saved login if it still works, else from the form."""
        if session.has_login:
            try:
                if self.prove(session):
                    session.log("info", "the saved login still works")
                    return
            except pages.NotInTeam:  # signed in, and told below, artist by artist
                return
        login.sign_in(session)

    def _artist(self, session: Session, artist: str, latest: pages.LatestDay) -> Iterator[Capture]:
        """All that is wanted of one artist; what fails is told, the rest goes on."""
        steps = [
            (self.audience, lambda: [self._export(session, artist, latest, self.audience, pages.AUDIENCE, WINDOW_PERIOD)]),
            (self.song_metrics, lambda: self._periods(session, artist, latest)),
            *((self.songs_csv, lambda p=p: [self._export(session, artist, latest, self.songs_csv, pages.SONGS, p)]) for p in SONGS_PERIODS),
            (self.playlists_csv, lambda: [self._export(session, artist, latest, self.playlists_csv, pages.PLAYLISTS, WINDOW_PERIOD)]),
        ]  # fmt: skip
        wanted = [step for step in steps if session.wants(step[0])]
        for number, (feed, bring) in enumerate(wanted):
            try:
                captures = self._signed_in(session, bring)
            except pages.NotInTeam as error:
                for missing in dict.fromkeys(f.name for f, _ in wanted[number:]):
                    session.failed(self.feeds[missing.partition("/")[2]], AccessError(str(error), hint=error.hint))
                return
            except PER_FEED as error:
                if type(error).__name__ in FOR_ALL:
                    raise
                session.failed(feed, AccessError(str(error), hint=error.hint) if isinstance(error, pages.LoginLost) else error)
                continue
            yield from captures

    def _signed_in(self, session: Session, bring: Any) -> list[Capture]:
        """What `bring` brings; a login that ends on the way is renewed once a run."""
        try:
            return list(bring())
        except pages.LoginLost:
            if self._signed_in_again:
                raise
            self._signed_in_again = True
            session.log("warning", "the login ended in the middle of the run; signing in again")
            login.sign_in(session)
            return list(bring())

    def _export(self, session: Session, artist: str, latest: pages.LatestDay, feed: Feed, tab: str, period: str) -> Capture:
        """One CSV export, whole, with the page it came from and the period that was chosen on it."""

        def once() -> tuple[Any, str]:
            pages.visit(session, artist, tab)
            latest.wait(session)
            pages.choose(session, period)
            spooled, path = pages.download(session, artist)
            short = exports.cut_short(Path(spooled.content))
            if short is not None:
                raise SourceUnavailable(f"the export of {tab} broke off: {short}")
            return spooled, path

        spooled, path = _retried(session, once)
        series = artist if feed is self.audience else f"{artist}_{period}"
        newest = exports.newest_day(Path(spooled.content)) if feed is self.audience else latest.day()
        return self.capture(
            feed,
            spooled,
            session,
            as_of=newest,
            received_name=spooled.name,
            series=series,
            request=_request(artist, period, path, latest.day()),
        )

    def _periods(self, session: Session, artist: str, latest: pages.LatestDay) -> list[Capture]:
        """The songs of all periods, in order. What one period fails for is told; the page's own limits and refusals end the rest."""
        found: dict[str, Capture] = {}

        def load() -> None:
            """Open the page anew: its memory is empty, and it asks for its own first period."""
            there: list[bool] = []
            try:
                got = pages.answer(session, artist, None, lambda: (pages.visit(session, artist, pages.SONGS), there.append(True)))
            except SourceUnavailable as error:
                if not there:
                    raise
                session.log("info", f"{error}; going on with the periods one by one")
                return
            latest.wait(session)
            found.setdefault(got.period, self._songs(session, artist, got, latest.day()))

        def once(period: str) -> None:
            if tried.get(period, 0) or not tried:
                load()
            tried[period] = tried.get(period, 0) + 1
            if period not in found:
                got = pages.answer(session, artist, period, lambda: pages.choose(session, period))
                found[period] = self._songs(session, artist, got, latest.day())

        tried: dict[str, int] = {}
        missing: dict[str, BedrotError] = {}
        for period in exports.PERIODS:
            session.check_cancelled()
            try:
                _retried(session, lambda period=period: once(period))
            except (pages.LoginLost, pages.NotInTeam):
                raise
            except SourceError as error:
                missing[period] = error
                if isinstance(error, RateLimited) or not found:
                    break
        left = [p for p in exports.PERIODS if p not in found]
        if left:
            first = next(iter(missing.values()))
            session.failed(
                self.song_metrics, type(first)(f"artist {artist} has no songs for {', '.join(left)}: {first}", hint=first.hint)
            )
        return [found[p] for p in exports.PERIODS if p in found]

    def _songs(self, session: Session, artist: str, got: pages.Answer, latest: date | None) -> Capture:
        path = pages.page_of(session, artist)
        echo = (Echo("bearer", got.bearer.reveal().encode()),) if got.bearer else ()
        return self.capture(
            self.song_metrics, got.body, session, as_of=latest, series=f"{artist}_{got.period}",
            request=_request(artist, got.period, path, latest), echoes=echo,
        )  # fmt: skip


def _retried(session: Session, work: Any) -> Any:
    """`work`, and once more after a pause if waiting can help; a pause that the site asks for is kept to."""
    return Retry(attempts=TRIES, total_seconds=TRY_SECONDS, first_seconds=2.0).call(
        work, Pauses(session), noticed=lambda error, seconds: session.log("warning", f"{error}; again in {seconds:.0f} s")
    )


def _request(artist: str, period: str, path: str, latest: date | None) -> dict[str, str]:
    """What the checks must know: artist and period asked for, the page at the click, the site's own latest day."""
    return {"artist": artist, "period": period, "page": path, **({"latest_date": latest.isoformat()} if latest else {})}


def _artists(session: Session) -> list[str]:
    """The ids in the option `artists`, each once.

    Raises:
        UsageError: there are none, or one is no id.
    """
    given = session.option("artists") or []
    ids = list(dict.fromkeys([given] if isinstance(given, str) else given))
    wrong = [i for i in ids if not isinstance(i, str) or not _ARTIST.fullmatch(i)]
    if wrong or not ids:
        raise UsageError(
            f"not an artist id: {str(wrong[0])[:40]}"
            if wrong
            else f"spotify needs to know which artists to bring for account {session.account}",
            hint=f'in bedrot.toml under [platforms.spotify.accounts.{session.account}]: artists = ["…"], the 22 letters and digits in their address',
        )
    return ids
