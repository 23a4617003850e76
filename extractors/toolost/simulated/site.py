"""The site's pages as HTML with the scripts that make them live, with invented content.

What is *seen* in the fact sheet: paths, the form's field types and button, classes of the picker, of the platform menu's entries and of the
notifications' titles, the button "Attachment", and that the pages mix two kits of widgets. Everything else is *assumed*: wording, the code
step, the spans the picker offers beside "This Year" and which one it opens with.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable

STYLE = "body{font:15px sans-serif;margin:24px}.v-menu{border:1px solid #888;padding:6px;width:220px}.d-flex{display:flex}[hidden]{display:none!important}"
TOOLS = """
function el(id) { return document.getElementById(id); }
function tell(text) { el("alert").textContent = text; el("alert").hidden = false; }
function send(path, body) {
  return fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)})
    .then(function (r) { return r.json().then(function (b) { return [r.status, b]; }); });
}
"""


def page(title: str, body: str, script: str = "") -> str:
    """A whole page. A sign-in page has `nav` and `main` as any other (*seen*: they prove nothing)."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n'
        f'<body>\n<div id="app" class="v-application"><nav></nav><main class="v-main">{body}'
        f'<div id="alert" class="v-alert" role="alert" hidden></div></main></div>\n<script>{TOOLS}{script}</script>\n</body>\n</html>\n'
    )


def sign_in(*, changed: bool = False) -> str:
    """`/login`. `changed` is a form of other fields. The server names the key that the token is kept under, and whether in a JSON object."""
    kinds = ("text", "text") if changed else ("email", "password")
    body = f"""<h1>Welcome back</h1>
<form id="form"><input id="who" type="{kinds[0]}" autocomplete="username"><input id="word" type="{kinds[1]}">
<button type="submit">{"Next" if changed else "Login"}</button></form>
<div id="second" hidden><h2 id="ask"></h2><span id="slot"></span>
<button type="button" id="verify">Verify</button> <a href="#" id="resend" hidden>Resend code</a></div>"""
    script = """
var step = null;
function enter(b) {
  localStorage.setItem(b.keep, b.nested ? JSON.stringify({token: b.token, type: "Bearer"}) : b.token);
  location.href = "/user-portal/analytics/platform";
}
el("form").addEventListener("submit", function (event) {
  event.preventDefault();
  send("/api/auth/login", {email: el("who").value, password: el("word").value}).then(function (r) {
    var b = r[1];
    if (r[0] === 200 && b.token) return enter(b);
    if (r[0] === 200 && b.challenge) {
      var field = document.createElement("input");
      field.id = field.name = "otp"; field.maxLength = 6; field.inputMode = "numeric"; field.setAttribute("autocomplete", "one-time-code");
      el("slot").appendChild(field);
      step = b.challenge; el("form").remove(); el("second").hidden = false; el("ask").textContent = b.message; el("resend").hidden = !b.resend; return;
    }
    tell(b.message);
  }).catch(function () { tell("Something went wrong"); });
});
el("verify").addEventListener("click", function () {
  send("/api/auth/verify", {challenge: step, code: el("otp").value}).then(function (r) {
    if (r[0] === 200) return enter(r[1]);
    if (r[0] === 410) { location.href = "/login"; return; }
    el("otp").value = ""; tell(r[1].message);
  });
});
el("resend").addEventListener("click", function (event) {
  event.preventDefault(); send("/api/auth/resend", {challenge: step}).then(function (r) { tell(r[1].message); });
});
setInterval(function () {
  if (step) send("/api/auth/state", {challenge: step}).then(function (r) { if (r[0] === 200 && r[1].token) enter(r[1]); });
}, 400);"""
    return page("Login | Too Lost", body, script)


SHELL = """
var kept = ["token", "authToken", "access_token", "tl.session"].map(function (k) { return localStorage.getItem(k); }).find(Boolean);
if (!kept) location.href = "/login";
var bearer = kept && kept[0] === "{" ? JSON.parse(kept).token : kept;
function ask(path) {
  return fetch(path, {headers: {Authorization: "Bearer " + bearer}}).then(function (r) {
    if (r.status === 401) { localStorage.clear(); location.href = "/login"; throw new Error("401"); }
    return r.json().then(function (b) { if (!r.ok) throw new Error(b.message); return b; });
  });
}
"""
"""What every page of the portal does first: no token, no portal. A refused call leads back to the sign-in page."""


def analytics(
    *, silent: bool = False, picker: bool = True, apple: str = "Apple", first: str = "last30Days", query: str = ""
) -> str:
    """`/user-portal/analytics/platform`: opens with Spotify and the span `first`, and asks anew when another is chosen."""
    spans = {"last30Days": "Last 30 Days", "thisYear": "This Year"}
    picked = f'<div class="ant-picker ant-picker-range" id="picker"><span id="span">{spans[first]}</span></div>' if picker else ""
    options = (
        "".join(f'<li class="ant-picker-preset" data-span="{s}" hidden>{t}</li>' for s, t in spans.items()) if picker else ""
    )
    entries = "".join(
        f'<div class="d-flex align-center flex-row" data-platform="{p}" hidden>{t}</div>'
        for p, t in (("spotify", "Spotify"), ("apple", apple))
    )
    body = f"""<h1>Analytics</h1>{picked}<ul>{options}</ul>
<div role="button" class="v-select" id="platform"><span id="shown">Spotify</span></div><div class="v-menu">{entries}</div><pre id="figures"></pre>"""
    template = query or "release=&date={span}"
    script = f"""{SHELL}
var platform = "spotify", span = "{first}";
var paths = {{spotify: "/api/portal/analytics/spotify?", apple: "/api/portal/analytics/apple/?"}};
function show() {{
  if ({"true" if silent else "false"} || !bearer) return;
  ask(paths[platform] + "{template}".replace("{{span}}", span)).then(function (b) {{
    el("figures").textContent = (b.streams || b.totalStreams || []).length + " days";
  }}).catch(function (e) {{ el("figures").textContent = "No figures"; }});
}}
function reveal(selector, on) {{ document.querySelectorAll(selector).forEach(function (e) {{ e.hidden = !on; }}); }}
if (el("picker")) el("picker").addEventListener("click", function () {{ reveal(".ant-picker-preset", true); }});
document.querySelectorAll(".ant-picker-preset").forEach(function (e) {{
  e.addEventListener("click", function () {{
    reveal(".ant-picker-preset", false); el("span").textContent = e.textContent;
    if (span !== e.dataset.span) {{ span = e.dataset.span; show(); }}
  }});
}});
el("platform").addEventListener("click", function () {{ reveal("[data-platform]", true); }});
document.querySelectorAll("[data-platform]").forEach(function (e) {{
  e.addEventListener("click", function () {{
    reveal("[data-platform]", false); el("shown").textContent = e.textContent;
    if (platform !== e.dataset.platform) {{ platform = e.dataset.platform; show(); }}
  }});
}});
show();"""
    return page("Analytics | Too Lost", body, script)


def notifications(*, changed: bool = False) -> str:
    """`/user-portal/notifications`: fetches the list and draws it. `changed` draws it with other classes."""
    body = '<h1>Notifications</h1><div id="list"></div>'
    script = f"""{SHELL}
function line(tag, classes, text, into) {{
  var e = document.createElement(tag); e.className = classes; e.textContent = text; into.appendChild(e); return e;
}}
if (bearer) ask("/api/portal/notifications").then(function (b) {{
  if (!b.data.length) {{ line("p", "grey--text", "No notifications yet", el("list")); return; }}
  b.data.forEach(function (n) {{
    var box = line("div", "v-card pa-4", "", el("list"));
    line("div", {json.dumps("v-card__title" if changed else "body-1 font-weight-bold mb-1")}, n.title, box);
    line("div", "body-2", n.text, box);
    if (n.attachment) line("button", "v-btn", " Attachment ", box).addEventListener("click", function () {{
      ask(n.attachment).then(function (a) {{ location.href = a.url; }}).catch(function (e) {{ tell(e.message); }});
    }});
  }});
}}).catch(function (e) {{ tell(e.message); }});"""
    return page("Notifications | Too Lost", body, script)


def interstitial() -> str:
    """A check in front of the site that a person passes by clicking it."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Just a moment...</title></head><body><div id="challenge-stage">'
        '<button id="human" style="position:fixed;inset:0;width:100%;height:100%;font-size:40px">I am human</button></div><script>'
        'document.getElementById("human").addEventListener("click", function () {'
        ' fetch("/cdn-cgi/challenge", {method: "POST"}).then(function () { location.reload(); }); });</script></body></html>'
    )


def titles(months: Iterable[str], *, odd: bool = False, unnamed: bool = False) -> list[str]:
    """How the notifications of reports (`MM-YYYY`) are worded. `odd` varies it, `unnamed` leaves the month out."""
    forms = (
        "Your ({m}) Sales report has been generated", "Your {m} sales report has been generated", "Your \uff08{m}\uff09 Sales Report is ready",
        "  Your  ( {m} )  Sales  report has been generated  ", "Sales report {y} has been generated",
    )  # fmt: skip
    if unnamed:
        return ["Your Sales report has been generated" for _ in months]
    return [
        forms[n % len(forms) if odd else 0].format(m=m, y=f"{m[3:]}-{m[:2]}") for n, m in enumerate(months, start=1 if odd else 0)
    ]
