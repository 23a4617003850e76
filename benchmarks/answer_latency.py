"""How long an answered code takes from the face to the browser, while the page is being polled for moving on.

    .venv/bin/python benchmarks/answer_latency.py [--small]

Measured: from before `Runs.answer` connects to the control socket until the extractor holds the code, and until it stands in the field of
a real page. Reference in the same run: one bare `evaluate` that sets the field, and one round trip over a Unix socket.
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import BedrotError
from bedrot_console.domain.files import Capture
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction import worker
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.browser import SETTER
from bedrot_console.extraction.runs import Runs
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.simulator import Simulator, route, start
from bedrot_console.resilience import SystemClock
from bedrot_console.settings import Settings

GOAL_MILLISECONDS = 50.0


class Page(Simulator):
    name = "asking"

    @route("/code")
    def code(self, request: Any) -> str:
        return "<!doctype html><title>Code</title><input id=code>"


class Asking(Extractor):
    """Asks again and again and notes when it held the answer, and when the page did."""

    name = "asking"
    origin = "https://asking.invalid"
    rounds = 100
    held: list[float] = []
    typed: list[float] = []
    bare: list[float] = []

    def extract(self, session: Session) -> Iterator[Capture]:
        session.open("/code")
        page = session.page
        for _ in range(self.rounds):
            began = time.perf_counter()
            page.evaluate(SETTER, ["#code", "123456"])
            self.bare.append(time.perf_counter() - began)
        for _ in range(self.rounds):
            got = session.ask("code", "code", medium="sms", length=6, moved=lambda: page.evaluate("location.pathname") != "/code")
            self.held.append(time.perf_counter())
            assert isinstance(got, Secret)
            session.set_secret("#code", got)
            self.typed.append(time.perf_counter())
        return
        yield


class Nothing:
    """A vault that holds nothing."""

    def get(self, *_: str) -> None:
        return None

    load = save = reject = get


def _round_trip(rounds: int) -> list[float]:
    """One request and one reply over a fresh Unix socket connection, as the face's answer needs."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        server.listen()

        def echo() -> None:
            for _ in range(rounds):
                peer, _ = server.accept()
                with peer:
                    peer.sendall(peer.recv(100))

        threading.Thread(target=echo, daemon=True).start()
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(f"{folder}/s")
                client.sendall(b"x\n")
                client.recv(100)
            times.append(time.perf_counter() - began)
        return times


def _line(name: str, seconds: list[float]) -> float:
    ordered = sorted(s * 1000 for s in seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{name:<44} median {statistics.median(ordered):7.2f} ms   p95 {p95:7.2f} ms   n {len(ordered)}")
    return p95


def main() -> int:
    rounds = 30 if "--small" in sys.argv else 200
    Asking.rounds = rounds
    clock, sent = SystemClock(), []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        served = start(Page())
        settings = Settings(home, {}, {"BEDROT_ASKING_BASE_URL": served.base_url})
        runs = Runs(home / "runs", clock)
        spec = RunSpec(id=new_id(clock.now()), platform="asking")
        run = runs.create(spec)
        parts = worker.Parts(Asking, lambda captures: (), Nothing(), Nothing(), settings, clock)  # type: ignore[arg-type]

        def face() -> None:
            for event in runs.follow(spec.id):
                if event["kind"] == "challenge":
                    time.sleep(0.15 + 0.1 * (len(sent) % 7) / 7)  # a person types at any moment between two polls
                    sent.append(time.perf_counter())
                    try:
                        runs.answer(event["challenge"]["id"], Secret("123456"))
                    except BedrotError as error:
                        print("refused:", error, file=sys.stderr)

        thread = threading.Thread(target=face)
        thread.start()
        view = worker.execute(run, spec, parts)
        thread.join()
        run.release()
        served.stop()
    if len(sent) != len(Asking.held):
        print("the run did not take every answer:", view.error, file=sys.stderr)
        return 1
    _line("reference: round trip over a Unix socket", _round_trip(rounds))
    bare = _line("reference: bare evaluate that sets the field", Asking.bare)
    _line("answer -> held by the extractor", [h - s for h, s in zip(Asking.held, sent, strict=True)])
    p95 = _line("answer -> in the page's field", [t - s for t, s in zip(Asking.typed, sent, strict=True)])
    print(
        f"ratio to the bare evaluate {p95 / bare:.1f}x; goal: p95 <= {GOAL_MILLISECONDS:.0f} ms: {'met' if p95 <= GOAL_MILLISECONDS else 'MISSED'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
