"""Numbers as characters: sparklines, bars and columns that are read without colours. Block characters, or ASCII where a terminal has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
MARKS = "_.:-=+*#"
"""From zero to the largest, in eight steps; the ASCII ones grow darker."""


def has_blocks(environ: Mapping[str, str]) -> bool:
    """Whether this terminal shows block characters: a UTF-8 locale, and no console whose font lacks them."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if environ.get("TERM", "") in ("linux", "vt100", "vt220", "dumb"):
        return False
    return "utf" in locale.lower() or locale in ("", "C", "POSIX")


def spark(values: Sequence[float | None], *, blocks: bool = True, top: float | None = None) -> str:
    """One character for each value, in steps between 0 and `top` (default: the largest). 0 is the lowest step and nothing else is; None is a gap."""
    steps = BLOCKS if blocks else MARKS
    most = top if top is not None else max((v for v in values if v is not None), default=0)
    out = []
    for value in values:
        if value is None:
            out.append(" ")
        elif value <= 0 or most <= 0:
            out.append(steps[0])
        else:
            out.append(steps[min(len(steps) - 1, max(1, round(value / most * (len(steps) - 1))))])
    return "".join(out)


def gauge(share: float, width: int, *, blocks: bool = True) -> str:
    """A bar of `width` characters, filled to `share` (0 to 1); anything above 0 fills at least one."""
    full, empty = ("█", "░") if blocks else ("#", ".")
    filled = min(width, max(1 if share > 0 else 0, round(share * width)))
    return full * filled + empty * (width - filled)


def columns(
    values: Sequence[float], height: int, *, label: Callable[[float], str] = str, blocks: bool = True, each: int = 1
) -> list[str]:
    """A column for each value, `each` characters wide, over a base line: `height` lines from the top, the scale written left of the first and last.

    A value above 0 is always seen, however small it is beside the largest.
    """
    most = max(values, default=0)
    scale = [label(most), label(0)]
    margin = max(map(len, scale))
    levels = len(BLOCKS) if blocks else 1
    eighths = [0 if v <= 0 or most <= 0 else max(1, round(v / most * height * levels)) for v in values]
    lines = []
    for row in reversed(range(height)):
        text = ""
        for eighth in eighths:
            filled = min(levels, max(0, eighth - row * levels))
            char = " " if not filled else BLOCKS[filled - 1] if blocks else "#"
            text += char * each
        side = scale[0] if row == height - 1 else scale[1] if row == 0 else ""
        lines.append(f"{side:>{margin}} {'┤' if blocks else '|'}{text}")
    return lines
