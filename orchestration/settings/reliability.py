"""The parts of `beaconmart.yml` that decide what counts against a promise: accounting, corrections, budget policies.

Objectives themselves are OpenSLO documents (`openslo`); who is told about a burnt budget stands in `alerting`.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from orchestration.settings.parts import Name, Part

PRESETS = ("default", "uptime_kuma", "gatus", "upptime", "datadog_monitor", "datadog_time_slice", "statuspage")


def _with_a_time(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        raise ValueError(f"'{value}' names no time of day; write a date and a time such as {value}T00:00:00")
    return value


# A time without an offset is in the site's zone.
Moment = Annotated[datetime, BeforeValidator(_with_a_time)]


class AccountingMethod(Part):
    """How checks become availability, in the terms of the presets; what is left out is as in `default`."""

    name: Name
    unit: Literal["time", "count", "slices"] = Field(
        default="time", description="shares of time, of checks, or of 5-minute slices that are down as a whole"
    )
    location_rule: Literal["any", "majority", "all"] = Field(
        default="majority", description="how many of the locations that know must agree that it is down"
    )
    pending_as: Literal["ignored", "down", "up"] = Field(default="ignored", description="what a pending check says")
    maintenance_as: Literal["excluded", "up", "down", "as_checked"] = Field(
        default="excluded", description="announced maintenance and corrections; as_checked: they change nothing"
    )
    no_data_as: Literal["unknown", "up", "down"] = "unknown"
    outage_counts_on: Literal["its_days", "start_day"] = "its_days"
    failures_to_go_down: int = Field(default=2, ge=1, le=100, description="failed checks in a row")
    successes_to_come_back: int = Field(default=1, ge=1, le=100, description="good checks in a row")
    speaks_for_intervals: float | None = Field(
        default=2, ge=1, le=1000, description="probe intervals for which a check speaks; null: until the next check"
    )
    shortest_outage_s: int = Field(default=0, ge=0, le=86400, description="shorter outages are up time")
    degraded_weight: float = Field(default=0, ge=0, le=1, description="share of degraded time that counts as bad")


class Accounting(Part):
    """How checks become availability."""

    method: Name = Field(default="default", description="the contractual method; the others are shown beside it")
    methods: list[AccountingMethod] = Field(default_factory=list, description="methods of your own, beside the presets")


class Correction(Part):
    """A period that was agreed not to count; the report shows what it takes out."""

    name: Name
    service: Name | None = Field(default=None, description="every objective of this service")
    objective: Name | None = Field(default=None, description="this objective alone")
    from_: Moment = Field(alias="from", description="date and time; without an offset in the site's zone")
    to: Moment = Field(description="date and time up to which it does not count")
    reason: str = Field(min_length=1, max_length=500, description="why it does not count; stands on the page")

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> "Correction":
        if (self.service is None) == (self.objective is None):
            raise ValueError("is about one service or one objective; write service: … or objective: …")
        if (self.from_.tzinfo is None) != (self.to.tzinfo is None):
            raise ValueError("has an offset in one of its times; write both with an offset, or both in the site's zone")
        if self.to <= self.from_:
            raise ValueError(f"ends ({self.to}) before it starts ({self.from_}); swap from and to")
        return self

    def period(self, zone: str) -> tuple[datetime, datetime]:
        """Returns start and end as naive UTC times, as the warehouse keeps them; `zone` is the site's."""
        start, end = (
            (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC).replace(tzinfo=None)
            for at in (self.from_, self.to)
        )
        return start, end


class BudgetThreshold(Part):
    """One step of an error-budget policy: from what remaining budget on, and what follows."""

    remaining_share_below: float = Field(ge=-10, le=1, description="share of the budget that is left: 0.25, 0, -1")
    consequence: Literal["page", "ticket", "reliability_work", "freeze"]
    description: str = Field(min_length=1, max_length=500, description="what people do then, in a sentence")


class ErrorBudgetPolicy(Part):
    """What was agreed to follow when a budget runs out."""

    name: Name
    objectives: list[Name] | None = Field(default=None, min_length=1, description="left out: every objective")
    thresholds: list[BudgetThreshold] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_consequence_follows_once(self) -> "ErrorBudgetPolicy":
        consequences = {threshold.consequence for threshold in self.thresholds}
        shares = {threshold.remaining_share_below for threshold in self.thresholds}
        if len(consequences) < len(self.thresholds) or len(shares) < len(self.thresholds):
            raise ValueError("has a consequence or a remaining_share_below twice; each of them once")
        return self
