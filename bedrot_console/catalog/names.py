"""What people type to name a file: a whole id, the beginning of one, or a zone path."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.browsing import FileRow
from ..domain.errors import BedrotError, UsageError
from ..domain.identifiers import MIN_PREFIX

ZONES = ("landing/", "raw/", "quarantine/")


def unknown(name: str) -> UsageError:
    return UsageError(f"no such file: {name}", hint="bedrot files")


def ambiguous(name: str, count: int) -> UsageError:
    return UsageError(f"{name} names {count} files", hint="give more characters of the id")


def too_short(name: str) -> UsageError:
    return UsageError(f"too short for an id: {name}", hint=f"give at least {MIN_PREFIX} characters")


class Names:
    """What the names on a command line mean: whole ids, id prefixes, or zone paths."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.ids: list[str] = []
        self.prefixes: list[str] = []
        self.places: list[tuple[str, str]] = []
        for name in self.names:
            kind = self.kind(name)
            if kind == "place":
                zone, _, path = name.partition("/")
                self.places.append((zone, path))
            elif kind == "id":
                self.ids.append(name.lower())
            elif kind == "prefix":
                self.prefixes.append(name.lower())

    @staticmethod
    def kind(name: str) -> str:
        """`place`, `id`, `prefix`, `short` or `odd`."""
        if name.startswith(ZONES):
            return "place"
        folded = name.lower()
        if not folded.isascii() or not folded.isalnum() or len(folded) > 20:
            return "odd"
        if len(folded) == 20:
            return "id"
        return "prefix" if len(folded) >= MIN_PREFIX else "short"

    def answers(
        self, ids: dict[str, FileRow], prefixes: dict[str, tuple[int, FileRow]], places: dict[tuple[str, str], FileRow]
    ) -> list[FileRow | BedrotError]:
        """Each name's file or error, in order."""
        out: list[FileRow | BedrotError] = []
        for name in self.names:
            kind = self.kind(name)
            row: FileRow | None = None
            if kind == "short":
                out.append(too_short(name))
                continue
            if kind == "place":
                zone, _, path = name.partition("/")
                row = places.get((zone, path))
            elif kind == "id":
                row = ids.get(name.lower())
            elif kind == "prefix":
                count, row = prefixes.get(name.lower(), (0, None))
                if count > 1:
                    out.append(ambiguous(name, count))
                    continue
            out.append(row or unknown(name))
        return out
