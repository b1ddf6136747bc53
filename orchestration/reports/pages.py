"""Writes the pages of a release: HTML, the scripts of its figures, its CSV files and assets.

The same tables give the same bytes, except for the one "generated at" of each page. Nothing here knows where the
folder will be published.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from orchestration.reports import delivered, interactive, svg, svg_rows
from orchestration.reports.blocks import SEEN_ROWS, Page
from orchestration.reports.cells import write_csv
from orchestration.reports.charts import Chart
from orchestration.reports.content import (
    Context,
    alerts,
    availability,
    business,
    data_quality,
    definitions,
    degradations,
    downloads,
    effects,
    error_digest,
    error_groups,
    error_releases,
    errors,
    executive,
    experience,
    forecasts,
    geography,
    incidents,
    integrity,
    journeys,
    objectives,
    opportunities,
    page_groups,
    reliability,
    services,
    targets,
)
from orchestration.reports.formats import WORDS, Formats, day, short_day
from orchestration.reports.formats import tick as axis_tick

HERE = Path(__file__).parent
# In the order of the navigation; each function returns one page, or one for each service or journey.
PAGES: tuple[Callable[[Context], Page | list[Page]], ...] = (
    executive.page,
    targets.page,
    experience.page,
    page_groups.pages,
    degradations.page,
    opportunities.page,
    geography.page,
    integrity.page,
    reliability.page,
    objectives.page,
    availability.page,
    incidents.page,
    alerts.page,
    services.pages,
    journeys.pages,
    errors.page,
    error_digest.page,
    error_releases.page,
    error_groups.pages,
    business.page,
    effects.page,
    forecasts.page,
    data_quality.page,
    definitions.page,
    downloads.page,
)
# The two hashes are those of an empty style element and of the one that Plotly 7.1 writes for its maps, which it
# does whether there is a map or not: without them the console would show two refusals. Nothing else may be inline.
CSP = (
    "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
TONES = {
    "good": "met good ok healthy passed passes covered closed used associated better resolved not_in_force sent",
    "middling": "needs_improvement warning degraded ongoing new escalating major slowing",
    "bad": "missed poor breached critical failing fails missing open regressed worse costs_orders blocked over "
    "in_force failed given_up",
}
TONE = {state: tone for tone, states in TONES.items() for state in states.split()}
# Name, label and parent of each page that is listed; also for those who build one page more.
Navigation = list[tuple[str, str, str]]
NAVIGATION = "assets/pages.json"
BANNER = ("<!--banner-->", "<!--/banner-->")


@dataclass(frozen=True)
class Frame:
    """What stands around every page: site, zone, as_of, generated at, and what else the release holds."""

    site: Any
    formats: Formats
    as_of: date
    generated_at: datetime
    downloads: tuple[tuple[str, str], ...]


def render(context: Context, frame: Frame, out: Path, custom: Sequence[Page] = ()) -> list[str]:
    """Write all pages, figures and CSV files below `out`.

    Args:
        context: tables, check results and health of this release.
        frame: what stands around each page.
        out: an existing folder.
        custom: pages of the site's own reports; they stand before those about the data.

    Returns:
        The names of the HTML files written.
    """
    made = all_pages(context)
    last = next(i for i, page in enumerate(made) if page.name == "data-quality")
    pages = [*made[:last], *custom, *made[last:]]
    nav = navigation(context, pages)
    (out / "assets").mkdir(exist_ok=True)
    (out / NAVIGATION).write_text(json.dumps(nav, ensure_ascii=False), encoding="utf-8")
    write(pages, nav, context.health, frame, out)
    copy_assets(out)
    names = {page.name for page in pages}
    for name in names:
        file = out / f"{name}.html"
        file.write_text(delivered.without_dead_links(file.read_text(encoding="utf-8"), names), encoding="utf-8")
    return [f"{page.name}.html" for page in pages]


def write(pages: Sequence[Page], nav: Navigation, health: dict[str, Any], frame: Frame, out: Path) -> None:
    """Write some pages with their figures and CSV files below `out`."""
    for folder in ("csv", "assets/figures"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    template = _environment(frame).get_template("page.html.jinja")
    for page in pages:
        text = template.render(page=page, nav=nav, health=health)
        (out / f"{page.name}.html").write_text(text, encoding="utf-8")
        for section in page.sections:
            for chart in section.charts:
                write_csv(out / "csv" / f"{chart.id}.csv", *chart.csv())
                (out / "assets" / "figures" / f"{chart.id}.js").write_text(interactive.script(chart), encoding="utf-8")
            for table in section.tables:
                write_csv(out / "csv" / f"{table.id}.csv", *table.csv())


def all_pages(context: Context) -> list[Page]:
    """Return the pages of what the site delivers, in the order of `PAGES`, each with what it can know."""
    kept = [make for make in PAGES if delivered.exists(make.__module__.rpartition(".")[2], context.feeds)]
    made = [make(context) for make in kept]
    pages = [page for some in made for page in (some if isinstance(some, list) else [some])]
    return [delivered.spoken(page, context.feeds) for page in pages]


def navigation(context: Context, pages: Sequence[Page]) -> Navigation:
    """Return (name, label, parent) of the pages in the navigation: all but single subjects and the downloads."""
    single = {"downloads", *context.subjects.values()}
    return [(page.name, page.nav, page.parent) for page in pages if page.in_nav and page.name not in single]


def copy_assets(out: Path) -> None:
    """Copy the style sheet, our script, the icon and Plotly's one script to `out/assets`."""
    assets = out / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    for source in sorted((HERE / "assets").iterdir()):
        shutil.copyfile(source, assets / source.name)
    # Found without importing plotly, which the script does not need.
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("plotly is not installed: run `make setup`")
    shutil.copyfile(Path(spec.origin).parent / "package_data" / "plotly.min.js", assets / "plotly.min.js")


def banner(reasons: list[str], sentence: str) -> Markup:
    """Return the text between a page's banner marks: why this is not the newest release."""
    items = Markup("").join(Markup("<li>{}</li>").format(reason) for reason in reasons)
    body = Markup('<div class="banner" role="alert"><p><strong>{}</strong></p><ul>{}</ul></div>').format(
        sentence, items
    )
    return Markup("<!--banner-->") + body + Markup("<!--/banner-->")


def with_banner(text: str, mark: Markup) -> str:
    """Return a page's HTML with its banner slot filled; an earlier banner goes.

    Raises:
        ValueError: the text has no banner slot.
    """
    before, start, rest = text.partition(BANNER[0])
    _, end, after = rest.partition(BANNER[1])
    if not start or not end:
        raise ValueError("no banner slot in the page")
    return before + str(mark) + after


def blocked_page(frame: Frame, mark: Markup) -> str:
    """Return the page of a site whose very first release was blocked."""
    title = "Nothing has been published yet"
    lead = "The first release was blocked by the checks named above. The next run publishes when they pass."
    page = Page("index", "Overview", title, lead, [])
    template = _environment(frame).get_template("page.html.jinja")
    text = template.render(page=page, nav=[("index", "Overview", "")], health={"status": "unknown"})
    return with_banner(text, mark)


def _environment(frame: Frame) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "csp": CSP,
        "site": frame.site,
        "as_of": frame.as_of,
        "generated_at": frame.generated_at,
        "downloads": frame.downloads,
        "day": day,
        "seen_rows": SEEN_ROWS,
        "draw": svg.draw,
        "draw_rows": svg_rows.draw_rows,
        "row_axis": row_axis,
        "sparkline": svg.sparkline,
        "tone": lambda state: TONE.get(state, "unknown"),
        # Markup holds marked figures; an attribute takes the words alone.
        "plain": lambda text: text.striptags() if isinstance(text, Markup) else text,
        "words": lambda state: WORDS.get(state, state),
        "format": frame.formats.value,
        "bounds": frame.formats.bounds,
        "moment": frame.formats.moment,
    }
    return environment


def row_axis(chart: Chart) -> Markup:
    """Return the heading above the drawings of a chart of rows: the ends of their axis, or the numbers of a matrix."""
    if chart.kind == "matrix":
        ends = [str(x).partition(" ")[0] for x in chart.x]
    elif chart.is_told:
        # Of labels with a day and a time, the time: two whole ones do not fit on a phone.
        ends = [short_day(x) if isinstance(x, date) else str(x).rpartition(", ")[2] for x in (chart.x[0], chart.x[-1])]
    elif chart.kind == "shares":
        ends = ["0 %", "100 %"]
    elif chart.kind == "bars":
        longest = svg_rows.longest_bar(chart)
        ends = ["0", axis_tick(longest, chart.unit, longest)]
    else:
        ends = list(_forest_ends(chart))
    return Markup('<span class="scale{}">{}</span>').format(
        " numbers" if chart.kind == "matrix" else "",
        Markup("").join(Markup("<span>{}</span>").format(escape(end)) for end in ends),
    )


def _forest_ends(chart: Chart) -> Iterator[str]:
    low, high = svg_rows.forest_range(chart)
    yield "lower" if low < 0 else axis_tick(low, chart.unit, high - low)
    yield "higher" if high > 0 else axis_tick(high, chart.unit, high - low)
