"""JSON Schema: two validators, one verdict; the sentences are ours; unknown fields are drift."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inspection_feeds import CHART, NOW, PLAYS, chart, codes

from bedrot_console.domain.drift import Acceptance, generalised
from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection import schema

ROW: dict[str, Any] = {
    "type": "object",
    "required": ["day", "plays", "id"],
    "additionalProperties": False,
    "properties": {
        "day": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"},
        "plays": {"type": ["integer", "null"], "minimum": 0, "maximum": 1000},
        "id": {"type": "string", "minLength": 2, "maxLength": 6},
        "kind": {"enum": ["song", "album"]},
        "source": {"const": "x"},
        "tags": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True, "items": {"type": "string"}},
        "price": {"anyOf": [{"type": "null"}, {"type": "number", "exclusiveMinimum": 0}]},
        "nested": {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}},
    },
}
WHOLE = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "minItems": 1, "items": ROW}
GOOD = {
    "day": "2026-03-01",
    "plays": 5,
    "id": "abc",
    "kind": "song",
    "source": "x",
    "tags": ["a"],
    "price": 1.5,
    "nested": {"a": True},
}
ODD: list[Any] = [None, "", "x", "2026-13-45", -1, 10**30, 1.5, True, [], ["a", "a"], ["a", 1, "c"], {}, {"a": 1}, "album"]


def mutants(seed: int, count: int) -> list[Any]:
    """Documents of good rows with one to three fields changed, dropped or added."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        rows = [copy.deepcopy(GOOD) for _ in range(3)]
        for _ in range(rng.randint(0, 3)):
            target = rng.choice(rows)
            field = rng.choice([*GOOD, "extra", "other"])
            if rng.random() < 0.3:
                target.pop(field, None)
            else:
                target[field] = copy.deepcopy(rng.choice(ODD))
        found.append(rows)
    return found


def test_both_validators_name_the_same_places_and_rules() -> None:
    """On 600 changed documents the fast validator and the reference name the same paths and keywords."""
    for document in mutants(7, 600):
        fast = sorted((repr(path), keyword) for path, keyword, _, _ in schema.violations(WHOLE, document))
        reference = sorted((repr(path), keyword) for path, keyword in schema.reference_violations(WHOLE, document))
        assert fast == reference


def test_a_row_schema_is_asked_of_every_row() -> None:
    """`per_row` is the same as a list schema around it."""
    for document in mutants(8, 200):
        rows = sorted((repr(p), k) for p, k, _, _ in schema.violations(ROW, document, per_row=True))
        assert rows == sorted((repr(p), k) for p, k in schema.reference_violations(WHOLE, document))


def test_every_violation_has_a_place_and_a_sentence_of_ours() -> None:
    """Each error has code, JSON pointer, expectation and a sentence that quotes no value."""
    rows = [
        {**GOOD, "day": "s3cretvalue", "plays": -1, "kind": "film", "tags": [], "price": 0},
        {"day": 7, "plays": "x", "nested": {}},
    ]
    found = {(f.code, str(f.place)): f for f in schema.findings(WHOLE, rows)}
    assert {
        ("schema.pattern", "/0/day"), ("schema.minimum", "/0/plays"), ("schema.enum", "/0/kind"), ("schema.min-items", "/0/tags"),
        ("schema.any-of", "/0/price"), ("schema.type", "/1/day"), ("schema.type", "/1/plays"), ("schema.required", "/1/id"),
        ("schema.required", "/1/nested/a"),
    } == set(found)  # fmt: skip
    assert found["schema.type", "/1/plays"].message == "plays is a string, not an integer or null"
    assert found["schema.required", "/1/id"].message == "id is missing"
    for finding in found.values():
        assert "s3cretvalue" not in json.dumps(finding.to_record())


def test_unknown_fields_are_drift_notes_once_per_field() -> None:
    """A field nobody knows is a note, once, with its count; the verdict stays."""
    found = schema.findings(WHOLE, [{**GOOD, "new": 1}, {**GOOD, "new": 2, "a/b": 1}])
    assert [(f.code, f.severity, str(f.place), f.count) for f in found] == [
        ("schema.drift", Severity.NOTE, "/0/new", 2),
        ("schema.drift", Severity.NOTE, "/1/a~1b", 1),
    ]


def test_many_violations_are_named_up_to_a_limit_and_all_counted() -> None:
    """A thousand bad rows make a hundred named findings that stand for a thousand."""
    found = schema.findings(WHOLE, [{**GOOD, "plays": -1}] * 1000)
    assert len(found) == schema.NAMED_PER_CODE
    assert sum(f.count for f in found) == 1000


def test_two_missing_fields_are_counted_apart_and_one_accepted_excuses_only_itself(
    ask: Callable[..., Report], tmp_path: Path
) -> None:
    """A hundred rows lack `a`, fifty more lack `b`: with `a` accepted the file still fails, and names `b` in all fifty."""
    path = tmp_path / "two.schema.json"
    path.write_text(json.dumps({"type": "array", "items": {"required": ["a", "b"]}}))
    rows = [{"day": "2026-03-01", "b": 1}] * schema.NAMED_PER_CODE + [{"day": "2026-03-01", "a": 1}] * 50
    found = schema.findings(path, rows)
    assert Counter(generalised(f.place) for f in found) == {"/*/a": 100, "/*/b": 50} and {f.count for f in found} == {1}
    accepted = Acceptance(
        id="a0", feed=PLAYS.name, code="schema.required", place="/*/a", seen=None, version="1.1", at=NOW, actor="uid:1", file_id="f", report_id="r"
    )  # fmt: skip
    report = ask(dataclasses.replace(PLAYS, schema=path), json.dumps(rows).encode(), accepted=[accepted])
    missing = [f for f in report.findings if f.code == "schema.required"]
    assert report.verdict is Verdict.FAILED and {f.message for f in missing} == {"b is missing"} and len(missing) == 50


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    path = tmp_path / "plays.schema.json"
    path.write_text(json.dumps({**ROW, "required": ["day", "plays"]}))
    return path


def test_the_schema_stage_judges_documents_and_extracted_rows(
    ask: Callable[..., Report], schema_file: Path, tmp_path: Path
) -> None:
    """JSON documents are judged whole, HTML feeds row by row."""
    page = dataclasses.replace(CHART, schema=schema_file)
    assert ask(page, chart('{"category": "2026-03-01", "column-1": "5"}')).verdict is Verdict.PASSED
    report = ask(page, chart('{"category": "2026-03-01", "column-1": "5"},{"category": "2026-03-02", "column-1": "5000"}'))
    assert codes(report) == {"schema.maximum"} and str(report.findings[0].place) == "/1/plays"
    whole = tmp_path / "whole.schema.json"
    whole.write_text(json.dumps({**WHOLE, "items": {**ROW, "required": ["day"]}}))
    report = ask(dataclasses.replace(PLAYS, schema=whole), b'[{"day": "2026-03-01", "plays": 1.5, "new": 1}]')
    assert codes(report) == {"schema.type", "schema.drift"}
