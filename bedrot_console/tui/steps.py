"""How far something long is, told now and then."""

from __future__ import annotations

from collections.abc import Callable


def every(step: int, tell: Callable[[int], object]) -> Callable[[int], bool]:
    """Hands a rising number on to `tell` once it is `step` or more beyond the last one that was told (at first: 0). Returns True always."""
    told = 0

    def reached(number: int) -> bool:
        nonlocal told
        if number - told >= step:
            told = number
            tell(number)
        return True

    return reached
