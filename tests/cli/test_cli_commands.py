"""Commands on a real lake: records, exit codes, what is said where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_house import SIGN_IN, Bedrot

from bedrot_console.cli.contents import HELP
from bedrot_console.operations import status as status_verb

Land = Callable[..., str]


def test_files_prints_the_published_record(bedrot: Bedrot, landed: Land) -> None:
    """`files --json` prints one object a file with the published fields, in their order."""
    name = landed()
    record = bedrot("files", "--json").records[0]
    assert list(record) == [
        "id", "platform", "feed", "account", "zone", "status", "verdict", "path", "size_bytes", "sha256", "captured_at", "landed_at",
        "as_of", "run_id", "series",
    ]  # fmt: skip
    assert (record["id"], record["zone"], record["status"], record["verdict"]) == (name, "landing", "pending", None)


def test_each_option_of_files_is_a_word_of_the_console_and_the_other_way_round(bedrot: Bedrot) -> None:
    """What restricts or orders files has one name, as an option and before a colon; only the output's length is an option alone."""
    from bedrot_console.cli.commands.files import files
    from bedrot_console.domain.filterwords import WORDS

    own = {o for p in files.params for o in p.opts if o.startswith("--")} - {
        "--json",
        "--quiet",
        "--no-color",
        "--home",
        "--help",
    }
    assert own - {"--limit"} == {f"--{word}" for word in WORDS}


def test_files_are_counted_by_a_word_and_decided_by_a_filter(bedrot: Bedrot, landed: Land) -> None:
    """`--group` counts what the filter has; `--matching` says on stderr what it takes, what it leaves and why, and moves just those."""
    good, bad = landed(), landed("page.csv", SIGN_IN)
    bedrot("validate", "--pending")
    assert {r["status"]: r["files"] for r in bedrot("files", "--group", "status", "--json").records} == {"passed": 1, "failed": 1}
    assert bedrot("files", "group:zone", "status:failed", "--json").records[0]["files"] == 1
    said = bedrot("promote", "--matching", "zone:landing", "--dry-run", "--json")
    assert [(r["id"], r["outcome"]) for r in said.records] == [(good, "skipped")]
    assert "promote 1 file to raw" in said.err and "not 1: its validation failed" in said.err
    assert [r["id"] for r in bedrot("promote", "--matching", "zone:landing", "--json").records] == [good]
    said = bedrot("quarantine", "--matching", "status:failed", "--reason", "x", "--json")
    assert [(r["id"], r["outcome"]) for r in said.records] == [(bad, "done")]
    assert bedrot("withdraw", "x", "--matching", "zone:raw", "--reason", "x").code == 2


def test_an_empty_variable_in_a_filter_decides_on_nothing(bedrot: Bedrot, landed: Land) -> None:
    """`--matching "run:$RUN"` without a RUN ends with 2 and a next step, for every verb; no file moves."""
    name = landed()
    for words in ("run:", "id:,", 'account:""', "group:feed", "order:oldest", "zone:landing run:", ""):
        for verb in ("promote", "quarantine", "release", "withdraw") if words == "run:" else ("quarantine",):
            said = bedrot(verb, "--matching", words, "--reason", "bad")
            assert said.code == 2 and "next: " in said.err.lower(), (verb, words, said.err)
    assert [(r["id"], r["zone"]) for r in bedrot("files", "--json").records] == [(name, "landing")]


@pytest.mark.parametrize("chosen", [("--matching", "status:passed"), ("--passed",)])
def test_what_is_judged_anew_between_choosing_and_promoting_stays(bedrot: Bedrot, landed: Land, monkeypatch, chosen) -> None:
    """Somebody validates the file after `promote` chose it: the report it was chosen by no longer holds."""
    from bedrot_console.operations import decide, plan
    from bedrot_console.operations.validate import validate

    name = landed()
    bedrot("validate", "--pending")
    where, what = (plan, "plan") if "--matching" in chosen else (decide, "passed")
    choose = getattr(where, what)

    def then_judged_anew(ws, *rest):
        made = choose(ws, *rest)
        list(validate(ws, [name]))
        return made

    monkeypatch.setattr(where, what, then_judged_anew)
    said = bedrot("promote", *chosen, "--json")
    assert [(r["id"], r["outcome"], r["reason"]) for r in said.records] == [(name, "failed", "judged anew since you looked")]
    assert said.code == 7 and bedrot("files", "zone:landing", "--json").records[0]["id"] == name
    monkeypatch.undo()
    assert [r["outcome"] for r in bedrot("promote", *chosen, "--json").records] == ["done"]


def test_common_options_work_before_and_after_the_command(bedrot: Bedrot, landed: Land) -> None:
    """`--json` means the same wherever it stands."""
    landed()
    assert bedrot("--json", "files") == bedrot("files", "--json")
    assert bedrot("--quiet", "verify").err == bedrot("verify", "-q").err == ""


def test_validate_prints_verdict_stages_and_findings(bedrot: Bedrot, landed: Land) -> None:
    """A good file ends with 0; a sign-in page saved as data fails its checks and ends with 1; the batch goes on."""
    good, bad = landed(), landed("page.csv", SIGN_IN)
    said = bedrot("validate", "--pending", "--json")
    assert said.code == 1
    verdicts = {r["id"]: r for r in said.records}
    assert verdicts[good]["verdict"] == "passed" and verdicts[bad]["verdict"] == "failed"
    assert set(verdicts[bad]) >= {"id", "verdict", "stages", "findings"}
    assert verdicts[bad]["findings"][0]["code"].startswith("format.")
    assert bedrot("validate", good).code == 0


def test_a_batch_does_what_it_can_and_says_what_it_could_not(bedrot: Bedrot, landed: Land) -> None:
    """One bad file stops nothing: the good one is promoted, the other's record says why not, and the exit code is 1."""
    good, bad = landed(), landed("page.csv", SIGN_IN)
    bedrot("validate", "--all")
    said = bedrot("promote", good, bad, "zzzzzzz", "--json")
    assert said.code == 1
    assert [(r["id"], r["verb"], r["outcome"]) for r in said.records if r["id"] == good] == [(good, "promote", "done")]
    assert {r["outcome"] for r in said.records if r["id"] != good} == {"failed"}
    assert all(r["reason"] for r in said.records if r["outcome"] == "failed")
    assert bedrot("files", "--zone", "raw", "--json").records[0]["id"] == good


def test_a_step_that_is_not_allowed_ends_with_seven(bedrot: Bedrot, landed: Land) -> None:
    """Promoting what was not validated, or releasing what is not in quarantine, changes nothing and ends with 7."""
    name = landed()
    assert bedrot("promote", name).code == 7
    assert bedrot("release", name, "--reason", "x").code == 7
    assert bedrot("files", "--json").records[0]["zone"] == "landing"


def test_decisions_want_a_reason_and_can_be_undone(bedrot: Bedrot, landed: Land) -> None:
    """Quarantine without a reason is a usage error; with one it moves the file, and undo brings it back."""
    name = landed()
    assert bedrot("quarantine", name).code == 2
    assert bedrot("quarantine", name, "--reason", "empty chart").code == 0
    assert bedrot("files", "--json").records[0]["status"] == "quarantined"
    assert bedrot("undo", "--json").records[0]["outcome"] == "done"
    assert bedrot("files", "--json").records[0]["zone"] == "landing"


def test_dry_run_changes_nothing(bedrot: Bedrot, landed: Land) -> None:
    """`--dry-run` says what would happen, as skipped, and leaves the file where it is."""
    name = landed()
    bedrot("validate", name)
    said = bedrot("promote", "--passed", "--dry-run", "--json")
    assert (said.code, said.records[0]["outcome"]) == (0, "skipped")
    assert bedrot("files", "--json").records[0]["zone"] == "landing"


def test_cat_gives_the_bytes(bedrot: Bedrot, landed: Land, home: Path) -> None:
    """`cat` writes the payload byte for byte."""
    import subprocess
    import sys

    name = landed("odd.csv", "a,b\r\n\x1b[31m\u202e,\x00\n")
    done = subprocess.run([sys.executable, "-m", "bedrot_console", "--home", home, "cat", name], capture_output=True, check=True)
    assert done.stdout == "a,b\r\n\x1b[31m\u202e,\x00\n".encode()


def test_hostile_text_never_reaches_the_terminal(bedrot: Bedrot, landed: Land, statement: Callable[..., Path]) -> None:
    """Names and payloads with escape sequences, bidi marks and newlines are shown as harmless text everywhere."""
    nasty = "a\x1b]0;owned\x07\u202e\u200b\x9bnb.csv"
    text = "Statement Period,Payee\n2026-01,\x1b[2J\u202eevil\x07\n"
    name = landed(nasty, text)
    outputs = [
        bedrot("land", statement(nasty + "x", text)), bedrot("validate", name), bedrot("show", name), bedrot("files"),
        bedrot("diff", name), bedrot("audit", "show"), bedrot(nasty), bedrot("files", nasty), bedrot("show", nasty),
        bedrot("sql", "select chr(27) || '[2J' || chr(8238) as x"), bedrot("sql", "--json", "select chr(27) || chr(127) as x"),
        bedrot("sql", f"select '{nasty}"), bedrot("promote", nasty), bedrot("platforms", nasty), bedrot("files", f"zone:{nasty}"),
    ]  # fmt: skip
    for said in outputs:
        assert not {
            c for c in said.out + said.err if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or ord(c) in (0x202E, 0x200B)
        }, said


@pytest.mark.parametrize(
    "arguments",
    [
        ["fles"], ["--fles"], ["files", "--zone", "nowhere"], ["files", "--since", "yesterday"], ["files", "zone:x"], ["show"],
        ["show", "zzzzzzz"], ["promote"], ["promote", "x", "--passed"], ["validate"], ["validate", "a", "--all"], ["land"],
        ["land", "/nonexistent"], ["diff", "abc"], ["verify", "--budget", "soon"], ["sql", "drop table files"], ["sql", "select"],
        ["sql", "select 1; select 2"], ["audit"], ["audit", "show", "--kind", "nothing"], ["secrets", "set", "nowhere", "x"],
        ["secrets", "remove", "metaads", "access_token"], ["attach", "zzzzzz"], ["cancel", "zzzzzz"], ["extract"],
        ["extract", "nowhere", "--unattended"], ["extract", "metaads", "--due"], ["extract", "--due", "--account", "second"], ["extract", "--due", "--all"],
        ["extract", "--all", "--account", "second"], ["cancel"], ["cancel", "zzzzzz", "--all"], ["undo", "zzzzzz"],
        ["simulate", "nowhere"], ["demo", "metaads"],
        ["test"], ["cat", "/etc/passwd"], ["cat", "landing/../../etc/passwd"], ["--home"], ["console"],
    ],
)  # fmt: skip
def test_nonsense_is_a_usage_error_with_a_next_step(
    bedrot: Bedrot, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong words end with 2, nothing on stdout but outcomes, one sentence and what to do next on stderr, and no traceback."""
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO("value\n"))
    said = bedrot(*arguments)
    assert said.code == 2, said
    assert "Traceback" not in said.err and "internal error" not in said.err
    assert said.err.strip() or said.out.strip()


def test_answering_what_is_not_asked_is_said_so(bedrot: Bedrot) -> None:
    """An answer to a challenge that is over ends with 3 and is kept nowhere."""
    said = bedrot("answer", "1m84n0cz27r3tsk084xb", "123456")
    assert said.code == 3
    assert "123456" not in said.out + said.err


@pytest.mark.parametrize(
    "name", [n for n in HELP if n in ("status", "platforms", "runs", "challenges", "secrets", "sessions", "files")]
)
def test_lists_work_on_an_empty_home(bedrot: Bedrot, name: str) -> None:
    """Every list works before anything has landed, as text and as JSON."""
    assert bedrot(name).code == 0
    said = bedrot(name, "--json")
    assert said.code == 0
    assert all(isinstance(r, dict) for r in said.records)


def test_status_has_the_published_fields(bedrot: Bedrot, landed: Land) -> None:
    """`status --json` is one object with health, zones, pending, needs_operator, freshness, alerts."""
    landed()
    (record,) = bedrot("status", "--json").records
    assert {"health", "zones", "pending", "needs_operator", "freshness", "alerts"} <= set(record)
    assert record["pending"] == 1
    assert bedrot("status", "--json").records == bedrot("--json", "status").records


def test_sql_answers_in_three_formats(bedrot: Bedrot, landed: Land) -> None:
    """Tables for people, JSON lines and CSV for machines; a text that a spreadsheet would run is defused."""
    landed()
    assert bedrot("sql", "--json", "select count(*) as files from files").records == [{"files": 1}]
    assert bedrot("sql", "--format", "csv", "select '=1+1' as f, -3 as g, 'a,b' as h").out == 'f,g,h\n\'=1+1,-3,"a,b"\n'
    assert bedrot("sql", "select 7 as seven").out.split() == ["seven", "7"]
    assert "files" in {r["view"] for r in bedrot("sql", "--schema", "--json").records}


def test_verify_recover_rebuild_and_audit_agree_on_a_good_lake(bedrot: Bedrot, landed: Land) -> None:
    """On an undamaged lake everything that looks for damage ends with 0."""
    name = landed()
    assert bedrot("verify", "--json").records[0]["problem"] is None
    assert bedrot("verify", name).code == bedrot("recover").code == bedrot("rebuild", "--verify").code == 0
    assert bedrot("audit", "verify", "--json").records[0]["ok"] is True
    assert bedrot("audit", "show", "--json").records[0]["kind"] == "landed"


def test_damage_ends_with_five(bedrot: Bedrot, landed: Land, home: Path) -> None:
    """A payload whose bytes changed is named by verify, which ends with 5."""
    landed()
    path = home / "landing" / bedrot("files", "--json").records[0]["path"]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"61.93", b"91.93"))
    said = bedrot("verify")
    assert said.code == 5
    assert "hash-differs" in said.out


def test_ids_come_from_stdin_too(bedrot: Bedrot, landed: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads one id a line, so that commands can be piped."""
    import io
    import sys

    names = [landed(), landed("b.csv", units=7)]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(names) + "\n"))
    assert [r["outcome"] for r in bedrot("quarantine", "-", "--reason", "x", "--json").records] == ["done", "done"]


def test_a_fault_of_ours_leaves_no_value_behind(
    bedrot: Bedrot, landed: Land, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An internal error ends with 70 and a crash file that holds places only: no exception text, no local value."""

    def fault(ws: object) -> dict[str, object]:
        canary = "".join(["hun", "ter2"])
        raise RuntimeError("password was " + canary)

    landed()
    monkeypatch.setattr(status_verb, "status", fault)
    said = bedrot("status")
    assert said.code == 70
    (crash,) = (home / ".bedrot" / "crash").iterdir()
    assert str(crash) in said.err and crash.stat().st_mode & 0o077 == 0
    assert "hunter2" not in said.err + said.out + crash.read_text()
    assert "RuntimeError" in crash.read_text()
