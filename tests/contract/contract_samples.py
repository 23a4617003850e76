"""The samples of a platform and the reports expected beside them.

`python tests/contract/contract_samples.py PLATFORM` writes the platform's made samples (`simulated/samples.py` with `made() -> {"feed/name.ext":
bytes}`, where it has one) and the report of every sample anew; read the difference before you keep it.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from contract_desk import REGISTRY, Desk, noon

from bedrot_console.domain.findings import Report

SAMPLED = date(2026, 3, 2)
FACTS = ("rows", "first_day", "last_day", "totals", "holds_email", "holds_token")


def samples_of(platform: str) -> list[Path]:
    """The sample files of a platform; a sample lies in the folder of its feed."""
    return sorted(p for p in (REGISTRY.folder / platform / "samples").glob("*/*") if not p.name.endswith(".report.json"))


def made_samples(platform: str) -> dict[str, bytes]:
    """What the platform's own maker makes: `feed/name.ext` -> bytes. Empty for a platform without one."""
    if not (REGISTRY.folder / platform / "simulated" / "samples.py").is_file():
        return {}
    return importlib.import_module(f"extractors.{platform}.simulated.samples").made()


def provenance(platform: str, path: Path) -> dict[str, Any]:
    """Fields of the sidecar that the sample was captured with (`series`, `request`, `received_name`, `account`): PROVENANCE of the maker."""
    if not (REGISTRY.folder / platform / "simulated" / "samples.py").is_file():
        return {}
    maker = importlib.import_module(f"extractors.{platform}.simulated.samples")
    known = getattr(maker, "PROVENANCE", {})
    return dict(known.get(f"{path.parent.name}/{path.name}", known.get(path.parent.name, {})))


def report_of(platform: str, path: Path) -> Report:
    """What inspection says about a sample, captured at noon of SAMPLED, with nothing before it."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(f"{platform}/{path.parent.name}", Path(folder))
        return desk.report(path.read_bytes(), noon(SAMPLED), keep=False, **provenance(platform, path))


def expected(report: Report) -> dict[str, object]:
    """What a sample's `.report.json` holds: verdict, stages, findings by code and place, and the plain facts."""
    return {
        "captured_at": f"{SAMPLED}T12:00:00Z", "verdict": report.verdict.value,
        "stages": {s.stage: s.outcome.value for s in report.stages},
        "findings": [{"code": f.code, "severity": f.severity.value, "stage": f.stage, "place": str(f.place), "count": f.count} for f in report.findings],
        "facts": {name: report.facts[name] for name in FACTS if name in report.facts},
    }  # fmt: skip


def write(platform: str) -> None:
    """Write samples and reports of a platform."""
    for name, body in made_samples(platform).items():
        target = REGISTRY.folder / platform / "samples" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    for path in samples_of(platform):
        record = json.dumps(expected(report_of(platform, path)), indent=1, ensure_ascii=False) + "\n"
        path.with_name(path.name + ".report.json").write_text(record)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(name)
