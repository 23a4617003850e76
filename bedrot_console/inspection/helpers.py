"""What extractors' checks and parsers may use. Pure functions; the one module of this room beside `contents` that extractors import.

- recognisers for `Feed.recognise`: `header_has`, `json_with`, `json_rows_with`, `html_with`, `all_of`, `any_of`, `none_of`
- `page_kind(data) -> None | "sign-in" | "challenge" | "error"`
- parsing: `decimal_of`, `whole_number`, `day_of`, `month_of`, `json_value`, `loose_json`, `script_arrays`, `html_tree`
- `workbook_trouble(code, sentence)`: around whatever reads a workbook
- finding builders: `error`, `warning`, `note`, `masked`, `type_name`
- ready-made checks for `Feed.checks`: `days_rising`, `not_negative`, `filled`, `whole_days`, `fields_kept`

A check is `check(content, context) -> Iterable[Finding]`; `content` is `Rows` or `Table` (see `contents`), `context` has `sidecar`, `now`,
`options`, `previous()`, `kin()` and `sibling("platform/feed")` (see `domain.feeds.Context`).
"""

from __future__ import annotations

from .checks import days_rising, fields_kept, filled, not_negative, whole_days
from .contents import FormatTrouble, Rows, Table
from .pages import page_kind
from .recognise import all_of, any_of, header_has, html_with, json_rows_with, json_with, none_of
from .texts import (
    day_of,
    decimal_of,
    error,
    html_tree,
    json_value,
    loose_json,
    masked,
    month_of,
    note,
    script_arrays,
    type_name,
    warning,
    whole_number,
)
from .workbooks import workbook_trouble

__all__ = [
    "FormatTrouble",
    "Rows",
    "Table",
    "all_of",
    "any_of",
    "day_of",
    "days_rising",
    "decimal_of",
    "error",
    "fields_kept",
    "filled",
    "header_has",
    "html_tree",
    "html_with",
    "json_rows_with",
    "json_value",
    "json_with",
    "loose_json",
    "masked",
    "month_of",
    "none_of",
    "not_negative",
    "note",
    "page_kind",
    "script_arrays",
    "type_name",
    "warning",
    "whole_days",
    "whole_number",
    "workbook_trouble",
]
