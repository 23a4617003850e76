"""Template <-> path. One template per feed; nothing from outside becomes a path.

`{stamp}` is `YYYYMMDD_HHMMSS` UTC, `{date}` is `YYYYMMDD`, `{slug}` is a made-safe word (uploads), `{series}` which series
of the feed it is. From schema version 2 on, `_v<n>` stands
before the stamp. A taken name gets `_02`, `_03` …; nothing is ever overwritten.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import PurePosixPath

from .feeds import Feed

_SLUG = re.compile(r"[^a-z0-9]+")
_FIELDS = {
    "{stamp}": r"(?P<stamp>\d{8}_\d{6})",
    "{date}": r"(?P<date>\d{8})",
    "{series}": r"(?P<series>[A-Za-z0-9][A-Za-z0-9._-]{0,79})",
    "{slug}": r"(?P<slug>[a-z0-9][a-z0-9-]{0,59})",
    "{ext}": r"(?P<ext>[a-z0-9]{1,8})",
}


def slug(text: str) -> str:
    """A file name from outside as one harmless word: ASCII lower-case letters, digits and dashes, at most 60, never empty."""
    stem = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _SLUG.sub("-", stem).strip("-")[:60].strip("-") or "unnamed"


def extension(name: str | None) -> str:
    """The extension of an outside name as 1 to 8 letters or digits, else `bin`."""
    suffix = PurePosixPath(name or "").suffix.lstrip(".").lower()
    return suffix if re.fullmatch(r"[a-z0-9]{1,8}", suffix) else "bin"


def landing_path(feed: Feed, at: datetime, *, name: str | None = None, series: str = "", attempt: int = 1) -> str:
    """Where a capture of `feed` lands, relative to `landing/`.

    Args:
        at: `captured_at`, aware.
        series: of the capture, for templates with `{series}`.
        name: the outside name, for templates with `{slug}` or `{ext}`.
        attempt: 1 for the plain name, 2 for `_02` and so on. For a set with its own folder the folder gets the suffix.
    """
    at = at.astimezone(UTC)
    version = f"v{feed.version}_" if feed.version > 1 else ""
    again = f"_{attempt:02d}" if attempt > 1 else ""
    stem = PurePosixPath(name or "").stem
    path = (
        feed.template.replace("{slug}", slug(stem))
        .replace("{series}", series or "all")
        .replace("{ext}", extension(name))
        .replace("{stamp}", version + at.strftime("%Y%m%d_%H%M%S"))
        .replace("{date}", version + at.strftime("%Y%m%d"))
    )
    if not again:
        return path
    if feed.own_folder:
        folder, _, rest = path.rpartition("/")
        return f"{folder}{again}/{rest}"
    whole = PurePosixPath(path)
    return str(whole.with_name(whole.stem + again + whole.suffix))


def template_pattern(feed: Feed) -> re.Pattern[str]:
    """A pattern that matches exactly the paths `landing_path` makes for this feed (any version, any attempt)."""
    pattern = re.escape(feed.template)
    for placeholder, expression in _FIELDS.items():
        prefix = r"(?:v\d+_)?" if placeholder in ("{stamp}", "{date}") else ""
        again = r"(?:_\d{2,})?" if placeholder == "{stamp}" and feed.own_folder else ""
        pattern = pattern.replace(re.escape(placeholder), prefix + expression + again)
    if not feed.own_folder:
        head, dot, tail = pattern.rpartition(r"\.")
        pattern = f"{head}(?:_\\d{{2,}})?{dot}{tail}" if dot else pattern + r"(?:_\d{2,})?"
    return re.compile(pattern)


def kept_path(landing: str, captured_at: datetime) -> str:
    """Where a file that left landing lies in raw or quarantine: the same first two folders, then `YYYY/MM` of its capture, then its name."""
    *folders, name = landing.split("/")
    at = captured_at.astimezone(UTC)
    return "/".join((*folders[:2], f"{at.year:04d}", f"{at.month:02d}", name))


def landing_path_of(kept: str) -> str:
    """The landing path that `kept_path` came from (for release): the first two folders and the name."""
    parts = PurePosixPath(kept).parts
    folders = [p for p in parts[:-3]]
    return "/".join((*folders, parts[-1]))


def numbered(path: str, attempt: int) -> str:
    """`path` with `_02`, `_03` … before the extension; attempt 1 is the path itself."""
    if attempt <= 1:
        return path
    whole = PurePosixPath(path)
    return str(whole.with_name(f"{whole.stem}_{attempt:02d}{whole.suffix}"))
