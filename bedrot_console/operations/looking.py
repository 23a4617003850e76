"""What a challenge shows, made ready to be drawn or written into a file by whoever answers it. Nothing of it is kept by itself."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from ..domain.blocks import Indexed, Raster, View
from ..domain.challenges import Look, Secret
from ..domain.errors import SourceChanged, UsageError, disk_error


def modules(text: Secret) -> tuple[tuple[bool, ...], ...]:
    """The QR code that says `text`, row by row, True where it is dark, without a margin."""
    from ..extraction.qr import modules as made

    return made(text)


def shrunk(look: Look, view: View) -> Raster:
    """The part of the page's picture that `view` shows, two pixels a cell. Raises SourceChanged: there is no picture."""
    from ..extraction.pictures import shrunk as made

    return made(look.picture, view)


def indexed(look: Look, view: View, width: int, height: int, colours: int) -> Indexed:
    """The part that `view` shows, at `width` by `height` pixels, in at most `colours` colours.

    Raises SourceChanged: there is no picture.
    """
    from ..extraction.pictures import indexed as made

    return made(look.picture, view, width, height, colours)


def picture(look: Look) -> bytes:
    """What is seen, as PNG: the page, or the QR code drawn anew. Raises SourceChanged: there is neither."""
    if look.text is not None:
        from ..extraction.qr import picture as made

        return made(look.text)
    if not look.picture:
        raise SourceChanged("there is no picture just now")
    return look.picture


NO_PLACE = (
    errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP,
)  # fmt: skip
"""The name is wrong, not the disk."""


def place_for(path: Path) -> Path:
    """`path`, if something can be written there; asked before anything is done for it.

    Raises:
        UsageError: its folder is not there or may not be written, or it is a folder itself.
    """
    if not os.path.isdir(path.parent):
        raise UsageError(f"there is no folder {path.parent}", hint="name a file in a folder that is there")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"nothing can be written into {path.parent}", hint="name a file in a folder of yours")
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder", hint="name a file in it")
    return path


def save(look: Look, path: Path) -> None:
    """Write what is seen into a file that only its owner may read, replacing one that is there, whole or not at all.

    Raises:
        SourceChanged: nothing is seen.  UsageError: nothing can be written there.  DiskFull, FixityError: the disk refused.
    """
    content = picture(look)
    try:
        handle, temporary = tempfile.mkstemp(prefix=".bedrot-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        if error.errno in NO_PLACE:
            place_for(path)
            raise UsageError(f"cannot write {path}: {error.strerror}", hint="name another file") from error
        raise disk_error(error, f"cannot write {path.name}") from error
