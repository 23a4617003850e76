"""Which commands there are: name, section, one line. Help, completion and the README table are made from it, without importing a command.

The page of help is made here, without the library that parses: `bedrot --help` and `bedrot status` load as little as they can.
"""

from __future__ import annotations

import os

from ..domain.errors import EXIT_CODES

SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Look around",
        (
            ("demo", "Run a whole lake against simulated platforms, in a temporary home."),
            ("console", "Open the console on this terminal."),
            ("status", "Say how the lake is: health, what waits, how fresh each feed is."),
            ("platforms", "List platforms, their feeds and promotion policies."),
            ("doctor", "Say what this machine lacks and how to get it."),
        ),
    ),
    (
        "Bring data in",
        (
            ("extract", "Run the extractors of platforms and follow them."),
            ("runs", "List runs, newest first."),
            ("attach", "Follow a run and answer what it asks."),
            ("cancel", "Stop a run."),
            ("challenges", "List what platforms are asking of a human."),
            ("answer", "Answer a challenge; the code comes from the terminal or stdin."),
            ("secrets", "Keep credentials in the vault: list, set, remove."),
            ("sessions", "Say what is known of saved logins; bring, prove, roll back, forget them."),
            ("land", "Land files from outside, one or many."),
            ("simulate", "Serve stand-ins of platforms on this machine until SIGTERM."),
            ("new-platform", "Make a folder for a new platform that passes the contract suite at once."),
        ),
    ),
    (
        "Look and decide",
        (
            ("files", "List files."),
            ("show", "Show one file: where it came from, its report, a preview, the diff, what is allowed now."),
            ("cat", "Write a payload to stdout, byte for byte."),
            ("validate", "Check files against what is expected of their feed."),
            ("diff", "Compare a file with the last good capture before it, or with another."),
            (
                "drift",
                "Accept what a platform changed in its data, item by item, into a new version of a feed's schema; or take that back.",
            ),
            ("promote", "Move checked files from landing to raw."),
            ("quarantine", "Move files from landing to quarantine."),
            ("release", "Move files from quarantine back to landing, to be validated again."),
            ("withdraw", "Move files from raw to quarantine."),
            ("undo", "Reverse the newest decision on files, or your newest one."),
        ),
    ),
    (
        "Trust and repair",
        (
            ("verify", "Hash payloads again and compare with what was recorded."),
            ("recover", "Finish or roll back what a killed process left open."),
            ("rebuild", "Make the catalog anew from sidecars and journal."),
            ("sql", "Ask the catalog in SQL, read-only."),
            ("check", "Run saved queries whose rows are violations."),
            ("audit", "Show the journal, or verify its chain."),
        ),
    ),
)

HELP: dict[str, str] = {name: line for _, commands in SECTIONS for name, line in commands}

COMMON: tuple[tuple[str, str], ...] = (
    ("--home DIR", "Folder that holds landing/ (else BEDROT_HOME, PROJECT_ROOT, the checkout)."),
    ("--json", "One JSON object a line on stdout."),
    ("-q, --quiet", "Only data and errors."),
    ("--no-color", "No colours (also NO_COLOR)."),
    ("-h, --help", "Show this page, or a command's."),
    ("--version", "Show the version."),
)
"""Options accepted before and after every command, as help shows them."""

ABOUT = (
    "Landing zone console: captures land untouched, are validated, reviewed, and promoted or quarantined.",
    "Without a command, on a terminal, the console opens. Completion: bash, zsh, fish, see README.",
)


def page(width: int | None = None) -> str:
    """The page of `bedrot --help`, for a terminal of `width` columns (default: this one, at most 110)."""
    width = width or min(110, _columns())
    blocks = ["Usage: bedrot [OPTIONS] COMMAND [ARGS]...", "\n".join(_wrapped(text, 2, width) for text in ABOUT)]
    blocks.append(_section("Options, before or after the command", COMMON, width))
    blocks += [_section(title, commands, width) for title, commands in SECTIONS]
    blocks.append(_section("Exit codes", [(str(code), meaning) for code, meaning in EXIT_CODES], width))
    blocks.append("Example:\n  bedrot demo")
    return "\n\n".join(blocks)


def _section(title: str, rows: tuple[tuple[str, str], ...] | list[tuple[str, str]], width: int) -> str:
    left = max(len(name) for name, _ in rows) + 4
    return f"{title}:\n" + "\n".join(f"  {name:<{left - 2}}{_wrapped(text, left, width).lstrip()}" for name, text in rows)


def _wrapped(text: str, indent: int, width: int) -> str:
    lines = [" " * indent]
    for word in text.split():
        if len(lines[-1]) + len(word) > max(width, indent + 20) and lines[-1].strip():
            lines.append(" " * indent)
        lines[-1] += word + " "
    return "\n".join(line.rstrip() for line in lines)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(1).columns or 80
    except (OSError, ValueError):
        return 80
