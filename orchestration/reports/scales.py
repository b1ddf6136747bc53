"""Axes: round tick values for numbers, well-spread ticks for days. Arithmetic only."""

from math import ceil, floor, log10

from orchestration.reports.charts import Chart

CLOCK_STEPS = (
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    21600,
    43200,
    86400,
    172800,
    432000,
    864000,
    1728000,
    4320000,
    8640000,
)


def ticks(low: float, high: float, unit: str = "", count: int = 4) -> list[float]:
    """Return about `count` round values that cover low to high.

    Steps are 1, 2, 2.5 or 5 times a power of ten; for seconds, round minutes, hours or days.
    """
    if high <= low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / count
    power = 10.0 ** floor(log10(rough))
    if unit == "s" and 30 < rough < CLOCK_STEPS[-1]:
        step = next(float(step) for step in CLOCK_STEPS if step >= rough)
    else:
        step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def value_range(chart: Chart) -> tuple[float, float]:
    """Return the lowest and highest value that the y axis must hold; bars start at zero."""
    if chart.kind == "bar":
        stacks = zip(*[series.values for series in chart.series], strict=True)
        values = [sum(v or 0.0 for v in stack) for stack in stacks] + [0.0]
    else:
        rows = [bound for s in chart.series for bound in (s.values, s.lower, s.upper) if bound is not None]
        values = [v for row in rows for v in row if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    # A threshold far away would flatten the line that people came to read.
    reach = max(high - low, abs(high) * 0.1)
    near = [t.value for t in chart.thresholds if low - 2 * reach <= t.value <= high + 2 * reach]
    low, high = min([low, *near]), max([high, *near])
    if chart.kind == "line" and 0 <= low < 0.35 * high:
        low = 0.0
    if chart.unit == "share":
        high = min(high, 1.0)
    return low, high


def day_ticks(count: int, wanted: int = 4) -> list[int]:
    """Return the positions of `wanted` days that are spread evenly over `count` days, the last one included."""
    if count <= wanted:
        return list(range(count))
    return sorted({count - 1 - round(i * (count - 1) / (wanted - 1)) for i in range(wanted)})
