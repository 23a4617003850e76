"""The limited child of `operations.inspector`, allowed to read below one folder that holds many homes: `contract_reader.py EXTRACTORS FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from bedrot_console.extraction.registry import Registry  # noqa: E402
from bedrot_console.inspection.child import serve  # noqa: E402

if __name__ == "__main__":
    extractors, folder = Path(sys.argv[1]), Path(sys.argv[2])
    sys.exit(serve(Registry(extractors).feed, readable=[extractors, folder]))
