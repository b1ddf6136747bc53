"""Charts that are tables of rows, each row with its own small SVG: shares, days, matrices, stretches of time, effects.

The rows are real table rows, so that labels wrap, screen readers read them and a phone shows them at full size.
"""

from datetime import datetime

from markupsafe import Markup, escape

from orchestration.reports.charts import Chart, Role
from orchestration.reports.scales import ticks

WIDTH = 1000
STEP = 10
SLIMMEST = 4.0
# More bars than these are too slim to point at, and their words would be most of a page.
MOST_TOLD = 120
# Where zero is in a row of a matrix.
MIDDLE = 16
HEIGHTS: dict[Role, int] = {"good": 6, "middling": 3, "bad": 0, "unknown": 20, "c1": 14}


def draw_rows(chart: Chart) -> list[tuple[str, Markup, str]]:
    """Return (label, SVG, note) for each row of a `shares`, `bars`, `days`, `matrix`, `spans` or `forest` chart."""
    kinds = {"shares": _shares, "bars": _shares, "days": _days, "matrix": _matrix, "spans": _spans, "forest": _forest}
    draw = kinds[chart.kind]
    labels = [series.name for series in chart.series] if chart.is_told else [str(x) for x in chart.x]
    notes = chart.notes or ("",) * len(labels)
    return list(zip(labels, draw(chart), notes, strict=True))


def day_role(share: float | None, target: float) -> Role:
    """Return how a day is coloured: unknown, at target, below it, or far below it (ten budgets spent)."""
    if share is None:
        return "unknown"
    if share >= target:
        return "good"
    return "middling" if share >= 1 - 10 * (1 - target) else "bad"


def forest_range(chart: Chart) -> tuple[float, float]:
    """Return the common axis of a forest plot: round, and with zero in it."""
    series = chart.series[0]
    ends = [v for bound in (series.lower, series.upper) if bound for v in bound if v is not None]
    marks = ticks(min([0.0, *ends]), max([0.0, *ends]))
    return marks[0], marks[-1]


def longest_bar(chart: Chart) -> float:
    """Return the end of the common axis of `bars`: the longest row, its parts together."""
    rows = zip(*[series.values for series in chart.series], strict=True)
    return max((sum(value or 0.0 for value in row) for row in rows), default=0.0) or 1.0


def _shares(chart: Chart) -> list[Markup]:
    rows = []
    whole = longest_bar(chart) if chart.kind == "bars" else 1.0
    for i in range(len(chart.x)):
        left, parts = 0.0, ""
        for series in chart.series:
            width = (series.values[i] or 0.0) / whole * WIDTH
            parts += f'<rect class="fill {series.role}" x="{left:.1f}" width="{width:.1f}" height="20"/>'
            left += width
        parts += "".join(f'<path class="limit" d="M{t.value / whole * WIDTH:g} 0V20"/>' for t in chart.thresholds)
        rows.append(_svg(parts, WIDTH, 20))
    return rows


def _days(chart: Chart) -> list[Markup]:
    rows = []
    for series in chart.series:
        roles = series.roles or tuple(day_role(share, chart.thresholds[0].value) for share in series.values)
        width, parts = len(roles) * STEP, ""
        if series.texts is None or len(roles) > MOST_TOLD:
            gap = 2 if len(roles) <= MOST_TOLD else 0
            paths: dict[Role, str] = {}
            for i, role in enumerate(roles):
                paths[role] = paths.get(role, "") + _bar(i, role, gap)
            parts = "".join(f'<path class="fill {role}" d="{path}"/>' for role, path in sorted(paths.items()))
        else:
            for i, (role, text) in enumerate(zip(roles, series.texts, strict=True)):
                parts += f'<path class="fill {role}" d="{_bar(i, role)}"><title>{escape(text)}</title></path>'
        rows.append(_svg(parts, width, 28))
    return rows


def _bar(i: int, role: Role, gap: int = 2) -> str:
    # Height says it too, for those who cannot tell the colours apart.
    return f"M{i * STEP + gap // 2} 28V{HEIGHTS.get(role, 0)}h{STEP - gap}V28Z"


def _matrix(chart: Chart) -> list[Markup]:
    rows = []
    for series in chart.series:
        width = len(series.values) * STEP
        parts = f'<path class="limit" d="M0 {MIDDLE}H{width}"/>'
        # Counting columns far below their numbers takes something to count by.
        parts += "".join(f'<path class="limit" d="M{x} 0V{2 * MIDDLE}"/>' for x in range(5 * STEP, width, 5 * STEP))
        for i, (value, role, text) in enumerate(
            zip(series.values, series.roles or (), series.texts or (), strict=True)
        ):
            length = 0.0 if value is None else -MIDDLE * value
            bar = f"M{i * STEP + 1} {MIDDLE}v{length:.1f}h{STEP - 2}v{-length:.1f}Z"
            whole = f'<rect class="hover" x="{i * STEP}" width="{STEP}" height="{2 * MIDDLE}"/>'
            parts += f'<g><title>{escape(text)}</title>{whole}<path class="fill {role}" d="{bar}"/></g>'
        rows.append(_svg(parts, width, 2 * MIDDLE))
    return rows


def _spans(chart: Chart) -> list[Markup]:
    start, end = chart.x
    if not (isinstance(start, datetime) and isinstance(end, datetime)):
        raise TypeError("the x of a chart of spans is its two instants at the ends")
    whole = (end - start).total_seconds()
    rows = []
    for series in chart.series:
        parts = '<path class="limit" d="M0 24H1000"/>'
        for span in series.spans:
            left = max(0.0, WIDTH * (span.starts_at - start).total_seconds() / whole)
            right = min(float(WIDTH), WIDTH * (span.ends_at - start).total_seconds() / whole)
            # What lasted minutes must still be seen on an axis of months.
            width = max(right - left, SLIMMEST)
            top = HEIGHTS.get(span.role, 0)
            box = f'x="{min(left, WIDTH - width):.1f}" y="{top}" width="{width:.1f}" height="{24 - top}"'
            parts += f'<rect class="fill {span.role}" {box}><title>{escape(span.text)}</title></rect>'
        rows.append(_svg(parts, WIDTH, 24))
    return rows


def _forest(chart: Chart) -> list[Markup]:
    series = chart.series[0]
    low, high = forest_range(chart)

    def at(value: float) -> float:
        return round(WIDTH * (value - low) / ((high - low) or 1.0), 1)

    rows = []
    for i, value in enumerate(series.values):
        parts = f'<path class="limit" d="M{at(0.0):g} 0V24"/>'
        lower, upper = (bound[i] if bound else None for bound in (series.lower, series.upper))
        if lower is not None and upper is not None:
            parts += f'<path class="stroke {series.role}" d="M{at(lower):g} 12H{at(upper):g}"/>'
        if value is not None:
            parts += f'<path class="dot {series.role}" d="M{at(value):g} 12h0"/>'
        rows.append(_svg(parts, WIDTH, 24))
    return rows


def _svg(parts: str, width: int, height: int) -> Markup:
    return Markup(  # noqa: S704 - numbers and our own class names only
        f'<svg width="100%" height="{height}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'aria-hidden="true">{parts}</svg>'
    )
