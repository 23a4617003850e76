"""Starts the system's Chromium for one run, through Playwright's sync API."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from ..domain.errors import BedrotError, MissingBrowser
from . import chromium
from .http import is_loopback
from .page_errors import quietly

CHATTER = (
    "update.googleapis.com",
    "content-autofill.googleapis.com",
    "accounts.google.com",
    "optimizationguide-pa.googleapis.com",
)
"""Where Chromium reports to by itself, even with Playwright's flags (seen, Chromium 156)."""
SHORT_PATH = 56
"""Bytes that the browser's temporary folder may have: its socket adds 47, and a Unix socket's path ends at 107."""


def launch(
    setting: str | None, folder: Path, base_url: str, stack: contextlib.ExitStack, *, storage: Any = None
) -> BrowserContext:
    """A browser with one context; `stack` closes it, its driver and what lies outside of `folder`.

    Args:
        setting: which browser, as `chromium.find_browser` takes it.
        folder: private; the browser's files lie in it.
        base_url: of a platform on this machine no other machine is asked anything.
        storage: a storage state to restore.

    Raises:
        MissingBrowser: none is there, or it does not start.
    """
    found = chromium.find_browser(setting)
    if found is None:
        raise MissingBrowser("no Chromium or Chrome on this machine", hint=f"{chromium.how_to_get_one()}, then: bedrot doctor")
    profile = folder / "browser"
    profile.mkdir(mode=0o700, exist_ok=True)
    scratch = stack.enter_context(_short_name(profile))
    mapped = ", ".join(f"MAP {host} ~NOTFOUND" for host in CHATTER)
    if is_loopback(base_url):
        mapped = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE ::1"
    options: dict[str, Any] = {"executable_path": str(found.path)} if found.path else {"channel": found.channel}
    try:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            headless=True,
            chromium_sandbox=os.geteuid() != 0,
            args=[f"--host-resolver-rules={mapped}", "--disable-dev-shm-usage"],
            downloads_path=str(profile),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            env={k: v for k, v in os.environ.items() if not k.startswith("BEDROT_")} | {"TMPDIR": scratch},
            **options,
        )
        stack.callback(quietly, browser.close)
        return new_context(browser, storage)
    except PlaywrightError as error:
        raise _launch_error(error, str(found)) from None
    except Exception as error:  # a driver that does not start is told by the bare class, nothing narrower
        if type(error) is not Exception:
            raise
        raise MissingBrowser("Playwright's driver does not start on this machine", hint="bedrot doctor") from None


def new_context(browser: Chromium, storage: Any = None) -> BrowserContext:
    """A context as all runs have it, empty or with a storage state."""
    return browser.new_context(
        storage_state=storage, accept_downloads=True, locale="en-US", viewport={"width": 1280, "height": 900}
    )


@contextlib.contextmanager
def _short_name(folder: Path) -> Iterator[str]:
    """A name of `folder` that leaves room for the browser's own socket, however deep the home lies."""
    if len(os.fsencode(folder)) <= SHORT_PATH:
        yield str(folder)
        return
    holder = tempfile.mkdtemp(prefix="bedrot-", dir="/tmp")
    link = os.path.join(holder, "t")
    os.symlink(folder, link)
    try:
        yield link
    finally:
        with contextlib.suppress(OSError):
            os.unlink(link)
            os.rmdir(holder)


def _launch_error(error: PlaywrightError, path: str) -> BedrotError:
    text = str(error)
    said = "\n".join(line for line in text.splitlines() if "[err]" in line)
    if "sandbox" in said.lower():
        why = "its sandbox cannot be used"
    elif "doesn't exist" in text or "is not found" in text:
        why = "it is not there"
    else:
        why = "it does not start"
    return MissingBrowser(f"the browser {path} cannot be used: {why}")
