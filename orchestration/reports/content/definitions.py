"""What every number means: the doc blocks that the dbt project has for its columns, as a page with anchors."""

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from orchestration.reports.blocks import Page, Section
from orchestration.reports.content import Context
from orchestration.reports.delivered import defines

SOURCE = Path(__file__).parents[3] / "dbt_project" / "models" / "reports" / "definitions.md"
BLOCK = re.compile(r"{%\s*docs definition_(\w+)\s*%}\s*### ([^\n]+)\n(.*?){%\s*enddocs\s*%}", re.DOTALL)
CHAPTER = re.compile(r"^<!-- chapter: (.+) -->$", re.MULTILINE)


def page(context: Context) -> Page:
    """Return the definitions page: of what the site delivers."""
    sections = []
    for number, (title, blocks) in enumerate(chapters(), start=1):
        entries = [_entry(*block) for block in blocks if defines(block[0], context.feeds)]
        if entries:
            sections.append(Section(f"chapter-{number}", title, prose=Markup("").join(entries)))
    money = f" Money is in {context.currency}." if defines("revenue_net", context.feeds) else ""
    lead = (
        "Each number on these pages links here. Tables and columns of marts.duckdb are described in the table docs."
        f"{money}"
    )
    return Page("definitions", "Definitions", "What the numbers mean", lead, sections)


@cache
def chapters() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return the definitions by chapter: (anchor, title, text in Markdown) each."""
    _, *parts = CHAPTER.split(SOURCE.read_text(encoding="utf-8"))
    return [(title, BLOCK.findall(text)) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def anchors() -> set[str]:
    """Return the anchors that a page may link to."""
    return {anchor for _, blocks in chapters() for anchor, _, _ in blocks}


def _entry(anchor: str, title: str, text: str) -> Markup:
    from markdown_it import MarkdownIt

    # Raw HTML in Markdown stays text.
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}"><table>'
    body = body.replace("<table>", scroll).replace("</table>", "</table></div>")
    return Markup(f'<div class="entry"><h3 id="{escape(anchor)}">{escape(title)}</h3>{body}</div>')  # noqa: S704 - our own text
