"""DistroKid's extractor in real Chromium against its strict simulator: the way in, who is asked when, and what a run does in between.

How each single fault ends is declared beside it and held by the contract suite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_bench import Bench, Human, Result
from contract_clock import FrozenClock
from contract_desk import Desk, errors

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import AccessError, ChallengeUnanswered, CredentialsRejected, SourceBlocked, UsageError
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.simulator import Hands, serve
from bedrot_console.settings import Settings
from extractors.distrokid.simulated import captchas, world
from extractors.distrokid.simulator import DistroKidSimulator

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]
ALL = {"streams", "applemusic", "sales"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    clock = FrozenClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    with serve(DistroKidSimulator(clock=clock)) as served:
        made = Bench(served, tmp_path_factory.mktemp("run"), clock)  # type: ignore[arg-type]
        yield made
        made.close()


@pytest.fixture
def bench(shared: Bench) -> Bench:
    """The shared browser, with nothing remembered by anybody."""
    shared.simulator.set_faults(())
    shared.simulator.reset()  # type: ignore[attr-defined]
    shared.vault.states.clear()
    if shared._browser is not None:
        shared._browser.clear()
    return shared


def acting(bench: Bench, *acts: str | None) -> Human:
    """A human who does these things in turn, and then the right ones."""
    left = iter(acts)

    def human(challenge: Mapping[str, Any], hands: Hands) -> str | None:
        return next(left, None) or bench.simulator.answer(challenge, hands)

    return human


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
    assert result.bodies["sales"] == bench.simulator.payloads()["sales"]
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


def test_a_wrong_code_is_asked_for_again(bench: Bench) -> None:
    """The site's refusal stands in the next question; the right code then works."""
    result = bench.run(feeds=("sales",), human=acting(bench, "000000"))
    assert result.error is None
    first, second = result.challenges()
    assert first["error"] is None and "not right" in second["error"] and second["attempts_left"] == first["attempts_left"] - 1


def test_an_expired_code_is_replaced_on_request(bench: Bench) -> None:
    """Expired: the human asks for a new one (`resend`), which works."""
    bench.simulator.fail_next("code_expired")
    result = bench.run(feeds=("sales",), human=acting(bench, None, "resend"))
    assert result.error is None
    assert [bool(c["error"]) for c in result.challenges()] == [False, True, False]
    assert "/api/newComputerResend/" in said(bench)


def test_a_code_nobody_gives_ends_the_run(bench: Bench) -> None:
    """Nobody answers in the run's patience."""

    def asleep(challenge: Mapping[str, Any], hands: Hands) -> None:
        bench.clock.sleep(120)

    result = bench.run(human=asleep, patience=60)
    assert isinstance(result.error, ChallengeUnanswered) and not result.bodies


def test_a_code_typed_elsewhere_moves_the_run_on(bench: Bench) -> None:
    """Somebody confirms this computer by another way: the page goes on, the question is withdrawn, the run continues."""

    def elsewhere(challenge: Mapping[str, Any], hands: Hands) -> None:
        bench.simulator.confirm(challenge["account"])  # type: ignore[attr-defined]

    result = bench.run(feeds=("sales",), human=elsewhere)
    assert result.error is None and set(result.bodies) == {"sales"}
    assert [e["state"] for e in result.events if e["kind"] == "challenge-ended"] == ["moved"]


def test_a_cloudflare_check_that_passes_is_waited_for(bench: Bench) -> None:
    """The interstitial shown once costs a moment, nothing else."""
    bench.simulator.set_faults(["challenge_once"])
    result = bench.run()
    assert result.error is None and set(result.bodies) == ALL
    assert not any(b"Just a moment" in body for body in result.bodies.values())


def test_a_human_ticks_the_cloudflare_check_and_the_run_goes_on(bench: Bench) -> None:
    """A check that does not solve itself is shown as a live page; the click of the human lets the run through, and no page of it is saved."""
    result = signed_in(bench, "challenge_page")
    assert result.error is None and set(result.bodies) == ALL
    (challenge,) = [c for c in result.challenges() if c["kind"] == "page"]
    assert "Cloudflare" in challenge["prompt"]
    assert [e["state"] for e in result.events if e["kind"] == "challenge-ended"] == ["moved"]
    assert not any(b"Just a moment" in body for body in result.bodies.values())


def test_a_cloudflare_check_with_nobody_there_waits_for_the_operator(bench: Bench) -> None:
    """Unattended it is waited out four times, and then the run ends as needing somebody, with the login it had."""
    result = signed_in(bench, "challenge_page", attended=False)
    assert isinstance(result.error, ChallengeUnanswered) and result.error.exit_code == 3 and not result.bodies
    assert len(bench.simulator.requests("/dashboard")) == 4
    bench.simulator.set_faults(())
    assert bench.run(feeds=("sales",), attended=False).error is None


def test_a_check_of_the_saved_login_asks_nobody(bench: Bench) -> None:
    """`prove` meets a Cloudflare check: no challenge is raised, whoever is there, and it is said that only a human gets past."""
    assert bench.run(feeds=("sales",)).error is None
    bench.simulator.set_faults(["challenge_page"])
    real = bench.extractor
    seen: list[str | None] = []

    class Proving(real):  # type: ignore[misc, valid-type]
        def extract(self, session: Any) -> Iterator[Any]:
            seen.append(self.prove(session))
            yield from ()

    Proving.feeds = real.feeds
    bench.extractor = Proving
    try:
        result = bench.run()
    finally:
        bench.extractor = real
    assert isinstance(result.error, AccessError) and result.error.code == "access-error"
    assert "only a human" in str(result.error) and not result.challenges() and not seen


def test_a_script_cannot_tick_the_box(bench: Bench) -> None:
    """The stand-in takes real clicks only: `element.click()` passes neither the box nor the puzzle."""
    page = captchas.interstitial("ray", by_hand=True)
    assert "isTrusted" in page and page.count("fetch(") == 1 and "isTrusted" in captchas.puzzle()


def test_a_human_solves_the_captcha_of_the_sign_in(bench: Bench) -> None:
    """The puzzle is solved in the live page, then the mailed code is asked for as ever; the password was sent once."""
    bench.simulator.set_faults(["captcha_puzzle"])
    result = bench.run(feeds=("sales",))
    assert result.error is None and [c["kind"] for c in result.challenges()] == ["page", "code"]
    assert said(bench) == ["/api/loginCheck/", "/api/newComputerCheck/"]


def test_a_human_who_is_done_too_early_is_told_so(bench: Bench) -> None:
    """`done` while the puzzle still stands: asked once more, with what is wrong; then solved."""
    bench.simulator.set_faults(["captcha_puzzle"])
    result = bench.run(feeds=("sales",), human=lambda c, h: "done" if c["kind"] == "page" else bench.simulator.answer(c, h))
    assert isinstance(result.error, SourceBlocked)
    first, second = result.challenges()
    assert first["error"] is None and second["error"] and (first["attempts_left"], second["attempts_left"]) == (2, 1)


def test_a_wrong_patience_is_a_usage_error(bench: Bench) -> None:
    """`page_seconds` that is no number of seconds is refused in words, before any page."""
    kept = bench.settings
    bench.settings = Settings(bench.folder, {"platforms": {"distrokid": {**kept.platform("distrokid"), "page_seconds": "soon"}}})
    try:
        result = bench.run()
    finally:
        bench.settings = kept
    assert (
        isinstance(result.error, UsageError) and "page_seconds" in str(result.error) and not bench.simulator.requests("/signin")
    )


def test_an_export_keeps_its_own_extension(bench: Bench) -> None:
    """A zip is landed as a zip and a CSV as a CSV, whatever the site calls them."""
    assert bench.run(feeds=("sales",)).captures["sales"].extension == "tsv"
    for fault, extension in (("zip_in_zip", "zip"), ("comma_separated", "csv")):
        bench.simulator.set_faults([fault])
        assert bench.run(feeds=("sales",)).captures["sales"].extension == extension


def test_a_chart_that_is_filled_late_is_captured_filled(bench: Bench) -> None:
    """The bytes saved are the server's own and hold the figures."""
    result = signed_in(bench, "chart_late")
    assert set(result.bodies) == ALL and result.captures["streams"].as_of == bench.simulator.day - timedelta(days=2)


@pytest.mark.parametrize("fault", ["truncated", "truncated_silently"])
def test_a_transfer_that_breaks_off_is_fetched_again(bench: Bench, fault: str) -> None:
    """Cut once, with or without an announced length: noticed, and whole the second time."""
    assert bench.run(feeds=("sales",)).error is None
    for feed in ("streams", "sales"):
        bench.simulator.fail_next(fault)
        result = bench.run(feeds=(feed,))
        assert result.error is None and not result.failed, result.failed
        assert len(result.bodies[feed]) > 300_000


def test_two_days_in_a_row_pass_and_repeat_nothing_but_the_statement(bench: Bench, tmp_path: Path) -> None:
    """Day by day: new bytes on every stats page, the same statement until a report comes in, and no error."""
    desks = {name: Desk(f"distrokid/{name}", tmp_path) for name in ALL}
    seen: dict[str, set[str]] = {name: set() for name in ALL}
    for _ in range(2):
        result = bench.run()
        for name, body in result.bodies.items():
            assert not errors(desks[name].report(body, bench.simulator.now()))
            seen[name].add(hashlib.sha256(body).hexdigest())
        bench.simulator.advance_days(1)
    assert len(seen["streams"]) == len(seen["applemusic"]) == 2
    bench.simulator.advance_days(-2)


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
    result = bench.run(human=acting(bench, "123456", "654321"))
    words = str(result.events)
    member = world.MEMBERS[0]
    for secret in (member.password, member.email, "123456", "654321", bench.simulator.mailbox()[-1].code):
        assert secret not in words
