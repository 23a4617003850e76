"""The site's pages as HTML, with invented content and realistic size.

What is *seen* in the fact sheet: ids of the sign-in form, path and purpose of `/newComputer/`, chart id `trend365day`, `var chartData`,
`dataProvider` arrays with a trailing comma, selectors of the bank page, page sizes, and that stats pages carry the account's e-mail and
token-like strings. Everything else (wording, the code field, `/2fa/`, the upgrade page) is *assumed*.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from .world import Member

FILLER_BYTES = {"streams": 392_000, "applemusic": 258_000, "sign-in": 60_000}
_MENU = ("mymusic", "dashboard", "stats", "bank", "new", "vip", "teams", "hyperfollow", "settings")


@lru_cache(maxsize=8)
def filler(size: int) -> str:
    """Style rules and symbols, about `size` characters: what makes the real pages as large as they are. Always the same."""
    out: list[str] = []
    length = 0
    number = 0
    while length < size:
        number += 1
        points = " ".join(f"{(number * 7 + k * 13) % 97}.{(number * k) % 10} {(number * 5 + k * 29) % 89}" for k in range(14))
        part = (
            f".dk-{number % 61}-card .row-{number}{{margin:{number % 17}px {number % 9}px;color:#{(number * 7919) % 0xFFFFFF:06x}}}\n"
            if number % 3
            else f"/* i{number} */ .ico-{number}{{background:url(\"data:image/svg+xml,<path d='M{points}z'/>\")}}\n"
        )
        out.append(part)
        length += len(part)
    return "".join(out)


def page(title: str, body: str, *, head: str = "", size: int = 1500) -> str:
    """A whole page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n{head}'
        f"<style>\n{filler(size)}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _member_bar(member: Member) -> str:
    links = "".join(f'<li><a href="/{m}/">{m}</a></li>' for m in _MENU)
    return (
        f'<header><ul class="menu">{links}<li><a href="/signout/">sign out</a></li></ul>'
        f'<span class="account" data-userid="{member.user_id}">{html.escape(member.email)}</span></header>'
    )


def _member_marks(member: Member, moment: str) -> str:
    """What every stats page carries beside the chart: account, user number and token-like strings, others at each `moment`."""

    def mark(name: str, characters: int) -> str:
        return hashlib.shake_128(f"{member.user_id} {moment} {name}".encode()).hexdigest(characters // 2)

    facts = {
        "userid": member.user_id,
        "email": member.email,
        "dkToken": mark("token", 64),
        "firebaseKey": "made-up-" + mark("key", 36),
        "requestId": mark("request", 24),
    }
    return f'<script nonce="{mark("nonce", 16)}">window.dkUser = {json.dumps(facts)};</script>\n'


def sign_in(visit: str, *, changed: bool = False, padded: bool = False) -> str:
    """The sign-in page. `changed` renames its fields; `padded` makes it as large as a stats page."""
    ids = ("inputEmail", "inputPassword", "signInButtonStandalonePage")
    email, password, button = (f"dkx_{i[-5:].lower()}" for i in ids) if changed else ids
    kinds = ("text", "text") if changed else ("email", "password")
    body = f"""<main><h1>Sign in</h1>
<div class="signinBoxNotification" style="display:none"></div>
<form id="signinForm" onsubmit="return false">
<input id="{email}" name="email" type="{kinds[0]}" autocomplete="username">
<input id="{password}" name="password" type="{kinds[1]}" autocomplete="current-password">
<input type="hidden" id="forgotPasswordSessionID" value="{visit}"><input type="hidden" id="coupon" value="">
<div id="invisibleRecaptchaSigninSubmitStandalone"></div>
<input type="submit" id="{button}" value="Sign in" onclick="signinSubmitStandalonePageCaptcha()">
</form>
<a href="/auth/google/">Sign in with Google</a> <a href="/auth/apple/">Sign in with Apple</a></main>
<script src="/recaptcha/api.js"></script>
<script>
function el(id) {{ return document.getElementById(id); }}
function say(text) {{
  el("{button}").value = "Sign in";
  var box = document.querySelector(".signinBoxNotification"); box.textContent = text; box.style.display = "block";
}}
function signinSubmitStandalonePageCaptcha() {{
  el("{button}").value = "Please wait...";
  if (!window.grecaptcha) {{ say("Something went wrong. Please try again."); return; }}
  grecaptcha.render("invisibleRecaptchaSigninSubmitStandalone", {{size: "invisible", callback: signinSubmitStandalonePage}});
  grecaptcha.execute();
}}
function signinSubmitStandalonePage(token) {{
  var email = el("{email}").value;
  if (!/^[\\x00-\\xff]+@[^@]+\\.[^@]+$/.test(email)) {{ say("Oops, invalid email address"); return; }}
  var data = new URLSearchParams({{email: email, password: el("{password}").value, token: token,
    sessionid: el("forgotPasswordSessionID").value, coupon: el("coupon").value}});
  fetch("/api/loginCheck/?now", {{method: "POST", body: data, headers: {{"X-Requested-With": "XMLHttpRequest"}}}})
    .then(function (r) {{ if (!r.ok) throw new Error(r.status); return r.json(); }})
    .then(function (r) {{
      var forward = new URLSearchParams(location.search).get("forward");
      if (r.success == 1) location.href = forward && forward[0] == "/" && forward.indexOf("@") < 0 ? forward : "/";
      else if (r.redirect) location.href = r.redirect;
      else say(r.message);
    }})
    .catch(function () {{ el("{button}").value = "Sign in"; alert("Dang! There was an error. That didn't work. Try reloading this page."); }});
}}
</script>"""
    return page("Sign in - DistroKid", body, size=FILLER_BYTES["sign-in"] if padded else 1500)


def code_entry(kind: str, hint: str, visit: str, length: int) -> str:
    """The page that wants a code: `newComputer` (e-mailed) or `2fa` (authenticator app; *assumed* to look alike)."""
    if kind == "newComputer":
        title, text = (
            "New computer",
            f"We don't recognize this computer. We e-mailed a {length}-digit code to {html.escape(hint)}.",
        )
        resend = '<a id="resendCode" href="#" onclick="resend(); return false">Send a new code</a>'
    else:
        title, text, resend = "Two-factor authentication", "Enter the code from your authenticator app.", ""
    body = f"""<main class="{kind}"><h1>{title}</h1><p>{text}</p>
<div class="codeNotification" style="display:none"></div>
<input id="verificationCode" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="{length}">{resend}</main>
<script>
var field = document.getElementById("verificationCode"), busy = false;
function tell(text) {{ var b = document.querySelector(".codeNotification"); b.textContent = text; b.style.display = "block"; }}
function post(path, data) {{
  data.sessionid = "{visit}";
  return fetch(path, {{method: "POST", body: new URLSearchParams(data)}}).then(function (r) {{ return r.json(); }});
}}
field.addEventListener("input", function () {{
  if (busy || field.value.length !== {length}) return;
  busy = true;
  post("/api/{kind}Check/", {{code: field.value}}).then(function (r) {{
    busy = false;
    if (r.success == 1) location.href = new URLSearchParams(location.search).get("forward") || "/";
    else if (r.redirect) location.href = r.redirect;
    else {{ field.value = ""; tell(r.message); }}
  }});
}});
setInterval(function () {{
  post("/api/{kind}State/", {{}}).then(function (r) {{ if (r.success == 1) location.href = "/mymusic/"; }}).catch(function () {{}});
}}, 400);
function resend() {{ post("/api/{kind}Resend/", {{}}).then(function (r) {{ tell(r.message); }}); }}
</script>"""
    return page(f"{title} - DistroKid", body)


def late_script(service: str) -> str:
    """What fills an empty chart a moment after the page was loaded; the page's own bytes stay empty."""
    return (
        f"setTimeout(function () {{ fetch('/stats/fragment/?data={service}').then(function (r) {{ return r.json(); }})"
        ".then(function (rows) { AmCharts.charts[AmCharts.charts.length - 1].dataProvider = rows; }); }, 200);"
    )


def member_page(member: Member, name: str, body: str) -> str:
    """Dashboard, My Music, bank: a page for members."""
    return page(f"{name} - DistroKid", f"{_member_bar(member)}<main><h1>{name}</h1>{body}</main>")


def upgrade(member: Member) -> str:
    """What the cheap plan sees in place of daily stats (documented: daily stats from Musician Plus upward; wording *assumed*)."""
    return member_page(
        member, "Stats", '<div class="upgradePlan"><p>Daily stats are available on the Musician Plus plan and above.</p>'
        '<a href="/plans/">Upgrade</a></div>',
    )  # fmt: skip


def no_releases(member: Member) -> str:
    """The empty state (wording seen by others)."""
    return member_page(member, "Stats", "<p>You haven't released anything yet. Check back here once your music is in stores.</p>")


def literal(rows: Sequence[tuple[str, str]], names: tuple[str, str], *, loose: bool = False) -> str:
    """An array as the site writes it: numbers as text, one row a line, a comma behind the last. `loose`: as another reader met it."""
    if loose:
        lines = [f"      {{{names[0]}: '{d}', '{names[1]}': '{int(v):,}'}},\n" for d, v in rows]
    else:
        lines = [f'      {{"{names[0]}": "{d}","{names[1]}": "{v}"}},\n' for d, v in rows]
    return "[\n" + "".join(lines) + "    ]"


def _chart(identity: str, provider: str, *, loose: bool = False) -> str:
    key = (lambda name: name) if loose else (lambda name: f'"{name}"')
    return f"""AmCharts.makeChart("{identity}Div", {{
    {key("type")}: "serial", {key("id")}: "{identity}", {key("categoryField")}: "category", {key("dataDateFormat")}: "YYYY-MM-DD",
    {key("categoryAxis")}: {{{key("parseDates")}: true, {key("gridAlpha")}: 0}},
    {key("chartCursor")}: {{{key("enabled")}: true}},
    {key("graphs")}: [{{{key("balloonText")}: "[[category]]: [[value]]", {key("fillAlphas")}: 0.7, {key("valueField")}: "column-1"}}],
    {key("dataProvider")}: {provider}
  }});
"""


def _selectors(member: Member) -> str:
    albums = "".join(
        f'<a class="trendingFilterAlbums" href="/stats/?type=album&amp;id={member.user_id + n}">Album {n}</a>' for n in range(3)
    )
    tracks = "".join(
        f'<a class="trendingFilterTracks" href="/stats/?type=track&amp;id={member.user_id + n}">Track {n}</a>' for n in range(9)
    )
    return f'<select id="selectAlbum"><option>All</option></select>{albums}{tracks}'


def streams(
    member: Member,
    days: Sequence[tuple[date, int]],
    *,
    loose: bool = False,
    changed: bool = False,
    late: str = "",
    lean: int | None = None,
    moment: str = "",
) -> str:
    """The page of daily Spotify streams. `late` is a script that fills the empty chart; `lean` replaces the usual filler size.

    Pages of different moments differ in their bytes, as the real ones do (*seen*), whatever their figures.
    """
    rows = [(d.isoformat(), str(v)) for d, v in days]
    names = ("category", "column-1")
    identity = "trendYear" if changed else "trend365day"
    charts = _chart("trend30day", literal(rows[-30:], names, loose=loose), loose=loose)
    charts += _chart(identity, literal([] if late else rows, names, loose=loose) if rows or late else "[]", loose=loose)
    return _stats(member, "Daily streams", charts + late, FILLER_BYTES["streams"] if lean is None else lean, moment)


def applemusic(
    member: Member,
    days: Sequence[tuple[date, int]],
    *,
    loose: bool = False,
    changed: bool = False,
    late: str = "",
    lean: int | None = None,
    moment: str = "",
) -> str:
    """The page of daily Apple Music plays: `var chartData` holds months, the longest `dataProvider` the days."""
    names = ("field", "value")
    months: dict[str, int] = {}
    for day, value in days:
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + value
    weeks = [
        ((days[n][0] + timedelta(days=6)).isoformat(), str(sum(v for _, v in days[n : n + 7]))) for n in range(0, len(days), 7)
    ]
    data = [{"field": m, "value": v} for m, v in months.items()]
    charts = f"  var {'plotData' if changed else 'chartData'} = {json.dumps([] if late else data)};\n"
    charts += _chart("appleWeekly", literal([] if late else weeks, names, loose=loose), loose=loose)
    provider = "[]" if late else literal([(d.isoformat(), str(v)) for d, v in days], names, loose=loose)
    charts += _chart("appleDaily", provider, loose=loose)
    return _stats(member, "Apple Music", charts + late, FILLER_BYTES["applemusic"] if lean is None else lean, moment)


def _stats(member: Member, title: str, charts: str, size: int, moment: str) -> str:
    body = (
        f'{_member_bar(member)}<main><h1>{title}</h1>{_selectors(member)}<div id="charts"></div></main>\n{_member_marks(member, moment)}'
        f"<script>\n  var AmCharts = window.AmCharts || {{charts: [], makeChart: function (id, c) {{ c.div = id; this.charts.push(c); }}}};\n  {charts}</script>"
    )
    return page(f"{title} - DistroKid", body, size=size)


def bank(member: Member) -> str:
    """`/bank/`: balance and the link to the details."""
    return member_page(
        member, "Bank", '<div id="page-data" data-amount="83.17" data-currency="USD"></div><a href="/bank/details/">See excruciating detail</a>'
    )  # fmt: skip


def bank_details(member: Member, token: str, *, filter_first: bool, changed: bool) -> str:
    """`/bank/details/`: filters and the download. Above 50,000 rows the site wants a filter first (seen by others; wording *assumed*)."""
    act = (
        'document.querySelector(".bankNotice").textContent = "You have more than 50,000 rows. Please choose a filter first; '
        'we will e-mail you when your file is ready.";'
        if filter_first
        else f'location.href = "/bank/details/download/?format=" + format + "&token={token}";'
    )
    handler = "fetchLedger" if changed else "downloadBank"
    body = (
        '<form class="bankFilters"><select name="year"><option value="">All</option></select></form><div class="bankNotice"></div>'
        f'<div class="bankDownload" onclick="{handler}(\'tsv\')">Download</div><script>function {handler}(format) {{ {act} }}</script>'
    )
    return member_page(member, "Bank details", body)
