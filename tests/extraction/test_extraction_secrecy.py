"""What protects codes and secrets on their way: redaction, TOTP, the broker's rules."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from bedrot_console.domain.challenges import ChallengeKind, Secret
from bedrot_console.domain.errors import Cancelled, ChallengeExpired, ChallengeUnanswered, UsageError
from bedrot_console.domain.runs import RunSpec, RunState
from bedrot_console.extraction import totp
from bedrot_console.extraction.broker import Broker
from bedrot_console.extraction.process import OutputGuard
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.runfolder import EventLog, end
from bedrot_console.resilience import SystemClock

NASTY = 'pa"ss w/rd+=&<ü\\'


def test_every_usual_spelling_of_a_secret_is_blotted_out() -> None:
    """Raw, URL-encoded, JSON- and HTML-escaped, in base64: none gets through; short values do not eat ordinary words."""
    redactor = Redactor()
    redactor.add(Secret(NASTY))
    redactor.add("ab")
    for spelling in (
        NASTY,
        quote(NASTY),
        quote_plus(NASTY),
        json.dumps(NASTY),
        json.dumps(NASTY, ensure_ascii=False),
        repr(NASTY),
    ):
        cleaned = redactor.clean(f"x {spelling} y")
        assert "[secret]" in cleaned and "ss" not in cleaned, spelling
    assert redactor.clean("about") == "about"
    event = {"at": NASTY, "deep": [{"text": NASTY, "n": 3}]}
    assert redactor.clean_value(event, keep=frozenset({"at"})) == {"at": NASTY, "deep": [{"text": "[secret]", "n": 3}]}


def test_words_that_were_typed_eat_no_codes_and_no_commands(house: Any) -> None:
    """Somebody typed "login", the handle and a verb into a page: what the program itself says of the run can still be used, texts are clean."""
    redactor = Redactor()
    redactor.add("login", "mara.v", "password", "extract", "saved", "page", "click", "failed", "hunter2")
    spec = house.spec("tinyapi", account="mara.v")
    folder = house.runs.create(spec)
    log = EventLog(folder, SystemClock(), redactor)
    log.emit("log", level="error", text="tinyapi/x: no login of hunter2", code="login-lost", artefact="01-page.png.age")
    log.emit("session", act="saved", version=1)
    log.emit("hand", challenge="login", act="click", by="page")
    asked = {"id": "login", "prompt": "hunter2", "hint": "bedrot extract hunter2", "can": ["login"]}
    raised = log.emit("challenge", challenge=asked)
    assert raised["challenge"] == {"id": "login", "prompt": "[secret]", "hint": "bedrot [secret] [secret]", "can": ["login"]}
    hint = "the page says hunter2; then: bedrot secrets set tinyapi password"
    end(log, house.runs.view(spec.id), RunState.FAILED, 3, "login-lost", "no login: hunter2", hint)
    log.close()
    folder.release()
    said, view = house.runs.read_events(spec.id), house.runs.view(spec.id)
    assert [said[0][k] for k in ("level", "text", "code", "artefact")] == [
        "error",
        "tinyapi/x: no [secret] of [secret]",
        "login-lost",
        "01-page.png.age",
    ]
    assert said[1]["act"] == "saved" and said[2] == said[2] | {"challenge": "login", "act": "click", "by": "page"}
    assert (view.error_code, view.error) == ("login-lost", "no [secret]: [secret]")
    assert view.hint == "the [secret] says [secret]; then: bedrot secrets set tinyapi password --account mara.v"


@pytest.mark.parametrize(
    "hint", ["hunter2", "it said: hunter2", "bedrot extract tiny and then by hunter2 until it does", "bedrot runs: hunter2"]
)
def test_a_hint_that_quotes_the_platform_stays_clean(house: Any, hint: str) -> None:
    """Only a command that stands for itself is kept; a sentence that begins like one is none."""
    redactor = Redactor()
    redactor.add("hunter2")
    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    log = EventLog(folder, SystemClock(), redactor)
    end(log, house.runs.view(spec.id), RunState.FAILED, 4, "source-error", None, hint)
    log.close()
    folder.release()
    assert house.runs.view(spec.id).hint == hint.replace("hunter2", "[secret]")


@pytest.mark.parametrize("piece", [7, 64, 4096])
def test_no_secret_passes_between_two_pieces_of_a_line(
    tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Output without line ends is cleaned as a whole, wherever a piece ends, also in the middle of a letter; nothing else is lost."""
    monkeypatch.setattr("bedrot_console.extraction.process.PIECE_BYTES", piece)
    redactor = Redactor()
    redactor.add(Secret(NASTY), "Nasty-short", "Nasty-short-and-longer")
    parts = ["ü" * 13, NASTY, "x" * 50, "Nasty-short", "-and", "y" * 61, quote(NASTY), "Nasty-short-and-longer", "z" * 200]
    with OutputGuard(tmp_path / "run.log", redactor):
        os.write(1, ("".join(parts) * 40 + "\nlast " + NASTY).encode())
    wanted = ["ü" * 13, "[secret]", "x" * 50, "[secret]", "-and", "y" * 61, "[secret]", "[secret]", "z" * 200]
    assert (tmp_path / "run.log").read_text("utf-8") == "".join(wanted) * 40 + "\nlast [secret]"


def test_an_exceptions_text_is_not_written_down(tmp_path: Path) -> None:
    """It may quote what no redactor knows; the types of the whole chain and the places are enough."""
    guard = OutputGuard(tmp_path / "run.log", Redactor())
    try:
        try:
            raise KeyError("4111 1111 1111 1111")
        except KeyError as error:
            error.add_note("and of a note, nobody@example.com")
            raise ValueError("the page said nobody@example.com") from error
    except ValueError as error:
        guard.record(error)
    log = (tmp_path / "run.log").read_text("utf-8")
    assert "builtins.KeyError\n" in log and "builtins.ValueError\n" in log and "test_extraction_secrecy.py" in log
    assert log.count("nobody@") == log.count('"the page said nobody@')  # our own source line, as it stands in the file


RFC = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")


@pytest.mark.parametrize("at, code", [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")])
def test_totp_gives_the_codes_of_rfc_6238(at: int, code: str) -> None:
    """The last six digits of the RFC's test vectors."""
    assert totp.code(RFC, totp.step_at(at)) == code


def test_a_totp_secret_is_taken_as_sites_show_it() -> None:
    """Blanks, lower case, missing padding, 80 bits and otpauth URLs are fine; anything else is a usage error that quotes nothing."""
    plain = totp.code(Secret("JBSWY3DPEHPK3PXP"), 1)
    for spelling in ("jbsw y3dp ehpk 3pxp", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&issuer=y", "JBSW-Y3DP-EHPK-3PXP"):
        assert totp.code(Secret(spelling), 1) == plain
    for wrong in ("no base32 1!", "", "otpauth://totp/x"):
        with pytest.raises(UsageError) as caught:
            totp.code(Secret(wrong), 1)
        assert "1!" not in str(caught.value)


class Desk:
    """A broker with a frozen clock, and what it said."""

    def __init__(self, clock: Any, patience: float = 900.0) -> None:
        self.clock = clock
        self.said: list[dict[str, Any]] = []
        self.cancel = threading.Event()
        spec = RunSpec(id="0" * 20, platform="tiny", challenge_timeout_seconds=patience)
        self.broker = Broker(spec, emit=self._emit, clock=clock, redactor=Redactor(), cancel=self.cancel)

    def _emit(self, kind: str, **data: Any) -> None:
        self.said.append({"kind": kind} | data)

    def ended(self) -> list[tuple[str, str]]:
        return [(e["state"], e["by"]) for e in self.said if e["kind"] == "challenge-ended"]


@pytest.fixture
def desk(clock: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("bedrot_console.extraction.broker.POLL_SECONDS", 0.001)
    return Desk(clock)


def test_the_platforms_time_over_is_expired(desk: Desk) -> None:
    """After `expires_in` no answer is taken any more, also if nobody has looked yet."""

    def moved() -> bool:
        desk.clock.advance(61)
        with pytest.raises(ChallengeExpired):
            desk.broker.offer(desk.broker.open.id, "123456", "uid:1")  # type: ignore[union-attr]
        return False

    with pytest.raises(ChallengeExpired):
        desk.broker.ask(ChallengeKind.CODE, "code", expires_in=60, moved=moved)
    assert desk.ended() == [("expired", "")] and desk.broker.open is None


def test_the_runs_patience_over_is_unanswered(clock: Any) -> None:
    """A platform that would wait for an hour does not keep a run for an hour."""
    desk = Desk(clock, patience=10)

    def moved() -> bool:
        clock.advance(11)
        return False

    with pytest.raises(ChallengeUnanswered):
        desk.broker.ask(ChallengeKind.CODE, "code", expires_in=3600, moved=moved)


def test_totp_never_gives_a_step_twice_nor_a_dying_code_nor_a_third(desk: Desk) -> None:
    """A code with less than two seconds to live waits for the next step, a used step is not used again, and two tries are all."""
    desk.clock.advance(29)

    def next_second() -> bool:
        desk.clock.advance(1)
        return False

    def ask() -> Secret | str:
        return desk.broker.ask(ChallengeKind.CODE, "code", medium="app", moved=next_second, totp=RFC, expires_in=45)

    start = desk.clock.now().timestamp()
    assert ask() == Secret(totp.code(RFC, totp.step_at(start) + 1))
    assert ask() == Secret(totp.code(RFC, totp.step_at(start) + 2))
    assert desk.broker.totp_left == 0
    with pytest.raises(ChallengeExpired):
        ask()
    assert desk.ended()[:2] == [("answered", "totp")] * 2
    assert totp.code(RFC, totp.step_at(start) + 1) not in str(desk.said)


@pytest.mark.parametrize(
    "wants, given, taken",
    [
        ({"length": 6}, " 123-456\t", None),
        ({"length": 6}, "123-456", "123456"),
        ({"length": 6}, "12345", None),
        ({"pattern": r"[A-Z]{2}-\d{4}"}, "AB-1234", "AB-1234"),
        ({"pattern": r"\d{4,8}"}, "abcd", None),
        ({}, "", None),
        ({}, "12\n34", None),
        ({}, "9" * 2000, None),
    ],
)
def test_a_wrong_shape_is_refused_and_the_question_stays(
    desk: Desk, wants: dict[str, Any], given: str, taken: str | None
) -> None:
    """An answer of another shape costs nothing; the right one is taken as the platform wants it."""

    def moved() -> bool:
        challenge = desk.broker.open
        assert challenge is not None
        if taken is None:
            with pytest.raises(UsageError):
                desk.broker.offer(challenge.id, given, "uid:1")
            return True
        desk.broker.offer(challenge.id, given, "uid:1")
        return False

    got = desk.broker.ask(ChallengeKind.CODE, "code", moved=moved, **wants)
    assert got == (Secret(taken) if taken else "moved")


def test_cancel_ends_the_question(desk: Desk) -> None:
    """A cancel while somebody waits is Cancelled, and the challenge says so."""

    def moved() -> bool:
        desk.broker.cancel()
        return False

    with pytest.raises(Cancelled):
        desk.broker.ask(ChallengeKind.APPROVE, "tap 42", moved=moved)
    assert desk.ended() == [("cancelled", "")]


def test_a_hundred_answers_at_once_have_one_winner(desk: Desk) -> None:
    """The first valid answer wins; all others hear that they were late."""
    outcomes: list[str] = []
    barrier = threading.Barrier(20)

    def offer(n: int) -> None:
        barrier.wait()
        try:
            desk.broker.offer(desk.broker.open.id, f"{n:06d}", f"uid:{n}")  # type: ignore[union-attr]
            outcomes.append(f"{n:06d}")
        except (ChallengeExpired, AttributeError):
            pass

    threads = [threading.Thread(target=offer, args=(n,)) for n in range(20)]

    def moved() -> bool:
        if not threads[0].is_alive():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return False

    got = desk.broker.ask(ChallengeKind.CODE, "code", length=6, moved=moved)
    assert isinstance(got, Secret) and outcomes == [got.reveal()]
