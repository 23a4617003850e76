"""A stand-in for the made-up platform: sign-in form, code page, a page with a table, a download."""

from __future__ import annotations

from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from bedrot_console.extraction.simulator import Account, Fault, Simulator, redirect, route

PAGE = "<!doctype html><title>{title}</title><body>{body}</body>"
STORE = "sessionStorage.setItem('tab', 'kept-in-tab');localStorage.setItem('seen', 'yes')"


class TinySite(Simulator):
    name = "tiny"
    title = "Tiny"
    faults_known: ClassVar[dict[str, Fault]] = {
        "layout_changed": Fault("the pages are rebuilt", 4, "source-changed"),
        "code_expired": Fault("codes are too old at once", 3, "challenge-expired"),
        "approved_elsewhere": Fault("the person approves on another device", 0),
    }
    app: bool = False

    def default_accounts(self) -> list[Account]:
        return [Account(username="mara@example.net", password="Pass-canary-51x", totp_secret="JBSWY3DPEHPK3PXP")]

    def _page(self, title: str, body: str, status: int = 200) -> Response:
        return Response(PAGE.format(title=title, body=body), status, content_type="text/html; charset=utf-8")

    @route("/signin")
    def form(self, request: Request) -> Any:
        return self._form("")

    def _form(self, error: str) -> Response:
        return self._page(
            "Sign in",
            f"<form method=post action=/signin>{error}<input id=email name=email type=email>"
            "<input id=password name=password type=password><button id=go>Go</button></form>",
        )

    @route("/signin", methods=("POST",))
    def sign_in(self, request: Request) -> Any:
        account = self.login(request.form.get("email"), request.form.get("password"))
        if account is None:
            return self._form("<p class=error>wrong name or password</p>")
        if not self.app:
            self.send_code(account)
            if self.fault("code_expired"):
                self.expire_codes()
        response = redirect("/code")
        response.set_cookie("half", account.account, httponly=True)
        return response

    @route("/code")
    def ask(self, request: Request) -> Any:
        if request.args.get("resend"):
            self.send_code(request.cookies["half"])
        return self._code("")

    def _code(self, problem: str) -> Response:
        move = "<script>setTimeout(() => location.assign('/pushed'), 600)</script>" if self.fault("approved_elsewhere") else ""
        return self._page(
            "Code",
            f"<form method=post action=/code><p class=problem>{problem}</p><input id=code name=code><button id=send>Send</button></form>{move}",
        )

    @route("/code", methods=("POST",))
    def check(self, request: Request) -> Any:
        account, code = request.cookies["half"], request.form.get("code", "")
        verdict = ("ok" if self.check_totp(account, code) else "wrong") if self.app else self.check_code(account, code)
        if verdict != "ok":
            return self._code(verdict)
        return self.start_session(redirect("/home"), account)

    @route("/pushed")
    def pushed(self, request: Request) -> Any:
        return self.start_session(redirect("/home"), request.cookies["half"])

    @route("/home")
    def home(self, request: Request) -> Any:
        account = self.session_account(request)
        if account is None:
            return redirect("/signin")
        return self._page(
            "Home",
            f"<p id=member>{account.username}</p><a id=export href=/export>Export</a><pre id=tab></pre>"
            f"<script>document.querySelector('#tab').textContent = sessionStorage.getItem('tab') || 'none';{STORE}</script>",
        )

    @route("/long", data=True)
    def long(self, request: Request) -> Any:
        return self._page("Long", f"<p>{'x' * 200_000}</p><script>location.assign('/home')</script>")

    @route("/plays")
    def plays(self, request: Request) -> Any:
        if self.session_account(request) is None:
            return redirect("/signin")
        if self.fault("layout_changed"):
            return self._page("New", "<p>mail mara@example.net about <input value=typed-canary-77></p>")
        return self._page("Plays", f"<table id=plays><tr><td>{self.day}<td>41</table>")

    @route("/export", data=True)
    def export(self, request: Request) -> Any:
        if self.session_account(request) is None:
            return redirect("/signin")
        rows = "".join(f"{self.day},{n}\n" for n in range(5000))
        return Response(
            "day,plays\n" + rows, headers={"Content-Disposition": "attachment; filename=sales.csv"}, content_type="text/csv"
        )


simulator = TinySite
