"""The pages of TikTok and its studio as HTML, with invented content.

*Documented*: the paths of the studio, the choices of the login page, the addresses and parameters of the answers behind the pages, a virtual
post list of 6 to 8 rows that scrolls inside. *Assumed*: everything else, above all the attributes and the words.
"""

from __future__ import annotations

import html
import json

from .world import Creator

TYPES = (
    "vv_history",
    "pv_history",
    "like_history",
    "comment_history",
    "share_history",
    "follower_num_history",
    "net_follower_history",
    "follower_num",
)
PERIODS = (7, 28, 60, 365)
END_DAYS = 1
FIRST_SIZE, NEXT_SIZE = 50, 10
BOX_LEFT, BOX_TOP, BOX_WIDTH, BOX_HEIGHT = 310, 180, 340, 212
"""Where the puzzle lies on the page, in pixels of its picture."""
CONFIRM_AT = (480, 432)


def page(title: str, body: str, *, script: str = "") -> str:
    """A whole page; `COMMON` gives it the captcha."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{html.escape(title)}</title>\n<style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n<script>{COMMON}{script}</script>\n</body>\n</html>\n"
    )


_STYLE = f"""
body {{ font: 16px sans-serif; margin: 0 24px; }}
#captcha_container {{ position: fixed; inset: 0; background: rgba(0,0,0,.4); }}
#captcha_container svg {{ position: absolute; left: {BOX_LEFT}px; top: {BOX_TOP}px; background: #fff; }}
#captcha_container p {{ position: absolute; left: {BOX_LEFT}px; top: {BOX_TOP - 50}px; color: #fff; }}
#captcha_container button {{ position: absolute; left: {CONFIRM_AT[0] - 60}px; top: {CONFIRM_AT[1] - 18}px; width: 120px; height: 36px; }}
[data-tt=post-list] {{ height: 420px; overflow-y: auto; }} [data-tt=post-row] {{ height: 70px; }}
[data-e2e=qr-code] svg {{ width: 232px; height: 232px; }}
"""

COMMON = """
function el(s) { return document.querySelector(s); }
function post(path, value) {
  return fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(value)})
    .then(function (r) { return r.json(); });
}
var solved = null;
function captcha(then) {
  solved = then || solved;
  var old = el("#captcha_container"); if (old) old.remove();
  post("/captcha/get", {}).then(function (puzzle) {
    var box = document.createElement("div"); box.id = "captcha_container";
    box.innerHTML = "<p>Click on the star, then confirm</p>" + puzzle.picture + "<button type=button>Confirm</button>";
    var spot = null, svg = box.querySelector("svg");
    svg.addEventListener("click", function (e) {
      var r = svg.getBoundingClientRect(); spot = [e.clientX - r.left, e.clientY - r.top];
      var dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("cx", spot[0]); dot.setAttribute("cy", spot[1]); dot.setAttribute("r", 4); svg.appendChild(dot);
    });
    box.querySelector("button").addEventListener("click", function () {
      if (!spot) return;
      post("/captcha/verify", {id: puzzle.id, x: spot[0], y: spot[1]}).then(function (r) {
        if (r.code === 200) { box.remove(); if (solved) solved(); } else { captcha(); }
      });
    });
    document.body.appendChild(box);
  });
}
"""


def puzzle(star: tuple[int, int], others: list[tuple[int, int]]) -> str:
    """The picture of a puzzle: one star among discs."""
    points = " ".join(
        f"{star[0] + dx},{star[1] + dy}"
        for dx, dy in ((0, -20), (6, -6), (20, -6), (9, 3), (13, 18), (0, 9), (-13, 18), (-9, 3), (-20, -6), (-6, -6))
    )
    discs = "".join(f'<circle cx="{x}" cy="{y}" r="18" fill="#7aa"/>' for x, y in others)
    return f'<svg width="{BOX_WIDTH}" height="{BOX_HEIGHT}">{discs}<polygon points="{points}" fill="#e33"/></svg>'


def captcha_page() -> str:
    """A page that holds nothing but a captcha; solved, it loads what was asked for."""
    return page("TikTok", "<main>TikTok</main>", script="captcha(function () { location.reload(); });")


WHITE = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title></title></head><body></body></html>\n'


def login_form(*, changed: bool = False) -> str:
    """The form for e-mail or user name. `changed` renames what it is found by."""
    name, kind, button = ("u-7f3", "text", "btn-9c") if changed else ("username", "password", "login-button")
    body = f"""<main><h1>Log in</h1>
<form onsubmit="return false"><input type="text" name="{name}" placeholder="Email or username" autocomplete="username">
<input type="{kind}" placeholder="Password" autocomplete="current-password"><span data-e2e="login-error"></span>
<button data-e2e="{button}" type="button" onclick="send()">Log in</button></form><a href="/login/qrcode">Use QR code</a></main>"""
    script = """
function send() {
  el('[data-e2e="login-error"]').textContent = "";
  post("/passport/web/user/login/", {username: el('input[name="username"]').value, password: el('input[type="password"]').value})
    .then(function (r) {
      if (r.captcha) captcha(send);
      else if (r.redirect) location.href = r.redirect;
      else el('[data-e2e="login-error"]').textContent = r.description;
    }).catch(function () { el('[data-e2e="login-error"]').textContent = "Server error. Please try again."; });
}"""
    return page("Log in | TikTok", body, script=script)


LOGIN_AS_DATA = login_form().encode()


def qr_page() -> str:
    """The QR code; it is replaced or offered again when it is too old."""
    body = """<main><h1>Log in with QR code</h1><div data-e2e="qr-code"></div>
<button data-e2e="qr-renew" type="button" style="display:none" onclick="renew()">Refresh</button>
<p>Open TikTok on your phone, Profile, scanner; scan the code; confirm.</p></main>"""
    script = """
var token = null;
function renew() {
  el('[data-e2e="qr-renew"]').style.display = "none";
  post("/passport/web/get_qrcode/", {}).then(function (r) { token = r.token; el('[data-e2e="qr-code"]').innerHTML = r.picture; });
}
setInterval(function () {
  if (!token) return;
  var asked = token;
  post("/passport/web/check_qrconnect/", {token: asked}).then(function (r) {
    if (asked !== token) return;
    if (r.status === "confirmed") { token = null; location.href = r.redirect; }
    else if (r.status === "expired") {
      token = null; el('[data-e2e="qr-code"]').innerHTML = "";
      if (r.renewed) renew(); else el('[data-e2e="qr-renew"]').style.display = "inline";
    }
  }).catch(function () {});
}, 250);
renew();"""
    return page("Log in | TikTok", body, script=script)


def code_page(channel: str, destination: str) -> str:
    """The page of the 2-step verification."""
    words = {
        "email": "We sent a code to your e-mail",
        "sms": "We sent a code to your phone",
        "totp": "Enter the code of your authenticator app",
    }
    resend = "" if channel == "totp" else '<a href="#" data-e2e="code-resend" onclick="again(); return false">Resend code</a>'
    body = f"""<main><h1>2-step verification</h1><p data-e2e="code-channel" data-channel="{channel}" data-destination="{html.escape(destination)}">
{words[channel]} {html.escape(destination)}</p><input data-e2e="code-input" inputmode="numeric" maxlength="6" autocomplete="one-time-code">
<button data-e2e="code-confirm" type="button" onclick="send()">Next</button> {resend} <span data-e2e="code-error"></span></main>"""
    script = """
function say(text) { el('[data-e2e="code-error"]').textContent = text; }
function send() {
  post("/passport/web/verify/", {code: el('[data-e2e="code-input"]').value}).then(function (r) {
    if (r.redirect) location.href = r.redirect; else { el('[data-e2e="code-input"]').value = ""; say(r.description); }
  });
}
function again() { post("/passport/web/send_code/", {}).then(function (r) { say(r.description); }); }"""
    return page("Log in | TikTok", body, script=script)


def _frame(creator: Creator, body: str) -> str:
    return f'<header><a href="/tiktokstudio">TikTok Studio</a> <span data-tt="account-handle">@{html.escape(creator.handle)}</span></header>{body}'


def analytics(creator: Creator, report: str, *, stuck: bool = False) -> str:
    """An analytics page: tabs, the period, the export. It asks for the histories of 7 days, then for those of the period chosen."""
    tabs = "".join(
        f'<a href="/tiktokstudio/analytics/{r}" role="tab" data-tt="analytics-tab" data-report="{r}" aria-selected="{str(r == report).lower()}">{r}</a> '
        for r in ("overview", "viewers", "followers", "content")
    )
    options = "".join(f'<li data-tt="period-option" data-days="{d}" onclick="pick({d})">Last {d} days</li>' for d in PERIODS)
    body = f"""<nav>{tabs}</nav>
<button type="button" data-tt="period" data-days="7" onclick="el('ul').hidden = false">Last 7 days</button><ul hidden>{options}</ul>
<button type="button" data-tt="download-data" onclick="el('dialog').show()">Download data</button>
<dialog><label><input type="radio" name="f" value="xlsx" data-tt="export-format" checked> XLSX</label>
<label><input type="radio" name="f" value="csv" data-tt="export-format"> CSV</label>
<button type="button" data-tt="export-confirm" onclick="send()">Download</button></dialog>
<div class="chart">…</div><div data-tt="toast" hidden></div>"""
    script = f"""
function ask(days) {{
  if ("{report}" !== "overview") return;
  var types = {json.dumps(TYPES)}.map(function (t) {{ return t === "follower_num" ? {{insigh_type: t}} : {{insigh_type: t, days: days, end_days: {END_DAYS}}}; }});
  var q = new URLSearchParams({{locale: "en", aid: "1988", tz_name: "Etc/UTC", tz_offset: "0", app_name: "tiktok_creator_center",
    device_platform: "web_pc", type_requests: JSON.stringify(types)}});
  fetch("/aweme/v2/data/insight/?" + q).then(function (r) {{ return r.json(); }}).then(function (r) {{
    el(".chart").textContent = (r.vv_history || []).length + " days";
  }}).catch(function () {{ el(".chart").textContent = "—"; }});
}}
function pick(days) {{
  el("ul").hidden = true;
  if ({str(stuck).lower()}) return;
  el('[data-tt="period"]').dataset.days = days; el('[data-tt="period"]').textContent = "Last " + days + " days";
  ask(days);
}}
function send() {{
  post("/tiktokstudio/api/web/analytics/export/", {{report: "{report}", days: Number(el('[data-tt="period"]').dataset.days),
    format: el('input[name="f"]:checked').value}}).then(function (r) {{
    el("dialog").close();
    if (r.status_code === 0) {{ location.href = r.url; return; }}
    if (r.status_code === 8) {{ location.href = "/login"; return; }}
    var t = el('[data-tt="toast"]'); t.hidden = false; t.dataset.status = r.status_code; t.textContent = r.status_msg;
  }});
}}
ask(7);"""
    return page(f"Analytics: {report} | TikTok Studio", _frame(creator, body), script=script)


def posts(creator: Creator) -> str:
    """The post list: asks for 50 posts, then for 10 each time its inner list is scrolled to the end. Only a few rows stand in the page."""
    script = f"""
var items = [], cursor = 0, more = true, busy = false, list = null;
function draw() {{
  var top = Math.floor(list.scrollTop / 70), part = items.slice(top, top + 8);
  list.innerHTML = '<div style="height:' + top * 70 + 'px"></div>';
  part.forEach(function (i) {{ var d = document.createElement("div"); d.dataset.tt = "post-row"; d.textContent = i.desc; list.appendChild(d); }});
  var rest = document.createElement("div"); rest.style.height = Math.max(0, items.length - top - part.length) * 70 + 20 + "px"; list.appendChild(rest);
}}
function load(size) {{
  if (busy || !more) return;
  busy = true;
  post("/tiktok/creator/manage/item_list/v1/", {{cursor: cursor, size: size}}).then(function (r) {{
    busy = false; items = items.concat(r.item_list); cursor = r.cursor; more = r.has_more; draw();
  }}).catch(function () {{ busy = false; more = false; }});
}}
list = el('[data-tt="post-list"]');
list.addEventListener("scroll", function () {{
  if (list.scrollTop + list.clientHeight >= list.scrollHeight - 40) load({NEXT_SIZE});
}});
load({FIRST_SIZE});"""
    return page("Posts | TikTok Studio", _frame(creator, '<h1>Posts</h1><div data-tt="post-list"></div>'), script=script)
