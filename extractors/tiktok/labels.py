"""Days as TikTok Studio labels them: without a year, in the language of the interface. Read, dated, never guessed by a general parser.

Forms *seen* in exports: "June 5", "5 June", "8 de marzo", "25 Φεβρουαρίου", "18 tháng Sáu". The other languages, the short month names and
a leading month in languages other than English are *assumed* from how those languages write dates. No month name here means two months.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MOST_LABEL = 40
WINDOW_DAYS = 365
"""One download reaches over at most so many days (*documented*), so that no label stands in it twice."""

# fmt: off
MONTHS: dict[str, tuple[str, ...]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    "pt": ("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
    "el": ("Ιανουαρίου", "Φεβρουαρίου", "Μαρτίου", "Απριλίου", "Μαΐου", "Ιουνίου", "Ιουλίου", "Αυγούστου", "Σεπτεμβρίου", "Οκτωβρίου",
           "Νοεμβρίου", "Δεκεμβρίου"),
    "vi": ("tháng Một", "tháng Hai", "tháng Ba", "tháng Tư", "tháng Năm", "tháng Sáu", "tháng Bảy", "tháng Tám", "tháng Chín", "tháng Mười",
           "tháng Mười Một", "tháng Mười Hai"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
    "it": ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
    "id": ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    "tr": ("Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"),
}
_OTHER_NAMES: dict[str, tuple[tuple[str, int], ...]] = {
    "en": tuple((m[:3], n) for n, m in enumerate(MONTHS["en"], 1)) + (("Sept", 9),),
    "es": (("setiembre", 9),),
    "vi": tuple((f"tháng {n}", n) for n in range(1, 13)),
    "de": (("Jänner", 1),),
}
# fmt: on
_DAY_FIRST = re.compile(r"(\d{1,2})(?:er|º|ª|\.)?\s+(?:de\s+)?(\D.*)")
_MONTH_FIRST = re.compile(r"(\D.*?\S)\s+(\d{1,2})")
_NAME = re.compile(
    r"(?P<report>[A-Za-z]+)_(?P<start>\d{4}-\d{2}-\d{2})_(?P<epoch>\d{9,11})_(?P<handle>.+?)(?: ?\(\d+\))?\.(?P<ext>zip|csv|xlsx)",
    re.IGNORECASE,
)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().rstrip(".")


def _words() -> Iterator[tuple[str, int, str]]:
    for language, names in MONTHS.items():
        for number, name in enumerate(names, 1):
            yield name, number, language
        for name, number in _OTHER_NAMES.get(language, ()):
            yield name, number, language


def _table() -> dict[str, tuple[int, frozenset[str]]]:
    found: dict[str, tuple[int, set[str]]] = {}
    for name, number, language in _words():
        month, languages = found.setdefault(_folded(name), (number, set()))
        if month != number:
            raise AssertionError(f"{name} is two months")
        languages.add(language)
    return {word: (month, frozenset(languages)) for word, (month, languages) in found.items()}


_MONTH_OF = _table()


@dataclass(frozen=True, slots=True)
class Label:
    """A day without its year. `forms` are the languages and orders it can be written in (`en, day first`)."""

    month: int
    day: int
    forms: frozenset[tuple[str, str]]

    @property
    def text(self) -> str:
        """`MM-DD`, whatever the language: the name of a row."""
        return f"{self.month:02d}-{self.day:02d}"

    def on(self, year: int) -> date | None:
        """That day of a year; None for 29 February of a common year."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None


@lru_cache(maxsize=4096)
def read_label(text: str) -> Label:
    """The day a label names. Raises ValueError for anything that is not a day and a month name of a known language."""
    text = unicodedata.normalize("NFKC", text).strip()
    if len(text) > MOST_LABEL:
        raise ValueError("not a day's label")
    for pattern, order, day_group, month_group in (
        (_DAY_FIRST, "day first", 1, 2),
        (_MONTH_FIRST, "month first", 2, 1),
    ):
        match = pattern.fullmatch(text)
        known = _MONTH_OF.get(_folded(match[month_group])) if match else None
        if match and known:
            month, languages = known
            day = int(match[day_group])
            if not 1 <= day <= LONGEST_MONTHS[month - 1]:
                raise ValueError("no month has this day")
            return Label(month, day, frozenset((language, order) for language in languages))
    raise ValueError("not a day's label")


def common_forms(labels: Sequence[Label]) -> frozenset[tuple[str, str]]:
    """Languages and orders that all labels can be written in; none: the file mixes them."""
    forms = labels[0].forms if labels else frozenset()
    for label in labels:
        forms &= label.forms
    return forms


@dataclass(frozen=True, slots=True)
class Received:
    """What the name of a download tells (*seen* on ten names): report, first day of the window, moment of the export, handle.

    Handles may hold dots and underscores: everything behind the epoch is the handle.
    """

    report: str
    start: date
    exported_at: datetime
    handle: str


def read_name(name: str | None) -> Received | None:
    """The parts of `Overview_2025-03-03_1772443800_some.handle.zip`; None where the name is lost or another."""
    match = _NAME.fullmatch(name or "")
    if match is None:
        return None
    try:
        start = date.fromisoformat(match["start"])
        exported_at = datetime.fromtimestamp(int(match["epoch"]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Received(match["report"], start, exported_at, match["handle"])


def _years_on(labels: Sequence[Label | None]) -> list[int]:
    """For each row, how many years after the first row it lies: one more wherever December goes over into January.

    A label that steps back otherwise stays in its year, so that rows out of order show as such. Unreadable ones keep the year before.
    """
    years, at, before = [], 0, None
    for label in labels:
        if label is not None:
            if before is not None and before.month - label.month >= 6 and (label.month, label.day) < (before.month, before.day):
                at += 1
            before = label
        years.append(at)
    return years


def dated(labels: Sequence[Label | None], *, start: date | None, captured: date) -> list[date | None]:
    """Each label's day.

    Args:
        labels: in file order, oldest first; None where a label could not be read.
        start: first day of the window, from the received name. The first row lies on it or after it, or one day before where the
            labels are shifted (*seen*: the same days under labels one day later).
        captured: without `start`: the last row is the newest day of that name up to a day after the capture.

    Returns:
        None for unreadable labels, and for 29 February where its year has none.
    """
    years = _years_on(labels)
    known = [(label, at) for label, at in zip(labels, years, strict=True) if label is not None]
    if not known:
        return [None] * len(labels)
    if start is not None:
        label, at = known[0]
        base = _first_year(label, start - _DAY) - at
    else:
        label, at = known[-1]
        base = _last_year(label, captured + _DAY) - at
    return [label.on(base + at) if label is not None else None for label, at in zip(labels, years, strict=True)]


def _first_year(label: Label, earliest: date) -> int:
    """The first year from `earliest` on in which the label lies not before it."""
    for year in range(earliest.year, earliest.year + 9):
        day = label.on(year)
        if day is not None and day >= earliest:
            return year
    return earliest.year


def _last_year(label: Label, latest: date) -> int:
    """The last year up to `latest` in which the label lies not after it."""
    for year in range(latest.year, latest.year - 9, -1):
        day = label.on(year)
        if day is not None and day <= latest:
            return year
    return latest.year


def nearest(label: Label, to: date) -> date | None:
    """The day of this name that lies nearest to another day."""
    days = [day for year in (to.year - 1, to.year, to.year + 1) if (day := label.on(year)) is not None]
    return min(days, key=lambda day: abs(day - to), default=None)


def spelled(day: date, language: str = "en", order: str = "month first") -> str:
    """A day as the exports label it, for people and stand-ins."""
    month = MONTHS[language][day.month - 1]
    if order == "month first":
        return f"{month} {day.day}"
    if language in ("es", "pt"):
        return f"{day.day} de {month}"
    return f"{day.day}. {month}" if language == "de" else f"{day.day} {month}"
