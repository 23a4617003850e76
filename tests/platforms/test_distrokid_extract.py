"""DistroKid's extractor in real Chromium against its strict simulator: the way in, each fault, and what is stopped where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from distrokid_bench import Bench, Result, from_mailbox
from distrokid_support import Desk, codes, errors

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import (
    AccessError,
    ChallengeExpired,
    ChallengeUnanswered,
    CredentialsRejected,
    RateLimited,
    SourceBlocked,
    SourceChanged,
    SourceUnavailable,
)
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.simulator import serve
from extractors.distrokid import pages
from extractors.distrokid.simulated import world
from extractors.distrokid.simulator import DistroKidSimulator

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]
ALL = {"streams", "applemusic", "sales"}


class SharedClock:
    """A clock that moves when somebody sleeps on it; one for all runs of this module."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    clock = SharedClock()
    with serve(DistroKidSimulator(clock=clock)) as served:
        made = Bench(served, tmp_path_factory.mktemp("run"), clock)
        yield made
        made.close()


@pytest.fixture
def bench(shared: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The shared browser, with nothing remembered, and pages that need not be waited for long."""
    for name, value in (
        ("OPEN_SECONDS", 2.0),
        ("PAGE_SECONDS", 4.0),
        ("ANSWER_SECONDS", 8.0),
        ("CHALLENGE_MILLISECONDS", 600),
        ("CHART_MILLISECONDS", 900),
    ):
        monkeypatch.setattr(pages, name, value)
    shared.fresh()
    return shared


def signed_in(bench: Bench, *faults: str, **how: Any) -> Result:
    """A run with a live login and these faults."""
    assert bench.run(feeds=("sales",)).error is None
    bench.simulator.set_faults(faults)
    return bench.run(**how)


def said(bench: Bench) -> list[str]:
    return [a.path for a in bench.simulator.requests("/api/") if "State" not in a.path]


def test_an_unknown_computer_needs_the_mailed_code_and_brings_all_three(bench: Bench) -> None:
    """Password, e-mailed code, streams, Apple Music, statement: bytes as served, with the newest day inside them."""
    result = bench.run()
    assert result.error is None and not result.failed and set(result.bodies) == ALL
    (challenge,) = result.challenges()
    assert (challenge["medium"], challenge["length"], challenge["hint"]) == ("e-mail", 6, "n***@orchard-tapes.example")
    day = bench.simulator.day
    assert result.captures["streams"].as_of == day - timedelta(days=2)
    assert result.captures["applemusic"].as_of == day - timedelta(days=1)
    assert result.bodies["sales"] == bench.simulator.statement(world.MEMBERS[0])
    assert 380_000 < len(result.bodies["streams"]) < 470_000 and 260_000 < len(result.bodies["applemusic"]) < 300_000
    assert result.bodies["streams"].endswith(b"</body>\n</html>\n") and b'"column-1": "' in result.bodies["streams"]
    assert said(bench) == ["/api/loginCheck/", "/api/newComputerCheck/"]


def test_a_restored_session_skips_the_login(bench: Bench) -> None:
    """The saved login, restored in a new browser, brings everything without the sign-in page."""
    bench.run(feeds=("sales",))
    bench.simulator.log.clear()
    bench.new_context()
    result = bench.run(attended=False)
    assert result.error is None and set(result.bodies) == ALL and not result.challenges()
    assert not bench.simulator.requests("/signin") and not said(bench)


def test_an_expired_session_on_a_known_computer_needs_no_code(bench: Bench) -> None:
    """302 to the sign-in page: signed in again with the password alone, also with nobody there."""
    bench.run(feeds=("sales",))
    mails = len(bench.simulator.mailbox())
    bench.simulator.expire_sessions()
    result = bench.run(attended=False)
    assert result.error is None and set(result.bodies) == ALL and not result.challenges()
    assert len(bench.simulator.mailbox()) == mails


def test_a_session_that_dies_midway_is_renewed_once(bench: Bench) -> None:
    """The sign-in page in place of the second feed: one new sign-in, and all feeds."""
    result = signed_in(bench, "session_expired_midway")
    assert result.error is None and set(result.bodies) == ALL and not result.failed
    assert said(bench).count("/api/loginCheck/") == 2


def test_nobody_there_means_no_password_and_no_code(bench: Bench) -> None:
    """Unattended on an unknown computer: the run ends before the password is submitted, since that is what sends the code."""
    mails = len(bench.simulator.mailbox())
    result = bench.run(attended=False)
    assert isinstance(result.error, ChallengeUnanswered) and not result.bodies
    assert said(bench) == [] and len(bench.simulator.mailbox()) == mails


def test_an_authenticator_app_answers_by_itself(bench: Bench) -> None:
    """With a stored TOTP secret an unattended run passes the second factor."""
    result = bench.run(account="app-code", attended=False)
    assert result.error is None and set(result.bodies) == ALL
    assert [c["medium"] for c in result.challenges()] == ["app"]


def test_a_wrong_password_is_tried_once(bench: Bench) -> None:
    """The site says no: CredentialsRejected, one attempt, nothing captured, no secret in what the run says."""
    bench.simulator.set_faults(["wrong_password"])
    result = bench.run()
    assert isinstance(result.error, CredentialsRejected) and said(bench) == ["/api/loginCheck/"]
    words = f"{result.error} {result.events}"
    assert world.MEMBERS[0].password not in words and world.MEMBERS[0].email not in words


@pytest.mark.parametrize(
    ("fault", "error"),
    [("account_locked", SourceBlocked), ("captcha_puzzle", SourceBlocked), ("login_500", SourceUnavailable), ("layout_changed", SourceChanged)],
)  # fmt: skip
def test_a_sign_in_that_cannot_work_says_why(bench: Bench, fault: str, error: type[Exception]) -> None:
    """Locked account, visible captcha, failing call, changed page: each is its own error, and no second attempt."""
    bench.simulator.set_faults([fault])
    result = bench.run()
    assert type(result.error) is error and not result.bodies
    assert said(bench).count("/api/loginCheck/") <= 1


def test_a_wrong_code_is_asked_for_again(bench: Bench) -> None:
    """The site's refusal stands in the next question; the right code then works."""
    answers = iter(["000000"])
    result = bench.run(feeds=("sales",), human=lambda c, s: next(answers, None) or from_mailbox(c, s))
    assert result.error is None
    first, second = result.challenges()
    assert first["error"] is None and "not right" in second["error"] and second["attempts_left"] == first["attempts_left"] - 1


def test_an_expired_code_is_replaced_on_request(bench: Bench) -> None:
    """Expired: the human asks for a new one (`resend`), which works."""
    bench.simulator.fail_next("code_expired")
    acts = iter([None, "resend"])
    result = bench.run(feeds=("sales",), human=lambda c, s: next(acts, None) or from_mailbox(c, s))
    assert result.error is None
    assert [bool(c["error"]) for c in result.challenges()] == [False, True, False]
    assert "/api/newComputerResend/" in said(bench)


def test_codes_that_are_always_refused_end_the_run(bench: Bench) -> None:
    """Five refusals and the run gives up; nothing is captured."""
    bench.simulator.set_faults(["code_wrong"])
    result = bench.run()
    assert isinstance(result.error, ChallengeExpired) and len(result.challenges()) == pages.CODE_TRIES and not result.bodies


def test_a_code_nobody_gives_ends_the_run(bench: Bench) -> None:
    """Nobody answers in the run's patience."""

    def asleep(challenge: dict[str, Any], simulator: DistroKidSimulator) -> None:
        bench.clock.sleep(120)

    result = bench.run(human=asleep, patience=60)
    assert isinstance(result.error, ChallengeUnanswered) and not result.bodies


def test_a_code_typed_elsewhere_moves_the_run_on(bench: Bench) -> None:
    """Somebody confirms this computer by another way: the page goes on, the question is withdrawn, the run continues."""

    def elsewhere(challenge: dict[str, Any], simulator: DistroKidSimulator) -> None:
        simulator.confirm(challenge["account"])

    result = bench.run(feeds=("sales",), human=elsewhere)
    assert result.error is None and set(result.bodies) == {"sales"}
    assert [e["state"] for e in result.events if e["kind"] == "challenge-ended"] == ["moved"]


def test_a_cloudflare_check_that_passes_is_waited_for(bench: Bench) -> None:
    """The interstitial shown once costs a moment, nothing else."""
    bench.simulator.set_faults(["challenge_once"])
    result = bench.run()
    assert result.error is None and set(result.bodies) == ALL
    assert not any(b"Just a moment" in body for body in result.bodies.values())


def test_a_cloudflare_check_that_stays_ends_the_run(bench: Bench) -> None:
    """Never saved as data, never hammered: SourceBlocked after four looks."""
    result = signed_in(bench, "challenge_page")
    assert isinstance(result.error, SourceBlocked) and not result.bodies


def test_the_sign_in_page_is_never_saved_as_data(bench: Bench) -> None:
    """A stats address that answers 200 with the sign-in page fails those feeds; the statement still comes."""
    result = signed_in(bench, "login_page_as_data")
    assert result.error is None and set(result.bodies) == {"sales"}
    assert {n: type(e) for n, e in result.failed.items()} == {"streams": pages.LoginLost, "applemusic": pages.LoginLost}


def test_an_empty_chart_is_never_saved_as_data(bench: Bench) -> None:
    """A chart that stays empty fails its feed."""
    result = signed_in(bench, "empty_chart")
    assert set(result.bodies) == {"sales"} and all("empty" in str(e) for e in result.failed.values())


def test_a_chart_that_is_filled_late_is_captured_filled(bench: Bench) -> None:
    """The bytes saved are the server's own and hold the figures."""
    result = signed_in(bench, "chart_late")
    assert set(result.bodies) == ALL and result.captures["streams"].as_of == bench.simulator.day - timedelta(days=2)


@pytest.mark.parametrize(
    ("fault", "brought", "error", "word"),
    [
        ("wrong_plan", {"sales"}, AccessError, "plan"), ("no_releases", {"sales"}, AccessError, "no releases"),
        ("wrong_account", {"sales"}, AccessError, "another account"), ("wrong_page", {"streams", "sales"}, SourceChanged, "streams page"),
        ("filter_first", {"streams", "applemusic"}, AccessError, "filter"), ("html_as_tsv", {"streams", "applemusic"}, SourceChanged, "page"),
        ("layout_changed", set(), SourceChanged, ""),
    ],
)  # fmt: skip
def test_what_one_page_refuses_stops_only_its_feeds(
    bench: Bench, fault: str, brought: set[str], error: type[Exception], word: str
) -> None:
    """The feeds that can be brought are brought; the others fail with a sentence that says why."""
    result = signed_in(bench, fault)
    assert result.error is None and set(result.bodies) == brought and set(result.failed) == ALL - brought
    assert all(type(e) is error and word in str(e) for e in result.failed.values()), result.failed


@pytest.mark.parametrize("fault", ["truncated", "truncated_silently"])
def test_a_transfer_that_breaks_off_is_fetched_again(bench: Bench, fault: str) -> None:
    """Cut once, with or without an announced length: noticed, and whole the second time."""
    assert bench.run(feeds=("sales",)).error is None
    for feed in ("streams", "sales"):
        bench.simulator.fail_next(fault)
        result = bench.run(feeds=(feed,))
        assert result.error is None and not result.failed, result.failed
        assert len(result.bodies[feed]) > 300_000


@pytest.mark.parametrize("fault", [pytest.param("truncated", marks=pytest.mark.long), "truncated_silently"])
def test_a_transfer_that_always_breaks_off_is_never_saved(bench: Bench, fault: str) -> None:
    """Cut each time: every feed fails, nothing is captured."""
    result = signed_in(bench, fault)
    assert not result.bodies and set(result.failed) == ALL
    assert all(isinstance(e, SourceUnavailable) for e in result.failed.values()), result.failed


@pytest.mark.parametrize(("fault", "error"), [("http_500", SourceUnavailable), ("rate_limited", RateLimited)])
def test_a_site_that_is_down_is_asked_a_few_times_only(bench: Bench, fault: str, error: type[Exception]) -> None:
    """5xx and 429 are retried within bounds and end as what they are."""
    bench.simulator.set_faults([fault])
    result = bench.run()
    assert type(result.error) is error and len(bench.simulator.requests("/signin")) <= 4


def test_a_slow_site_still_works(bench: Bench) -> None:
    """Every answer late: the same captures."""
    assert set(signed_in(bench, "slow").bodies) == ALL


@pytest.mark.parametrize(
    ("faults", "stopped"),
    [
        (["stale"], {"streams": "freshness.too-old", "applemusic": "freshness.too-old", "sales": "volume.rows-vanished"}),
        (["missing_day"], {"streams": "completeness.days-missing", "applemusic": "completeness.days-missing", "sales": "volume.days-vanished"}),
        (["cut_at_line"], {"sales": "volume.rows-vanished"}),
    ],
    ids=lambda v: v[0] if isinstance(v, list) else "",
)  # fmt: skip
def test_what_only_history_can_tell_is_stopped_by_validation(
    bench: Bench, faults: list[str], stopped: dict[str, str], tmp_path: Path
) -> None:
    """The site gives whole, well-formed, wrong data: it lands, and its report fails against the last good capture."""
    good = bench.run()
    bench.simulator.set_faults(faults)
    bad = bench.run()
    for name in sorted(ALL):
        desk = Desk(name, tmp_path)
        assert desk.report(good.bodies[name], bench.clock.now()).verdict is Verdict.PASSED
        found = desk.report(bad.bodies[name], bench.clock.now())
        assert (stopped[name] in errors(found)) if name in stopped else not errors(found), (name, codes(found))


@pytest.mark.long
def test_odd_but_right_spellings_land_and_pass(bench: Bench, tmp_path: Path) -> None:
    """Loose script, UTF-8 with BOM, CR line ends, mixed columns, zip in zip: captured as they are, and their reports do not fail."""
    for faults in (
        ["loose_js", "utf8_bom", "mixed_columns"],
        ["cr_only", "columns_13"],
        ["zip_in_zip"],
        ["schema_drift", "utf8"],
    ):
        bench.simulator.set_faults(())
        result = signed_in(bench, *faults)
        assert set(result.bodies) == ALL
        for name, body in result.bodies.items():
            assert not errors(Desk(name, tmp_path).report(body, bench.clock.now())), (faults, name)


def test_two_days_in_a_row_pass_and_repeat_nothing_but_the_statement(bench: Bench, tmp_path: Path) -> None:
    """Day by day: new bytes on every stats page, the same statement until a report comes in, and no error."""
    desks = {name: Desk(name, tmp_path) for name in ALL}
    seen: dict[str, set[str]] = {name: set() for name in ALL}
    for _ in range(3):
        result = bench.run()
        for name, body in result.bodies.items():
            assert not errors(desks[name].report(body, bench.simulator.now()))
            seen[name].add(hashlib.sha256(body).hexdigest())
        bench.simulator.advance_days(1)
    assert len(seen["streams"]) == len(seen["applemusic"]) == 3
    bench.simulator.advance_days(-3)


def test_a_missing_password_names_the_command(bench: Bench) -> None:
    """No credentials stored: the run ends with the command that stores them, before any request."""
    kept = bench.vault.values.pop(("distrokid", "default", "password"))
    try:
        result = bench.run()
    finally:
        bench.vault.values["distrokid", "default", "password"] = Secret(kept.reveal())
    assert isinstance(result.error, CredentialsRejected) and "bedrot secrets set distrokid password" in (result.error.hint or "")
    assert not bench.simulator.requests("/api/")


def test_no_secret_is_in_what_a_run_says_or_keeps(bench: Bench) -> None:
    """Password, code and address appear in no event of a run with two wrong codes."""
    answers = iter(["123456", "654321"])
    result = bench.run(human=lambda c, s: next(answers, None) or from_mailbox(c, s))
    words = str(result.events)
    member = world.MEMBERS[0]
    for secret in (member.password, member.email, "123456", "654321", bench.simulator.mailbox()[-1].code):
        assert secret not in words
