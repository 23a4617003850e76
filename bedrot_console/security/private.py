"""Folders that nobody else may look into, and names that outlast a crash."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def close(fd: int) -> None:
    """Close a file that was synced: what its close could complain about was asked for before."""
    with suppress(OSError):
        os.close(fd)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        close(fd)


def make_private(folder: Path) -> None:
    """Make `folder` and what is missing above it; ours are 0700 whatever the umask says, and their names are durable."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        try:
            os.mkdir(made, 0o700)
        except FileExistsError:
            continue
        os.chmod(made, 0o700)
        sync_folder(made.parent)
