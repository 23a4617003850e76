"""simulate: serves the stand-ins of platforms on the loopback address until it is told to stop."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.challenges import Secret
from ..domain.errors import UsageError
from . import vaulting
from .workspace import Workspace

if TYPE_CHECKING:
    from ..extraction.simulator import Fault, Mail, Served

ALIASES = {"email": "username", "access_token": "token"}
"""Names of secrets that an account of a simulator holds under another name."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def simulated(ws: Workspace, names: Sequence[str]) -> list[str]:
    """The platforms that `names` means; `all` or nothing means every one that has a simulator.

    Raises:
        UsageError: no such platform, or it has no simulator.
    """
    known = ws.registry.simulated()
    if not names or "all" in names:
        return known
    for name in names:
        if name not in known:
            raise UsageError(f"{name} has no simulator", hint="with one: " + ", ".join(known))
    return list(dict.fromkeys(names))


@contextmanager
def serving(
    ws: Workspace,
    names: Sequence[str],
    *,
    port: int = 0,
    faults: Sequence[str] = (),
    on_mail: Callable[[str, Mail], None] | None = None,
    control: bool = False,
    **options: Any,
) -> Iterator[dict[str, Served]]:
    """Serve simulators in threads for a `with` block: name -> Served.

    Args:
        port: for a single platform; several take free ports.
        faults: named faults, set on every simulator that knows them.
        on_mail: told of each code that a platform sends: (platform, mail).

    Raises:
        UsageError: a fault that none of them knows, or the port is taken.
    """
    from ..extraction.simulator import start

    running: dict[str, Served] = {}
    try:
        unknown = set(faults)
        for name in names:
            sink = (lambda mail, name=name: on_mail(name, mail)) if on_mail else None
            simulator = ws.registry.simulator(name, on_mail=sink, **options)
            mine = [f for f in faults if f in simulator.known_faults()]
            unknown -= set(mine)
            simulator.set_faults(mine)
            try:
                running[name] = start(simulator, port if len(names) == 1 else 0, control=control)
            except (OSError, SystemExit) as error:
                raise UsageError(f"port {port} cannot be used", hint="leave --port out to take a free one") from error
        if unknown:
            known = sorted({f for s in running.values() for f in s.simulator.known_faults()})
            raise UsageError("no such fault: " + ", ".join(sorted(unknown)), hint="one of: " + ", ".join(known))
        yield running
    finally:
        for served in running.values():
            served.stop()


def serve(
    ws: Workspace,
    names: Sequence[str],
    *,
    port: int = 0,
    faults: Sequence[str] = (),
    ready: Callable[[list[dict[str, Any]]], None],
    on_mail: Callable[[str, Mail], None] | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP. `ready` is told once: one record per platform with its address and made-up accounts."""
    stop = threading.Event()
    with serving(ws, simulated(ws, names), port=port, faults=faults, on_mail=on_mail, control=True) as running:
        before = {s: signal.signal(s, lambda *_: stop.set()) for s in SIGNALS}
        try:
            ready([s.simulator.describe() | {"control_token": s.control_token} for s in running.values()])
            stop.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def configure(home: Path, platforms: Mapping[str, Served]) -> None:
    """Point the platforms of a home at simulators, in its `bedrot.toml`, with the options that each one tells."""
    lines = []
    for name, served in platforms.items():
        table = served.simulator.settings()
        lines.append(f"[platforms.{name}]")
        lines.extend(f"{key} = {_toml(value)}" for key, value in table.items())
    (home / "bedrot.toml").write_text("\n".join(lines) + "\n", "utf-8")


def store_secrets(ws: Workspace, platforms: Mapping[str, Served], *, every_account: bool = False) -> None:
    """Seal the made-up credentials of each simulator's first account, or of all."""
    for name, served in platforms.items():
        extractor = ws.registry.load(name)
        accounts = served.simulator.describe()["accounts"]
        for known in accounts if every_account else accounts[:1]:
            for wanted in (*extractor.secrets, *extractor.optional_secrets, vaulting.TOTP):
                value = known.get(wanted) or known.get(ALIASES.get(wanted, ""))
                if value:
                    vaulting.set_secret(ws, name, wanted, Secret(value), account=known["account"])


def fault_table(ws: Workspace) -> dict[str, dict[str, Fault]]:
    """Platform -> fault -> what must come of it, of every platform that has a simulator."""
    return {name: ws.registry.simulator(name).fault_table() for name in ws.registry.simulated()}


def challenge_words(ws: Workspace, platform: str) -> list[str]:
    """The challenges that a login of a platform can raise, as `kind` or `kind by medium`; empty without a simulator or without any."""
    if platform not in ws.registry.simulated():
        return []
    trials = ws.registry.simulator(platform).trials.values()
    return list(dict.fromkeys(f"{t.kind} by {t.medium}" if t.medium else t.kind for t in trials))


def _toml(value: Any) -> str:
    """A plain value as TOML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
