"""JSON Schema: `jsonschema-rs` for the bulk, `jsonschema` as the reference; the sentences are ours. Unknown fields are drift, not errors.

A schema that wants drift noticed says `"additionalProperties": false`; such violations become notes `schema.drift`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from bedrot_console.domain.drift import generalised
from bedrot_console.domain.findings import Finding, Place, Severity

from .texts import masked, type_name

NAMED_PER_CODE = 100
"""So many findings name their own place per code and place (in any row); the rest are counted in one more."""


BY_SEEN = ("schema.drift", "schema.type", "schema.required")
"""Codes that count what was seen apart: drift is accepted by it, so that for them a group is a `Shape`."""
Group = tuple[str, str, str | None]


@lru_cache(maxsize=64)
def _loaded(path: Path, stamp: int) -> Any:
    return json.loads(path.read_bytes())


def load(path: Path) -> Any:
    """A schema file, parsed once."""
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _fast(text: str, per_row: bool) -> Any:
    import jsonschema_rs

    schema = json.loads(text)
    return jsonschema_rs.validator_for({"type": "array", "items": schema, **_definitions(schema)} if per_row else schema)


def _definitions(schema: Any) -> dict[str, Any]:
    return {k: schema[k] for k in ("$defs", "definitions", "$schema") if isinstance(schema, dict) and k in schema}


@lru_cache(maxsize=64)
def _text(path: Path, stamp: int) -> str:
    return json.dumps(load(path))


def violations(schema: Any, document: Any, *, per_row: bool = False) -> Iterator[tuple[tuple[Any, ...], str, Any, Any]]:
    """(instance path, keyword, keyword's detail, instance) of every violation, by the fast validator.

    Args:
        schema: a parsed schema, or the Path of one.
        per_row: `document` is a list and the schema describes one row.
    """
    text = _text(schema, schema.stat().st_mtime_ns) if isinstance(schema, Path) else json.dumps(schema)
    for fault in _fast(text, per_row).iter_errors(document):
        yield tuple(fault.instance_path), fault.kind.name, fault.kind, fault.instance


def reference_violations(schema: Any, document: Any, *, per_row: bool = False) -> Iterator[tuple[tuple[Any, ...], str]]:
    """(instance path, keyword) of every violation, by `jsonschema`. For the test that holds both to the same verdicts."""
    import jsonschema

    loaded = load(schema) if isinstance(schema, Path) else schema
    whole = {"type": "array", "items": loaded, **_definitions(loaded)} if per_row else loaded
    cls = jsonschema.validators.validator_for(whole, default=jsonschema.Draft202012Validator)
    for fault in cls(whole).iter_errors(document):
        yield tuple(fault.absolute_path), str(fault.validator)


def pointer(path: Sequence[Any], base: str = "") -> str:
    """A JSON pointer (RFC 6901)."""
    return base + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def findings(schema: Any, document: Any, *, per_row: bool = False, base: str = "") -> list[Finding]:
    """Every violation as a finding with its own sentence; beyond NAMED_PER_CODE of one kind in one place the rest are counted."""
    found: list[Finding] = []
    counts: dict[Group, int] = {}
    spots: dict[Group, int] = {}
    for path, keyword, detail, instance in violations(schema, document, per_row=per_row):
        for one in _sentences(path, keyword, detail, instance, base):
            group = (one.code, generalised(one.place), one.seen if one.code in BY_SEEN else None)
            counts[group] = counts.get(group, 0) + 1
            if one.code == "schema.drift" and counts[group] > 1:
                continue
            if counts[group] <= NAMED_PER_CODE:
                spots[group] = len(found)
                found.append(one)
    for group, count in counts.items():
        spot = spots[group]
        kept = 1 if group[0] == "schema.drift" else min(count, NAMED_PER_CODE)
        if count > kept:
            last = found[spot]
            values = {name: getattr(last, name) for name in ("code", "severity", "stage", "place", "expected", "seen")}
            message = last.message if group[0] == "schema.drift" else f"{last.message}; and so in {count - kept} more places"
            found[spot] = Finding(**values, message=message, count=count - kept + 1)
    return found


def _sentences(path: tuple[Any, ...], keyword: str, detail: Any, instance: Any, base: str) -> Iterable[Finding]:
    place = Place(pointer=pointer(path, base))
    name = str(path[-1]) if path and not isinstance(path[-1], int) else "this value"
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        for extra in detail.unexpected:
            yield Finding(
                code="schema.drift", severity=Severity.NOTE, stage="schema", message=f"a field that the schema does not know: {extra[:60]}",
                place=Place(pointer=pointer((*path, extra), base)), seen=str(extra)[:60],
            )  # fmt: skip
        return
    expected = seen = None
    if keyword == "required":
        message = f"{detail.property} is missing"
        place = Place(pointer=pointer((*path, detail.property), base))
    elif keyword == "type":
        expected, seen = " or ".join(sorted(detail.types, key=lambda t: (t == "null", t))), type_name(instance)
        message = f"{name} is {_article(seen)}, not {_article(expected)}"
    elif keyword == "pattern":
        expected, seen = detail.pattern, masked(instance)
        message = f"{name} does not have the declared form"
    elif keyword in ("enum", "const"):
        expected = _short(getattr(detail, "options", None) or [getattr(detail, "expected_value", None)])
        seen = masked(instance)
        message = f"{name} is none of the declared values"
    elif keyword in (
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    ):
        expected, seen = f"{keyword} {detail.value}", _size(keyword, instance)
        message = f"{name} is out of bounds"
    elif keyword == "format":
        expected, seen = str(detail.value), masked(instance)
        message = f"{name} is not a {detail.value}"
    else:
        expected = keyword
        message = f"{name} breaks the rule {keyword}"
    yield Finding(
        code=f"schema.{_kebab(keyword)}",
        severity=Severity.ERROR,
        stage="schema",
        message=message,
        place=place,
        expected=expected,
        seen=seen,
    )


def _kebab(keyword: str) -> str:
    return "".join("-" + c.lower() if c.isupper() else c for c in keyword)


def _article(word: str) -> str:
    if word == "null":
        return word
    return ("an " if word[:1] in "aeiou" else "a ") + word


def _short(options: list[Any]) -> str:
    return ", ".join(str(o) for o in options[:6])[:120] + (" …" if len(options) > 6 else "")


def _size(keyword: str, instance: Any) -> str:
    if keyword.endswith(("Length", "Items")) and hasattr(instance, "__len__"):
        return str(len(instance))
    return masked(instance)
