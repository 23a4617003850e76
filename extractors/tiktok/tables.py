"""The tables of TikTok Studio's exports: which there are, how their headers are spelled, how their cells are read.

*Seen* (genuine exports of several accounts): names and columns of the seven tables; UTF-8 with BOM, every field quoted, LF, no final
newline; `undefined` for days without data; counts below zero where likes or comments were taken back. English headers stay while days
follow the language of the interface (*seen*); translated headers are expected by public parsers (*documented*), their spelling is *assumed*.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bedrot_console.inspection.helpers import FormatTrouble

from .labels import Label, read_label

UNDEFINED = "undefined"
MOST_ROWS = 20_000
_COUNT = re.compile(r"-?\d{1,15}", re.ASCII)
_SHARE = re.compile(r"\d{1,3}(?:\.\d{1,12})?", re.ASCII)
_POST = re.compile(r"https://www\.tiktok\.com/@(?P<handle>[^/?#]{1,64})/(?:video|photo)/(?P<post>\d{6,25})/?(?:\?.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `kind`: `label`, `count`, `share`, `word`, `hour`, `text`, `link`, or `aside` (read, never a value of a row)."""

    name: str
    kind: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an export. `stem` is the name of its entry without extension; `main` tables make the rows of their feed."""

    stem: str
    report: str
    fields: tuple[Field, ...]
    main: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields if f.kind != "aside")


_DATE = Field("label", "label", ("Date", "Data", "Fecha"))
_DISTRIBUTION = Field("share", "share", ("Distribution", "Distribuição", "Distribución"))
PARTS: tuple[Part, ...] = (
    Part("Overview", "overview", (
        _DATE, Field("video_views", "count", ("Video Views", "Visualizações de vídeo", "Visualizaciones de vídeo")),
        Field("profile_views", "count", ("Profile Views", "Visualizações do perfil", "Visualizaciones del perfil")),
        Field("likes", "count", ("Likes", "Curtidas", "Me gusta")), Field("comments", "count", ("Comments", "Comentários", "Comentarios")),
        Field("shares", "count", ("Shares", "Compartilhamentos", "Veces compartido")),
    )),
    Part("Viewers", "viewers", (
        _DATE, Field("total_viewers", "count", ("Total Viewers", "Total de espectadores")),
        Field("new_viewers", "count", ("New Viewers", "Novos espectadores", "Espectadores nuevos")),
        Field("returning_viewers", "count", ("Returning Viewers", "Espectadores recorrentes", "Espectadores recurrentes")),
    )),
    Part("FollowerHistory", "followers", (
        _DATE, Field("followers", "count", ("Followers", "Seguidores")),
        Field("difference", "aside", ("Difference in followers from previous day", "Diferença de seguidores em relação ao dia anterior")),
    )),
    Part("FollowerActivity", "followers", (
        _DATE, Field("hour", "hour", ("Hour", "Hora")), Field("active", "count", ("Active followers", "Seguidores ativos", "Seguidores activos")),
    ), main=False),
    Part("FollowerGender", "followers", (Field("gender", "word", ("Gender", "Gênero", "Género")), _DISTRIBUTION), main=False),
    Part("FollowerTopTerritories", "followers", (
        Field("territory", "word", ("Top territories", "Principais territórios", "Territorios principales")), _DISTRIBUTION,
    ), main=False),
    Part("Content", "content", (
        Field("label", "label", ("Time", "Hora", "Tempo")), Field("title", "text", ("Video title", "Título do vídeo", "Título del vídeo")),
        Field("link", "link", ("Video link", "Link do vídeo", "Enlace del vídeo")), Field("posted", "text", ("Post time", "Hora da publicação")),
        Field("likes", "count", ("Total likes", "Total de curtidas")), Field("comments", "count", ("Total comments", "Total de comentários")),
        Field("shares", "count", ("Total shares", "Total de compartilhamentos")), Field("views", "count", ("Total views", "Total de visualizações")),
    )),
)  # fmt: skip
BY_STEM = {part.stem.casefold(): part for part in PARTS}


def _folded(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def part_of_header(cells: Sequence[str]) -> Part | None:
    """The table that has all these names in its header; None for a header of none of them."""
    given = {_folded(cell) for cell in cells}
    for part in PARTS:
        if all(given & {_folded(s) for s in f.spellings} for f in part.fields):
            return part
    return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell or row that is not as declared. `row` is 1-based, the header is row 1; `kind`: `type`, `short` or `long`."""

    row: int
    column: str | None
    kind: str
    expected: str
    seen: str = ""


@dataclass(slots=True)
class Table:
    """One table as read. Cells: counts are int, shares Decimal, `undefined` None; what is neither stays text and is in `faults`.

    Attributes:
        labels: of each row, None where a label could not be read.
        aside: of each row, the difference column as exported, which is never trusted.
        extra: header cells that are not known.  by_position: the header's names are unknown, columns were taken by their place.
        facts: how the text is spelled (encoding, quoting, line ends).
    """

    part: Part
    rows: list[dict[str, Any]] = field(default_factory=list)
    labels: list[Label | None] = field(default_factory=list)
    aside: list[int | None] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    by_position: bool = False
    undefined: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


def read_text(data: bytes) -> tuple[list[list[str]], dict[str, Any]]:
    """Records of a CSV text and how it is spelled.

    Raises:
        FormatTrouble: not text, or it breaks off inside a cell.
    """
    bom = data.startswith(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        cut = trouble.start >= len(data) - 4
        raise FormatTrouble("format.truncated" if cut else "format.encoding") from trouble
    if "\0" in text[:4096]:
        raise FormatTrouble("format.not-text")
    if text.count('"') % 2:
        raise FormatTrouble("format.truncated", "the table breaks off inside a cell")
    try:
        records = [r for r in csv.reader(io.StringIO(text, newline=""), strict=True) if r]
    except csv.Error as trouble:
        raise FormatTrouble("format.not-a-table") from trouble
    if len(records) > MOST_ROWS:
        raise FormatTrouble("format.too-large", expected=f"at most {MOST_ROWS:,} rows", seen=f"{len(records):,} rows")
    cells = sum(map(len, records))
    facts = {
        "encoding": "utf-8 with BOM" if bom else "utf-8", "quoted": text.count('"') >= 2 * cells,
        "line_end": "crlf" if "\r\n" in text else "lf", "final_newline": text.endswith(("\n", "\r")),
    }  # fmt: skip
    return records, facts


def read_table(records: Sequence[Sequence[str]], part: Part | None, facts: dict[str, Any]) -> Table:
    """Records as a table.

    Args:
        part: what the entry's name says it is; None: the header alone must say.

    Raises:
        FormatTrouble: no header, or not one of such a table.
    """
    if not records:
        raise FormatTrouble("format.empty")
    header = [cell.strip() for cell in records[0]]
    named = part_of_header(header)
    if part is not None and named is not None and named is not part:
        raise FormatTrouble(
            "format.wrong-feed", f"the entry {part.stem} holds the table {named.stem}", expected=part.stem, seen=named.stem
        )
    part = part or named
    if part is None:
        raise FormatTrouble("format.not-a-table")
    if named is None and len(header) != len(part.fields):
        raise FormatTrouble(
            "format.not-a-table", f"{part.stem} does not have its columns", expected=f"{len(part.fields)} columns", seen=f"{len(header)} columns"
        )  # fmt: skip
    table = Table(part, facts=facts, by_position=named is None)
    places = dict(enumerate(part.fields)) if named is None else _places(header, part)
    table.extra = tuple(cell for index, cell in enumerate(header) if index not in places)
    for number, record in enumerate(records[1:], start=2):
        _take(table, number, record, places, len(header))
    return table


def _places(header: Sequence[str], part: Part) -> dict[int, Field]:
    places: dict[int, Field] = {}
    left = list(part.fields)
    for index, cell in enumerate(header):
        known = next((f for f in left if _folded(cell) in {_folded(s) for s in f.spellings}), None)
        if known is not None:
            places[index] = known
            left.remove(known)
    return places


def _take(table: Table, number: int, record: Sequence[str], places: dict[int, Field], width: int) -> None:
    if len(record) != width:
        kind = "short" if len(record) < width else "long"
        table.faults.append(Fault(number, None, kind, f"{width} cells", f"{len(record)} cells"))
    row: dict[str, Any] = {f.name: None for f in table.part.fields if f.kind != "aside"}
    label: Label | None = None
    aside: int | None = None
    for index, known in places.items():
        text = record[index].strip() if index < len(record) else ""
        if known.kind == "label":
            label = _label(table, number, known, text)
            row["label"] = label.text if label else text[:20]
        elif known.kind == "aside":
            aside = int(text) if _COUNT.fullmatch(text) else None
            if aside is None and text != UNDEFINED:
                table.faults.append(Fault(number, known.name, "type", "a whole number or undefined"))
        else:
            row[known.name] = _cell(table, number, known, text)
    if "link" in row:
        match = _POST.fullmatch(row["link"])
        row["post"], row["handle"] = (match["post"], match["handle"]) if match else (row["link"], None)
        if match is None:
            table.faults.append(Fault(number, "link", "type", "https://www.tiktok.com/@handle/video/number"))
    table.rows.append(row)
    table.labels.append(label)
    table.aside.append(aside)


def _label(table: Table, number: int, known: Field, text: str) -> Label | None:
    try:
        return read_label(text)
    except ValueError:
        table.faults.append(Fault(number, known.name, "label", "day and month of one language"))
        return None


def _cell(table: Table, number: int, known: Field, text: str) -> Any:
    if known.kind in ("text", "link"):
        return text
    if text == UNDEFINED and known.kind in ("count", "share"):
        table.undefined += 1
        return None
    if known.kind == "word":
        if not text:
            table.faults.append(Fault(number, known.name, "type", "a word"))
        return text
    if known.kind == "share":
        if _SHARE.fullmatch(text):
            return Decimal(text)
    elif _COUNT.fullmatch(text):
        return int(text)
    wanted = "a fraction" if known.kind == "share" else "a whole number or undefined"
    table.faults.append(Fault(number, known.name, "type", wanted))
    return text
