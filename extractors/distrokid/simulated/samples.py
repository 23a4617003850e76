"""Makes the samples beside the extractor: pages and exports of one simulated day, whole and spoiled. Lean pages, just above the feed's bound."""

from __future__ import annotations

from datetime import date

from . import captchas, exports, site, world

SAMPLED = date(2026, 3, 2)
MEMBER = world.MEMBERS[0]
LEAN = 51_000
"""Filler that keeps a stats page just above the feed's smallest size."""


def page(name: str, today: date = SAMPLED, *, member: world.Member = MEMBER, **how: object) -> bytes:
    """The lean stats page of a simulated day."""
    make = site.streams if name == "streams" else site.applemusic
    return make(member, world.daily(member, name, today), **{"lean": LEAN, **how}).encode()  # type: ignore[arg-type]


def made() -> dict[str, bytes]:
    """Every sample: `feed/name.ext` -> bytes."""
    pad = "<style>" + site.filler(LEAN) + "</style></body>"
    days = list(world.daily(MEMBER, "streams", SAMPLED))
    rows = world.royalties(MEMBER, SAMPLED)[:160]
    whole = exports.statement(rows)
    return {
        "streams/ok-2026-03-02.html": page("streams"), "streams/ok-loose-js.html": page("streams", loose=True),
        "streams/empty-chart.html": site.streams(MEMBER, [], lean=LEAN).encode(),
        "streams/day-missing.html": site.streams(MEMBER, days[:200] + days[201:], lean=LEAN).encode(),
        "streams/stale.html": page("streams", date(2026, 2, 18)),
        "streams/sign-in-page.html": site.sign_in("0" * 32, padded=True).encode(),
        "streams/challenge-page.html": captchas.interstitial("0" * 16, by_hand=True).replace("</body>", pad).encode(),
        "streams/upgrade-page.html": site.upgrade(MEMBER).replace("</body>", pad).encode(),
        "applemusic/ok-2026-03-02.html": page("applemusic"), "applemusic/streams-page.html": page("streams"),
        "applemusic/broken-off.html": page("applemusic")[:70_000],
        "sales/ok-15-columns.tsv": whole, "sales/ok-13-columns.tsv": exports.statement(rows, exports.LEGACY),
        "sales/mixed-columns-utf8-bom-cr.tsv": exports.statement(rows, exports.MIXED, encoding="utf-8-sig", line_end="\r"),
        "sales/comma-separated.tsv": exports.statement(rows, comma=True), "sales/new-column.tsv": exports.statement(rows, exports.DRIFTED),
        "sales/zip-in-zip.tsv": exports.zipped_twice(exports.statement(rows, comma=True)), "sales/broken-off.tsv": whole[: len(whole) * 2 // 3],
        "sales/error-page.tsv": site.page("Error", "<h1>Oops! Something went wrong</h1>").encode(),
    }  # fmt: skip
