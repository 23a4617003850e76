"""Proving the journal: the walk through its chain in a worker, with progress, cancel and the note of how it was found."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from ...domain.errors import BedrotError, Cancelled
from ..auditlines import verified, verified_lines
from ..messages import Verified, Verifying

if TYPE_CHECKING:
    from ...operations.audit import AuditState


YIELD_SECONDS = 0.0005
"""The walk computes without a pause: so soon it must let a key be handled."""


class Proving:
    """Mixed into Audit. `walking` is the number reached while it walks; `stopping` cancels."""

    state: AuditState | None = None
    walking: int | None = None
    stopping = threading.Event()

    def do_state(self: Any) -> None:
        from ..modals.text import TextModal

        state = self.state
        if state is not None:
            self.console.push_screen(TextModal("Journal", lambda width: verified_lines(state, width)))

    def do_verify(self: Any) -> None:
        self._verify(None)

    def do_verify_anchored(self: Any) -> None:
        from ..modals.ask import AskModal

        lines = (
            "Verify with an anchor",
            "The file that `bedrot audit anchor` was written to, kept outside this machine: it proves every line after it.",
        )
        refuse = lambda text: None if text else "a path is needed"  # noqa: E731

        def chosen(path: str | None) -> None:
            if path is not None:
                self._verify(path)

        self.console.push_screen(AskModal(lines, does="verify", placeholder="path of the anchor", refuse=refuse), chosen)

    def _verify(self: Any, anchor: str | None) -> None:
        backend, post = self.console.backend, self.post_message
        self.walking = 0
        self.stopping = stopping = threading.Event()
        self._head()
        self.state_changed()

        def tell(seq: int) -> bool:
            post(Verifying(seq))
            return not stopping.is_set()

        def work() -> Verified:
            patience = sys.getswitchinterval()
            sys.setswitchinterval(YIELD_SECONDS)
            try:
                state = backend.verify_journal(anchor, tell)
            except Cancelled:
                return Verified(None, "stopped; nothing was noted", None)
            except BedrotError as error:
                return Verified(None, str(error), error.hint)
            finally:
                sys.setswitchinterval(patience)
            return Verified(state)

        self.fetch("verify", work, keep=True)

    def on_verifying(self: Any, message: Verifying) -> None:
        message.stop()
        if self.walking is not None:
            self.walking = message.seq
            self._head()

    def on_verified(self: Any, message: Verified) -> None:
        message.stop()
        self.walking = None
        if message.state is None:
            self.notice(f"verify: {message.problem}", "warning", message.hint)
        else:
            self.state = state = message.state
            said, kind = verified(state)
            self.notice(said, kind, "i says more" if kind == "done" else "bedrot audit verify")
        self._head()
        self.state_changed()
