"""The places of the console: the one registry. Keys, header, help, palette and command line take them from here.

A place is a class of `screens/`, loaded when the place is first wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .screens.view import View


@dataclass(frozen=True, slots=True)
class Place:
    """One place.

    Attributes:
        name: its word on the command line, and its section of the key table.
        number: its digit; its function key is one higher.
        title: its name on the screen.
        about: a sentence for the help and the palette.
        holder: module under `screens/` and class, as `module:Class`.
    """

    name: str
    number: int
    title: str
    about: str
    holder: str

    @property
    def keys(self) -> str:
        """Textual's names of its keys."""
        return f"{self.number},f{self.number + 1}"

    @property
    def face(self) -> str:
        """Its keys as the operator reads them."""
        return f"{self.number} F{self.number + 1}"

    def load(self) -> type[View]:
        """The class of its view."""
        module, _, name = self.holder.partition(":")
        return getattr(import_module(f"{__package__}.screens.{module}"), name)  # type: ignore[no-any-return]


PLACES: dict[str, Place] = {
    place.name: place
    for place in (
        Place("files", 1, "Files", "the catalog", "files:FilesView"),
        Place("review", 2, "Review", "what waits for a decision, worst first", "review:ReviewView"),
        Place("runs", 3, "Runs", "extractions and their prompts", "runs:RunsView"),
        Place("sessions", 4, "Sessions", "saved logins: how they stand, what ends them", "sessions:SessionsView"),
        Place("health", 5, "Health", "freshness, runs, what landed, storage", "health:HealthView"),
        Place("sql", 6, "SQL", "read-only questions to the catalog", "sql:SqlView"),
        Place("audit", 7, "Audit", "the journal: what happened, and whether it holds", "audit:AuditView"),
    )
}
"""By name, in the order of their digits."""
