"""The samples beside the Meta Ads and manual extractors get the reports that stand beside them, and are what the maker makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from metaads_samples import expected, manual_samples, metaads_samples, samples_of

PAIRS = [(platform, path) for platform in ("metaads", "manual") for path in samples_of(platform)]


@pytest.mark.parametrize(("platform", "path"), PAIRS, ids=[f"{p}-{path.parent.name}-{path.name}" for p, path in PAIRS])
def test_metaads_and_manual_samples_get_their_expected_reports(platform: str, path: Path) -> None:
    """The reports beside the samples are what inspection says about them."""
    assert expected(platform, path) == json.loads(path.with_name(path.name + ".report.json").read_text())


def test_metaads_and_manual_samples_are_the_made_ones() -> None:
    """Every sample is made by the simulator or the tests, none is a copy of somebody's data; ok samples pass, others do not pass unmarked."""
    made = {f"metaads/{name}": body for name, body in metaads_samples().items()} | {
        f"manual/{name}": body for name, body in manual_samples().items()
    }
    found = {f"{platform}/{path.parent.name}/{path.name}": path for platform, path in PAIRS}
    assert found.keys() == made.keys()
    for name, path in found.items():
        assert path.read_bytes() == made[name], name
