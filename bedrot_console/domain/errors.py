"""The error tree, sorted by what the operator must do. Bad data is never an error here: it is a Finding.

Each class carries its exit code (the published table in the README) and whether trying again by itself can help.
`hint` is the next command or act, in the operator's words.
"""

from __future__ import annotations

import errno


class BedrotError(Exception):
    """Something stopped a verb. `str(error)` is one sentence for the operator; `hint` says what to do next."""

    exit_code = 1
    retryable = False
    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint

    @property
    def code(self) -> str:
        """Stable name for events and JSON: the class name in kebab-case (`credentials-rejected`)."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


class UsageError(BedrotError):
    """Mend the command or the settings."""

    exit_code = 2


class StillWritten(UsageError):
    """An outside file that somebody still writes, or that changed while it was read. Waiting until it is whole helps."""

    retryable = True
    hint = "wait until it is closed, then land it"


class QueryError(UsageError):
    """A query that the engine does not take. `place` is where in its text: line and column, from 1; None where that is not known."""

    def __init__(self, message: str, *, hint: str | None = None, place: tuple[int, int] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.place = place


class AccessError(BedrotError):
    """A human must act at the platform or answer it."""

    exit_code = 3


class CredentialsRejected(AccessError):
    """The platform refused name, password or token. Never tried again by a program."""

    hint = "store the right one: bedrot secrets set PLATFORM FIELD"


class LoginLost(AccessError):
    """The saved login no longer works, or there is none. Signing in anew helps."""


class ChallengeUnanswered(AccessError):
    """The platform asks for something only a human can give, and nobody gave it (or nobody is there)."""


class ChallengeExpired(AccessError):
    """The answer came too late; the platform wants a new one."""


class SourceBlocked(AccessError):
    """The platform locked the account or blocks this tool. Never tried again by a program."""


class MissingBrowser(AccessError):
    """No usable browser on this machine."""

    hint = "bedrot doctor"


class SourceError(BedrotError):
    """The platform is the trouble."""

    exit_code = 4


class SourceUnavailable(SourceError):
    """The platform does not answer, or answers 5xx. Waiting can help."""

    retryable = True


class RateLimited(SourceError):
    """The platform told us to slow down. `retry_after_seconds` is what it asked for, if it said."""

    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class RunTimedOut(SourceError):
    """A run was at work for longer than its limit; what it waited for never came."""

    hint = "see run.log in the run's folder; a longer limit: limit_minutes under [runs] in bedrot.toml"


class SourceChanged(SourceError):
    """The platform's pages or answers no longer look as the extractor knows them: call a developer."""


class FixityError(BedrotError):
    """Distrust the disk: a hash differs, an overwrite was refused, a write or sync failed."""

    exit_code = 5


class DiskFull(FixityError):
    """No space (ENOSPC) or no quota (EDQUOT) left. Nothing half-written is visible."""

    hint = "free space, then: bedrot recover"


def disk_error(error: OSError, doing: str) -> BedrotError:
    """An OSError of our own disk as a domain error: DiskFull without space or quota, else FixityError with what can be done.

    Args:
        doing: what was under way, as the start of a sentence (`cannot write the payload`).
    """
    reason = (error.strerror or type(error).__name__).lower()
    message = f"{doing}: {reason}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(message)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return FixityError(message, hint="raise the limit of open files (ulimit -n), then try again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FixityError(message, hint="the folder must be writable by you: bedrot doctor")
    if error.errno in (errno.ELOOP, errno.EXDEV, errno.ENOTDIR):
        return FixityError(message, hint="a link or a file stands where a folder of ours should be; remove it")
    return FixityError(message, hint="check the disk, then: bedrot recover")


class CatalogError(BedrotError):
    """The catalog cannot be used. It is comfort: `bedrot rebuild` makes it anew."""

    exit_code = 6
    hint = "bedrot rebuild"


class CatalogBusy(CatalogError):
    """Somebody else holds the catalog's lock. Waiting helps."""

    retryable = True
    hint = "try again in a moment"


class CatalogDisk(CatalogError):
    """The disk refuses the catalog. Files and journal are another matter: their own errors tell of them."""

    exit_code = 5
    hint = "free space or mend rights, then: bedrot rebuild"


class CatalogTooNew(CatalogError):
    """The catalog was written by a newer version of this program, and so may be files and journal: nothing is written beside it."""

    exit_code = 7
    hint = "update bedrot, or remove catalog.duckdb and .bedrot/catalog and run: bedrot rebuild"


class LifecycleError(BedrotError):
    """This step is not allowed from the zone or verdict the file has now."""

    exit_code = 7


READ_ONLY = "this console is read-only"
"""Why something cannot be done, wherever that is the reason."""


class PermissionDenied(BedrotError):
    """Ask who may."""

    exit_code = 8


class AlreadyRunning(BedrotError):
    """The same work is under way elsewhere."""

    exit_code = 9


class Cancelled(BedrotError):
    """The operator cancelled it."""

    exit_code = 130


EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "done"),
    (1, "done, but something failed its checks or is partial"),
    (2, "usage: mend the command or the settings"),
    (3, "a human is needed"),
    (4, "the source failed"),
    (5, "fixity or disk"),
    (6, "busy"),
    (7, "not allowed from this state"),
    (8, "not permitted"),
    (9, "already running"),
    (70, "internal error"),
    (130, "interrupted"),
)
"""The published exit codes, in order: (code, meaning). README and `--help` print this table."""
