"""Tables that people export from Ads Manager by hand: read in four languages, with decimal points or commas, daily or over a whole period.

*Seen* in public readers of such exports: UTF-8 with a byte order mark; the currency in the column's name (`Amount spent (USD)`); headers in the
language of the user (English, German, French and Spanish are known here, others are not recognised); `;` and decimal commas in some
locales; a row `All` that sums up the days. Without the split by day each row spans the whole period: such a file has no `day`, and is a feed
of its own, since a period's spend is nobody's day.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import FormatTrouble, Rows, day_of, error, note, warning

from .id_checks import export_ids

NAMES: dict[str, tuple[str, ...]] = {
    "day": ("Day", "Tag", "Jour", "Día"),
    "reporting_starts": ("Reporting starts", "Berichtsstart", "Auswertungsstart", "Début des rapports", "Inicio del informe"),
    "reporting_ends": ("Reporting ends", "Berichtsende", "Auswertungsende", "Fin des rapports", "Fin del informe"),
    "account_name": ("Account name", "Kontoname", "Nom du compte", "Nombre de la cuenta"),
    "campaign_name": ("Campaign name", "Kampagnenname", "Name der Kampagne", "Nom de la campagne", "Nombre de la campaña"),
    "campaign_id": ("Campaign ID", "Kampagnen-ID", "ID de la campagne", "Identificador de la campaña"),
    "adset_name": (
        "Ad set name", "Anzeigengruppenname", "Name der Anzeigengruppe", "Nom de l'ensemble de publicités", "Nombre del conjunto de anuncios",
    ),
    "adset_id": ("Ad set ID",),
    "ad_name": ("Ad name", "Anzeigenname", "Nom de la publicité", "Nombre del anuncio"),
    "ad_id": ("Ad ID",),
    "spend": ("Amount spent", "Ausgegebener Betrag", "Montant dépensé", "Importe gastado"),
    "impressions": ("Impressions", "Impressionen", "Impresiones"),
    "reach": ("Reach", "Reichweite", "Couverture", "Portée", "Alcance"),
    "frequency": ("Frequency", "Frequenz", "Répétition", "Fréquence", "Frecuencia"),
    "clicks": ("Clicks (all)", "Klicks (alle)", "Clics (tous)", "Clics (todos)"),
    "link_clicks": ("Link clicks", "Link-Klicks", "Clics sur un lien", "Clics sur le lien", "Clics en el enlace"),
    "age": ("Age", "Alter", "Âge", "Edad"),
    "gender": ("Gender", "Geschlecht", "Sexe", "Genre", "Sexo"),
    "platform": ("Platform", "Plattform", "Plateforme", "Plataforma"),
    "placement": ("Placement", "Platzierung", "Ubicación"),
    "country": ("Country", "Land", "Pays", "País"),
    "region": ("Region", "Région", "Región"),
    "results": ("Results", "Ergebnisse", "Résultats", "Resultados"),
}  # fmt: skip
"""Our name of a column -> its headers by language, without the currency. English and the spend of all four: seen; most others: seen in readers that
map them; `Auswertungsstart` and the identifiers of campaigns: assumed."""
LABELS = ("account_name", "campaign_name", "campaign_id", "adset_name", "adset_id", "ad_name", "ad_id")
BREAKDOWNS = ("age", "gender", "platform", "placement", "country", "region")
COUNTS = ("impressions", "reach", "clicks", "link_clicks")
NUMBERS = (*COUNTS, "spend", "frequency", "results")
TOTALS = frozenset({"all", "alle", "tous", "tout", "todos", "todo", "total"})
_CURRENCY = re.compile(r"\s*\(([A-Z]{3})\)$")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_POINT = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_COMMA = re.compile(r"-?(?:\d+|\d{1,3}(?:[.\u00a0\u202f ]\d{3})+)(?:,\d+)?")
MOST_HEAD = 1 << 16


def _folded(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


_KNOWN = {_folded(name): ours for ours, names in NAMES.items() for name in names}


def _columns(header: list[str]) -> tuple[list[str], list[str]]:
    """Our names of the header's cells (others keep their own), and the currencies named in those that are money."""
    found, currencies = [], []
    for cell in header:
        match = _CURRENCY.search(cell.strip())
        ours = _KNOWN.get(_folded(cell)) or (_KNOWN.get(_folded(cell[: match.start()])) if match else None)
        if match:
            currencies.append(match[1])
        found.append(ours if ours and ours not in found else cell.strip())
    return found, sorted(set(currencies))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        if trouble.start >= len(data) - 4:
            return data.decode("utf-8-sig", "ignore")
        raise FormatTrouble("format.encoding", f"byte {trouble.start} is no UTF-8", expected="utf-8-sig, utf-8") from trouble


def _header(text: str) -> tuple[str, list[str]]:
    """Delimiter and cells of the first line: the delimiter that makes most cells."""
    line = text.lstrip("\ufeff\r\n").partition("\n")[0].rstrip("\r")
    try:
        cut = {d: next(csv.reader([line], delimiter=d), []) for d in (",", ";", "\t")}
    except csv.Error as trouble:
        raise FormatTrouble("format.not-a-table", "the first line is no line of a table") from trouble
    delimiter = max(cut, key=lambda d: len(cut[d]))
    return delimiter, cut[delimiter]


def _is_export(head: bytes, *, daily: bool) -> bool:
    try:
        columns = set(_columns(_header(_text(head[:MOST_HEAD]))[1])[0])
    except FormatTrouble:
        return False
    needed = {"reporting_starts", "reporting_ends", "spend"} <= columns and not columns.isdisjoint(LABELS)
    return needed and ("day" in columns) is daily


def is_days(head: bytes) -> bool:
    """An export split by day."""
    return _is_export(head, daily=True)


def is_period(head: bytes) -> bool:
    """An export whose rows span the whole period."""
    return _is_export(head, daily=False)


is_days.wanted = is_period.wanted = ("Reporting starts", "Reporting ends", "Amount spent")  # type: ignore[attr-defined]


def read(data: bytes) -> Rows:
    """An export as rows under our names: days as ISO text, numbers as Decimal (counts as int), blank cells None; odd cells as they are.

    Rows that sum up others (`All` for a day, or no name at all) are no rows; a note says how many there were. Facts: `currency`, `language_point`.

    Raises:
        FormatTrouble: not UTF-8, not this table, or its last line ends too early.
    """
    text = _text(data)
    delimiter, header = _header(text)
    columns, currencies = _columns(header)
    if not {"reporting_starts", "reporting_ends", "spend"} <= set(columns):
        raise FormatTrouble(
            "format.not-a-table",
            "this is not an export of Ads Manager",
            expected="Reporting starts, Reporting ends, Amount spent",
        )
    try:
        lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter))[1:]
    except csv.Error as trouble:
        raise FormatTrouble("format.not-a-table", "a line is no line of a table") from trouble
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if lines and len(lines[-1]) < len(columns):
        raise FormatTrouble("format.truncated", "the last line ends too early", expected=f"{len(columns)} cells")
    comma = _decimal_comma(columns, lines, delimiter)
    records, sums = [], 0
    for line in lines:
        row: dict[str, Any] = {name: (cell.strip() or None) for name, cell in zip(columns, line, strict=False)}
        if str(row.get("day") or "").casefold() in TOTALS or not any(row.get(name) for name in LABELS):
            sums += 1
            continue
        for name in NUMBERS:
            if row.get(name) is not None:
                row[name] = _number(row[name], comma, whole=name in COUNTS)
        for name in ("day", "reporting_starts", "reporting_ends"):
            if row.get(name) is not None:
                row[name] = _iso(row[name])
        row["object"] = " / ".join(str(row[name]) for name in (*LABELS, *BREAKDOWNS) if row.get(name))
        records.append(row)
    findings = [note("format.sum-rows", f"{sums} rows sum up others and are not counted", count=sums)] if sums else []
    facts = {"currency": currencies[0] if len(currencies) == 1 else None, "currencies": currencies, "decimal_comma": comma}
    return Rows(records, (*columns, "object"), facts={k: v for k, v in facts.items() if v is not None}, findings=findings)


def _decimal_comma(columns: list[str], lines: list[list[str]], delimiter: str) -> bool:
    """Whether a comma begins the decimals: it does in some cell that cannot be read otherwise; or, undecided, where `;` parts the cells."""
    undecided = False
    for line in lines:
        for name, cell in zip(columns, line, strict=False):
            text = cell.strip()
            if name not in NUMBERS or _PLAIN.fullmatch(text) or not text:
                continue
            if _POINT.fullmatch(text) and not _COMMA.fullmatch(text):
                return False
            if _COMMA.fullmatch(text) and not _POINT.fullmatch(text):
                return True
            undecided = undecided or "," in text
    return undecided and delimiter == ";"


def _number(text: str, comma: bool, *, whole: bool) -> Any:
    """The number, or the text where it is none."""
    if comma and _COMMA.fullmatch(text):
        plain = re.sub(r"[.\u00a0\u202f ]", "", text).replace(",", ".")
    elif not comma and (_PLAIN.fullmatch(text) or _POINT.fullmatch(text)):
        plain = text.replace(",", "")
    else:
        return text
    number = Decimal(plain)
    return int(number) if whole and number == int(number) else number


def _iso(text: str) -> str:
    try:
        return day_of(text).isoformat()
    except ValueError:
        return text


def holds_rows(content: Rows, context: Any) -> Iterator[Finding]:
    """There are rows, and their spend is there."""
    if not len(content):
        yield error(
            "completeness.no-rows", "the export holds no rows", stage="completeness", expected="1 or more rows", seen="0 rows"
        )
    blank = [i for i, row in enumerate(content.records) if row.get("spend") is None and row.get("impressions") not in (None, 0)]
    if blank:
        yield error(
            "completeness.blank",
            "spend is blank though something was shown",
            stage="completeness",
            place=content.place(blank[0], "spend"),
            count=len(blank),
        )


def numbers_are_numbers(content: Rows, context: Any) -> Iterator[Finding]:
    """Cells of numbers are numbers, not negative, and counts are whole."""
    for name in NUMBERS:
        odd = [
            i for i, row in enumerate(content.records) if row.get(name) is not None and not isinstance(row[name], int | Decimal)
        ]
        low = [i for i, row in enumerate(content.records) if isinstance(row.get(name), int | Decimal) and row[name] < 0]
        part = [i for i, row in enumerate(content.records) if name in COUNTS and isinstance(row.get(name), Decimal)]
        for code, words, places in (
            ("schema.type", "is not a number", odd), ("consistency.negative", "is below zero", low), ("consistency.not-whole", "is not a whole number", part),
        ):  # fmt: skip
            if places:
                yield error(
                    code, f"{name} {words}", stage=code.partition(".")[0], place=content.place(places[0], name), count=len(places)
                )


def one_currency(content: Rows, context: Any) -> Iterator[Finding]:
    """All money is in one currency, which the header names."""
    found = content.facts.get("currencies", [])
    if len(found) > 1:
        yield error("consistency.currencies", "the header names several currencies", row=1, seen=", ".join(found)[:40])
    elif not found:
        yield warning("consistency.no-currency", "the header names no currency", row=1, expected="Amount spent (USD)")


def days_in_their_period(content: Rows, context: Any) -> Iterator[Finding]:
    """Days are days; a period begins before it ends and is not ahead of the capture; a day lies within its period."""
    wrong, backwards, outside, ahead = [], [], [], []
    for index, row in enumerate(content.records):
        found: dict[str, date] = {}
        for name in ("reporting_starts", "reporting_ends", "day"):
            try:
                if row.get(name) is not None:
                    found[name] = day_of(row[name])
            except ValueError:
                wrong.append((index, name))
        start, stop, day = (found.get(n) for n in ("reporting_starts", "reporting_ends", "day"))
        if start and stop and start > stop:
            backwards.append(index)
        if day and ((start and day < start) or (stop and day > stop)):
            outside.append(index)
        if start and (start - context.sidecar.captured_at.date()).days > 1:
            ahead.append(index)
    if wrong:
        yield error(
            "consistency.not-a-day",
            f"{wrong[0][1]} is not a day",
            place=content.place(*wrong[0]),
            expected="YYYY-MM-DD",
            count=len(wrong),
        )
    for code, words, places, name in (
        ("consistency.days-backwards", "the period ends before it begins", backwards, "reporting_ends"),
        ("consistency.outside-range", "the day lies outside its period", outside, "day"),
        ("consistency.future-day", "the period begins in the future of the capture", ahead, "reporting_starts"),
    ):
        if places:
            yield error(code, words, place=content.place(places[0], name), count=len(places))


def bounds(content: Rows, context: Any) -> Iterator[Finding]:
    """No more people are reached than impressions were made, and nothing is spent where nothing was shown."""
    bad = [
        i for i, r in enumerate(content.records)
        if isinstance(r.get("reach"), int) and isinstance(r.get("impressions"), int) and r["reach"] > r["impressions"]
    ]  # fmt: skip
    if bad:
        yield error("consistency.bounds", "reach is above impressions", place=content.place(bad[0], "reach"), count=len(bad))


CHECKS = (holds_rows, numbers_are_numbers, one_currency, days_in_their_period, bounds, export_ids)
