"""The process of a run, as the operations compose it, for the made-up platforms: `tiny_process.py HOME RUN`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedrot_console.domain.files import Capture
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec
from bedrot_console.extraction import worker
from bedrot_console.extraction.registry import Registry
from bedrot_console.resilience import SystemClock
from bedrot_console.security.masking import mask_text
from bedrot_console.security.vault import Vault
from bedrot_console.settings import Settings

PLATFORMS = Path(__file__).parent / "platforms"


@dataclass
class Landed:
    id: str
    path: str
    size_bytes: int


class Lander:
    """Keeps what it is given under `<home>/landed`, as the zones would; remembers the batches."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "landed"
        self.batches: list[list[Capture]] = []
        self.bodies: dict[str, bytes] = {}

    def __call__(self, captures: Sequence[Capture]) -> Iterator[Landed]:
        self.folder.mkdir(exist_ok=True)
        self.batches.append(list(captures))
        for capture in captures:
            body = capture.body.read_bytes() if isinstance(capture.body, Path) else bytes(capture.body)  # type: ignore[arg-type]
            self.bodies[capture.feed] = body
            name = capture.feed.replace("/", "-")
            (self.folder / name).write_bytes(body)
            yield Landed(new_id(capture.captured_at), name, len(body))


def parts(home: Path, spec: RunSpec, settings: Settings, **more: Any) -> worker.Parts:
    vault = Vault(settings.state / "vault")
    values: dict[str, Any] = {
        "extractor": Registry(PLATFORMS).load(spec.platform), "land": Lander(home), "secrets": vault, "sessions": vault,
        "settings": settings, "clock": SystemClock(), "seal": vault.seal, "mask": mask_text,
    }  # fmt: skip
    return worker.Parts(**values | more)


def main() -> int:
    home, run = Path(sys.argv[1]), sys.argv[2]

    def compose(spec: RunSpec, handed: dict[str, str]) -> worker.Parts:
        import os

        return parts(home, spec, Settings.load(home, {**os.environ, **handed}))

    return worker.main(home / ".bedrot" / "runs" / run, compose)


if __name__ == "__main__":
    sys.exit(main())
