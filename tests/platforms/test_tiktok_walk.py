"""TikTok's extractor in real Chromium against its strict stand-in: what is special about its doors, its exports and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from contract_bench import Bench, Result

from bedrot_console.domain.errors import AccessError, BedrotError, ChallengeUnanswered, UsageError
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.simulator import Hands, serve
from bedrot_console.settings import Settings
from extractors.tiktok import packages, pages
from extractors.tiktok.simulated import site
from extractors.tiktok.simulator import TikTokSimulator

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]
ONE = ("overview",)


class SharedClock:
    """A clock that moves when somebody sleeps on it; one for all runs of this module."""

    def __init__(self) -> None:
        self.at, self.seconds = datetime(2026, 3, 2, 9, 30, tzinfo=UTC), 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    clock = SharedClock()
    with serve(TikTokSimulator(clock=clock)) as served:
        made = Bench(served, tmp_path_factory.mktemp("run"), clock)
        yield made
        made.close()


@pytest.fixture
def bench(shared: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The shared browser, with nothing remembered on either side, and pages that need not be waited for long."""
    for name, value in (("PAGE_SECONDS", 8.0), ("ANSWER_SECONDS", 8.0), ("WHITE_MILLISECONDS", 900)):
        monkeypatch.setattr(pages, name, value)
    simulator = stand_in(shared)
    simulator.set_faults(())
    for memory in (
        simulator._visits,
        simulator._devices,
        simulator._failed,
        simulator._exported,
        simulator._qrs,
        simulator._mails,
        simulator.log,
    ):
        memory.clear()
    simulator.expire_sessions()
    monkeypatch.setattr(simulator, "most_exports", 200)
    shared.vault.states.clear()
    if shared._browser is not None:
        shared._browser.clear()
    return shared


def stand_in(bench: Bench) -> TikTokSimulator:
    assert isinstance(bench.simulator, TikTokSimulator)
    return bench.simulator


def good(result: Result) -> Result:
    assert result.error is None and not result.failed, (result.error, result.failed)
    return result


def kinds(result: Result) -> list[tuple[str, str]]:
    return [(c["kind"], c["medium"]) for c in result.challenges()]


def test_a_qr_code_is_read_again_after_it_was_renewed(bench: Bench) -> None:
    """A code that got too old is replaced by the page, the next one by its button; the one shown then lets in."""
    simulator = stand_in(bench)
    seen: list[str] = []

    def human(challenge: Mapping[str, Any], hands: Hands) -> str | None:
        while len(seen) < 3:
            try:
                text = hands.look().text
            except BedrotError:
                continue
            if text is not None and text.reveal() not in seen:
                seen.append(text.reveal())
                if len(seen) < 3:
                    simulator.expire_codes()
                    assert not simulator.scan(seen[-1], "qr-only")
        assert simulator.scan(seen[-1], "qr-only")
        return None

    result = good(bench.run(account="qr-only", feeds=ONE, human=human))
    assert kinds(result) == [("qr", "")] and len(set(seen)) == 3
    assert not any(text in str(result.events) for text in seen)


def test_an_account_that_is_offered_only_the_qr_code_gets_it_after_its_password(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form answers with the QR page, and the walk goes on there."""
    _set(bench, monkeypatch, "qr-only", login="password")
    assert kinds(good(bench.run(account="qr-only", feeds=ONE))) == [("qr", "")]


def test_a_wrong_click_brings_the_next_puzzle(bench: Bench) -> None:
    """The puzzle is solved on the live page: a click beside the star is refused, one on it lets in."""
    simulator = stand_in(bench)
    simulator.set_faults(("captcha_at_login",))
    tries: list[str] = []

    def human(challenge: Mapping[str, Any], hands: Hands) -> str | None:
        if challenge["kind"] != "page":
            return simulator.answer(challenge, hands)
        look = hands.look()
        assert look.picture.startswith(b"\x89PNG") and (look.width, look.height) == (1280, 900)
        first = simulator._last_puzzle
        x, y = simulator.star()
        hands.click(site.BOX_LEFT + (x - site.BOX_LEFT + 100) % site.BOX_WIDTH, y)
        hands.click(*site.CONFIRM_AT)
        while simulator._last_puzzle == first:
            hands.look()
        tries.append(first)
        return simulator.answer(challenge, hands)

    result = good(bench.run(feeds=ONE, human=human))
    assert len(tries) == 1 and kinds(result) == [("page", ""), ("code", "e-mail")]
    assert [a.status for a in simulator.requests("/captcha/verify")] == [200, 200]


def test_nobody_there_means_no_code_is_sent(bench: Bench) -> None:
    """Unattended, without a login that works, neither a password is submitted nor a QR code asked for."""
    simulator = stand_in(bench)
    for account in ("default", "harbour", "qr-only"):
        assert isinstance(bench.run(account=account, attended=False).error, ChallengeUnanswered)
    assert not simulator.requests("/passport/") and not simulator.mailbox() and not simulator.mailbox("harbour")


def test_a_known_browser_signs_in_again_by_itself(bench: Bench) -> None:
    """Once the code was given, an expired login in the middle of an unattended run is made anew without one; nothing is missing."""
    good(bench.run(feeds=ONE))
    stand_in(bench).set_faults(("session_expired_midway",))
    result = good(bench.run(attended=False))
    assert not result.challenges() and set(stand_in(bench).payloads()) == set(result.bodies)


def test_the_code_can_be_sent_again(bench: Bench) -> None:
    """`resend` sends a fresh code; the old one is void."""
    simulator = stand_in(bench)
    given: list[str] = []

    def human(challenge: Mapping[str, Any], hands: Hands) -> str | None:
        given.append(challenge["id"])
        return "resend" if len(given) == 1 else simulator.answer(challenge, hands)

    good(bench.run(account="harbour", feeds=ONE, human=human))
    first, second = simulator.mailbox("harbour")
    assert (first.used, second.used, second.medium) == (False, True, "sms")


def test_what_is_asked_for_is_what_comes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """28 days as a workbook: chosen on the page, told in the request, and read as the same rows as the tables."""
    _set(bench, monkeypatch, "default", days=28, format="xlsx")
    result = good(bench.run(feeds=("overview", "insight")))
    capture = result.captures["overview"]
    assert capture.request == {"days": "28", "handle": "nova.orchard_tapes", "format": "xlsx"} and str(
        capture.received_name
    ).endswith(".xlsx")
    shown = stand_in(bench).export("default", 28)
    assert (
        packages.reader("overview")(result.bodies["overview"]).records
        == packages.reader("overview")(shown.body("overview")).records
    )
    assert result.captures["insight"].request["days"] == "28" and capture.as_of == date(2026, 3, 1)


def test_options_that_the_page_does_not_offer_are_refused_before_anything(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A period or format that there is not is a matter of the settings; no browser is asked."""
    for wrong in ({"days": 30}, {"format": "pdf"}):
        _set(bench, monkeypatch, "default", **wrong)
        assert isinstance(bench.run().error, UsageError)
    assert not stand_in(bench).log


def test_without_a_handle_in_the_settings_that_of_the_page_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the studio shows is what the file's name is held to."""
    _set(bench, monkeypatch, "default", handle="")
    assert good(bench.run(feeds=ONE)).captures["overview"].request["handle"] == "nova.orchard_tapes"


def test_an_account_at_its_limit_keeps_what_it_has(bench: Bench) -> None:
    """The third export is refused in TikTok's own form: the two before and the answers behind the pages are brought."""
    simulator = stand_in(bench)
    simulator.most_exports = 2
    result = bench.run()
    assert result.error is None and {n: e.code for n, e in result.failed.items()} == {
        "followers": "rate-limited",
        "content": "rate-limited",
    }
    assert {"overview", "viewers", "insight", "videos:page-01", "videos:page-04"} <= set(result.bodies)


def test_only_what_is_wanted_is_asked_for(bench: Bench) -> None:
    """A run for one feed orders one export and opens no other page."""
    good(bench.run(feeds=("followers",)))
    simulator = stand_in(bench)
    assert len(simulator.requests("/tiktokstudio/api/web/analytics/export")) == 1
    assert not simulator.requests("/tiktok/creator") and not simulator.requests("/tiktokstudio/analytics/viewers")


def test_the_saved_login_is_proved_by_what_only_the_member_sees(bench: Bench) -> None:
    """The studio names the account; a login page is no proof, a captcha over it needs a human, and nobody is asked."""
    assert _proved(bench) is None
    good(bench.run(feeds=ONE))
    assert _proved(bench) == "the studio names the account"
    stand_in(bench).set_faults(("captcha_endless",))
    unknown = _proved(bench)
    assert isinstance(unknown, AccessError) and unknown.code == "access-error" and unknown.hint == "bedrot extract tiktok"


def _proved(bench: Bench) -> str | BedrotError | None:
    """What `prove` says in a run of its own, or the error it ends with."""
    found: list[str | None] = []

    class Proving(bench.extractor):  # type: ignore[name-defined,misc]
        name = ""

        def extract(self, session: Any) -> Iterator[Any]:
            found.append(self.prove(session))
            yield from ()

    whole, bench.extractor = bench.extractor, Proving
    try:
        result = bench.run(attended=False)
    finally:
        bench.extractor = whole
    assert not result.challenges()
    return found[0] if found else result.error


def _set(bench: Bench, monkeypatch: pytest.MonkeyPatch, account: str, **options: Any) -> None:
    """Settings of one account, over those the stand-in names."""
    table = dict(bench.settings.platform("tiktok"))
    accounts = {**table.get("accounts", {})}
    accounts[account] = {**accounts.get(account, {}), **options}
    monkeypatch.setattr(bench, "settings", Settings(bench.folder, {"platforms": {"tiktok": {**table, "accounts": accounts}}}))


def test_no_page_of_the_list_is_left_out(bench: Bench, tmp_path: Path) -> None:
    """Each post of the account stands in exactly one of the pages, in the order of the cursor."""
    result = good(bench.run(feeds=("videos",)))
    posts = [row["item_id"] for name in sorted(result.bodies) for row in _posts(result.bodies[name])]
    assert len(posts) == len(set(posts)) > 60
    assert [c.request["cursor"] for c in result.captures.values()] == ["0", "50", "60", "70"][: len(result.captures)]


def _posts(body: bytes) -> list[dict[str, Any]]:
    import json

    return list(json.loads(body)["item_list"])
