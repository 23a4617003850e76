"""What all rooms of the linear console share: the backend, the speech, and the list that numbers belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .lists import Item, Listing, is_number

if TYPE_CHECKING:
    from ..backend import Backend
    from .speech import Speech


class Room:
    """Mixed into the desk, which carries out lines: a room brings the orders of its place.

    Attributes:
        wait: seconds -> None; between two looks at what is followed.
    """

    backend: Backend
    speech: Speech
    wait: Callable[[float], None]
    place: str
    listing: Listing | None = None
    current: int | None = None

    def obey(self, line: str) -> None:
        """Carry out one line. Raises BedrotError where it is wrong, or cannot be done."""
        raise NotImplementedError

    def show_list(self, place: str, listing: Listing) -> None:
        """Make it the list that numbers belong to, and read its first page."""
        self.place, self.listing, self.current = place, listing, None
        self.speech.all(listing.page())

    def numbered(self, word: str | None, *kinds: str) -> Item | None:
        """The row that a number names, if the list is of one of these kinds (of any without); None for all other words."""
        listing = self.listing
        if not word or listing is None or kinds and listing.kind not in kinds or not is_number(word, listing):
            return None
        return listing.numbers([word])[0]

    def yes(self, question: str) -> bool:
        """Whether the operator says yes; a line from a pipe is enough by itself."""
        if not self.speech.attended or self.speech.ask(f"{question} yes or no:").strip().lower() in ("y", "yes"):
            return True
        self.speech.say("Left; nothing was changed.")
        return False
