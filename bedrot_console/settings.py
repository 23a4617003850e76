"""One frozen Settings; the only reader of environment and configuration files.

The home is the folder that holds `landing/`: `--home`, else `BEDROT_HOME`, else `PROJECT_ROOT`, else the checkout, else (installed without
one) the current folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .domain.challenges import Secret
from .domain.errors import UsageError

CHECKOUT = Path(__file__).resolve().parent.parent
PICTURES = ("blocks", "kitty", "sixel")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things lie and how they are set. `table` is the parsed `bedrot.toml`, `environ` a copy of the environment."""

    home: Path
    table: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, home: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Find the home and read its `bedrot.toml`.

        Raises:
            UsageError: the home is not a folder, or `bedrot.toml` is not TOML.
        """
        env = dict(os.environ if environ is None else environ)
        chosen = Path(home or env.get("BEDROT_HOME") or env.get("PROJECT_ROOT") or _checkout()).expanduser()
        root = Path(os.path.abspath(chosen))
        if root.exists() and not root.is_dir():
            raise UsageError(f"home is not a folder: {root}", hint="give --home DIR")
        config = root / "bedrot.toml"
        table: dict[str, Any] = {}
        if config.exists():
            import tomllib

            try:
                table = tomllib.loads(config.read_text("utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise UsageError(f"bedrot.toml: {error}", hint="mend the file") from error
            except OSError as error:
                raise UsageError(f"bedrot.toml: {error.strerror}") from error
        return cls(root, table, env)

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def raw(self) -> Path:
        return self.home / "raw"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def catalog(self) -> Path:
        """The published catalog, read-only, replaced by atomic rename."""
        return self.home / "catalog.duckdb"

    @property
    def state(self) -> Path:
        """`.bedrot/`, 0700: journal, private catalog, runs, vault, staging, locks, reports."""
        return self.home / ".bedrot"

    def platform(self, name: str) -> Mapping[str, Any]:
        """The `[platforms.<name>]` table, empty if there is none."""
        platforms = self.table.get("platforms", {})
        table = platforms.get(name, {}) if isinstance(platforms, Mapping) else {}
        if not isinstance(table, Mapping):
            raise UsageError(f"bedrot.toml: [platforms.{name}] is not a table")
        return table

    def option(self, platform: str, account: str, name: str, default: Any = None) -> Any:
        """A setting that is no secret: of the account (`[platforms.<p>.accounts.<a>]`), else of the platform, else `default`."""
        table = self.platform(platform)
        accounts = table.get("accounts", {})
        own = accounts.get(account, {}) if isinstance(accounts, Mapping) else {}
        return own.get(name, table.get(name, default)) if isinstance(own, Mapping) else table.get(name, default)

    def base_url(self, platform: str) -> str | None:
        """Where the platform is, if not at its own address: `BEDROT_<PLATFORM>_BASE_URL`, else `base_url` in its table."""
        return self.environ.get(f"BEDROT_{platform.upper()}_BASE_URL") or self.platform(platform).get("base_url")

    def secret(self, platform: str, name: str) -> Secret | None:
        """A credential of the account `default`, from `BEDROT_<PLATFORM>_<FIELD>`; None if unset."""
        value = self.environ.get(f"BEDROT_{platform.upper()}_{name.upper()}")
        return Secret(value) if value else None

    @property
    def read_only(self) -> bool:
        """`BEDROT_READ_ONLY`: whatever is started may read and must write nothing at all. Only no word, or one that says no, allows it."""
        return self.environ.get("BEDROT_READ_ONLY", "").lower() not in ("", "0", "no", "false", "off")

    @property
    def restore(self) -> bool:
        """Whether the console stands where it was left: `BEDROT_RESTORE`, else `restore` in `[console]`; yes unless one says no."""
        table = self.table.get("console", {})
        chosen = self.environ.get("BEDROT_RESTORE") or (table.get("restore") if isinstance(table, Mapping) else None)
        return str(chosen).lower() not in ("0", "no", "false", "off")

    @property
    def pictures(self) -> str | None:
        """`BEDROT_PICTURES`, else `pictures` in `[console]`: how the console draws pictures, one of PICTURES; None: as the terminal can.

        Raises:
            UsageError: no such way.
        """
        table = self.table.get("console", {})
        chosen = self.environ.get("BEDROT_PICTURES") or (table.get("pictures") if isinstance(table, Mapping) else None)
        if chosen is None or chosen in PICTURES:
            return chosen
        raise UsageError(f"pictures are drawn as {', '.join(PICTURES)}, not as {chosen!s:.20}", hint="BEDROT_PICTURES=blocks")

    @property
    def browser(self) -> str | None:
        """`BEDROT_BROWSER`: path of a Chromium or Chrome, or `channel:<name>`."""
        return self.environ.get("BEDROT_BROWSER") or None


def _checkout() -> Path:
    """The checkout; the current folder when the program is installed among other packages, where no lake belongs."""
    return CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()
