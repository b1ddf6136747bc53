"""Builds the pages of custom reports: one for each value of their parameters, or one that says what is wrong.

No report stops another, nor the release: what fails is a page with its mistakes, and a line in status.json.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from orchestration.reports.blocks import Item, Page, Section
from orchestration.reports.content.subjects import slugs
from orchestration.reports.custom.document import PLACEHOLDER, Heading, Prose, Query, Report, Shown, files, read
from orchestration.reports.custom.figures import Maker
from orchestration.reports.custom.queries import Broken, answer, answers
from orchestration.reports.custom.shapes import Unfit
from orchestration.reports.formats import Formats
from orchestration.settings.documents import Mistake
from orchestration.tables import guarded

MOST_PAGES = 60
Values = dict[str, Any]


@dataclass
class Built:
    """The pages of all reports in the order of the navigation, and what is wrong, report by report."""

    pages: list[Page] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def problems(self) -> list[dict[str, str]]:
        """For status.json: the file and the words of each mistake."""
        return [{"report": mistake.file.name, "message": str(_short(mistake))} for mistake in self.mistakes]


def build(config_dir: Path, marts: Path, as_of: date, formats: Formats, only: Path | None = None) -> Built:
    """Build all reports of a configuration folder, or `only` one, which may lie elsewhere.

    Args:
        config_dir: the folder in which `reports/*.md` are.
        marts: a DuckDB file of published tables; nothing else can be read.
        as_of: the last day of data; `$as_of` in SQL.
        formats: the site's way of writing.
        only: the file of one report.
    """
    built = Built()
    found = [only] if only else files(config_dir)
    if not found:
        return built
    names = slugs(file.stem for file in found)
    # One thread: sums of floats, and rows whose order a query leaves open, come out the same every time.
    with guarded(marts, threads=1) as connection:
        for file in found:
            pages, mistakes = _report(connection, read(file), f"report-{names[file.stem]}", as_of, formats)
            built.pages += pages
            built.mistakes += mistakes
    return built


def _report(
    connection: duckdb.DuckDBPyConnection, report: Report, name: str, as_of: date, formats: Formats
) -> tuple[list[Page], list[Mistake]]:
    if report.front is None or report.mistakes:
        return [_failed(report, name, report.mistakes)], report.mistakes
    try:
        chosen = _values(connection, report, as_of)
    except Broken as error:
        return [_failed(report, name, error.mistakes)], error.mistakes
    labels = {_label(values): values for values in chosen}
    slug_of = slugs(labels)
    paged = {label: f"{name}-{slug_of[label]}" if label else name for label in labels}
    first = paged[next(iter(labels))]
    pages: list[Page] = []
    mistakes: list[Mistake] = []
    for label, values in labels.items():
        try:
            page = _page(connection, report, paged[label], values | {"as_of": as_of}, formats)
            links = _links(report, paged, label)
            page = replace(page, sections=[*links, *page.sections])
        except Broken as error:
            page, mistakes = _failed(report, paged[label], error.mistakes), [*mistakes, *error.mistakes]
        # Whatever a report is made to do wrong, the release with all other pages must come out.
        except Exception as error:
            wrong = [report.mistake(None, f"cannot be built: {type(error).__name__}: {error}", "")]
            page, mistakes = _failed(report, paged[label], wrong), [*mistakes, *wrong]
        is_first = paged[label] == first
        pages.append(replace(page, in_nav=is_first, parent="" if is_first else first))
    return pages, list(dict.fromkeys(mistakes))


def _values(connection: duckdb.DuckDBPyConnection, report: Report, as_of: date) -> list[Values]:
    """What parameters stand for on each page; one page without values where there are no parameters."""
    if report.front is None or not report.front.parameters:
        return [{}]
    choices: dict[str, list[Any]] = {}
    for name, parameter in report.front.parameters.items():
        line = report.head.line(("parameters", name)) if report.head else 1
        choices[name] = list(parameter.values or [])
        if parameter.query:
            found = answer(
                connection, report, Query(name, parameter.query, line), {"as_of": as_of}, report.front.limits
            )
            choices[name] = [row[found.columns[0]] for row in found.rows]
        choices[name] = list(dict.fromkeys(value for value in choices[name] if value is not None))
        if not choices[name]:
            raise Broken([report.mistake(line, f"parameter {name} has no value", "a query that has rows", name)])
    made = [dict(zip(choices, combination, strict=True)) for combination in product(*choices.values())]
    if len(made) > MOST_PAGES:
        words = f"{len(made):,} pages, one for each value"
        raise Broken([report.mistake(1, words, f"at most {MOST_PAGES}: fewer values, or a limit in the query")])
    return made


def _page(connection: duckdb.DuckDBPyConnection, report: Report, name: str, values: Values, formats: Formats) -> Page:
    if report.front is None:
        raise ValueError("a report without a head has no page")
    maker = Maker(answers(connection, report, values), values, formats)
    if mistakes := [*_unknown_columns(report, maker), *_unknown_values(report, maker)]:
        raise Broken(mistakes)
    sections: list[Section] = []
    for number, block in enumerate(report.blocks, start=1):
        id_ = f"{name}-{number}"
        if isinstance(block, Heading):
            sections.append(Section(id_, maker.heading(block.tokens)))
        elif isinstance(block, Prose):
            _put(sections, Section(id_, "", prose=maker.prose(block.tokens)))
        else:
            try:
                for part in maker.sections(block, id_):
                    _put(sections, part)
            except Unfit as error:
                mistakes.append(block.document.mistake((error.field,), error.message, error.expected))
    if mistakes:
        raise Broken(mistakes)
    _begin_with_a_heading(sections)
    title, lead = maker.text(report.front.title), maker.text(report.front.description)
    return Page(name, report.front.nav or title, title, lead, sections)


def _begin_with_a_heading(sections: list[Section]) -> None:
    """Give figures before the first heading one, so that theirs are not the second level without a first."""
    for i, section in enumerate(sections):
        if section.title:
            return
        if section.charts or section.tables or "<h3" in section.prose:
            sections[i] = replace(section, title="At a glance")
            return


def _put(sections: list[Section], part: Section) -> None:
    """Add a part to the section that it follows, or, where that would change the order, as one without a heading."""
    last = sections[-1] if sections else None
    if last and not _filled(last):
        sections[-1] = replace(part, id=last.id, title=last.title)
    elif last and _filled(last) == _filled(part) == ["tiles"]:
        sections[-1] = replace(last, tiles=[*last.tiles, *part.tiles])
    elif last and _filled(last) == _filled(part) == ["charts"] and _side_by_side(last, part):
        sections[-1] = replace(last, charts=[*last.charts, *part.charts])
    else:
        sections.append(part)


def _filled(section: Section) -> list[str]:
    return [name for name in ("tiles", "charts", "tables", "empty", "prose") if getattr(section, name)]


def _side_by_side(*parts: Section) -> bool:
    """Whether all charts are narrow: one that takes a row for itself would leave half of the one before empty."""
    return not any(chart.has_rows for part in parts for chart in part.charts)


def _unknown_columns(report: Report, maker: Maker) -> Iterator[Mistake]:
    for block in report.blocks:
        if isinstance(block, Shown):
            yield from maker.unknown_columns(block)


def _unknown_values(report: Report, maker: Maker) -> Iterator[Mistake]:
    if report.head and report.front:
        for key in ("title", "description"):
            for message, expected in maker.unknown_values(getattr(report.front, key)):
                yield report.head.mistake((key,), message, expected)
    for block in report.blocks:
        if isinstance(block, Shown):
            for key in ("title", "note", "label"):
                for message, expected in maker.unknown_values(getattr(block.spec, key, "")):
                    yield block.document.mistake((key,), message, expected)
        else:
            for token in block.tokens:
                line = token.map[0] + 1 if token.map else None
                for message, expected in maker.unknown_values(token.content):
                    yield report.mistake(line, message, expected)


def _links(report: Report, paged: Mapping[str, str], shown: str) -> list[Section]:
    """The pages of the other values."""
    if not report.front or len(paged) < 2:
        return []
    names = ", ".join(p.label or name.replace("_", " ") for name, p in report.front.parameters.items())
    links = Markup("").join(
        Markup('<a href="{}.html" aria-current="{}">{}</a>').format(page, "page" if label == shown else "false", label)
        for label, page in paged.items()
    )
    prose = Markup('<div class="values" role="navigation" aria-label="{}"><span>{}:</span>{}</div>').format(
        names, names, links
    )
    return [Section("values", "", prose=prose)]


def _label(values: Values) -> str:
    return " / ".join(str(value) for value in values.values())


def _failed(report: Report, name: str, mistakes: list[Mistake]) -> Page:
    nav = (report.front.nav or PLACEHOLDER.sub("…", report.front.title)) if report.front else report.file.stem
    items = [Item("failing", str(_short(mistake)), "") for mistake in mistakes]
    lead = "All other pages are as they should be. `beaconmart report` builds this one while its file is mended."
    section = Section("mistakes", f"What is wrong in {report.file.name}", items=items)
    return Page(name, nav, f"{nav}: this report cannot be built", lead.replace("`", ""), [section])


def _short(mistake: Mistake) -> Mistake:
    """Pages name the file within the configuration, not where on this machine that is."""
    return replace(mistake, file=Path("reports") / mistake.file.name)
