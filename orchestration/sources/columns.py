"""From what an export gives for its keys to the typed columns of the lake, as SQL, the same for every format.

A format provides the relation `given`: `_number` (line in the segment), `_unreadable` (why it is no row, or NULL),
`_count` (how many fields the row has, NULL if that cannot be told cheaply), `given_<key>` for each key of the feed, and
whatever its expressions for `_extra` and the raw text need. What comes out is one relation whose `_part` says where a
row belongs: its event date, REJECTED, AFTER_CLOSE or IN_REPEATED_HOUR.

A row whose fields are all known and all of the right type has as many fields as values: this one comparison spares
clean rows everything that only others need.
"""

from dataclasses import dataclass
from datetime import date

from orchestration.sources import privacy, times
from orchestration.sources.feed import Feed
from orchestration.sources.literals import literal
from orchestration.sources.problems import is_bad, problem, time_texts
from orchestration.sources.values import Given, given_key, has_lost_its_sign, values

# Rows that do not belong to an event date travel under dates that no event can have: a date is the cheapest partition.
REJECTED, AFTER_CLOSE, IN_REPEATED_HOUR = date(1, 1, 1), date(1, 1, 2), date(1, 1, 3)

# Rows are joined or grouped by these, as by every name that ends in `_id`: where one is masked, it stays distinct.
_KEYS = ("id", "fingerprint", "page_view")


@dataclass(frozen=True)
class Placing:
    """Where the rows of a segment come from and may lie.

    With `is_one_file` the session variables source_file, first_line and open_line tell the origin of a line; otherwise
    the relation `origins` (number, line, is_open, source_file, export_date, ledger) does, and rows are told apart by
    `_ledger`, the manifest that will list them. With `is_one_date` rows of another date than the session variable
    expected_date are left out; with `is_public` those that may hold personal data beyond query strings are, and the
    query is spared the rules that mask it. With `has_clock_changes` some may touch naive times of the rows (the
    session knows which, `times.variables`): a row dated in a repeated hour is IN_REPEATED_HOUR, unless `finds_passes`,
    which costs windows over the file.
    """

    is_snapshot: bool = False
    is_one_file: bool = True
    is_one_date: bool = False
    is_public: bool = False
    keeps_parameters: bool = False
    has_clock_changes: bool = False
    finds_passes: bool = False

    @property
    def partition(self) -> tuple[str, ...]:
        """The columns by which the rows are to be told apart in files."""
        by_date = () if self.is_one_date else ("_part",)
        return by_date if self.is_one_file else ("_ledger", *by_date)


def typed_relation(feed: Feed, given: Given, placing: Placing) -> str:
    """Returns SQL for the rows of a segment, in the columns of the lake and `_part`.

    Strict rows that are not clean are left out. It reads the session variables user_key, key_id, parameters_kept,
    currencies and closed_through.
    """
    kept = [
        *(["_problem is null"] if given.is_strict else []),
        *(["_is_private is not true"] if placing.is_public else []),
        *(["_part = getvariable('expected_date')"] if placing.is_one_date else []),
    ]
    return f"""
with given as ({given.relation}),
typed as (select *, {values(feed, given)} from given),
placed as ({_placed(feed, given, placing)}),
counted as ({_counted(feed, given)}),
judged as (select *, {problem(feed, given, placing.is_snapshot, placing.has_clock_changes)} as _problem from counted),
noted as ({_noted(feed, given, placing)}),
masked as ({_masked(feed, placing)})
select {_columns(feed, given, placing)}{"".join(f", {key}" for key in placing.partition)}
from (select *, {_part(feed, given, placing)} as _part from masked)
where {" and ".join(kept) or "true"}"""


def _counted(feed: Feed, given: Given) -> str:
    """Returns SQL that tells plain rows, lists the bad keys of the others, and fills in one field by another."""
    filled = [field for field in feed.fields if field.or_else]
    replaced = ", ".join(f"coalesce({field.name}, {field.or_else}) as {field.name}" for field in filled)
    replace = f" replace ({replaced})" if replaced else ""
    if given.is_strict:
        return f"select *{replace}, {feed.time}::date as event_date from placed"
    values = " + ".join(f"({field.name} is not null)::int" for field in feed.fields)
    signed = "".join(f" and not {has_lost_its_sign(field)}" for field in feed.fields if field.is_absolute)
    bad = ", ".join(f"case when {is_bad(field)} then {literal(field.key)} end" for field in feed.fields)
    return f"""
    select
        *{replace},
        {_dated(feed)}::date as event_date,
        case when not _is_plain and _unreadable is null then list_filter([{bad}], lambda b: b is not null) end as _bad
    from (select *, coalesce(_count = {values}, false){signed} as _is_plain from placed)"""


def _dated(feed: Feed) -> str:
    """Returns SQL for the time of a row before one field is filled in by another."""
    or_else = next(field.or_else for field in feed.fields if field.name == feed.time)
    return f"coalesce({feed.time}, {or_else})" if or_else else feed.time


def _placed(feed: Feed, given: Given, placing: Placing) -> str:
    placed, texts = _with_origins(placing), time_texts(feed)
    if given.is_strict or not placing.has_clock_changes:
        return placed
    first = ", ".join(f"{times.first_pass(field.name, text)} as {field.name}" for field, text in texts.items())
    placed = f"select * replace ({first}) from ({placed})"
    return times.in_passes(placed, feed, texts) if placing.finds_passes else placed


def _with_origins(placing: Placing) -> str:
    if placing.is_one_file:
        return """
    select
        *,
        _number + getvariable('first_line') - 1 as _source_line,
        getvariable('source_file') as _source_file,
        getvariable('export_date') as _export_date,
        coalesce(_source_line = getvariable('open_line'), false) as _is_open
    from typed"""
    return """
    select
        typed.*,
        origins.line as _source_line,
        origins.source_file as _source_file,
        origins.export_date as _export_date,
        origins.is_open as _is_open,
        origins.ledger as _ledger
    from typed
    inner join origins on typed._number = origins.number"""


def _noted(feed: Feed, given: Given, placing: Placing) -> str:
    """Returns SQL that cuts queries off URLs and puts the text of a reject, or of `_extra`, in `_note`."""
    urls = _of_kind(feed, "url")
    replaced = ", ".join(f"{privacy.bare(url)} as {url}" for url in urls)
    replace = f" replace ({replaced})" if urls else ""
    kept = "".join(f", {privacy.kept_parameters(url)} as _query_{url}" for url in urls if placing.keeps_parameters)
    if given.is_strict:
        note = "null::varchar"
    else:
        note = f"case when _problem is not null then left({given.raw}, 8192) when not _is_plain then {given.extra} end"
    return f"select *{replace}, {note} as _note{kept} from judged"


def _masked(feed: Feed, placing: Placing) -> str:
    """Returns SQL that masks the URLs and texts of rows that may hold personal data, or only tells these rows."""
    urls, texts = _of_kind(feed, "url"), _texts(feed)
    tests = []
    for index, url in enumerate(urls):
        # A report gives its page twice, as url and as navigationURL: the same text needs no second look.
        same = f"{url} is distinct from {urls[index - 1]} and " if index else ""
        tests.append(f"({same}{privacy.is_private_path(url)})")
    path = " or ".join(tests) or "false"
    text = " or ".join(privacy.is_private_text(text) for text in texts)
    labels = _labels(feed)
    keys = [label for label in labels if _is_key(label)]
    names = [label for label in labels if label not in keys]
    label = privacy.is_any_private_label(names, keys) if labels else "false"
    if placing.is_public:
        return f"select *, {path} or {text} or {label} as _is_private from noted"
    masked = f"case when {label} then {privacy.scrubbed_labels(labels)} end" if labels else "null"
    paths = f"case when {path} then {privacy.masked_paths(urls)} end" if urls else "null"
    return (
        f"select *, {paths} as _paths, case when {text} then {privacy.scrubbed(texts)} end as _masked_texts, "
        f"{masked} as _masked_labels from noted"
    )


def _columns(feed: Feed, given: Given, placing: Placing) -> str:
    note, special = "_note", {}
    if not placing.is_public:
        texts = _texts(feed)
        special = {
            text: f"case when _masked_texts is null then {text} else _masked_texts[{at}] end"
            for at, text in enumerate(texts, 1)
        }
        note = special.pop("_note")
        for at, url in enumerate(_of_kind(feed, "url"), 1):
            special[url] = f"case when _paths is null then {url} else _paths[{at}] end"
        for at, label in enumerate(_labels(feed), 1):
            new = f"_masked_labels[{at}]"
            new = privacy.hidden_key(new, label) if _is_key(label) else new
            special[label] = f"case when _masked_labels is null then {label} else {new} end"
        special |= {names: privacy.scrubbed_list(names) for names in _of_kind(feed, "list")}
    if placing.keeps_parameters:
        special |= {url: f"{special.get(url, url)} || _query_{url}" for url in _of_kind(feed, "url")}
    cut = f"left({note}, case when strlen({note}) > 4096 then 1024 else 4096 end)"
    reject = (
        "to_json({reason: split_part(_problem, ' ', 1), field: nullif(split_part(_problem, ' ', 2), ''), "
        f"raw_text: {cut}}})::varchar"
    )
    special |= {user: privacy.hashed(user) for user in _of_kind(feed, "user")}
    special["key_id"] = "case when user_id is not null then getvariable('key_id') end"
    extra = f"case when _problem is null then {note} else {reject} end"
    special["_extra"] = "null::varchar" if given.is_strict else extra
    return ",\n    ".join(f"{special[column]} as {column}" if column in special else column for column in feed.columns)


def _part(feed: Feed, given: Given, placing: Placing) -> str:
    repeated = ""
    if placing.has_clock_changes and not placing.finds_passes and not given.is_strict:
        second = times.second_pass(feed.time, given_key(feed.time_key))
        repeated = f"when _problem is null and {second} is not null then {literal(IN_REPEATED_HOUR.isoformat())}::date"
    problem = "" if given.is_strict else f"when _problem is not null then {literal(REJECTED.isoformat())}::date"
    closed = f"when event_date <= getvariable('closed_through') then {literal(AFTER_CLOSE.isoformat())}::date"
    return f"case {problem} {repeated} {closed} else event_date end"


def _texts(feed: Feed) -> list[str]:
    return [*_of_kind(feed, "free_text", "object"), "_note"]


def _labels(feed: Feed) -> list[str]:
    """Names and identifiers that an export is free to choose."""
    return [field.name for field in feed.fields if field.kind == "text" and not field.choices]


def _is_key(label: str) -> bool:
    return label in _KEYS or label.endswith("_id")


def _of_kind(feed: Feed, *kinds: str) -> list[str]:
    return [field.name for field in feed.fields if field.kind in kinds]
