"""answer: give a human's answer to a challenge; look at it and lay hands on its page."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...domain.challenges import Challenge, ChallengeKind, Secret
from ...domain.errors import ChallengeExpired, UsageError
from ..face import Face
from ..frame import command
from ..terminal import Terminal, read_secret
from ..watching import SHOWN_KINDS, TYPED_KINDS

if TYPE_CHECKING:
    from ...operations.workspace import Workspace

ORDERS = "orders"
"""Where the acts wait in the click context, in the order in which they were given."""


class ActOption(click.Option):
    """An option that is something to do on the page. Each time it is given it joins the row of acts, in the order of the command line.

    A callback comes too late for that: it is called once for each option, with all of its values.
    """

    def __init__(self, *given: Any, of: Callable[[str], dict[str, Any]] | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self.of = of

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        option = parser._long_opt[self.opts[0]]
        parsed = option.process

        def process(value: Any, state: Any) -> None:
            parsed(value, state)
            if not ctx.resilient_parsing:
                ctx.meta.setdefault(ORDERS, []).append(self.order(value))

        option.process = process

    def order(self, value: Any) -> dict[str, Any]:
        """What to do on the page. Raises UsageError: the value means nothing."""
        name = self.opts[0].removeprefix("--")
        try:
            return {"act": name, **(self.of(value) if self.of is not None else {})}
        except ValueError:
            raise UsageError(f"--{name}: that is no place or number", hint=f"bedrot answer --help: {self.metavar}") from None


def _point(text: str) -> dict[str, Any]:
    x, y = map(int, text.split(","))
    return {"x": x, "y": y}


def _drag(text: str) -> dict[str, Any]:
    x, y, to_x, to_y = map(int, text.split(","))
    return {"x": x, "y": y, "to_x": to_x, "to_y": to_y}


def _acts(name: str, metavar: str | None, of: Callable[[str], dict[str, Any]] | None, help: str) -> Callable[..., Any]:
    kind: dict[str, Any] = {"multiple": True, "metavar": metavar} if of is not None else {"is_flag": True}
    return click.option(f"--{name}", cls=ActOption, of=of, expose_value=False, help=help, **kind)


@command(
    example="bedrot answer 06exy3k2\nprintf 123456 | bedrot answer 06exy3k2\nbedrot answer 06exy3k2 --click 640,410 --look page.png",
    exits=(0, 3, 4, 5, 8),
)
@click.argument("challenge", metavar="CHALLENGE")
@click.argument("code", metavar="[CODE]", required=False)
@click.option("--act", metavar="ACT", help="Instead of an answer: resend, other, or what else the challenge offers.")
@click.option("--done", is_flag=True, help="Instead of an answer: it is approved, scanned or solved.")
@click.option(
    "--look",
    "picture",
    metavar="FILE.png",
    type=click.Path(dir_okay=False),
    help="Write what is to be seen: the page, or the QR code.",
)
@click.option("--outline", is_flag=True, help="Print the page as text, with the pixels to click at.")
@_acts("click", "X,Y", _point, "Click at a pixel of the page's picture.")
@_acts("drag", "X,Y,X,Y", _drag, "Drag from a pixel to another: sliders.")
@_acts("type", None, None, "Type a line, read without echo or from stdin, into what has the focus.")
@_acts("press", "KEY", lambda key: {"key": key}, "Press a key: Enter, Tab, Escape, Backspace, ArrowDown and such.")
@_acts("scroll", "PIXELS", lambda dy: {"dy": int(dy)}, "Scroll down, or up by a negative number.")
@click.pass_context
def answer(
    ctx: click.Context,
    face: Face,
    challenge: str,
    code: str | None,
    act: str | None,
    done: bool,
    picture: str | None,
    outline: bool,
) -> int | None:
    """Answer a challenge; the code comes from the terminal or stdin.

    On a terminal a QR code is drawn until the phone has done it, and a page is shown and worked on by typed commands (help tells them).
    Elsewhere a page is worked on by options, done in the order given; --look, --outline and --done come last. A picture is a file that
    only you may read. A CODE on the command line works, but every user of this machine can read it there. What is typed is used once and
    kept nowhere.
    """
    from ...operations import runs

    ws = face.workspace()
    found = [c for c in runs.open_challenges(ws) if c.id.startswith(challenge)]
    if len(found) > 1:
        raise UsageError(f"more than one challenge starts with {challenge}", hint="bedrot challenges")
    if not found:
        raise ChallengeExpired(f"no challenge {challenge} is open; an answer to an old one is not kept", hint="bedrot challenges")
    open_one = found[0]
    orders: list[dict[str, Any]] = ctx.meta.get(ORDERS, [])
    act = "done" if done and act is None else act
    if act is not None and (code is not None or (done and act != "done")):
        raise UsageError("an answer, --act and --done exclude each other")
    if orders or picture or outline:
        if code is not None:
            raise UsageError("a page takes no CODE; to type into it: --type")
        _by_options(face, ws, open_one, orders, picture, outline, act)
        return None
    if act is not None:
        runs.act(ws, open_one.id, act)
    elif open_one.kind in SHOWN_KINDS and code is None:
        from ..answering import on_terminal

        with Terminal.hold() as terminal:
            if terminal is None:
                raise UsageError("there is no terminal to show it on", hint=f"bedrot answer {open_one.id} --look FILE.png")
            return on_terminal(face, ws, open_one, terminal)
    else:
        if open_one.kind not in TYPED_KINDS and code is None:
            raise UsageError(
                "this challenge takes nothing typed; approve it on the other device", hint=f"bedrot answer {open_one.id} --done"
            )
        if code is None:
            code = read_secret(f"{open_one.platform} ({open_one.account}) {open_one.kind.value}: ")
        value = "".join(code.split()) if open_one.kind is ChallengeKind.CODE else code
        runs.answer(ws, open_one.id, Secret(value))
    _taken(face, open_one, {})
    return None


def _by_options(
    face: Face, ws: Workspace, asked: Challenge, orders: list[dict[str, Any]], picture: str | None, outline: bool, act: str | None
) -> None:
    """What the options say, one after the other; the first that fails ends it. Nothing is done where the picture could not be written."""
    from ...operations import looking, runs

    target = looking.place_for(Path(os.path.abspath(picture))) if picture else None
    for order in orders:
        if order["act"] == "type":
            order = order | {"text": read_secret(f"{asked.platform} ({asked.account}) types: ")}
        runs.hand(ws, asked.id, order)
    seen: dict[str, Any] = {}
    if picture or outline:
        look = runs.look(ws, asked.id)
        if target is not None:
            looking.save(look, target)
            seen = {"picture": picture, "width": look.width or None, "height": look.height or None}
        if outline:
            seen["outline"] = look.outline
            if not face.json:
                face.out.text(look.outline or "this challenge has no text")
    if act is not None:
        runs.act(ws, asked.id, act)
    _taken(face, asked, seen, acts=len(orders), said=act is not None)


def _taken(face: Face, asked: Challenge, seen: dict[str, Any], *, acts: int = 0, said: bool = True) -> None:
    if face.json:
        face.out.record({"challenge": asked.id, "run": asked.run_id, "outcome": "done", **seen})
    elif said:
        face.say.note(f"the run has it: bedrot attach {asked.run_id}")
    else:
        did = [f"{acts} done on the page"] if acts else []
        did += [f"written: {seen['picture']}"] if seen.get("picture") else []
        if did:
            face.say.note("; ".join(did))
