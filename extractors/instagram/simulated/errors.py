"""How Instagram words its refusals, beside the Graph API's own. Seen in public reports unless a line says assumed."""

from __future__ import annotations

from collections.abc import Iterable

from ..._graph.simulated.errors import GraphError
from ..metrics import BEFORE_PROFESSIONAL


def no_permission() -> GraphError:
    return GraphError("(#10) Application does not have permission for this action", 10, status=403)


def no_such_metric(place: int, names: Iterable[str]) -> GraphError:
    return GraphError(f"(#100) metric[{place}] must be one of the following values: {', '.join(names)}", 100)


def wrong_form(names: Iterable[str]) -> GraphError:
    listed = ",".join(names)
    return GraphError(f"(#100) The following metrics ({listed}) should be specified with parameter metric_type=total_value", 100)


def no_total(name: str) -> GraphError:
    """Assumed wording; that follower_count rejects metric_type is seen."""
    return GraphError(f"(#100) ({name}) metric does not support the metric_type parameter", 100)


def wrong_period(names: Iterable[str], period: str) -> GraphError:
    """Assumed wording."""
    return GraphError(f"(#100) Incompatible metrics ({','.join(names)}) with period ({period})", 100)


def window_too_long() -> GraphError:
    return GraphError("(#100) There cannot be more than 30 days (2592000 s) between since and until", 100)


def too_far_back(name: str) -> GraphError:
    return GraphError(f"(#100) ({name}) metric only supports querying data for the last 30 days excluding the current day", 100)


def needs(what: str, names: Iterable[str]) -> GraphError:
    """Assumed wording."""
    return GraphError(f"(#100) The following metrics ({','.join(names)}) require the parameter {what}", 100)


def bad_value(name: str, legal: Iterable[str]) -> GraphError:
    return GraphError(f"(#100) {name} must be one of the following values: {', '.join(legal)}", 100)


def impressions_gone() -> GraphError:
    return GraphError(
        "(#100) Starting from version v22.0 and above, the impressions metric is no longer supported for the queried media.", 100
    )


def unsupported(name: str, product: str) -> GraphError:
    """Assumed wording."""
    return GraphError(
        f"(#100) The Media Insights API does not support the {name} metric for this media product type ({product}).", 100
    )


def before_professional() -> GraphError:
    return GraphError(
        "(#100) Invalid parameter", 100, BEFORE_PROFESSIONAL, title="Media posted before business account conversion",
        user_message="This media was posted before the most recent time the account became a professional one.",
    )  # fmt: skip


def few_viewers() -> GraphError:
    return GraphError("(#10) Not enough viewers for the media to show insights", 10)


def no_child_insights() -> GraphError:
    """Assumed wording; that children of an album have no insights is documented."""
    return GraphError("(#100) Insights are not available for the children of an album", 100)
