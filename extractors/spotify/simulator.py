"""A stand-in for Spotify for Artists: sign-in on one host, statistics on another, exports, catalog-view answers, named faults. Strict.

The accounts host is `localhost`, the artists host `127.0.0.1`, on one port: two hosts for a browser, as on the platform. Certainty of what
is imitated stands in `simulated/`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from werkzeug.exceptions import BadRequest, Forbidden, NotFound
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Hands, Trial, redirect, route, strict
from bedrot_console.extraction.simulator import json_response as answer

from .simulated import exports, signin, site, world
from .simulated.accounts import LANGUAGE, AccountsHost
from .simulated.faults import FAULTS
from .simulated.world import ARTISTS, MEMBERS, Artist

TOKEN_SECONDS = 3600
STALE_DAYS = 12
_ACCOUNTS = re.compile(r"/(?:en/login|login|recaptcha|generic)(?:/|$)")
_PAGE = re.compile(r"/c/(?:[a-z]{2}/)?artist/([0-9A-Za-z]{22})/(home|audience|music/songs|music/playlists)/?")


class SpotifySimulator(AccountsHost):
    """Accounts `default` (SMS, two artists), `plain` (no second factor), `app` (authenticator app), `both` (SMS, or app by another way)."""

    name = "spotify"
    title = "Spotify for Artists"
    faults_known = FAULTS
    trials: ClassVar[Mapping[str, Trial]] = {
        "sms": Trial("code", "sms"), "app": Trial("code", "app", account="app", expired=None, sends=False),
        "captcha": Trial("page", account="plain", faults=("captcha",), wrong=None, expired=None, sends=False),
    }  # fmt: skip

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._tokens: dict[str, tuple[str, str, datetime]] = {}
        self._once: set[str] = set()

    def default_accounts(self) -> list[Account]:
        return [
            Account(
                account=m.account, username=m.email, password=m.password, totp_secret=m.totp_secret,
                extra={"options": {"artists": [a.id for a in m.artists]}},
            )
            for m in MEMBERS
        ]  # fmt: skip

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"options": {"accounts_url": self.accounts_url}}

    @property
    def _generic(self) -> str:
        return self.accounts_url + "/generic"

    def reset(self) -> None:
        with self.lock:
            self._tokens.clear()
            self._once.clear()
        super().reset()

    def answer(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        if challenge["kind"] == "page":
            hands.click(150, 80)
            return None
        return super().answer(challenge, hands)

    def set_faults(self, faults: Any) -> None:
        super().set_faults(faults)
        self._once = set()

    def first_time(self, fault: str) -> bool:
        """Whether this fault is on and was not shown since it was switched on."""
        with self.lock:
            if not self.fault(fault) or fault in self._once:
                return False
            self._once.add(fault)
            return True

    def before(self, request: Request) -> Any:
        on_accounts = request.host.partition(":")[0] == "localhost"
        if on_accounts != bool(_ACCOUNTS.match(request.path)):
            raise NotFound()
        return None

    # -- the artists host ---------------------------------------------------------------------------------------------------

    @route("/signed-in")
    def signed_in(self, request: Request) -> Any:
        account, until = self._tickets.pop(request.args.get("ticket", ""), ("", self.now()))
        if self.now() >= until:
            return self.to_sign_in(request)
        path = request.args.get("next", "/")
        return self.start_session(redirect(path if path.startswith("/") and not path.startswith("//") else "/"), account)

    @route("/")
    def front(self, request: Request) -> Any:
        account = self.session_account(request)
        if account is None:
            return self.to_sign_in(request)
        return redirect(f"/c/artist/{self.member(account).artists[0].id}/home")

    @route("/c/<path:rest>")
    def artist_page(self, request: Request, rest: str) -> Any:
        account = self._member(request, rest)
        if account is None:
            return self.to_sign_in(request)
        if self.fault("locale_segment") and not rest.startswith(f"{LANGUAGE}/"):
            return redirect(f"/c/{LANGUAGE}/{rest}")
        match = _PAGE.fullmatch(request.path)
        if match is None:
            raise NotFound()
        artist = self._allowed(account, match[1])
        if artist is None:
            return Response(site.no_access(), 403, content_type="text/html; charset=utf-8")
        return self._shown(match[2], request.path.rpartition(match[2])[0].rstrip("/"), artist)

    def _member(self, request: Request, rest: str) -> Account | None:
        """Who asks for a member's page. A login that the site ends is ended here."""
        if self.first_time("session_expired") or ("audience" in rest and self.first_time("session_expired_midway")):
            self.expire_sessions()
        return self.session_account(request)

    def _allowed(self, account: Account, artist_id: str) -> Artist | None:
        """The artist, if the account is in its team."""
        everybody = self.member(account).artists
        if artist_id not in ARTISTS or (self.fault("unknown_artist") and artist_id != everybody[0].id):
            raise NotFound()
        team = everybody[: 1 if self.fault("not_a_member") else None]
        return next((a for a in team if a.id == artist_id), None)

    def _shown(self, tab: str, root: str, artist: Artist) -> str:
        if tab == "audience":
            other = root.replace(artist.id, self._other(artist).id) + "/audience" if self.fault("wrong_artist") else ""
            return site.audience(root, artist, self._generic, stuck=self.fault("filter_stuck"), elsewhere=other)
        if tab == "music/songs":
            silent = self.fault("period_silent") or self.first_time("period_silent_once")
            return site.songs(root, artist, self._generic, silent="7day" if silent else "")
        if tab == "music/playlists":
            return site.playlists(root, artist, self._generic)
        return site.member(root, artist, "<p>Good morning</p>", changed=self.fault("layout_changed"))

    def _other(self, artist: Artist) -> Artist:
        return next(a for a in ARTISTS.values() if a.id != artist.id)

    @route("/api/token", methods=("POST",))
    def token(self, request: Request) -> Any:
        account = self.session_account(request)
        if account is None:
            return answer({"error": "unauthorized"}, 401)
        given = request.get_json(silent=True) or {}
        strict(given, allowed=(), required=("artist",))
        if self._allowed(account, given["artist"]) is None:
            raise Forbidden()
        made = "BQ" + secrets.token_urlsafe(60)
        self._tokens[made] = (account.account, given["artist"], self.now() + timedelta(seconds=TOKEN_SECONDS))
        return {"accessToken": made, "expiresIn": TOKEN_SECONDS}

    def _refused(self, request: Request, artist: str | None) -> Response | None:
        """Why a call with a bearer is refused; None if it is not."""
        given = request.headers.get("Authorization", "").partition("Bearer ")[2]
        _, scope, until = self._tokens.get(given, ("", "", self.now()))
        if self.now() >= until:
            return Response("Token expired" if scope else "", 401, content_type="text/plain")
        if artist is not None and artist != scope:
            return answer({"message": "Forbidden"}, 403)
        return None

    # -- exports ------------------------------------------------------------------------------------------------------------

    @route("/api/<any(audience, songs, playlists):what>/<artist_id>/<name>.csv", data=True)
    def export(self, request: Request, what: str, artist_id: str, name: str) -> Any:
        strict(request.args, allowed=(), required=("time-filter",))
        period = request.args["time-filter"]
        if period not in world.PERIODS:
            raise BadRequest()
        refused = self._refused(request, artist_id)
        if refused is not None:
            return refused
        if self.fault("login_page_as_data"):
            return signin.login("0" * 32, self.base_url + "/")
        artist = ARTISTS[artist_id]
        shown = "28day" if what == "songs" and self.fault("songs_28day") else period
        said = exports.file_name(artist, "audience-timeline" if what == "audience" else f"{what}-{shown}")
        disposition = f"attachment; filename*=UTF-8''{quote(said)}"
        return Response(
            self.exported(what, artist, shown), 200, {"Content-Disposition": disposition}, content_type="text/csv; charset=utf-8"
        )

    def data_day(self) -> date:
        """The newest day with statistics now."""
        return world.latest(self.day - timedelta(days=STALE_DAYS if self.fault("stale") else 1 if self.fault("duplicate") else 0))

    def exported(self, what: str, artist: Artist, period: str) -> bytes:
        """An export of now, as the faults say."""
        last = self.data_day()
        if self.fault("wrong_artist_data"):
            artist = self._other(artist)
        if what == "songs":
            return exports.songs([] if self.fault("empty_data") else world.songs(artist, period, last), period)
        if what == "playlists":
            return exports.playlists([] if self.fault("empty_data") else world.playlists(artist, period, last))
        return self._timeline(artist, period, last)

    def _timeline(self, artist: Artist, period: str, last: date) -> bytes:
        length = 28 if self.fault("window_28day") else min(world.DAYS[period], (last - artist.first_day).days + 10)
        days = world.timeline(artist, length, last - timedelta(days=3 if self.fault("behind") else 0))
        if self.fault("empty_data"):
            days = []
        if self.fault("missing_day"):
            del days[-40]
        return exports.altered_timeline(days, self.fault)

    # -- what the songs page asks for ---------------------------------------------------------------------------------------

    def _crossed(self, request: Request, response: Response) -> Response:
        """An answer to another origin: only to the artists host's pages."""
        if request.headers.get("Origin") != self.base_url:
            raise Forbidden()
        response.headers["Access-Control-Allow-Origin"] = self.base_url
        response.headers["Access-Control-Allow-Headers"] = "authorization"
        response.headers["Vary"] = "Origin"
        return response

    @route("/generic/s4x-insights-api/v1/meta/latest-date", methods=("GET", "OPTIONS"))
    def latest_date(self, request: Request) -> Any:
        if request.method == "OPTIONS":
            return self._crossed(request, Response("", 204))
        refused = self._refused(request, None)
        return self._crossed(request, refused or answer({"latestDate": self.data_day().isoformat()}))

    @route("/generic/catalog-view/v1/artist/<artist_id>/songs", methods=("GET", "OPTIONS"), data=True)
    def catalog_view(self, request: Request, artist_id: str) -> Any:
        if request.method == "OPTIONS":
            return self._crossed(request, Response("", 204))
        strict(request.args, allowed=(), required=("time-filter",))
        if request.args["time-filter"] not in world.PERIODS:
            raise BadRequest()
        refused = self._refused(request, artist_id) or self._failing()
        if refused is None:
            echo = request.headers["Authorization"].partition(" ")[2] if self.fault("bearer_echoed") else ""
            refused = Response(
                self.songs_answer(ARTISTS[artist_id], request.args["time-filter"], echo), content_type="application/json"
            )
        return self._crossed(request, refused)

    def _failing(self) -> Response | None:
        if self.fault("token_expired_200"):
            return Response("Token expired", 200, content_type="text/plain")
        if self.fault("token_expired_401") or self.first_time("token_expired_once"):
            return Response("Token expired", 401, content_type="text/plain")
        if self.fault("unauthorized"):
            return answer({"message": "Unauthorized"}, 401)
        if self.fault("songs_rate_limited"):
            return Response("", 429, {"Retry-After": str(self.retry_after_seconds)}, content_type="text/plain")
        if self.fault("no_healthy_upstream"):
            return Response("no healthy upstream", 503, content_type="text/plain")
        if self.fault("login_page_as_data"):
            return Response(signin.login("0" * 32, self.base_url + "/"), content_type="text/html; charset=utf-8")
        return None

    def songs_answer(self, artist: Artist, period: str, echo: str = "") -> bytes:
        """The songs of a period now, as the faults say."""
        if self.fault("wrong_artist_data"):
            artist = self._other(artist)
        if self.fault("windows_mixed"):
            period = {"7day": "28day", "28day": "7day"}.get(period, period)
        found = [] if self.fault("empty_data") else world.songs(artist, period, self.data_day())
        counts = "int" if self.fault("int_counts") else "gaps" if self.fault("count_gaps") else "text"
        return exports.catalog_view(found, counts=counts, drift=self.fault("schema_drift"), echo=echo)

    # -- what a run would bring ---------------------------------------------------------------------------------------------

    def payloads(self, account: str = "default") -> dict[str, bytes]:
        brought: dict[str, bytes] = {}
        for artist in self.member(account).artists:
            brought[f"audience:{artist.id}"] = self.exported("audience", artist, "1year")
            for what in ("songs", "playlists"):
                for period in ("1year", "all") if what == "songs" else ("1year",):
                    brought[f"{what}_csv:{artist.id}_{period}"] = self.exported(what, artist, period)
            for period in world.PERIODS:
                brought[f"song_metrics:{artist.id}_{period}"] = self.songs_answer(artist, period)
        return brought

    def provenance(self, account: str = "default") -> dict[str, dict[str, Any]]:
        """The site's own file names, and which artist, period, page and newest day a run knew."""
        found: dict[str, dict[str, Any]] = {}
        for artist in self.member(account).artists:
            asked = {"artist": artist.id, "latest_date": self.data_day().isoformat()}

            def note(
                name: str, period: str, tab: str, kind: str = "", asked: dict[str, str] = asked, artist: Any = artist
            ) -> None:
                request = asked | {"period": period, "page": f"/c/artist/{artist.id}/{tab}"}
                found[name] = {"request": request} | ({"received_name": exports.file_name(artist, kind)} if kind else {})

            note(f"audience:{artist.id}", "1year", "audience", "audience-timeline")
            note(f"playlists_csv:{artist.id}_1year", "1year", "music/playlists", "playlists-1year")
            for period in ("1year", "all"):
                note(f"songs_csv:{artist.id}_{period}", period, "music/songs", f"songs-{period}")
            for period in world.PERIODS:
                note(f"song_metrics:{artist.id}_{period}", period, "music/songs")
        return found


simulator = SpotifySimulator
