"""The pictures of the console in `docs/`, from a real console on a real pseudo-terminal: `python tests/tui/walk.py --write` renews them.

A walk is played key by key; after each step the screen is a frame. The recording holds frames and no keys, and a code that was typed is
painted over in it. `test_tui_walk.py` plays the walk again and holds the committed files to what the console shows.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

import frames  # noqa: E402
from frames import Frame, Scene  # noqa: E402
from picture_lake import CODE  # noqa: E402
from ptyline import Line  # noqa: E402

DOCS = ROOT / "docs"
SIZE = (120, 34)
TITLE = "BEDROT console: answer a code, triage, undo, ask with SQL"
QUIET_SECONDS = 1.5
"""Longer than the console waits between two looks at the lake."""
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """Keys, what stands on the screen when they have worked (`~`: what no longer does), how long to look at it, what it is.

    `still` is a name under which the frame is a picture of its own.
    """

    keys: str
    until: str
    seconds: float
    says: str
    still: str = ""


WALK = (
    Step("", "wants the code", 3.0, "bedrot: the files of the lake, newest first; a platform waits for a code", "console-files"),
    Step("3", "signing|sign in", 2.5, "3: its run, live"),
    Step("a", "esc", 1.0, "a: answer"),
    Step(CODE, "•", 1.5, "the code, as it came by e-mail"),
    Step("\r", r"\[3 Runs\][\s\S]*ended: done", 3.0, "enter: the run goes on, lands, validates"),
    Step(
        "2",
        r"\d+ same",
        3.5,
        "2: review, worst first: report, preview, difference to the last good capture",
        "console-review",
    ),
    Step("q", "Quarantine this", 1.5, "q: quarantine"),
    Step("a day is missing", "a day is missing", 1.2, "with a reason"),
    Step("\r", "first capture", 2.5, "enter: the next file comes by itself"),
    Step("p", "Promote this", 1.5, "p: promote"),
    Step("\r", "promoted", 2.5, "enter"),
    Step("u", "Undo", 1.5, "u: undo"),
    Step("\r", "undone", 2.5, "enter: the opposite, as a new event"),
    Step("1/status:quarantined\r", "status:quarantined", 2.5, "1 /: filter as you type"),
    Step("6\x14", "Starter", 2.0, "6 ctrl+t: SQL, starter queries"),
    Step("\x1b[B" * 5 + "\r", "rows", 4.0, "enter: the answer", "console-sql"),
)


class Changed(AssertionError):
    """The console shows something else than the committed recording."""


def played(expected: Sequence[Frame] | None = None) -> Iterator[tuple[Step, Frame, bytes]]:
    """Play the walk; yields each step with its frame and the bytes that came for it.

    Args:
        expected: frames to wait for, one for each step; None: wait for what the step says, and until nothing changes any more.

    Raises:
        Changed: an expected frame does not come.  TimeoutError: what a step says does not come.
    """
    with tempfile.TemporaryDirectory(prefix="bedrot-picture-") as home:
        line = Line([sys.executable, str(HERE / "picture_lake.py"), f"{home}/lake"], size=SIZE, env={"COLORTERM": "truecolor"})
        line.emulator = frames.Terminal
        try:
            for number, step in enumerate(WALK):
                before = len(line.data)
                line.send(step.keys)
                yield step, _settled(line, step, expected[number] if expected else None), line.data[before:]
            line.send("\x11")
            line.wait()
            if line.process.returncode != 0 or not line.healthy():
                raise Changed("the console did not leave as it should")
        finally:
            line.close()


def _settled(line: Line, step: Step, wanted: Frame | None) -> Frame:
    """The frame once it is the wanted one; without a wanted one, once it says what the step does and stands still."""
    frame, begun = _frame(line), time.monotonic()
    since = begun
    while (now := time.monotonic()) - begun < PATIENCE_SECONDS:
        if frame == wanted or (wanted is None and now - since > QUIET_SECONDS and re.search(step.until, frames.text_of(frame))):
            return frame
        if line.read(0.02):
            before, frame = frame, _frame(line)
            since = now if frame != before else since
        elif line.process.poll() is not None:
            break
    shown = frames.text_of(frame)
    if wanted is None:
        raise TimeoutError(f"{step.until!r} did not come:\n{shown}")
    raise Changed(f"at {step.says!r}; renew with: python tests/tui/walk.py --write\n{_compared(frames.text_of(wanted), shown)}")


def _frame(line: Line) -> Frame:
    line.screen()
    return normal(frames.frame_of(line.shown))


def normal(frame: Frame) -> Frame:
    """The frame without what must not or cannot be shown again: a code, how long something took."""
    frame = frames.written_over(frame, CODE, "•" * len(CODE))
    for took in set(re.findall(r"\b\d+\.\d\d s\b", frames.text_of(frame))):
        frame = frames.written_over(frame, took, "0" * (len(took) - 6) + "0.02 s")
    return frame


def _compared(old: str, new: str) -> str:
    import difflib

    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "committed", "shown", lineterm="", n=0))
    return "\n".join(lines) or "the same texts, in other colours"


def files(scenes: Sequence[Scene]) -> dict[str, str]:
    """Name in `docs/` -> text of every picture of the walk."""
    made = {"console.cast": frames.cast_of(scenes, TITLE), "console.svg": frames.svg_of(scenes, TITLE)}
    for step, scene in zip(WALK, scenes, strict=True):
        if step.still:
            made[f"{step.still}.svg"] = frames.svg_of([scene], scene.says)
    return made


def main() -> int:
    """Without `--write`: the names of the pictures."""
    if "--write" not in sys.argv:
        print("\n".join(f"docs/{path.name}  {path.stat().st_size:,} bytes" for path in sorted(DOCS.iterdir())))
        return 0
    scenes = [Scene(frame, step.seconds, step.says) for step, frame, _ in played()]
    DOCS.mkdir(exist_ok=True)
    for name, text in files(scenes).items():
        (DOCS / name).write_text(text, "utf-8")
        print(f"docs/{name}  {len(text.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
