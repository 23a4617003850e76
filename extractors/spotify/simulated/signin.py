"""The accounts host's pages: user name, password, code, captcha.

*Seen*: `#login-username`, `#login-password`, `[data-testid=login-button]`, the step that mails a code and offers the password instead,
`continue=` in the address. *Documented*: 6-digit codes by SMS or app, SMS first, "Want to log in another way?", "Too many attempts" and its
30 minutes. *Assumed*: everything else, the wording of refusals and the captcha's frame included.
"""

from __future__ import annotations

import html
import json


def page(title: str, body: str) -> str:
    """A whole page of the accounts host."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)} - Spotify</title>\n'
        "<style>[hidden] { display: none !important; } main { margin: 60px auto; width: 420px; }</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


_SCRIPT = """
const $ = id => document.getElementById(id);
function tell(text) { $("banner").textContent = text; $("banner").hidden = !text; }
async function post(path, data) {
  const answer = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json", "X-CSRF-Token": FLOW}, body: JSON.stringify(data)});
  if (!answer.ok) { tell("Oops! Something went wrong, please try again later."); throw new Error(answer.status); }
  return answer.json();
}
"""


def _banner() -> str:
    return '<div data-encore-id="banner" role="alert" id="banner" hidden></div>'


def login(flow: str, after: str, *, at_once: bool = False, captcha: bool = False, changed: bool = False) -> str:
    """The sign-in page. `at_once`: name and password in one form; `captcha`: a puzzle stands before the password's answer."""
    names = ("acc-1", "acc-2", "acc-go") if changed else ("login-username", "login-password", "login-button")
    hidden = "" if at_once else " hidden"
    body = f"""{_banner()}
<form id="form" onsubmit="step(); return false">
<label for="{names[0]}">Email or username</label>
<input id="{names[0]}" data-testid="{names[0]}" name="{"user" if changed else "username"}" autocomplete="username">
<div id="second"{hidden}><label for="{names[1]}">Password</label>
<input id="{names[1]}" data-testid="{names[1]}" name="password" type="{"text" if changed else "password"}" autocomplete="current-password"></div>
<button id="{names[2]}" data-testid="{names[2]}" type="submit"><span>Continue</span></button>
</form>
<section id="mailed" hidden><p>We sent a 6-digit code and a link to your email.</p><input autocomplete="one-time-code" maxlength="6">
<button data-encore-id="buttonTertiary" id="with-password" onclick="password()">Log in with a password</button></section>
<div id="puzzle" hidden></div>
<p><button>Continue with Google</button> <button>Continue with Apple</button></p>
<script>
const FLOW = {json.dumps(flow)}, AFTER = {json.dumps(after)}; let asked = {json.dumps(at_once)};
{_SCRIPT}
function password() {{ $("mailed").hidden = true; $("form").hidden = false; $("second").hidden = false; asked = true; }}
async function step() {{
  tell("");
  const name = $("{names[0]}").value;
  if (!asked) {{
    const r = await post("/login/identify", {{username: name}});
    if (r.next === "code") {{ $("form").hidden = true; $("mailed").hidden = false; }} else password();
    return;
  }}
  const r = await post("/login/password", {{username: name, password: $("{names[1]}").value}});
  if (r.captcha) {{
    $("puzzle").hidden = false;
    $("puzzle").innerHTML = '<iframe title="reCAPTCHA" src="/recaptcha/anchor" style="position:fixed;left:20px;top:20px;width:304px;height:120px"></iframe>';
  }} else if (r.redirect) location.href = r.redirect + (r.redirect.startsWith("/") ? "?continue=" + encodeURIComponent(AFTER) : "");
  else tell(r.error);
}}
function solved() {{ $("puzzle").hidden = true; $("puzzle").innerHTML = ""; step(); }}
</script>"""
    return page("Log in", body)


ANCHOR = """<!DOCTYPE html><html><head><title>reCAPTCHA</title></head><body style="margin:0">
<button style="width:304px;height:120px" onclick="fetch('/recaptcha/userverify', {method: 'POST'}).then(() => parent.solved())">I'm not a robot</button>
</body></html>"""


def second_factor(flow: str, after: str, method: str, phone: str, others: tuple[str, ...]) -> str:
    """The page that wants a code. `method`: `sms` or `app`; `others`: the other ways the account has."""
    words = {
        "sms": f"Enter the 6-digit code we sent by text message to \u2022\u2022\u2022\u2022 {phone}",
        "app": "Enter the 6-digit code from your authenticator app",
    }
    names = {"sms": "Text message (SMS)", "app": "Authenticator app", "backup": "Backup code"}
    offered = "".join(
        f'<li><button data-testid="method-{o}" onclick="change(\'{o}\')">{names[o]}</button></li>' for o in (*others, "backup")
    )
    resend = '<button data-testid="resend-code" onclick="resend()">Resend code</button>' if method == "sms" else ""
    body = f"""<p id="prompt">{words[method]}</p>{_banner()}
<form onsubmit="verify(); return false"><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6">
<button data-testid="login-button" type="submit">Log in</button></form>{resend}
<button data-testid="another-way" onclick="document.getElementById('ways').hidden = false">Want to log in another way?</button>
<ul id="ways" hidden>{offered}</ul>
<script>
const FLOW = {json.dumps(flow)}, AFTER = {json.dumps(after)};
{_SCRIPT}
async function verify() {{
  tell("");
  const r = await post("/login/2sv/verify", {{code: $("code").value}});
  if (r.ok) location.href = AFTER; else {{ $("code").value = ""; tell(r.error); }}
}}
async function resend() {{ tell(""); tell((await post("/login/2sv/resend", {{}})).text); }}
async function change(method) {{ await post("/login/2sv/method", {{method: method}}); location.reload(); }}
</script>"""
    return page("Enter your code", body)
