"""The words that only the linear console has, and how each key of the console is said in words: no key without its words."""

from __future__ import annotations

from ..words import FLAG, Command, commands

NO_SCREEN = ("copy", "theme", "redraw", "goto")
"""Commands of the console that have no meaning without a screen."""

_OWN = (
    Command("more", "more", "the next page of the list"),
    Command("back", "back", "the page before"),
    Command("first", "first", "the first page"),
    Command("last", "last", "the last page"),
    Command("mark", "mark N… | A-B", "mark rows; decisions without a name take them", ("number",), 1, many=True),
    Command("unmark", "unmark [N…]", "drop marks", ("number",), many=True),
    Command("marks", "marks", "what is marked"),
    Command("order", "order NAME", "newest, oldest, worst, largest, feed or path", ("order",), 1),
    Command("show", "show [N|ID] [--finding N | --at PLACE | --find TEXT | --structure | --parsed]", "a file; or a part of its payload", ("file",)),
    Command("report", "report [N|ID]", "the verdict and every finding", ("file",)),
    Command("diff", "diff [N|ID] [--all]", "against the last good capture", ("file",)),
    Command("preview", "preview [N|ID]", "the beginning of the payload", ("file",)),
    Command("next", "next", "the next file of the list, with report and diff"),
    Command("previous", "previous", "the file before"),
    Command(
        "log", "log [N|RUN [TEXT]] [--all] [--warnings] [--errors]", "what a run said, or only what holds the text or is that bad",
        ("run", "free"), many=True, options={"--all": FLAG, "--warnings": FLAG, "--errors": FLAG},
    ),
    Command("again", "again [N|RUN]", "run it again: what a partial run missed, else the same", ("run",), writes=True),
    Command("follow", "follow [N|RUN]", "what a run says from now on, until it ends or asks", ("run",)),
    Command("tell", "tell resend|other|done [CHALLENGE]", "an act of a challenge: a new code, another way, done", ("act", "challenge"), 1),
    Command("starters", "starters [N]", "starter queries; with a number: run it", ("number",)),
    Command("columns", "columns [VIEW]", "views and columns for sql", ("free",)),
)  # fmt: skip


def table() -> dict[str, Command]:
    """All commands of the linear console by name."""
    out = {command.name: command for command in _OWN}
    out |= {name: command for name, command in commands().items() if name not in NO_SCREEN and name not in out}
    return out


SCROLLS = "a line is read at the reader's own pace: there is nothing to scroll"
COPIES = "the text is plain: the reader or the terminal copies it"
DRAWS = "nothing is drawn"
_MOVES = {a: SCROLLS for a in ("up", "down", "page_up", "page_down", "home", "end", "left", "right")}

WORDS: dict[str, dict[str, str]] = {
    "everywhere": {
        "answer": "answer", "needs": "needs", "undo": "undo", "command": "help", "help": "help", "palette": "help",
        "quit": "quit",
    },
    "files": {
        "filter": "files", "mark": "mark", "mark_range": "mark", "unmark": "unmark", "details": "show", "review": "review",
        "promote": "promote", "quarantine": "quarantine", "release": "release", "withdraw": "withdraw", "validate": "validate",
        "order": "order", "turn": "order", "group": "files", "mark_all": "promote", "back": "files", "up": "previous", "down": "next", "page_up": "back", "page_down": "more",
        "home": "first", "end": "last",
    },
    "review": {
        "promote": "promote", "quarantine": "quarantine", "release": "release", "next": "next", "back": "previous", "validate": "validate",
        "whole": "diff", "accept": "drift accept", "open": "show", "form": "show", "search": "show",
    },
    "runs": {
        "start": "extract", "start_due": "extract", "cancel": "cancel", "cancel_all": "cancel", "again": "again", "large": "log", "level": "log",
        "search": "log", "error": "log", "end": "follow", "files": "files",
    },
    "sql": {
        "run": "sql", "starters": "starters", "schema": "columns", "details": "show", "review": "review", "open_files": "files",
        "promote": "promote", "quarantine": "quarantine", "release": "release", "withdraw": "withdraw", "validate": "validate",
        "mark": "mark", "mark_range": "mark", "unmark": "unmark", "open": "sql", "save": "sql", "declare": "sql", "export": "sql",
        "checks": "check run",
    },
    "prompt": {"send": "answer", "resend": "tell", "other": "tell", "next": "needs"},
    "scan": {"look": "answer", "done": "tell"},
    "page": {a: "answer" for a in ("click", "type", "enter", "press", "tab", "backspace", "drag", "outline", "look", "done", "page_up", "page_down")},
}  # fmt: skip
"""Section of the key table -> action -> the command that does it here."""

NOT_HERE: dict[str, dict[str, str]] = {
    "everywhere": {"redraw": DRAWS, "suspend": "the terminal's own ctrl+z does it"},
    "files": {
        **{a: "mark A-B marks a range" for a in ("mark_up", "mark_down", "mark_page_up", "mark_page_down")},
        "stop": "ctrl+c stops it",
    },
    "review": {"pane": DRAWS, "leave": DRAWS},
    "sql": {
        "stop": "ctrl+c stops it", "older": "the terminal's own line editing", "newer": "the terminal's own line editing",
        "leave": DRAWS, "edit": DRAWS, "complete": "columns says the names", "narrower": DRAWS, "wider": DRAWS, "cell": "values are said whole",
    },
    "runs": {
        "pause": SCROLLS, "next_match": SCROLLS, "match_before": SCROLLS, "wrap": SCROLLS, "back": "nothing is covered that could be uncovered",
    },
    "prompt": {"leave": "an empty line leaves"},
    "scan": {"invert": DRAWS, "leave": "the next line leaves"},
    "page": {
        "nearer": DRAWS, "farther": DRAWS, "leave": "leave",
        **{a: "places are named by their numbers" for a in ("up", "down", "left", "right", "far_up", "far_down", "far_left", "far_right")},
    },
}  # fmt: skip
"""Section -> action -> why it has no words."""

SHELL = {
    "sessions": "sessions list --all",
    "health": "status --history",
    "audit": "audit show",
    "drift": "drift list",
    "check": "check run",
}
"""Place, or group of commands, that is reached by the shell's commands at the same prompt -> its command."""


def words_for(section: str, action: str) -> tuple[str | None, str | None]:
    """(the command that does it, or why there is none): exactly one of the two, or (None, None) for an action nobody thought of."""
    if section == "everywhere" and action.startswith("view_"):
        return action.removeprefix("view_"), None
    command = WORDS.get(section, {}).get(action)
    if command is not None:
        return command, None
    reason = NOT_HERE.get(section, {}).get(action) or (COPIES if action.startswith("copy_") else _MOVES.get(action))
    if reason is not None:
        return None, reason
    return SHELL.get(section), None
