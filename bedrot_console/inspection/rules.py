"""What a verdict depends on beside the bytes, as one hash."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from bedrot_console.domain.drift import Acceptance
from bedrot_console.domain.feeds import Feed

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_known_rules: dict[int, tuple[Feed, str]] = {}


def rules_of(feed: Feed, accepted: Sequence[Acceptance] = ()) -> str:
    """Hash of everything a verdict depends on beside the bytes: the declaration, the schema, the source of parse, checks and recogniser,
    what was accepted of drift, and this room's own version. Lower-case hex."""
    declared = _declared(feed)
    if not accepted:
        return declared
    return hashlib.sha256(
        "\n".join([declared, *sorted(repr(a.shape) for a in accepted)]).encode("utf-8", "backslashreplace")
    ).hexdigest()


def _declared(feed: Feed) -> str:
    known = _known_rules.get(id(feed))
    if known is not None and known[0] is feed:
        return known[1]
    found = hashlib.sha256(_rules_text(feed).encode()).hexdigest()
    _known_rules[id(feed)] = (feed, found)
    return found


RULES_VERSION = 3
"""Raised when a stage of this room judges differently."""


def _rules_text(feed: Feed) -> str:
    parts = [f"version {RULES_VERSION}"]
    for one in fields(feed):
        value = getattr(feed, one.name)
        if one.name in ("title",):
            continue
        if one.name == "checks":
            parts.append("checks " + " ".join(_source(c) for c in value))
        elif callable(value):
            parts.append(f"{one.name} {_source(value)}")
        elif one.name == "schema":
            parts.append(
                "schema " + (hashlib.sha256(value.read_bytes()).hexdigest() if value is not None and value.exists() else "none")
            )
        else:
            parts.append(f"{one.name} {_spelled(value)}")
    return "\n".join(parts)


def _spelled(value: Any) -> str:
    """A value in the same words in every process: sets are in order, and no address of an object is among them."""
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(_spelled, value))) + "}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(_spelled, value)) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_spelled(k)}: {_spelled(v)}" for k, v in value.items()) + "}"
    if callable(value) and not isinstance(value, type):
        return _source(value)
    return _ADDRESS.sub("", repr(value))


def _source(function: Any) -> str:
    """Name, closure values and source of a function. Source means its file and the files of its own package that this file uses."""
    named = getattr(function, "source", None)
    code = getattr(function, "__code__", None) or getattr(getattr(function, "__func__", None), "__code__", None)
    inner = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    values = (
        _spelled(named)
        if named is not None
        else ", ".join(_source(v) if callable(v) else _spelled(v) for v in inner if v is not function)
    )
    name = getattr(function, "__qualname__", type(function).__qualname__)
    bodies = sorted(_files_of(sys.modules.get(getattr(function, "__module__", ""), None))) if code is not None else []
    digest = hashlib.sha256(b"".join(Path(path).read_bytes() for path in bodies)).hexdigest()[:16]
    return f"{name}({values}) {digest}"


def _files_of(module: Any) -> set[str]:
    own = getattr(module, "__file__", None)
    if module is None or own is None:
        return set()
    package = module.__name__.rpartition(".")[0]
    used = {getattr(value, "__module__", None) or getattr(value, "__name__", None) for value in vars(module).values()}
    files = {
        getattr(sys.modules.get(n), "__file__", None)
        for n in used
        if isinstance(n, str) and package and n.startswith(package + ".")
    }
    return {own, *(f for f in files if f is not None)}
