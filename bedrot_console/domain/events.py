"""Events: immutable facts with a time. The journal, run files, screens, JSON lines and metrics are renderings of them.

Journal events hold ids, hashes, names of our own making and codes only: no payload, no personal data, no secret.
The `data` of each kind is listed in KINDS; the catalog is made from nothing else (with the sidecars as the higher truth).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KINDS: dict[str, str] = {
    "landed": "file, path, sidecar (whole record without files.PRIVATE), actor's run",
    "validated": "file, report, sha256, rules, verdict, segment, offset, length, codes {code: count}, as_of, rows, content_sha256, "
    "errors, warnings, first_code",
    "decided": "decision, file, verb, reason, sha256, report, source, source_path, target, target_path, undoes",
    "moved": "decision, file, verb, zone, path",
    "refused": "decision, file, verb, code",
    "drift-accepted": "acceptance, feed, code, version, sha256 (of its record), file, report",
    "drift-revoked": "acceptance, feed, sha256 (of its record)",
    "run-started": "run, platform, account, expected, attended",
    "run-ended": "run, platform, account, state, error_code, exit_code, landed, files, "
    "nothing (feeds of which the platform showed that it has none)",
    "challenge-raised": "challenge, run, kind, medium, platform, account, expires_at",
    "challenge-ended": "challenge, run, state, by",
    "needs-operator": "item, platform, account, run, code, command",
    "needs-operator-ended": "item, by",
    "session-saved": "platform, account, version, expires_at",
    "session-failed": "platform, account, code",
    "recovered": "intent, verb, outcome, files",
    "orphaned": "path, code",
    "alert-raised": "alert (`fixity:<file or zone>` | `nothing:<feed>:<account>`), code, subject",
    "alert-ended": "alert: seen whole again; landed again",
    "torn-tail": "bytes, lost (acknowledged lines that are missing; only where there are any)",
    "ratchet-renewed": "index",
    "chain-broken": "lost (lines), breaks [{after, hash, until, prev, aside}]: holes that were left when the journal was mended",
    "queried": "sha256 of the query text",
}
"""Every kind the journal may hold, with the names in its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. `seq` is 0 until the journal has numbered it. `actor` is `uid:<n>` or a policy's name; `host` our host name."""

    kind: str
    at: datetime
    actor: str
    data: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    host: str = ""
