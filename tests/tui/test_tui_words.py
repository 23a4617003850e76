"""The commands of the console in words: forms, what is wrong, completion, history, and the shell's own words."""

from __future__ import annotations

import pytest
from fake_lake import FakeLake
from fake_rows import row_of

from bedrot_console.cli.contents import HELP
from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.lifecycle import Zone
from bedrot_console.tui.app import Console
from bedrot_console.tui.commands import Commanding
from bedrot_console.tui.places import PLACES
from bedrot_console.tui.words import FLAG, History, commands, complete, parse

OWN = {"goto", "needs", "copy", "theme", "help", "redraw", "quit", "review", "health"}
KNOWN = {
    "platform": ["distrokid", "metaads"],
    "file": ["06exy3k2aaaa", "06exyzzzbbbb"],
    "theme": ["nord", "ansi-dark"],
    "run": ["run0001"],
}


def test_a_command_of_the_shell_has_the_shell_s_word():
    """What the shell has too is named as there; the rest is the console's own."""
    assert set(commands()) - OWN <= set(HELP)
    assert set(PLACES) <= set(commands())


def test_every_command_is_carried_out_by_the_console():
    """Each row has its method, or is a place to go to."""
    assert all(hasattr(Commanding, f"order_{name}") or name in PLACES for name in commands())


def test_options_of_the_shell_are_options_here():
    """Every option of the table is one that the shell's command of the same name takes."""
    from importlib import import_module

    for name, command in commands().items():
        if name in HELP and command.options:
            shell = getattr(import_module(f"bedrot_console.cli.commands.{name}"), name)
            taken = {option for parameter in shell.params for option in parameter.opts}
            assert set(command.options) <= taken, name


@pytest.mark.parametrize(
    ("line", "says", "hint"),
    [
        ("shwo x", "no such command: shwo", "did you mean show?"),
        ("\x1b[2J", "no such command: ␛[2J", "help lists them"),
        ("goto", "goto what?", "goto ID"),
        ("show a b", "show does not take b", "show ID"),
        (
            "promote x --raeson y",
            "promote has no --raeson; --reason?",
            "promote [ID… | --passed | --matching FILTER] [--reason WHY]",
        ),
        ("quarantine x --reason", "--reason needs a value", "quarantine [ID… | --matching FILTER] --reason WHY"),
        ("theme 'x", "not a command: No closing quotation", "theme NAME"),
    ],
)
def test_what_is_wrong_is_said_with_the_right_form(line, says, hint):
    """An error names what is wrong and shows the command's form."""
    with pytest.raises(UsageError) as caught:
        parse(line)
    assert (str(caught.value), caught.value.hint) == (says, hint)


def test_words_options_and_the_rest_of_a_line():
    """Options stand anywhere, quotes hold a reason together, SQL is taken as it stands."""
    order = parse("quarantine 06exy3 --reason 'a login page' 06exyz")
    assert (order.name, order.words, dict(order.options)) == ("quarantine", ("06exy3", "06exyz"), {"reason": "a login page"})
    assert parse("promote --passed").options == {"passed": "yes"}
    assert parse("sql select 'it''s'  as x").words == ("select 'it''s'  as x",)
    assert parse("files --platform=metaads status:failed x").filter_words() == "platform:metaads status:failed x"
    assert parse("  ") is None and parse("q").name == "quit"


@pytest.mark.parametrize(
    ("line", "before", "fits"),
    [
        ("qua", "", ["quarantine "]),
        ("show 06exyz", "show ", ["06exyzzzbbbb "]),
        ("promote --", "promote ", ["--reason ", "--matching ", "--passed "]),
        ("promote --reason why 06exy3", "promote --reason why ", ["06exy3k2aaaa "]),
        ("files --status fa", "files --status ", ["failed "]),
        ("files pl", "files ", ["platform:"]),
        ("files platform:me", "files ", ["platform:metaads "]),
        ("extract d", "extract ", ["distrokid "]),
        ("theme n", "theme ", ["nord "]),
        ("quit x", "quit ", []),
        ("nonsense x", "nonsense x", []),
    ],
)
def test_the_last_word_is_completed_with_what_there_is(line, before, fits):
    """Commands, options, their values, and what the lake has."""
    assert complete(line, KNOWN) == (before, fits)
    assert all(kind == FLAG or isinstance(kind, str) for c in commands().values() for kind in c.options.values())


def test_history_goes_back_and_forth_and_holds_no_answer():
    """Up and down, with the half-typed line at the end; a line that answers is not kept."""
    history = History(["show a", 7])
    history.add("answer c1 123456")
    history.add("show b")
    history.add("show b")
    assert history.lines == ["show a", "show b"]
    assert [history.older("dra"), history.older(""), history.older("")] == ["show b", "show a", "show a"]
    assert [history.newer(), history.newer()] == ["show b", "dra"]


def test_tab_completes_and_up_brings_the_last_line_back(drive):
    """The form stands above the field; a second tab goes through what fits."""

    async def scenario(d):
        await d.press("colon", "t", "h", "tab")
        assert d.app.command_line.field.value == "theme " and "theme NAME" in d.screen
        await d.press("tab", "tab")
        assert d.app.command_line.field.value == f"theme {Console.offered_themes[1]} "
        await d.press("enter")
        assert d.app.theme == Console.offered_themes[1]
        await d.press("colon", "x", "up")
        assert d.app.command_line.field.value == f"theme {Console.offered_themes[1]}"
        await d.press("down")
        assert d.app.command_line.field.value == "x"

    drive(FakeLake(8), scenario)


def test_options_themes_and_help_are_carried_out(drive):
    """`files` takes the shell's options, an unknown theme names the known ones, help finds words."""

    async def scenario(d):
        for line, expected in (
            ("files --status failed", "of 4"),
            ("theme mauve", "no such theme"),
            ("help status:failed", "filter as you type"),
        ):
            d.app.run_command(line)
            await d.settle()
            assert expected in d.screen, line

    drive(FakeLake(64), scenario)


def test_a_decision_by_words_asks_as_the_key_does_and_has_the_reason_already(drive):
    """`:quarantine ID… --reason WHY` names the files in the dialog; enter carries it out."""
    lake = FakeLake(32)
    one, two = (row_of(n) for n in (0, 1))
    assert one.zone is Zone.LANDING

    async def scenario(d):
        d.app.run_command(f"quarantine {one.id} {two.id} --reason 'a login page'")
        await d.settle()
        assert "Quarantine 2 files" in d.screen and "a login page" in d.screen
        await d.press("enter")
        assert [(verb, reason) for verb, _, reason in lake.decisions] == [("quarantine", "a login page")] * 2
        d.app.run_command("release --matching 'zone:quarantine platform:metaads' --reason again")
        await d.settle()
        assert "Release" in d.screen and "again" in d.screen
        await d.press("escape")
        d.app.run_command(f"undo {one.id}")
        await d.settle()
        await d.press("enter")
        assert lake.decisions[-1][:2] == ("release", one.id)

    drive(lake, scenario)


def test_a_decision_by_a_filter_that_takes_everything_by_a_slip_is_refused(drive):
    """A word without its value, or words that restrict nothing, open no dialog: after `:` and for `*`; no filter at all is meant so."""
    lake = FakeLake(32)

    async def scenario(d):
        for words in ("run:", "id:,", "order:oldest", "zone:landing run:"):
            d.app.run_command(f"quarantine --matching '{words}' --reason bad")
            await d.settle()
            assert ("no value" in d.notice or "restrict nothing" in d.notice) and len(d.app.screen_stack) == 1, words
        d.app.run_command("quarantine --matching= --reason bad")
        await d.settle()
        assert "restrict nothing" in d.notice and len(d.app.screen_stack) == 1
        view = d.app.files_view
        for words in ("run:", "platform:metaads run:", "order:oldest"):
            view.set_words(words)
            await d.settle()
            await d.press("asterisk")
            assert view.table.whole is None and "→" in d.notice, words
        view.set_words("group:platform run:")
        await d.settle()
        assert "run: has no value" in view.why_not("quarantine")
        view.set_words("")
        await d.settle()
        await d.press("asterisk")
        assert view.table.whole is not None and not lake.decisions

    drive(lake, scenario)


def test_a_read_only_console_takes_no_command_that_writes(drive):
    """Each one is refused with the reason, and nothing is asked."""

    async def scenario(d):
        for command in commands().values():
            if command.writes:
                d.app.run_command(f"{command.name} x")
                await d.settle()
                assert "read-only" in d.notice and len(d.app.screen_stack) == 1

    drive(FakeLake(8, read_only=True), scenario)


def test_help_is_searched(drive):
    """`/` in the help keeps the lines that hold all words, under their titles; escape shows all again."""

    async def scenario(d):
        await d.press("question_mark", "slash")
        await d.type("quarantine")
        assert "quarantine with a reason" in d.screen and "to the first row" not in d.screen
        await d.press("escape")
        assert "to the first row" in d.screen
        await d.press("escape")
        assert len(d.app.screen_stack) == 1

    drive(FakeLake(8), scenario)


def test_runs_questions_and_the_clipboard_are_reached_by_words(drive):
    """A run by the beginning of its id, a question by its own, the id of the file under the cursor; what is not there is said."""
    lake = FakeLake(8)
    lake.start("distrokid", "default")
    name = lake.start("metaads", "second")
    asked = lake.ask(name)

    async def scenario(d):
        await d.beat()
        d.app.run_command("copy id")
        await d.settle()
        assert d.app.clipboard == row_of(7).id
        d.app.run_command(f"runs {lake.fake_runs[1].view.id}")
        await d.settle()
        assert d.app.place == "runs" and d.app.runs_view.run.id == lake.fake_runs[1].view.id
        d.app.run_command("answer nothing-like-it")
        await d.settle()
        assert "no such question now → needs" in d.notice
        d.app.run_command(f"answer {asked.id}")
        await d.settle()
        await d.press(*lake.code, "enter")
        assert lake.answers and not lake.asked
        d.app.run_command(f"cancel {name}")
        await d.settle()
        assert "being cancelled" in d.notice and lake.run(name).state == "cancelled"

    drive(lake, scenario)
