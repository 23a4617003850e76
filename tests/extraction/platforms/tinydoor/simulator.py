"""A stand-in with two doors: a QR code that changes and is good once, and a puzzle to click, drag and type."""

from __future__ import annotations

import io
from typing import Any

import segno
from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Simulator, redirect, route

HEAD = "<!doctype html><meta charset=utf-8><title>{}</title><style>body {{ margin: 0; font: 16px sans-serif }} * {{ box-sizing: border-box }}</style>"
QR = """
<p>Scan it with the Tiny app</p><img id=code alt="" src="/code.png?0">
<script>
let turn = 0;
setInterval(async () => {
  const now = await (await fetch('/state')).json();
  if (now.done) location.assign('/enter');
  else if (now.turn !== turn) { turn = now.turn; document.querySelector('#code').src = '/code.png?' + turn; }
}, 100);
</script>"""
PUZZLE = """
<p>Write to mara@example.net if you cannot solve it.</p>
<input type=password value="Hidden-canary-44" style="position:absolute;left:900px;top:40px">
<form method=post action=/puzzle>
<button type=button aria-label="a fish" id=a style="position:absolute;left:100px;top:200px;width:90px;height:90px;background:#c33"></button>
<button type=button aria-label="a boat" id=b style="position:absolute;left:300px;top:200px;width:90px;height:90px;background:#3c3"></button>
<div id=track style="position:absolute;left:100px;top:400px;width:400px;height:40px;background:#ddd"></div>
<div id=knob role=slider aria-label=slide style="position:absolute;left:100px;top:400px;width:40px;height:40px;background:#339"></div>
<input name=word placeholder=word autocomplete=off style="position:absolute;left:100px;top:500px;width:300px;height:40px">
<input type=hidden name=picked><input type=hidden name=slid>
</form>
<div style="height:3000px"></div>
<script>
const form = document.forms[0], knob = document.querySelector('#knob');
for (const b of document.querySelectorAll('button')) b.onclick = () => { form.picked.value = b.id; b.style.outline = '4px solid #000'; };
let from = null;
knob.onmousedown = e => { from = e.clientX; };
onmousemove = e => { if (from !== null) knob.style.left = 100 + Math.min(360, Math.max(0, e.clientX - from)) + 'px'; };
onmouseup = () => { if (from !== null) form.slid.value = parseInt(knob.style.left) - 100; from = null; };
</script>"""


class TinyDoorSite(Simulator):
    name = "tinydoor"
    title = "Tiny Door"

    def default_accounts(self) -> list[Account]:
        return [Account()]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.turn = 0
        self.scanned = False
        self.blank = False
        self.solved: dict[str, str] = {}

    @property
    def code(self) -> str:
        """What the code says now."""
        return f"https://tinydoor.invalid/scan?key=Scan-canary-{self.turn:04d}-abcdef"

    def scan(self, text: str) -> bool:
        """The phone: whether the platform takes what it read. An old code is refused."""
        self.scanned = self.scanned or text == self.code
        return self.scanned

    @route("/qr")
    def qr(self, request: Request) -> Any:
        return HEAD.format("Scan") + QR

    @route("/code.png")
    def picture(self, request: Request) -> Any:
        out = io.BytesIO()
        segno.make(self.code, error="m").save(out, kind="png", scale=4, border=2, dark="white" if self.blank else "black")
        return Response(out.getvalue(), content_type="image/png", headers={"Cache-Control": "no-store"})

    @route("/state")
    def state(self, request: Request) -> Any:
        return {"turn": self.turn, "done": self.scanned}

    @route("/enter")
    def enter(self, request: Request) -> Any:
        return self.start_session(redirect("/home"), "default") if self.scanned else redirect("/qr")

    @route("/puzzle")
    def puzzle(self, request: Request) -> Any:
        return HEAD.format("Puzzle") + PUZZLE

    @route("/puzzle", methods=("POST",))
    def solve(self, request: Request) -> Any:
        self.solved = {name: request.form.get(name, "") for name in ("picked", "slid", "word")}
        right = self.solved["picked"] == "b" and int(self.solved["slid"] or 0) > 340 and self.solved["word"] == "Word-canary-Ü8"
        return self.start_session(redirect("/home"), "default") if right else redirect("/puzzle")

    @route("/page")
    def page(self, request: Request) -> Any:
        return redirect("/puzzle")

    @route("/home")
    def home(self, request: Request) -> Any:
        return HEAD.format("Home") + "<p id=room>one room</p>" if self.session_account(request) else redirect("/qr")


simulator = TinyDoorSite
