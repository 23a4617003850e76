"""Which commands there are: name, section, one line. Help, completion and the README table are made from it, without importing a command."""

from __future__ import annotations

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
            ("sessions", "Say what is known of saved logins: list, forget."),
            ("land", "Land files from outside, one or many."),
            ("simulate", "Serve stand-ins of platforms on this machine until SIGTERM."),
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
            ("audit", "Show the journal, or verify its chain."),
        ),
    ),
)

HELP: dict[str, str] = {name: line for _, commands in SECTIONS for name, line in commands}
