"""The end of a console's process. Leaving waits for no worker, and a worker at work does not disturb the end."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading

from .fetch import WORKER


def leave(code: int) -> int:
    """The exit code, for the caller to end with; where a worker is still at work, the process ends here and now.

    An interpreter that is taken down under a thread inside DuckDB aborts, or says on the operator's terminal what it lost.
    What was to be done at the end (children ended, scratch folders removed) is done first.
    """
    if not any(thread.name == WORKER for thread in threading.enumerate()):
        return code
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
