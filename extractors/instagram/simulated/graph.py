"""Instagram's paths on the shared Graph engine: pages, accounts, posts, stories and their insights, behind both doors.

Which door a call came through is told by its token: one of Facebook Login sees pages, one of Instagram Login is an account's own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ..._graph.simulated.engine import App, Call, Engine, Reply, Token
from ..._graph.simulated.errors import (
    GraphError,
    bad_field,
    dead_token,
    expired_token,
    missing_permission,
    policy_block,
    unknown_object,
    unknown_path,
)
from ..._graph.simulated.params import split_fields
from . import errors, insights, world
from .faults import OTHER_ACCOUNT, Faults
from .world import Post, Profile

__all__ = ["App", "Call", "Graph", "Reply", "Token"]

FACEBOOK_SCOPES = ("instagram_basic", "instagram_manage_insights", "pages_read_engagement", "pages_show_list")
USER_FIELDS = frozenset(
    {
        "id", "username", "name", "biography", "followers_count", "follows_count", "media_count", "profile_picture_url", "website", "ig_id",
        "has_profile_pic", "is_published",
    }
)  # fmt: skip
DOOR_FIELDS = frozenset({"user_id", "account_type"})
"""Fields of an account that only the Instagram door has (documented)."""
MEDIA_FIELDS = frozenset(
    {
        "id", "caption", "media_type", "media_product_type", "timestamp", "permalink", "shortcode", "username", "like_count", "comments_count",
        "children", "media_url", "thumbnail_url", "is_comment_enabled", "owner", "alt_text", "is_shared_to_feed", "ig_id",
    }
)  # fmt: skip


class Graph(Engine):
    """One Graph API with its professional accounts."""

    versions = {
        "v20.0": date(2026, 9, 24),
        "v21.0": None,
        "v22.0": None,
        "v23.0": None,
        "v24.0": None,
        "v25.0": None,
        "v26.0": None,
    }
    newest = "v26.0"
    guarded = "instagram_"
    most_rows = 100
    quotas = {"instagram": 200_000, "insights": 200_000}

    def __init__(
        self, profiles: tuple[Profile, ...], tokens: list[Token], now: Callable[[], datetime], faults: Faults, app: App | None = None
    ) -> None:  # fmt: skip
        super().__init__(tokens, now, faults, app)
        self.profiles = {p.id: p for p in profiles}
        self.faults: Faults = faults

    def _target(self, call: Call, token: Token, parts: list[str]) -> tuple[str, str, Any]:
        if "session_expired" in self.faults or "wrong_password" in self.faults:
            now = self.now()
            raise dead_token(460) if "wrong_password" in self.faults else expired_token(now - timedelta(minutes=5), now)
        if "blocked" in self.faults:
            raise policy_block()
        if not parts:
            raise unknown_object("", call.method.lower())
        if parts[0] == "me":
            return self.app.id, "instagram", "me"
        found = self._thing(parts[0])
        owner = found.profile if isinstance(found, Post) else found
        if owner is None or owner.id not in self._accounts(token) or "account_gone" in self.faults:
            raise unknown_object(parts[0], call.method.lower())
        if "permission" in self.faults or (token.kind != "INSTAGRAM" and "instagram_basic" not in token.scopes):
            raise errors.no_permission()
        insightful = parts[1:] == ["insights"]
        if insightful and (
            "insights_refused" in self.faults or (token.kind != "INSTAGRAM" and "instagram_manage_insights" not in token.scopes)
        ):
            raise errors.no_permission()
        return owner.id, "insights" if insightful else "instagram", found

    def _accounts(self, token: Token) -> tuple[str, ...]:
        return (OTHER_ACCOUNT,) if "wrong_account" in self.faults or "account_switched" in self.faults else token.accounts

    def _thing(self, name: str) -> Profile | Post | None:
        """An account, or a post or story of one that exists by now."""
        if name in self.profiles:
            return self.profiles[name]
        now = self.now()
        profile = next((p for p in self.profiles.values() if name[2:4] == f"{p.number:02d}"), None)
        if profile is None or not name.isdecimal() or len(name) != 17:
            return None
        return next(
            (p for p in (*world.posts(profile, now), *world.stories(profile, now)) if p.id == name or name in p.children), None
        )

    def _body(self, call: Call, token: Token, version: str, parts: list[str], target: Any) -> Any:
        if call.method != "GET":
            raise missing_permission("instagram_content_publish")
        if target == "me":
            return self._me(call, token, version, parts)
        if len(parts) == 1:
            if isinstance(target, Profile):
                return self._profile(target, call, token)
            return self._post(target, call.params.get("fields") or "id", parts[0])
        edge = parts[1] if len(parts) == 2 else ""
        now = self.now()
        if edge == "insights":
            return self._insights(call, version, parts[0], target)
        if isinstance(target, Profile) and edge in ("media", "stories"):
            at = self.faults.arrived(now, posts=True)
            things = self.faults.listed(world.posts(target, at)) if edge == "media" else world.stories(target, at)
            fields = call.params.get("fields") or "id"
            body = self._page(call, version, len(things), "", lambda a, b: [self._post(t, fields, t.id) for t in things[a:b]])
            if "pages_end_early" in self.faults:
                body.get("paging", {}).pop("next", None)
            return body
        if isinstance(target, Post) and edge == "children" and target.children:
            return {"data": [self._post(target, call.params.get("fields") or "id", child) for child in target.children]}
        raise unknown_path(f"/{'/'.join(parts[1:])}")

    def _me(self, call: Call, token: Token, version: str, parts: list[str]) -> Any:
        accounts = [self.profiles[a] for a in self._accounts(token)]
        if token.kind == "INSTAGRAM":
            if len(parts) == 1:
                return self._profile(accounts[0], call, token)
            return self._body(call, token, version, [accounts[0].id, *parts[1:]], accounts[0])
        if len(parts) == 1:
            return {"name": "Reporting", "id": token.user_id}
        if parts[1:] == ["permissions"]:
            return {"data": [{"permission": s, "status": "granted"} for s in token.scopes]}
        if parts[1:] != ["accounts"]:
            raise unknown_path(f"/{parts[1]}")
        fields = split_fields(call.params.get("fields") or "id,name")
        return self._page(call, version, len(accounts), "", lambda a, b: [self._of_page(p, fields) for p in accounts[a:b]])

    def _of_page(self, profile: Profile, fields: list[tuple[str, str | None]]) -> dict[str, Any]:
        out: dict[str, Any] = {"id": profile.page}
        for name, inner in fields:
            if name == "instagram_business_account":
                known = {"id": profile.id, "username": profile.username, "name": profile.name}
                out[name] = {k: known[k] for k, _ in split_fields(inner or "id") if k in known} | {"id": profile.id}
            elif name == "name":
                out[name] = profile.name
            elif name not in ("id", "category", "access_token"):
                raise bad_field(name, "Page")
        return out

    def _profile(self, profile: Profile, call: Call, token: Token) -> dict[str, Any]:
        now, own = self.now(), token.kind == "INSTAGRAM"
        known: dict[str, Any] = {
            "username": profile.username, "name": profile.name, "followers_count": world.followers(profile, now),
            "follows_count": 180 + profile.number, "media_count": len(world.posts(profile, now)) + 1, "biography": "Invented.",
        }  # fmt: skip
        known |= {"user_id": profile.id, "account_type": "BUSINESS"} if own else {}
        out: dict[str, Any] = {}
        for name, _ in split_fields(call.params.get("fields") or "id"):
            if name not in (USER_FIELDS | DOOR_FIELDS if own else USER_FIELDS):
                raise bad_field(name, "IGUser")
            if name in known:
                out[name] = known[name]
        return out | {"id": f"2{profile.id[1:]}" if own else profile.id}

    def _post(self, post: Post, fields: str, name: str) -> dict[str, Any]:
        """A post with the asked fields; a child of an album has but its kind."""
        child = name != post.id
        likes = world.post_figures(post, self.faults.arrived(self.now(), posts=True))
        code = f"C{int(post.id) % 10**10:010d}"
        known: dict[str, Any] = {
            "media_type": "IMAGE" if child else post.kind, "media_product_type": post.product, "username": post.profile.username,
            "timestamp": post.posted.strftime("%Y-%m-%dT%H:%M:%S+0000"), "shortcode": code, "ig_id": post.id,
            "permalink": f"https://www.instagram.com/{'reel' if post.product == 'REELS' else 'p'}/{code}/", "is_comment_enabled": True,
        }  # fmt: skip
        if not child and post.product != "STORY":
            known |= {
                "like_count": likes["likes"],
                "comments_count": likes["comments"],
                "caption": world.CAPTIONS[post.number % len(world.CAPTIONS)],
            }
        out: dict[str, Any] = {}
        for field, inner in split_fields(fields):
            if field not in MEDIA_FIELDS:
                raise bad_field(field, "IGMedia")
            if field == "children" and post.children and not child:
                out[field] = {"data": [self._post(post, inner or "id", c) for c in post.children]}
            elif field in known:
                out[field] = known[field]
        return out | {"id": name}

    def _insights(self, call: Call, version: str, name: str, target: Profile | Post) -> dict[str, Any]:
        now = self.now()
        if "insights_down" in self.faults and isinstance(target, Profile):
            raise GraphError("An unknown error occurred", 1, status=500, transient=False)
        if "layout_changed" in self.faults:
            return {"insights": {"data": {}}}
        if isinstance(target, Post):
            if name != target.id:
                raise errors.no_child_insights()
            if "post_deleted" in self.faults and target.number == world.OLD_POSTS + 1:
                raise unknown_object(name)
            if (
                "reels_lose_a_metric" in self.faults
                and target.product == "REELS"
                and "shares" in insights.words(call.params, "metric")
            ):
                raise errors.unsupported("shares", target.product)
            return {
                "data": self.faults.post(
                    insights.post(target, call.params, self.faults.arrived(now, posts=True), self.faults.gone())
                )
            }
        if "form_changed" in self.faults and insights.word(call.params, "metric_type") != "total_value":
            raise errors.wrong_form(insights.words(call.params, "metric"))
        data = insights.account(target, call.params, now, self.faults.arrived(now), self.faults.gone())
        body: dict[str, Any] = {"data": self.faults.account(data, world.followers(target, now))}
        if insights.word(call.params, "period") == "lifetime" and "breakdown" in call.params:
            return body
        since, until = insights.span_of(call.params, now)
        return body | {"paging": self._around(call, version, since, until)}

    def _around(self, call: Call, version: str, since: datetime, until: datetime) -> dict[str, str]:
        """Links to the spans before and after, without end and with the token in clear (seen)."""
        first, last = int(since.timestamp()), int(until.timestamp())
        token = call.params.get("access_token") or call.headers.get("authorization", "").partition(" ")[2]
        kept = {k: v for k, v in call.params.items() if k not in ("access_token", "since", "until", "appsecret_proof")}
        out = {}
        for name, a, b in (("previous", first - (last - first), first), ("next", last, last + (last - first))):
            query = urlencode({"access_token": token, **kept, "since": a, "until": b})
            out[name] = f"{self.base_url}/{version}{call.path.rstrip('/')}?{query}"
        return out
