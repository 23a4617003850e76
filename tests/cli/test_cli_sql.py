"""sql and check at the command line: kept queries, files of answers, and what a check's exit code says."""

from __future__ import annotations

from pathlib import Path

from cli_house import SIGN_IN, Bedrot


def test_a_saved_query_runs_by_name_and_becomes_a_check(bedrot: Bedrot, landed, tmp_path: Path) -> None:
    """Save, list, run, declare, check: 1 while it finds something, 0 when it does not; `status` shows it meanwhile."""
    landed()
    assert bedrot("sql", "--save", "all", "select id from files").code == 0
    assert bedrot("sql", "--save", "all", "select 1").code == 2
    assert [r["name"] for r in bedrot("sql", "--list", "--json").records][0] == "all"
    assert len(bedrot("sql", "--saved", "all", "--json").records) == 1
    assert bedrot("check", "run").code == 0
    assert bedrot("sql", "--save", "all", "--check", "error", "--scope", "manual").code == 0
    said = bedrot("check", "run", "all", "--json")
    assert said.code == 1 and said.records[0]["outcome"] == "failed" and said.records[0]["rows"] == 1
    assert "check-failed" in {a["code"] for a in bedrot("status", "--json").records[0]["alerts"]}
    assert [r["scope"] for r in bedrot("check", "list", "--json").records] == ["manual"]
    assert bedrot("sql", "--remove", "all").code == 0 and bedrot("check", "run", "all").code == 2
    assert bedrot("status", "--json").records[0]["alerts"] == []


def test_an_answer_goes_to_a_file_once(bedrot: Bedrot, landed, tmp_path: Path) -> None:
    """--out writes all rows in the format of the name, and replaces only with --force; the lake's folders are refused."""
    landed()
    out = tmp_path / "files.csv"
    assert bedrot("sql", "select feed, '=1' as x from files", "--out", out, "--json").records[0]["rows"] == 1
    assert out.read_text() == "feed,x\nmanual/financial_data,'=1\n"
    assert bedrot("sql", "select 1", "--out", out).code == 2
    assert bedrot("sql", "select 1", "--out", out, "--force").code == 0 and out.read_text() == "1\n1\n"
    assert bedrot("sql", "select 1", "--out", tmp_path / "home" / "landing" / "x.csv").code == 2
    assert bedrot("sql", "select 1", "--out", tmp_path / "x.txt").code == 2


def test_a_mistake_is_shown_where_it_is(bedrot: Bedrot, landed) -> None:
    """The line, a caret under the place, the engine's sentence, and what was perhaps meant."""
    landed()
    said = bedrot("sql", "select id,\n  fed from files")
    lines = said.err.splitlines()
    assert said.code == 2 and lines[0] == "line 2:   fed from files" and lines[1].index("^") == lines[0].index("fed")
    assert lines[-1].startswith("next: perhaps feed")


def test_payloads_are_asked_as_tables(bedrot: Bedrot, landed, statement) -> None:
    """Rows with the file they are of; --schema lists the macros; a file that cannot be read is named on stderr, and the exit code is 1."""
    landed()
    text = "select * from landing('manual/financial_data')"
    said = bedrot("sql", text, "--json")
    (row,) = said.records
    assert said.code == 0 and row["Store"] == "Spotify" and row["account"] == "default" and "sensitive feed" in said.err
    assert bedrot("show", row["file_id"], "--json").code == 0
    macros = {r["view"].partition("(")[0] for r in bedrot("sql", "--schema", "--json").records if r["column"] == "file_id"}
    assert {"landing", "raw", "quarantine"} <= macros
    bedrot("land", statement("page.csv", SIGN_IN), "--feed", "manual/financial_data")
    said = bedrot("sql", text)
    assert said.code == 1 and "Night Ferry" in said.out and "left out landing/manual_uploads" in said.err
    assert "this is a sign-in page" in said.err
