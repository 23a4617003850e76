"""Reading request parameters as the Marketing API does: days by range or preset; lists and maps as everywhere in the Graph API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from ..._graph.simulated.params import flag, json_list, json_value, split_fields, whole
from . import errors
from .vocabulary import names

__all__ = ["dates", "flag", "json_list", "json_value", "preset_range", "split_fields", "whole"]


def _day(value: Any, name: str) -> date:
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise errors.bad_param(name, "must be a date in the format YYYY-MM-DD") from None


def dates(params: Mapping[str, str], today: date) -> tuple[date, date]:
    """First and last day asked for, both included, in the account's zone: `time_range`, else `date_preset`, else the last 30 days."""
    span = json_value(params, "time_range")
    if span is not None:
        if not isinstance(span, dict) or not {"since", "until"} <= span.keys():
            raise errors.bad_param("time_range", "must be an object with since and until")
        since, until = _day(span["since"], "time_range[since]"), _day(span["until"], "time_range[until]")
        if since > until:
            raise errors.bad_param("time_range", "must have a since that is not after its until")
        return since, until
    preset = (params.get("date_preset") or "last_30d").strip('"')
    if preset not in names("DatePreset"):
        raise errors.bad_param("date_preset", f"must be one of {{{', '.join(sorted(names('DatePreset')))}}}")
    return preset_range(preset, today)


def preset_range(preset: str, today: date) -> tuple[date, date]:
    """The days a preset means. `last_<n>d` ends yesterday; `maximum` reaches back 37 months (documented)."""
    yesterday = today - timedelta(days=1)
    first = today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    monday = today - timedelta(days=today.weekday())
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    last_month = (first - timedelta(days=1)).replace(day=1)
    last_quarter_end = quarter - timedelta(days=1)
    if preset.startswith("last_") and preset.endswith("d"):
        return today - timedelta(days=int(preset[5:-1])), yesterday
    return {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "this_month": (first, today),
        "last_month": (last_month, first - timedelta(days=1)),
        "this_quarter": (quarter, today),
        "last_quarter": (last_quarter_end.replace(month=last_quarter_end.month - 2, day=1), last_quarter_end),
        "this_year": (today.replace(month=1, day=1), today),
        "last_year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "this_week_mon_today": (monday, today),
        "this_week_sun_today": (sunday, today),
        "last_week_mon_sun": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "last_week_sun_sat": (sunday - timedelta(days=7), sunday - timedelta(days=1)),
    }.get(preset, (max(today - timedelta(days=37 * 30), date(2022, 1, 3)), today))
