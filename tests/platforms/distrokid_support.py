"""Made-up DistroKid payloads of a simulated day, as the tests of this platform need them."""

from __future__ import annotations

from datetime import date

from extractors.distrokid.simulated import exports, world
from extractors.distrokid.simulated.samples import LEAN, MEMBER, page

__all__ = ["LEAN", "MEMBER", "page", "payload", "statement"]


def statement(today: date, *, member: world.Member = MEMBER, **how: object) -> bytes:
    """The export of a simulated day."""
    return exports.statement(world.royalties(member, today), **how)  # type: ignore[arg-type]


def payload(name: str, today: date, **how: object) -> bytes:
    """What the feed's address gives on a simulated day."""
    return statement(today, **how) if name == "sales" else page(name, today, **how)  # type: ignore[arg-type]
