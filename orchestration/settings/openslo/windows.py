"""Durations, and the periods over which a budget is given.

Which objective has which window belongs to `slo`.
"""

import re
from datetime import UTC
from zoneinfo import ZoneInfo

from orchestration.settings.openslo.objectives import NOMINAL_DAYS, CalendarUnit, Window
from orchestration.settings.openslo.place import Place
from orchestration.settings.openslo.shapes import start_time

LONGEST_DAYS = 366

_UNITS: dict[str, CalendarUnit] = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
_SECONDS = {"m": 60, "h": 3600} | {letter: 86400 * NOMINAL_DAYS[unit] for letter, unit in _UNITS.items()}


def seconds(place: Place) -> int | None:
    """Returns a duration in seconds (a month is 30 days, a quarter 90, a year 365); a bare number is minutes."""
    if (number := place.number()) is not None:
        return round(60 * number)
    match = _parts(place)
    return match[0] * _SECONDS[match[1]] if match else None


def read_window(place: Place) -> Window | None:
    """Reads the one item of `timeWindow`."""
    if not place.items():
        if place.value is None:
            place.unsupported(
                "is missing: a budget is given for a time", "timeWindow: [{duration: 28d, isRolling: true}]"
            )
        return None
    (place, *_) = place.items()
    match = _parts(place / "duration")
    if match is None:
        return None
    count, letter = match
    if letter not in _UNITS:
        right = f"{count}M for months" if letter == "m" else f"days, such as {max(1, count // 24)}d"
        (place / "duration").unsupported(f"'{count}{letter}' is not a number of days, by which a status is kept", right)
        return None
    days = count * NOMINAL_DAYS[_UNITS[letter]]
    if not 1 <= days <= LONGEST_DAYS:
        (place / "duration").unsupported(
            f"'{count}{letter}' is not a window", f"1d to {LONGEST_DAYS}d, 52w, 12M, 4Q or 1Y"
        )
        return None
    calendar = place / "calendar"
    return _calendar_window(calendar, days, _UNITS[letter], count) if calendar.value is not None else Window(days)


def read_slice(objective: Place, method: str) -> tuple[float | None, int | None]:
    """Reads `timeSliceTarget` and `timeSliceWindow`; returns the share and the seconds."""
    target, window = objective / "timeSliceTarget", objective / "timeSliceWindow"
    if method == "Occurrences":
        for place in (target, window):
            if place.value is not None:
                place.wrong("belongs to time slices", "leave it out, or budgetingMethod: Timeslices")
    if method not in ("Timeslices", "RatioTimeslices"):
        return None, None
    if method == "Timeslices" and target.value is None:
        objective.wrong(
            "has no timeSliceTarget", "the share of a slice that must be good, such as timeSliceTarget: 0.95"
        )
    if method == "RatioTimeslices" and target.value is not None:
        target.wrong("belongs to Timeslices: here slices are averaged, not judged", "leave it out")
    if window.value is None:
        objective.wrong("has no timeSliceWindow", "the length of a slice, such as timeSliceWindow: 5m")
        return None, None
    length = seconds(window)
    if length is not None and (length <= 0 or length % 60 or 86400 % length):
        right = "whole minutes that divide a day, such as 1m, 5m or 1h"
        window.unsupported(f"{window.value!r} is not a slice that can be accounted: slices begin at midnight", right)
    return target.number(), length


def _calendar_window(place: Place, days: int, unit: CalendarUnit, count: int) -> Window | None:
    start, zone = place / "startTime", (place / "timeZone").text()
    at = start_time(start.value)
    if at is None or not zone:
        return None
    if unit in ("month", "quarter", "year") and at.day > 28:
        start.unsupported(f"a {unit} cannot always begin on day {at.day}", "a day from 1 to 28")
        return None
    if at.second or at.minute % 5:
        start.unsupported(
            f"{at:%H:%M:%S} lies within the 5 minutes by which events are kept", "such as 00:00:00 or 12:30:00"
        )
        return None
    try:
        starts_at = at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    except (KeyError, ValueError, OSError, OverflowError):
        return None
    return Window(days, unit, count, starts_at, zone)


def _parts(place: Place) -> tuple[int, str] | None:
    match = re.fullmatch(r"([0-9]{1,6})([mhdwMQY])", place.text())
    return (int(match[1]), match[2]) if match else None
