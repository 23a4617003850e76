"""JSON bodies of platforms that have no extractor: their rows, wherever they lie, and the many ways in which an API says no."""

from __future__ import annotations

from typing import Any

from bedrot_console.domain.findings import Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, json_value

FEWEST_FIELDS = 3
"""An object without rows is an answer of its own (one resource) from so many fields on; less is nobody's."""
DEEPEST = 4
_SAYS_NO = frozenset({"error", "errors", "fail", "failed", "failure", "unauthorized", "forbidden", "denied"})


def says_no(value: Any) -> bool:
    """Whether a JSON value is an error envelope: Graph and OAuth (`error`), JSON:API and GraphQL (`errors` without data), RFC 9457 (`status`
    from 400, `title` or `detail`), AWS and GitHub (`message` and hardly more), `ok` or `success` false, `fault` (*documented* by each)."""
    if not isinstance(value, dict):
        return isinstance(value, list) and 0 < len(value) <= 3 and all(isinstance(v, dict) and "errorCode" in v for v in value)
    keys = {k.lower(): v for k, v in value.items()}
    for name in ("error", "errors", "fault", "exception"):
        if keys.get(name) not in (None, "", [], {}, False, 0):
            return True
    if any(keys.get(name) is False for name in ("ok", "success")):
        return True
    data = any(isinstance(v, (list, dict)) and v for k, v in keys.items() if k not in ("details", "violations", "links"))
    code = next((keys[n] for n in ("status", "code", "statuscode", "status_code", "error_code", "errcode") if n in keys), None)
    if isinstance(code, str) and (code.lower() in _SAYS_NO or (code.isdigit() and 400 <= int(code[:9]) <= 599)) and not data:
        return True
    if (
        isinstance(code, int)
        and not isinstance(code, bool)
        and not data
        and keys.keys() & {"message", "title", "detail", "msg", "description"}
    ):
        return code != 0 and not 100 <= code <= 399
    return "message" in keys and not data and len(keys) <= 3 and isinstance(keys["message"], str)


def rows_in(value: Any) -> tuple[str, list[dict[str, Any]]] | None:
    """Pointer and rows of the list of objects that lies highest in a JSON value (of several, the longest); None without one."""
    level: list[tuple[str, Any]] = [("", value)]
    for _ in range(DEEPEST):
        lists = [(p, v) for p, v in level if isinstance(v, list) and v and all(type(r) is dict for r in v)]
        if lists:
            return max(lists, key=lambda found: len(found[1]))
        level = [
            (f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", inner)
            for pointer, item in level[:1000]
            if isinstance(item, dict)
            for key, inner in item.items()
        ]
    return None


def _holds_empty_list(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for item in level[:1000] if isinstance(item, dict) for inner in item.values()]
        if [] in level:
            return True
    return False


def is_answer(value: Any) -> bool:
    """Whether a JSON value is worth keeping: rows, or one resource of several fields, and no error envelope."""
    if says_no(value):
        return False
    return rows_in(value) is not None or (isinstance(value, dict) and len(value) >= FEWEST_FIELDS)


def read_answer(data: bytes) -> Rows:
    """A body as rows: those of its highest list of objects, else itself as one row (as none, where a list in it is empty).

    Raises:
        FormatTrouble: no JSON, an error envelope, or no shape with rows.
    """
    value = json_value(data)
    if says_no(value):
        raise FormatTrouble("format.error-body", place=Place(pointer=""))
    found = rows_in(value)
    if found is not None:
        pointer, rows = found
        return Rows(rows, document=value, base=pointer, facts={"kind": "json", "rows_at": pointer or "/"})
    if isinstance(value, dict) and value:
        if _holds_empty_list(value):
            return Rows([], (), document=value, base="", facts={"kind": "json"})
        return Rows([value], document=value, base=None, facts={"kind": "json", "rows_at": "/"})
    if value == [] or value == {}:
        return Rows([], (), document=value, base="", facts={"kind": "json"})
    raise FormatTrouble("format.unknown-shape", "the JSON holds no rows")
