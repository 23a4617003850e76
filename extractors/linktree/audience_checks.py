"""What no schema can say about an audience answer: ratios, breakdowns against each other and against the overview, doubles, losses. Pure.

Rates above 1 are real, lifetime figures reconcile with nothing and are held to no ratio, breakdowns fall a little short of the total in a
long window (*seen*: 3463, 3497 and 3503 of 3502 views) and add up in a short one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, warning

from .checks import rate_holds
from .content import BASE, BREAKDOWNS, Audience, entries

SHARE = 0.02
SLACK = 3
"""Views by which small breakdowns may differ: 2 % of little is nothing."""
LEAST_SHARE = 0.5
NAMES = {"country": "countries", "referrer": "referrers", "device": "devices"}


def rates(content: Audience, context: Any) -> Iterator[Finding]:
    """The rate of each country, city, referrer and device is clicks by views within 0.0001."""
    wrong: list[str] = []
    for part, name in (*((p, n) for _, p, n in BREAKDOWNS), ("locations", "cities")):
        for index, entry in enumerate(entries(content.document, part, name)):
            counts = {c: entry[c].get("total") for c in ("views", "clicks") if isinstance(entry.get(c), dict)}
            if not rate_holds({**counts, "clickThroughRate": entry.get("clickThroughRate")}, "views", "clicks"):
                wrong.append(f"{BASE}/{part}/{name}/{index}/clickThroughRate")
    if wrong:
        yield error("consistency.rate", "clickThroughRate is not clicks by views", pointer=wrong[0], count=len(wrong))


def once(content: Audience, context: Any) -> Iterator[Finding]:
    """No country, referrer or device comes twice."""
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(content.records):
        key = (row["kind"], str(row["code"] or row["name"]))
        if key in seen:
            yield error("consistency.entry-repeats", f"a {row['kind']} comes twice", place=content.place(index, "name"))
        seen.add(key)


def breakdowns(content: Audience, context: Any) -> Iterator[Finding]:
    """Countries, referrers and devices count the same views, which are also those of the overview shown beside them, within 2 %."""
    sums = {kind: views_of(content, kind) for kind in NAMES}
    beside = context.sidecar.request.get("views", "")
    whole = int(beside) if beside.isdecimal() else max(sums.values())
    what = "of the overview shown beside them" if beside.isdecimal() else "of the largest of them"
    for kind, total in sums.items():
        if abs(total - whole) <= max(SLACK, SHARE * whole):
            continue
        make = error if total < LEAST_SHARE * whole or whole < LEAST_SHARE * total else warning
        yield make(
            "consistency.breakdowns-differ", f"the views of all {NAMES[kind]} are not those {what}", column="views",
            expected=f"about {whole}", seen=f"{NAMES[kind]} {total}",
        )  # fmt: skip


def lost(content: Audience, context: Any) -> Iterator[Finding]:
    """Lifetime figures do not fall, and a breakdown that had views before still has some while the profile goes on living."""
    before = context.previous()
    if before is None:
        return
    for name in ("views", "clicks"):
        old, new = _lifetime(before, name), _lifetime(content, name)
        if old is not None and new is not None and new < old:
            yield error(
                "volume.lifetime-fell", f"lifetime {name} are fewer than in the last good capture", stage="volume",
                pointer=f"{BASE}/lifetime/{name}/total", expected=f"{old} or more", seen=str(new),
            )  # fmt: skip
    for kind, word in NAMES.items():
        old, new = views_of(before, kind), views_of(content, kind)
        if old > SLACK and not new:
            yield warning(
                "volume.breakdown-vanished", f"the last good capture had {word}, this one has none", stage="volume",
                expected=f"about {old} views", seen="0 views",
            )  # fmt: skip
        elif new < old * LEAST_SHARE and old - new > 50:
            yield warning(
                "volume.breakdown-dropped", f"the views of all {word} fell by more than half against the last good capture", stage="volume",
                expected=f"about {old} views", seen=f"{new} views",
            )  # fmt: skip


def views_of(content: Audience, kind: str) -> int:
    """Views of all entries of a kind."""
    return sum(r["views"] for r in content.records if r["kind"] == kind and type(r["views"]) is int)


def _lifetime(content: Audience, name: str) -> int | None:
    value = next((r[name] for r in content.records if r["kind"] == "lifetime"), None)
    return value if type(value) is int else None
