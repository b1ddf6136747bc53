"""From the text that stands for a field in an export to its typed value, as SQL: what `columns` starts from."""

from dataclasses import dataclass

from orchestration.sources import times
from orchestration.sources.feed import LONGEST, Feed, Field, Range
from orchestration.sources.literals import literals, name

TEXTS = ("text", "free_text", "url", "user", "currency")


@dataclass(frozen=True)
class Given:
    """A format's relation, and its SQL for what a row keeps beside its columns.

    `extra` makes the text of `_extra` in terms of `_bad`, the keys whose value has another type; `raw` the text that a
    reject keeps; `nested` tells, with a key put in, whether its value is an object or array; `wrong` are further tests
    of rows that are not plain, each with its reason. Without `raw` rows that are not clean are left out.
    """

    relation: str
    extra: str = ""
    raw: str = ""
    nested: str = ""
    wrong: tuple[tuple[str, str], ...] = ()

    @property
    def is_strict(self) -> bool:
        """Whether rows that are not clean are left out."""
        return not self.raw


def given_key(key: str) -> str:
    """Returns the SQL name under which a format gives the value of a key."""
    return name(f"given_{key}")


def values(feed: Feed, given: Given) -> str:
    """Returns SQL for the typed value of every field, NULL where it has none, a wrong type or one out of range."""
    return ", ".join(f"{_value(field, given)} as {field.name}" for field in feed.fields)


def is_out_of_range(field: Field) -> str:
    """Returns SQL that tells whether a field is given a number, a time or a length of text that it cannot hold."""
    text = given_key(field.key)
    if is_limited(field):
        return is_too_long(field)
    if field.kind == "time":
        return times.is_of_other_years(text)
    return f"not {field.range.holds(f'try_cast({text} as double)')}" if field.range else "false"


def is_limited(field: Field) -> bool:
    """Whether a longer text than the field can hold is none of its values, rather than cut."""
    return field.kind in LONGEST and field.kind != "free_text"


def is_too_long(field: Field) -> str:
    """Returns SQL that tells whether the text of a field is longer than it can hold."""
    return f"coalesce(strlen({given_key(field.key)}::varchar) > {LONGEST[field.kind]}, false)"


def shortened(json: str) -> str:
    """Returns SQL for a JSON value, or for the beginning of its text where it would crowd out what else a row keeps."""
    return f"case when strlen({json}) > 2000 then to_json(left({json}, 1000) || '…')::varchar else {json} end"


def has_lost_its_sign(field: Field) -> str:
    """Returns SQL that tells whether a number that is read without its sign has one."""
    return f"coalesce(try_cast({given_key(field.key)} as {field.sql_type}) < 0, false)"


def _value(field: Field, given: Given) -> str:
    text = given_key(field.key)
    if field.kind in TEXTS:
        return _text_value(field, given)
    if field.range:
        return _number(field, field.range)
    match field.kind:
        case "object":
            is_object = f"starts_with({text}, '{{') and json_valid({text}) and not {is_too_long(field)}"
            return f"case when {is_object} then {text}::varchar end"
        case "list":
            split = (
                f"case when starts_with({text}, '[') then try(from_json({text}, '[\"VARCHAR\"]')) "
                f"else string_split_regex({text}, '[;|,]') end"
            )
            items = f"nullif(list_filter(list_transform({split}, lambda s: trim(s)), lambda s: s <> ''), [])"
            return f"case when not {is_too_long(field)} then {items} end"
        case "time":
            return times.instant(text)
        case _:
            return f"try_cast({text} as {field.sql_type})"


def _number(field: Field, within: Range) -> str:
    text = given_key(field.key)
    number = f"try_cast({text} as {'double' if field.kind == 'integer' else field.sql_type})"
    tests = [within.holds(f"abs({number})" if field.is_absolute else number)]
    if field.kind == "integer":
        tests.append(f"{number} = trunc({number})")
    value = f"abs({number})" if field.is_absolute else number
    return f"case when {' and '.join(tests)} then ({value})::{field.sql_type} end"


def _text_value(field: Field, given: Given) -> str:
    text = given_key(field.key)
    longest = LONGEST[field.kind]
    shortest = f"left({text}, {longest})" if field.kind == "free_text" else "null"
    flat = f"nullif(case when strlen({text}) > {longest} then {shortest} else {text} end, '')"
    if given.nested:
        nested = given.nested.replace("{key}", field.key)
        flat = f"case when {is_bracketed(text)} and {nested} then null else {flat} end"
    if field.choices:
        # IN would be planned as a join, and that puts vectors of few long lines together again.
        exact = f"list_position({literals(field.choices)}, {flat}) > 0"
        position = f"list_position({literals(choice.lower() for choice in field.choices)}, lower({flat}))"
        return f"case when {exact} then {flat} else {literals(field.choices)}[nullif({position}, 0)] end"
    return f"upper({flat})" if field.kind == "currency" else flat


def is_bracketed(text: str) -> str:
    """Returns SQL that tells whether a text begins like an object or array.

    Compared as a text it then lies between its bracket and the next character, which is four times cheaper to tell than
    what its first character is.
    """
    return f"({text} >= '[' and ({text} < '\\' or ({text} >= '{{' and {text} < '|')))"
