"""What was decided here, how it ended, and undoing it."""

from __future__ import annotations

from .messages import Decided, Validated
from .screens.view import summary
from .undoing import OwnDecisions


class Deciding:
    """Mixed into the app. `decided` are this console's own decisions."""

    decided: OwnDecisions

    def do_undo(self) -> None:
        self.ask_undo([])

    def ask_undo(self, names: list[str]) -> None:
        """Ask, then undo: the named files' newest decisions, or this console's newest, or the operator's newest."""
        from .modals.confirm import ConfirmModal

        verb, expected = ("", {}) if names else self.decided.newest
        ids = names or list(expected)
        if names:
            lines = [f"Undo the newest decision on {len(ids)} file{'s' if len(ids) != 1 else ''}?"]
        elif ids:
            lines = [f"Undo: {verb} of {len(ids)} file{'s' if len(ids) != 1 else ''}?"]
        else:
            lines = ["Undo your newest decision?"]
        lines.append("The opposite is recorded as a new event. An undone promotion goes to quarantine.")

        def work() -> Decided:
            return Decided("undo", list(self.backend.undo(ids, expected=expected)))

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.notice("undoing…")
                self.fetch("undo", work, keep=True)

        self.push_screen(ConfirmModal(lines), confirmed)

    def on_decided(self, message: Decided) -> None:
        if message.verb == "undo":
            self.decided.undone(message.outcomes)
        else:
            self.decided.add(message.verb, message.outcomes)
        for view in self._ready_views():
            view.decided(message)  # type: ignore[attr-defined]
        self.notice(*summary(message.verb, message.outcomes))
        self.beat()

    def on_validated(self, message: Validated) -> None:
        for view in self._ready_views():
            view.validated(message)  # type: ignore[attr-defined]
        if message.failed:
            self.notice(f"not validated: {message.failed[0].reason}", "error", message.failed[0].hint)
        else:
            words = ", ".join(f"{c} {v}" for v, c in sorted(message.verdicts.items()))
            self.notice(f"validated: {words or 'nothing'}", "done" if not message.verdicts.get("failed") else "warning")
        self.beat()
