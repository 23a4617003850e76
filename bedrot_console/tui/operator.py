"""The human's side of a challenge: which one is asked now, how it reads, and what may be typed. Holds no answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from ..domain.challenges import Challenge, ChallengeKind, ChallengeState
from ..domain.text import safe
from .backend import Need

LONGEST = {ChallengeKind.CODE: 12, ChallengeKind.PASSWORD: 256}
TYPED = (ChallengeKind.CODE, ChallengeKind.PASSWORD)
_DIGITS = re.compile(r"(?:\\d|\[0-9\])(?:\{\d+(?:,\d*)?\}|\+)?")
"""A pattern that only digits fit: then no letter is taken, and `a` typed once too often spoils nothing."""
NEEDED = {
    "challenge-unanswered": "The platform asked and nobody was there; no code was sent.",
    "challenge-expired": "The platform's question ran out before anybody answered.",
    "credentials-rejected": "The platform refused the login; no program tries it again.",
    "source-blocked": "The platform blocks this login or this machine; no program tries it again.",
    "missing-browser": "This machine has no browser for it.",
    "login-lost": "The saved login no longer holds.",
}
"""Code of what waits -> what happened."""


def in_order(challenges: Sequence[Challenge], preferred_run: str | None = None) -> list[Challenge]:
    """The open challenges in the order in which they are asked: that of the run in view, then the one that ends first."""
    still_open = [c for c in challenges if c.state is ChallengeState.OPEN]
    far = datetime.max
    still_open.sort(key=lambda c: (c.run_id != preferred_run, c.expires_at.replace(tzinfo=None) if c.expires_at else far, c.id))
    return still_open


def is_typed(challenge: Challenge) -> bool:
    """Whether the answer is typed here; the other kinds are answered elsewhere."""
    return challenge.kind in TYPED


def room(challenge: Challenge) -> int:
    """How many characters the field takes."""
    if challenge.kind is ChallengeKind.CODE:
        return min(challenge.length or LONGEST[ChallengeKind.CODE], LONGEST[ChallengeKind.CODE])
    return LONGEST.get(challenge.kind, 0)


def accepted(challenge: Challenge, text: str) -> str:
    """What of `text` (a key, or a paste of any size) may stand in the field."""
    text = text[:4096]
    if challenge.kind is ChallengeKind.CODE:
        digits = challenge.pattern is not None and _DIGITS.fullmatch(challenge.pattern) is not None
        return "".join(c for c in text if c.isascii() and (c.isdigit() if digits else c.isalnum()))
    return "".join(c for c in text.splitlines()[0] if c.isprintable()) if text else ""


def problem(challenge: Challenge, length: int, matches: bool) -> str | None:
    """Why what was typed is not an answer yet."""
    if length == 0:
        return "nothing typed"
    if challenge.kind is ChallengeKind.CODE and challenge.length and length != challenge.length:
        return f"{length} of {challenge.length} characters"
    if not matches:
        return "not the shape of a code"
    return None


def matches(challenge: Challenge, value: str) -> bool:
    """Whether the pattern, if there is one, takes `value` in full."""
    if not challenge.pattern or challenge.kind is not ChallengeKind.CODE:
        return True
    try:
        return re.fullmatch(challenge.pattern, value) is not None
    except re.error:
        return True


def question(challenge: Challenge) -> str:
    """Who asks for what, in one line."""
    account = "" if challenge.account == "default" else f" ({safe(challenge.account, 40)})"
    who = f"{safe(challenge.platform, 30)}{account}"
    if challenge.kind is ChallengeKind.CODE:
        medium = {"e-mail": "by e-mail", "sms": "by SMS", "app": "in the authenticator app"}.get(
            challenge.medium, safe(challenge.medium, 20)
        )
        where = f" {medium}" if medium else ""
        to = f" to {safe(challenge.hint, 60)}" if challenge.hint else ""
        return f"{who} wants the code sent{where}{to}" if challenge.medium != "app" else f"{who} wants the code {medium}"
    if challenge.kind is ChallengeKind.PASSWORD:
        return f"{who} wants the password{' of ' + safe(challenge.hint, 60) if challenge.hint else ''}"
    if challenge.kind is ChallengeKind.APPROVE:
        return f"{who} waits for your approval on another device{' ' + safe(challenge.hint, 60) if challenge.hint else ''}"
    return f"{who}: {safe(challenge.prompt, 120)}"


def is_seen(challenge: Challenge) -> bool:
    """Whether it must be looked at to be answered: a code to scan, a page to solve."""
    return challenge.kind in (ChallengeKind.QR, ChallengeKind.PAGE)


def elsewhere(challenge: Challenge) -> str:
    """What to do when nothing is typed here."""
    if challenge.kind is ChallengeKind.APPROVE:
        return "nothing to type here: approve it there" + (", then enter" if "done" in challenge.can else "")
    return (
        "a or enter shows the code to scan"
        if challenge.kind is ChallengeKind.QR
        else "a or enter shows the page, to solve it here"
    )


def need_words(need: Need, now: datetime) -> tuple[str, str]:
    """What waits, in a line: by when, who, what; and what it means, with what enter does and what a shell does."""
    by = late = ""
    if need.stale_on is not None:
        days = (need.stale_on - now.date()).days
        by = "late now  " if days <= 0 else f"by {need.stale_on:%m-%d}  "
        late = " Its data are too old already." if days <= 0 else f" In {days} day{'s' if days > 1 else ''} its data are too old."
    why = NEEDED.get(need.code, "It did not go on without a human.")
    if need.command.startswith("bedrot extract "):
        do = "Enter starts the run with you present."
    else:
        do = "Enter starts the run once more, with you present."
    line = f"{need.at:%m-%d %H:%M}  {by}{need.platform} ({need.account})  {need.code}"
    return line, f"{why}{late} {do}\nIn a shell: {need.command}"


def time_left(challenge: Challenge, now: datetime) -> str:
    """`4:32 left`, `expired`, or nothing when there is no deadline."""
    if challenge.expires_at is None:
        return ""
    seconds = int((challenge.expires_at - now).total_seconds())
    if seconds <= 0:
        return "expired"
    return f"{seconds // 60}:{seconds % 60:02d} left"


def facts(challenge: Challenge, now: datetime) -> str:
    """Deadline and attempts; of an approval, how long it has been waited for."""
    parts = [time_left(challenge, now)]
    if challenge.kind is ChallengeKind.APPROVE:
        waited = max(0, int((now - challenge.raised_at).total_seconds()))
        parts.insert(0, f"waiting {waited // 60}:{waited % 60:02d}")
    if challenge.attempts_left is not None:
        parts.append(f"{challenge.attempts_left} {'try' if challenge.attempts_left == 1 else 'tries'} left")
    return " · ".join(p for p in parts if p)
