"""What no schema can say about demographics: all were asked for, nobody counts twice, groups are of their kind. Pure functions.

Facts about the platform: fact sheet, chapters 4 and 9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, masked, note, warning

from .answers import Answers
from .checks import COMMON, Check, few_followers
from .metrics import BREAKDOWNS, TOP
from .metrics import DEMOGRAPHICS as NAMES

EVERY = timedelta(days=8)
AGES = frozenset({"13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"})
GENDERS = frozenset({"F", "M", "U"})


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
    if sums and not any(sums.values()):
        yield warning(
            "consistency.all-zero", "groups are listed, and nobody is in any of them", seen="0", count=len(content.records)
        )
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


def all_asked(content: Answers, context: Any) -> Iterator[Finding]:
    """Each audience was asked for by each breakdown."""
    if not any(part.path for part in content.parts):
        return
    without = context.sidecar.request.get("without", "").split(",")
    asked = {(metric, part.params.get("breakdown")) for part in content.parts for metric in part.metrics}
    lost = [
        f"{metric} by {breakdown}"
        for metric in NAMES
        for breakdown in BREAKDOWNS
        if (metric, breakdown) not in asked and metric not in without
    ]
    if lost:
        yield error("completeness.not-asked", f"{lost[0]} was not asked for", stage="completeness", count=len(lost))


def weekly(content: Answers, context: Any) -> Iterator[Finding]:
    """People are a snapshot of the moment: no week goes by without one."""
    if context.earlier is not None and (gap := context.sidecar.captured_at - context.earlier.captured_at) > EVERY:
        yield note("freshness.snapshot-missed", f"{gap.days} days since the last snapshot: those between are lost", stage="freshness", expected="at most 8 days")  # fmt: skip


DEMOGRAPHICS: tuple[Check, ...] = (*COMMON, all_asked, people, people_came, weekly)
