"""Days on which people behave as on no other: which they are, as numbers beside the steps of a series.

What belongs here is the calendar. What a holiday does to a series is learnt in `smoothing`, from each series alone: the
first one that a series has seen counts half, and a holiday that it has never seen is an ordinary day.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

import pandas as pd
from pandas.tseries.holiday import AbstractHolidayCalendar, EasterMonday, GoodFriday, Holiday, USThanksgivingDay
from pandas.tseries.offsets import DateOffset, Day

from models.smoothing import Index

_FOURTH_THURSDAY = cast(DateOffset, USThanksgivingDay.offset)
# Days that shops of many countries feel; a country's own are named in the configuration.
USUAL = [
    Holiday("new year", month=1, day=1),
    GoodFriday,
    EasterMonday,
    Holiday("labour day", month=5, day=1),
    Holiday("black friday", month=11, day=1, offset=[_FOURTH_THURSDAY, Day(1)]),
    Holiday("cyber monday", month=11, day=1, offset=[_FOURTH_THURSDAY, Day(4)]),
    Holiday("christmas eve", month=12, day=24),
    Holiday("christmas day", month=12, day=25),
    Holiday("second day of christmas", month=12, day=26),
    Holiday("new year's eve", month=12, day=31),
]


def holiday_numbers(days: pd.DatetimeIndex, named: Mapping[str, Sequence[date]] | None = None) -> Index:
    """Number each day: 0 on ordinary ones, else the number of its holiday, the same in every year.

    Args:
        days: ascending, may repeat (hours of a day).
        named: further holidays by name; one of the same day as a usual one takes its place.
    """
    usual = AbstractHolidayCalendar(rules=USUAL).holidays(days[0].normalize(), days[-1], return_name=True)
    by_day = {pd.Timestamp(str(day)): str(name) for day, name in usual.items()}
    by_day |= {pd.Timestamp(day): name for name, dates in (named or {}).items() for day in dates}
    names = days.normalize().map(by_day.get)
    # By first appearance: a day that is forecast changes no number of the days before it.
    return pd.factorize(names, use_na_sentinel=True)[0].astype(int) + 1
