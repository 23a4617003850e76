"""The platforms there are: folders under `extractors/`. Listing imports nothing; a folder that does not load never hides the others."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import SourceError, UsageError
from ..domain.feeds import Feed
from .base import Extractor

if TYPE_CHECKING:
    from .simulator import Simulator

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# What importing somebody's module can raise. Wider would hide our own KeyboardInterrupt and SystemExit.
_LOAD_TROUBLE = (
    ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError, AssertionError,
    OSError, RuntimeError,
)  # fmt: skip


class BrokenExtractor(SourceError):
    """A platform's folder does not load. The other platforms are not affected; a developer must mend it."""

    exit_code = 70


class Registry:
    """Finds and loads extractors.

    Args:
        folder: holds one folder per platform, each with `extractor.py` (and `simulator.py`). Default: `extractors/` of the checkout.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path(__file__).resolve().parents[2] / "extractors").resolve()
        self._loaded: dict[str, type[Extractor]] = {}

    def names(self) -> list[str]:
        """Names of all platforms, sorted, without importing any."""
        if not self.folder.is_dir():
            return []
        return sorted(p.parent.name for p in self.folder.glob("*/extractor.py") if _NAME.fullmatch(p.parent.name))

    def load(self, name: str) -> type[Extractor]:
        """The extractor class of a platform.

        Raises:
            UsageError: there is no such platform.
            BrokenExtractor: its folder does not load; the sentence names file and line.
        """
        if name not in self._loaded:
            self._known(name)
            module = self._import(name, "extractor")
            found = [v for v in vars(module).values() if _is_extractor(v, module)]
            if len(found) != 1:
                raise BrokenExtractor(f"extractor {name} does not load: extractor.py has {len(found)} Extractor classes, not one")
            if found[0].name != name:
                raise BrokenExtractor(f"extractor {name} does not load: its class calls itself {found[0].name!r}")
            self._loaded[name] = found[0]
        return self._loaded[name]

    def feed(self, name: str) -> Feed:
        """The feed with this whole name (`distrokid/streams`).

        Raises:
            UsageError: no such platform or feed.
            BrokenExtractor: its platform does not load.
        """
        platform, slash, attribute = name.partition("/")
        feeds = self.load(platform).feeds if slash else {}
        if attribute not in feeds:
            raise UsageError(f"no such feed: {name}", hint="bedrot platforms")
        return feeds[attribute]

    def feeds(self) -> tuple[list[Feed], list[BrokenExtractor]]:
        """All feeds of all platforms that load, and the errors of those that do not."""
        feeds: list[Feed] = []
        problems: list[BrokenExtractor] = []
        for name in self.names():
            try:
                feeds.extend(self.load(name).feeds.values())
            except BrokenExtractor as error:
                problems.append(error)
        return feeds, problems

    def simulated(self) -> list[str]:
        """Names of the platforms that have a simulator, without importing any."""
        return [n for n in self.names() if (self.folder / n / "simulator.py").is_file()]

    def simulator(self, name: str, **options: object) -> Simulator:
        """A fresh simulator of a platform: what `simulator` in its `simulator.py` makes, called with `options`.

        Raises:
            UsageError: no such platform, or it has no simulator.
            BrokenExtractor: the module does not load.
        """
        self._known(name)
        if name not in self.simulated():
            raise UsageError(f"{name} has no simulator", hint="with one: " + ", ".join(self.simulated()))
        module = self._import(name, "simulator")
        factory = getattr(module, "simulator", None)
        if not callable(factory):
            raise BrokenExtractor(f"extractor {name} does not load: simulator.py has no `simulator` factory")
        return factory(**options)

    def _known(self, name: str) -> None:
        if name not in self.names():
            raise UsageError(f"no such platform: {name}", hint="one of: " + ", ".join(self.names()))

    def _import(self, name: str, part: str) -> types.ModuleType:
        try:
            return importlib.import_module(f"{self._package()}.{name}.{part}")
        except _LOAD_TROUBLE as error:
            raise BrokenExtractor(f"extractor {name} does not load: {_describe(error, self.folder / name)}") from error

    def _package(self) -> str:
        """The import name of the folder: its own if it is an installed package, else one made for it."""
        spec = importlib.util.find_spec(self.folder.name) if self.folder.name.isidentifier() else None
        places = [Path(p).resolve() for p in (spec.submodule_search_locations or [])] if spec else []
        if places == [self.folder]:
            return self.folder.name
        made = "bedrot_platforms_" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        if made not in sys.modules:
            package = types.ModuleType(made)
            package.__path__ = [str(self.folder)]
            sys.modules[made] = package
        return made


def _is_extractor(value: object, module: types.ModuleType) -> bool:
    return isinstance(value, type) and issubclass(value, Extractor) and value.__module__ == module.__name__ and bool(value.name)


def _describe(error: BaseException, folder: Path) -> str:
    """The kind of error and where in the platform's folder; never the text of a value."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError in {Path(error.filename or '').name} line {error.lineno}"
    where = ""
    step = error.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        if folder in path.parents:
            where = f" in {path.name} line {step.tb_lineno}"
        step = step.tb_next
    return f"{type(error).__name__}{where}: {error}"
