"""Spotify's walk in real Chromium against its strict stand-in: two hosts, the second factor and its lock, artist by artist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contract_bench import Bench
from contract_clock import FrozenClock
from spotify_support import HARBOUR, NOVA, SOLO, Still, brought
from werkzeug.test import Client

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    ChallengeExpired,
    ChallengeUnanswered,
    SourceBlocked,
    SourceChanged,
    SourceUnavailable,
    UsageError,
)
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.simulator import Hands, serve
from extractors.spotify import login, pages
from extractors.spotify.simulator import SpotifySimulator

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium here")
QUICK = ("playlists_csv",)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with serve(SpotifySimulator(clock=FrozenClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)))) as served:
        made = Bench(served, tmp_path_factory.mktemp("run"), served.simulator.clock)
        yield made
        made.close()


@pytest.fixture
def bench(shared: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The shared browser, with nothing remembered."""
    shared.simulator.set_faults(())
    shared.simulator.reset()
    shared.vault.states.clear()
    shared.vault.values = {k: v for k, v in shared.vault.values.items() if not k[2].endswith(login.LOCKED_UNTIL)}
    if shared._browser is not None:
        shared._browser.clear()
        shared._browser._state = {}
    monkeypatch.setattr(pages, "PAGE_SECONDS", 6.0)
    return shared


def posted(bench: Bench) -> list[str]:
    """What the sign-in page has sent to its server."""
    return [a.path for a in bench.simulator.requests("/login/", "POST")]


def without_totp(bench: Bench, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {k: v for k, v in bench.vault.values.items() if k != ("spotify", account, "totp_secret")}
    monkeypatch.setattr(bench.vault, "values", kept)


# -- two hosts --------------------------------------------------------------------------------------------------------------


@needs_browser
def test_the_sign_in_page_is_not_taken_for_the_statistics(bench: Bench) -> None:
    """The address of the sign-in page holds the other host in `continue=`; it is the page's own host that counts."""
    ran = bench.run(feeds=QUICK)
    assert ran.error is None and not ran.failed
    asked = bench.simulator.requests("/en/login", "GET")[0]
    assert bench.simulator.base_url in asked.args["continue"]
    assert bench.simulator.accounts_url != bench.simulator.base_url
    assert [c["medium"] for c in ran.challenges()] == ["sms"] and ran.challenges()[0]["hint"].endswith("42")
    assert posted(bench) == ["/login/identify", "/login/password", "/login/2sv/verify"]


@needs_browser
def test_the_password_is_typed_on_the_accounts_host_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in form on any other host is none of the pages we know: nothing is typed there."""
    monkeypatch.setitem(bench.settings.platform("spotify"), "accounts_url", "https://accounts.spotify.com")
    ran = bench.run(account="plain", feeds=QUICK)
    assert isinstance(ran.error, SourceChanged) and not posted(bench)


@needs_browser
def test_a_run_with_a_saved_login_asks_nobody_and_each_artist_has_its_own_series(bench: Bench) -> None:
    """After a good run nobody needs to be there; both artists' files are told apart, and each says what was asked."""
    assert bench.run(feeds=QUICK).error is None
    bench.new_context()
    ran = bench.run(feeds=QUICK, attended=False)
    assert ran.error is None and not ran.challenges()
    assert ran.bodies == {n: b for n, b in brought(account="default").items() if n.startswith("playlists_csv")}
    for artist in (NOVA, HARBOUR):
        capture = ran.captures[f"playlists_csv:{artist.id}_1year"]
        assert capture.request["artist"] == artist.id and f"/artist/{artist.id}/" in capture.request["page"]
        assert capture.request["period"] == "1year" and capture.request["latest_date"] == "2026-02-28"
        assert capture.received_name == f"{artist.name}-playlists-1year.csv"


# -- second factor ----------------------------------------------------------------------------------------------------------


@needs_browser
def test_with_nobody_there_no_password_is_sent(bench: Bench) -> None:
    """Submitting it is what sends the code: unattended, nothing is submitted and no message goes out."""
    before = len(bench.simulator.mailbox("default"))
    assert isinstance(bench.run(attended=False, feeds=QUICK).error, ChallengeUnanswered)
    assert not posted(bench) and len(bench.simulator.mailbox("default")) == before


@needs_browser
def test_an_account_without_a_second_factor_signs_in_alone_once_told_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`second_factor = "none"` in the settings lets a run sign in with nobody there."""
    assert isinstance(bench.run(account="plain", attended=False, feeds=QUICK).error, ChallengeUnanswered)
    monkeypatch.setitem(bench.settings.platform("spotify")["accounts"]["plain"], "second_factor", "none")
    ran = bench.run(account="plain", attended=False, feeds=QUICK)
    assert ran.error is None and set(ran.bodies) == {f"playlists_csv:{SOLO.id}_1year"}


@needs_browser
def test_where_both_ways_are_on_the_vaults_app_answers_alone(bench: Bench) -> None:
    """SMS is the site's default; with the app's secret in the vault the run takes the other way, and nobody is needed."""
    bench.clock.sleep(60)
    ran = bench.run(account="both", attended=False, feeds=QUICK)
    assert ran.error is None and [c["medium"] for c in ran.challenges()] == ["app"]


@needs_browser
def test_a_person_may_take_the_other_way_or_ask_for_a_new_code(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an SMS one may ask for a new one, or change to the app and type its code."""
    without_totp(bench, "both", monkeypatch)
    bench.clock.sleep(60)
    acts = iter(["resend", "other"])
    before = len(bench.simulator.mailbox("both"))

    def human(challenge: Mapping[str, Any], hands: Hands) -> str | None:
        return next(acts, None) or bench.simulator.answer(challenge, hands)

    ran = bench.run(account="both", feeds=QUICK, human=human)
    assert ran.error is None and [c["medium"] for c in ran.challenges()] == ["sms", "sms", "app"]
    assert ran.challenges()[0]["can"] == ["resend", "other"] and len(bench.simulator.mailbox("both")) == before + 2


@needs_browser
def test_codes_stop_being_tried_before_they_lock_the_account(bench: Bench) -> None:
    """Four refused codes end the run; the account is not locked, and the next sign-in works."""
    ran = bench.run(feeds=QUICK, human=lambda challenge, _: bench.simulator.wrong_answer(challenge))
    assert isinstance(ran.error, ChallengeExpired) and len(ran.challenges()) == login.CODE_TRIES
    assert "Incorrect" in ran.challenges()[1]["error"] and ran.challenges()[-1]["attempts_left"] == 1
    assert bench.run(feeds=QUICK).error is None


@needs_browser
def test_a_locked_sign_in_is_left_alone_until_its_time_is_over(bench: Bench) -> None:
    """Too many attempts: told until when; runs within that half hour do not even open the page; the first after it signs in."""
    bench.simulator.set_faults(["too_many_attempts"])
    first = bench.run(account="both", feeds=QUICK)
    until = f"{bench.clock.now() + timedelta(minutes=30):%H:%M} UTC"
    assert isinstance(first.error, SourceBlocked) and until in str(first.error)
    knocks, seen = bench.simulator.knocks, len(bench.simulator.requests())
    bench.clock.sleep(29 * 60 + 30)
    second = bench.run(account="both", feeds=QUICK)
    assert isinstance(second.error, SourceBlocked) and until in str(second.error) and "(in 1 minute)" in str(second.error)
    assert (bench.simulator.knocks, len(bench.simulator.requests())) == (knocks, seen)
    bench.simulator.set_faults(())
    assert bench.run(account="plain", feeds=QUICK).error is None, "another account is not touched by it"
    bench.clock.sleep(60)
    bench._browser.clear()
    assert bench.run(account="both", feeds=QUICK).error is None


# -- artists, periods -------------------------------------------------------------------------------------------------------


@needs_browser
def test_an_artist_that_fails_does_not_stop_the_others(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first artist is not ours any more: told for each feed, with what to do; the second comes whole."""
    options = bench.settings.platform("spotify")["accounts"]["plain"]
    monkeypatch.setitem(options, "artists", [NOVA.id, SOLO.id, SOLO.id])
    ran = bench.run(account="plain", feeds=("songs_csv", "playlists_csv"))
    assert ran.error is None and set(ran.failed) == {"songs_csv", "playlists_csv"}
    assert all(type(e) is AccessError and NOVA.id in str(e) and e.hint for e in ran.failed.values())
    assert set(ran.bodies) == {f"songs_csv:{SOLO.id}_1year", f"songs_csv:{SOLO.id}_all", f"playlists_csv:{SOLO.id}_1year"}


@needs_browser
def test_five_periods_come_in_order_and_none_with_its_bearer(bench: Bench) -> None:
    """From the narrowest to the widest, as one set; what the page asked with is named as a credential to be masked."""
    ran = bench.run(account="plain", feeds=("song_metrics",))
    assert list(ran.bodies) == [f"song_metrics:{SOLO.id}_{p}" for p in ("1day", "7day", "28day", "1year", "all")]
    assert len({c.set_id for c in ran.captures.values()}) == 1
    for capture in ran.captures.values():
        (echo,) = capture.echoes
        assert echo.kind == "bearer" and echo.value.startswith(b"BQ") and echo.value not in repr(capture).encode()
    assert "BQ" not in str(ran.events)


@needs_browser
def test_a_period_that_stays_silent_costs_that_period_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by name; the other four come."""
    monkeypatch.setattr(pages, "PERIOD_SECONDS", 2.0)
    bench.simulator.set_faults(["period_silent"])
    ran = bench.run(account="plain", feeds=("song_metrics",))
    assert isinstance(ran.failed["song_metrics"], SourceUnavailable) and "7day" in str(ran.failed["song_metrics"])
    assert [n.rpartition("_")[2] for n in ran.bodies] == ["1day", "28day", "1year", "all"]


@pytest.mark.parametrize("given", [None, [], ["Nova Orchard"], [NOVA.id, NOVA.id[:-1]], [7]])
def test_without_artist_ids_a_run_does_not_begin(bench: Bench, given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option that is missing or wrong is named, with where to write it; the site is not asked."""
    monkeypatch.setitem(bench.settings.platform("spotify")["accounts"]["plain"], "artists", given)
    ran = bench.run(account="plain")
    assert isinstance(ran.error, UsageError) and "artists" in str(ran.error.hint) and not bench.simulator.requests()


# -- the stand-in is strict -------------------------------------------------------------------------------------------------


def test_what_the_real_site_would_refuse_the_stand_in_refuses() -> None:
    """Pages of one host on the other, calls without the page's token, a bearer for another artist, another origin."""
    simulator = SpotifySimulator(clock=Still(datetime(2026, 3, 2, tzinfo=UTC).date()))
    simulator.base_url = "http://127.0.0.1:9"
    artists, accounts = (Client(simulator.wsgi) for _ in range(2))
    at, other = {"base_url": simulator.base_url}, {"base_url": simulator.accounts_url}
    assert artists.get("/en/login", **at).status_code == 404 and accounts.get("/", **other).status_code == 404
    assert accounts.get("/en/login", **other).status_code == 200
    assert accounts.post("/login/password", json={"username": "x", "password": "y"}, **other).status_code == 403
    moved = artists.get(f"/c/artist/{NOVA.id}/home", **at)
    assert moved.status_code == 302 and moved.headers["Location"].startswith(simulator.accounts_url + "/en/login?continue=")
    ticket = simulator._hand_over("plain", "https://evil.example/")
    assert ticket.startswith(simulator.base_url + "/signed-in?")
    assert artists.get(ticket.removeprefix(simulator.base_url), **at).headers["Location"] == "/"
    assert artists.get(f"/c/artist/{NOVA.id}/home", **at).status_code == 403
    assert artists.get("/c/artist/" + "0" * 22 + "/home", **at).status_code == 404
    assert artists.post("/api/token", json={"artist": NOVA.id}, **at).status_code == 403
    token = artists.post("/api/token", json={"artist": SOLO.id}, **at).get_json()["accessToken"]
    head = {"Authorization": f"Bearer {token}", "Origin": simulator.base_url}
    songs = "/generic/catalog-view/v1/artist/{}/songs?time-filter=7day"
    assert accounts.get(songs.format(SOLO.id), headers=head, **other).status_code == 200
    assert accounts.get(songs.format(NOVA.id), headers=head, **other).status_code == 403
    assert accounts.get(songs.format(SOLO.id) + "&limit=5", headers=head, **other).status_code == 400
    assert accounts.get(songs.format(SOLO.id), headers=head | {"Origin": "https://evil.example"}, **other).status_code == 403
    simulator.advance(3601)
    late = accounts.get(songs.format(SOLO.id), headers=head, **other)
    assert (late.status_code, late.data) == (401, b"Token expired")
    assert Secret(token)
