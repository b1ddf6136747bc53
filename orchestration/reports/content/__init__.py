"""What each page says: one module a page, each a function from marts to a `Page`.

Queries, findings put into words and the choice of charts belong here; drawing, HTML and number formats do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from orchestration.reports.blocks import Figure
from orchestration.reports.content.subjects import pages_of
from orchestration.reports.delivered import Feeds, delivered_feeds
from orchestration.reports.formats import NBSP, Formats
from orchestration.reports.marts import Marts, Row


@dataclass(frozen=True)
class Context:
    """What a page is made from.

    Attributes:
        marts: the tables of this release.
        formats: the site's way of writing numbers and times.
        quality: results of the data-quality checks (suite, check_name, asset, is_passed, is_blocking, observed, …).
        health: the application's and its services' status, as `status.json` has it.
        site_name: the site's name.
        target: goals of the mission by name, from the configuration.
        unmatched: a sentence for each source whose path has never matched a file.
    """

    marts: Marts
    formats: Formats
    quality: list[Row]
    health: dict[str, Any]
    site_name: str
    target: dict[str, float]
    currency: str
    unmatched: tuple[str, ...] = ()

    @cached_property
    def subjects(self) -> dict[tuple[str, str], str]:
        """The page of each service, journey and error group that has one, by kind and name."""
        return pages_of(self.marts)

    @cached_property
    def feeds(self) -> Feeds:
        """The feeds that the site delivers, as `dimensions.dim_feeds` names them."""
        return delivered_feeds(self.marts)

    def delivers(self, *feeds: str) -> bool:
        """Whether any of these feeds is delivered: a page says nothing of the others, not even that there is none."""
        return not self.feeds.isdisjoint(feeds)

    def link(self, kind: str, name: str | None) -> str:
        """Return the link to the page of a service, journey or error group; empty where it has none."""
        page = self.subjects.get((kind, str(name)))
        return f"{page}.html" if page else ""


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Write a count with its noun: 1 check, 2 checks, no checks."""
    word = noun if count == 1 else nouns or noun + "s"
    return f"{count:,} {word}" if count else f"no {word}"


def begun(text: str) -> str:
    """Write a sentence with a capital at its start, and every other letter as it is."""
    return text[:1].upper() + text[1:]


def reasoned(status: str, reason: str) -> str:
    """Write why something is as it is as a sentence; where it begins with a name, that stays as it is written."""
    return f"{begun(reason) if status == 'healthy' or ':' not in reason else reason}."


def listed(names: Sequence[str], word: str = "and") -> str:
    """Write names as a, b and c."""
    return f" {word} ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def marked(text: str, figure: Figure) -> Markup:
    """Return a number in a sentence so that tests find what it is of, as templates write those of tiles and cells."""
    raw = "" if figure.raw is None else figure.raw
    return Markup('<data value="{}" data-kpi="{}" data-window="{}" data-of="{}">{}</data>').format(
        raw, figure.kpi, figure.window, figure.of, text
    )


def sized(row: Row, key: str = "sample_count") -> str:
    """Write a sample size, never parted from its n."""
    return f"n{NBSP}={NBSP}{row[key]:,}"


def sure(bounds: str, row: Row, key: str = "sample_count") -> str:
    """Say how sure an estimate is: its interval, and the sample behind it."""
    return f"95{NBSP}%: {bounds} · {sized(row, key)}" if bounds else sized(row, key) if row[key] else ""


def change_text(row: Row, formats: Formats, is_better_high: bool | None, period: str = "previous 28 days") -> str:
    """Say how a value moved against the period before, and whether that is more than chance."""
    change = formats.change(row.get("change_share"))
    if not change:
        return f"no {period} to compare with"
    if row.get("is_change_proven") is False:
        return f"{change} vs. {period}, not proven"
    judged = ""
    if is_better_high is not None and row.get("is_change_proven"):
        judged = ", better" if (row["change_share"] > 0) == is_better_high else ", worse"
    return f"{change} vs. {period}{judged}"
