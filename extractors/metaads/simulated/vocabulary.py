"""Which names the Graph API knows: fields per node, breakdowns, presets, versions. `names.json` holds the long lists, blank separated.

Source of the names: declarations of the official Python SDK 26.0.3 (Graph v26.0); a test holds them equal to the installed SDK.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from importlib.resources import files


@cache
def names(kind: str) -> frozenset[str]:
    """The names of a kind (`Insights`, `Campaign`, `Breakdown`, `DatePreset` \u2026). KeyError for an unknown kind."""
    text = files(__package__).joinpath("names.json").read_text("utf-8")
    return frozenset(json.loads(text)[kind].split())


MARKETING_ENDS: dict[str, date | None] = {
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2026, 9, 24),
    "v22.0": date(2026, 9, 24),
    "v23.0": date(2026, 9, 24),
    "v24.0": date(2026, 10, 6),
    "v25.0": None,
    "v26.0": None,
}
"""Last day of each Marketing API version. v18, v19, v20 and v24: documented (dated third-party reading); v21 to v23: assumed."""
