"""A lake: zones on a real folder with a real journal, and short words for captures and decisions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import SIDECAR_SUFFIX, Capture, LandedFile, Sidecar
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import TRANSITIONS, Decision, Verb
from bedrot_console.security.journal import FileJournal
from bedrot_console.zones.moves import Item
from bedrot_console.zones.store import Landing, Move, Zones
from bedrot_console.zones.transfer import _Chunk

PLAIN = Feed(name="manual/notes", template="manual/notes/notes_{stamp}.json", max_bytes=8 << 20)
UPLOAD = Feed(name="manual/financial_data", template="manual_uploads/financial_data/{slug}_{stamp}.{ext}", format="binary")
SETS = tuple(
    Feed(name=f"metaads/{n}", template="metaads/{stamp}/" + n + ".json") for n in ("campaigns", "adsets", "ads", "insights")
)


def taker_of(step: str) -> type:
    """The class that takes this step of a transfer: that of one file, or that of files which are moved together."""
    return Item if hasattr(Item, step) else _Chunk


class Lake:
    """A home with its zones; `land`, `move` and `recover` as a caller would do them."""

    def __init__(self, home: Path, clock) -> None:
        self.home, self.clock = home, clock
        self.journal = FileJournal(home / ".bedrot" / "journal", clock)
        self.zones = Zones(home, self.journal, clock, "uid:7")

    def again(self) -> Lake:
        """The same home as another process sees it."""
        return Lake(self.home, self.clock)

    def capture(self, body, feed: Feed = PLAIN, **more) -> Landing:
        values = {"captured_at": self.clock.now(), "method": "api", "source_system": "example.net", **more}
        return Landing(Capture(feed=feed.name, body=body, **values), feed, "1.0", "run1")

    def land(self, *bodies, feed: Feed = PLAIN, **more) -> list:
        return self.zones.land([self.capture(b, feed, **more) for b in bodies])

    def landed(self, body=b'{"a": 1}', feed: Feed = PLAIN, **more) -> LandedFile:
        (result,) = self.land(body, feed=feed, **more)
        assert isinstance(result, LandedFile), result
        return result

    def land_set(self, set_id: str = "s1") -> list:
        return self.zones.land([self.capture(b"[%d]" % n, f, set_id=set_id) for n, f in enumerate(SETS)])

    def decision(self, verb: Verb, file, path: str | None = None, **more) -> Move:
        at = self.clock.now()
        decision = Decision(new_id(at), file.id, verb, "uid:9", at, "because", file.sidecar.sha256, "report1")
        step = TRANSITIONS[verb]
        return Move(replace(decision, **more), step.source, path or file.path, step.target, "report1")

    def move(self, verb: Verb, file, path: str | None = None):
        (result,) = self.zones.transfer([self.decision(verb, file, path)])
        return result

    def tree(self) -> dict[str, list[str]]:
        """What lies in the zones, without sidecars: zone -> paths."""
        found = {}
        for zone in ("landing", "raw", "quarantine"):
            root = self.home / zone
            paths = [str(p.relative_to(root)) for p in sorted(root.rglob("*")) if not p.is_dir()]
            found[zone] = [p for p in paths if not p.endswith(SIDECAR_SUFFIX)]
            commits = [p.removesuffix(SIDECAR_SUFFIX) for p in paths if p.endswith(SIDECAR_SUFFIX)]
            assert commits == found[zone], "a payload without sidecar, or the other way round"
        return found

    def kinds(self) -> list[str]:
        return [e.kind for e in self.journal.read()]

    def sound(self) -> None:
        """Everything verifies, nothing is left over."""
        assert [f for f in self.zones.verify(threads=1) if f.problem] == []
        assert all(isinstance(s, Sidecar) for _, _, s in self.zones.walk())
        assert self.again().journal.verify().ok
        folder = self.home / ".bedrot" / "intents"
        assert not folder.exists() or not list(folder.iterdir())
        assert not [p for p in self.home.rglob(".staging/*")]
