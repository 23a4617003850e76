"""Challenges that are looked at and acted on: a QR code that rotates, a page that a person solves; over the socket of a real run."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bedrot_console.domain.challenges import ChallengeKind, Look, Secret
from bedrot_console.domain.errors import ChallengeExpired, LifecycleError, SourceChanged, SourceUnavailable, UsageError
from bedrot_console.domain.runs import RunSpec, RunState
from bedrot_console.extraction import acts, broker, qr
from bedrot_console.extraction.broker import Broker
from bedrot_console.extraction.redaction import Redactor

PUZZLE = (
    {"act": "click", "x": 345, "y": 245},
    {"act": "drag", "x": 120, "y": 420, "to_x": 480, "to_y": 422},
    {"act": "click", "x": 200, "y": 520},
    {"act": "type", "text": "Word-canary-Ü8"},
    {"act": "press", "key": "enter"},
)


@pytest.fixture
def door(house: Any, serve: Callable[..., Any]) -> Any:
    return serve("tinydoor")


def canaries(folder: Path) -> list[Path]:
    """Files of the run that hold what was seen or typed, in clear. The browser's own files hold the pages it shows."""
    mine = [p for p in folder.rglob("*") if p.is_file() and "tmp" not in p.relative_to(folder).parts]
    return [p for p in mine if b"canary" in p.read_bytes() or "Ü8".encode() in p.read_bytes()]


def seen(look: Callable[[], Look], wanted: Callable[[Look], bool]) -> Look:
    """Look until it is as wanted; a code is being drawn while it rotates."""
    for _ in range(100):
        try:
            found = look()
        except SourceChanged:
            continue
        if wanted(found):
            return found
    raise AssertionError("never seen")


@pytest.mark.browser
def test_a_code_that_rotates_is_seen_anew_until_the_phone_took_it(house: Any, door: Any) -> None:
    """Each look reads what the code says now; the phone takes the new one only, and the page moving on ends the challenge. No file holds it."""
    house.settings(door, door="qr")
    door.simulator.blank = True
    run = house.start(house.spec("tinydoor"))
    challenge = house.until(run, "challenge")["challenge"]
    assert challenge["kind"] == "qr"
    with pytest.raises(SourceChanged, match="no QR code"):
        house.runs.look(challenge["id"])
    door.simulator.blank, door.simulator.turn = False, 1
    first = seen(lambda: house.runs.look(challenge["id"]), lambda look: bool(look.text))
    assert first.text == Secret(door.simulator.code) and first.picture == b""
    door.simulator.turn += 1
    second = seen(lambda: house.runs.look(challenge["id"]), lambda look: look.text != first.text)
    assert first.text and not door.simulator.scan(first.text.reveal())
    with pytest.raises(UsageError, match="no page"):
        house.runs.hand(challenge["id"], PUZZLE[0])
    assert second.text and door.simulator.scan(second.text.reveal())
    view = house.ended(run)
    assert view.state is RunState.DONE, (view, house.log(run))
    assert [e["state"] for e in house.runs.read_events(run) if e["kind"] == "challenge-ended"] == ["moved"]
    assert canaries(house.runs.folder / run) == []
    with pytest.raises(ChallengeExpired):
        house.runs.look(challenge["id"])


@pytest.mark.browser
def test_a_person_solves_a_page_through_the_socket(house: Any, door: Any) -> None:
    """The page is seen as picture and outline, its password hidden, mail addresses blotted out; clicks, a drag, typing and a key solve it.

    What is outside of the page is refused and nothing happens. What was typed is in no file of the run.
    """
    house.settings(door, door="page")
    run = house.start(house.spec("tinydoor"))
    challenge = house.until(run, "challenge")["challenge"]["id"]
    look = house.runs.look(challenge)
    picture = Image.open(io.BytesIO(look.picture)).convert("RGB")
    assert (look.width, look.height) == picture.size == (1280, 900)
    assert picture.getpixel((345, 245)) == (0x33, 0xCC, 0x33) and picture.getpixel((910, 50)) == (0x80, 0x80, 0x80)
    assert "345,245  button  a boat" in look.outline and "120,420  slider  slide" in look.outline
    assert "canary" not in look.outline and "mara@" not in look.outline
    for wrong in (PUZZLE[0] | {"x": 1280}, PUZZLE[1] | {"to_y": 900.5}, {"act": "press", "key": "F12"}, {"act": "evaluate"}):
        with pytest.raises(UsageError):
            house.runs.hand(challenge, wrong)
    house.runs.hand(challenge, {"act": "scroll", "dy": 600})
    moved = seen(lambda: house.runs.look(challenge), lambda now: "345,245" not in now.outline)
    assert moved.picture != look.picture
    house.runs.hand(challenge, {"act": "scroll", "dy": -600})
    seen(lambda: house.runs.look(challenge), lambda now: "345,245" in now.outline)
    for act in PUZZLE:
        house.runs.hand(challenge, act)
    view = house.ended(run)
    assert view.state is RunState.DONE, (view, door.simulator.solved, house.log(run))
    assert door.simulator.solved["word"] == "Word-canary-Ü8"
    assert canaries(house.runs.folder / run) == []


@pytest.mark.browser
def test_a_person_may_give_a_page_up(house: Any, door: Any) -> None:
    """An act that the challenge offers ends it while others look; their looks end with it."""
    house.settings(door, door="page")
    run = house.start(house.spec("tinydoor"))
    challenge = house.until(run, "challenge")["challenge"]["id"]
    looks = [threading.Thread(target=lambda: _quiet(lambda: house.runs.look(challenge))) for _ in range(3)]
    for thread in looks:
        thread.start()
    house.runs.act(challenge, "other")
    assert house.ended(run).error == "the human gave up"
    for thread in looks:
        thread.join(5)
        assert not thread.is_alive()


def _quiet(work: Callable[[], Any]) -> None:
    try:
        work()
    except (ChallengeExpired, LifecycleError):
        pass


class Desk:
    """A broker that asks in a thread of its own, so that this one can look and act."""

    def __init__(self, clock: Any, **ask: Any) -> None:
        self.said: list[dict[str, Any]] = []
        self.redactor = Redactor()
        self.result: Any = None
        spec = RunSpec(id="0" * 20, platform="tiny")
        self.broker = Broker(spec, emit=self._emit, clock=clock, redactor=self.redactor, cancel=threading.Event())
        self.asked = threading.Event()
        self.thread = threading.Thread(target=self._ask, args=(ask,), daemon=True)
        self.thread.start()
        assert self.asked.wait(5)

    def _emit(self, kind: str, **data: Any) -> None:
        self.said.append({"kind": kind} | data)
        if kind == "state" and data["state"] == "waiting":
            self.asked.set()

    def _ask(self, ask: dict[str, Any]) -> None:
        try:
            self.result = self.broker.ask(prompt="look", **ask)
        except BaseException as error:
            self.result = error

    @property
    def id(self) -> str:
        challenge = self.broker.open
        return challenge.id if challenge else "0" * 20

    def end(self) -> Any:
        self.broker.act(self.id, "done", "uid:1")
        self.thread.join(5)
        return self.result


def test_looks_and_acts_are_done_in_the_thread_that_waits(clock: Any) -> None:
    """A page belongs to one thread; what was typed is a secret from then on. The events tell who did what, not what or where, and no look."""
    done: list[tuple[int | None, Any]] = []
    desk = Desk(
        clock,
        kind=ChallengeKind.PAGE,
        look=lambda: (done.append((threading.get_ident(), "look")), Look(outline="x"))[1],
        hand=lambda act: done.append((threading.get_ident(), act)),
    )
    assert desk.broker.look(desk.id).outline == "x"
    desk.broker.hand(desk.id, {"act": "type", "text": "canary word"}, "uid:1")
    with pytest.raises(UsageError):
        desk.broker.hand(desk.id, {"act": "juggle"}, "uid:1")
    desk.broker.hand(desk.id, PUZZLE[0], "uid:7")
    assert desk.redactor.clean("canary word") == "[secret]"
    asked = desk.id
    assert done == [
        (desk.thread.ident, "look"),
        (desk.thread.ident, {"act": "type", "text": "canary word"}),
        (desk.thread.ident, PUZZLE[0]),
    ]
    assert desk.end() == "done"
    assert [e["kind"] for e in desk.said] == ["challenge", "state", "hand", "hand", "challenge-ended", "state"]
    acts_told = [e for e in desk.said if e["kind"] == "hand"]
    assert acts_told == [
        {"kind": "hand", "challenge": asked, "act": act, "by": by} for act, by in (("type", "uid:1"), ("click", "uid:7"))
    ]
    assert "canary" not in str(desk.said)


def test_what_fails_on_the_page_is_told_to_who_asked_and_the_question_stays(clock: Any) -> None:
    """An error of ours while looking does not end the run; a challenge of another kind has nothing to look at or act on."""

    def broken() -> Look:
        raise SourceChanged("no code just now")

    desk = Desk(clock, kind=ChallengeKind.QR, look=broken)
    with pytest.raises(SourceChanged, match="no code"):
        desk.broker.look(desk.id)
    with pytest.raises(UsageError):
        desk.broker.hand(desk.id, PUZZLE[0], "uid:1")
    with pytest.raises(ChallengeExpired):
        desk.broker.look("0" * 20)
    assert desk.end() == "done"
    blind = Desk(clock, kind=ChallengeKind.APPROVE)
    with pytest.raises(UsageError, match="shows nothing"):
        blind.broker.look(blind.id)
    blind.end()


def test_a_defect_while_looking_ends_the_run_and_nobody_waits(clock: Any) -> None:
    """Errors that are not ours are the worker's; who looked hears that it is over."""

    def defect() -> Look:
        raise RuntimeError

    desk = Desk(clock, kind=ChallengeKind.QR, look=defect)
    with pytest.raises(ChallengeExpired):
        desk.broker.look(desk.id)
    desk.thread.join(5)
    assert isinstance(desk.result, RuntimeError)


def test_a_page_that_does_not_answer_keeps_nobody_and_nothing_is_done_late(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who acts hears in time that the page is stuck; an act that was not begun by then never happens, and only so many may wait."""
    monkeypatch.setattr(broker, "WISH_SECONDS", 0.05)
    monkeypatch.setattr(broker, "MOST_WISHES", 2)
    stuck, done = threading.Event(), []

    def hand(act: dict[str, Any]) -> None:
        done.append(act["act"])
        stuck.wait(5)

    desk = Desk(clock, kind=ChallengeKind.PAGE, look=Look, hand=hand)
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            desk.broker.hand(desk.id, PUZZLE[0], "uid:1")
    monkeypatch.setattr(broker, "WISH_SECONDS", 5.0)
    waiting = [threading.Thread(target=lambda: _quiet(lambda: desk.broker.look(desk.id)), daemon=True) for _ in range(2)]
    for thread in waiting:
        thread.start()
    until = time.monotonic() + 5
    while len(desk.broker._wishes) < 2 and time.monotonic() < until:
        threading.Event().wait(0.005)
    with pytest.raises(LifecycleError, match="too many"):
        desk.broker.look(desk.id)
    stuck.set()
    assert desk.end() == "done" and done == ["click"]
    for thread in waiting:
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    "act",
    [
        {},
        {"act": ["click"]},
        {"act": "click", "x": 1},
        {"act": "click", "x": 1, "y": 2, "button": "right"},
        {"act": "click", "x": True, "y": 2},
        {"act": "click", "x": "1", "y": 2},
        {"act": "click", "x": float("nan"), "y": 2},
        {"act": "click", "x": -1, "y": 2},
        {"act": "scroll", "dy": 1e9},
        {"act": "type", "text": ""},
        {"act": "type", "text": "canary\n"},
        {"act": "type", "text": "canary" * 400},
        {"act": "press", "key": "Control+Shift+I"},
        {"act": "press", "key": 13},
    ],
)
def test_nonsense_is_refused_before_it_reaches_the_page(act: dict[str, Any]) -> None:
    """Unknown acts, wrong values, keys beyond the list: a usage error that quotes nothing of what was typed."""
    with pytest.raises(UsageError) as caught:
        acts.checked(act)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("text", ["x", "https://example.net/login?key=" + "K" * 120, "Grüße 日本", "2@" + "aB3+/" * 44])
@pytest.mark.parametrize(("margin", "scale", "dark", "light"), [(4, 4, 0, 255), (0, 3, 0, 255), (1, 5, 235, 20), (0, 1, 30, 240)])
def test_a_code_is_read_from_its_picture(text: str, margin: int, scale: int, dark: int, light: int) -> None:
    """What `modules` draws `read` reads: also small, without a margin, or light on dark."""
    rows = qr.modules(Secret(text))
    picture = Image.new("L", (len(rows) + 2 * margin,) * 2, light)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            picture.putpixel((x + margin, y + margin), dark if is_dark else light)
    out = io.BytesIO()
    picture.resize((picture.width * scale,) * 2, Image.Resampling.NEAREST).save(out, "PNG")
    assert qr.read(out.getvalue()) == Secret(text)


def test_no_code_is_no_text_and_a_codes_keys_are_known() -> None:
    """An empty picture reads as None; of an address its long parameters are secrets of their own."""
    out = io.BytesIO()
    Image.new("RGBA", (120, 120), (0, 0, 0, 0)).save(out, "PNG")
    assert qr.read(out.getvalue()) is None
    assert qr.read(qr.picture(Secret("written into a file"))) == Secret("written into a file")
    with pytest.raises(SourceChanged) as caught:
        qr.modules(Secret("canary" * 1000))
    assert "canary" not in str(caught.value)
    keys = qr.keys(Secret("https://example.net/scan/Path-part-of-16?lang=en&key=K-123456789012#Frag-12345678"))
    assert {"Path-part-of-16", "K-123456789012", "Frag-12345678"} < set(keys) and "en" not in keys and "scan" not in keys
