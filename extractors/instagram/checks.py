"""What no schema can say about an account's insights: whose they are, what was asked and what came, forms, days, people. Pure functions.

Facts about the platform: fact sheet, chapters 4 to 9. What was asked stands in the file itself (`answers`); whose account it is and how many
follow it, in `sidecar.request`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, masked, note, warning

from .._graph.bodies import has_next
from .answers import Answers, Part, results_of
from .metrics import (
    FEW_FOLLOWERS,
    FOLLOW_TYPES,
    FOLLOWS,
    HISTORY_DAYS,
    LAG,
    LIMITED,
    LONGEST_WINDOW,
    TOP,
    day_that_ends,
    is_pacific_midnight,
    is_removed,
    metric_refusal,
    pacific_day,
)

Check = Callable[[Answers, Any], Iterator[Finding]]
AGES = frozenset({"13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"})
GENDERS = frozenset({"F", "M", "U"})


def asked_about(content: Answers, context: Any) -> str | None:
    """The account that was asked: by the sidecar, else by the questions in the file, else by the last good capture."""
    told = context.sidecar.request.get("user_id")
    if told:
        return str(told)
    return content.facts.get("account") or (context.earlier.facts.get("account") if context.earlier is not None else None)


def owner(content: Answers, context: Any) -> Iterator[Finding]:
    """Every answer is about the account that was asked, and that is the one of the last good capture."""
    asked = asked_about(content, context)
    bad: list[tuple[str, str]] = []
    for part in content.parts:
        expected = asked if part.of_account or not part.path else part.about
        for i, entry in enumerate(part.entries):
            named, slash, _ = str(entry.get("id", "")).partition("/insights/")
            if slash and expected and named.isdecimal() and named != expected:
                bad.append((f"{part.pointer}/data/{i}/id", named))
    if bad:
        yield error(
            "consistency.wrong-account", "answers belong to another account or post than was asked", pointer=bad[0][0],
            expected=f"…{(asked or '')[-4:]}", seen=f"…{bad[0][1][-4:]}", count=len(bad),
        )  # fmt: skip
    known = context.earlier.facts.get("account") if context.earlier is not None else None
    if known and asked and known != asked:
        yield error(
            "consistency.wrong-account", "this is another account than that of the last good capture", expected=f"…{known[-4:]}",
            seen=f"…{asked[-4:]}",
        )  # fmt: skip


def credentials(content: Answers, context: Any) -> Iterator[Finding]:
    """No access token and no proof stands in the file in clear."""
    if content.leaks:
        yield error(
            "consistency.credential-in-clear", "a live credential of the platform stands in the file", expected="masked with *",
            seen=f"byte {content.leaks[0]}", count=len(content.leaks),
        )  # fmt: skip


def answered(content: Answers, context: Any) -> Iterator[Finding]:
    """Each name that was asked for came, or it is said why not: refused, given up, or not given to small accounts. No data is empty, not zero."""
    few = few_followers(context)
    missing: dict[str, list[str]] = {}
    extra: list[tuple[str, str]] = []
    small: list[str] = []
    for part in content.parts:
        if part.refused is not None or not part.metrics:
            continue
        got = [str(e.get("name")) for e in part.entries]
        extra += [(part.pointer, name) for name in got if name not in part.metrics]
        lagging = _may_lag(part, context)
        for name in part.metrics:
            if name not in got and few and name in LIMITED:
                small.append(name)
            elif name not in got and not lagging:
                missing.setdefault(name, []).append(part.pointer)
    for name, places in missing.items():
        yield error(
            "completeness.metric-missing", f"{name} was asked for and did not come", stage="completeness", pointer=places[0],
            count=len(places),
        )  # fmt: skip
    if extra:
        yield error("consistency.not-asked", f"{masked(extra[0][1])} came unasked", pointer=extra[0][0], count=len(extra))
    if small:
        yield note(
            "completeness.few-followers", f"not given to accounts below {FEW_FOLLOWERS} followers: {', '.join(sorted(set(small)))}",
            stage="completeness", count=len(small),
        )  # fmt: skip


def few_followers(context: Any) -> bool:
    count = context.sidecar.request.get("followers_count", "")
    return count.isdecimal() and int(count) < FEW_FOLLOWERS


def _may_lag(part: Part, context: Any) -> bool:
    """Whether everything a question is about lies within the platform's lag before the capture."""
    span = part.moments()
    return span is not None and context.sidecar.captured_at - span[0] <= LAG + timedelta(days=1)


def refusals(content: Answers, context: Any) -> Iterator[Finding]:
    """What the platform refused: metrics it gave up are told apart from metrics it does not give here. Others still landed."""
    kinds: dict[str, dict[str, str]] = {}
    other: list[tuple[str, Any]] = []
    for part in content.parts:
        if part.refused is None:
            continue
        why = metric_refusal(str(part.refused.get("message", ""))) if part.refused.get("code") == 100 else None
        if why is None:
            other.append((part.pointer, part.refused.get("code")))
        for name in part.metrics if why else ():
            kinds.setdefault(why or "", {}).setdefault(name, part.pointer)
    for why, text in (
        ("removed", "the platform gave up"), ("unsupported", "the platform does not give here"), ("form", "asked in a form that the platform no longer takes:"),
    ):  # fmt: skip
        names = kinds.get(why, {})
        if names:
            yield warning(
                f"completeness.metric-{'removed' if why == 'removed' else 'refused'}", f"{text} {', '.join(sorted(names))}",
                stage="completeness", pointer=next(iter(names.values())), count=len(names),
            )  # fmt: skip
    if other:
        yield error(
            "completeness.refused", "the platform refused a question for a reason that is no metric's", stage="completeness",
            pointer=other[0][0], seen=f"code {other[0][1]}", count=len(other),
        )  # fmt: skip


def policy(content: Answers, context: Any) -> Iterator[Finding]:
    """No metric that the platform gave up, and every metric in its own form: series with days, totals as one number, whole numbers from 0."""
    media = context.sidecar.feed in ("instagram/media_insights", "instagram/stories")
    old: list[tuple[str, str]] = []
    for part in content.parts:
        for i, entry in enumerate(part.entries):
            if "name" in entry and is_removed(str(entry["name"]), media=media):
                old.append((f"{part.pointer}/data/{i}/name", str(entry["name"])))
    if old:
        names = ", ".join(sorted({name for _, name in old}))
        yield error(
            "consistency.removed-metric", f"metrics that the platform gave up: {names}", pointer=old[0][0], count=len(old)
        )
    words = {"form": "a metric has another form than its kind", "end_time": "end_time is not midnight in California", "twice": "a day or post has a metric twice"}  # fmt: skip
    codes = {"form": "consistency.wrong-form", "end_time": "consistency.end-time", "twice": "consistency.value-repeats"}
    for what, text in words.items():
        found = [(where, value) for where, kind, value in content.odd if kind == what]
        if found:
            yield error(codes[what], text, pointer=found[0][0], seen=masked(found[0][1]), count=len(found))
    yield from _numbers(content)


def _numbers(content: Answers) -> Iterator[Finding]:
    bad: list[tuple[str, str]] = []
    for part in content.parts:
        for i, entry in enumerate(part.entries):
            where = f"{part.pointer}/data/{i}"
            total = entry.get("total_value")
            found = [(f"{where}/values", v.get("value")) for v in entry.get("values") or () if isinstance(v, dict)]
            if isinstance(total, dict):
                found += [(f"{where}/total_value", total["value"])] if "value" in total else []
                found += [(f"{where}/total_value", value) for _, value in results_of(total)]
            for place, value in found:
                if isinstance(value, dict) and entry.get("name") == "online_followers":
                    hours = [h for h, n in value.items() if not (h.isdecimal() and int(h) < 24 and type(n) is int and n >= 0)]
                    bad += [(place, hours[0])] if hours else []
                elif not (type(value) is int and value >= 0):
                    bad.append((place, value))
    if bad:
        yield error(
            "consistency.not-a-count",
            "a value is no whole number from 0",
            pointer=bad[0][0],
            seen=masked(bad[0][1]),
            count=len(bad),
        )


def series_days(content: Answers, context: Any) -> Iterator[Finding]:
    """Values lie inside (since, until], one a day, none missing in between; the last two days may still be on their way (documented)."""
    outside: list[str] = []
    season = 0
    have: dict[str, dict[date, str]] = {}
    wanted: dict[str, set[date]] = {}
    for part in content.parts:
        span = part.moments()
        for metric in part.metrics if part.refused is None else ():
            wanted.setdefault(metric, set()).update(_days_between(span))
        for i, entry in enumerate(part.entries):
            for k, item in enumerate(entry.get("values") or ()):
                where = f"{part.pointer}/data/{i}/values/{k}"
                try:
                    day = day_that_ends(item["end_time"])
                    season += not is_pacific_midnight(item["end_time"])
                except (ValueError, KeyError, TypeError):
                    continue
                have.setdefault(str(entry.get("name")), {})[day] = where
                if span and not pacific_day(span[0]) <= day < pacific_day(span[1]):
                    outside.append(where)
    if outside:
        yield error(
            "consistency.outside-range",
            "a value lies outside the range that was asked for",
            pointer=outside[0],
            count=len(outside),
        )
    if season:
        yield note("consistency.end-time-season", "end_time has the hour of the other season: the day is the same", count=season)
    newest = context.sidecar.captured_at.date() - LAG - timedelta(days=1)
    for name, days in have.items():
        due = {d for d in wanted.get(name, ()) if d < newest} | _between(days)
        lost = sorted(due - days.keys())
        if lost:
            yield error(
                "completeness.days-missing", f"{name} has no value for days that were asked for", stage="completeness", column=name,
                seen=lost[0].isoformat(), count=len(lost),
            )  # fmt: skip


def _days_between(span: Any) -> set[date]:
    if span is None:
        return set()
    first, last = pacific_day(span[0]), pacific_day(span[1])
    return {first + timedelta(days=n) for n in range((last - first).days)}


def _between(days: dict[date, str]) -> set[date]:
    first, last = min(days), max(days)
    return {first + timedelta(days=n) for n in range((last - first).days)}


def windows(content: Answers, context: Any) -> Iterator[Finding]:
    """No question spans more than the platform allows, and follower_count none that it no longer has."""
    long = [p.pointer for p in content.parts if (span := p.moments()) and span[1] - span[0] > LONGEST_WINDOW]
    if long:
        yield error("consistency.window-too-long", "a question spans more than 30 days", pointer=long[0], count=len(long))
    back = context.sidecar.captured_at.date() - timedelta(days=HISTORY_DAYS + 2)
    old = [
        p.pointer for p in content.parts if "follower_count" in p.metrics and (m := p.moment("since")) and pacific_day(m) < back
    ]
    if old:
        yield warning("consistency.window-too-old", f"follower_count reaches back {HISTORY_DAYS} days only", pointer=old[0])


def deltas(content: Answers, context: Any) -> Iterator[Finding]:
    """follower_count is new followers a day, never their total: day after day as many as follow in all cannot be."""
    total = context.sidecar.request.get("followers_count", "")
    values = [v for v in content.column("follower_count") if type(v) is int] if "follower_count" in content.columns else []
    if total.isdecimal() and len(values) >= 3 and int(total) >= FEW_FOLLOWERS and min(values) * 2 > int(total):
        yield error(
            "consistency.delta-is-total", "follower_count holds totals where new followers are due", column="follower_count",
            expected="new followers a day", seen=str(min(values)),
        )  # fmt: skip


def total_days(content: Answers, context: Any) -> Iterator[Finding]:
    """Each total is asked for one day, day after day; a day without any answer is lost, unless it is among the last two."""
    asked: dict[date, str] = {}
    long: list[str] = []
    for part in content.parts:
        span = part.moments()
        if span is None:
            continue
        if (pacific_day(span[1]) - pacific_day(span[0])).days != 1:
            long.append(part.pointer)
        asked.setdefault(pacific_day(span[0]), part.pointer)
    if long:
        yield error(
            "consistency.not-daily",
            "a total spans more than one day: it cannot stand in a series",
            pointer=long[0],
            count=len(long),
        )
    request = context.sidecar.request
    due = set(asked)
    try:
        first, last = date.fromisoformat(request["first"]), date.fromisoformat(request["last"])
        due |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    except (KeyError, ValueError):
        pass
    newest = context.sidecar.captured_at.date() - LAG - timedelta(days=1)
    lost = sorted(d for d in due - {r["day"] for r in content.records} if d < newest)
    if lost:
        yield error(
            "completeness.days-missing", "days that were asked for have no totals", stage="completeness", seen=lost[0].isoformat(),
            count=len(lost),
        )  # fmt: skip


def follow_types(content: Answers, context: Any) -> Iterator[Finding]:
    """follows_and_unfollows comes split into gained and lost; without its breakdown it says nothing (seen)."""
    bad = []
    for part in content.parts:
        for i, entry in enumerate(part.entries):
            if entry.get("name") != FOLLOWS:
                continue
            kinds = Counter(str(dims[0]) for dims, _ in results_of(entry.get("total_value")) if dims)
            if not kinds or not kinds.keys() <= FOLLOW_TYPES.keys() or max(kinds.values()) > 1:
                bad.append(f"{part.pointer}/data/{i}/total_value")
    if bad:
        yield error(
            "consistency.follow-types", "follows and unfollows are not told apart", pointer=bad[0], expected="FOLLOWER and NON_FOLLOWER",
            count=len(bad),
        )  # fmt: skip


def people(content: Answers, context: Any) -> Iterator[Finding]:
    """No breakdown counts more followers than there are, none has more values than the platform lists, and groups are of their kind."""
    followers = context.sidecar.request.get("followers_count", "")
    sums: Counter[tuple[str, str]] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    odd: list[int] = []
    for i, row in enumerate(content.records):
        group = (row["metric"], row["breakdown"])
        sums[group] += row["value"] if type(row["value"]) is int else 0
        sizes[group] += 1
        if not _is_group(row["breakdown"], row["group"]):
            odd.append(i)
    for (metric, breakdown), total in sums.items():
        if metric == "follower_demographics" and followers.isdecimal() and total > int(followers):
            yield error(
                "consistency.more-than-followers", f"{breakdown}: more followers than the account has", expected=f"at most {followers}",
                seen=str(total),
            )  # fmt: skip
        if "," not in breakdown and sizes[metric, breakdown] > TOP:
            yield error(
                "consistency.too-many-groups", f"{breakdown} lists more than {TOP} groups", seen=str(sizes[metric, breakdown])
            )
    if odd:
        yield warning(
            "consistency.unknown-group", "a group is none of its breakdown's kind", place=content.place(odd[0]),
            seen=masked(content.records[odd[0]]["group"]), count=len(odd),
        )  # fmt: skip


def _is_group(breakdown: str, group: str) -> bool:
    if breakdown == "country":
        return len(group) == 2 and group.isascii() and group.isupper()
    kinds = {"age": AGES, "gender": GENDERS}
    names, parts = breakdown.split(","), group.split(" ")
    return not all(n in kinds for n in names) or (
        len(parts) == len(names) and all(p in kinds[n] for n, p in zip(names, parts, strict=True))
    )


def people_came(content: Answers, context: Any) -> Iterator[Finding]:
    """Demographics hold rows, unless the account is too small for them."""
    if not content.records and not few_followers(context):
        yield error(
            "completeness.no-rows", "the capture holds no rows", stage="completeness", expected="1 or more rows", seen="0 rows"
        )


def account(content: Answers, context: Any) -> Iterator[Finding]:
    """The node is that of the account that was asked, and its user name is the one of the last good capture."""
    row = content.records[0]
    asked = context.sidecar.request.get("user_id") or (content.parts[0].about or None)
    named = str(row.get("user_id", row.get("id")))
    if asked and named != asked:
        yield error(
            "consistency.wrong-account",
            "this is another account than was asked",
            expected=f"…{asked[-4:]}",
            seen=f"…{named[-4:]}",
        )
    before = context.previous()
    if before is not None and before.records:
        old = before.records[0]
        if str(old.get("user_id", old.get("id"))) != named:
            yield error(
                "consistency.wrong-account", "this is another account than that of the last good capture", seen=f"…{named[-4:]}"
            )
        elif old.get("username") != row.get("username"):
            yield warning(
                "consistency.renamed", "the account's user name changed", column="username", seen=masked(row.get("username"))
            )


def last_page(content: Answers, context: Any) -> Iterator[Finding]:
    """The last page of a list has no `paging.next`: nothing was left unfetched."""
    lists = [
        p
        for p in content.parts
        if p.path.endswith(("/media", "/stories")) or (not p.path and "period" not in (p.entries or [{}])[0])
    ]
    if lists and has_next(lists[-1].document):
        yield error(
            "completeness.pages-missing", "the last page says that there is a further one", stage="completeness",
            pointer=f"{lists[-1].pointer}/paging/next",
        )  # fmt: skip


COMMON: tuple[Check, ...] = (owner, credentials, answered, refusals, policy)
ACCOUNT: tuple[Check, ...] = (credentials, account)
SERIES: tuple[Check, ...] = (*COMMON, series_days, windows, deltas)
TOTALS: tuple[Check, ...] = (*COMMON, total_days, windows, follow_types)
DEMOGRAPHICS: tuple[Check, ...] = (*COMMON, people, people_came)
