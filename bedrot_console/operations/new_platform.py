"""new-platform: a folder under `extractors/` whose contract suite passes at once, to be changed into a real platform."""

from __future__ import annotations

import keyword
import re
import shutil
import sys
import tempfile
from pathlib import Path

from ..domain.errors import PermissionDenied, UsageError, disk_error
from .workspace import Workspace

TEMPLATE = "_template"
NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
TITLE = re.compile(r"[A-Za-z0-9][\w .&+'-]{0,59}")


def new_platform(ws: Workspace, name: str, title: str = "") -> list[Path]:
    """Make the folder of a platform from the template; returns its files. It appears whole or not at all.

    Args:
        name: of the platform and its folder: small letters, digits and underscores.
        title: the platform's name for people; default made from `name`.

    Raises:
        UsageError: no such name, the platform exists, or this installation holds no template.
    """
    if ws.read_only:
        raise PermissionDenied("this workspace is read-only")
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise UsageError(
            f"no name for a platform: {name[:60]}",
            hint="2 to 40 small letters, digits or underscores, none of Python's own words",
        )
    title = title or " ".join(part.capitalize() for part in name.split("_"))
    if not TITLE.fullmatch(title):
        raise UsageError("a title has up to 60 letters, digits, blanks and . & + ' -")
    template, target = ws.extractors_folder / TEMPLATE, ws.extractors_folder / name
    if not (template / "extractor.py").is_file():
        raise UsageError("this installation holds no template of a platform", hint="use a checkout: ./bedrot new-platform NAME")
    if target.exists():
        raise UsageError(f"{name} exists already", hint="choose another name")
    words = {"NewPlatform": "".join(p.capitalize() for p in name.split("_")), "New Platform": title, "newplatform": name}
    made = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=_writable(ws.extractors_folder)))
    try:
        for source in sorted(p for p in template.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            place = made / source.relative_to(template)
            place.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text("utf-8")
            for old, new in words.items():
                text = text.replace(old, new)
            place.write_text(text, "utf-8")
        made.chmod(0o755)
        made.rename(target)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise disk_error(error, "cannot make the platform's folder") from error
    return sorted(p for p in target.rglob("*") if p.is_file())


def _writable(folder: Path) -> Path:
    import os

    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder} cannot be written", hint="use a checkout of your own")
    return folder
