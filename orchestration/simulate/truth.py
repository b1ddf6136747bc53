"""What really is in a simulated period: the plan, the effects, and the counts of what landed (`truth.json`)."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.simulate import site
from orchestration.simulate.plan import Plan

# Log-odds of an order for each doubling of the first page view's LCP, the same in every device × country.
CONVERSION_LOG_ODDS_PER_LCP_DOUBLING = -0.45
BOUNCE_LOG_ODDS_PER_LCP_DOUBLING = 0.40
REFERENCE_LCP_MS = 1500.0


@dataclass(frozen=True)
class Effects:
    """What is planted between speed and decisions; `confounding` multiplies what devices and countries do to buying."""

    conversion: float = CONVERSION_LOG_ODDS_PER_LCP_DOUBLING
    bounce: float = BOUNCE_LOG_ODDS_PER_LCP_DOUBLING
    confounding: float = 1.0


PLANTED = Effects()


@dataclass
class Truth:
    """The plan and what was written; counts are of what landed."""

    arguments: dict[str, Any]
    plan: Plan
    days: dict[str, Counter[str]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, day_ms: int, **counts: int) -> None:
        """Adds counts to the UTC day that holds an instant."""
        self.days.setdefault(iso(day_ms)[:10], Counter()).update(counts)

    def totals(self) -> dict[str, int]:
        """Returns the counts of all days together."""
        totals: Counter[str] = Counter()
        for counts in self.days.values():
            totals.update(counts)
        return dict(sorted(totals.items()))

    def as_dict(self) -> dict[str, Any]:
        """Returns what `truth.json` holds: plain values, times as ISO 8601 in UTC."""
        plan = {key: value for key, value in _plain(asdict(self.plan)).items()}
        return {
            "arguments": self.arguments,
            **plan,
            "effects": {
                "conversion_log_odds_per_lcp_doubling": CONVERSION_LOG_ODDS_PER_LCP_DOUBLING,
                "bounce_log_odds_per_lcp_doubling": BOUNCE_LOG_ODDS_PER_LCP_DOUBLING,
                "exposure": "LCP of the session's first page view",
                "strata": ["device", "country"],
                "confounder": "device",
                "conversion_logit_by_device": {d.name: d.conversion_logit for d in site.DEVICES},
                "conversion_logit_by_country": {c.code: c.conversion_logit for c in site.COUNTRIES},
            },
            "totals": self.totals(),
            "days": {day: dict(sorted(counts.items())) for day, counts in sorted(self.days.items())},
            "files": dict(sorted(self.files.items())),
        }

    def write(self, file: Path) -> None:
        """Writes `truth.json`."""
        file.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def iso(ms: int) -> str:
    """Returns an instant as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(value: Any) -> Any:
    """Renames `…_ms` instants to `…_at` in ISO 8601, at any depth."""
    if isinstance(value, dict):
        return {
            key.removesuffix("_ms") + "_at" if key.endswith("_ms") else key: (
                iso(inner) if key.endswith("_ms") and inner is not None else _plain(inner)
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
