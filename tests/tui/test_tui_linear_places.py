"""Sessions, Health, Audit, drift and SQL as numbered text: what the screens can do, with the same words and the same refusals."""

from __future__ import annotations

import dataclasses

import pytest
from fake_lake import FakeLake
from fake_rows import HOSTILE, row_of
from test_tui_linear import Conversation

from bedrot_console.domain.findings import Finding, Place, Severity
from bedrot_console.domain.runs import RunState
from bedrot_console.tui.linear.speech import Speech, _wrapped
from bedrot_console.tui.linear.texts import flat, log_text, spoken

DRIFT = tuple(
    Finding(code="schema.drift", severity=Severity.NOTE, stage="schema", message="new", place=Place(pointer=f"/days/{n}/{name}"), seen=name)
    for name in ("mood", "tempo")
    for n in range(3)
)  # fmt: skip


def test_each_login_stands_in_the_list_and_a_number_says_all_of_it():
    """State, end, forecast, what can be done; the log and a run by the same number; a platform and account by name."""
    lake = FakeLake(8)
    said = Conversation(lake)(
        "sessions", "1", "sessions distrokid second", "sessions 3", "extract 2", "log 4", "sessions list --all"
    )
    assert "1. distrokid (default): good, a new one is expected to be wanted in 4 d" in said
    assert "forecast: 2026-03-05 to 2026-03-07: earlier logins worked" in said and "y copies it" not in said
    assert "2. distrokid (second): ends soon, ends in 2 d" in said and "bedrot extract distrokid --account second" in said
    assert "Can be done: sessions check, sessions import, sessions rollback, sessions forget" in said
    assert lake.started == [("distrokid", "second")] and "nothing has run for tiktok (default). Next: extract 4" in said
    assert said.count("Sessions: 1 to 4 of 4") == 2


def test_a_check_is_waited_for_and_its_verdict_said():
    """The stage while it runs; a login that works; one that does not, with its log."""
    lake = FakeLake(8)
    talk = Conversation(lake)
    talk.waits = type(
        "Ends", (list,), {"append": lambda self, s: lake.end_check(RunState.DONE, sign="the account's name is there")}
    )()
    said = talk("sessions", "sessions check 1")
    assert "opening the page" in said and "distrokid (default): the login works; the account's name is there." in said
    talk.waits = type(
        "Ends", (list,), {"append": lambda self, s: lake.end_check(RunState.FAILED, error="asked for a password")}
    )()
    assert "distrokid (default): asked for a password. Next: log check" in talk("sessions", "sessions check 1")
    assert "no login is saved; extract makes one. Next: sessions tiktok" in talk("sessions check tiktok")


@pytest.mark.parametrize(
    "judged, words", [("works", "the login works"), ("dropped", "was dropped"), ("unproved", "nobody saw it work")]
)
def test_an_imported_login_is_checked_and_judged(judged, words):
    """The path is asked for where none was given; what others may read is told; the outcome is the judge's."""
    lake = FakeLake(8)
    lake.judged = judged
    talk = Conversation(lake)
    talk.waits = type("Ends", (list,), {"append": lambda self, s: lake.end_check(RunState.FAILED, error="a form")})()
    said = talk(
        "sessions",
        "sessions import 1",
        "/tmp/seen",
        "sessions import 1 ''",
        "",
        "sessions import 1 /nowhere",
        "sessions import 3 /tmp/x",
    )
    assert ("import", "distrokid", "default", "/tmp/seen") in lake.told and ("judge", "distrokid", "default", "4") in lake.told
    assert (
        "others on this machine may read that file: remove it" in said and words in said and "Left; nothing was changed." in said
    )
    assert (
        "/nowhere cannot be read: No such file or directory. Next: help sessions" in said
        and "it signs in by api, not in a browser" in said
    )


def test_a_login_is_dropped_only_after_it_was_asked_for():
    """Rolling back wants a yes, forgetting the login's name; anything else changes nothing."""
    lake = FakeLake(8)
    talk = Conversation(lake, attended=True)
    said = talk(
        "sessions",
        "sessions rollback 2",
        "no",
        "sessions rollback 2",
        "yes",
        "sessions forget 2",
        "distrokid",
        "sessions forget 2",
        "distrokid second",
    )
    assert lake.told == [("rollback", "distrokid", "second"), ("forget", "distrokid", "second")]
    assert "dropped for good" in said and "Type its name to do it: distrokid second" in said and "That is not its name" in said
    assert "rolled back; the login before it stands. Next: sessions check distrokid second" in said
    assert "Next: extract distrokid --account second" in said


def test_feeds_are_said_late_ones_first_and_why():
    """A number says why, with runs and captures to open; history is numbers, not drawings; the login and the files of a feed."""
    lake = FakeLake(64)
    lake.start("distrokid", "default")
    lake.set_run("run00000000000000000", state=RunState.FAILED)
    lake.cause = dataclasses.replace(lake.cause, runs=(lake.fake_runs[0].view,), captures=(row_of(3),))
    said = Conversation(lake)(
        "health",
        "1",
        "1",
        "2",
        "health --history",
        "health",
        "files 3",
        "health",
        "sessions 2",
        "why metaads/insights 2026-02",
        "why x/y",
    )
    assert (
        said.index("1. late, distrokid/sales")
        < said.index("2. aging, metaads/insights, 2026-02")
        < said.index("3. fresh, distrokid/streams")
    )
    assert "2 of 3 feeds late or aging" in said and "4 days over" in said and "next: bedrot attach run0" in said
    assert (
        "1. run: failed, distrokid (default)" in said
        and "opening the sign-in page" in said
        and "2. capture: " in said
        and "report: " in said
    )
    assert "distrokid: 20 of 24 done, 1 partial, 3 failed, half took up to 42 s, nearly all up to 3 min; not done: " in said
    assert "alert 1: distrokid default, run-failed since 2026-03-02 04:00, the login page changed. Next: bedrot attach x" in said
    assert "Files, newest, feed:distrokid/streams" in said and "no credentials, metaads (default)" in said
    assert ("why", "metaads/insights", "default") in lake.told and "no such feed: x/y. Next: health" in said
    assert not set(said) & set("▁▂▃▄▅▆▇█░┤─✓✗▶→·")


def test_the_journal_is_read_page_by_page_and_an_event_leads_on():
    """Twenty a page, a filter, one event whole, its file, its file's events, its run."""
    lake = FakeLake(64)
    file = row_of(40).id
    lake.more_events[498] = dataclasses.replace(lake.event(498), data={"file": file, "verb": "promote", "reason": "fine"})
    lake.start("distrokid", "default")
    lake.more_events[499] = dataclasses.replace(
        lake.event(499), data={"run": lake.fake_runs[0].view.id, "code": "x", "item": "i1"}
    )
    said = Conversation(lake)("audit", "more", "3", "show 3", "audit", "log 2", "audit 3", "audit kind:decided", "audit show --verb promote --text fine", "show 1", "audit kind:nonsense", "audit before:3")  # fmt: skip
    assert "head 500, never verified here, audit verify does" in said and "Events, newest first: 21 to 40" in said
    assert (
        f"file: {file}" in said and "show 3: its file; audit 3: all events of its file" in said and f"{row_of(40).sha256}" in said
    )
    assert "opening the sign-in page" in said and f"Events, newest first, file:{file}: 1 to 1 of 1" in said
    assert "Events, newest first, kind:decided: 1 to 20" in said and "Events, newest first, verb:promote fine: 1 to 20" in said
    assert "no such kind of event: nonsense. Next: " in said and "Events, newest first, before:3" in said


def test_the_journal_is_looked_back_through_until_something_fits():
    """Pages without an event say how far it is; damaged lines are told once; nothing at all says so."""
    lake = FakeLake(8)
    lake.audit_lines, lake.damaged_lines = 100, {490, 3}
    said = Conversation(lake)("audit file:nothing-of-it", "audit")
    assert "Looking back, at 401; ctrl+c stops." in said and "no event matches: audit shows all" in said
    assert said.count("Damaged lines of the journal: 490. Next: audit verify") == 2


def test_the_journal_is_verified_and_how_it_was_found_is_said():
    """A chain that holds, one that is broken, an anchor that cannot be read."""
    lake = FakeLake(8)
    said = Conversation(lake)(
        "audit verify", "audit state", "audit verify --anchor /nowhere", "audit verify --anchor /mnt/anchor"
    )
    assert "verified: 500 lines, the chain holds. Next: audit state" in said and "last good line: seq 500" in said
    assert "/nowhere cannot be read" in said and lake.told[-1] == ("verify", "/mnt/anchor")
    lake.outcome = dataclasses.replace(lake.outcome, ok=False, first_bad_seq=17, problem="the hash differs")
    said = Conversation(lake)("audit verify", "audit state")
    assert (
        "the journal is not what was written: the hash differs at seq 17. Next: audit state, and keep the journal as it is"
        in said
    )


def test_drift_is_accepted_by_the_number_that_was_said_and_taken_back():
    """Findings of one shape are one; a reason is kept; what is no drift, no finding or not said yet is refused with a next step."""
    lake = FakeLake(64)
    name = next(row_of(n).id for n in range(64) if row_of(n).status == "failed")
    lake.drifts[name] = DRIFT
    said = Conversation(lake)("drift accept 1", f"report {name}", "drift accept 1", "drift accept 9", "drift accept 2 --reason announced", "drift accept 5", "drift", "2", "drift revoke 5", f"report {name}", "drift revoke 2", "drift revoke a7")  # fmt: skip
    assert "no report was said yet. Next: report N" in said and "not accepted: format.sign-in-page is no drift" in said
    assert "findings 3 to 4: the same at 2 other places" in said and "has findings 1 to 7, not 9. Next: report" in said
    assert (
        "Accept into the schema of" in said
        and "validated again" in said
        and "2. distrokid/" in said
        and "because announced" in said
    )
    assert (
        "taken back: /days/*/tempo" in said and "It is accepted drift: drift revoke takes it back." in said and not lake.accepted
    )
    assert "no acceptance a7 stands. Next: drift list" in said


def test_drift_is_not_accepted_unasked():
    """A person is told what follows and says yes, or a reason; an empty line leaves."""
    lake = FakeLake(64)
    name = next(row_of(n).id for n in range(64) if row_of(n).status == "failed")
    lake.drifts[name] = DRIFT
    talk = Conversation(lake, attended=True)
    assert "Left; nothing was changed." in talk(f"report {name}", "drift accept 2", "") and not lake.accepted
    talk(f"report {name}", "drift accept 2", "in their changelog")
    assert [a.reason for a in lake.accepted] == ["in their changelog"]


def test_rows_of_an_answer_are_files_to_act_on():
    """Pages from the answer as it comes; a row whole; marks, decisions, details and Files by row numbers; a row without an id says so."""
    lake = FakeLake(64)
    passed = [r.id for r in lake.passed()]
    number = next(n for n in range(64) if row_of(n).id == passed[0]) + 1
    talk = Conversation(lake)
    said = talk("sql select id rows=64", "more", "last", "first", f"promote {number}", f"mark {number} 2-3", "marks", "sql select id", "unmark 2", "files 1-2", "sql select noid", "1", "show 1")  # fmt: skip
    assert "Rows: 21 to 40" in said and "Rows: 61 to 64 of 64" in said and lake.decisions == [("promote", passed[0], "")]
    assert "3 marked." in said and "2 marked." in said and "Files, newest, id:" in said
    assert "name, varchar: " in said and "this row has no file id. Next: select id, or file_id" in said


def test_a_query_is_kept_declared_a_check_and_run():
    """Saved under a name, replaced only when told so, asked as a check at once, listed, run by number and name, forgotten."""
    lake = FakeLake(8)
    said = Conversation(lake)(
        "save x", "sql select id", "save", "save mine", "sql select feed, id", "save mine", "save mine --replace", "sql select id", "declare nonsense",
        "declare error distrokid", "save bad", "check", "check run nothing", "queries mine", "1", "sql --saved bad", "sql --saved gone", "declare none", "save",
        "check", "queries forget bad", "queries forget newest", "queries bad check", "sql --nonsense",
    )  # fmt: skip
    assert "there is no query yet. Next: sql QUERY" in said and "under which name? Next: save [NAME] [--replace]" in said
    assert "there is a saved query mine. Next: save mine --replace" in said and lake.kept == {"mine": "select feed, id"}
    assert "The query is a check now, error: its rows are violations. Next: save NAME" in said
    assert "saved check bad: 300 rows break it; it stands as an alert. Next: bedrot check run bad" in said
    assert "failed, error: bad (distrokid), 300 rows break it. Next: sql --saved bad" in said and "1 of 1 checks fail." in said
    assert "1. saved: mine: select feed, id" in said and "the check fails: 8 rows break it, distrokid." in said
    assert (
        "No query is saved as a check. Next: " in said and "bad is no longer saved." in said and "no saved query: newest" in said
    )
    assert "no query holds these words" in said and "sql has no --nonsense here. Next: " in said


def test_an_answer_is_exported_whole_and_replaces_nothing_unasked(tmp_path):
    """A name that says no format, a file that is there, a person who is asked."""
    lake, path = FakeLake(8), tmp_path / "rows.csv"
    said = Conversation(lake)(
        "export x.csv", "sql select id", f"export {tmp_path}/x", f"export {path}", f"export {path}", f"export {path} --replace"
    )
    assert "there is no answer yet. Next: sql QUERY" in said and "the name does not say the format" in said
    assert said.count("8 rows (") == 2 and f"Next: export {path} --replace" in said and path.read_text().count("\n") == 9
    path.write_text("kept")
    Conversation(lake, attended=True)("sql select id", f"export {path}", "no")
    assert path.read_text() == "kept"


def test_a_query_that_is_wrong_or_stopped_says_where_and_what_next(monkeypatch):
    """The place in the text; ctrl+c keeps the rows that came."""
    lake = FakeLake(300)
    assert "At line 1, character 8: nope" in (said := Conversation(lake)("sql select nope")) and "Next: perhaps id" in said
    lake.sql_stopped.set()
    assert "Not all rows are here: stopped. Next: export FILE" in Conversation(lake)("sql select slow rows=30", "more")


def test_a_question_that_takes_its_time_says_how_far_it_is(monkeypatch):
    """Rows so far, until it ends."""
    lake = FakeLake(8)
    monkeypatch.setattr("bedrot_console.tui.linear.sql.WAIT_SECONDS", 0)
    talk = Conversation(lake)
    monkeypatch.setattr(
        Speech,
        "say",
        lambda self, *lines, **more: (said.extend(lines), lake.sql_stopped.set() if "Still" in "".join(lines) else None),
    )
    said: list[str] = []
    talk("sql select slow rows=2")
    assert any(line.startswith("Still asking: ") and line.endswith("; ctrl+c stops.") for line in said)


def test_parts_of_a_payload_are_said_by_their_place():
    """A finding's place, a text that is found, a form; what is wrong with the words is said."""
    lake = FakeLake(64)
    name = next(row_of(n).id for n in range(64) if row_of(n).status == "failed")
    said = Conversation(lake)(f"show {name} --finding 1", f"show {name} --at /days/3/country", "show --find zzz", f"show {name} --preview --lines 2", "show --finding 9", "show --rows x", "show --lines 0", "show --member a>b")  # fmt: skip
    assert said.count("here: country, string: ") == 2 and "  3, object of 3" in said and "'zzz' is not in it" in said
    assert "There is more: --lines 200" in said and "the report has 1 findings, no 9. Next: report" in said
    assert "not rows: x. Next: --rows 120" in said and "not a number of lines: 0" in said and "member a b" in lake.calls
    assert "Other forms: --preview" in said


def test_a_diff_is_said_whole_when_it_is_asked_whole():
    """What did not change comes with --all, which no shell is asked for."""
    talk = Conversation(FakeLake(64))
    said = talk("files", "diff 1", "diff 1 --all")
    assert said.count("same 2026-02-27, GB: streams 99") == 1 and not talk.shelled


def test_a_sign_is_left_out_where_words_stand_and_nowhere_else():
    """At the head of a line, after its time, before a word; never a mark of a sentence or of a payload."""
    assert flat([[("08:00:00 ✗ what? yes - no", "plain")], [("── x ", "dim"), ("─", "dim")]]) == ["08:00:00 what? yes - no", "x"]
    assert spoken([[("  last run    ", "dim"), ("3 d ago, ✓ done → extract x", "plain")], [("late  x · y", "plain")]]) == [
        "last run: 3 d ago, done next: extract x",
        "late, x, y",
    ]
    assert (
        log_text("08:00:00 overview 1 of 6 ▮▯▯▯▯▯▯▯") == "08:00:00 overview 1 of 6"
        and log_text("08:00:00   login saved") == "08:00:00 login saved"
    )


def test_every_error_ends_in_a_next_step_and_the_end_of_input_says_so():
    """An error of the lake without a hint leads to the help of its command, an unknown row to the list."""
    lake = FakeLake(8)
    said = Conversation(lake, attended=True)(
        "show 77", "sessions nobody", "why", "mark 3", "log", "order x", "help zzz", "bedrot", "bedrot quit"
    )
    wrong = [line for line in said.splitlines() if "Not done: " in line]
    assert len(wrong) == 5 and all(" Next: " in line for line in wrong) and "Left; runs go on." in said
    assert Conversation(lake, attended=True)("files").endswith("\nThe input has ended; runs go on.\n")
    lake = FakeLake(64)
    talk = Conversation(lake)
    assert (
        "no row 7: there is no list yet. Next: files" in (said := talk("7", "files", "70"))
        and "no row 70: " in said
        and not talk.shelled
    )
    ended = talk("review", "quarantine 1")
    assert ended.endswith("The input ended at this question; it counts as no.\n") and not lake.decisions


def test_long_lines_end_at_the_ends_of_words_and_no_rest_begins_like_a_row():
    """At a terminal; a word that is too long stays whole, and what begins with spaces keeps them."""
    said = _wrapped("1. passed, " + "word " * 20 + "12. more " + "x" * 50, 40).split("\n")
    assert all(len(line) < 40 or line.strip() == "x" * 50 for line in said) and all(line.startswith("  ") for line in said[1:])
    assert (
        _wrapped("  here: " + "a " * 30, 40).startswith("  here: a")
        and _wrapped("short", 40) == "short"
        and _wrapped("a " * 90, 0) == "a " * 90
    )


@pytest.mark.parametrize("text", HOSTILE[:6])
def test_nothing_that_a_terminal_obeys_goes_out_of_these_places(text):
    """Accounts, feeds, alerts, causes, events, queries and findings that hold it come out as pictures of it."""
    lake = FakeLake(4, names=[f"distrokid/streams/{text}"] * 4)
    lake.spoil([text])
    lake.drifts[row_of(3).id] = (dataclasses.replace(DRIFT[0], seen=text, message=text, place=Place(pointer=f"/{text}")),)
    lake.kept, lake.was_asked = {"x": text}, [text]
    said = Conversation(lake)("sessions", "1", "health", "1", "health --history", "audit", "1", "audit verify", "audit state", "queries", "sql select noid", "1", "review", f"report {row_of(3).id}", "show 1 --find a", "sessions " + text.replace("\n", " "))  # fmt: skip
    assert all(c == "\n" or c.isprintable() for c in said) and "\x1b" not in said and "\u202e" not in said
