"""The royalty statement as the site spells it: legacy, current and mixed headers; three encodings; two line ends; zipped twice.

Headers, encodings, CR-only line ends and the zip in a zip are *seen* in public parsers and their tests; that the newest report stands
first is *assumed*.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal

from .world import Royalty

LEGACY = (
    "Reporting Date", "Sale Month", "Store", "Artist", "Title", "ISRC", "UPC", "Quantity", "Team Percentage", "Song/Album",
    "Country of Sale", "Songwriter Royalties Withheld", "Earnings (USD)",
)  # fmt: skip
CURRENT = (
    "Date Inserted", "Reporting Date", "Sale Month", "Store", "Artist", "Title", "ISRC", "UPC", "Quantity", "Team Percentage",
    "Source Type", "Country of Sale", "Songwriter Royalties Withheld (USD)", "Earnings (USD)", "Recoup (USD)",
)  # fmt: skip
MIXED = tuple("Song/Album" if c == "Source Type" else c for c in CURRENT)
DRIFTED = (*CURRENT, "Label Share (USD)")


def cells(row: Royalty, header: Sequence[str]) -> list[str]:
    """One row under `header`."""
    values = {
        "Date Inserted": row.inserted.isoformat(), "Reporting Date": row.reported.isoformat(), "Sale Month": row.month,
        "Store": row.store, "Artist": row.artist, "Title": row.title, "ISRC": row.isrc, "UPC": row.upc, "Quantity": str(row.quantity),
        "Team Percentage": "100", "Song/Album": row.kind, "Source Type": row.kind, "Country of Sale": row.country,
        "Songwriter Royalties Withheld": "0", "Songwriter Royalties Withheld (USD)": "0.00000",
        "Earnings (USD)": _plain(row.earnings), "Recoup (USD)": "", "Label Share (USD)": "0.00000",
    }  # fmt: skip
    return [values[name] for name in header]


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"


def statement(
    rows: Iterable[Royalty],
    header: Sequence[str] = CURRENT,
    *,
    encoding: str = "latin-1",
    line_end: str = "\n",
    comma: bool = False,
) -> bytes:
    """The file. `comma` makes the all-quoted CSV form that also exists."""
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter="," if comma else "\t", lineterminator=line_end, quoting=csv.QUOTE_ALL if comma else csv.QUOTE_MINIMAL
    )
    writer.writerow(header)
    writer.writerows(cells(row, header) for row in rows)
    return out.getvalue().encode(encoding)


def zipped_twice(data: bytes) -> bytes:
    """`results.csv` inside a zip inside a zip; the same bytes for the same data."""
    for name in ("results.csv", "results.zip"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, compress_type=zipfile.ZIP_DEFLATED)
        data = out.getvalue()
    return data
