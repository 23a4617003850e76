"""The console. Knows operations and domain only; everything from outside is shown through `safe()`, never as markup.

Textual reads its debugging switches once, when it is imported, and some of them write every key (and so every one-time code) to a
file, run foreign code or press keys. They are dropped here, before any module of this room can import Textual.
"""

from __future__ import annotations

import os


def drop_debugging_switches() -> None:
    """Remove every `TEXTUAL…` variable from this process's environment; children do not inherit them either."""
    for name in [n for n in os.environ if n == "TEXTUAL" or n.startswith("TEXTUAL_")]:
        del os.environ[name]


drop_debugging_switches()
