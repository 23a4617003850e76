"""Once a second: what waits, what runs, and whether there is a newer catalog."""

from __future__ import annotations

from .messages import Pulse
from .widgets.header import Header


class Beating:
    """Mixed into the app. `statuses` are files in landing per status word, None before the first answer."""

    statuses: dict[str, int] | None
    _pulse_trouble: str | None = None

    def beat(self) -> None:
        """Look for what waits, what runs, and a newer catalog."""
        driver = self._driver
        if driver is not None and not getattr(driver, "alive", True):
            self.hang_up()
            return
        backend, known = self.backend, self.statuses

        def work() -> Pulse:
            runs = backend.runs(20)
            changed = backend.fresh()
            return Pulse(
                challenges=backend.challenges(),
                needs=backend.needs(),
                running=sum(not r.state.ended for r in runs),
                statuses=backend.statuses() if changed or known is None else known,
                changed=changed,
            )

        self.fetch("pulse", work, keep=True) if not self._busy("pulse") else None
        if self._views and self.arriving is None:
            self.current_view.pulse()
            for view in self._ready_views():
                view.heartbeat()
            if self.prompt.challenge is not None:
                self.ask_challenge()
            self.keep()

    def on_pulse(self, message: Pulse) -> None:
        self._pulse_trouble = None
        self.statuses = message.statuses
        self.needs = list(message.needs)
        header = self._main.query_one(Header)
        header.needs = len(self.needs)
        header.running = message.running
        header.to_review = sum(message.statuses.get(s, 0) for s in ("passed", "warned", "failed"))
        self.open_are(message.challenges)
        if message.changed:
            for view in self._ready_views():
                view.catalog_changed()
