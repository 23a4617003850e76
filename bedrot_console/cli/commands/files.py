"""files: list files."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ...domain.browsing import ORDERS, FileFilter, FileRow
from ...domain.filterwords import parse_filter, parse_since
from ...domain.lifecycle import STATUSES, Zone
from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import file_record
from ..tables import Column, size_text

TERMINAL_LIMIT = 50
PAGE = 1000


@command(example="bedrot files status:failed --since 7d\nbedrot files --zone landing --json", exits=(0, 6))
@click.argument("words", nargs=-1, metavar="[FILTER...]")
@click.option("--zone", metavar="Z", type=click.Choice([z.value for z in Zone]), help="landing, raw, quarantine or erased.")
@click.option("--platform", metavar="P", help="Only this platform.")
@click.option("--feed", metavar="F", help="Only this feed, by its whole name (distrokid/streams).")
@click.option("--account", metavar="A", help="Only this account.")
@click.option("--series", metavar="S", help="Only this series of a feed (an artist, a period).")
@click.option("--status", metavar="S", type=click.Choice(STATUSES), help=", ".join(STATUSES) + ".")
@click.option("--since", metavar="T", help="Landed at or after: 7d, 24h, or an ISO date or time in UTC.")
@click.option("--run", "run_id", metavar="RUN", help="Only files of this run.")
@click.option("--order", metavar="O", type=click.Choice(ORDERS), help=", ".join(ORDERS) + "; default newest.")
@click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help=f"At most N; default {TERMINAL_LIMIT} on a terminal, else all."
)
def files(face: Face, words: tuple[str, ...], since: str | None, limit: int | None, **given: str | None) -> None:
    """List files.

    FILTER words are those of the console: platform:, feed:, account:, series:, status:, zone:, since:, run:,
    order:, and text inside path, feed or id.
    """
    from dataclasses import replace

    from ...operations import browse

    ws = face.workspace()
    now = ws.clock.now()
    what = parse_filter(" ".join(words), now)
    values: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if "zone" in values:
        values["zone"] = Zone(str(values["zone"]))
    if since is not None:
        values["since"] = parse_since(since, now)
    what = replace(what, **values)  # type: ignore[arg-type]
    if limit is None:
        limit = TERMINAL_LIMIT if face.out.is_terminal and not face.json else None
    rows = _pages(ws, what, limit)
    shown = 0
    if face.json:
        for row in rows:
            face.out.record(file_record(row))
            shown += 1
    else:
        shown = face.out.table(COLUMNS, ([*cells(r)] for r in rows))
    if limit is not None and shown == limit:
        total = browse.count(ws, what)
        if total > shown:
            face.say.note(f"showing {shown:,} of {total:,}; --limit")
    elif shown == 0:
        face.say.note(
            "no files" + (" match" if what != FileFilter() else "; bring some in: bedrot extract PLATFORM, or bedrot land FILE")
        )


def _pages(ws: object, what: FileFilter, limit: int | None) -> Iterator[FileRow]:
    from ...operations import browse

    after: FileRow | None = None
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = browse.files(ws, what, after=after, limit=size)  # type: ignore[arg-type]
        yield from page
        if len(page) < size:
            return
        after = page[-1]
        if left is not None:
            left -= len(page)


def _style(text: str) -> str:
    return STATUS_STYLES.get(text, "")


COLUMNS = (
    Column("id", least=13, cut="bare"),
    Column("status", least=11, style=_style),
    Column("feed", least=14, cut="middle", drop=1),
    Column("account", least=7, drop=5),
    Column("as of", least=10, drop=3),
    Column("landed (UTC)", least=16, drop=2),
    Column("size", least=7, right=True, drop=4),
    Column("path", least=16, cut="middle"),
)


def cells(row: FileRow) -> tuple[object, ...]:
    """A row as a person reads it."""
    return (
        row.id, row.status, row.feed, row.account, row.as_of or "", f"{row.landed_at:%Y-%m-%d %H:%M}", size_text(row.size_bytes),
        f"{row.zone}/{row.path}",
    )  # fmt: skip
