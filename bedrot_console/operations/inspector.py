"""The limited child that reads payloads: `python -m bedrot_console.operations.inspector EXTRACTORS HOME`. Speaks with its parent on stdin and stdout."""

from __future__ import annotations

import sys
from pathlib import Path


def command(extractors: Path, home: Path) -> list[str]:
    """How the child is started."""
    return [sys.executable, "-m", "bedrot_console.operations.inspector", str(extractors), str(home)]


def main() -> int:
    """Serve inspection jobs until stdin ends."""
    from ..domain.lifecycle import Zone
    from ..extraction.registry import Registry
    from ..inspection.child import serve

    extractors, home = Path(sys.argv[1]), Path(sys.argv[2])
    registry = Registry(extractors)
    return serve(registry.feed, readable=[extractors, *(home / zone.value for zone in Zone if zone is not Zone.ERASED)])


if __name__ == "__main__":
    sys.exit(main())
