"""The site's pages as HTML: a sign-in service after Auth0's plain one, and the member's Insights page, which gets its figures by GraphQL.

What is *seen* stands in `pages` of the extractor; the rest is *assumed*. Traps that real pages have: Google and Apple buttons before the
form, a hidden password field on the name page, a navigation on every page also for strangers, several answers per second.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

from .world import Member

CAPTCHA_AT = (120, 40)
"""Where a person must click, in pixels of the page."""
_STYLE = (
    "body{font-family:sans-serif;margin:2rem}.hide{display:none}label,button{margin:.2rem;display:inline-block}"
    "#captcha{position:fixed;left:100px;top:20px;width:240px;height:40px;background:#eee}[hidden]{display:none!important}"
)
_FACTORS = {
    "sms": ("mfa-sms-challenge", "Verify your identity", "We sent a text message with a 6-digit code to {phone}."),
    "voice": ("mfa-voice-challenge", "Verify your identity", "We are calling {phone} and will read out a 6-digit code."),
    "app": ("mfa-otp-challenge", "Verify your identity", "Enter the 6-digit code of your authenticator app."),
}


def page(title: str, body: str, *, head: str = "") -> str:
    """A whole page."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>{head}</head>'
        f'<body><nav role="navigation"><a href="/">Linktree</a> <a href="/pricing">Pricing</a></nav>{body}</body></html>'
    )


def front() -> str:
    """What a stranger sees."""
    return page("Linktree", '<main><h1>Everything you are</h1><a href="/login">Log in</a> <a href="/s/about">About</a></main>')


def factor_path(factor: str) -> str:
    """The last part of a code page's path."""
    return _FACTORS[factor][0]


_SOCIAL = "".join(
    f'<form method="post" action="/u/social" data-provider="{p}"><button type="submit">Continue with {p.title()}</button></form>'
    for p in ("google", "apple")
)


def _alert(told: str) -> str:
    return f'<div id="prompt-alert" role="alert">{html.escape(told)}</div>' if told else ""


def name_page(state: str, told: str = "", *, captcha: bool = False, changed: bool = False) -> str:
    """The first page of the sign-in service. `changed` renames its fields; `captcha` wants a person."""
    field = 'id="who" name="who"' if changed else 'id="identifier" name="username"'
    puzzle = (
        '<div id="ulp-auth0-v2-captcha" data-captcha-provider="auth0_v2"><div id="captcha">I am a person</div></div>'
        '<input type="hidden" name="captcha" value=""><script>document.getElementById("captcha").addEventListener("click", function (e) {'
        ' if (!e.isTrusted) return; document.querySelector("input[name=captcha]").value = "person-" + Date.now(); });</script>'
        if captcha
        else ""
    )
    return page(
        "Log in | Linktree",
        f'<main><h1>Welcome back</h1>{_SOCIAL}<form method="post" action="/u/login/identifier">{_alert(told)}'
        f'<input type="hidden" name="state" value="{state}"><label>Email or username <input {field} type="text" autocomplete="username"></label>'
        f'<input class="hide" type="password" tabindex="-1" autocomplete="off">{puzzle}'
        '<button type="submit" name="action" value="default">Continue</button></form></main>',
    )


def password_page(state: str, told: str = "") -> str:
    """The second page."""
    error = f'<span id="error-element-password" class="ulp-input-error-message">{html.escape(told)}</span>' if told else ""
    return page(
        "Enter your password | Linktree",
        f'<main><h1>Enter your password</h1><form method="post" action="/u/login/password"><input type="hidden" name="state" value="{state}">'
        f'<input type="password" name="password" autocomplete="current-password">{error}'
        '<button type="submit" name="action" value="default">Continue</button></form></main>',
    )


def code_page(state: str, factor: str, phone: str, told: str = "") -> str:
    """The page that wants the code of the second factor, with the offer to remember this device."""
    path, title, words = _FACTORS[factor]
    resend = (
        f'<form method="post" action="/u/{path}/resend"><input type="hidden" name="state" value="{state}">'
        '<button type="submit" name="action" value="resend-code">Send it again</button></form>'
        if factor != "app"
        else ""
    )
    return page(
        f"{title} | Linktree",
        f'<main><h1>{title}</h1><p>{words.format(phone=html.escape(phone))}</p>{_alert(told)}<form method="post" action="/u/{path}">'
        f'<input type="hidden" name="state" value="{state}"><input name="code" type="text" inputmode="numeric" maxlength="6">'
        '<label><input type="checkbox" name="rememberBrowser" value="true"> Remember this device for 30 days</label>'
        f'<button type="submit" name="action" value="default">Continue</button></form>{resend}</main>',
    )


def connected(token: str) -> str:
    """Where the sign-in service sends the browser back to: stores the token and goes on."""
    return f'<!DOCTYPE html><title>Linktree</title><script>localStorage.setItem("auth_token", {json.dumps(token)}); location.replace("/admin");</script>'


def guard() -> str:
    """A page of the site's guard that never lets through."""
    return (
        '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body><div id="challenge-running"><h1>linktr.ee</h1>'
        "<p>Checking if the site connection is secure</p></div></body></html>"
    )


_APP = """
var S = %s;
function day(back) { return new Date(Date.parse(S.today + "T00:00:00Z") - back * 864e5).toISOString().slice(0, 10); }
function ask(name, variables) {
  return fetch(S.graph, {method: "POST", headers: {"Content-Type": "application/json", "Authorization": "Bearer " + localStorage.getItem("auth_token"),
    "x-graphql-client-name": "admin", "x-graphql-client-version": "4.2.0"},
    body: JSON.stringify({operationName: name, variables: variables, query: "query " + name + " { __typename }"})})
  .then(function (r) {
    if (r.status === 401) { setTimeout(function () { location.replace("/login"); }, S.redirectMs); throw new Error("401"); }
    if (S.leaveAt === name && variables.startDate === day(364)) { location.replace(location.pathname + "?fresh=1"); }
    return r.json();
  }).catch(function () { return null; });
}
function burst(days, grain) {
  var window_ = {accountId: S.id, startDate: day(days - 1), endDate: S.today, granularity: grain};
  (S.asks[days] || S.asks.any).forEach(function (name) { ask(name, window_); });
}
var chosen = 7;
function pick(days) { if (!S.dead) chosen = days; el("daily").hidden = S.noDaily; el("upgrade").hidden = !S.noDaily; }
function daily() { el("choices").hidden = true; burst(chosen, S.weekly ? "WEEKLY" : "DAILY"); }
function el(id) { return document.getElementById(id); }
if (S.others) S.others.forEach(function (name) { ask(name, {accountId: S.id}); });
if (S.figures) burst(7, "DAILY");
"""


def admin(
    member: Member, facts: dict[str, Any], *, heading: str, windows: Iterable[int], icon: bool, changed: bool, named: bool
) -> str:
    """The member's page; with `facts["figures"]` the Insights page, which asks for the last seven days first of all.

    Args:
        facts: what the page's script knows: addresses, the day, which operations it asks, how it misbehaves.
        icon: the picker's field appears only after a click on the calendar.
        changed: the picker is built anew.  named: the page shows whose profile it is.
    """
    script = "<script>" + _APP % json.dumps(facts) + "</script>"
    link = f'<a href="https://linktr.ee/{member.profile}" target="_blank">linktr.ee/{member.profile}</a>' if named else ""
    bar = f'<header><a href="/admin">Links</a> <a href="/admin/analytics">{heading}</a> <a href="/admin/settings">Settings</a> {link}</header>'
    if not facts["figures"]:
        return page("Linktree Admin", f"{bar}<main><h1>Links</h1></main>{script}")
    labels = "".join(
        f'<input type="radio" name="period" id="last-{d}-days" value="{d}" onclick="pick({d})"><label for="last-{d}-days">Last {d} days</label>'
        for d in windows
    )
    field = "period-field" if changed else "input-datepicker-2"
    button = "<button type='button' aria-label='Open calendar' onclick=\"el('field').hidden = false; this.hidden = true\">&#128197;</button>"
    body = (
        f"<main><h1>{heading}</h1>{button if icon else ''}"
        f'<input id="field" class="{field}" readonly value="Last 7 days" onclick="el(\'choices\').hidden = false"{" hidden" if icon else ""}>'
        f'<div id="choices" hidden>{labels}</div><button type="button" id="daily" hidden onclick="daily()"> Daily </button>'
        '<div id="upgrade" role="dialog" hidden>Upgrade to Pro for daily figures</div></main>'
    )
    return page(f"{heading} | Linktree Admin", bar + body + script)
