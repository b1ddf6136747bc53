"""The words in which a format is described: its fields, what each may hold, and what the lake calls it.

Every format has a small module beside this one that says nothing but its fields, or how another tool's become those of
a feed. How they become SQL is in `columns`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "free_text", "url", "user", "currency", "object", "list", "number", "integer", "money", "boolean", "time"
]
NUMERIC: tuple[Kind, ...] = ("number", "integer", "money")

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "free_text": "VARCHAR",
    "url": "VARCHAR",
    "user": "VARCHAR",
    "currency": "VARCHAR",
    "object": "VARCHAR",
    "list": "VARCHAR[]",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "money": "DECIMAL(18,4)",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP",
}


@dataclass(frozen=True)
class Range:
    """The numbers that a field can hold, limits included, and their unit; NaN and infinity are in no range."""

    minimum: float
    maximum: float
    unit: str
    is_above_minimum: bool = False

    def holds(self, number: str) -> str:
        """Returns SQL that tells whether a number lies in the range; false for NaN, NULL for NULL."""
        above = ">" if self.is_above_minimum else ">="
        return f"({number} {above} {self.minimum!r} and {number} <= {self.maximum!r})"


# The longest text of a field, in bytes: a name of a megabyte would be copied into every table that groups by it. A
# longer one counts as a value out of range; a free text is cut, because its beginning says what it is about.
LONGEST: dict[Kind, int] = {
    "text": 1_000,
    "user": 1_000,
    "currency": 1_000,
    "list": 8_192,
    "url": 8_192,
    "free_text": 65_536,
    "object": 65_536,
}

# Any time of any feed lies between these years: what is outside is no date of an export.
FIRST_YEAR, LAST_YEAR = 2000, 2099
EPOCH_MS = Range(946_684_800_000, 4_102_444_799_999, "ms since 1970")
DURATION_MS = Range(0, 86_400_000, "ms")
# A reported metric. What is in this range and no valid value stays in the lake and is counted by its reason in the
# marts; what is outside would overflow their sums.
METRIC = Range(-1e9, 1e9, "ms; CLS without unit")
MONEY = Range(-1e10, 1e10, "of its currency")
WEIGHT = Range(0, 1e6, "page views that a row stands for", is_above_minimum=True)
POSITION = Range(0, 1e9, "place in the line")


@dataclass(frozen=True)
class Field:
    """One column of a raw table, and where a row of an export has it.

    `key` is its name in the export; `or_else` the column, or SQL of columns, that stands in where it has none.
    `choices` are the only values allowed; they are compared without case and stored as given here. A required field
    that is missing or of another type makes the row a reject; an optional one of another type is kept as it came in
    `_extra` and counted.
    `required_unless` is a condition on the columns before it under which the field may be missing.

    A number declares its `range`; a value outside counts as one of another type. An `is_absolute` number loses its sign
    and is counted like a value of another type all the same. A time is an instant of FIRST_YEAR to LAST_YEAR.
    """

    name: str
    kind: Kind = "text"
    key: str = ""
    or_else: str = ""
    required: bool = False
    required_unless: str = ""
    choices: tuple[str, ...] = ()
    type: str = ""
    range: Range | None = None
    is_absolute: bool = False

    def __post_init__(self) -> None:
        """Most fields have the same name in the export and in the lake."""
        if (self.kind in NUMERIC) != (self.range is not None):
            raise ValueError(
                f"The field {self.name} of kind {self.kind} must declare a range if, and only if, it is a number"
            )
        if not self.key:
            object.__setattr__(self, "key", self.name)

    @property
    def sql_type(self) -> str:
        """The type of the column in the lake."""
        return self.type or SQL_TYPES[self.kind]


@dataclass(frozen=True)
class Rule:
    """What the fields of a row must say together, as an SQL condition on its columns; else the row is a reject.

    The reject names the reason and the field. A condition that is NULL holds.
    """

    condition: str
    reason: str
    field: str


@dataclass(frozen=True)
class Feed:
    """One format: the raw table it fills, its fields in the order of the lake, and the field that dates a row.

    Entities (orders, incidents, …) are merged by key and never expire; neither they nor snapshots are held to the
    days around their export day, and those that are planned may lie ahead of it. An `is_occasional` feed is delivered
    when there is something to say, so that its silence is no delay. A file of a feed that is not
    `is_ndjson_only` may be CSV. `strict` names optional fields whose wrong value makes the row a reject all the same,
    because the row would say something false without it. `rules` are what the fields of a row must say together.
    `series` are the columns that tell which rows follow one another in time: in the hour that a clock change repeats,
    such a row that is no later than the one before it is of the second pass.

    Where a line is no flat object of fields, `objects` is SQL that makes of it, `_text`, the list of rows in it:
    structs of texts, one for each key, and `_rest`, a JSON object of what else the row holds, or NULL; NULL for a line
    that is not of this format, and a list of one NULL for one that would take too much memory. `private` matches what
    may be personal in such a line. `joins` are the raw tables whose rows the staged rows join: a day of this table is
    rebuilt, sealed and kept with theirs.
    """

    name: str
    system: str
    table: str
    time: str
    fields: tuple[Field, ...]
    is_entity: bool = False
    is_planned: bool = False
    is_occasional: bool = False
    is_ndjson_only: bool = False
    strict: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    series: tuple[str, ...] = ()
    objects: str = ""
    private: str = ""
    joins: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """The schema of the raw table, such as `raw_probes`."""
        return f"raw_{self.system}"

    @property
    def raw_table(self) -> str:
        """The name that an analyst types, such as `raw_probes.checks`."""
        return f"{self.schema}.{self.table}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name that this format knows in an export."""
        return tuple(field.key for field in self.fields)

    @property
    def time_key(self) -> str:
        """The name in an export of the field that dates a row."""
        return next(field.key for field in self.fields if field.name == self.time)

    @property
    def columns(self) -> dict[str, str]:
        """Name and type of every column of the raw table."""
        columns: dict[str, str] = {}
        for field in self.fields:
            columns[field.name] = field.sql_type
            if field.kind == "user":
                columns["key_id"] = "VARCHAR"
        bookkeeping = {"_extra": "VARCHAR", "_source_file": "VARCHAR", "_source_line": "BIGINT", "_export_date": "DATE"}
        return columns | {"event_date": "DATE"} | bookkeeping


@dataclass(frozen=True)
class Format:
    """How another tool writes what a feed of ours holds: its rows go into the raw table of that feed.

    `rows` makes, of SQL for the records of a file (`_number`, `_text`: one JSON value each), SQL for `_number`, `_raw`
    (the record as it came) and `_text`: an object with the feed's own keys as JSON text, NULL if it is no record.
    """

    system: str
    raw_table: str
    rows: Callable[[str], str]


REJECT_COLUMNS: dict[str, str] = {
    "reason": "VARCHAR",
    "field": "VARCHAR",
    "raw_text": "VARCHAR",
    "feed": "VARCHAR",
    "_source_file": "VARCHAR",
    "_source_line": "BIGINT",
    "_export_date": "DATE",
}
