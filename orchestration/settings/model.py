"""The shape of `config/beaconmart.yml`, field by field; its JSON Schema is generated from here.

Rules that one value can break on its own live here. Rules between values (a step names a service) live in `check`.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from orchestration.settings.alerting import Alerts
from orchestration.settings.errors import Errors
from orchestration.settings.exporting import Export
from orchestration.settings.parts import Name, Part, Share, Zone, regex
from orchestration.settings.reliability import Accounting, Correction, ErrorBudgetPolicy
from orchestration.settings.roll_ups import DEFAULT, RollUps

System = Literal[
    "web_vitals", "web_errors", "probes", "maintenance", "incidents", "orders", "sessions", "requests", "releases",
    "alert_reviews", "sentry", "boomerang", "faro", "ga4", "opentelemetry", "access_log",
]  # fmt: skip
Feed = Literal[
    "beacons", "errors", "probes", "maintenance", "incidents", "orders", "sessions", "requests", "releases",
    "alert_reviews",
]  # fmt: skip
# The systems of our own formats come first, in the order of the feeds; then those of other tools.
OWN_SYSTEMS = get_args(System)[: len(get_args(Feed))]
FEED_OF_SYSTEM: dict[str, str] = {
    **dict(zip(OWN_SYSTEMS, get_args(Feed), strict=True)),
    "sentry": "errors",
    **dict.fromkeys(("boomerang", "faro", "ga4", "opentelemetry", "access_log"), "beacons"),
}
ENTITY_FEEDS = frozenset({"orders", "incidents", "releases", "maintenance", "alert_reviews"})

# Two threads cannot hold a block for each column of the widest tables in less.
SMALLEST_MEMORY = "500MB"

# A 28-day window, and the 30 days by which a late event may precede its export, must fit into what is kept.
SHORTEST_RETENTION_DAYS = 31


def _path(value: str) -> str:
    if ".." in re.split(r"[\\/]", value):
        raise ValueError(f"'{value}' climbs out of the landing folder with '..'; name the folder itself")
    for placeholder in re.findall(r"\{(.*?)\}", value):
        if placeholder != "date":
            raise ValueError(f"'{{{placeholder}}}' is not a placeholder; the only one is {{date}}, the export day")
    scheme = re.match(r"([a-z0-9]+)://", value)
    if scheme and scheme[1] not in ("s3", "gs", "az"):
        raise ValueError(f"'{scheme[1]}://' cannot be read; use a local path, s3://, gs:// or az://")
    return value


# ISO 4217 for transactions without a currency.
NO_CURRENCY = "XXX"

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, such as EUR")]


class Site(Part):
    """The site that is watched."""

    name: str = Field(min_length=1, description="as people call it; stands on every page")
    currency: Currency = Field(
        default=NO_CURRENCY, description="ISO 4217, such as EUR; needed where orders are delivered"
    )
    timezone: Zone = Field(description="the zone in which reports show times; storage is UTC")
    exchange_rates: dict[Currency, Annotated[Decimal, Field(gt=0)]] = Field(
        default_factory=dict, description="units of the site's currency for one unit of another; others are rejected"
    )
    url_parameters_kept: list[str] = Field(
        default_factory=list, description="query parameters that hold no personal data; all others are dropped"
    )


class Source(Part):
    """Where one feed lands, and in which format."""

    name: Name
    system: System
    path: Annotated[str, Field(min_length=1), AfterValidator(_path)] = Field(
        description="a glob with {date}; relative to the landing folder, or absolute, s3://, gs://, az://"
    )
    timezone: Zone = Field(description="the zone of timestamps that do not name theirs")
    delivery: Literal["daily", "snapshot"] = Field(
        default="daily", description="daily: the path names the export day; snapshot: the whole history each time"
    )

    @model_validator(mode="after")
    def _date_is_where_it_is_needed(self) -> "Source":
        dated = self.path.count("{date}")
        if self.delivery == "daily" and dated == 0:
            raise ValueError(f"path '{self.path}' lacks {{date}}; a daily delivery needs it, such as {{date}}/x*.csv")
        if self.delivery == "snapshot" and dated:
            raise ValueError("a snapshot's path has no {date}; leave it out, or write delivery: daily")
        return self

    @property
    def feed(self) -> str:
        """The feed that this format carries, such as `beacons`."""
        return FEED_OF_SYSTEM[self.system]


class PageGroup(Part):
    """Pages that are judged together; the first pattern that matches a path wins."""

    name: Name
    pattern: Annotated[str, Field(min_length=1), AfterValidator(regex)] = Field(
        description="a regular expression on the path, such as ^/product/"
    )


class Service(Part):
    """Something that can be up or down."""

    name: Name
    critical: bool = False
    probe_interval_s: int | None = Field(
        default=None, gt=0, le=86400, description="seconds between two checks from one location; without it, as landed"
    )
    locations: list[Name] = Field(default_factory=list, description="where the checks run; without it, as landed")
    owner: str = Field(default="", description="who is asked when it breaks")


class Step(Part):
    """One step of a journey: the pages, the service behind them and the promise about it."""

    name: Name
    page_group: Name
    service: Name
    objective: Name = Field(description="the name of an objective in slos/")


class Journey(Part):
    """What a visitor comes to do."""

    name: Name
    critical: bool = False
    steps: list[Step] = Field(min_length=1)


class Retention(Part):
    """How long raw rows are kept; orders, incidents, releases, maintenance and reviews are kept for good."""

    default_days: int = Field(default=90, ge=SHORTEST_RETENTION_DAYS, le=3650)
    by_feed: dict[Feed, Annotated[int, Field(ge=SHORTEST_RETENTION_DAYS, le=3650)]] = Field(default_factory=dict)


def bytes_of(size: str) -> int:
    """Bytes of a size such as `8GB` or `1.5 GB`."""
    return int(float(size[:-2]) * {"MB": 10**6, "GB": 10**9, "TB": 10**12}[size[-2:]])


def _memory(value: str) -> str:
    if bytes_of(value) < bytes_of(SMALLEST_MEMORY):
        raise ValueError(f"'{value}' is too little to build anything; give at least {SMALLEST_MEMORY}")
    return value


class Warehouse(Part):
    """What DuckDB may use while it builds, checks and publishes the tables."""

    memory: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? ?(MB|GB|TB)$"), AfterValidator(_memory)] | None = Field(
        default=None,
        description="such as 8GB, beyond which it uses the disk; by default half of the machine's or the container's",
    )


class Targets(Part):
    """What the executive page holds the site to."""

    journeys_monitored_share: Share = 1.0
    alert_false_positive_share: Share = 0.05
    alert_latency_s: float = Field(default=30, gt=0)
    history_days: int = Field(default=90, gt=0)
    mttr_reduction_share: float = Field(default=0.5, gt=0, lt=1)
    ux_score: float = Field(default=90, gt=0, le=100)
    availability: float = Field(default=0.999, gt=0, lt=1)


class Degradation(Part):
    """When a worse day is called a degradation: beyond chance, and beyond a size that matters."""

    false_discovery_rate: float = Field(default=0.02, gt=0, lt=0.5)
    smallest_change_share: float = Field(default=0.05, gt=0, description="smallest relative change that matters")


class Experience(Part):
    """How experience is counted and judged."""

    degradation: Degradation = Degradation()
    roll_ups: RollUps = Field(
        default=DEFAULT,
        description="lists of dimensions by which vitals are counted; site, page group, device, country, country and "
        "region, page group and device, and page group, device and country always are",
    )


class Period(Part):
    """A closed period of UTC dates: two dates, or the first days on record."""

    from_: date | None = Field(default=None, alias="from")
    to: date | None = None
    first_days: int | None = Field(default=None, ge=7, description="the first days on record, in place of two dates")

    @model_validator(mode="after")
    def _is_one_period(self) -> "Period":
        if self.first_days is not None:
            if self.from_ or self.to:
                raise ValueError("has first_days and dates; keep one or the other")
        elif self.from_ is None or self.to is None:
            raise ValueError("has no whole period; give from and to, or first_days")
        elif self.to < self.from_:
            raise ValueError(f"ends ({self.to}) before it starts ({self.from_}); swap from and to")
        return self


class Baselines(Part):
    """The periods against which change is claimed."""

    mttr: Period | None = Field(default=None, description="incidents before the effort to restore faster")


class NamedDays(Part):
    """A holiday, or another day on which people come as on no other, in each of its years."""

    name: Name
    dates: list[date] = Field(min_length=1, description="past ones, to learn from, and coming ones")


class Forecasts(Part):
    """What forecasts cannot know from the past of a series."""

    holidays: list[NamedDays] = Field(
        default_factory=list, description="besides New Year, Easter, 1 May, Black Friday, Cyber Monday and Christmas"
    )


class Config(Part):
    """Everything that `beaconmart.yml` says."""

    site: Site
    sources: list[Source] = Field(min_length=1)
    page_groups: list[PageGroup] = Field(
        default_factory=list, description="without any, pages are grouped by the shape of their paths"
    )
    services: list[Service] = Field(
        default_factory=list, description="without any, those of probes, requests and incidents; all are critical"
    )
    journeys: list[Journey] = Field(default_factory=list)
    retention: Retention = Retention()
    warehouse: Warehouse = Warehouse()
    targets: Targets = Targets()
    experience: Experience = Experience()
    accounting: Accounting = Accounting()
    corrections: list[Correction] = Field(default_factory=list)
    error_budget_policies: list[ErrorBudgetPolicy] = Field(default_factory=list)
    alerts: Alerts = Alerts()
    errors: Errors = Errors()
    baselines: Baselines = Baselines()
    forecasts: Forecasts = Forecasts()
    exports: list[Export] = Field(default_factory=list)
