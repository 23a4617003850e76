"""One invocation of the command line, before and after its parsing. Loads nothing that parses."""

from __future__ import annotations

import os

from .diagnostics import Diagnostics
from .output import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..operations.workspace import Workspace
    from ..settings import Settings


class Face:
    """One invocation: the common options, the two writers, and the workspace once a command asks for it."""

    def __init__(self) -> None:
        self.home: str | None = None
        self.json = False
        self.quiet = False
        self.no_color = False
        self._out: Output | None = None
        self._say: Diagnostics | None = None
        self._settings: Settings | None = None

    @property
    def out(self) -> Output:
        """Writer of stdout."""
        if self._out is None:
            self._out = Output(json_lines=self.json, color=self.colored)
        return self._out

    @property
    def say(self) -> Diagnostics:
        """Writer of stderr."""
        if self._say is None:
            self._say = Diagnostics(quiet=self.quiet)
        return self._say

    @property
    def colored(self) -> bool:
        """Whether colours are wanted, as far as options and environment say."""
        return not self.no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            from ..settings import Settings

            self._settings = Settings.load(self.home)
        return self._settings

    @property
    def has_settings(self) -> bool:
        """Whether the home is known already."""
        return self._settings is not None

    def move_to(self, home: str) -> None:
        """Work in another home from here on."""
        self.home = home
        self._settings = None

    def workspace(self, *, read_only: bool = False) -> Workspace:
        """The workspace on the chosen home; read-only also where the environment says so. Raises UsageError for a home that cannot be one."""
        from ..operations.workspace import Workspace

        return Workspace.open(self.settings, read_only=read_only or self.settings.read_only)
