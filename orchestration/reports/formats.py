"""How numbers, intervals and times are written for people.

Only wording belongs here: units to text, UTC to the site's zone. What a number means is in the definitions.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from math import floor, isfinite, log10
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

COUNTRIES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "countries.csv"
NOTHING = "–"
NBSP = "\u00a0"  # a number is never parted from its unit
WORDS = {
    "needs_improvement": "needs improvement",
    "not_proven": "not proven",
    "insufficient_data": "too little data",
    "in_force": "in force",
    "not_in_force": "not in force",
    "given_up": "given up",
    "costs_orders": "costs orders",
}
# What objectives count, in words.
COUNTED = {
    "checks": "checks",
    "requests": "requests",
    "page_views": "page views",
    "sessions": "sessions",
    "slices": "slices",
}


@dataclass(frozen=True)
class Formats:
    """Writes values in the site's currency and zone."""

    currency: str
    timezone: str

    def value(self, value: Any, unit: str) -> str:
        """Write one value of a unit: ms, s, share, score, count, money, days, per_minute, bytes, '' (CLS), text, ….

        Args:
            value: a number, a naive UTC datetime (`moment`), a date, a boolean or text; None and NaN become a dash.
            unit: the unit as marts name it.
        """
        if value is None or (isinstance(value, float) and not isfinite(value)):
            return NOTHING
        if unit == "moment":
            return self.moment(value)
        if isinstance(value, datetime | date):
            return day(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if unit == "goal":
            return self.goal(value, "share")
        if unit == "country":
            return country_name(value)
        if isinstance(value, str):
            return WORDS.get(value, value)
        return self._number(float(value) if isinstance(value, Decimal) else value, unit)

    def bounds(self, lower: Any, upper: Any, unit: str) -> str:
        """Write an interval, the unit once where both ends share it."""
        if lower is None or upper is None:
            return ""
        # The smaller end first, as people read it: of what grew, the smaller multiple.
        lower, upper = sorted((lower, upper), reverse=unit == "reduction" and min(lower, upper) < 0)
        low, high = self.value(lower, unit), self.value(upper, unit)
        if NOTHING in (low, high):
            return ""
        if low == high:
            return ""
        number, _, low_unit = low.partition(NBSP)
        if low_unit and low_unit == high.partition(NBSP)[2] and NBSP not in low_unit:
            low = number
        return f"{low} to {high}"

    def goal(self, value: Any, unit: str) -> str:
        """Write a number that somebody chose: without decimals that say nothing."""
        return re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", self.value(value, unit)).replace("." + NBSP, NBSP).rstrip(".")

    def change(self, share: float | None) -> str:
        """Write a relative change with its sign and an arrow."""
        if share is None or not isfinite(share):
            return ""
        arrow = "▲" if share > 0.0005 else "▼" if share < -0.0005 else "■"
        return f"{arrow} {abs(share) * 100:.1f}{NBSP}%"

    def moment(self, instant: datetime) -> str:
        """Write an instant (naive is UTC) in the site's zone."""
        aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        local = aware.astimezone(ZoneInfo(self.timezone))
        return f"{day(local)}, {local:%H:%M}"

    def _number(self, value: float, unit: str) -> str:
        writers = {
            "ms": _milliseconds,
            "s": duration,
            "share": _share,
            "reduction": _reduction,
            "score": lambda v: f"{v:.1f}",
            "money": lambda v: f"{v:,.0f}{NBSP}{self.currency}" if abs(v) >= 1000 else f"{v:,.2f}{NBSP}{self.currency}",
            "days": lambda v: f"{v:,.0f}{NBSP}days",
            "per_minute": lambda v: f"{v:,.1f}{NBSP}/min",
            "bytes": _bytes,
            "": lambda v: f"{v:.3f}",
            "minutes": lambda v: duration(60 * v),
            "burn": lambda v: f"{v:,.0f}" if abs(v) >= 100 else f"{v:.3g}",
            **{unit: _counted(words) for unit, words in COUNTED.items()},
            "percent": lambda v: f"{v:.1f}{NBSP}%",
            "ratio": lambda v: f"{v:.2f}",
            "p": lambda v: "< 0.001" if v < 0.001 else f"{v:.3f}",
            "effect": lambda v: f"{v:+.2g}",
            "points": lambda v: f"{v:+.1f}",
        }
        write = writers.get(unit)
        text = (
            write(value)
            if write
            else f"{value:,.0f}"
            if abs(value) >= 100 or float(value).is_integer()
            else f"{value:,.1f}"
        )
        # What rounds to zero has no sign.
        return text.replace("-", "−") if re.search("[1-9]", text) else text.lstrip("-−+")


def country_name(code: Any) -> str:
    """Write an ISO 3166 code as the country's name; what is none (unknown, other) stays as it is."""
    return _countries().get(str(code), str(code))


@cache
def _countries() -> dict[str, str]:
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        return {row["country"]: row["name"] for row in csv.DictReader(file)}


def day(value: date) -> str:
    """Write a date as 1 Nov 2026."""
    return f"{value.day} {value:%b %Y}"


def short_day(value: date) -> str:
    """Write a date as 1 Nov."""
    return f"{value.day} {value:%b}"


def duration(seconds: float) -> str:
    """Write seconds in the two units that matter."""
    total = round(abs(seconds))
    sign = "−" if seconds < 0 else ""
    if 0 < abs(seconds) < 10:
        return f"{seconds:.1f}{NBSP}s"
    if total < 120:
        return f"{sign}{total}{NBSP}s"
    if total < 7200:
        return f"{sign}{round(total / 60)}{NBSP}min"
    if total < 172800:
        hours, minutes = divmod(round(total / 60), 60)
        return f"{sign}{hours}{NBSP}h{NBSP}{minutes:02d}{NBSP}min" if minutes else f"{sign}{hours}{NBSP}h"
    days, hours = divmod(round(total / 3600), 24)
    return f"{sign}{days}{NBSP}d{NBSP}{hours}{NBSP}h" if hours else f"{sign}{days}{NBSP}d"


def tick(value: float, unit: str, step: float) -> str:
    """Write a tick of an axis: short, with just the decimals that the step needs."""
    if unit == "share":
        value, step, suffix = value * 100, step * 100, NBSP + "%"
    elif unit == "ms":
        value, step, suffix = (value / 1000, step / 1000, NBSP + "s") if step >= 100 else (value, step, NBSP + "ms")
    elif unit == "s":
        scale, suffix = (
            (86400, NBSP + "d")
            if step >= 86400
            else (3600, NBSP + "h")
            if step >= 3600
            else (60, NBSP + "min")
            if step >= 60
            else (1, NBSP + "s")
        )
        value, step = value / scale, step / scale
    elif abs(value) >= 10_000 or step >= 1000:
        scale, suffix = (1_000_000, "M") if step >= 100_000 else (1000, "k")
        value, step = value / scale, step / scale
    else:
        suffix = ""
    decimals = 0 if step >= 1 or step == 0 else min(6, -floor(log10(step) + 1e-9))
    if round(step * 10**decimals, 6) % 1:
        decimals += 1
    return f"{value:,.{decimals}f}{suffix}" if value else f"0{suffix if suffix[:1] == NBSP else ''}"


def _milliseconds(value: float) -> str:
    return f"{value / 1000:.2f}{NBSP}s" if abs(value) >= 1000 else f"{value:.0f}{NBSP}ms"


def _share(value: float) -> str:
    percent = value * 100
    if 99 < percent < 100:
        text = f"{percent:.3f}"
        # Rounding must not turn "nearly" into "all".
        return f"> 99.999{NBSP}%" if float(text) >= 100 else f"{text}{NBSP}%"
    if percent in (0, 100):
        return f"{percent:.0f}{NBSP}%"
    return f"{percent:.2f}{NBSP}%" if abs(percent) < 5 else f"{percent:.1f}{NBSP}%"


def _reduction(share: float) -> str:
    # What grows has no reduction: one of -420 % says nothing to people.
    if share >= 0:
        return f"{_share(share)} less"
    factor = 1 - share
    if factor > 1000:
        return f"> 1,000{NBSP}× as long"
    return f"{factor:,.0f}{NBSP}× as long" if factor >= 10 else f"{factor:.2g}{NBSP}× as long"


def _counted(words: str) -> Callable[[float], str]:
    def write(value: float) -> str:
        number = f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.1f}"
        return number + NBSP + words.replace(" ", NBSP)

    return write


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:,.0f}{NBSP}{unit}" if unit == "B" else f"{value:,.1f}{NBSP}{unit}"
        value /= 1000
    return f"{value:,.1f}{NBSP}GB"
