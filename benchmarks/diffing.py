"""How fast two captures are compared, beside what parsing or joining them costs.

    python benchmarks/diffing.py [--small]

Prints figure, reference measured in the same run, ratio, goal. Random data is seeded.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from validating import COLUMNS, DUMP, ads, best, row

from bedrot_console.domain.feeds import Feed
from bedrot_console.inspection.diff import diff

SALES = Feed(
    template="bench/bank/bank_{date}.tsv", name="bench/bank", format="table", columns=COLUMNS, day="Reporting Date",
    key=("Reporting Date", "Store", "Title", "Country of Sale"), measures=("Earnings (USD)", "Quantity"),
)  # fmt: skip


def documents(folder: Path, small: bool) -> None:
    """Two JSON documents of one feed, one row in a hundred changed."""
    rows = ads(4_000 if small else 40_000, 5)
    old, new = folder / "old.json", folder / "new.json"
    old.write_text(json.dumps(rows))
    rng = random.Random(6)
    for i in rng.sample(range(len(rows)), len(rows) // 100):
        rows[i]["spend"] = str(float(rows[i]["spend"]) + 1)
    del rows[10:13]
    rows += ads(len(rows) + 20, 9)[-5:]
    new.write_text(json.dumps(rows))
    seconds, found = best(lambda: diff(DUMP, old, new, "old", "new"))
    parsing, _ = best(lambda: (json.loads(old.read_bytes()), json.loads(new.read_bytes())))
    size = old.stat().st_size / 1e6
    row(f"diff 2 x {size:.0f} MB JSON by key ({found.changed} changed)", seconds, "json.loads of both", parsing, "<= 0.6")
    print(f"    {found.headline}")


def tables(folder: Path, small: bool) -> None:
    """Two exports of one feed, one row in a thousand changed."""
    import duckdb

    count = 200_000 if small else 2_000_000
    old, new = folder / "old.tsv", folder / "new.tsv"
    rng = random.Random(7)
    changed = set(rng.sample(range(count), count // 1000))
    header = "\t".join(c.names[0] for c in COLUMNS) + "\n"
    with old.open("w") as a, new.open("w") as b:
        a.write(header)
        b.write(header)
        for i in range(count + 50):
            day = date(2021, 1, 1) + timedelta(days=i // 1000)
            line = (
                f"{day}\t{day:%Y-%m}\tStore {i % 5}\tArtist\tTrack {i // 5 % 200:03d}\tQZAAA2100001\t190000000001\t{{}}\t100\tSong\tUS\t0"
                f"\t{rng.randint(1, 10**9) / 10**12:.12f}\n"
            )
            if i < count:
                a.write(line.format(i % 900))
            if i % 400_001:
                b.write(line.format(i % 900 + (i in changed)))
    columns = ", ".join(f"'{c.names[0]}': '{c.type}'" for c in COLUMNS)
    read = "read_csv('{}', auto_detect = false, header = true, delim = '\t', quote = '\"', columns = {{" + columns + "}})"
    key = " AND ".join(f'o."{k}" = n."{k}"' for k in SALES.key)
    differ = ", ".join(f'count(*) FILTER (o."{c.names[0]}" IS DISTINCT FROM n."{c.names[0]}")' for c in COLUMNS)
    sql = f"SELECT count(*), {differ} FROM (SELECT * FROM {read.format(old)}) o FULL JOIN (SELECT * FROM {read.format(new)}) n ON {key}"
    connection = duckdb.connect(":memory:")
    joining, _ = best(lambda: connection.execute(sql).fetchall())
    connection.close()
    seconds, found = best(lambda: diff(SALES, old, new, "old", "new"))
    size = old.stat().st_size / 1e6
    row(f"diff 2 x {size:.0f} MB TSV by key ({found.changed} changed)", seconds, "duckdb full join", joining, "<= 1.3")
    print(f"    {found.headline}")


def main() -> int:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        documents(Path(name), chosen.small)
        tables(Path(name), chosen.small)
    return 0


if __name__ == "__main__":
    sys.exit(main())
