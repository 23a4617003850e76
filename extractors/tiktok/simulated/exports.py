"""Exports and answers as bytes, for a creator on a day, spelled as the exports *seen*: BOM, every field quoted, LF, no final newline,
zips without compression with their tables at the root. Each named fault changes one thing.
"""

from __future__ import annotations

import calendar
import io
import json
import zipfile
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from . import world
from .world import Creator

# The names of days are the platform's, not the extractor's: both keep their own, so that neither can hide the other's mistake.
# fmt: off
MONTHS = {
    "en": calendar.month_name[1:],
    "el": ("Ιανουαρίου", "Φεβρουαρίου", "Μαρτίου", "Απριλίου", "Μαΐου", "Ιουνίου", "Ιουλίου", "Αυγούστου", "Σεπτεμβρίου", "Οκτωβρίου",
           "Νοεμβρίου", "Δεκεμβρίου"),
    "vi": ("tháng Một", "tháng Hai", "tháng Ba", "tháng Tư", "tháng Năm", "tháng Sáu", "tháng Bảy", "tháng Tám", "tháng Chín", "tháng Mười",
           "tháng Mười Một", "tháng Mười Hai"),
}
# fmt: on
HEADERS = {
    "Overview": ("Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares"),
    "Viewers": ("Date", "Total Viewers", "New Viewers", "Returning Viewers"),
    "FollowerHistory": ("Date", "Followers", "Difference in followers from previous day"),
    "FollowerActivity": ("Date", "Hour", "Active followers"),
    "FollowerGender": ("Gender", "Distribution"),
    "FollowerTopTerritories": ("Top territories", "Distribution"),
    "Content": ("Time", "Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares", "Total views"),
}
REPORTS = ("overview", "viewers", "followers", "content")
STALE_DAYS = 20
POSTS_CAP = 15
TERRITORIES = (("GB", 0.244), ("US", 0.203), ("DE", 0.121), ("GR", 0.083), ("BR", 0.061), ("FR", 0.044), ("AU", 0.031), ("NL", 0.024), ("IE", 0.02), ("SE", 0.017))  # fmt: skip
Faults = Collection[str]


def label(creator: Creator, day: date) -> str:
    """A day as the creator's interface writes it: no year."""
    month = MONTHS[creator.language][day.month - 1]
    return f"{month} {day.day}" if creator.order == "month first" else f"{day.day} {month}"


def text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as the site spells it."""
    lines = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    return b"\xef\xbb\xbf" + "\n".join(lines).encode()


def packed(entries: dict[str, bytes], today: date) -> bytes:
    """A zip without compression. The same entries on the same day make the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, body in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (today.year, today.month, today.day, 12, 0, 0)), body)
    return out.getvalue()


class Export:
    """What a creator's export shows on a day, with these faults on."""

    def __init__(self, creator: Creator, today: date, days: int = 365, faults: Faults = ()) -> None:
        self.creator, self.faults = creator, faults
        self.today = today - timedelta(days=1) if "cached" in faults else today
        seen = self.today - timedelta(days=STALE_DAYS) if "stale" in faults else self.today
        self.last = world.last_day(creator, seen)
        self.days = 7 if "period_silent" in faults and days != 7 else days
        self.shift = timedelta(days=1 if "labels_shifted" in faults else 0)
        self.figures = world.CREATORS[1] if "other_numbers" in faults and creator.account != "harbour" else creator

    @property
    def start(self) -> date:
        """First day of the window, as the file's name tells it."""
        return self.last - timedelta(days=self.days - 1)

    def name(self, report: str, at: datetime, ext: str = "zip") -> str:
        """The name under which the browser saves the file."""
        handle = "somebody.else" if "wrong_account_file" in self.faults else self.creator.handle
        start = self.start + self.shift if "labels_shifted" in self.faults else self.start
        return f"{report.capitalize()}_{start}_{int(at.timestamp())}_{handle}.{ext}"

    def _days(self) -> list[date]:
        days = world.days_until(self.last, self.days)
        if "history_shrank" in self.faults:
            days = days[-200:]
        if "missing_day" in self.faults:
            del days[-5:-3]
        return [] if "empty_data" in self.faults else days

    def _on(self, day: date) -> world.Day:
        found = world.day_of(self.figures, day, world.is_settled(day, self.last))
        return world.day_of(self.figures, day - timedelta(days=400)) if "restated" in self.faults and day.day == 11 else found

    def tables(self, report: str) -> dict[str, bytes]:
        """The tables of a report, by name."""
        found = {name: text(self._header(name), rows) for name, rows in getattr(self, f"_{report}")().items()}
        if "part_missing" in self.faults:
            found.pop("FollowerGender", None)
        return found

    def _header(self, name: str) -> Sequence[str]:
        header = list(HEADERS[name])
        if "schema_drift" in self.faults and name in ("Overview", "Viewers"):
            header.append("Saves")
        if "column_missing" in self.faults and name == "Overview":
            header.pop()
        if "header_translated" in self.faults and name == "Overview":
            header = ["Datum", "Videoaufrufe", "Profilaufrufe", "„Gefällt mir“", "Kommentare", "Geteilt"]
        return header

    def _drifted(self, row: list[Any]) -> list[Any]:
        return [*row, 3] if "schema_drift" in self.faults else row

    def _overview(self) -> dict[str, list[list[Any]]]:
        rows = []
        for day in self._days():
            if day >= self.creator.told_since:
                cells = [label(self.creator, day + self.shift), *self._on(day).overview]
                rows.append(cells[:-1] if "column_missing" in self.faults else self._drifted(cells))
        return {"Overview": rows}

    def _viewers(self) -> dict[str, list[list[Any]]]:
        rows = []
        for day in self._days():
            written = label(self.creator, day + timedelta(days=1) + self.shift)
            if day < self.creator.told_since:
                rows.append(self._drifted([written, "undefined", 0, 0]))
                continue
            found = self._on(day)
            total = found.new_viewers + found.returning_viewers + (1 if "viewers_wrong" in self.faults and day.day == 3 else 0)
            rows.append(self._drifted([written, total, found.new_viewers, found.returning_viewers]))
        return {"Viewers": rows}

    def _followers(self) -> dict[str, list[list[Any]]]:
        days = self._days()
        history = []
        for day in days:
            known = day >= self.creator.told_since
            level = self._on(day).followers if known else "undefined"
            other = self._on(day + timedelta(days=1 if self.creator.forward else -1)).followers
            step = (other - int(level) if self.creator.forward else int(level) - other) if known else 0
            history.append([label(self.creator, day + self.shift), level, step])
        small = self.creator.small or not days
        return {
            "FollowerHistory": history, "FollowerActivity": [] if small else self._activity(), "FollowerGender": [] if small else self._genders(),
            "FollowerTopTerritories": [] if small else self._territories(),
        }  # fmt: skip

    def _activity(self) -> list[list[Any]]:
        rows = []
        for day in world.days_until(self.today, 8):
            level = world.day_of(self.figures, day).followers
            for hour, share in enumerate(world.SHARES_OF_DAY):
                active = (
                    0
                    if day == self.today
                    else int(level * share / 160 * (0.9 + 0.2 * world.noise(self.figures.number, day, hour)))
                )
                rows.append([label(self.creator, day), hour, active])
        return rows

    def _genders(self) -> list[list[Any]]:
        female = 0.41 + int(20 * world.noise(self.figures.number, "gender", self.today.month)) / 100
        wrong = 0.1 if "shares_wrong" in self.faults else 0
        return [["Female", f"{female + wrong:.2f}"], ["Male", f"{0.98 - female:.2f}"], ["Other", "0.02"]]

    def _territories(self) -> list[list[Any]]:
        shares = [
            (name, round(share * (0.95 + 0.1 * world.noise(self.figures.number, name, self.today.month)), 3))
            for name, share in TERRITORIES
        ]
        shares.sort(key=lambda s: -s[1])
        return [[n, f"{s:.3f}"] for n, s in shares] + [["Others", f"{1 - sum(s for _, s in shares):.3f}"]]

    def _content(self) -> dict[str, list[list[Any]]]:
        if "empty_data" in self.faults:
            return {"Content": []}
        own = self.creator
        found = sorted(world.posts(self.figures, self.today), key=lambda p: world.noise(own.number, p.number, "order"))[
            :POSTS_CAP
        ]
        return {"Content": [
            [label(own, self.today), p.title, f"https://www.tiktok.com/@{own.handle}/video/{p.number}", label(own, p.posted.date()), p.likes,
             p.comments, p.shares, p.views]
            for p in found
        ]}  # fmt: skip

    def body(self, report: str) -> bytes:
        """The file."""
        if "login_page_as_data" in self.faults:
            from .site import LOGIN_AS_DATA

            return LOGIN_AS_DATA
        tables = self.tables(report)
        if "bare_csv" in self.faults and report != "followers":
            return next(iter(tables.values()))
        entries = {f"{name}.csv": body for name, body in tables.items()}
        if "zip_path" in self.faults:
            entries = {f"../{name}": body for name, body in entries.items()}
        if "two_reports" in self.faults and report == "overview":
            entries |= {f"{name}.csv": body for name, body in self.tables("viewers").items()}
        data = packed(entries, self.today)
        if "zip_damaged" in self.faults:
            spot = data.index(b'"\n"') + 3
            data = data[:spot] + bytes((data[spot] ^ 1,)) + data[spot + 1 :]
        return data

    # -- the answers behind the pages -----------------------------------------------------------------------------------------

    def insight(self, asked: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The answer to `type_requests`: histories oldest first, ending `end_days` before today."""
        answer: dict[str, Any] = {"status_code": 0, "status_msg": "", "extra": {"now": _at(self.today)}}
        for one in asked:
            name = one["insigh_type"]
            if name == "follower_num":
                answer[name] = {"status": 0, "value": world.day_of(self.figures, self.last).followers}
            elif not ("insight_type_missing" in self.faults and name == "share_history"):
                until = self.today - timedelta(days=int(one.get("end_days", 0)))
                answer[name] = [self._entry(name, day) for day in world.days_until(until, int(one["days"]))]
        if "session_inside" in self.faults:
            answer["debug"] = {"cookie": "sessionid=0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
        return answer

    def _entry(self, name: str, day: date) -> dict[str, int]:
        if day > self.last or day < self.creator.told_since or "empty_data" in self.faults:
            return {"status": 2}
        found = self._on(day)
        values = {
            "vv_history": found.views, "pv_history": found.profile_views, "like_history": found.likes, "comment_history": found.comments,
            "share_history": found.shares, "follower_num_history": found.followers,
            "net_follower_history": found.followers - self._on(day - timedelta(days=1)).followers,
        }  # fmt: skip
        return {"status": 0, "value": values[name]}

    def post_page(self, cursor: int, size: int) -> dict[str, Any]:
        """One page of the post list, from `cursor` on, newest first."""
        every = () if "empty_data" in self.faults else world.posts(self.figures, self.today)
        part = every[cursor : cursor + size]
        items = [
            {"item_id": p.number, "desc": p.title, "create_time": int(p.posted.timestamp()), "duration": p.seconds * 1000, "play_count": p.views,
             "like_count": p.likes, "comment_count": p.comments, "share_count": p.shares, "favorite_count": p.favorites}
            for p in part
        ]  # fmt: skip
        return {
            "status_code": 0,
            "status_msg": "",
            "item_list": items,
            "cursor": cursor + len(part),
            "has_more": cursor + len(part) < len(every),
        }


def _at(day: date) -> int:
    """A moment of the day in milliseconds, as answers carry it."""
    return int(datetime.combine(day, time(12), UTC).timestamp()) * 1000


def spelled(answer: dict[str, Any]) -> bytes:
    """An answer as its server writes it."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def workbook(tables: dict[str, bytes]) -> bytes:
    """The tables as a workbook: one sheet each, texts inline."""
    import csv
    from xml.sax.saxutils import escape

    names = list(tables)
    spaces = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    numbers = range(1, len(names) + 1)
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        + "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>' for n in numbers)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f"<workbook {spaces}><sheets>" + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, names, strict=True)) + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(f'<Relationship Id="r{n}" Type="{kind}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers) + "</Relationships>",
    }  # fmt: skip
    for n, name in zip(numbers, names, strict=True):
        rows = csv.reader(io.StringIO(tables[name].decode("utf-8-sig")))
        cells = ("".join(f'<c t="inlineStr"><is><t>{escape(c)}</t></is></c>' for c in row) for row in rows)
        files[f"xl/worksheets/sheet{n}.xml"] = (
            f"<worksheet {spaces}><sheetData>{''.join(f'<row>{c}</row>' for c in cells)}</sheetData></worksheet>"
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(
                zipfile.ZipInfo(name, (2026, 3, 2, 12, 0, 0)),
                f'<?xml version="1.0" encoding="UTF-8"?>{body}',
                zipfile.ZIP_DEFLATED,
            )
    return out.getvalue()
