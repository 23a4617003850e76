"""Pixel events counted once. Meta lists one event under up to seven names; which of them counts is decided here and nowhere else.

*Seen* (a genuine summary): `purchase`, `omni_purchase`, `onsite_web_purchase`, `onsite_web_app_purchase` and
`offsite_conversion.fb_pixel_purchase` carry the same number, and `omni_view_content` is the pixel's number plus the app's. So each event
counts by the first of its names that is there: the pixel's own, the website's, the plain one, and only then the one that holds the app too.
Custom conversions (`offsite_conversion.custom.<id>`) are rules over events that are counted already: never added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bedrot_console.inspection.helpers import decimal_of

EVENTS = (
    "view_content", "add_to_cart", "initiate_checkout", "add_payment_info", "purchase", "lead", "complete_registration", "search",
    "add_to_wishlist", "custom",
)  # fmt: skip
"""The standard events of a pixel, and `custom` for those of one's own (documented)."""
_PREFIXES = ("offsite_conversion.fb_pixel_", "onsite_web_", "onsite_web_app_", "", "omni_")
_CHECKOUT = re.compile(r"initiated_checkout$")
_NAMES = {f"{prefix}{event}": (event, rank) for event in EVENTS for rank, prefix in enumerate(_PREFIXES)}
_NOT_PLAIN = frozenset({"search", "custom"})
"""Words that mean other things where they stand alone."""


def event_of(action_type: Any) -> tuple[str, int] | None:
    """The pixel event that an action type names, and its rank among that event's names (0 counts first); None for any other action."""
    name = _CHECKOUT.sub("initiate_checkout", str(action_type))
    return None if name in _NOT_PLAIN else _NAMES.get(name)


def counted(actions: Any) -> dict[str, Decimal]:
    """Event -> how often it happened, each event once, in the order of EVENTS. Entries that are no counts are passed over."""
    best: dict[str, tuple[int, Decimal]] = {}
    for action in actions if isinstance(actions, list) else ():
        found = event_of(action.get("action_type")) if isinstance(action, dict) else None
        if found is None:
            continue
        try:
            number = decimal_of(action.get("value"))
        except ValueError:
            continue
        event, rank = found
        if event not in best or rank < best[event][0]:
            best[event] = rank, number
        elif rank == best[event][0]:  # an action breakdown lists one name several times
            best[event] = rank, best[event][1] + number
    return {event: best[event][1] for event in EVENTS if event in best}


def overlapping(names: Iterable[Any]) -> bool:
    """Whether one event stands among these action types under several names."""
    events = [found[0] for name in set(map(str, names)) if (found := event_of(name)) is not None]
    return len(events) > len(set(events))


def columns(actions: Any) -> dict[str, Any]:
    """What a row gets: `pixel_events`, how many there were in all, and `pixels`, each with its count (`purchase 3, lead 1`)."""
    found = counted(actions)
    total = sum(found.values(), Decimal(0))
    return {
        "pixel_events": int(total) if total == int(total) else total,
        "pixels": ", ".join(f"{event} {number.normalize():f}" for event, number in found.items()),
    }
