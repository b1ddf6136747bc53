"""What the head and each figure of a custom report may say, field by field.

What the fields are made into belongs to `figures` and `shapes`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from orchestration.settings.parts import Part

Unit = Literal[
    "text", "long", "code", "state", "verdict", "moment", "date",
    "", "ms", "s", "share", "score", "count", "money", "days", "per_minute", "bytes", "minutes", "percent", "ratio",
]  # fmt: skip
MOST_SERIES = 5  # colours that can be told apart


def _parameter_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value) or value == "as_of":
        raise ValueError(f"'{value}' cannot be a parameter; use a-z, 0-9 and _; as_of is the day of data")
    return value


class Parameter(Part):
    """What tells the pages of a report apart: a page is made for each value."""

    label: str = ""
    values: list[str | int] | None = Field(default=None, min_length=1)
    query: str | None = Field(default=None, description="SQL whose first column has the values")

    @model_validator(mode="after")
    def _has_one_source(self) -> "Parameter":
        if (self.values is None) == (self.query is None):
            raise ValueError("has no source of values, or two; give values: [...] or query: select ...")
        return self


class Limits(Part):
    """What a query may take."""

    seconds: float = Field(default=20, gt=0, le=600)
    rows: int = Field(default=10_000, gt=0, le=100_000)


class Front(Part):
    """The head of a report."""

    title: str = Field(min_length=1, description="the heading of the page")
    description: str = ""
    nav: str = Field(default="", max_length=40, description="the name in the navigation; by default the title")
    parameters: dict[Annotated[str, AfterValidator(_parameter_name)], Parameter] = Field(default_factory=dict)
    limits: Limits = Limits()


class Figure(Part):
    """What every figure says: which query it shows, under which title."""

    data: str = Field(description="the name of an SQL block")
    title: str = ""
    note: str = ""
    empty: str = Field(default="", description="what to say where there are no rows")
    definition: str = Field(default="", description="an anchor of the definitions page, such as lcp")

    def columns(self) -> list[tuple[str, str]]:
        """The columns that the figure reads, each with the field that names it."""
        given = [(field, getattr(self, field, None)) for field in self._reads()]
        return [
            (field, name)
            for field, value in given
            for name in (value if isinstance(value, list) else [value])
            if isinstance(name, str) and name
        ]

    def _reads(self) -> tuple[str, ...]:
        return ()


class Threshold(Part):
    """A horizontal line with a meaning."""

    value: float
    label: str


class OverX(Figure):
    """Values over days or labels, one series for each of `y`, or for each value of `by`."""

    x: str
    y: list[str] = Field(min_length=1, max_length=MOST_SERIES)
    by: str = ""
    lower: str = ""
    upper: str = ""
    unit: Unit | None = None
    thresholds: list[Threshold] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("y"), str):
            return {**given, "y": [given["y"]]}
        return given

    @model_validator(mode="after")
    def _fits(self) -> "OverX":
        if self.by and len(self.y) > 1:
            raise ValueError("has several y and a by; with by, one y")
        if bool(self.lower) != bool(self.upper) or (self.lower and len(self.y) > 1):
            raise ValueError("has half an interval, or one for several y; give lower and upper, with one y")
        return self

    def _reads(self) -> tuple[str, ...]:
        return ("x", "y", "by", "lower", "upper")


class Line(OverX):
    """A line for each series."""


class Bar(OverX):
    """Bars over days, stacked; where x is no date, a row for each label."""


class TableColumn(Part):
    """A column of a table."""

    column: str
    label: str = ""
    unit: Unit | None = None
    definition: str = ""


class Table(Figure):
    """Rows of a query, all of its columns unless some are named."""

    select: list[TableColumn] = Field(default_factory=list, alias="columns")
    shown: int = Field(default=25, gt=0, le=500)

    @model_validator(mode="before")
    @classmethod
    def _names_are_columns(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("columns"), list):
            columns = [{"column": part} if isinstance(part, str) else part for part in given["columns"]]
            return {**given, "columns": columns}
        return given

    def columns(self) -> list[tuple[str, str]]:
        """The columns that are named."""
        return [("columns", part.column) for part in self.select]


class Number(Figure):
    """One large number: the first row of a query."""

    value: str
    label: str = ""
    unit: Unit | None = None
    lower: str = ""
    upper: str = ""
    previous: str = Field(default="", description="a column to compare with")

    def _reads(self) -> tuple[str, ...]:
        return ("value", "lower", "upper", "previous")


class Histogram(Figure):
    """How often values fall between round limits; `count` weighs each row."""

    value: str
    count: str = ""
    bins: int = Field(default=20, ge=2, le=100)
    unit: Unit | None = None

    def _reads(self) -> tuple[str, ...]:
        return ("value", "count")


class Map(Figure):
    """A value for each country, coloured good, middling or bad; which end is good follows from the two limits."""

    place: str = Field(description="a column of ISO 3166 alpha-2 codes")
    value: str
    good: float
    poor: float
    unit: Unit | None = None

    def _reads(self) -> tuple[str, ...]:
        return ("place", "value")


class Funnel(Figure):
    """The steps of a journey in the order of the rows, with what is left and what each step loses."""

    step: str
    value: str

    def _reads(self) -> tuple[str, ...]:
        return ("step", "value")


FIGURES: dict[str, type[Figure]] = {
    "line": Line, "bar": Bar, "table": Table, "number": Number, "histogram": Histogram, "map": Map, "funnel": Funnel,
}  # fmt: skip
