"""TooLost's walk in a real browser against its stand-in: the login's end, the page's own calls, the report, and what each failure costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from contract_bench import Bench
from contract_clock import FrozenClock
from playwright.sync_api import Error as PlaywrightError

from bedrot_console.domain.errors import AccessError, ChallengeUnanswered, CredentialsRejected, SourceBlocked, SourceUnavailable
from bedrot_console.extraction.simulator import Hands, start
from extractors.toolost import bearer, pages
from extractors.toolost.portal import Call, Portal
from extractors.toolost.simulator import TooLostSimulator

BOTH = ("spotify", "apple")
ALL = {"spotify", "apple", "sales:2026-01"}


class Clock(FrozenClock):
    """`back` undoes what moved it, so that tests can share one simulator."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))

    back = __init__


@pytest.fixture(scope="module")
def kept_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    clock = Clock()
    served = start(TooLostSimulator(clock=clock))
    bench = Bench(served, tmp_path_factory.mktemp("toolost"), clock)
    yield bench
    bench.close()
    served.stop()


@pytest.fixture
def bench(kept_bench: Bench) -> Iterator[Bench]:
    """The bench as new: no login saved, no fault, the day it began with. The browser stays."""
    kept_bench.clock.back()
    kept_bench.simulator.set_faults([])
    kept_bench.simulator.reset()
    kept_bench.vault.states.clear()
    if kept_bench._browser is not None:
        kept_bench._browser.clear()
    yield kept_bench
    kept_bench.vault.states.clear()


@pytest.fixture
def member(kept_bench: Bench) -> Iterator[Bench]:
    """The bench with a login that works, kept from test to test as long as no `bench` came between."""
    kept_bench.clock.back()
    kept_bench.simulator.set_faults([])
    if not kept_bench.vault.states.get("default"):
        kept_bench.simulator.reset()
        if kept_bench._browser is not None:
            kept_bench._browser.clear()
        assert kept_bench.run(feeds=("spotify",)).error is None
    kept_bench.simulator.log.clear()
    yield kept_bench


def asked(bench: Bench, path: str = "/api/portal/analytics") -> list[tuple[str, str]]:
    """(last part of the path, date) of the calls that were made."""
    return [(a.path.rstrip("/").rpartition("/")[2], a.args.get("date", "")) for a in bench.simulator.requests(path)]


def test_a_first_run_brings_the_raw_answers_before_the_report(bench: Bench) -> None:
    """Code by mail, both answers as served, then the report; the login's end is told, and the token is shown nowhere."""
    result = bench.run()
    assert result.error is None and not result.failed and list(result.bodies) == ["spotify", "apple", "sales:2026-01"]
    assert result.bodies == bench.simulator.payloads()
    assert "the login ends on 2026-03-09 09:30 UTC, in 7.0 days" in result.logged("info")
    paths = [a.path for a in bench.simulator.requests()]
    last_figures = max(n for n, p in enumerate(paths) if p.startswith("/api/portal/analytics"))
    assert last_figures < paths.index("/user-portal/notifications")
    assert result.captures["sales:2026-01"].received_name == "01-2026-41877.csv"
    assert result.captures["spotify"].set_id == result.captures["apple"].set_id
    state = str(bench.vault.load("toolost", "default"))
    token = bearer.find([("x", state)])
    assert token is not None and token.value.reveal() not in str(result.events)


def test_the_next_run_needs_nobody_and_asks_for_this_year_only_once_each(member: Bench) -> None:
    """A restored login: no sign-in, the page's first call proves it, and nothing is fetched by anybody but the page."""
    result = member.run(attended=False)
    assert result.error is None and set(result.bodies) == ALL and not result.challenges()
    assert asked(member) == [("spotify", "last30Days"), ("spotify", "thisYear"), ("apple", "thisYear")]
    assert not member.simulator.requests("/api/auth")


def test_an_answer_that_the_page_has_already_is_not_asked_for_again(member: Bench) -> None:
    """The page opens with this year, so choosing it would ask for nothing: its first call, heard from the start, is the answer."""
    member.simulator.set_faults(["already_this_year"])
    result = member.run(feeds=BOTH)
    assert set(result.bodies) == set(BOTH) and asked(member) == [("spotify", "thisYear"), ("apple", "thisYear")]


def test_one_half_missing_leaves_the_other(member: Bench) -> None:
    """Apple's entry is gone from the menu: Spotify and the report come, Apple fails with a sentence that names it."""
    member.simulator.set_faults(["apple_gone"])
    result = member.run()
    assert set(result.bodies) == ALL - {"apple"} and set(result.failed) == {"apple"} and "Apple" in str(result.failed["apple"])


def test_a_call_that_is_never_answered_costs_its_time_once(member: Bench) -> None:
    """No second attempt, and the next answer is got from a page opened anew."""
    table = member.settings.table["platforms"]["toolost"]
    table["answer_seconds"] = 2
    member.simulator.set_faults(["spotify_hangs"])
    try:
        result = member.run(feeds=BOTH)
    finally:
        table["answer_seconds"] = 8
    assert result.failed.keys() == {"spotify"} and set(result.bodies) == {"apple"}
    assert "does not answer about Spotify within 2 s" in str(result.failed["spotify"])


@pytest.mark.parametrize("fault", ["truncated", "truncated_silently", "empty_body", "api_500", "rate_limited_api"])
def test_a_call_that_fails_is_made_again(member: Bench, fault: str) -> None:
    """Cut, empty, 500, 429 with its own pause, twice: waited for, then whole."""
    member.clock.slept.clear()
    member.simulator.fail_next(fault, 2)
    result = member.run(feeds=("spotify",))
    assert not result.failed and result.bodies["spotify"] == member.simulator.payloads()["spotify"]
    assert fault != "rate_limited_api" or sum(member.clock.slept) >= 5


def test_a_report_that_broke_off_is_fetched_again(member: Bench) -> None:
    """Cut once without a length: noticed by its last row, whole the second time; always cut: never brought."""
    member.simulator.fail_next("truncated_silently")
    result = member.run(feeds=("sales",))
    assert not result.failed and [t for t in result.logged("warning") if "broke off" in t]
    member.simulator.set_faults(["truncated_silently"])
    result = member.run(feeds=("sales",))
    assert not result.bodies and isinstance(result.failed["sales"], SourceUnavailable)


def test_no_report_is_told_and_no_failure(member: Bench) -> None:
    """A list without any, an empty list: the run says so, expects the feed no longer, and nothing has failed."""
    for fault in ("no_report", "no_notifications"):
        member.simulator.set_faults([fault])
        result = member.run(feeds=("sales",))
        assert result.error is None and not result.failed and not result.bodies
        assert result.logged("warning") == ["toolost/sales: no sales report among the notifications"]


def test_reports_that_stay_away_are_told_louder_with_time(member: Bench) -> None:
    """Last month's is not there yet: said. The month before is missing, too: a warning."""
    result = member.run(feeds=("sales",))
    assert "no sales report of 2026-02 yet; the newest is of 2026-01" in result.logged("info")
    member.simulator.set_faults(["report_late"])
    result = member.run(feeds=("sales",))
    assert set(result.bodies) == {"sales:2025-11"}
    assert result.logged("warning") == ["no sales report of 2026-02 or the month before has come; the newest is of 2025-11"]


def test_a_token_that_has_ended_is_no_login(bench: Bench) -> None:
    """Eight days later: nobody there means exit before a code is sent; with somebody, a new sign-in."""
    assert bench.run(feeds=BOTH).error is None
    bench.clock.advance(8 * 86400)
    sent = len(bench.simulator.mailbox())
    refused = bench.run(attended=False)
    assert isinstance(refused.error, ChallengeUnanswered) and len(bench.simulator.mailbox()) == sent and not refused.bodies
    result = bench.run()
    assert result.error is None and len(result.challenges()) == 1 and set(result.bodies) >= set(BOTH)


def test_the_tokens_end_is_believed_before_the_server_says_so(bench: Bench) -> None:
    """The platform would still take it (its clock is behind): our own reading of `exp` says it has ended."""
    bench.simulator.session_seconds = 3600.0
    try:
        assert bench.run(feeds=("spotify",)).error is None
    finally:
        del bench.simulator.session_seconds
    bench.clock.advance(7200)
    bench.simulator.advance(-7200)
    try:
        result = bench.run(feeds=("spotify",))
        assert "the saved login has ended" in result.logged("info") and len(result.challenges()) == 1
    finally:
        bench.simulator.advance(7200)


def test_a_login_that_ends_soon_is_a_warning(bench: Bench) -> None:
    """With less than a day left every run says so, with the hour and the command."""
    bench.simulator.set_faults(["jwt_short"])
    result = bench.run(feeds=("spotify",))
    assert [t for t in result.logged("warning") if "in 1.0 hours: sign in again before then (bedrot extract toolost)" in t]


def test_an_account_without_a_second_factor_signs_in_alone_if_its_settings_say_so(bench: Bench) -> None:
    """`second_factor = none`: a scheduled run may sign in. Without the setting it does not even submit the password."""
    alone = bench.run(account="no-code", attended=False, feeds=("spotify",))
    assert alone.error is None and set(alone.bodies) == {"spotify"}
    bench._browser.clear()
    bench.simulator.log.clear()
    refused = bench.run(account="default", attended=False)
    assert isinstance(refused.error, ChallengeUnanswered) and not bench.simulator.requests("/api/auth")


def test_an_apps_code_comes_from_the_vault(bench: Bench) -> None:
    """`totp_secret`: nobody is asked, also with nobody there."""
    result = bench.run(account="app-code", attended=False, feeds=("spotify",), human=lambda c, h: None)
    assert result.error is None and set(result.bodies) == {"spotify"}
    assert [c["medium"] for c in result.challenges()] == ["app"]


def test_wrong_codes_are_told_and_a_new_one_can_be_asked_for(bench: Bench) -> None:
    """The site's words stand in the next question; `resend` brings a fresh code."""
    acts = iter(["000000", "resend"])

    def human(challenge: Any, hands: Hands) -> str | None:
        return next(acts, None) or bench.simulator.answer(challenge, hands)

    result = bench.run(feeds=("spotify",), human=human)
    assert result.error is None
    errors = [c["error"] for c in result.challenges()]
    assert errors == [None, "That code is not right.", None] and result.challenges()[1]["attempts_left"] == pages.CODE_TRIES - 1


def test_a_sign_in_confirmed_elsewhere_moves_the_run_on(bench: Bench) -> None:
    """The person follows a link in the mail: the page enters the portal, the question is withdrawn."""
    result = bench.run(feeds=("spotify",), human=lambda c, h: bench.simulator.confirm(c["account"]))
    assert result.error is None and [e["state"] for e in result.events if e["kind"] == "challenge-ended"] == ["moved"]


def test_a_check_that_a_person_does_not_pass_blocks(bench: Bench) -> None:
    """Said to be done, and it is still there: SourceBlocked, nothing hammered."""
    bench.simulator.set_faults(["challenge_page"])
    result = bench.run(human=lambda c, h: "done")
    assert isinstance(result.error, SourceBlocked) and not bench.simulator.requests("/api/auth")


def test_a_refused_password_is_tried_once(bench: Bench) -> None:
    """One attempt; neither name nor password is in what is told."""
    bench.simulator.set_faults(["wrong_password"])
    result = bench.run()
    assert isinstance(result.error, CredentialsRejected) and len(bench.simulator.requests("/api/auth/login")) == 1
    account = bench.simulator.account()
    assert account.password not in str(result.events) and account.username not in str(result.events)


def test_the_login_of_another_member_is_refused(bench: Bench) -> None:
    """The token names a member who is not this account's: nothing is brought under the wrong name."""
    assert bench.run(feeds=("spotify",)).error is None
    bench.vault.states["no-code"] = [bench.vault.states["default"][-1]]
    result = bench.run(account="no-code", feeds=BOTH)
    assert type(result.error) is AccessError and "another member" in str(result.error) and not result.bodies


def test_a_lost_login_is_renewed_once_in_a_run(bench: Bench) -> None:
    """Void between the answers: signed in again, both come. Refused for good: the run ends and saves no login."""
    assert bench.run(feeds=("spotify",)).error is None
    bench.simulator.set_faults(["session_expired_midway"])
    result = bench.run(feeds=BOTH)
    assert result.error is None and not result.failed and set(result.bodies) == set(BOTH) and len(result.challenges()) == 1
    bench.vault.states.clear()
    bench._browser.clear()
    bench.simulator.set_faults(["unauthorized_json"])
    result = bench.run(feeds=BOTH)
    assert type(result.error) is AccessError and not bench.vault.states.get("default")


LEADS_OUT = """() => {
  if (location.pathname === '/login') return [];
  localStorage.clear();
  location.href = '/login';
  return new Promise(() => {});
}"""
"""In place of reading the storage: the page leaves for the sign-in page while it is being read, so that there is never an answer."""


def test_a_page_that_leaves_while_it_is_read_is_a_lost_login(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site leads out in the very moment in which the saved login is looked at: a check sees no sign, a run signs in anew."""
    assert bench.run(feeds=("spotify",)).error is None
    signs: list[str | None] = []

    def proves(self: Any, session: Any) -> Iterator[Any]:
        signs.append(self.prove(session))
        return iter(())

    real = pages.STORAGE
    monkeypatch.setattr(pages, "STORAGE", LEADS_OUT)
    with monkeypatch.context() as only:
        only.setattr(bench.extractor, "extract", proves)
        assert bench.run(attended=False).error is None and signs == [None]

    signed_in = pages.sign_in

    def sign_in(session: Any) -> None:
        monkeypatch.setattr(pages, "STORAGE", real)
        signed_in(session)

    monkeypatch.setattr(pages, "sign_in", sign_in)
    result = bench.run(feeds=("spotify",))
    assert result.error is None and list(result.bodies) == ["spotify"] and len(result.challenges()) == 1


def test_a_refused_call_is_a_lost_login_even_if_its_body_went_with_the_page(bench: Bench) -> None:
    """401 leads the page out, and the body of that answer with it: the status is enough."""

    class Gone:
        status, headers = 401, {}  # noqa: RUF012

        def body(self) -> bytes:
            raise PlaywrightError("Protocol error (Network.getResponseBody): No resource with given identifier found")

    call = Call("spotify", SimpleNamespace(response=Gone, url="/api/portal/analytics/spotify"), True)
    with pytest.raises(pages.LoginLost):
        Portal(SimpleNamespace())._read(call)  # type: ignore[arg-type]


def test_a_login_lost_between_two_choices_is_told_as_that(member: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page leaves before the menu is opened: no changed source, and the run signs in once more."""
    real, left = Portal._choose_platform, [True]

    def choose(self: Portal, label: str) -> None:
        if left:
            left.clear()
            self.session.page.evaluate("() => { localStorage.clear(); location.href = '/login'; }")
        real(self, label)

    monkeypatch.setattr(Portal, "_choose_platform", choose)
    result = member.run(feeds=BOTH)
    assert result.error is None and not result.failed and set(result.bodies) == set(BOTH) and len(result.challenges()) == 1
