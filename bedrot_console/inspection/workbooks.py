"""What can go wrong while a workbook is read, told as trouble of the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .contents import FormatTrouble


@contextmanager
def workbook_trouble(code: str, sentence: str) -> Iterator[None]:
    """Around whatever python-calamine does: a damaged file is FormatTrouble of this code and sentence, a locked one and a panic of their own."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except FormatTrouble:
        raise
    except PasswordError as trouble:
        raise FormatTrouble("format.archive", "the workbook is locked by a password") from trouble
    except (CalamineError, ValueError, OSError) as trouble:
        raise FormatTrouble(code, sentence) from trouble
    except BaseException as trouble:  # the library is written in Rust: its panics are no Exception, and their class has no module
        if type(trouble).__name__ != "PanicException":
            raise
        raise FormatTrouble("format.archive", "the workbook is damaged") from trouble
