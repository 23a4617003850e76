"""Playwright's errors as ours. Their text and chain can hold addresses and typed values, so nothing of them is quoted but net's own codes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ..domain.errors import BedrotError, Cancelled, SourceChanged, SourceUnavailable


@contextlib.contextmanager
def translated(what: str, *, timeout: str | None = None, missing: type[BedrotError] | None = None) -> Iterator[None]:
    """What Playwright raises within, as ours; `from None`, so that nothing of it is chained."""
    try:
        yield
    except PlaywrightError as error:
        if isinstance(error, PlaywrightTimeout):
            if missing is not None:
                raise missing(f"{what} does not appear") from None
            if timeout is not None:
                raise SourceUnavailable(timeout) from None
        raise translate(error, what) from None


def translate(error: BaseException, what: str) -> BedrotError:
    """One of Playwright's errors as ours; by its beginning, as Playwright has no finer classes (texts of 1.65)."""
    text = str(error)
    if isinstance(error, PlaywrightTimeout):
        if "waiting for locator" in text or "waiting for selector" in text or "waiting for get_by" in text:
            return SourceChanged(f"{what}: an element does not appear")
        return SourceUnavailable(f"{what} does not answer in time")
    if "net::ERR_" in text:
        code = text.partition("net::ERR_")[2].split()[0].split(":")[0].strip().lower().replace("_", " ")
        return SourceUnavailable(f"{what} cannot be reached ({code})")
    if type(error).__name__ == "TargetClosedError" or "Target crashed" in text or "Connection closed" in text:
        return SourceUnavailable(f"{what}: the browser went away")
    if "interrupted by another navigation" in text or "ECONNRE" in text or "socket hang up" in text or "aborted" in text:
        return SourceUnavailable(f"{what} broke off")
    return SourceChanged(f"{what}: the page did not do what was expected")


def navigating(error: PlaywrightError) -> bool:
    """Whether the page was only on its way to another one."""
    text = str(error)
    return any(t in text for t in ("context was destroyed", "navigation", "Cannot find context", "Frame was detached"))


def quietly(act: Callable[[], Any]) -> None:
    """Closing what may be gone already."""
    with contextlib.suppress(PlaywrightError, Cancelled, OSError):
        act()
