"""The console as numbered text: every action has its words, nothing but text goes out, a code is never shown."""

from __future__ import annotations

import io

import pytest
from fake_lake import FakeLake
from fake_rows import HOSTILE, row_of
from fake_runs import NeedItem
from ptyline import FAKE, Line

from bedrot_console.domain.challenges import ChallengeKind
from bedrot_console.domain.lifecycle import Verb, Zone
from bedrot_console.domain.runs import RunState
from bedrot_console.tui.linear.desk import Desk
from bedrot_console.tui.linear.speech import Left, Speech


class Conversation:
    """Lines in, lines out; `attended` as if a person sat at a terminal."""

    def __init__(self, lake: FakeLake, attended: bool = False, hidden: str = "") -> None:
        self.lake, self.attended, self.hidden = lake, attended, hidden
        self.shelled: list[list[str]] = []
        self.waits: list[float] = []

    def __call__(self, *lines: str) -> str:
        out = io.StringIO()
        speech = Speech(io.StringIO("\n".join(lines) + "\n"), out)
        speech.attended = self.attended
        if self.attended:
            speech.ask_hidden = lambda prompt: self.hidden  # type: ignore[method-assign]
        desk = Desk(self.lake, speech, lambda words: self.shelled.append(list(words)) or 0, self.waits.append)
        assert desk.run() == 0
        return out.getvalue()


def test_lists_have_numbers_and_pages_and_a_number_opens_its_row():
    """Twenty rows a page, numbered through; `more`, `back`, a number, `next`."""
    said = Conversation(FakeLake(64))("files platform:distrokid", "more", "back", "1", "next", "previous", "last")
    assert "Files, newest, platform:distrokid: 1 to 20 of 32" in said and "21 to 32 of 32" in said
    assert "\n21. " in said and "sha256" in said and said.count("1. promoted") + said.count("1. quarantined") >= 2
    assert "no list" not in said


def test_a_file_is_read_in_parts():
    """Report with every finding, diff, preview; each alone as well."""
    said = Conversation(FakeLake(64))("files status:failed", "report 1", "diff 1", "preview 1", "show 1")
    assert "finding 1, error: format.sign-in-page at" in said and "stages: passed" in said
    assert (
        "added 2026-03-01, GB: streams 120" in said
        and "changed 2026-02-28, GB: streams 110, now 112" in said
        and "+1 day, streams +3.1 %" in said
        and '"streams": 11' in said
    )
    assert "promote: no, its validation failed" in said


def test_decisions_by_number_range_mark_and_id():
    """A verb names what it takes and why not the rest, wants its reason, and undo takes it back."""
    lake = FakeLake(64)
    said = Conversation(lake)(
        "review", "quarantine 1-2 --reason 'a login page'", "mark 3", "quarantine", "not wanted", "undo", "promote --passed",
    )  # fmt: skip
    assert "Quarantine 2 files (2 failed" in said and "quarantine: done for 2 files. undo takes it back." in said
    assert [d[0] for d in lake.decisions[:4]] == ["quarantine", "quarantine", "quarantine", "release"]
    assert lake.decisions[2][2] == "not wanted"
    assert "Promote 4 files (4 passed" in said and lake.decisions[-1][0] == "promote"


def test_undo_of_many_goes_on_where_it_failed_and_spares_what_was_decided_since():
    """After one of three was undone the next `undo` is about the two others; a newer decision is not touched."""
    lake = FakeLake(64)
    talk = Conversation(lake)
    really = lake.undo

    def undo(ids=(), reason="", expected=None):
        first, *rest = ids
        yield from really([first], reason, expected)
        if len(rest) == 2:
            list(lake.decide(Verb.RELEASE, rest[:1], "somebody else"))
            lake.fails.add(rest[1])
            yield from really(rest, reason, expected)
            lake.fails.clear()

    lake.undo = undo  # type: ignore[method-assign]
    said = talk("review", "quarantine 1-3 --reason x", "undo", "undo")
    assert said.count("undo: done for 1 file.") == 2 and said.count("decided anew since: release") == 1
    assert [verb for verb, _, _ in lake.decisions] == ["quarantine"] * 3 + ["release"] * 3
    assert len({name for verb, name, _ in lake.decisions if verb == "release"}) == 3


def test_a_person_at_a_terminal_is_asked_before_anything_happens():
    """An empty line leaves; a missing reason is asked for."""
    lake = FakeLake(64)
    talk = Conversation(lake, attended=True)
    assert "Left; nothing was changed." in talk("review", "quarantine 1", "")
    assert "Left; nothing was changed." in talk("review", "quarantine 1 --reason x", "no")
    assert "Left; nothing was changed." in talk("files status:passed", "promote 1", "")
    assert not lake.decisions
    assert "Not 1: cannot release a file in landing" in talk("review", "release 1 --reason x")
    talk("files status:passed", "promote 1", "yes")
    assert len(lake.decisions) == 1


def test_what_is_wrong_is_said_with_the_right_form():
    """Unknown numbers, unknown files, commands that need a screen, a read-only console."""
    said = Conversation(FakeLake(8))("9", "show 99", "cancel", "copy id", "show 000000zzzz", "mark 3")
    assert "Next: cancel RUN | --all" in said and "copy needs a screen" in said and "no such file: 000000zzzz" in said
    talk = Conversation(FakeLake(8, read_only=True))
    said = talk("files", "quarantine 1 --reason x", "validate 1", "verify", "status")
    assert said.count("read-only") >= 4 and talk.shelled == [["status"]] and not talk.lake.decisions


def test_other_words_go_to_the_shell_with_numbers_as_ids():
    """What is no command of the console is the shell's; a number of the list stands for its file, a value of an option does not."""
    talk = Conversation(FakeLake(8))
    talk("files", "hold 1 --limit 2", "bedrot status", "console", "audit anchor")
    assert talk.shelled[0][:1] == ["hold"] and talk.shelled[0][1] == row_of(7).id and talk.shelled[0][2:] == ["--limit", "2"]
    assert talk.shelled[1:] == [["status"], ["audit", "anchor"]]


def test_a_code_is_answered_without_being_shown():
    """The question is told once, the answer is read hidden and handed on, a wrong one is asked again."""
    lake = FakeLake(8)
    lake.ask(lake.start("distrokid", "default"))
    talk = Conversation(lake, attended=True, hidden="864209")
    said = talk("answer", "files")
    assert lake.answers and lake.answers[0][1] == 6 and "864209" not in said
    assert said.count("A platform asks: distrokid wants the code sent by e-mail to m…@example.net") >= 1
    assert "tell resend" in said
    lake.attempts = 2
    assert "Told the run." in Conversation(lake)("tell resend") or not lake.asked


def test_a_page_is_worked_on_by_its_outline_and_a_code_is_drawn_in_letters():
    """Places by numbers, typed text hidden; two letters for a module."""
    lake = FakeLake(8)
    lake.ask(lake.start("distrokid", "default"), kind=ChallengeKind.PAGE, can=())
    talk = Conversation(lake, attended=True, hidden="hunter2")
    said = talk("answer", "click 345,245", "type", "press Enter", "scroll up", "press Tab", "leave")
    assert "button  a boat" in said and "hunter2" not in said and "this key cannot be pressed" in said
    assert [h["act"] for h in lake.hands] == ["click", "type", "press", "scroll"]
    lake.asked.clear()
    lake.ask(lake.start("distrokid", "default"), kind=ChallengeKind.QR, can=())
    assert "####" in talk("answer")


def test_runs_are_started_read_followed_and_cancelled():
    """Numbers name runs; following ends with the run; what waits is taken by its number."""
    lake = FakeLake(8)
    lake.waiting.append(NeedItem())
    talk = Conversation(lake)
    said = talk("needs", "1", "runs", "1", "cancel 1", "follow 1", "files 1", "extract nowhere")
    assert lake.started == [("distrokid", "default")] and "opening the sign-in page" in said
    assert lake.fake_runs[0].view.state is RunState.CANCELLED and "cancelled, distrokid (default)" in said
    assert f"run:{lake.fake_runs[0].view.id}" in said and "no such platform: nowhere" in said
    assert not talk.waits


def test_queries_give_rows_that_lead_to_their_file():
    """Starters by number, rows by number, columns in words; what is wrong with a query is said."""
    said = Conversation(FakeLake(64))("sql", "1", "2", "columns", "sql drop table files")
    assert "1. starter: newest: select id, feed from files" in said and "Rows: 1 to 20 of 64" in said
    assert "feed, varchar: distrokid/sales" in said and "Its file: show 2" in said
    assert "files: id varchar, feed varchar" in said and "one SELECT or EXPLAIN only. Next: columns" in said


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_obeys_goes_out(text):
    """Hostile names, findings, log lines and questions come out as pictures of themselves."""
    lake = FakeLake(4, names=[f"distrokid/streams/{text}"] * 4)
    lake.log(lake.start("distrokid", "default"), kind="log", level="info", text=text)
    lake.ask(lake.fake_runs[0].view.id, hint=text, error=text)
    said = Conversation(lake)("files", "show 1", "report 1", "runs", "1", "needs", text.replace("\n", " "), "sql select 1")
    assert all(c == "\n" or c.isprintable() for c in said) and "\x1b" not in said and "\u202e" not in said


def test_on_a_dumb_terminal_no_escape_code_is_sent_and_a_code_is_not_echoed():
    """A real terminal with TERM=dumb: hostile texts, a question, its answer, and the way out."""
    line = Line([*FAKE, "linear", "hostile", "challenge"], env={"TERM": "dumb"})
    line.until("files>")
    line.send("files\nshow 1\nanswer\n")
    line.until("empty leaves:")
    line.send("135790\n")
    line.until("handed to the run")
    line.send("runs\nlog 1\nquit\n")
    assert line.process.wait(20) == 0
    line.read(0.2)
    said = line.data.decode()
    assert "135790" not in said and "\x1b" not in said and not any("\x80" <= c < "\xa0" for c in said)
    assert "␛]52;c;" in said and "Left; runs go on." in said
    line.close()


def test_validation_says_the_verdict_and_the_list_follows():
    """Pending files are validated; a validated row reads as it is now."""
    lake = FakeLake(64)
    pending = [row_of(n) for n in range(64) if row_of(n).status == "pending"]
    assert pending and pending[0].zone is Zone.LANDING
    said = Conversation(lake)("files status:pending", "validate --pending", "first")
    assert said.count("passed: ") == len(pending)


@pytest.mark.parametrize("form", ["--matching {}", "--matching={}"])
def test_a_decision_by_a_filter_is_counted_and_asked_before_it_is_made(form):
    """Both ways to write it take the filter's files and never the marked ones; a person says yes first, a pipe's line is enough."""
    line = f"promote {form.format('status:passed')}"
    lake = FakeLake(64)
    passed = {row.id for row in lake.passed()}
    talk = Conversation(lake, attended=True)
    said = talk("files status:failed", "mark 1", line, "", line, "no")
    assert said.count(f"Promote {len(passed)} files ({len(passed)} passed") == 2 and not lake.decisions and not talk.shelled
    assert f"promote: done for {len(passed)} files" in talk(line, "yes") and {d[1] for d in lake.decisions} == passed
    lake = FakeLake(64)
    talk = Conversation(lake)
    said = talk(f"quarantine {form.format('zone:landing')} --reason bad")
    assert f"quarantine: done for {len(lake.decisions)} files" in said and lake.decisions and not talk.shelled


def test_a_decision_by_a_filter_takes_no_slip_and_no_second_way():
    """A word without its value, nothing that restricts, ids or --passed beside it: refused with a next step. What is beyond one command is told."""
    lake = FakeLake(64)
    for given in ("run:", "id:,", "order:oldest", ""):
        said = Conversation(lake)("files", "mark 1", f"quarantine --matching={given} --reason bad")
        assert "Not done: " in said and "Next: " in said, given
    said = Conversation(lake)("files", "promote --matching zone:landing --passed", "promote 1 --matching=x", "promote 1 --passed")
    assert said.count("exclude each other") == 3 and not lake.decisions
    lake.most = 2
    assert "more could move; one command takes 2" in Conversation(lake)("promote --matching status:passed")
    assert len(lake.decisions) == 2


def test_a_decision_that_is_stopped_says_what_it_did():
    """ctrl+c in the middle: the files that moved are told, and undo takes them back."""
    lake = FakeLake(64)
    whole = lake.decide

    def decide(verb, ids, reason, seen=None):
        for number, outcome in enumerate(whole(verb, ids, reason, seen)):
            if number == 2:
                raise KeyboardInterrupt
            yield outcome

    lake.decide = decide
    said = Conversation(lake)("promote --matching status:passed")
    assert "promote: done for 2 files. undo takes it back." in said and "Stopped." in said


def test_a_read_only_console_hands_no_command_on_that_writes():
    """Nor does it decide, start, accept, save or drop anything itself; each refusal says so."""
    lake = FakeLake(64, read_only=True)
    talk = Conversation(lake)
    refused = (
        "audit anchor", "land x.csv", "secrets set tiktok password", "promote --matching zone:landing", "promote --matching=zone:landing", "extract distrokid",
        "sessions check 1", "sessions import 1 /tmp/x", "sessions rollback 1", "sessions forget 1", "drift accept 1", "drift revoke a0", "save x", "declare error",
        "queries forget x", "validate 1", "undo", "again 1", "cancel --all",
    )  # fmt: skip
    said = talk("sql", "1", "sessions", *refused, "secrets", "cat 1")
    assert talk.shelled == [["secrets"], ["cat", "1"]] and said.count("this console is read-only. Next: ") == len(refused)
    assert not lake.decisions and not lake.started and [t for t in lake.told if t[0] not in ("audit",)] == []


def test_the_end_of_the_input_leaves_where_a_code_is_asked_for(monkeypatch):
    """ctrl+d at the hidden prompt is what it is at the normal one."""

    def ended(prompt):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", ended)
    speech = Speech(io.StringIO(), io.StringIO())
    speech.attended = True
    with pytest.raises(Left):
        speech.ask_hidden("code:")


def test_what_waits_is_started_for_its_own_account_whatever_its_name():
    """A name with spaces and quotation marks is one word."""
    lake = FakeLake(8)
    lake.waiting.append(NeedItem(account="a b's"))
    Conversation(lake)("needs", "1")
    assert lake.started == [("distrokid", "a b's")]
