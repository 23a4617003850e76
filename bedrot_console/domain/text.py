"""Text from outside, made harmless for a terminal.

File names, payload excerpts, server messages, SQL results: nothing of it reaches a terminal but through `safe()`.
Terminals obey control characters (C0, DEL, C1), and bidirectional or zero-width characters make text look like other text.
"""

from __future__ import annotations

import unicodedata

_PICTURES = {i: chr(0x2400 + i) for i in range(0x20)} | {0x7F: "\u2421"}


def _needs_escape(char: str) -> bool:
    code = ord(char)
    if code < 0xA0:
        return code >= 0x80
    category = unicodedata.category(char)
    return (
        category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        or 0xFE00 <= code <= 0xFE0F
        or code in (0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F)
    )


def safe(value: object, limit: int | None = None, *, newlines: bool = False) -> str:
    """Return `value` as text that no terminal obeys and no reader mistakes.

    Control characters become their visible pictures (ESC is shown as one symbol), C1 controls, bidirectional, zero-width, private
    and unassigned characters become `\\u{202e}`-style escapes, long runs of combining marks are cut after four.

    Args:
        value: anything; bytes are decoded as UTF-8, undecodable bytes become `\\xNN`.
        limit: longest result in characters; what is cut is marked with an ellipsis.
        newlines: keep line feeds (for multi-line previews); tabs become four spaces either way.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    text = value if isinstance(value, str) else str(value)
    if limit is not None and len(text) > limit * 4 + 64:
        text = text[: limit * 4 + 64]
    if text.isascii() and text.isprintable():
        cleaned = text
    else:
        out: list[str] = []
        marks = 0
        for char in text:
            if char == "\n" and newlines:
                out.append(char)
                marks = 0
                continue
            if char == "\t":
                out.append("    ")
                marks = 0
                continue
            code = ord(char)
            if code in _PICTURES:
                out.append(_PICTURES[code])
                marks = 0
            elif code < 0x7F:
                out.append(char)
                marks = 0
            elif _needs_escape(char):
                out.append(f"\\u{{{code:x}}}")
                marks = 0
            elif unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
                marks += 1
                if marks <= 4:
                    out.append(char)
            else:
                out.append(char)
                marks = 0
        cleaned = "".join(out)
    if limit is not None and len(cleaned) > limit:
        cleaned = cleaned[: max(limit - 1, 0)] + "\u2026"
    return cleaned


def size_text(size_bytes: int) -> str:
    """A size for people: `512 B`, `1.4 kB`, `200 MB` (powers of 1000)."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    raise AssertionError("unreachable")
