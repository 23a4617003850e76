"""files: list files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from ...domain.browsing import GROUPINGS, ORDERS, FileFilter, FileRow
from ...domain.filterwords import WORDS, filter_of, split_words
from ...domain.lifecycle import STATUSES, Zone
from ...domain.text import size_text
from ..face import Face
from ..frame import command
from ..output import STATUS_STYLES
from ..records import file_record
from ..tables import Column

TERMINAL_LIMIT = 50
PAGE = 1000


WORD_CHOICES = {"zone": [z.value for z in Zone], "status": STATUSES, "order": ORDERS, "group": GROUPINGS}


def _word_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each filter word, in the words' order."""
    for word, about in reversed(WORDS.items()):
        kind = click.Choice(WORD_CHOICES[word]) if word in WORD_CHOICES else None
        told = f"{about[0].upper()}{about[1:]}."
        function = click.option(f"--{word}", word, metavar=word[0].upper(), type=kind, help=told)(function)
    return function


@command(example="bedrot files status:failed --since 7d\nbedrot files --zone landing --group feed", exits=(0, 6))
@click.argument("words", nargs=-1, metavar="[FILTER...]")
@_word_options
@click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help=f"At most N; default {TERMINAL_LIMIT} on a terminal, else all."
)
def files(face: Face, words: tuple[str, ...], limit: int | None, **given: str | None) -> None:
    """List files, or count them by groups.

    FILTER words are those of the console and have the options' names (status:failed, since:7d); other text is looked for
    inside path, feed and id.
    """
    from ...operations import browse

    ws = face.workspace()
    said, text = split_words(" ".join(words))
    said |= {word: value for word, value in given.items() if value is not None}
    group = said.pop("group", None)
    what = filter_of(said, text, ws.clock.now())
    if limit is None:
        limit = TERMINAL_LIMIT if face.out.is_terminal and not face.json else None
    if group is not None:
        _groups(face, browse.groups(ws, what, group), group, limit)
        return
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
            face.say.note(f"showing {shown:,} of {total:,}; --limit N shows more")
    elif shown == 0:
        face.say.note(
            "no files" + (" match" if what != FileFilter() else "; bring some in: bedrot extract PLATFORM, or bedrot land FILE")
        )


def _groups(face: Face, groups: Sequence[tuple[str | None, int, int]], by: str, limit: int | None) -> None:
    shown = groups[:limit]
    if face.json:
        for key, files, size_bytes in shown:
            face.out.record({by: key, "files": files, "size_bytes": size_bytes})
    else:
        columns = (
            Column(by, least=10, cut="middle", style=_style),
            Column("files", least=5, right=True),
            Column("size", least=7, right=True),
        )
        face.out.table(columns, ([key if key is not None else "-", f"{files:,}", size_text(size)] for key, files, size in shown))
    if len(shown) < len(groups):
        face.say.note(f"showing {len(shown):,} of {len(groups):,}; --limit N shows more")


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
