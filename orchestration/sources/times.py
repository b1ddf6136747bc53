"""Instants of exports as SQL: epochs of any unit, ISO 8601, and naive times in the hours that a clock change touches.

A zone that puts its clocks back has an hour twice: the order of the file tells which of the two a naive time means. A
naive time that clocks skipped is no time. Rows outside such hours cost a comparison in the weeks of a change, and
nothing in others.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from orchestration.sources.feed import FIRST_YEAR, LAST_YEAR, Feed, Field
from orchestration.sources.literals import literal

_FROM, _UNTIL = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
_FROM_S, _UNTIL_S = int(_FROM.timestamp()), int(_UNTIL.timestamp())
# Units of an epoch, as parts of a second. Each is a thousand times the one before: no number is a date in two of them.
_UNITS = (1, 10**3, 10**6, 10**9)
# A time of day without an offset or a zone behind it. A date alone is a day and no instant that a clock skips.
_NAIVE = r"\s*\d{4}[-/ ]\d{1,2}[-/ ]\d{1,2}[T ]+\d{1,2}:\d{1,2}(:\d{1,2}([.]\d*)?)?\s*"
# In rows without a series (orders, errors) a time a little before that of the row above is disorder, no clock change.
_DISORDER_S = 60


@dataclass(frozen=True)
class ClockChange:
    """The instant at which clocks of a zone were put forward (`shift` above zero) or back."""

    at: datetime
    offset_before: timedelta
    shift: timedelta

    @property
    def hour(self) -> tuple[datetime, datetime]:
        """The local times that clocks skipped or show twice, as naive times: begin, and end that is outside."""
        before = (self.at + self.offset_before).replace(tzinfo=None)
        return min(before, before + self.shift), max(before, before + self.shift)


def clock_changes(timezone: str, first: date, last: date) -> tuple[ClockChange, ...]:
    """Returns the changes of a zone's clocks from a day before `first` to a day after `last`."""
    days = first - timedelta(days=1), last + timedelta(days=1)
    # A change at the first moment of a year is found in the year before.
    years = range(max(FIRST_YEAR, days[0].year - 1), min(LAST_YEAR, days[1].year) + 1)
    changes = [change for year in years for change in _changes_of(timezone, year)]
    return tuple(change for change in changes if days[0] <= change.at.date() <= days[1])


@cache
def _changes_of(timezone: str, year: int) -> tuple[ClockChange, ...]:
    """Returns the changes of a year: of a century they would cost every ingest 0.15 s."""
    zone = ZoneInfo(timezone)
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    days = [begin + timedelta(days=day) for day in range((end - begin).days + 1)]
    offsets = [_offset(zone, day) for day in days]
    found = []
    for (day, before), (_, after) in pairwise(zip(days, offsets, strict=True)):
        if before != after:
            low, high = 0, 1440
            while high - low > 1:
                middle = (low + high) // 2
                is_later = _offset(zone, day + timedelta(minutes=middle)) == before
                low, high = (middle, high) if is_later else (low, middle)
            found.append(ClockChange(day + timedelta(minutes=high), before, after - before))
    return tuple(found)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def instant(text: str) -> str:
    """Returns SQL for an instant in UTC, NULL if a text is none: an epoch, or ISO 8601 in the session's time zone.

    An epoch is in the unit that puts it between FIRST_YEAR and LAST_YEAR. A naive time that clocks show twice is taken
    for one of the two.
    """
    number, zoned = f"try_cast({text} as double)", f"try_cast({text} as timestamptz)"
    # Of magnitudes the commonest comes first: browsers count milliseconds.
    units = " ".join(
        f"when {number} >= {_FROM_S * unit} and {number} < {_UNTIL_S * unit} "
        f"then make_timestamp(round({number} * {10**6 / unit!r})::bigint)"
        for unit in sorted(_UNITS, key=lambda unit: unit != 10**3)
    )
    return (
        f"case when {number} is not null then case {units} end "
        f"when {zoned} >= {literal(_FROM.isoformat())}::timestamptz "
        f"and {zoned} < {literal(_UNTIL.isoformat())}::timestamptz then timezone('UTC', {zoned}) end"
    )


def is_of_other_years(text: str) -> str:
    """Returns SQL that tells whether a text is a number or a time, but of no year that an export can be about."""
    number, zoned = f"try_cast({text} as double)", f"try_cast({text} as timestamptz)"
    return (
        f"case when {number} is not null then isfinite({number}) and {instant(text)} is null "
        f"else {zoned} is not null and {instant(text)} is null end"
    )


def variables(changes: tuple[ClockChange, ...]) -> dict[str, object]:
    """Returns the session variables by which the functions below know clock changes, however many there are."""
    days = {day.date() for change in changes for day in (change.at - abs(change.shift), change.at + abs(change.shift))}
    rows = [
        {
            "begin": change.hour[0],
            "finish": change.hour[1],
            "first_at": (change.at + change.shift).replace(tzinfo=None),
            "at": change.at.replace(tzinfo=None),
            "offset_s": int(change.offset_before.total_seconds()),
            "shift_s": int(change.shift.total_seconds()),
        }
        for change in changes
    ]
    return {"change_days": sorted(days), "clock_changes": rows}


def is_touched(time: str, text: str) -> str:
    """Returns SQL that tells whether a naive time lies on a day around a clock change."""
    is_near = f"list_contains(getvariable('change_days'), {time}::date)"
    return f"({is_near} and regexp_full_match({text}, {literal(_NAIVE)}))"


def first_pass(time: str, text: str) -> str:
    """Returns SQL for an instant, which is the first pass of a naive time in a repeated hour; NULL in a skipped one."""
    local = f"try_cast({text} as timestamp)"
    change = f"list_filter(getvariable('clock_changes'), lambda c: {local} >= c.begin and {local} < c.finish)[1]"
    meant = (
        f"list_transform([{change}], lambda c: case when c is null then {time} "
        f"when c.shift_s < 0 then {local} - to_seconds(c.offset_s) end)[1]"
    )
    return f"case when {is_touched(time, text)} then {meant} else {time} end"


def second_pass(time: str, text: str) -> str:
    """Returns SQL for the second pass of the instant that `first_pass` gives, or NULL if it has no second one."""
    is_first = f"c.shift_s < 0 and {time} >= c.first_at and {time} < c.at"
    change = f"list_filter(getvariable('clock_changes'), lambda c: {is_first})[1]"
    return f"case when {is_touched(time, text)} then {time} - to_seconds({change}.shift_s) end"


def in_passes(relation: str, feed: Feed, texts: dict[Field, str]) -> str:
    """Returns SQL that finds by the order of a file which pass of a repeated hour its naive times mean.

    `relation` has `_source_file`, `_number`, and every time as `first_pass` gives it. Rows of one series that lie
    together in the hour are of the second pass from the largest step back on. A file whose newest rows come first is
    read from its end. The row's other times are those nearest after the one that dates it.
    """
    time = feed.time
    main = next(field for field in texts if field.name == time)
    # A series has one row a time: the same time again is a step back. Orders may well share a second.
    is_step = "_back >= interval 0 second" if feed.series else f"_back > interval {_DISORDER_S} second"
    series = "partition by " + ", ".join(("_source_file", *feed.series))
    before = f"lag(epoch_us({time})) over ({series} order by _number)"
    steps = (
        f"select *, {second_pass(time, texts[main])} as _second, sign(epoch_us({time}) - {before}) as _step",
        f"select *, if(coalesce(sum(_step) over ({series}), 0) < -1, -_number, _number) as _way",
        f"select *, sum((_second is null and {time} is not null)::int) over ({series} order by _way) as _block",
        f"select *, lag({time}) over ({series}, _block, _second is null order by _way) - {time} as _back",
        f"select *, max(_back) over ({series}, _block, _second is null) as _largest",
        f"select *, min(_way) filter (where _back = _largest and {is_step}) "
        f"over ({series}, _block, _second is null) as _switch",
        "select * exclude (_second, _step, _way, _block, _back, _largest, _switch) "
        f"replace (if(_second is not null and _way >= _switch, _second, {time}) as {time})",
        *(
            f"select * replace (coalesce(if({field.name} < {time}, {second_pass(field.name, text)}, null), "
            f"{field.name}) as {field.name})"
            for field, text in texts.items()
            if field is not main
        ),
    )
    for step in steps:
        relation = f"{step} from ({relation})"
    return relation
