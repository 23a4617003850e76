"""Every sample of every platform against the report beside it, and the genuine files, where they are there, against the sheet's rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from contract_desk import REGISTRY
from contract_samples import expected, made_samples, report_of, samples_of

from bedrot_console.domain.lifecycle import Verdict

PLATFORMS = [name for name in REGISTRY.names() if samples_of(name)]
SAMPLES = [pytest.param(p, path, id=f"{p}-{path.parent.name}-{path.name}") for p in PLATFORMS for path in samples_of(p)]
LARGEST_BYTES = 3 << 20


def test_every_platform_has_samples_of_every_feed_good_and_bad() -> None:
    """Each feed has a sample that passes and one that is stopped, so that its rules are shown both ways."""
    for platform in REGISTRY.names():
        feeds = REGISTRY.load(platform).feeds
        verdicts: dict[str, set[str]] = {name: set() for name in feeds}
        for path in samples_of(platform):
            verdicts[path.parent.name].add(json.loads(path.with_name(path.name + ".report.json").read_text())["verdict"])
        lacking = {
            name: v for name, v in verdicts.items() if not {"passed", "failed"} <= v | ({"passed"} if "warned" in v else set())
        }
        assert not lacking, (platform, lacking)
        assert sum(p.stat().st_size for p in samples_of(platform)) < LARGEST_BYTES, f"{platform}: samples are small"


@pytest.mark.parametrize(("platform", "path"), SAMPLES)
def test_a_sample_gets_the_report_beside_it(platform: str, path: Path) -> None:
    """Verdict, stages, findings with their places, and facts are those that stand beside the sample."""
    assert expected(report_of(platform, path)) == json.loads(path.with_name(path.name + ".report.json").read_text())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_samples_are_made_up(platform: str) -> None:
    """Every sample is what the platform's own maker makes, byte for byte: none is a copy of somebody's data."""
    made = made_samples(platform)
    assert made, f"{platform} has no maker of samples (simulated/samples.py)"
    found = {f"{path.parent.name}/{path.name}": path for path in samples_of(platform)}
    assert found.keys() == made.keys()
    assert [name for name, path in found.items() if path.read_bytes() != made[name]] == []


@pytest.mark.parametrize(("platform", "path"), [s for s in SAMPLES if s.values[1].name.startswith("ok")])
def test_a_good_sample_belongs_to_one_feed_of_the_house(platform: str, path: Path) -> None:
    """Its content is recognised by its own feed, and by no other of any platform."""
    from bedrot_console.inspection.recognise import HEAD_BYTES, recognise

    feeds, problems = REGISTRY.feeds()
    assert not problems
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    claimed = {feed.name for feed in recognise(feeds, head)}
    own = REGISTRY.feed(f"{platform}/{path.parent.name}")
    assert claimed == ({own.name} if own.recognise is not None else set()), claimed


def test_a_good_sample_is_named_so() -> None:
    """Samples that begin with `ok` pass or only warn; the others are stopped or marked."""
    for param in SAMPLES:
        platform, path = param.values
        report = json.loads(path.with_name(path.name + ".report.json").read_text())
        if path.name.startswith("ok"):
            assert report["verdict"] != Verdict.FAILED.value, f"{platform}: {path.name}"
        else:
            assert report["findings"], f"{platform}: nothing is said about {path.name}"
