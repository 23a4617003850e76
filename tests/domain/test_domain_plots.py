"""Plots are read without colours, and a small value is never taken for none."""

from __future__ import annotations

import pytest

from bedrot_console.domain.plots import columns, gauge, has_blocks, spark


def test_a_spark_tells_nothing_zero_small_and_large_apart() -> None:
    """A gap, the base, at least one step above it, and the top; in ASCII the same."""
    assert spark([None, 0, 0.001, 5, 10]) == " ▁▂▅█"
    assert spark([None, 0, 0.001, 5, 10], blocks=False) == " _.=#"
    assert spark([0.5, 1.0], top=1.0) == "▅█" and spark([]) == "" and spark([0, 0]) == "▁▁"


def test_columns_stand_on_one_base_and_name_their_scale() -> None:
    """The largest reaches the top, the smallest is seen, the scale stands beside the first and the last line."""
    lines = columns([0, 1, 100], 2, label=lambda v: f"{v:.0f} B")
    assert lines == ["100 B ┤  █", "  0 B ┤ ▁█"]
    assert columns([0, 1, 100], 2, blocks=False) == ["100 |  #", "  0 | ##"]
    assert columns([], 2) == ["0 ┤", "0 ┤"]


def test_a_gauge_shows_that_there_is_something() -> None:
    """Anything above nothing fills at least one."""
    assert gauge(0, 4) == "░░░░" and gauge(0.001, 4) == "█░░░" and gauge(2, 4) == "████" and gauge(0.5, 4, blocks=False) == "##.."


@pytest.mark.parametrize(
    ("environ", "blocks"),
    [
        ({"LANG": "de_DE.UTF-8"}, True),
        ({}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, False),
    ],
)
def test_a_terminal_without_block_characters_gets_ascii(environ, blocks) -> None:
    """By its locale and its kind."""
    assert has_blocks(environ) is blocks
