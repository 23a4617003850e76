"""Parts of a payload on stdout: the headless twin of the console's preview."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..domain.blocks import Raster, picture_cells
from ..domain.errors import UsageError
from ..domain.excerpts import Excerpt, Told, Wish, asked, place_of, pointer_of, told_levels, told_tree
from ..domain.findings import in_order
from .records import plain_record
from .tables import Column

if TYPE_CHECKING:
    from .face import Face

NOT_FOUND = 1
TREE_LINES = 200
PICTURE_COLUMNS = 80


def show_excerpt(face: Face, name: str, *, lines: int, member: tuple[str, ...], **wanted: Any) -> int:
    """Print the part of a payload that the options name. Returns 1 when it is not there."""
    from ..operations import review

    ws = face.workspace()
    way = review.member_of(ws, name, member)
    wish = _wish(face, name, lines, way, wanted)
    found = review.excerpt(ws, name, wish)
    if face.json:
        face.out.record(_record(found))
        return 0 if found.found else NOT_FOUND
    about = [found.kind + (f" as {found.form}" if found.form else ""), *found.names]
    face.out.text(" · ".join(about), "head")
    if found.note:
        face.out.line(f"  {found.note}")
    if wanted["rows"] and wanted["rows"][0] != wanted["rows"][1]:
        found = replace(found, row=0)
    _print(face, found, lambda node: review.excerpt(ws, name, Wish(act="children", member=way, form="structure", node=node)))
    if found.more:
        face.say.note("cut; --lines N shows more, --rows A:B other rows, bedrot cat the whole")
    return 0 if found.found else NOT_FOUND


def _wish(face: Face, name: str, lines: int, member: tuple[int, ...], wanted: dict[str, Any]) -> Wish:
    form = "text" if wanted["preview"] else "structure" if wanted["structure"] else "rows" if wanted["parsed"] else ""
    place = None
    if wanted["finding"]:
        place = place_of(_finding(face, name, wanted["finding"]))
    elif wanted["at"]:
        place = pointer_of(wanted["at"])
    return asked(
        member=member, form=form, limit=max(1, lines), columns=PICTURE_COLUMNS if not form else 0, lines=48, rows=wanted["rows"], place=place,
        find=wanted["find"] or "",
    )  # fmt: skip


def _finding(face: Face, name: str, number: int) -> Any:
    from ..operations import browse

    ws = face.workspace()
    report = browse.report_of(ws, browse.find(ws, name))
    findings = in_order(report.findings) if report is not None else []
    if number > len(findings):
        raise UsageError(f"the report has {len(findings)} findings", hint=f"bedrot show {name}")
    return findings[number - 1]


def _record(found: Excerpt) -> dict[str, Any]:
    record = plain_record(found)
    if found.picture is not None:
        record["picture"]["rgb"] = base64.b64encode(found.picture.rgb).decode()
    return record


def _print(face: Face, found: Excerpt, children: Any) -> None:
    if found.picture is not None:
        _picture(face, found)
    elif found.header:
        names = [
            f"{h.name} ({h.type}{'' if h.known else ', not declared'})" if h.type or not h.known else h.name for h in found.header
        ]
        columns = [Column("row", right=True, least=3), *(Column(n, least=6, drop=i) for i, n in enumerate(names, start=1))]
        rows = [
            (f"→{e.row}" if e.row == found.row else e.row, *e.cells, *[""] * (len(names) - len(e.cells))) for e in found.entries
        ]
        face.out.table(columns, rows)
    elif found.form == "members":
        columns = (Column("number", right=True), Column("name", least=10), Column("kind"), Column("bytes", right=True))
        face.out.table(columns, [(f"#{e.row + 1}", e.key, e.type, e.count if e.count >= 0 else "") for e in found.entries])
    elif found.levels:
        _told(face, told_levels(found))
    elif found.form == "structure":
        _told(face, told_tree(found.entries, children, TREE_LINES))
    else:
        for entry in found.entries:
            marked = found.mark is not None and entry.at < max(found.mark[1], found.mark[0] + 1) and entry.end > found.mark[0]
            face.out.line(f"{'→' if marked else ' '} {entry.text}")


def _told(face: Face, told: Iterable[Told]) -> None:
    for one in told:
        entry = one.entry
        if entry is None:
            face.out.line("  " * one.depth + ("  … more" if not one.before else f"  … {one.before:,} before"))
        else:
            count = f" {entry.count:,}" if entry.count > 0 and entry.node else ""
            head = f"{'→' if one.here else ' '} {entry.key} ({entry.type or 'element'}{count}) {entry.text}"
            face.out.line("  " * one.depth + head)


def _picture(face: Face, found: Excerpt) -> None:
    picture = found.picture
    assert picture is not None
    face.out.line(f"  {picture.width:,} by {picture.height:,} pixels")
    for row in picture_cells(Raster(picture.columns, picture.lines, picture.rgb), colours=False):
        face.out.line("".join(cell.char for cell in row).rstrip())
