"""The tables of README.md and extractors/README.md, made from the code: `python -m bedrot_console.cli.reference [NAME...]`.

With `--write FILE` the text between `<!-- generated: NAME -->` and `<!-- end -->` is replaced; a test holds both files to it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from ..domain.errors import EXIT_CODES
from .contents import HELP
from .face import Face
from .output import Output
from .root import root

MARK = re.compile(r"(<!-- generated: (?:[^>]*\s)?(?P<name>[a-z-]+) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)
TEST_ROW = ("test [PYTEST ARGUMENTS]", "Run the test suite (the launcher `./bedrot` only).")


def commands() -> list[tuple[str, str]]:
    """(usage, one line) of every command, in the order of `--help`."""
    context = click.Context(root, info_name="bedrot")
    rows = [TEST_ROW]
    for name, line in HELP.items():
        command = root.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            rows += [(f"{name} {usage(part)}", part.get_short_help_str(200)) for part in command.commands.values()]
        else:
            rows.append((usage(command), line))
    return rows


def usage(command: click.Command) -> str:
    """A command's name, arguments and own options, as in the table."""
    parts = [command.name or ""]
    for param in command.params:
        if isinstance(param, click.Argument):
            name = (param.metavar or param.name or "").strip("[]")
            parts.append(name if param.required else f"[{name}]")
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            names = "/".join([param.opts[-1], *param.secondary_opts])
            value = "" if param.is_flag else f" {_value(param)}"
            parts.append(f"[{names}{value}]" + ("..." if param.multiple else ""))
    return " ".join(parts)


def _value(param: click.Option) -> str:
    return (
        "|".join(map(str, param.type.choices))
        if isinstance(param.type, click.Choice) and not param.metavar
        else str(param.metavar)
    )


def tables() -> dict[str, str]:
    """Every generated table by name, as Markdown."""
    from ..operations import browse, simulate

    ws = Face().workspace()
    known = browse.platforms(ws)
    platforms, feeds = [], []
    for platform in known:
        brought = [f.name.partition("/")[2] for f in platform.feeds if f.name.partition("/")[2] in platform.runs]
        uploads = [f.name.partition("/")[2] for f in platform.feeds if f.name.partition("/")[2] not in platform.runs]
        asks = ", ".join(simulate.challenge_words(ws, platform.name)) or "nothing"
        platforms.append(
            (
                f"`{platform.name}`",
                platform.method if brought else "upload",
                asks if brought else "",
                ", ".join(brought),
                ", ".join(uploads),
            )
        )
        feeds += [
            (f"`{feed.name}`", feed.title, platform.method if name in brought else "upload", feed.policy, f"`{feed.template}`")
            for feed in platform.feeds
            for name in (feed.name.partition("/")[2],)
        ]
    faults = [
        (
            platform, f"`{name}`", fault.does + {"nothing": "", "login": "; a login is saved", "yesterday": "; the day after a good run"}[fault.after],
            f"`{fault.error}`" if fault.error else f"`{fault.finding}`" if fault.finding else "none", str(fault.ends), fault.tells,
        )
        for platform, table in simulate.fault_table(ws).items()
        for name, fault in table.items()
    ]  # fmt: skip
    return {
        "feeds": _markdown(("feed", "is", "comes by", "promoted by", "lands as"), feeds),
        "faults": _markdown(("platform", "fault", "what happens", "error or finding", "exit code", "the operator reads"), faults),
        "commands": _markdown(("command", "does"), [(f"`{use}`", does) for use, does in commands()]),
        "exit-codes": _markdown(("exit code", "meaning"), [(str(code), meaning) for code, meaning in EXIT_CODES]),
        "platforms": _markdown(("platform", "comes by", "may ask for", "a run brings", "uploads"), platforms),
    }


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"


def filled(text: str) -> str:
    """`text` with every generated block up to date."""
    made = tables()
    return MARK.sub(lambda m: m[1] + made.get(m["name"], m["body"]) + m[4], text)


def main(argv: list[str]) -> int:
    """Print tables, or rewrite a file's generated blocks."""
    out = Output()
    if argv[:1] == ["--write"] and len(argv) == 2:
        path = Path(argv[1])
        path.write_text(filled(path.read_text("utf-8")), "utf-8")
        return 0
    made = tables()
    for name in argv or list(made):
        if name not in made:
            out.line("one of: " + ", ".join(made))
            return 2
        out.page(made[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
