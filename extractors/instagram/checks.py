"""What no schema can say about any answer of Instagram: whose it is, what was asked and what came, in which form. Pure functions.

Facts about the platform: fact sheet, chapters 4 to 9. What was asked stands in the file itself (`answers`); whose account it is and how many
follow it, in `sidecar.request`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, masked, note, warning

from .._graph.bodies import has_next
from .answers import Answers, Part, after_of, results_of
from .metrics import (
    DEMOGRAPHICS,
    FEW_FOLLOWERS,
    LAG,
    LIMITED,
    is_removed,
    metric_refusal,
    posted_at,
)

AUDIENCES = frozenset(DEMOGRAPHICS[1:])
"""People engaged or reached: not given where there were fewer than a hundred of them (assumed from what is documented of followers)."""
Check = Callable[[Answers, Any], Iterator[Finding]]


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
    """Each name that was asked for came, or it is said why not: refused, on its way, or not given to small audiences.

    No data is an empty list, not zero (documented), so a name may be absent here and there; absent from most answers it is lost.
    """
    few, fresh = few_followers(context), _fresh_posts(context)
    asked: Counter[str] = Counter()
    missing: dict[str, list[str]] = {}
    extra: list[tuple[str, str]] = []
    small: list[str] = []
    for part in content.parts:
        if part.refused is not None or not part.metrics:
            continue
        got = {str(e.get("name")) for e in part.entries}
        extra += [(part.pointer, name) for name in got.difference(part.metrics)]
        lagging = _may_lag(part, context) or fresh is None or part.about in fresh
        asked.update(() if lagging else part.metrics)
        for name in part.metrics:
            if name in got:
                continue
            if (few and name in LIMITED) or name in AUDIENCES:
                small.append(name)
            elif not lagging:
                missing.setdefault(name, []).append(part.pointer)
    for name, places in missing.items():
        make = error if len(places) * 2 > asked[name] else warning
        yield make(
            "completeness.metric-missing", f"{name} was asked for and did not come", stage="completeness", pointer=places[0],
            count=len(places),
        )  # fmt: skip
    if extra:
        yield error("consistency.not-asked", f"{masked(extra[0][1])} came unasked", pointer=extra[0][0], count=len(extra))
    if small:
        yield note(
            "completeness.few-followers", f"not given below {FEW_FOLLOWERS} followers or people: {', '.join(sorted(set(small)))}",
            stage="completeness", count=len(small),
        )  # fmt: skip


def _fresh_posts(context: Any) -> set[str] | None:
    """Posts so young that their insights may still be on their way; None where every post is (stories live for a day)."""
    if context.sidecar.feed == "instagram/stories":
        return None
    listed = context.sibling("instagram/media") if context.sidecar.feed == "instagram/media_insights" else None
    rows = listed.records if listed is not None else ()
    captured = context.sidecar.captured_at
    return {str(r.get("id")) for r in rows if (at := posted_at(r)) is not None and captured - at <= LAG}


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


def asked_once(content: Answers, context: Any) -> Iterator[Finding]:
    """No question stands in the file twice."""
    seen: set[tuple[str, str]] = set()
    twice = []
    for part in content.parts:
        asked = (part.path, repr(sorted(part.params.items())))
        if part.path and asked in seen:
            twice.append(part.pointer)
        seen.add(asked)
    if twice:
        yield error("consistency.asked-twice", "the same question stands in the file twice", pointer=twice[0], count=len(twice))


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


def pages(content: Answers, context: Any) -> Iterator[Finding]:
    """Each page was asked for with the cursor of the page before it, the first without any, and the last has no `paging.next`."""
    lists = [
        p
        for p in content.parts
        if p.path.endswith(("/media", "/stories")) or (not p.path and "period" not in (p.entries or [{}])[0])
    ]
    cursor = None
    for part in lists:
        if part.path and part.params.get("after") != cursor:
            yield error(
                "completeness.pages-missing",
                "a page does not follow on the one before it",
                stage="completeness",
                pointer=part.pointer,
            )
            return
        cursor = after_of(part.document)
    if lists and has_next(lists[-1].document):
        yield error(
            "completeness.pages-missing", "the last page says that there is a further one", stage="completeness",
            pointer=f"{lists[-1].pointer}/paging/next",
        )  # fmt: skip


COMMON: tuple[Check, ...] = (owner, credentials, asked_once, answered, refusals, policy)
ACCOUNT: tuple[Check, ...] = (credentials, account)
