"""When the garbage collector looks while a console starts and runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (10_000, 50, 100)
"""Seldom, and mostly at new objects, since a look at all of them holds every key, and a start while modules are read."""


@contextmanager
def rarely() -> Iterator[None]:
    """The collector looks rarely; as before afterwards."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
