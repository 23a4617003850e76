"""What can be done with a login, for every face of the console: what may be done and why not, and how a check or an import ended, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..domain.errors import READ_ONLY, BedrotError

if TYPE_CHECKING:
    from ..domain.runs import RunView
    from ..operations.accounts import AccountInfo as Account
    from .oversight import Oversight

WRITES = ("check", "import", "rollback", "forget", "start")
IMPORT_TAKES = "A file exported from a browser: storage state of Playwright, cookies.txt, or the JSON of a cookie editor."
IMPORT_KEEPS = "Only what belongs to the platform is kept, sealed; a check follows, and a login that does not work is dropped."


@dataclass(frozen=True, slots=True)
class Imported:
    """A login that was brought: its version, what was kept in words, and the run that checks it; None where no check could start.

    `warned`: there is something to be careful about, and `hint` may say what to do.
    """

    version: int
    words: str
    run: str | None
    warned: bool = False
    hint: str | None = None


def why_not(
    account: Account,
    action: str,
    *,
    checking: bool = False,
    read_only: bool = False,
    start: str = "s starts a run that makes one",
) -> str | None:
    """Why this cannot be done with this login now; None when it can. `checking`: a check of it runs. `start`: what makes a login here."""
    if action in WRITES and read_only:
        return READ_ONLY
    session = account.session
    if action in ("check", "start", "import") and account.state == "does not load":
        return "its extractor does not load; bedrot doctor says why"
    if action == "check":
        if checking:
            return "a check runs"
        if session is None or not session.version:
            return f"no login is saved; {start}"
    if action == "import" and account.method != "browser":
        return f"it signs in by {account.method}, not in a browser; bedrot secrets set {account.platform} FIELD"
    if action == "rollback" and (session is None or session.versions < 2):
        return "there is no saved login before the newest one"
    if action == "forget" and session is None:
        return "nothing is known of a login"
    if action == "log" and newest_run(account) is None:
        return "nothing has run for this account"
    if action == "copy_command" and not account.command:
        return "there is nothing to do"
    return None


def newest_run(account: Account) -> str | None:
    """The id of its newest run, an extraction or a check."""
    found = [r for r in (account.last_run, account.last_check) if r is not None]
    return max(found, key=lambda r: r.started_at).id if found else None


def name_of(platform: str, account: str) -> str:
    """What is typed before a login is forgotten."""
    return f"{platform} {account}" if account != "default" else platform


def rollback_lines(platform: str, account: str) -> tuple[str, str]:
    """What is asked, then what follows."""
    return (
        f"Roll back the login of {platform} ({account})?",
        "The newest saved login is dropped for good; the one before it stands then. Check it after.",
    )


def forget_lines(platform: str, account: str) -> tuple[str, str, str]:
    """What is asked, what follows, and what is to be typed."""
    return (
        f"Forget every saved login of {platform} ({account})?",
        "All versions and what was learned of them are dropped for good. Credentials stay. The next run signs in anew.",
        f"Type its name to do it: {name_of(platform, account)}",
    )


def bring(backend: Oversight, platform: str, account: str, path: str) -> Imported:
    """Import a login and start its check. What is saved stays saved where no check can start. Raises as `import_login`."""
    version, words, seen = backend.import_login(platform, account, path)
    if seen:
        words += "; others on this machine may read that file: remove it"
    try:
        return Imported(version, words, backend.check_login(platform, account), seen)
    except BedrotError as error:
        return Imported(version, f"{words}; saved, and nobody has seen it work: {error}", None, True, error.hint)


def looked(
    backend: Oversight, platform: str, account: str, run: str, version: int | None
) -> tuple[RunView, str | None, str]:  # fmt: skip
    """How a check stands: its run, the sign that proved the login, and once it has ended the outcome: `works`, `failed`, or of an import
    (`version`) also `dropped` or `unproved`."""
    view, sign = backend.checked(run)
    outcome = ""
    if view.state.ended:
        outcome = "works" if sign else "failed" if version is None else backend.judge_import(platform, account, version, view)
    return view, sign, outcome


def verdict(platform: str, account: str, view: RunView, sign: str | None, outcome: str) -> tuple[str, str, str | None]:
    """How a check ended, as (sentence, kind, hint)."""
    name = f"{platform} ({account})"
    if outcome == "works":
        return f"{name}: the login works; {sign or 'seen'}", "done", None
    said = view.error or f"the check ended as {view.state}"
    if outcome == "dropped":
        return f"{name}: the imported login does not work and was dropped: {said}", "error", view.hint
    if outcome == "unproved":
        return f"{name}: kept, but nobody saw it work: {said}", "warning", view.hint
    return f"{name}: {said}", "error", view.hint
