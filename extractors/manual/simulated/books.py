"""Workbooks made by hand: the smallest .xlsx and .xls that spreadsheet programs open. Same cells, same bytes, whatever packs them.

Layouts: ECMA-376 (SpreadsheetML), MS-CFB and MS-XLS (*documented*).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

Cells = Sequence[Sequence[object]]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DAY_ZERO = date(1899, 12, 30)
SECTOR = 512


def xlsx(*sheets: tuple[str, Cells | str], first_row: int = 1, packed: bool = False) -> bytes:
    """A workbook of named sheets; a sheet given as text is the inside of its `sheetData`. `first_row` is where its rows begin."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:

        def part(name: str, text: str) -> None:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = archive.compression
            archive.writestr(entry, _HEAD + text)

        numbers = range(1, len(sheets) + 1)
        part("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        part(
            "_rels/.rels",
            f'<Relationships xmlns="{_RELS}"><Relationship Id="rId1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        names = "".join(f'<sheet name="{escape(sheets[n - 1][0])}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        part("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{names}</sheets></workbook>')
        links = "".join(f'<Relationship Id="rId{n}" Type="{_DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
        styles = f'<Relationship Id="rIdS" Type="{_DOC}/styles" Target="styles.xml"/>'
        part("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_RELS}">{links}{styles}</Relationships>')
        part(
            "xl/styles.xml",
            f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        )
        for number, (_, cells) in enumerate(sheets, start=1):
            inside = cells if isinstance(cells, str) else "".join(_row(r, row) for r, row in enumerate(cells, start=first_row))
            part(f"xl/worksheets/sheet{number}.xml", f'<worksheet xmlns="{_MAIN}"><sheetData>{inside}</sheetData></worksheet>')
    return out.getvalue()


def _row(number: int, cells: Sequence[object]) -> str:
    found = "".join(
        _cell(f"{_letters(column)}{number}", value) for column, value in enumerate(cells, start=1) if value is not None
    )
    return f'<row r="{number}">{found}</row>'


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _cell(place: str, value: object) -> str:
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - _DAY_ZERO).days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def xls(name: str, cells: Cells) -> bytes:
    """A BIFF8 workbook of one sheet, in an OLE container. Texts are ASCII, at most 255 long; at most 60 KB of cells."""
    sheet = _begin(0x10)
    for row, values in enumerate(cells):
        for column, value in enumerate(values):
            if isinstance(value, int | float):
                sheet += _record(0x203, struct.pack("<HHHd", row, column, 0, value))
            else:
                text = str(value).encode("ascii")
                sheet += _record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text)
    sheet += _record(0x0A, b"")

    def whole(offset: int) -> bytes:
        bound = struct.pack("<IBBBB", offset, 0, 0, len(name), 0) + name.encode("ascii")
        return _begin(5) + _record(0x85, bound) + _record(0x0A, b"")

    return _container(whole(len(whole(0))) + sheet)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _begin(kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x7CC, 0x41, 6))


def _container(stream: bytes) -> bytes:
    """An OLE file with one stream: sector 0 is its table of sectors, sector 1 its folder, the stream follows."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    table = [0xFFFFFFFD, 0xFFFFFFFE, *(n + 3 for n in range(count - 1)), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (SECTOR // 4 - len(table))
    folder = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry("Workbook", 2, -1, 2, len(stream)) + _entry("", 0, -1, 0, 0) * 2
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<10I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + b"\xff" * 432
    return header + struct.pack(f"<{SECTOR // 4}I", *table) + folder + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    place = struct.pack("<HBBiii", len(text) + 2 if name else 0, kind, 1, -1, -1, child)
    return (text + b"\0\0").ljust(64, b"\0") + place + bytes(36) + struct.pack("<IQ", start, size)
