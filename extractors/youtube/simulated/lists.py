"""The list methods of the Data API v3: channels, playlistItems, videos. Strict: filters, parts, pages as the real ones want them."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .google import Caller, GoogleError, Params, bad_request, flag, known_only, one, whole
from .world import CHANNELS, Channel, Video, age_days, subscribers, videos, word

CHANNEL_PARAMS = (
    "categoryId",
    "forHandle",
    "forUsername",
    "hl",
    "id",
    "managedByMe",
    "maxResults",
    "mine",
    "mySubscribers",
    "onBehalfOfContentOwner",
    "pageToken",
    "part",
)
ITEM_PARAMS = ("id", "maxResults", "onBehalfOfContentOwner", "pageToken", "part", "playlistId", "videoId")
VIDEO_PARAMS = (
    "chart", "hl", "id", "locale", "maxHeight", "maxResults", "maxWidth", "myRating", "onBehalfOfContentOwner", "pageToken", "part", "regionCode",
    "videoCategoryId",
)  # fmt: skip
CHANNEL_PARTS = frozenset(
    [
        "id",
        "snippet",
        "statistics",
        "contentDetails",
        "status",
        "brandingSettings",
        "localizations",
        "topicDetails",
        "contentOwnerDetails",
        "auditDetails",
    ]
)
ITEM_PARTS = frozenset(["id", "snippet", "contentDetails", "status"])
VIDEO_PARTS = frozenset(
    [
        "id",
        "snippet",
        "statistics",
        "contentDetails",
        "status",
        "localizations",
        "topicDetails",
        "recordingDetails",
        "player",
        "liveStreamingDetails",
        "fileDetails",
        "processingDetails",
        "suggestions",
        "paidProductPlacementDetails",
    ]
)
Fault = Callable[[str], bool]


class Lists:
    """The three methods. `now` gives the simulated moment."""

    def __init__(self, now: Callable[[], datetime], fault: Fault) -> None:
        self.now, self.fault = now, fault

    def channels(self, params: Params, caller: Caller) -> dict[str, Any]:
        known_only(params, CHANNEL_PARAMS)
        parts = _parts(params, CHANNEL_PARTS)
        most = whole(params, "maxResults", 5, 0, 50)
        _one_filter(params, ("categoryId", "forHandle", "forUsername", "id", "managedByMe", "mine", "mySubscribers"))
        if flag(params, "mine"):
            found = [] if self.fault("no_channel") else [caller.channel]
        elif ids := _ids(params):
            found = [c for c in CHANNELS if c.id in ids]
        elif handle := one(params, "forHandle"):
            found = [c for c in CHANNELS if c.handle == "@" + handle.removeprefix("@")]
        else:
            raise GoogleError(403, "forbidden", "The filter is not available to this caller.", domain="youtube.parameter")
        items = [self._channel(c, parts) for c in found]
        info = {"totalResults": len(items), "resultsPerPage": most}
        return _list("channel", items or None, info)

    def playlist_items(self, params: Params, caller: Caller) -> dict[str, Any]:
        known_only(params, ITEM_PARAMS)
        parts = _parts(params, ITEM_PARTS)
        size = whole(params, "maxResults", 5, 0, 50) or 0
        _one_filter(params, ("id", "playlistId"))
        playlist = one(params, "playlistId")
        channel = next((c for c in CHANNELS if c.uploads == playlist), None)
        if channel is None or not (found := self._visible(channel, caller)):
            raise GoogleError(404, "playlistNotFound", "There is no such playlist.", domain="youtube.playlistItem")
        found.reverse()
        wanted = one(params, "videoId")
        numbered = [(n, v) for n, v in enumerate(found) if wanted in (None, v.id)]
        start = _start(params, playlist or "")
        if self.fault("page_repeats") and start:
            start = 0
        page = numbered[start : start + size]
        body = _list(
            "playlistItem",
            [self._item(channel, v, n, parts) for n, v in page],
            {"totalResults": len(numbered), "resultsPerPage": size},
        )
        more = start + size < len(numbered) and size and not self.fault("pages_end_early")
        tokens = {"nextPageToken": _token(playlist or "", start + size)} if more else {}
        tokens |= {"prevPageToken": _token(playlist or "", max(0, start - size))} if start else {}
        return {
            **{k: body[k] for k in ("kind", "etag")},
            **tokens,
            **{k: v for k, v in body.items() if k not in ("kind", "etag")},
        }

    def videos(self, params: Params, caller: Caller) -> dict[str, Any]:
        known_only(params, VIDEO_PARAMS)
        parts = _parts(params, VIDEO_PARTS)
        _one_filter(params, ("chart", "id", "myRating"))
        ids = _ids(params)
        if not ids:
            raise GoogleError(403, "forbidden", "The filter is not available to this caller.", domain="youtube.parameter")
        for name in ("maxResults", "pageToken"):
            if name in params:
                raise bad_request(f"{name} cannot go with the filter id.", "incompatibleParameters", domain="youtube.parameter")
        if len(ids) > 50:
            raise bad_request("The filter id takes up to 50 values.", "invalidValue", domain="youtube.parameter")
        by_id = {v.id: v for c in CHANNELS for v in self._visible(c, caller)}
        found = [by_id[i] for i in dict.fromkeys(ids) if i in by_id]
        whole_count = len(found)
        if self.fault("videos_missing"):
            found = found[: max(1, len(found) // 2)]
        body = _list(
            "video", [self._video(v, parts, caller) for v in found], {"totalResults": whole_count, "resultsPerPage": whole_count}
        )
        kept = ("kind", "etag", "items", "pageInfo")
        return {k: body[k] for k in kept if k in body}

    def _visible(self, channel: Channel, caller: Caller) -> list[Video]:
        """Videos of a channel that the caller may see: private ones are its owner's."""
        return [v for v in videos(channel, self.now()) if not v.private or channel == caller.channel]

    def _count(self, number: float) -> str | int:
        """A counter as the API spells it: a 64-bit number in a string."""
        return int(number) if self.fault("schema_drift") else str(int(number))

    def _channel(self, channel: Channel, parts: frozenset[str]) -> dict[str, Any]:
        now = self.now()
        shown = videos(channel, now)
        watched = sum(int(v.watched(age_days(v, now))) for v in shown)
        made: dict[str, Any] = {
            "snippet": {
                "title": channel.title, "description": "Simulated channel.", "customUrl": channel.handle, "publishedAt": f"{channel.born}T08:00:00Z",
                "thumbnails": _thumbnails(f"https://yt3.ggpht.com/{word(20, 'picture', channel.number)}", ((88, 88), (240, 240), (800, 800))),
                "localized": {"title": channel.title, "description": "Simulated channel."}, "country": channel.country,
            },
            "contentDetails": {"relatedPlaylists": {"likes": "LL", "uploads": channel.uploads}},
            "statistics": {
                "viewCount": self._count(watched), "subscriberCount": self._count(subscribers(channel, now)), "hiddenSubscriberCount": False,
                "videoCount": self._count(sum(not v.private for v in shown)),
            },
            "status": {"privacyStatus": "public", "isLinked": True, "longUploadsStatus": "allowed", "madeForKids": False},
        }  # fmt: skip
        return _resource("channel", channel.id, made, parts)

    def _item(self, channel: Channel, video: Video, position: int, parts: frozenset[str]) -> dict[str, Any]:
        published = _time(video.published)
        made = {
            "snippet": {
                "publishedAt": published, "channelId": channel.id, "title": video.title, "description": "", "thumbnails": _pictures(video),
                "channelTitle": channel.title, "playlistId": channel.uploads, "position": position,
                "resourceId": {"kind": "youtube#video", "videoId": video.id}, "videoOwnerChannelTitle": channel.title, "videoOwnerChannelId": channel.id,
            },
            "contentDetails": {"videoId": video.id, "videoPublishedAt": published}, "status": {"privacyStatus": _privacy(video)},
        }  # fmt: skip
        return _resource(
            "playlistItem", urlsafe_b64encode(f"{channel.uploads}.{video.id}".encode()).decode().rstrip("="), made, parts
        )

    def _video(self, video: Video, parts: frozenset[str], caller: Caller) -> dict[str, Any]:
        now = self.now()
        views = int(video.watched(age_days(video, now)))
        counters = {"viewCount": self._count(views)}
        if video.number % 19 != 7:
            counters["likeCount"] = self._count(views * 31 // 1000)
        if video.channel == caller.channel:
            counters["dislikeCount"] = self._count(views // 1000)
        counters["favoriteCount"] = self._count(0)
        if video.number % 13 != 5:
            counters["commentCount"] = self._count(views * 4 // 1000)
        owner = CHANNELS[2] if self.fault("foreign_videos") and video.number % 4 == 0 else video.channel
        made: dict[str, Any] = {
            "snippet": {
                "publishedAt": _time(video.published), "channelId": owner.id, "title": video.title, "description": "", "thumbnails": _pictures(video),
                "channelTitle": owner.title, "tags": ["simulated"], "categoryId": "10", "liveBroadcastContent": "none",
                "localized": {"title": video.title, "description": ""},
            },
            "contentDetails": {
                "duration": _duration(video.seconds), "dimension": "2d", "definition": "hd", "caption": "false", "licensedContent": video.channel.monetised,
                "contentRating": {}, "projection": "rectangular",
            },
            "status": {
                "uploadStatus": "processed", "privacyStatus": _privacy(video), "license": "youtube", "embeddable": True, "publicStatsViewable": True,
                "madeForKids": False, "selfDeclaredMadeForKids": False,
            },
            "statistics": counters,
        }  # fmt: skip
        if self.fault("new_field"):
            made["statistics"]["remixCount"] = "0"
        return _resource("video", video.id, made, parts)


def _resource(kind: str, name: str, made: dict[str, Any], parts: frozenset[str]) -> dict[str, Any]:
    chosen = {part: made[part] for part in made if part in parts}
    return {"kind": f"youtube#{kind}", "etag": _etag(name, chosen), "id": name, **chosen}


def _list(kind: str, items: list[Any] | None, info: dict[str, Any]) -> dict[str, Any]:
    """The envelope; without a match there is no key `items` at all (seen)."""
    body = {"kind": f"youtube#{kind}ListResponse", "etag": _etag(kind, items, info), "pageInfo": info}
    return body if items is None else {**body, "items": items}


def _etag(*what: Any) -> str:
    return (
        urlsafe_b64encode(hashlib.blake2b(json.dumps(what, sort_keys=True).encode(), digest_size=20).digest())
        .decode()
        .rstrip("=")
    )


def _parts(params: Params, known: frozenset[str]) -> frozenset[str]:
    given = [p.strip() for text in params.get("part", ()) for p in text.split(",") if p.strip()]
    if not given:
        raise GoogleError(400, "missingRequiredParameter", "Required parameter is missing: part", domain="youtube.parameter")
    unknown = [p for p in given if p not in known]
    if unknown:
        raise GoogleError(400, "unknownPart", f"'{unknown[0][:40]}'", domain="youtube.part")
    return frozenset(given)


def _one_filter(params: Params, names: tuple[str, ...]) -> None:
    given = [n for n in names if n in params]
    if not given:
        raise GoogleError(
            400,
            "missingRequiredParameter",
            f"No filter selected. Expected one of: {', '.join(names)}",
            domain="youtube.parameter",
        )
    if len(given) > 1:
        raise GoogleError(
            400,
            "incompatibleParameters",
            f"Incompatible parameters specified in the request: {', '.join(given)}",
            domain="youtube.parameter",
        )


def _ids(params: Params) -> list[str]:
    return [i.strip() for text in params.get("id", ()) for i in text.split(",") if i.strip()]


def _token(playlist: str, start: int) -> str:
    return "EAAa" + urlsafe_b64encode(f"PT:{start}:{playlist[-6:]}".encode()).decode().rstrip("=")


def _start(params: Params, playlist: str) -> int:
    given = one(params, "pageToken")
    if given is None:
        return 0
    try:
        text = urlsafe_b64decode(given.removeprefix("EAAa") + "==").decode()
        kind, start, owner = text.split(":")
        if kind != "PT" or owner != playlist[-6:] or _token(playlist, int(start)) != given:
            raise ValueError
        return int(start)
    except ValueError as trouble:
        raise bad_request(
            "The request specifies an invalid page token.", "invalidPageToken", domain="youtube.parameter"
        ) from trouble


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if n)
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "" if days else "T0S")


def _privacy(video: Video) -> str:
    return "private" if video.private else "public"


def _thumbnails(base: str, sizes: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    names = ("default", "medium", "high")
    return {n: {"url": f"{base}=s{w}", "width": w, "height": h} for n, (w, h) in zip(names, sizes, strict=True)}


def _pictures(video: Video) -> dict[str, Any]:
    base = f"https://i.ytimg.com/vi/{video.id}"
    return {
        "default": {"url": f"{base}/default.jpg", "width": 120, "height": 90}, "medium": {"url": f"{base}/mqdefault.jpg", "width": 320, "height": 180},
        "high": {"url": f"{base}/hqdefault.jpg", "width": 480, "height": 360},
    }  # fmt: skip
