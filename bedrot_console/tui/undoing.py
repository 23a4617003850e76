"""Which decisions a console made itself, and which of them can still be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..domain.browsing import Outcome


class OwnDecisions:
    """This console's own decisions, newest last. Each knows which decision it made on which file, so that no other one is undone for it."""

    def __init__(self) -> None:
        self._made: list[tuple[str, dict[str, str]]] = []

    def __len__(self) -> int:
        return len(self._made)

    @property
    def newest(self) -> tuple[str, dict[str, str]]:
        """(verb, file id -> decision id) of the newest one that is not undone whole; without one `("", {})`."""
        verb, files = self._made[-1] if self._made else ("", {})
        return verb, dict(files)

    def add(self, verb: str, outcomes: Iterable[Outcome]) -> None:
        """Remember what a verb did."""
        files = {o.id: o.decision for o in outcomes if o.done and o.decision}
        if files:
            self._made.append((verb, files))

    def undone(self, outcomes: Sequence[Outcome]) -> None:
        """Forget each file whose decision was undone, or is no longer the last word on it."""
        gone = {o.id for o in outcomes if o.done}
        other = {o.id: o.decision for o in outcomes if not o.done and o.decision}
        for _, files in self._made:
            for name, decision in list(files.items()):
                if name in gone or other.get(name, decision) != decision:
                    del files[name]
        self._made = [made for made in self._made if made[1]]
