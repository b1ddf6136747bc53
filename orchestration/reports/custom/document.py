"""Reads the file of a custom report: its head, its text, its queries and its figures, with the line of each.

Everything that is wrong is found at once, and without running SQL, which is only parsed. Running it belongs to
`queries`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TypeVar, get_args

import duckdb
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel, ValidationError

from orchestration import database
from orchestration.reports.content.definitions import anchors
from orchestration.reports.custom.specs import FIGURES, Figure, Front, Unit
from orchestration.settings.documents import Document, Mistake, documents_in
from orchestration.settings.wording import worded

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
PLACEHOLDER = re.compile(r"{{\s*(\w+)(?:\.(\w+))?(?:\s*\|\s*(\w+))?\s*}}")
_RULE = "---"
_CLOCKS = "current_date|current_time|current_timestamp|localtime|localtimestamp"
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Query:
    """One SQL block; `line` is that of its first line of SQL."""

    name: str
    sql: str
    line: int


@dataclass(frozen=True)
class Shown:
    """One figure block: what it says, and where."""

    kind: str
    spec: Figure
    document: Document


@dataclass(frozen=True)
class Heading:
    """A heading that begins a section."""

    tokens: list[Token]


@dataclass(frozen=True)
class Prose:
    """Text between figures."""

    tokens: list[Token]


@dataclass
class Report:
    """A file that was read. With a mistake it cannot be built."""

    file: Path
    front: Front | None = None
    head: Document | None = None
    queries: dict[str, Query] = field(default_factory=dict)
    blocks: list[Shown | Heading | Prose] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, line: int | None, message: str, expected: str, where: str = "") -> Mistake:
        """A mistake in this file."""
        return Mistake(self.file, line, where, message, expected)


def files(config_dir: Path) -> list[Path]:
    """The files of custom reports, in the order of their names."""
    return sorted((config_dir / "reports").glob("*.md"))


def check(config_dir: Path) -> list[Mistake]:
    """Every mistake of all custom reports, in the order of files and lines, without running SQL."""
    return [mistake for file in files(config_dir) for mistake in read(file).mistakes]


def read(file: Path) -> Report:
    """Read the file of a report; its `mistakes` say all that is wrong with it."""
    report = Report(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        report.mistakes.append(report.mistake(None, f"cannot be read: {error}", "a readable file in UTF-8"))
        return report
    head, body = _parted(report, text)
    if head is not None:
        report.head, report.front = _validated(report, head, Front)
    for part in _parts(MARKDOWN.parse(body)):
        if isinstance(part, Token):
            _take(report, part)
        else:
            report.blocks.append(part)
    report.mistakes += [*_unknown_names(report, body), *_images(report), *_wrong_sql(report)]
    report.mistakes = sorted(dict.fromkeys(report.mistakes), key=lambda mistake: mistake.line or 0)
    return report


def _parted(report: Report, text: str) -> tuple[str | None, str]:
    """The head and the rest, each with empty lines in place of what is before, so that lines keep their numbers."""
    lines = text.splitlines()
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _RULE][:2]
    if len(ends) < 2 or ends[0] != 0:
        report.mistakes.append(report.mistake(1, "there is no head", "begin with ---, title: …, ---"))
        return None, text
    end = ends[1]
    return "\n".join(["", *lines[1:end]]), "\n" * (end + 1) + "\n".join(lines[end + 1 :])


def _validated(report: Report, text: str, model: type[Model]) -> tuple[Document | None, Model | None]:
    """YAML of the file as a model, with its document; what is wrong with it goes to the report."""
    documents, malformed = documents_in(report.file, text)
    report.mistakes += malformed
    document = documents[0] if documents else Document(report.file, {}, {(): text.count("\n") + 1})
    if malformed:
        return document, None
    try:
        return document, model.model_validate({} if document.values is None else document.values)
    except ValidationError as error:
        report.mistakes += [worded(document, model, details) for details in error.errors()]
        return document, None


def _parts(tokens: list[Token]) -> Iterator[Token | Heading | Prose]:
    """Fences, headings of sections, and the text between."""
    prose: list[Token] = []
    numbers = iter(range(len(tokens)))
    for i in numbers:
        token = tokens[i]
        is_heading = token.type == "heading_open" and token.tag in ("h1", "h2") and token.level == 0
        if not is_heading and not (token.type == "fence" and token.level == 0 and token.info.strip()):
            prose.append(token)
            continue
        if prose:
            yield Prose(prose)
            prose = []
        if is_heading:
            yield Heading(tokens[i + 1].children or [])
            next(numbers), next(numbers)
        else:
            yield token
    if prose:
        yield Prose(prose)


def _take(report: Report, token: Token) -> None:
    first, end = token.map or [0, 0]
    line = first + 1
    kind, _, name = token.info.strip().partition(" ")
    # A fence that is closed has two lines more than it holds; one that is not took all the rest of the file.
    if end - first < len(token.content.splitlines()) + 2:
        report.mistakes.append(report.mistake(line, f"the block '{token.info.strip()}' is not closed", token.markup))
        return
    if kind == "sql":
        _take_query(report, name.strip(), token.content, line)
        return
    if kind not in FIGURES:
        close = get_close_matches(kind, [*FIGURES, "sql"], n=1)
        known = f"did you mean {close[0]}?" if close else f"one of sql, {', '.join(FIGURES)}, or no word for a listing"
        report.mistakes.append(report.mistake(line, f"there is no figure '{kind}'", known))
        return
    document, spec = _validated(report, "\n" * line + token.content, FIGURES[kind])
    if document is None or spec is None:
        return
    if spec.definition and spec.definition not in anchors():
        close = get_close_matches(spec.definition, sorted(anchors()), n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "an anchor of definitions.html"
        report.mistakes.append(document.mistake(("definition",), f"there is no '{spec.definition}'", hint))
    report.blocks.append(Shown(kind, spec, document))


def _take_query(report: Report, name: str, sql: str, line: int) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        report.mistakes.append(report.mistake(line, f"'{name}' cannot be the name of a query", "```sql orders_by_day"))
    elif name in report.queries:
        first = report.queries[name].line - 1
        report.mistakes.append(report.mistake(line, f"there is a query '{name}' in line {first}", "another name"))
    else:
        report.queries[name] = Query(name, sql, line + 1)


def _unknown_names(report: Report, body: str) -> Iterator[Mistake]:
    """Queries that figures show, and what text puts in place of {{ … }}, must be there."""
    for block in report.blocks:
        if isinstance(block, Shown) and block.spec.data not in report.queries:
            hint = f"one of {', '.join(report.queries)}" if report.queries else "an SQL block of that name"
            yield block.document.mistake(("data",), f"there is no query '{block.spec.data}'", hint)
    parameters = report.front.parameters if report.front else {}
    head = report.front.model_dump(include={"title", "description"}) if report.front else {}
    texts = [(1, str(text)) for text in head.values()]
    texts += list(enumerate(body.splitlines(), start=1))
    for line, text in texts:
        for name, column, unit in PLACEHOLDER.findall(text):
            if unit and unit not in get_args(Unit):
                known = ", ".join(filter(None, get_args(Unit)))
                yield report.mistake(line, f"there is no unit '{unit}'", f"one of {known}")
            if column and name not in report.queries:
                yield report.mistake(line, f"there is no query '{name}' for {{{{ {name}.{column} }}}}", "an SQL block")
            if not column and name not in (*parameters, "as_of") and report.front:
                yield report.mistake(line, f"there is no parameter '{name}'", "declare it, or write {{ query.column }}")


def _images(report: Report) -> Iterator[Mistake]:
    """Pages ask for nothing: an image that is not in the text itself would."""
    for block in report.blocks:
        for token in () if isinstance(block, Shown) else block.tokens:
            for image in (child for child in token.children or [] if child.type == "image"):
                source = str(image.attrs["src"])
                if not source.startswith("data:"):
                    line = token.map[0] + 1 if token.map else None
                    yield report.mistake(
                        line, f"the image {source} is not in this file", "a figure, or a data: address"
                    )


def _wrong_sql(report: Report) -> Iterator[Mistake]:
    parameters = {*report.front.parameters, "as_of"} if report.front else set()
    with database.connect() as connection:
        for query in report.queries.values():
            yield from _wrong_query(report, connection, query, parameters)
        for name, parameter in (report.front.parameters if report.front else {}).items():
            if parameter.query and report.head:
                line = report.head.line(("parameters", name, "query"))
                yield from _wrong_query(report, connection, Query(name, parameter.query, line), {"as_of"})


def _wrong_query(
    report: Report, connection: duckdb.DuckDBPyConnection, query: Query, parameters: set[str]
) -> Iterator[Mistake]:
    try:
        statements = connection.extract_statements(query.sql)
    except duckdb.Error as error:
        yield sql_mistake(report, query, error)
        return
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        yield report.mistake(query.line, f"'{query.name}' is not one query", "a single select", query.name)
        return
    for name in _changing(connection, query.sql):
        line = query.line + query.sql[: max(query.sql.lower().find(name), 0)].count("\n")
        yield report.mistake(line, f"{name} gives another page each time", "$as_of, the last day of data", query.name)
    for name in sorted(set(statements[0].named_parameters) - parameters):
        known = ", ".join(f"${name}" for name in sorted(parameters))
        yield report.mistake(query.line, f"there is no parameter ${name}", f"one of {known}", query.name)


def _changing(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Functions and clocks in a query that answer the same rows with something else each time."""
    (listing,) = connection.execute("select json_serialize_sql(?)", [sql]).fetchone() or ("",)
    # Names stand in quotes of JSON, which those within texts of the query cannot.
    called = set(re.findall(r'"function_name":"(\w+)"', listing)) & _unstable_functions()
    return sorted(called | set(re.findall(rf'"column_names":\["({_CLOCKS})"\]', listing)))


@cache
def _unstable_functions() -> frozenset[str]:
    """The functions of which DuckDB says that they do not depend on what they are given alone."""
    with database.connect() as connection:
        # Of date_trunc and many others, only the variants for times with a zone depend on more: on the session's zone.
        rows = connection.execute(
            "select function_name from duckdb_functions() group by all having bool_and(stability <> 'CONSISTENT')"
        )
        return frozenset(name for (name,) in rows.fetchall())


def sql_mistake(report: Report, query: Query, error: duckdb.Error) -> Mistake:
    """DuckDB's error as a mistake in the line of the file that it is about."""
    words = str(error)
    at = re.search(r"^LINE (\d+):", words, re.MULTILINE)
    line = query.line + int(at[1]) - 1 if at else query.line
    told = re.split(r"\n+LINE \d+:", words)[0].replace("\n", " ").strip()
    return report.mistake(line, told, "", query.name)
