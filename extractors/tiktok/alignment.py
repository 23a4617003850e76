"""Two captures of one daily series laid on each other: the same days may stand under labels one day later or earlier.

*Seen*: one account exported on 17 and 25 March; all 20 overlapping days are equal under a label one day later in the second file. Two
exports of one day agree. The cause (time zone or hour of the session) is *assumed*; so captures are compared by sequence, never by label alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, warning

SHIFTS = (0, 1, -1)
UNSETTLED_DAYS = 3
"""So many of the newest days of a capture may still change."""
AGREES = 0.9
FOREIGN = 0.5
FEWEST_TO_SHIFT = 3
FEWEST_TO_BE_FOREIGN = 10
ROLLS = timedelta(days=2)
"""A rolling window's first day may move so much further than its last."""

Days = Mapping[date, tuple[int | None, ...]]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How two captures fit: new labels are `shift` days later than the old ones; `differ` holds the new days with other values."""

    shift: int
    compared: int
    differ: tuple[date, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.differ) / self.compared if self.compared else 0.0


def aligned(old: Days, new: Days) -> Alignment | None:
    """The best fit of the settled days, equal labels preferred; None where too little can be compared.

    Days without any figure, or with zeros only on both sides, tell nothing and are passed over.
    """
    if not old or not new:
        return None
    settled = max(old) - timedelta(days=UNSETTLED_DAYS)
    fits = [_fit(old, new, shift, settled) for shift in SHIFTS]
    best = max(fits, key=lambda fit: (fit.share >= AGREES, fit.share if fit.share < AGREES else 1, fit.shift == 0, fit.share))
    if best.compared < FEWEST_TO_SHIFT:
        return fits[0] if fits[0].compared else None
    return best


def _fit(old: Days, new: Days, shift: int, settled: date) -> Alignment:
    move = timedelta(days=shift)
    compared, differ = 0, []
    for day, before in old.items():
        after = new.get(day + move)
        if day > settled or after is None or not any(v is not None for v in before) or not (any(before) or any(after)):
            continue
        compared += 1
        if any(b is not None and b != a for b, a in zip(before, after, strict=False)):
            differ.append(day + move)
    return Alignment(shift, compared, tuple(sorted(differ)))


def against_earlier(old: Days, new: Days, *, whole_window: bool, place: Any) -> Iterator[Finding]:
    """What a series says against the last good capture: shifted labels, another account's figures, restated days, lost days.

    Args:
        whole_window: the new capture has as many days as were asked for, so that its beginning may lie wherever it does.
        place: day -> Place of a day of the new capture.
    """
    fit = aligned(old, new)
    shift = timedelta(days=fit.shift if fit else 0)
    if fit is not None and fit.compared >= FEWEST_TO_BE_FOREIGN and fit.share < FOREIGN:
        yield error(
            "consistency.other-series", "most settled days differ from the last good capture, whichever way the labels are laid: another account's figures",
            place=place(fit.differ[0]), expected="the same past", seen=f"{len(fit.differ)} of {fit.compared} days differ", count=len(fit.differ),
        )  # fmt: skip
        return
    if fit is not None and fit.shift and fit.share >= AGREES:
        way = "later" if fit.shift > 0 else "earlier"
        yield warning(
            "consistency.labels-shifted",
            f"the same days stand under labels one day {way} than in the last good capture: join the two by sequence, not by label",
            expected="equal labels", seen=f"{fit.compared - len(fit.differ)} of {fit.compared} days agree one day {way}", count=fit.compared,
        )  # fmt: skip
    if fit is not None and fit.differ:
        yield warning(
            "consistency.restated", f"settled days have other figures than in the last good capture, first {fit.differ[0]}",
            place=place(fit.differ[0]), expected="the same past", seen=f"{len(fit.differ)} of {fit.compared} days", count=len(fit.differ),
        )  # fmt: skip
    yield from _edges(old, new, shift, whole_window)


def _edges(old: Days, new: Days, shift: timedelta, whole_window: bool) -> Iterator[Finding]:
    if not old or not new:
        return
    first, last = min(old) + shift, max(old) + shift
    back = (last - max(new)).days
    if back > 0:
        make = warning if back == 1 else error
        yield make(
            "completeness.days-vanished", f"the newest day is {back} {'day' if back == 1 else 'days'} older than in the last good capture",
            stage="completeness", expected=f"{last} or later", seen=str(max(new)), count=back,
        )  # fmt: skip
    moved = min(new) - first
    if not whole_window and moved > max(max(new) - last, timedelta()) + ROLLS:
        yield error(
            "completeness.front-vanished", f"the first day moved {moved.days} days on while the last moved {max((max(new) - last).days, 0)}",
            stage="completeness", expected=f"from about {first}", seen=f"from {min(new)}", count=moved.days,
        )  # fmt: skip
