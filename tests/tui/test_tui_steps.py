"""Steps: something long says how far it is, seldom enough to be read."""

from __future__ import annotations

from bedrot_console.tui.steps import every


def test_a_rising_number_is_told_once_per_step():
    """Also where it jumps over a step, and not again before the next."""
    told = []
    reached = every(10, told.append)
    assert all([reached(number) for number in (1, 9, 10, 15, 19, 37, 40, 47)])
    assert told == [10, 37, 47]
