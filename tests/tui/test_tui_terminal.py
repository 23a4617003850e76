"""What only a real terminal shows: hostile names, signals, a lost line, crash screens, exit codes."""

from __future__ import annotations

import json
import signal
import sys

import pytest
from ptyline import FAKE, Line, foreign

from bedrot_console.tui.watchman import RESTORE


def test_hostile_texts_reach_the_terminal_as_pictures_on_every_screen(lines):
    """Escape sequences, C1, markup, bidi and zero-width in names, findings, previews, diffs, logs, hints, errors, notices: no byte obeyed."""
    line = Line([*FAKE, "hostile", "challenge"])
    lines.append(line)
    line.until("of 64")
    steps = (
        ("\x1b[6~", "streams"), ("\x1b[H", "status"), ("\r", "sha256"), ("\x1b[6~", "last good"), ("\x1b[F", '"day": 59'),
        ("\x1b", "~day"), ("/status:failed\r", "of 4"), ("q", "Quarantine this"), ("\x1b", "~Quarantine this"),
        ("y", "id copied"), ("Y", "path copied"), ("2", "fixity"), ("\t", "json structure"), ("n", "fixity"), ("3", "running"), ("g", "running"),
        ("!", "What needs you"), ("\x1b", "~What needs you"), ("6", "[6 SQL"), ("\x14", "Starter"), ("\r", "64 rows"), ("\x1b", "i goes back"),
        (":show [/\r", "no such file"), ("\x1b", "~no such file"), ("1/[@click=app.exit]x[/]\r", "[@click=app.exit]x"),
    )  # fmt: skip
    for keys, wait in steps:
        line.send(keys)
        line.until(wait.lstrip("~"), gone=wait.startswith("~"))
    line.send("\x11")
    assert line.wait() == 0
    assert foreign(line.data) == []
    assert line.healthy()
    shown = line.data.decode("utf-8", "replace")
    for picture in ("␛]52;c;aGFja2Vk␇", "\\u{202e}", "\\u{9b}", "[bold red]markup[/]", "[@click=app.exit]"):
        assert picture in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_leaves_a_healthy_terminal_and_the_interrupted_code(lines, number):
    """SIGTERM and SIGHUP: modes restored, main screen back, exit code 130."""
    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.signal(number)
    assert line.wait() == 130
    assert line.healthy()


def test_a_dropped_line_ends_the_console(lines):
    """The terminal vanishes: the process is gone within seconds, and does not spin."""
    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.hang_up()
    # 120 is Python's own word for a standard output that is gone and cannot be flushed at the end
    assert line.process.wait(10) in (130, 120, -signal.SIGHUP)


def test_a_failing_backend_shows_its_kind_and_never_what_it_held(lines):
    """An unexpected error in a worker is a line on the screen, without the error's own words."""
    line = Line([*FAKE, "crash"])
    lines.append(line)
    line.until("internal error (ValueError)")
    line.send("\x11")
    assert line.wait() == 0
    assert b"canary" not in line.data


def test_a_crash_of_the_screen_leaves_a_healthy_terminal_and_no_secret(lines):
    """An error in a handler ends with code 70, the places it went through, no local variable and no message."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from fake_lake import FakeLake; from bedrot_console.tui import app as a\n"
        "def boom(self):\n    code = 'canary-864209'\n    raise ValueError(code)\n"
        "a.Console.do_help = boom\nraise SystemExit(a.run_backend(FakeLake(10)))"
    )
    line = Line([FAKE[0], "-c", program, FAKE[1].rsplit("/", 1)[0]])
    lines.append(line)
    line.until("of 10")
    line.send("?")
    assert line.wait() == 70
    assert b"internal error: ValueError" in line.data and b"boom" in line.data
    assert b"canary" not in line.data
    assert line.healthy()


CRASHES = {
    "in a dialog": ("from bedrot_console.tui.modals.help import HelpModal as place; name = 'action_back_out'", "?", "q"),
    "while a dialog opens": ("from bedrot_console.tui.modals.help import HelpModal as place; name = 'on_mount'", "", "?"),
    "while a place is made": ("from bedrot_console.tui.screens.sql import SqlView as place; name = 'compose'", "", "6"),
    "while a frame is drawn": (
        "from bedrot_console.tui.widgets.keybar import KeyBar as place; name = 'render_line'",
        "",
        "?\x1b[27u",
    ),
    "while a frame is sent": ("from bedrot_console.tui.painter import Painter as place; name = 'paint'", "", "j"),
}
"""Where the error lies in wait, and the keys that lead there and into it."""


@pytest.mark.parametrize(
    "where", [pytest.param(where, marks=pytest.mark.long) if "made" in where or "opens" in where else where for where in CRASHES]
)
def test_a_crash_anywhere_leaves_a_healthy_terminal_and_no_secret(lines, where):
    """In a dialog, while a place is made, in the middle of drawing and sending: code 70, modes restored, no local variable, one error told."""
    holder, before, after = CRASHES[where]
    program = (
        f"import sys; sys.path.insert(0, sys.argv[1]); from fake_lake import FakeLake; from bedrot_console.tui import app as a\n{holder}\n"
        "def boom(self, *rest):\n    code = 'canary-864209'\n    raise ValueError(code)\n"
        "def arm(self):\n    self.notice('armed'); self.set_timer(0.2, lambda: setattr(place, name, boom))\n"
        "a.Console.do_redraw = arm\nraise SystemExit(a.run_backend(FakeLake(10)))"
    )
    line = Line([FAKE[0], "-c", program, FAKE[1].rsplit("/", 1)[0]])
    lines.append(line)
    line.until("of 10")
    line.send("\x0c")
    line.until("armed")
    line.read(0.4)
    line.send(before)
    line.read(0.2 if before else 0.0)
    line.send(after)
    assert line.wait(20) == 70
    assert line.data.count(b"internal error: ValueError") == 1 and b"boom" in line.data
    assert b"canary" not in line.data
    assert line.healthy()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_of_a_suspended_console_leaves_a_healthy_terminal(lines, number):
    """Suspended, told to end, and woken: the terminal is left as it was found."""
    import os

    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.send("\x1a")
    os.waitpid(line.process.pid, os.WUNTRACED)
    line.signal(number)
    line.signal(signal.SIGCONT)
    assert line.wait() == 130
    assert line.healthy()


def test_a_killed_console_leaves_a_healthy_terminal(lines):
    """SIGKILL, in the middle of moving: somebody else restores modes, screen, cursor and line settings."""
    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.read(1.0)
    line.send("jjj")
    line.signal(signal.SIGKILL)
    assert line.wait() == -signal.SIGKILL
    for _ in range(100):
        line.read(0.05)
        if line.healthy():
            break
    assert line.healthy()
    assert line.data.endswith(RESTORE.encode()) and foreign(line.data) == []
    assert line.screen().strip() == ""


def test_a_terminal_without_an_alternate_screen_is_left_wiped(lines):
    """The emulator beside knows none, like GNU screen as it comes: nothing of the last frame stays, and what the shell says stands alone."""
    import os

    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.send("\x1a")
    os.waitpid(line.process.pid, os.WUNTRACED)
    line.read(0.1)
    assert line.screen().strip() == ""
    os.write(line.slave, b"a word of the shell")
    line.signal(signal.SIGTERM)
    line.signal(signal.SIGCONT)
    assert line.wait() == 130
    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.send("\x11")
    assert line.wait() == 0 and line.screen().strip() == ""


def test_a_termination_with_a_dialog_open_and_a_code_half_typed_leaves_a_healthy_terminal(lines):
    """Nothing of the prompt keeps the console, and what was typed is gone with it."""
    line = Line([*FAKE, "10", "challenge"])
    lines.append(line)
    line.until("wants the code")
    line.send("a12")
    line.until("[12")
    line.signal(signal.SIGTERM)
    assert line.wait() == 130
    assert line.healthy()


def test_a_typed_code_is_drawn_in_its_field_only_and_written_to_no_file(lines, tmp_path):
    """Whatever TEXTUAL_LOG and DEBUG ask for, no log file appears, and after sending the code is off the screen."""
    env = {
        "TEXTUAL_LOG": str(tmp_path / "keys.log"),
        "TEXTUAL": "debug,devtools",
        "TEXTUAL_DEBUG": "1",
        "DEBUG": "1",
        "HOME": str(tmp_path),
    }
    line = Line([*FAKE, "10", "challenge"], env=env)
    lines.append(line)
    line.until("wants the code")
    line.send("a123456")
    assert "[123456" in line.until("[123456")
    line.send("\r")
    screen = line.until("answer handed")
    assert "123456" not in screen
    line.send("\x11")
    assert line.wait() == 0
    assert list(tmp_path.iterdir()) == []


def test_suspend_gives_the_terminal_back_and_resume_draws_everything_again(lines):
    """ctrl+z restores the terminal before stopping; after SIGCONT the whole screen is there."""
    import os

    line = Line([*FAKE, "100"])
    lines.append(line)
    line.until("of 100")
    line.send("\x1a")
    pid, state = os.waitpid(line.process.pid, os.WUNTRACED)
    line.read(0.1)
    assert pid == line.process.pid and os.WIFSTOPPED(state)
    assert line.healthy()
    line.forget()
    line.signal(signal.SIGCONT)
    line.until("[1 Files]")
    line.until("of 100")
    line.send("\x11")
    assert line.wait() == 0


def test_no_color_sends_no_colour(lines):
    """NO_COLOR: bold, underline and reverse only; every state still has its sign and word."""
    import re

    line = Line([*FAKE, "100"], env={"NO_COLOR": "1"})
    lines.append(line)
    screen = line.until("of 100")
    assert "✗ failed" in screen or "▲ promoted" in screen
    codes = {c for found in re.findall(rb"\x1b\[([0-9;]*)m", line.data) for c in found.split(b";")}
    assert codes <= {b"", b"0", b"1", b"2", b"4", b"7"}


def test_without_a_terminal_the_console_says_what_works_without_one():
    """A pipe instead of a terminal is a usage error with the commands that need none."""
    import subprocess
    import sys

    code = (
        "from bedrot_console.tui.app import run_console\nfrom bedrot_console.domain.errors import UsageError\n"
        "try:\n    run_console(None)\nexcept UsageError as e:\n    print(e, '|', e.hint)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True
    ).stdout
    assert "needs a terminal" in out and "bedrot console --linear" in out


def test_keys_that_arrive_at_once_find_the_screen_the_one_before_made(lines):
    """Type-ahead over a slow line: one packet opens a place, the prompt, types the code, sends it, goes to Files and filters."""
    line = Line([*FAKE, "100", "challenge"])
    lines.append(line)
    line.until("wants the code")
    line.send("2" + "3" + "a123456\r" + "1" + "/status:failed\r")
    line.until("of 8")
    line.send("j" + "qbad day\r")
    screen = line.until("u undoes")
    assert "/ status:failed" in screen and "✓ quarantined" in screen
    line.send("\x11")
    assert line.wait() == 0
    assert line.healthy()


STARTED = """
import json, sys
from pathlib import Path
from bedrot_console.cli.main import run
from bedrot_console.tui import collecting  # before the screens, as the program has it

def first_rows(self):
    Path(sys.argv[1]).write_text(json.dumps(sorted(name for name in sys.modules if name.count(".") < 1)))
    self.exit(0)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "bedrot_console.tui.driver":
            from bedrot_console.tui.app import Console
            Console.first_rows = first_rows

sys.meta_path.insert(0, Finder())
sys.exit(run(["--home", sys.argv[2], *sys.argv[3:]]))
"""


@pytest.mark.parametrize("words", [[], ["console"]])
def test_the_first_rows_load_what_they_show(lines, home, tmp_path, words):
    """No parser of commands, no package around the database's engine, no browser, no extractor; alone or by its name."""
    found = tmp_path / "loaded"
    line = Line([sys.executable, "-c", STARTED, str(found), str(home), *words])
    lines.append(line)
    assert line.wait() == 0, line.screen()
    loaded = set(json.loads(found.read_text()))
    assert {"textual", "_duckdb"} <= loaded
    assert not loaded & {"click", "duckdb", "playwright", "requests", "lxml", "jsonschema", "extractors"}


def test_a_home_that_is_a_file_and_a_word_too_much_are_told_as_by_every_command(lines, tmp_path):
    """The way to the console that goes round the parser is not gone where there is something to complain about."""
    paper = tmp_path / "paper"
    paper.touch()
    for words, said in ((["--home", str(paper), "console"], "is a file"), (["console", "--read-oly"], "read-oly")):
        line = Line([sys.executable, "-m", "bedrot_console", *words])
        lines.append(line)
        assert line.wait() == 2
        assert said in line.screen()


def test_leaving_while_the_catalog_is_being_asked_is_quiet(lines, tmp_path):
    """A worker inside DuckDB neither holds the end up nor makes the interpreter abort or talk on the terminal; what ends with it ends."""
    program = (
        "import sys, atexit; sys.path.insert(0, sys.argv[1]); from fake_lake import FakeLake; from bedrot_console.tui import app as a\n"
        "atexit.register(lambda: print('children ended', flush=True))\n"
        "def groups(self, what, by):\n"
        "    import _duckdb, pathlib; pathlib.Path(sys.argv[2]).touch()\n"
        "    _duckdb.connect().execute('select count(*) from range(1000000000000) r where r.range % 7 = 3').fetchall()\n"
        "FakeLake.groups = groups\nraise SystemExit(a.run_backend(FakeLake(10)))"
    )
    begun = tmp_path / "begun"
    line = Line([FAKE[0], "-c", program, FAKE[1].rsplit("/", 1)[0], str(begun)])
    lines.append(line)
    line.until("of 10")
    line.send("b")
    while not begun.exists() and line.process.poll() is None:
        line.read(0.02)
    line.send("\x11")
    assert line.wait() == 0
    assert line.data.rstrip().endswith(b"children ended") and line.healthy()
