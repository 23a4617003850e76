"""Instagram's part of the Graph API: its two doors, what is asked of it, and which refusals belong to the data.

With Facebook Login the account hangs on a Page and graph.facebook.com answers; with Instagram Login the token is the account's own and
graph.instagram.com answers (documented). Questions, errors and quotas are the same behind both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from bedrot_console.domain.errors import AccessError, BedrotError, SourceChanged, UsageError

from .._graph import client
from .._graph.client import Page
from .._graph.errors import Advice, NotShown, said_of
from .._graph.tokens import WARN_AHEAD, inspector_of, proof_of, worth_of
from .answers import question
from .metrics import BEFORE_PROFESSIONAL, metric_refusal

__all__ = [
    "DEFAULT_VERSION", "DOORS", "Asker", "Door", "FacebookGraph", "Graph", "InstagramGraph", "Page", "account_fields", "check_token",
    "find_account", "proof_of",
]  # fmt: skip

DEFAULT_VERSION = "v26.0"
TOKEN_HINT = "make a new token, then: bedrot secrets set instagram access_token"
ACCOUNT_HINT = "check [platforms.instagram] ig_user_id or username, and that the account is still connected"
NEEDED = ("instagram_basic", "instagram_manage_insights")
"""Permissions of the Facebook door without which nothing comes. pages_read_engagement (and ads_read, where the role comes through Business
Manager) are needed for some set-ups only (documented): a missing one is told, not refused."""
USEFUL = "pages_read_engagement"

ACCOUNT_FIELDS = "id,username,name,followers_count,follows_count,media_count"
MEDIA_FIELDS = "id,media_type,media_product_type,timestamp,permalink,shortcode,username,caption,like_count,comments_count,children{id,media_type}"
STORY_FIELDS = "id,media_type,media_product_type,timestamp,permalink,username"


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: where the API is and what `me` is called there."""

    name: str
    origin: str


DOORS = {
    "facebook": Door("facebook", "https://graph.facebook.com"),
    "instagram": Door("instagram", "https://graph.instagram.com"),
}


class FacebookGraph(client.Graph):
    """Calls behind the door with Facebook Login."""

    advice = Advice(
        "instagram", TOKEN_HINT, "grant instagram_basic and instagram_manage_insights to the token's user", ACCOUNT_HINT
    )


class InstagramGraph(client.Graph):
    """Calls behind the door with Instagram Login."""

    advice = Advice(
        "instagram", TOKEN_HINT, "grant instagram_business_basic and instagram_business_manage_insights to the app", ACCOUNT_HINT
    )


Graph = FacebookGraph | InstagramGraph


def account_fields(door: Door) -> str:
    """Fields of the account's node; behind the Instagram door `id` is bound to the app, and `user_id` is the account's own (documented)."""
    return ACCOUNT_FIELDS if door.name == "facebook" else f"{ACCOUNT_FIELDS},user_id"


def check_token(session: Any, graph: Graph, door: Door) -> None:
    """What the token is worth, asked before anything else; warns a week before it ends.

    The Instagram door has no debug_token: there the day it ends is the setting `token_expires` (an Instagram token lives 60 days, documented).

    Raises:
        CredentialsRejected: not valid, or expired. AccessError: data access lapsed, or a permission is missing.
    """
    if door.name == "instagram":
        expires = session.option("token_expires")
        if expires is None:
            return
        try:
            end = expires if type(expires) is date else date.fromisoformat(str(expires)[:10])
        except ValueError as trouble:
            raise UsageError("token_expires is not a day", hint='[platforms.instagram] token_expires = "YYYY-MM-DD"') from trouble
        moment = datetime.combine(end, time(), session.clock.now().tzinfo)
        session.credential_ends(moment, "access_token")
        if moment - session.clock.now() < WARN_AHEAD:
            session.log("warning", f"the token expires on {end} (as token_expires says): refresh it in time")
        return
    worth = worth_of(session, graph, inspector_of(session, graph))
    session.credential_ends(worth.ends, "access_token")
    for name in NEEDED:
        if not worth.allows_any((name,)):
            raise AccessError(f"the token has no permission {name}", hint=graph.advice.grant)
    if not worth.allows_any((USEFUL, "ads_read", "ads_management")):
        session.log("warning", f"the token has no permission {USEFUL}: some set-ups need it")


def find_account(session: Any, graph: Graph, door: Door) -> str:
    """The id of the account to read: the setting `ig_user_id`, else the only one the token can see, else the one named by `username`.

    Raises:
        AccessError: the token can see no such account. UsageError: several, and no setting chooses.
    """
    wanted, username = session.option("ig_user_id"), session.option("username")
    if wanted is not None and not (str(wanted).isdecimal() and 5 <= len(str(wanted)) <= 20):
        raise UsageError("ig_user_id is no account", hint='[platforms.instagram] ig_user_id = "1784…"')
    if door.name == "instagram":
        node = graph.get("me", {"fields": "user_id,username"}).document
        found = [(str(node.get("user_id", "")), str(node.get("username", "")))] if isinstance(node, dict) else []
    elif wanted is not None:
        return str(wanted)
    else:
        fields = "id,name,instagram_business_account{id,username}"
        pages = graph.whole("me/accounts", {"fields": fields, "limit": 50})
        accounts = [row.get("instagram_business_account") for page in pages for row in page.rows if isinstance(row, dict)]
        found = [(str(a.get("id", "")), str(a.get("username", ""))) for a in accounts if isinstance(a, dict)]
    named = [f for f in found if (wanted is None or f[0] == str(wanted)) and (username is None or f[1] == username)]
    if not found:
        raise AccessError("no Page of the token has a professional Instagram account", hint="connect the account to a Page")
    if not named:
        seen = ", ".join(f"@{name}" for _, name in found[:5])
        raise AccessError(f"the token can see {seen}, not the account of the settings", hint=ACCOUNT_HINT)
    if len(named) > 1:
        names = ", ".join(f"@{name}" for _, name in named[:5])
        raise UsageError(f"the token can see {len(named)} accounts: {names}", hint="choose one: [platforms.instagram] username")
    return named[0][0]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and what came, byte for byte. `refused`: why the platform refused it (`metric`, `gone` …), or empty."""

    asked: str
    body: bytes
    document: Any
    refused: str = ""


class Asker:
    """Asks for insights, metric by metric where the platform refuses some of them, and keeps what it says to that.

    One unsupported metric fails a whole call (seen). Then each is asked alone, the refused ones are told once, and the run does not ask for them
    again. Where data is refused for good reason (a post from before the professional account), the refusal is the answer.

    Args:
        tell: `(level, text)`.
        without: metrics that are never asked for.
    """

    def __init__(self, graph: Graph, tell: Callable[[str, str], None], without: Iterable[str] = ()) -> None:
        self.graph, self.tell, self.without = graph, tell, frozenset(without)
        self.refused: dict[tuple[str, str], str] = {}

    def ask(self, kind: str, path: str, metrics: Iterable[str], params: Mapping[str, Any], *, post: bool = False) -> list[Answer]:
        """The answers to one question, in one call if it goes.

        Args:
            kind: what the metrics are asked of (`totals`, `REELS`): a metric refused once is not asked of the same kind again.
            post: whether the question is about one post: posts may be gone, too old, or seen by too few.

        Raises:
            SourceChanged: refused for a reason that is no metric's. Others as the call.
        """
        wanted = [m for m in metrics if m not in self.without and (kind, m) not in self.refused]
        if not wanted:
            return []
        try:
            return [self._one(path, wanted, params)]
        except BedrotError as trouble:
            answer = self._refusal(trouble, path, wanted, params, post)
            if answer is None:
                raise
            if answer.refused != "metric" or len(wanted) == 1:
                return [self._noted(kind, wanted, answer)]
        self.tell("info", f"{kind}: Meta refuses a metric of {len(wanted)}: asking for each alone")
        out = []
        for metric in wanted:
            try:
                out.append(self._one(path, [metric], params))
            except BedrotError as trouble:
                answer = self._refusal(trouble, path, [metric], params, post)
                if answer is None:
                    raise
                out.append(self._noted(kind, [metric], answer))
        return out

    def _one(self, path: str, metrics: list[str], params: Mapping[str, Any]) -> Answer:
        sent = {"metric": ",".join(metrics), **params}
        page = self.graph.get(path, sent)
        if not isinstance(page.document, dict) or not isinstance(page.document.get("data"), list):
            raise SourceChanged(f"Meta's answer to insights of {metrics[0]} holds no list")
        return Answer(question(path, sent), page.body, page.document)

    def _refusal(
        self, trouble: BedrotError, path: str, metrics: list[str], params: Mapping[str, Any], post: bool
    ) -> Answer | None:
        """The refusal as an answer, if it belongs to the data; None for every other error."""
        said = said_of(trouble)
        why = "" if said is None else refusal_of(trouble, said.code, said.subcode, said.message, post)
        if said is None or not why:
            return None
        return Answer(question(path, {"metric": ",".join(metrics), **params}), said.body, None, why)

    def _noted(self, kind: str, metrics: list[str], answer: Answer) -> Answer:
        if answer.refused == "metric":
            for metric in metrics:
                self.refused[kind, metric] = answer.refused
            self.tell("warning", f"{kind}: Meta does not give {', '.join(metrics)} (any more); the others go on")
        return answer


def refusal_of(trouble: BedrotError, code: int | None, subcode: int | None, message: str, post: bool) -> str:
    """Why a refusal belongs to the data: `metric`, and of posts `before-professional`, `few-viewers`, `gone`; empty if it does not."""
    if post and code == 100 and subcode == BEFORE_PROFESSIONAL:
        return "before-professional"
    if post and code == 10 and "viewers" in message.lower():
        return "few-viewers"
    if post and isinstance(trouble, NotShown):
        return "gone"
    if code == 100 and isinstance(trouble, SourceChanged) and metric_refusal(message) is not None:
        return "metric"
    return ""


def too_far_back(trouble: BedrotError) -> bool:
    """Whether a metric was refused because the platform no longer has its days (`only supports querying data for the last 30 days`)."""
    said = said_of(trouble)
    return said is not None and said.code == 100 and "last 30 days" in said.message
