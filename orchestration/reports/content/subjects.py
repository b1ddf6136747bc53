"""Pages of single services, journeys, page groups and errors: what they are called, and who links to them.

Names come from the configuration and may hold anything; file names hold a–z, 0–9 and hyphens. What such a page says is
in `services`, `journeys`, `page_groups` and the pages of errors.
"""

import hashlib
import re
from collections.abc import Iterable

from orchestration.reports.marts import Marts

LONGEST = 60
MOST_PAGE_GROUPS = 40
# Further groups stand in the table of the errors page only.
MOST_ERROR_PAGES = 30


def pages_of(marts: Marts) -> dict[tuple[str, str], str]:
    """Return the page (without .html) of each subject, by ("service" | "journey" | "page_group" | "error", name).

    Services and journeys are those of the configuration; page groups those with the most page views in the 28 days,
    since paths that no pattern matches are groups by their shape; errors the groups with the most, by their id.
    """
    services = [row["service"] for row in marts.rows("select service from reports.rpt_service_health")]
    journeys = [row["journey"] for row in marts.rows("select distinct journey from reports.rpt_journey_steps")]
    page_groups = [
        row["page_group"]
        for row in marts.rows(
            """
            select page_group from reports.rpt_experience_by_cell where roll_up = 'page_group'
            order by page_view_count desc, page_group limit $limit
            """,
            limit=MOST_PAGE_GROUPS,
        )
    ]
    errors = [
        row["error_group_id"]
        for row in marts.rows(
            """
            select error_group_id from errors.fct_error_groups where error_count_28d > 0
            order by session_count_28d desc, error_count_28d desc, error_group_id limit $limit
            """,
            limit=MOST_ERROR_PAGES,
        )
    ]
    subjects = {"service": services, "journey": journeys, "page_group": page_groups, "error": errors}
    return {
        (kind, name): f"{kind.replace('_', '-')}-{slug}"
        for kind, names in subjects.items()
        for name, slug in slugs(names).items()
    }


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Return a file name for each name; no two are alike, not even where case does not count.

    A name that is one already stays as it is; any other is followed by a part of its hash, so that it keeps its page
    whatever else is configured.
    """
    found: dict[str, str] = {}
    every = sorted(set(names))
    plain = {name for name in every if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) and len(name) <= LONGEST}
    for name in every:
        if name in plain:
            found[name] = name
            continue
        digest = hashlib.sha256(name.encode()).hexdigest()
        base = re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST].strip("-") or "page"
        length = 6
        while (slug := f"{base}-{digest[:length]}") in plain or slug in found.values():
            length += 1
        found[name] = slug
    return found
