"""Texts that a terminal or a markup language would obey, and a lake whose every answer holds them.

Sequences that the console itself may send stand here with values that it never uses, so that `sequences` tells them from its own.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as a program of its own under PYTHONSAFEPATH, which the launcher sets

from fake_answers import FakeRun
from fake_lake import FakeLake
from fake_runs import NeedItem

from bedrot_console.domain.challenges import ChallengeKind, Look, Secret
from bedrot_console.domain.errors import QueryError, UsageError
from bedrot_console.operations.answers import Answer
from bedrot_console.resilience import SystemClock
from bedrot_console.tui.backend import Backend

ESC, CSI, ST = "\x1b", "\x9b", "\x1b\\"
_SEQUENCES = (
    "[5m", "[8mhidden", "[38;5;999m", "[2J", "[3J", "[J", "[2K", "[999;999H", "[501C", "[9A", "[9B", "[9D", "[9@", "[9P", "[9L", "[9M", "[9X", "[401;402r",
    "[9S", "[9T", "[s", "[u", "[6n", "[5n", "[0c", "[>c", "[=c", "[>q", "[?6n", "[18t", "[21t", "[8;1;1t", "[?1049$p", "[?47h", "[?1048h", "[?1005h", "[?9001h", "[?3h",
    "[4h", "[20h", "[!p", '[61"p', "[?25$p", "[>4;2m", "[=5u", "[?u", "[ q", "[1 q", "[i", "[5i", "7", "8", "c", "#8", "(0", ")0", "%G", "=", ">", "E", "H", "N", "O", "Z", "l",
)  # fmt: skip
_STRINGS = (
    "]0;title", "]2;title", "]4;1;rgb:ff/00/00", "]8;;http://evil.example/", "]9;note", "]10;#ff0000", "]50;font", "]52;c;!", "]52;p;aGFja2Vk", "]52;c;?", "]112", "]133;A",
    "]633;E;rm", "]777;notify;a;b", "]1337;File=inline=1:AAAA", "P$q m", "P+q544e", "Pq#0;2;0;0;0~", "_Gf=100,a=T;AAAA", "^private", "Xsos",
)  # fmt: skip
MARKUP = (
    "[red]red[/red]", "[bold][/", "[/]", "[", "]", "\\[", "[@click=app.quit]quit[/]", "[@click=app.exit(1)]x", "[link=http://evil.example]x[/link]", "[on red]x",
    "[$error]x[/]", "[reverse]turned", ":boom:", "[not bold", "[[nested]]", "{0}%s%(x)s", "$(reboot)`x`", "<b>html</b>&lt;",
)  # fmt: skip
"""Texts that are shown as they are."""
_LONG = 10_000
PAYLOADS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *(ESC + s for s in _SEQUENCES),
            *(ESC + s + end for s, end in zip(_STRINGS, ("\x07", ST) * len(_STRINGS), strict=False)),
            *(CSI + s for s in ("5m", "2J", "999;999H")), "\x9d0;title\x9c", "\x90q\x9c", "\x9fGa=T\x9c", "\x9e\x9c", "\x98\x9c", "\x85next", "\x84\x8d\x8e\x8f",
            "\x07", "\x08" * 9 + "over", "\r" + "over", "\x7f" * 3, "a\nb", "a\tb", "\x00", "\x0b\x0c", "\x0e\x0f", "\x05", "\x18\x1a", "\x11\x13",
            "a\u202egnp.exe", "\u2066x\u2069", "\u061c\u200e\u200f", "zero\u200bwidth\u2060\ufeff", "\u200d", "\U000e0041\U000e007f", "\u2028\u2029", "\u00ad", "\ufffc\ufff9",
            "e" + "\u0301" * 500, "\u0301first", "\u0488\u20dd" * 40, "\ufe0f\ufe0e", "\u115f\u3164\u2800", "漢字かな" * 30, "👩\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "ﷺ" * 40,
            "\ud800", "\udfff\udc1b[5m", "\ue000\U000f0000", "\U0010ffff", "\ufdd0", "x" * _LONG, "漢" * _LONG, "w " * (_LONG // 2), ESC * _LONG, "", " " * 300,
            *MARKUP,
        )
    )
)  # fmt: skip
KEPT = frozenset(
    {
        "id", "ids", "run_id", "file_id", "old_id", "new_id", "report_id", "challenge_id", "set_id", "sha256", "name", "zone", "status", "verdict", "state", "kind", "severity",
        "stage", "outcome", "verb", "at", "seq", "run", "can", "purpose", "allowed", "last_day", "first_day", "rows", "form", "forms", "node", "marked", "check", "scope", "method", "media_type", "order", "pattern", "length",
    }
)  # fmt: skip
"""Fields that the program itself makes, or decides by."""


def foul(value: Any, pick: Callable[[str], str], field: str = "") -> Any:
    """The value with every text in it replaced, whole structures and all, but for those of KEPT."""
    if isinstance(value, Enum) or field in KEPT:
        return value
    if isinstance(value, str):
        return pick(f"{field} {value}")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value) if f.init]
        return dataclasses.replace(value, **{n: foul(getattr(value, n), pick, n) for n in names})
    if isinstance(value, dict):
        return {k: foul(v, pick, k if isinstance(k, str) else field) for k, v in value.items()}
    if isinstance(value, tuple):
        return type(value)(foul(v, pick, field) for v in value)
    if isinstance(value, list):
        return [foul(v, pick, field) for v in value]
    if isinstance(value, Iterator):
        return (foul(v, pick, field) for v in value)
    return value


UNTOUCHED = frozenset(
    {
        "now", "count", "fresh", "statuses", "start", "cancel", "cancel_all", "answer", "act", "hand", "modules", "shrunk", "indexed", "rollback", "forget", "look",
        "run_events", "place_of", "drop", "recall", "keep", "inquire", "resolve", "audit_filter", "export_target", "check_login", "declared",
    }
)  # fmt: skip
"""Calls of the backend that give no text from outside, or are made here by hand; every other one, also one that comes later, is foul."""
CALLS = frozenset(n for n in dir(Backend) if not n.startswith("_") and callable(getattr(Backend, n)))


class FoulRun(FakeRun):
    """A query whose columns, types, values and complaint are payloads."""

    def __init__(self, lake: FoulLake, text: str) -> None:
        super().__init__(lake, text)
        names = [lake.pick(f"column {n}").encode("utf-8", "replace").decode() for n in range(6)]
        self.columns = ("id", *names)  # type: ignore[assignment]
        self.types = ("VARCHAR", *names)  # type: ignore[assignment]

    def open(self) -> FakeRun:
        if "wrong" in self.text:
            raise QueryError(self.lake.pick("complaint"), hint=self.lake.pick("hint"), place=(1, 2))
        return super().open()

    def _row(self, number: int) -> list[Any]:
        cells = (
            PAYLOADS[(self.lake.turn + number + 17 * c) % len(PAYLOADS)].encode("utf-8", "replace").decode() for c in range(6)
        )
        return [self.lake._row(number).id, *(None if (number + c) % 13 == 0 else cell for c, cell in enumerate(cells))]


class FoulLake(FakeLake):
    """A made-up lake with a payload in every text that it gives. `turn` moves each payload to the next place.

    With `trouble` every call of the backend fails, and the error's words are payloads too.
    """

    def __init__(self, turn: int = 0, *, kind: ChallengeKind = ChallengeKind.CODE) -> None:
        super().__init__(len(PAYLOADS), names=[self._at(n + turn) for n in range(len(PAYLOADS))])
        self.turn = turn
        self.home = self._at(turn + 1)
        self.trouble = False
        name = self.start("distrokid", "default")
        self.ask(name, kind=kind, error="that code is wrong", can=("resend", "other"))
        self.waiting = [NeedItem(id=f"n{n}", code=f"code {n}", command=f"command {n}") for n in range(40)]
        for number, text in enumerate(PAYLOADS):
            self.log(name, kind="log", level=self._at(number + 7) if number % 9 == 0 else "warning", text=text)
        for number in range(8):
            for told in ("stage", "landed", "validated", "session", "hand", "nothing", self._at(number)):
                text = self.pick(f"{told} {number}")
                self.log(
                    name,
                    kind=told,
                    stage=text,
                    feed=text,
                    path=text,
                    verdict=text,
                    codes=[text],
                    act=text,
                    by=text,
                    text=text,
                    why=text,
                )
        self.log(name, kind="challenge", challenge={"id": "c", "prompt": self._at(turn + 2)})
        self.log(name, kind="challenge-ended", challenge="c", state=self._at(turn + 3), by=self._at(turn + 4))
        done = self.start("distrokid", self._at(turn + 5))
        self.set_run(done, state=type(self.run(done).state)("failed"), error=self._at(turn + 6), hint=self._at(turn + 8))
        self.outline = "\n".join(PAYLOADS)

    @staticmethod
    def _at(number: int) -> str:
        return PAYLOADS[number % len(PAYLOADS)]

    def pick(self, what: str) -> str:
        """The payload for a place: the same whenever it is asked."""
        return self._at(zlib.crc32(what.encode("utf-8", "surrogatepass")) + self.turn)

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name not in CALLS or name in ("now", "recall", "keep") or not super().__getattribute__("__dict__").get("turn_ready"):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.trouble:
                raise UsageError(self.pick(name), hint=self.pick(f"{name} hint"))
            got = value(*args, **kwargs)
            return got if name in UNTOUCHED else foul(list(got) if isinstance(got, Iterator) else got, self.pick)

        return call

    def ready(self) -> FoulLake:
        """From now on answers are foul."""
        self.__dict__["turn_ready"] = True
        return self

    def inquire(self, text: str) -> Answer:
        return Answer(lambda: FoulRun(self, text), Path(tempfile.gettempdir()), SystemClock(), text=text)  # type: ignore[arg-type,return-value]

    def look(self, challenge: str) -> Look:
        if next(iter(self.asked)).kind is ChallengeKind.QR:
            return Look(text=Secret("https://example.net/" + self._at(self.turn).encode("ascii", "replace").decode()[:40]))
        return super().look(challenge)


def shown(payloads: Iterable[str]) -> list[str]:
    """How the beginning of each stands on a screen."""
    from bedrot_console.domain.text import safe

    return [safe(p, 12) for p in payloads]


def main() -> int:
    """The console on such a lake: `python payloads.py [TURN] [qr|page] [trouble]`."""
    from stillness import StillConsole

    from bedrot_console.tui import app

    app.Console = StillConsole  # type: ignore[misc]
    words = sys.argv[1:]
    turn = next((int(w) for w in words if w.isdigit()), 0)
    kind = next((k for k in ChallengeKind if k.value in words), ChallengeKind.CODE)
    lake = FoulLake(turn, kind=kind).ready()
    lake.trouble = "trouble" in words
    return app.run_backend(lake)


if __name__ == "__main__":
    raise SystemExit(main())
