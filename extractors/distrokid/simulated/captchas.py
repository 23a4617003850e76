"""What asks for a human: Cloudflare's page in front of everything, and the captcha puzzle at the sign-in. Pages, and how to get past them.

*Seen*: the title and words of the interstitial, its `challenge-running` element and `_cf_chl_opt`, that it can precede any page and often
solves itself; the invisible captcha of the sign-in, whose puzzle is an iframe with a title. *Assumed*: everything inside them. Both act on
real clicks only (`isTrusted`): a script cannot pass for a human.
"""

from __future__ import annotations

import html

BOX = (72, 196)
"""Where the box of the interstitial is, in pixels of the page."""
PUZZLE_AT = (40, 420)
TILE = 70
TILES = ("drum", "violin", "guitar", "harp", "piano", "flute", "guitar", "horn", "bell")
WANTED = "guitar"
VERIFY = len(TILES)
"""The button below the tiles, as if it were the tile after the last."""


def interstitial(ray: str, *, by_hand: bool) -> str:
    """Cloudflare's waiting page. It solves itself after a moment, or (`by_hand`) when somebody ticks its box."""
    if by_hand:
        inner = (
            f'<label style="position:absolute;left:{BOX[0] - 12}px;top:{BOX[1] - 12}px"><input type="checkbox" id="box" '
            'style="width:24px;height:24px;margin:0"> Verify you are human</label>'
        )
        start = "document.getElementById('box').addEventListener('click', function (e) { if (e.isTrusted) pass(); else e.preventDefault(); });"
    else:
        inner, start = "<p>Checking if the site connection is secure</p>", "setTimeout(pass, 150);"
    return f"""<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>
<div id="challenge-running"><h1>distrokid.com</h1>{inner}</div>
<script>window._cf_chl_opt = {{cRay: "{html.escape(ray)}"}};
function pass() {{
  fetch("/cdn-cgi/challenge", {{method: "POST", body: new URLSearchParams({{ray: "{html.escape(ray)}"}})}}).then(function () {{ location.reload(); }});
}}
{start}</script></body></html>"""


def puzzle() -> str:
    """The puzzle as it stands in its own frame: nine tiles and a button."""
    tiles = "".join(
        f'<button class="tile" data-n="{n}" style="position:absolute;left:{n % 3 * TILE}px;top:{30 + n // 3 * TILE}px;width:{TILE - 4}px;height:{TILE - 4}px">{name}</button>'
        for n, name in enumerate(TILES)
    )
    return f"""<!DOCTYPE html><html><body style="margin:0"><p style="margin:4px">Select all squares with a {WANTED}</p>{tiles}
<button id="verify" style="position:absolute;left:0;top:{30 + 3 * TILE}px;width:{3 * TILE}px;height:{TILE - 4}px">Verify</button>
<script>
var chosen = {{}};
document.querySelectorAll(".tile").forEach(function (t) {{
  t.addEventListener("click", function (e) {{
    if (!e.isTrusted) return;
    chosen[t.dataset.n] = !chosen[t.dataset.n]; t.style.background = chosen[t.dataset.n] ? "gold" : "";
  }});
}});
document.getElementById("verify").addEventListener("click", function (e) {{
  if (!e.isTrusted) return;
  var picked = Object.keys(chosen).filter(function (n) {{ return chosen[n]; }}).join(",");
  fetch("/recaptcha/userverify", {{method: "POST", body: new URLSearchParams({{picked: picked}})}}).then(function (r) {{ return r.json(); }})
    .then(function (r) {{ if (r.token) parent.postMessage({{token: r.token}}, location.origin); else location.reload(); }});
}});
</script></body></html>"""


def tile_at(number: int) -> tuple[int, int]:
    """Where a tile (or `VERIFY`) is, in pixels of the sign-in page."""
    if number == VERIFY:
        return PUZZLE_AT[0] + TILE, PUZZLE_AT[1] + 30 + 3 * TILE + TILE // 2
    return PUZZLE_AT[0] + number % 3 * TILE + TILE // 2, PUZZLE_AT[1] + 30 + number // 3 * TILE + TILE // 2


def solution() -> list[int]:
    """The tiles that must be chosen."""
    return [n for n, name in enumerate(TILES) if name == WANTED]


SCRIPT = f"""
var grecaptcha = (function () {{
  var made = null, frame = null;
  addEventListener("message", function (e) {{
    if (e.origin !== location.origin || !e.data.token || !frame) return;
    frame.remove(); frame = null; made.callback(e.data.token);
  }});
  return {{
    render: function (id, options) {{ made = options; document.getElementById(id).textContent = "\\u00a0"; return 0; }},
    reset: function () {{}},
    execute: function () {{
      fetch("/recaptcha/reload", {{method: "POST"}}).then(function (r) {{ return r.json(); }}).then(function (r) {{
        if (!r.puzzle) {{ made.callback(r.token); return; }}
        frame = document.createElement("iframe");
        frame.title = "recaptcha challenge expires in two minutes"; frame.src = "/recaptcha/bframe";
        frame.style.cssText = "position:absolute;left:{PUZZLE_AT[0]}px;top:{PUZZLE_AT[1]}px;width:{3 * TILE}px;height:{4 * TILE + 30}px;border:0";
        document.body.appendChild(frame);
      }});
    }}
  }};
}})();
"""
"""The captcha's own script, for the sign-in page."""
