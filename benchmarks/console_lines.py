"""What the console is measured against: lines for a pager, and a table of Textual's own."""

from __future__ import annotations

import os
from pathlib import Path

LINE = "  passed  distrokid/streams/streams_stats_{n:012}.html 2026-03-02 38.0k 03-02 09:46 id{n:018}\n"


class LessFile:
    """A text file of `lines` lines while it is needed."""

    def __init__(self, folder: Path, lines: int) -> None:
        self.path = folder / "lines.txt"
        self.lines = lines

    def __enter__(self) -> str:
        with open(self.path, "w") as file:
            for start in range(0, self.lines, 10_000):
                file.write("".join(LINE.format(n=n) for n in range(start, min(self.lines, start + 10_000))))
        return str(self.path)

    def __exit__(self, *_: object) -> None:
        os.unlink(self.path)


def stock_table(rows: int) -> str:
    """A program: Textual's DataTable with `rows` rows of eight columns."""
    return f"""
from textual.app import App
from textual.widgets import DataTable

class Stock(App):
    def compose(self):
        yield DataTable(cursor_type="row")

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("status", "feed", "file", "data to", "size", "landed", "account", "id")
        table.add_rows(
            ("passed", "distrokid/streams", f"streams_stats_{{n:012}}.html", "2026-03-02", "38.0k", "03-02 09:46", "default", f"{{n:010}}")
            for n in range({rows})
        )
        table.focus()

Stock().run()
"""
