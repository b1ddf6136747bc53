"""Pages of single services and journeys: what they are called on disk, and who links to them.

Names come from the configuration and may hold anything; file names hold a–z, 0–9 and hyphens. What such a page says is
in `services` and `journeys`.
"""

import hashlib
import re
from collections.abc import Iterable

from orchestration.reports.marts import Marts

LONGEST = 60


def pages_of(marts: Marts) -> dict[tuple[str, str], str]:
    """Return the page (without .html) of each configured service and journey, by ("service" | "journey", name)."""
    services = [row["service"] for row in marts.rows("select service from reports.rpt_service_health")]
    journeys = [row["journey"] for row in marts.rows("select distinct journey from reports.rpt_journey_steps")]
    return {
        (kind, name): f"{kind}-{slug}"
        for kind, names in (("service", services), ("journey", journeys))
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
