"""Charts that are tables of rows, each row with its own small SVG: shares of a whole, day bars, effects with intervals.

The rows are real table rows, so that labels wrap, screen readers read them and a phone shows them at full size.
"""

from markupsafe import Markup

from orchestration.reports.charts import Chart, Role
from orchestration.reports.scales import ticks

WIDTH = 1000
STEP = 10


def draw_rows(chart: Chart) -> list[tuple[str, Markup, str]]:
    """Return (label, SVG, note) for each row of a `shares`, `days` or `forest` chart."""
    drawings = {"shares": _shares, "days": _days, "forest": _forest}[chart.kind](chart)
    labels = [series.name for series in chart.series] if chart.kind == "days" else [str(x) for x in chart.x]
    notes = chart.notes or ("",) * len(labels)
    return list(zip(labels, drawings, notes, strict=True))


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


def _shares(chart: Chart) -> list[Markup]:
    rows = []
    for i in range(len(chart.x)):
        left, parts = 0.0, ""
        for series in chart.series:
            width = (series.values[i] or 0.0) * WIDTH
            parts += f'<rect class="fill {series.role}" x="{left:.1f}" width="{width:.1f}" height="20"/>'
            left += width
        # Three quarters decide whether a vital is good.
        parts += f'<path class="limit" d="M{0.75 * WIDTH:g} 0V20"/>'
        rows.append(_svg(parts, WIDTH, 20))
    return rows


def _days(chart: Chart) -> list[Markup]:
    target = chart.thresholds[0].value
    rows = []
    for series in chart.series:
        paths: dict[Role, str] = {}
        for i, share in enumerate(series.values):
            role = day_role(share, target)
            # Height says it too, for those who cannot tell the colours apart.
            top = {"good": 6, "middling": 3, "bad": 0, "unknown": 20}.get(role, 0)
            paths[role] = paths.get(role, "") + f"M{i * STEP + 1} 28V{top}h{STEP - 2}V28Z"
        parts = "".join(f'<path class="fill {role}" d="{path}"/>' for role, path in sorted(paths.items()))
        rows.append(_svg(parts, len(chart.x) * STEP, 28))
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
