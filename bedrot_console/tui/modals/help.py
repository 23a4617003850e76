"""The help, made from the key table."""

from __future__ import annotations

from ..keys import EVERYWHERE, KEYS, TITLES
from ..palette import SIGNS
from ..places import PLACES
from ..widgets.lines import Line
from .text import TextModal

COMMANDS = (
    ("filter WORDS", "filter files: status:failed platform:x feed:x zone:raw since:7d order:worst words"),
    ("show ID · goto ID", "details of a file · put the cursor on it"),
    (" · ".join("review [ID]" if name == "review" else name for name in PLACES), "go there"),
    ("extract PLATFORM [ACCOUNT]", "start an extraction"),
    ("validate · promote · quarantine · undo", "as the keys"),
    ("sql [QUERY]", "run a query"),
    ("quit", "leave; runs go on"),
)


def help_lines(place: str) -> list[Line]:
    """All keys of this place first, then of everywhere, then of the other places; the `:` commands and the signs."""
    order = [place, EVERYWHERE, *[p for p in KEYS if p not in (place, EVERYWHERE)]]
    lines: list[Line] = []
    for where in order:
        lines.append([(TITLES[where], "title")])
        lines += [[(f"  {key.face:<12} ", "key"), (key.help, "plain")] for key in KEYS[where]]
        lines.append([("", "plain")])
    lines.append([("Command line (:)", "title")])
    lines += [[(f"  {words:<40} ", "key"), (text, "plain")] for words, text in COMMANDS]
    lines += [[("", "plain")], [("Signs", "title")]]
    words = ("pending", "passed", "warned", "failed", "promoted", "quarantined", "erased", "running", "waiting", "partial")
    lines.append([("  " + "  ".join(f"{SIGNS[w]} {w}" for w in words), "plain")])
    lines.append([("  keys in (brackets) cannot be used now; press one to read why", "plain")])
    return lines


class HelpModal(TextModal):
    """`?`"""

    def __init__(self, place: str) -> None:
        super().__init__("Keys", help_lines(place))
