"""How a payload of New Platform is read, and the rules that no schema can say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import FormatTrouble, Rows, error, json_value


def read(kind: str) -> Callable[[bytes], Rows]:
    """A reader of `{"owner": …, "kind": kind, "days": [{"day": …, kind: …}], "total": …}`."""

    def parse(data: bytes) -> Rows:
        document = json_value(data)
        if not isinstance(document, dict) or document.get("kind") != kind or not isinstance(document.get("days"), list):
            raise FormatTrouble("format.unknown-shape", f"this is no list of {kind}")
        return Rows(document["days"], ("day", kind), document=document, base="/days")

    return parse


def recognises(kind: str) -> Callable[[bytes], bool]:
    """Whether first bytes are such a payload: it says so itself."""
    mark = json.dumps(f"newplatform.{kind}").encode()
    return lambda head: mark in head[:200]


def whose(content: Any, context: Any) -> Iterator[Finding]:
    """The data belongs to the account that the settings name (`owner`)."""
    wanted, seen = context.sidecar.request.get("owner"), content.document.get("owner")
    if wanted and seen != wanted:
        yield error(
            "consistency.wrong-account", "the data belongs to another account", pointer="/owner", expected=wanted, seen=str(seen)
        )


def total_matches(content: Any, context: Any) -> Iterator[Finding]:
    """The total that the platform states is the sum of its days."""
    kind = content.document["kind"]
    total = sum(row[kind] for row in content.records if isinstance(row.get(kind), int))
    if content.document.get("total") != total:
        yield error("consistency.total-differs", "the total is not the sum of the days", pointer="/total", expected=str(total))
