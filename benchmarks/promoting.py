"""Promote files (hashed against the validated hash, synced, journalled) beside `xargs openssl dgst -sha256` of them, in one run.

python benchmarks/promoting.py [--small] [--folder DIR] [--rounds N]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import Decision, Verb, Zone
from bedrot_console.zones.store import Move, Moved
from landing import landings, make_files, run, timed, zones


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="1,000 files")
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary folder)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    count = 1000 if options.small else 10_000
    base = Path(tempfile.mkdtemp(prefix="bench-promoting-", dir=options.folder))
    ours, theirs, checks = [], [], []
    our_cpu: list[float] = []
    their_cpu: list[float] = []
    try:
        for n in range(options.rounds):
            paths = make_files(base / f"source-{n}", count, 20_000)
            store = zones(base / f"home-{n}")
            landed = store.land(landings(paths))
            at = store.clock.now()
            moves = [
                Move(
                    Decision(new_id(at), f.id, Verb.PROMOTE, "uid:0", at, "", f.sidecar.sha256, None),
                    Zone.LANDING,
                    f.path,
                    Zone.RAW,
                )
                for f in landed
            ]
            theirs.append(
                timed(
                    lambda s=store: run("find . -name '*.bin' | xargs openssl dgst -sha256", cwd=s.root(Zone.LANDING)), their_cpu
                )
            )
            results = []
            ours.append(timed(lambda s=store, m=moves, r=results: r.extend(s.transfer(m)), our_cpu))
            if sum(isinstance(r, Moved) for r in results) != count:
                raise SystemExit("not all were promoted")
            found = []
            checks.append(timed(lambda s=store, f=found: f.extend(s.verify())))
            if len(found) != count or any(f.problem for f in found):
                raise SystemExit("not all are sound afterwards")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    ratio = min(ours) / min(theirs)
    verdict = "met" if ratio <= 4 else "MISSED"
    print(
        f"{count:,} x 20 KB: promote {min(ours):.2f} s, xargs openssl dgst {min(theirs):.2f} s; ratio {ratio:.2f}, goal 4 {verdict}"
    )
    print(
        f"{count:,} x 20 KB: verify {min(checks):.2f} s; ratio {min(checks) / min(theirs):.2f} to xargs openssl dgst (one process)"
    )
    print(f"  processor: promote {min(our_cpu):.2f} s, openssl {min(their_cpu):.2f} s; ratio {min(our_cpu) / min(their_cpu):.2f}")
    return 0 if ratio <= 4 else 1


if __name__ == "__main__":
    sys.exit(main())
