"""Makes each figure and text of a custom report from the answers to its queries.

Charts are shaped in `shapes`; here is what stands on a page as it is: tables, numbers, maps, and text with values put
in. Values of marts are strangers' text: they go into text that has been parsed already, and are escaped with it.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup

from orchestration.reports.blocks import Column, Section, Tile
from orchestration.reports.blocks import Table as Rows
from orchestration.reports.charts import Role
from orchestration.reports.custom import specs
from orchestration.reports.custom.document import MARKDOWN, PLACEHOLDER, Shown
from orchestration.reports.custom.queries import Answer
from orchestration.reports.custom.shapes import chart, label_of, number, unit_of
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Row
from orchestration.reports.world import POSITIONS, Place, world_map
from orchestration.settings.documents import Mistake

LONG_TEXT = 60


@dataclass(frozen=True)
class Maker:
    """What figures of one page are made with: answers, values of parameters, and the site's way of writing."""

    answers: Mapping[str, Answer]
    values: Mapping[str, Any]
    formats: Formats

    def text(self, text: str) -> str:
        """Text with values in place of `{{ parameter }}` and `{{ query.column | unit }}`, not yet escaped."""
        return PLACEHOLDER.sub(lambda match: self._value(*match.groups()), text)

    def prose(self, tokens: Sequence[Token]) -> Markup:
        """Parsed Markdown as HTML."""
        filled = [self._filled(token) for token in tokens]
        html = MARKDOWN.renderer.render(filled, MARKDOWN.options, {})
        # What scrolls sideways must be reached by keyboard.
        scroll = '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>'
        html = (
            html.replace("<pre>", '<pre tabindex="0">').replace("<table>", scroll).replace("</table>", "</table></div>")
        )
        return Markup('<div class="text">{}</div>').format(Markup(html))  # noqa: S704 - HTML in Markdown is off

    def heading(self, tokens: Sequence[Token]) -> str:
        """Parsed Markdown as plain text."""
        return self.text("".join(token.content for token in tokens))

    def sections(self, shown: Shown, id_: str) -> list[Section]:
        """A figure as parts of a page without a heading.

        Raises:
            Unfit: The rows are none that it can show.
        """
        spec, rows = shown.spec, self.answers[shown.spec.data].rows
        title, note = self.text(spec.title), self.text(spec.note)
        if isinstance(spec, specs.Number):
            return [Section(id_, "", tiles=[self._tile(spec, title, rows)])]
        if isinstance(spec, specs.Table):
            return [Section(id_, "", tables=[self._table(spec, title, id_)])]
        if not rows:
            words = self.text(spec.empty) or "There are no rows."
            return [Section(id_, "", empty=f"{title}: {words}" if title else words)]
        if isinstance(spec, specs.Map):
            return self._map(spec, title, id_, rows)
        return [Section(id_, "", charts=[chart(id_, title, note, spec, rows, self.formats)])]

    def unknown_columns(self, shown: Shown) -> list[Mistake]:
        """The columns that a figure names and its query does not have."""
        known = self.answers[shown.spec.data].columns
        return [
            shown.document.mistake((field,), f"there is no column '{name}' in {shown.spec.data}", _one_of(known))
            for field, name in shown.spec.columns()
            if name not in known
        ]

    def unknown_values(self, text: str) -> list[tuple[str, str]]:
        """What text wants of a query that has no such column: what is wrong and what would be right."""
        return [
            (f"there is no column '{column}' in {name}", _one_of(self.answers[name].columns))
            for name, column, _ in PLACEHOLDER.findall(text)
            if column and name in self.answers and column not in self.answers[name].columns
        ]

    def _value(self, name: str, column: str | None, unit: str | None) -> str:
        if not column:
            return self.formats.value(self.values.get(name), "text")
        rows = self.answers[name].rows
        return self.formats.value(rows[0][column] if rows else None, unit or unit_of(column))

    def _filled(self, token: Token) -> Token:
        filled = copy(token)
        if token.children:
            filled.children = [self._filled(child) for child in token.children]
        elif token.type in ("text", "code_inline"):
            filled.content = self.text(token.content)
        return filled

    def _tile(self, spec: specs.Number, title: str, rows: list[Row]) -> Tile:
        unit = spec.unit if spec.unit is not None else unit_of(spec.value)
        row = rows[0] if rows else {}
        value = row.get(spec.value)
        bounds = self.formats.bounds(row.get(spec.lower), row.get(spec.upper), unit) if spec.lower else ""
        before = number(row, spec.previous, "previous") if spec.previous and rows else None
        change = self.formats.change(value / before - 1) if before and isinstance(value, int | float) else ""
        return Tile(
            self.text(spec.label) or title or label_of(spec.value),
            self.formats.value(value, unit),
            spec.definition,
            f"95 %: {bounds}" if bounds else "",
            change=f"{change} on {self.formats.value(before, unit)} before" if change else "",
            detail=self.text(spec.note),
        )

    def _table(self, spec: specs.Table, title: str, id_: str) -> Rows:
        answer = self.answers[spec.data]
        wanted = spec.select or [specs.TableColumn(column=name) for name in answer.columns]
        columns = tuple(
            Column(
                part.column,
                self.text(part.label) or label_of(part.column),
                part.unit if part.unit is not None else _cell_unit(part.column, answer.rows),
                part.definition,
            )
            for part in wanted
        )
        empty = self.text(spec.empty) or "There are no rows."
        return Rows(id_, title, columns, answer.rows, empty, self.text(spec.note), spec.shown)

    def _map(self, spec: specs.Map, title: str, id_: str, rows: list[Row]) -> list[Section]:
        unit = spec.unit if spec.unit is not None else unit_of(spec.value)
        title = title or f"{label_of(spec.value)} by country"
        places = {}
        for row in rows:
            value = number(row, spec.value, "value")
            code = str(row[spec.place])
            places[code] = Place(_role(value, spec.good, spec.poor), f"{code}: {self.formats.value(value, unit)}")
        off = sum(code not in POSITIONS for code in places)
        good, poor = self.formats.goal(spec.good, unit), self.formats.goal(spec.poor, unit)
        note = f"{self.text(spec.note)} Good {_side(spec)} {good}, bad {_side(spec, False)} {poor}.".strip()
        note += f" {off} rows are of no country that a map shows." if off else ""
        drawn = Markup('<h3>{}</h3><p class="note">{} Each square is a country, about where it lies.</p>{}').format(
            title, note, world_map(places, title)
        )
        value_column = Column(spec.value, label_of(spec.value), unit, spec.definition)
        table = Rows(
            id_, f"{title}, as a table", (Column(spec.place, label_of(spec.place)), value_column), rows, shown=10
        )
        return [Section(f"{id_}-map", "", prose=drawn), Section(id_, "", tables=[table])]


def _role(value: float | None, good: float, poor: float) -> Role:
    if value is None:
        return "unknown"
    sign = 1 if good <= poor else -1
    return "good" if sign * value <= sign * good else "middling" if sign * value <= sign * poor else "bad"


def _side(spec: specs.Map, is_good: bool = True) -> str:
    return "up to" if (spec.good <= spec.poor) == is_good else "from" if is_good else "below"


def _cell_unit(column: str, rows: list[Row]) -> str:
    """What the cells are: times as the site's, long text wrapped, numbers as their name says."""
    known = [row[column] for row in rows if row[column] is not None]
    if any(hasattr(value, "hour") for value in known):
        return "moment"
    if any(isinstance(value, str) for value in known):
        return "long" if any(len(str(value)) > LONG_TEXT for value in known) else "text"
    if any(hasattr(value, "isoformat") or isinstance(value, bool) for value in known):
        return "text"
    return {"text": "ratio" if any(isinstance(v, float) for v in known) else "number"}.get(
        unit_of(column), unit_of(column)
    )


def _one_of(columns: Sequence[str]) -> str:
    return f"one of {', '.join(columns)}"
