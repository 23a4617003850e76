"""Reading request parameters as the Graph API does: lists and maps travel as JSON text, lists also comma separated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from . import errors


def json_value(params: Mapping[str, str], name: str) -> Any:
    """A parameter that must be JSON; None when absent."""
    text = params.get(name)
    if text is None or text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise errors.bad_param(name, "must be valid JSON") from None


def json_list(params: Mapping[str, str], name: str) -> list[Any]:
    """A list: a JSON array, or words separated by commas; empty when absent. `true` (the SDK's `summary`) becomes `total_count`."""
    text = (params.get(name) or "").strip()
    if not text:
        return []
    if text[0] in "[{":
        value = json_value(params, name)
        if not isinstance(value, list):
            raise errors.bad_param(name, "must be an array")
        if name != "filtering" and not all(isinstance(item, str) for item in value):
            raise errors.bad_param(f"{name}[0]", "must be a string")
        return value
    if name == "summary" and text in ("true", "1"):
        return ["total_count"]
    if text in ("false", "0"):
        return []
    return [word.strip() for word in text.strip('"').split(",") if word.strip()]


def flag(params: Mapping[str, str], name: str) -> bool:
    return params.get(name, "").lower() in ("true", "1")


def whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise errors.bad_param(name, "must be an integer") from None


def split_fields(text: str) -> list[tuple[str, str | None]]:
    """`id,name,creative{id,name}` as (name, inner) pairs; modifiers such as `.limit(5)` are dropped. JSON arrays are accepted too."""
    if text.lstrip().startswith("["):
        text = ",".join(str(f) for f in json_list({"fields": text}, "fields"))
    out: list[tuple[str, str | None]] = []
    depth, start = 0, 0
    for at, char in enumerate(text + ","):
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            name, brace, inner = text[start:at].strip().partition("{")
            if name:
                out.append((re.sub(r"\..*", "", name), inner.rstrip("}") if brace else None))
            start = at + 1
    if depth:
        raise errors.GraphError('(#2500) Syntax error "Expected end of string instead of "{"." in the fields parameter', 2500)
    return out
