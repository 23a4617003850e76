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
    Command(
        "show", "show [N|ID] [--finding N | --at PLACE | --find TEXT | --rows A:B] [--structure | --parsed | --preview] [--member NAME[>NAME]]",
        "a file; or a part of its payload, in one of its forms", ("file",),
        options={"--structure": FLAG, "--parsed": FLAG, "--preview": FLAG, **dict.fromkeys(("--finding", "--at", "--find", "--rows", "--member", "--lines"), "free")},
    ),
    Command("report", "report [N|ID]", "the verdict and every finding", ("file",)),
    Command("diff", "diff [N|ID] [--all]", "against the last good capture; --all: also what did not change", ("file",), options={"--all": FLAG}),
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
    Command("columns", "columns [VIEW]", "views, columns and macros for sql", ("free",)),
    Command("queries", "queries [WORDS | forget N|NAME]", "saved queries, starters, what was asked; a number runs one", ("free",), many=True),
    Command("save", "save [NAME] [--replace]", "save the query; a check is asked at once", ("free",), options={"--replace": FLAG}, writes=True),
    Command("declare", "declare error|warning|none [FEED]", "make the query a check: its rows are violations; then save it", ("free", "free"), 1, writes=True),
    Command("check", "check [run] [NAME…] | check list", "run all saved checks, or these", ("free",), many=True),
    Command("export", "export FILE [--replace]", "all rows of the answer to a file: .csv, .jsonl or .parquet", ("free",), 1, options={"--replace": FLAG}),
    Command(
        "sessions", "sessions [N | PLATFORM [ACCOUNT]] | sessions check|import|rollback|forget N [FILE]",
        "saved logins: how they stand, what ends them; prove one, bring one, drop the newest, forget all", ("free",), many=True,
        options={"--account": "account", "--all": FLAG},
    ),
    Command("health", "health [--history]", "feeds, late ones first; or alerts, runs, what landed and storage", options={"--history": FLAG}),
    Command("why", "why [N | FEED [ACCOUNT] [SERIES]]", "why a feed is late: what ran, what waits, how the login stands, what to do", ("free",), many=True),
    Command(
        "audit", "audit [FILTER… | N] | audit verify [--anchor FILE] | audit state",
        "the journal: kind:decided file:ID since:7d; N: all events of its file; walk its chain of hashes, or how that went last", ("free",), many=True,
        options={f"--{name}": "free" for name in ("kind", "verb", "who", "file", "run", "platform", "since", "before", "text", "anchor")},
    ),
    Command(
        "drift", "drift [list [FEED]] | drift accept N [--reason WHY] | drift revoke N|ACCEPTANCE",
        "what was accepted; accept finding N of the report that was said last into a new schema version, or take that back", ("free",), many=True,
        options={"--reason": "text"},
    ),
)  # fmt: skip


def table() -> dict[str, Command]:
    """All commands of the linear console by name."""
    out = {command.name: command for command in _OWN}
    out |= {name: command for name, command in commands().items() if name not in NO_SCREEN and name not in out}
    return out


SCROLLS = "a line is read at the reader's own pace: there is nothing to scroll"
COPIES = "the text is plain: the reader or the terminal copies it"
DRAWS = "nothing is drawn"
INTERRUPTS = "ctrl+c stops what goes on, ctrl+z suspends"
LEAVES = "nothing is covered that could be left: an empty line leaves a question"
EDITS = "the terminal's own line editing"
POINTLESS = (SCROLLS, COPIES, DRAWS, INTERRUPTS, LEAVES, EDITS)
"""Every reason there is why an action has no words."""
_MOVES = {a: SCROLLS for a in ("up", "down", "page_up", "page_down", "home", "end", "left", "right")}
_FINDS = {"open": "show --finding", "form": "show --structure", "search": "show --find"}
_DECIDES = {v: v for v in ("promote", "quarantine", "release", "withdraw", "validate")}
_MARKS = {"mark": "mark", "mark_range": "mark", "unmark": "unmark"}
_LISTED = {"up": "previous", "down": "next", "page_up": "back", "page_down": "more", "home": "first", "end": "last"}

WORDS: dict[str, dict[str, str]] = {
    "everywhere": {
        "answer": "answer", "needs": "needs", "undo": "undo", "command": "help", "help": "help", "palette": "help", "quit": "quit",
    },
    "files": {
        **_DECIDES, **_MARKS, **_LISTED, "filter": "files", "details": "show", "review": "review", "order": "order", "turn": "order",
        "group": "files", "mark_all": "promote --matching", "back": "files",
        **{f"mark_{a}": "mark" for a in ("up", "down", "page_up", "page_down")},
    },
    "review": {
        **{v: v for v in ("promote", "quarantine", "release", "validate")}, **_FINDS, "next": "next", "back": "previous",
        "whole": "diff --all", "accept": "drift accept",
    },
    "runs": {
        "start": "extract", "start_due": "extract --due", "cancel": "cancel", "cancel_all": "cancel --all", "again": "again", "large": "log",
        "level": "log --warnings", "search": "log", "error": "log --errors", "end": "follow", "files": "files",
    },
    "sessions": {
        "check": "sessions check", "import": "sessions import", "start": "extract", "rollback": "sessions rollback",
        "forget": "sessions forget", "log": "log", "home": "first", "end": "last",
    },
    "health": {
        "why": "why", "start": "extract", "files": "files", "login": "sessions", "page_down": "health --history", "home": "first", "end": "last",
    },
    "sql": {
        **_DECIDES, **_MARKS, **{f"mark_{a}": "mark" for a in ("up", "down", "all")}, "run": "sql", "new": "sql", "starters": "starters", "schema": "columns", "complete": "columns", "details": "show",
        "review": "review", "open_files": "files", "open": "queries", "older": "queries", "newer": "queries", "save": "save",
        "declare": "declare", "export": "export", "checks": "check", "edit": "sql", "page_up": "back", "page_down": "more",
        "home": "first", "end": "last",
    },
    "audit": {
        "filter": "audit", "file": "show", "same_file": "audit", "run": "log", "verify": "audit verify", "verify_anchored": "audit verify --anchor",
        "state": "audit state", "back": "audit", "page_up": "back", "page_down": "more", "home": "first", "end": "last",
    },
    "prompt": {"send": "answer", "resend": "tell resend", "other": "tell other", "next": "needs"},
    "scan": {"look": "answer", "done": "tell done"},
    "page": {
        **{a: "answer" for a in ("click", "type", "enter", "press", "tab", "backspace", "drag", "outline", "look", "page_up", "page_down", "leave")},
        **{a: "answer" for a in ("up", "down", "left", "right", "far_up", "far_down", "far_left", "far_right")}, "done": "tell done",
    },
}  # fmt: skip
"""Section of the key table -> action -> the command that does it here, with its own word or option where it has one."""

NOT_HERE: dict[str, dict[str, str]] = {
    "everywhere": {"redraw": DRAWS, "suspend": INTERRUPTS},
    "files": {"stop": INTERRUPTS},
    "review": {"pane": DRAWS, "leave": LEAVES},
    "runs": {"pause": SCROLLS, "next_match": SCROLLS, "match_before": SCROLLS, "wrap": DRAWS, "back": LEAVES},
    "sql": {"stop": INTERRUPTS, "leave": LEAVES, "narrower": DRAWS, "wider": DRAWS, "cell": SCROLLS},
    "audit": {"fields_down": SCROLLS, "fields_up": SCROLLS},
    "prompt": {"leave": LEAVES},
    "scan": {"invert": DRAWS, "leave": LEAVES},
    "page": {"nearer": DRAWS, "farther": DRAWS},
}
"""Section -> action -> why it is pointless in text, one of POINTLESS."""


def words_for(section: str, action: str) -> tuple[str | None, str | None]:
    """(the command that does it, or why there is none): exactly one of the two, or (None, None) for an action nobody thought of."""
    if section == "everywhere" and action.startswith("view_"):
        return action.removeprefix("view_"), None
    command = WORDS.get(section, {}).get(action)
    if command is not None:
        return command, None
    return None, NOT_HERE.get(section, {}).get(action) or (COPIES if action.startswith("copy_") else _MOVES.get(action))
