"""The registry: folders are listed without importing them, and a broken one hides nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bedrot_console.domain.errors import UsageError
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.registry import BrokenExtractor, Registry

GOOD = """
from bedrot_console.domain.feeds import Feed
from bedrot_console.extraction.base import Extractor
class Good(Extractor):
    name = "good"
    plays = Feed(template="good/plays/plays_{stamp}.json")
    notes = Feed(template="good/notes/{slug}_{stamp}.{ext}")
    uploads = ("notes",)
"""


def _write(folder: Path, name: str, text: str, **more: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    (folder / name / "extractor.py").write_text(text)
    for part, content in more.items():
        (folder / name / f"{part}.py").write_text(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "platforms"
    _write(place, "good", GOOD)
    (place / "good" / "schemas").mkdir()
    (place / "good" / "schemas" / "plays.schema.json").write_text("{}")
    _write(place, "broken", "def x(:\n")
    _write(place, "raising", "import json\n\njson.loads('no')\n")
    _write(place, "misnamed", GOOD)
    _write(place, "empty", "")
    (place / "Not-A-Name").mkdir()
    (place / "Not-A-Name" / "extractor.py").write_text("")
    (place / "nothing").mkdir()
    return place


def test_listing_imports_nothing(folder: Path) -> None:
    """Names are folders with an extractor.py; no code of theirs runs for it."""
    before = set(sys.modules)
    assert Registry(folder).names() == ["broken", "empty", "good", "misnamed", "raising"]
    assert set(sys.modules) == before
    assert Registry(folder / "absent").names() == []


def test_a_broken_platform_hides_no_other_and_names_its_line(folder: Path) -> None:
    """Feeds of those that load are there; each that does not has a sentence with kind and place."""
    feeds, problems = Registry(folder).feeds()
    assert [f.name for f in feeds] == ["good/plays", "good/notes"]
    told = sorted(str(p) for p in problems)
    assert told[0] == "extractor broken does not load: SyntaxError in extractor.py line 1"
    assert told[1] == "extractor empty does not load: extractor.py has 0 Extractor classes, not one"
    assert told[2] == "extractor misnamed does not load: its class calls itself 'good'"
    assert told[3].startswith("extractor raising does not load: JSONDecodeError in extractor.py line 3")
    with pytest.raises(BrokenExtractor):
        Registry(folder).load("broken")


def test_a_feed_has_its_whole_name_and_its_schema_by_place(folder: Path) -> None:
    """Name and schema follow from the attribute; uploads are expected of no run; an unknown name is a usage error."""
    registry = Registry(folder)
    assert registry.feed("good/plays").schema == folder / "good" / "schemas" / "plays.schema.json"
    assert registry.feed("good/notes").schema is None
    good = registry.load("good")
    assert good.expected() == ("good/plays",) and good.plays is good.feeds["plays"]
    for wrong in ("good/none", "nope/plays", "good"):
        with pytest.raises(UsageError):
            registry.feed(wrong)
    with pytest.raises(UsageError):
        good.expected(("notes",))


def test_two_folders_do_not_mix(folder: Path, tmp_path: Path) -> None:
    """Platforms of the same name in two folders are two classes, and relative imports stay inside their folder."""
    other = tmp_path / "other" / "platforms"
    _write(other, "good", "from .parts import *\n" + GOOD.replace("plays_{", "other_{"), parts="")
    assert Registry(other).feed("good/plays").template != Registry(folder).feed("good/plays").template
    with pytest.raises(UsageError, match="no simulator"):
        Registry(folder).simulator("good")


def test_a_class_that_names_unknown_feeds_is_refused() -> None:
    """A slip in `uploads` is found when the class is made, not at night."""
    with pytest.raises(TypeError, match="does not declare: nothing"):
        type("Slip", (Extractor,), {"name": "slip", "uploads": ("nothing",), "__module__": __name__})
