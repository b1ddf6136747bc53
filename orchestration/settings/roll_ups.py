"""Roll-ups: by which dimensions web vitals and sessions are counted, and how a roll-up is called.

One list of dimensions is one roll-up, counted on its own: what is asked for, not everything crossed with everything.
How the cells are counted is the dbt project's business.
"""

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

Dimension = Literal[
    "page_group",
    "device",
    "country",
    "region",
    "browser",
    "browser_version",
    "connection",
    "navigation_type",
    "release",
    "visitor_kind",
]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

# Without these, pages, degradations and the 28-day windows would have nothing to read.
ALWAYS: tuple[tuple[Dimension, ...], ...] = (
    (),
    ("page_group",),
    ("device",),
    ("country",),
    ("country", "region"),
    ("page_group", "device"),
    ("page_group", "device", "country"),
)
DEFAULT: tuple[tuple[Dimension, ...], ...] = (
    ("browser",),
    ("browser", "browser_version"),
    ("connection",),
    ("navigation_type",),
    ("release",),
    ("visitor_kind",),
    ("page_group", "country"),
    ("page_group", "browser"),
    ("page_group", "release"),
)


def named(dimensions: Iterable[Dimension]) -> str:
    """Return what a roll-up is called in the marts: its dimensions in their fixed order, or `site` for none."""
    return ", ".join(_in_order(dimensions)) or "site"


def effective(configured: Iterable[tuple[Dimension, ...]]) -> dict[str, tuple[Dimension, ...]]:
    """Return the roll-ups that are counted, by name: those that always are, then the configured ones."""
    return {named(dimensions): _in_order(dimensions) for dimensions in (*ALWAYS, *configured)}


def _in_order(dimensions: Iterable[Dimension]) -> tuple[Dimension, ...]:
    return tuple(sorted(dimensions, key=DIMENSIONS.index))


def _no_dimension_twice(dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    for dimension in dimensions:
        if dimensions.count(dimension) > 1:
            raise ValueError(f"'{dimension}' stands twice in one roll-up; name each dimension once")
    return dimensions


def _no_roll_up_twice(roll_ups: tuple[tuple[Dimension, ...], ...]) -> tuple[tuple[Dimension, ...], ...]:
    names = [named(dimensions) for dimensions in roll_ups]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the roll-up [{name}] stands here twice; the order of dimensions makes no difference")
    return roll_ups


RollUp = Annotated[tuple[Dimension, ...], AfterValidator(_no_dimension_twice)]
RollUps = Annotated[tuple[RollUp, ...], AfterValidator(_no_roll_up_twice)]
