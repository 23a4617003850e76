"""What is told and kept of a live page, in a real Chromium: everything but what stands in its fields."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import segno

from bedrot_console.extraction import looking, qr
from bedrot_console.extraction.browser import Browser
from bedrot_console.extraction.redaction import MARK, Redactor

pytestmark = pytest.mark.browser
FIELDS = """
<meta charset=utf-8><h1>Sign in, Mara</h1>
<input id=ph placeholder="Your e-mail" value="Canary placeheld">
<label>Name: the whole one <input id=colon value="Canary behind colon"></label>
<input aria-label="It's &quot;quoted&quot;: yes" value="Canary's &quot;quoted&quot;: text">
<label>Remind me in <input id=days value="Canary days" style="width:90px"> days</label>
<input type=checkbox aria-labelledby="tick days"><span id=tick>tick</span>
<input type=number aria-label=Count value=4711>
<input type=search aria-label=Find value="Canary sought">
<input type=password aria-label=Password value="Canary password">
<input type=date aria-label=Born value=1987-06-05>
<textarea aria-label=Note>Canary first line
- text: Canary second line
Canary third</textarea>
<div contenteditable id=edit>Canary <b>edited</b> text<p>Canary paragraph</p></div>
<span>Code</span> <span contenteditable=plaintext-only>Canary inline</span>
<div onclick="1" style="width:200px">press me <i contenteditable>Canary pressed</i></div>
<div role=textbox tabindex=0 aria-label=Own>Canary role</div>
<div role=combobox tabindex=0>Canary combo</div>
<label>Country <select><option>Norway</option><option selected>Canary land</option></select></label>
<select multiple aria-label=Many><option selected>many one</option><option>many two</option></select>
<form><button>Go on</button><input type=submit value="Send it"></form>
<iframe srcdoc="<input aria-label=Framed placeholder=framed value='Canary framed'>"></iframe>
<p>The end of it</p>
"""
STAYS = (
    "Sign in, Mara", "Your e-mail", "Name: the whole one", "Count", "Find", "Born", "Note", "Country", "Go on", "Send it", "Framed",
    "press me", "The end of it",
)  # fmt: skip


@pytest.fixture(scope="module")
def shelf() -> dict[str, bytes]:
    return {}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, shelf: dict[str, bytes]) -> Iterator[Browser]:
    """A browser whose evidence lands on a shelf."""
    session: Any = SimpleNamespace(
        settings=SimpleNamespace(browser=None), folder=Path(tmp_path_factory.mktemp("run")), base_url="http://127.0.0.1:1/",
        check_cancelled=lambda: None, masked=_same, keep=shelf.__setitem__,
        redactor=Redactor(),
    )  # fmt: skip
    made = Browser(session)
    yield made
    made.close()


def _same(text: str) -> str:
    return text


@pytest.mark.parametrize("kept", [False, True], ids=["outline", "evidence"])
def test_nothing_that_stands_in_a_field_is_told_or_kept(browser: Browser, shelf: dict[str, bytes], kept: bool) -> None:
    """Whatever the field is made of and however it is named; what the platform itself writes stays."""
    browser.page.set_content(FIELDS)
    browser.page.frame_locator("iframe").locator("input").wait_for()
    if kept:
        browser.keep_evidence("page")
        told = shelf["outline.txt"].decode()
    else:
        told = looking.look(browser.page, _same).outline
    for secret in ("Canary", "anary", "4711", "1987", "[selected]"):
        assert secret not in told, told
    for words in STAYS:
        if words != "Framed" or not kept:
            assert words in told, (words, told)
    assert f'textbox "Note": {looking.HIDDEN}' in told and "***box" not in told


def test_a_page_of_boxes_for_one_character_tells_none(browser: Browser) -> None:
    """Codes are typed into a row of boxes, also into those that are no inputs."""
    boxes = "".join(f"<input maxlength=1 aria-label='digit {n}' value={c}>" for n, c in enumerate("QZXJ"))
    browser.page.set_content(f"<p>Enter the code</p>{boxes}" + "".join(f"<i contenteditable>{c}</i> " for c in "KVWÄ"))
    told = looking.outline(browser.page, _same)
    assert not set("QZXJKVWÄ") & set(told) and "Enter the code" in told and "digit 3" in told


def test_what_is_masked_is_masked_before_it_is_cut(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that lies across the end of the outline, or of a name in it, leaves no beginning."""
    redactor = Redactor()
    redactor.add("hunter2hunter2")
    browser.page.set_content(f"<a href='/x'>{'a' * 50} hunter2hunter2 {'b' * 50}</a><p>And hunter2hunter2 here</p>")
    whole = looking.outline(browser.page, redactor.clean)
    assert whole.count(MARK) == 3 and "hunter" not in whole
    for length in range(10, len(whole) + 20):
        monkeypatch.setattr(looking, "LONGEST_OUTLINE", length)
        told = looking.outline(browser.page, redactor.clean) if length % 25 == 0 else whole[:length]
        assert "hun" not in told and len(told) <= length


def test_the_kept_picture_hides_the_code_that_was_read(browser: Browser, shelf: dict[str, bytes]) -> None:
    """A code drawn by any element lets nobody in who opens the evidence; its surroundings can be seen."""

    def drawn(text: str) -> str:
        out = io.BytesIO()
        segno.make(text).save(out, kind="svg", scale=6, border=4, xmldecl=False, svgns=True)
        return out.getvalue().decode()

    text = "https://tiny.invalid/scan?key=canary-abcdef"
    browser.page.set_content(f"<p>Scan it</p><div id=code style='display:inline-block'>{drawn(text)}</div>")
    seen = qr.read(browser.page.screenshot())
    assert seen is not None and seen.reveal() == text
    assert browser.read_qr("#code").reveal() == text
    browser.keep_evidence("page")
    assert qr.read(shelf["page.png"]) is None
    browser.page.set_content(f"<div id=other style='display:inline-block'>{drawn('just a link')}</div>")
    browser.keep_evidence("page")
    other = qr.read(shelf["page.png"])
    assert other is not None and other.reveal() == "just a link", "a page without that element is kept as it is"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('- textbox "Name": x', '- textbox "Name": ***'),
        ('- textbox "Name"', '- textbox "Name"'),
        ("- 'textbox \"Na: \\\"me\\\"\" [active]': \"x: y\"", "- 'textbox \"Na: \\\"me\\\"\" [active]': ***"),
        ("- textbox: x", "- textbox: ***"),
        ('- textbox "Name" and what no one knows: x', "- textbox: ***"),
        ('- paragraph: a textbox "Name": x', '- paragraph: a textbox "Name": x'),
        ('- textbox "N" [active]:\n  - /placeholder: p\n  - text: x\n- paragraph: y', '- textbox "N" [active]: ***\n  - /placeholder: p\n- paragraph: y'),
        ('- combobox "C":\n  - option "a: b" [selected]\n- option "c" [selected]', '- combobox "C": ***\n- option "c"'),
    ],
)  # fmt: skip
def test_a_line_of_a_field_keeps_its_name_and_loses_its_value(line: str, left: str) -> None:
    """What is not understood loses all but its kind."""
    assert looking.blank(line) == left
