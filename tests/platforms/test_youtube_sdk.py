"""Google's official Python client, unmodified, against the stand-in: it lists, pages, queries, refreshes tokens and sees the right errors.

Its own settings point it to the loopback address: `client_options.api_endpoint`, `token_uri`, and the discovery documents it brings along.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from youtube_support import BUSY, NEWCOMER, SMALL

from bedrot_console.extraction.simulator import serve
from extractors.youtube.simulated import google
from extractors.youtube.simulated.world import videos
from extractors.youtube.simulator import CLIENT_ID, CLIENT_SECRET, YouTubeSimulator


@pytest.fixture
def simulator(clock: Any) -> Iterator[YouTubeSimulator]:
    made = YouTubeSimulator(clock=clock)
    with serve(made):
        yield made


def credentials(simulator: YouTubeSimulator, account: str = "default", **other: Any) -> Credentials:
    """The stored consent of an account, with no access token yet."""
    known = {
        "refresh_token": simulator.account(account).extra["refresh_token"], "token_uri": f"{simulator.base_url}/token", "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }  # fmt: skip
    return Credentials(None, **known | other)


def data_api(simulator: YouTubeSimulator, account: str = "default", **other: Any) -> Any:
    options = {"api_endpoint": simulator.base_url}
    return build(
        "youtube", "v3", credentials=credentials(simulator, account, **other), static_discovery=True, client_options=options
    )


def analytics(simulator: YouTubeSimulator, account: str = "default", **other: Any) -> Any:
    options = {"api_endpoint": simulator.base_url}
    return build(
        "youtubeAnalytics",
        "v2",
        credentials=credentials(simulator, account, **other),
        static_discovery=True,
        client_options=options,
    )


def test_youtube_sdk_reads_its_own_channel(simulator: YouTubeSimulator) -> None:
    """channels.list of the consent's own channel, counters as strings, the uploads playlist named."""
    found = data_api(simulator).channels().list(part="snippet,statistics,contentDetails", mine=True).execute()
    assert found["kind"] == "youtube#channelListResponse" and found["pageInfo"]["totalResults"] == 1
    (channel,) = found["items"]
    assert channel["id"] == BUSY.id and channel["contentDetails"]["relatedPlaylists"]["uploads"] == BUSY.uploads
    assert channel["statistics"]["viewCount"].isdecimal() and channel["statistics"]["subscriberCount"].rstrip("0").__len__() <= 3


def test_youtube_sdk_without_a_match_gets_no_items(simulator: YouTubeSimulator) -> None:
    """An account without a channel gets no key `items`, and no error."""
    simulator.set_faults(["no_channel"])
    assert "items" not in data_api(simulator).channels().list(part="id", mine=True).execute()


def test_youtube_sdk_pages_uploads_and_reads_videos(simulator: YouTubeSimulator) -> None:
    """`list_next` walks the uploads to their end, each once; videos come by fifty ids."""
    api = data_api(simulator)
    request = api.playlistItems().list(part="contentDetails", playlistId=BUSY.uploads, maxResults=20)
    ids: list[str] = []
    pages = 0
    while request is not None:
        answer = request.execute()
        ids += [item["contentDetails"]["videoId"] for item in answer["items"]]
        pages += 1
        request = api.playlistItems().list_next(request, answer)
    assert pages == 4 and len(ids) == len(set(ids)) == answer["pageInfo"]["totalResults"] == len(videos(BUSY, simulator.now()))
    found = api.videos().list(part="snippet,statistics,contentDetails", id=",".join(ids[:50])).execute()
    assert [v["id"] for v in found["items"]] == ids[:50]
    assert all(
        v["statistics"]["viewCount"].isdecimal() and v["contentDetails"]["duration"].startswith("P") for v in found["items"]
    )


def test_youtube_sdk_hides_private_videos_of_others(simulator: YouTubeSimulator) -> None:
    """A private video is its owner's: another consent gets one item less, and no word of it."""
    (private,) = [v for v in videos(BUSY, simulator.now()) if v.private][:1]
    assert data_api(simulator).videos().list(part="id", id=private.id).execute()["items"]
    assert data_api(simulator, "yoru").videos().list(part="id", id=private.id).execute()["items"] == []


def test_youtube_sdk_queries_reports(simulator: YouTubeSimulator) -> None:
    """reports.query gives headers in the order asked for, rows by position, pages by startIndex."""
    reports = analytics(simulator).reports()
    asked = {
        "ids": "channel==MINE",
        "startDate": "2026-02-01",
        "endDate": "2026-02-20",
        "metrics": "views,averageViewPercentage",
        "dimensions": "day",
        "sort": "day",
    }
    table = reports.query(**asked).execute()
    assert [h["name"] for h in table["columnHeaders"]] == ["day", "views", "averageViewPercentage"]
    assert [h["columnType"] for h in table["columnHeaders"]] == ["DIMENSION", "METRIC", "METRIC"]
    assert [r[0] for r in table["rows"]] == [f"2026-02-{n:02d}" for n in range(1, 21)]
    parts = [reports.query(**asked, maxResults=7, startIndex=n).execute().get("rows", []) for n in (1, 8, 15, 22)]
    assert sum(parts, []) == table["rows"] and parts[-1] == []


def test_youtube_sdk_recent_days_are_absent_until_all_figures_are_ready(simulator: YouTubeSimulator, clock: Any) -> None:
    """In the Pacific afternoon views of the day before yesterday are there, but not beside revenue, which takes a day more."""
    clock.advance(12 * 3600)
    reports = analytics(simulator).reports()
    asked = {"ids": "channel==MINE", "startDate": "2026-02-20", "endDate": "2026-03-01", "dimensions": "day", "sort": "day"}
    newest = {m: reports.query(metrics=m, **asked).execute()["rows"][-1][0] for m in ("views", "views,estimatedRevenue")}
    assert newest == {"views": "2026-02-28", "views,estimatedRevenue": "2026-02-27"}


def test_youtube_sdk_no_data_means_no_rows(simulator: YouTubeSimulator) -> None:
    """A channel that never had a view gets headers, and no key `rows`."""
    table = (
        analytics(simulator, "newcomer")
        .reports()
        .query(ids=f"channel=={NEWCOMER.id}", startDate="2026-02-01", endDate="2026-02-20", metrics="views", dimensions="day")
        .execute()
    )
    assert "rows" not in table and len(table["columnHeaders"]) == 2


def test_youtube_sdk_expired_access_token_is_refreshed_invisibly(simulator: YouTubeSimulator) -> None:
    """After an hour the token service is asked once more, and nobody notices."""
    api = data_api(simulator)
    assert api.channels().list(part="id", mine=True).execute()["items"]
    simulator.advance(google.TOKEN_SECONDS + 2)
    assert api.channels().list(part="id", mine=True).execute()["items"]
    assert [a.status for a in simulator.requests("/youtube/v3")] == [200, 401, 200]
    assert len(simulator.requests("/token")) == 2


def test_youtube_sdk_dead_refresh_token_raises_refresh_error(simulator: YouTubeSimulator) -> None:
    """What Testing does after seven days: invalid_grant, before anything is asked of the API."""
    simulator.set_faults(["token_expired"])
    with pytest.raises(RefreshError, match="invalid_grant"):
        data_api(simulator).channels().list(part="id", mine=True).execute()
    assert not simulator.requests("/youtube/v3")


def test_youtube_sdk_wrong_client_raises_refresh_error(simulator: YouTubeSimulator) -> None:
    """Another secret is another client: invalid_client."""
    with pytest.raises(RefreshError, match="invalid_client"):
        data_api(simulator, client_secret="GOCSPX-another").channels().list(part="id", mine=True).execute()


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "day beside video": ({"dimensions": "day,video", "sort": "-views", "maxResults": 10}, 400, "badRequest"),
    "video without order": ({"dimensions": "video", "maxResults": 10}, 400, "badRequest"),
    "video without bound": ({"dimensions": "video", "sort": "-views"}, 400, "badRequest"),
    "too many videos": ({"dimensions": "video", "sort": "-views", "maxResults": 201}, 400, "badRequest"),
    "impressions by video": ({"dimensions": "video", "sort": "-adImpressions", "maxResults": 9, "metrics": "adImpressions"}, 400, "badRequest"),
    "unknown metric": ({"metrics": "views,unicorns"}, 400, "badRequest"),
    "unknown dimension": ({"dimensions": "unicorn"}, 400, "badRequest"),
    "sort by what is not asked for": ({"dimensions": "day", "sort": "likes"}, 400, "badRequest"),
    "another channel": ({"ids": f"channel=={SMALL.id}"}, 403, "forbidden"),
    "content owner": ({"ids": "contentOwner==somebody"}, 403, "forbidden"),
    "no date": ({"startDate": "yesterday"}, 400, "invalidValue"),
    "backwards": ({"startDate": "2026-02-21"}, 400, "invalidValue"),
    "revenue without its scope": ({"metrics": "estimatedRevenue"}, 403, "insufficientPermissions"),
    "no metrics": ({"metrics": ""}, 400, "required"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_youtube_sdk_bad_queries_are_refused_with_their_reason(simulator: YouTubeSimulator, name: str) -> None:
    """What the real API refuses is refused, with the reason where clients read it."""
    other, status, reason = REFUSED[name]
    asked = {"ids": "channel==MINE", "startDate": "2026-02-01", "endDate": "2026-02-20", "metrics": "views"} | other
    with pytest.raises(HttpError) as caught:
        analytics(simulator, "label").reports().query(**asked).execute()
    assert (caught.value.resp.status, caught.value.error_details[0]["reason"]) == (status, reason)


def test_youtube_sdk_bad_lists_are_refused_with_their_reason(simulator: YouTubeSimulator) -> None:
    """Filters, parts, bounds and page tokens as the real API wants them."""
    api = data_api(simulator)
    cases = [
        (api.channels().list(part="id"), 400, "missingRequiredParameter"), (api.channels().list(part="unicorn", mine=True), 400, "unknownPart"),
        (api.channels().list(part="id", mine=True, id=BUSY.id), 400, "incompatibleParameters"),
        (api.channels().list(part="id", mine=True, maxResults=51), 400, "invalidValue"),
        (api.playlistItems().list(part="id", playlistId="UUnobody"), 404, "playlistNotFound"),
        (api.playlistItems().list(part="id", playlistId=NEWCOMER.uploads), 404, "playlistNotFound"),
        (api.playlistItems().list(part="id", playlistId=BUSY.uploads, pageToken="EAAaZZZZ"), 400, "invalidPageToken"),
        (api.videos().list(part="id", id=",".join(["x" * 11] * 51)), 400, "invalidValue"),
        (api.videos().list(part="id", id="x" * 11, maxResults=5), 400, "incompatibleParameters"),
    ]  # fmt: skip
    for request, status, reason in cases:
        with pytest.raises(HttpError) as caught:
            request.execute()
        assert (caught.value.resp.status, caught.value.error_details[0]["reason"]) == (status, reason)


def test_youtube_sdk_spent_quota_raises_http_error(simulator: YouTubeSimulator, clock: Any) -> None:
    """The last unit is the last answer of the day; refused calls cost as well; midnight Pacific gives new units."""
    simulator.quota.limits["data"] = 3
    api = data_api(simulator)
    api.channels().list(part="id", mine=True).execute()
    with pytest.raises(HttpError):
        api.channels().list(part="unicorn", mine=True).execute()
    api.channels().list(part="id", mine=True).execute()
    with pytest.raises(HttpError) as caught:
        api.channels().list(part="id", mine=True).execute(num_retries=1)
    assert (caught.value.resp.status, caught.value.error_details[0]["reason"]) == (403, "quotaExceeded")
    assert len(simulator.requests("/youtube/v3")) == 4, "a spent quota is not asked again"
    clock.advance(22.6 * 3600)
    assert api.channels().list(part="id", mine=True).execute()["items"]
    assert clock.now().hour == 8
