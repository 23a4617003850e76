"""Python's cyclic garbage collector, told to rest where it costs more than it finds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """The collector rests while many objects are made that form no cycles: parsing, reading, writing rows. As before afterwards.

    It costs more than the parser on large documents, and a quarter of the time where many small objects come and go.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
