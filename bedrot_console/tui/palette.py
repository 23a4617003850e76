"""What things look like: styles by meaning, made from the theme's variables. A sign and a word go with every colour."""

from __future__ import annotations

from rich.style import Style
from textual.app import App
from textual.color import Color

SIGNS = {
    "pending": "·",
    "passed": "✓",
    "warned": "!",
    "failed": "✗",
    "promoted": "▲",
    "quarantined": "▼",
    "erased": "×",
    "skipped": "-",
    "error": "✗",
    "warning": "!",
    "note": "·",
    "queued": "·",
    "running": "▶",
    "waiting": "?",
    "done": "✓",
    "partial": "!",
    "cancelled": "×",
    "added": "+",
    "removed": "-",
    "changed": "~",
}
"""Status, severity, run state, kind of change → its sign."""

_COLOURS = {
    "passed": "success", "warned": "warning", "failed": "error", "promoted": "success", "quarantined": "warning",
    "error": "error", "warning": "warning", "running": "primary", "waiting": "warning", "done": "success", "partial": "warning",
    "added": "success", "removed": "error", "changed": "warning", "title": "primary", "key": "primary", "mark": "accent",
}  # fmt: skip
_STRONG = {"failed", "error", "waiting", "title", "key", "mark", "warning"}


class Palette:
    """`palette["failed"]` is a rich Style; unknown names are plain. Made anew when the theme changes."""

    def __init__(self, app: App[object]) -> None:
        variables = app.theme_variables
        styles: dict[str, Style] = {
            "plain": Style(),
            "dim": Style(dim=True),
            "strong": Style(bold=True),
            "hit": Style(bold=True, reverse=True),
        }
        for name, variable in _COLOURS.items():
            colour = Color.parse(variables[variable]).rich_color
            styles[name] = Style(color=colour, bold=True if name in _STRONG else None)
        for name in ("pending", "erased", "skipped", "note", "queued", "cancelled"):
            styles[name] = Style(dim=True)
        plain = app.native_ansi_color or app.no_color
        if plain:
            own = None if app.no_color else "default"  # a status's colour would be a patch in the bar
            styles["cursor"] = Style(reverse=True, color=own, bgcolor=own, dim=False)
            styles["cursor-away"] = Style(underline=True)
            styles["bar"] = Style(reverse=True)
            if app.no_color:
                styles["alarm"] = Style(reverse=False, bold=True, underline=True)
            else:
                styles["alarm"] = Style(color="black", bgcolor="yellow", reverse=False, bold=True)
            styles["head"] = Style(bold=True, underline=True)
        else:
            panel = Color.parse(variables["panel"]).rich_color
            ground = Color.parse(variables["background"]).rich_color
            styles["cursor"] = Style(color=ground, bgcolor=Color.parse(variables["primary-lighten-3"]).rich_color)
            styles["cursor-away"] = Style(bgcolor=panel)
            styles["bar"] = Style(bgcolor=panel)
            styles["alarm"] = Style(color=ground, bgcolor=Color.parse(variables["warning"]).rich_color, bold=True)
            styles["head"] = Style(bold=True, dim=True)
        styles["info"] = styles["plain"]
        self._styles = styles

    def __getitem__(self, name: str) -> Style:
        return self._styles.get(name) or self._styles["plain"]


def status_word(status: str) -> str:
    """`✓ passed`: sign and word, so that no meaning hangs on a colour."""
    return f"{SIGNS.get(status, ' ')} {status}"


def size_text(size_bytes: int) -> str:
    """Four to six characters: `0 B`, `12.3k`, `1.2M`, `3.4G` (powers of 1000)."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in "kMGTP":
        value /= 1000
        if value < 999.95:
            return f"{value:.1f}{unit}"
    return f"{value:.0f}P"
