"""The shape of OpenSLO v1 documents, as the specification has it; `config/openslo.schema.json` is generated from here.

Source: github.com/OpenSLO/OpenSLO, README (apiVersion openslo/v1). What of it Beaconmart accounts is decided in `slo`,
`indicators`, `windows` and `policies`; nothing here is narrower than the specification.
"""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from orchestration.settings.openslo.parts import (
    Description,
    Duration,
    Indicator,
    Metadata,
    ObjectName,
    Operator,
    Shape,
    Slice,
    SLISpec,
)
from orchestration.settings.parts import Zone

SpecT = TypeVar("SpecT")


def start_time(value: Any) -> datetime | None:
    """Returns a date with a time and without a zone; None if it is none."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M") if isinstance(value, str) else ():
        with suppress(ValueError):
            return datetime.strptime(value, form)  # noqa: DTZ007 - the zone stands beside it, in timeZone
    return None


def _start(value: Any) -> Any:
    if start_time(value) is None:
        right = "write one such as 2026-01-01 00:00:00"
        raise ValueError(f"'{value!s:.40}' is not a date with a time and without a zone; {right}")
    return value


class Calendar(Shape):
    """Where calendar periods begin."""

    start_time: Annotated[Any, AfterValidator(_start), WithJsonSchema({"type": "string"})] = Field(
        description="a date and a time without a zone, such as 2026-01-01 00:00:00"
    )
    time_zone: Zone = Field(description="an IANA name, such as Europe/Berlin")


class TimeWindow(Shape):
    """The period over which a budget is given."""

    duration: Duration = Field(description="such as 28d, or 1M with a calendar")
    is_rolling: bool | None = None
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "TimeWindow":
        if bool(self.is_rolling) == (self.calendar is not None):
            raise ValueError("is rolling or follows a calendar; isRolling: true, or calendar with startTime, timeZone")
        return self


class Objective(Shape):
    """One target."""

    display_name: str | None = None
    op: Operator | None = None
    value: float | None = None
    target: float | None = Field(default=None, ge=0, lt=1)
    target_percent: float | None = Field(default=None, ge=0, lt=100)
    time_slice_target: float | None = Field(default=None, gt=0, le=1)
    time_slice_window: Slice | None = None
    indicator: Indicator | None = None
    indicator_ref: ObjectName | None = None
    composite_weight: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _has_one_target(self) -> "Objective":
        if (self.target is None) == (self.target_percent is None):
            raise ValueError("one of target and targetPercent is needed; target: 0.999 or targetPercent: 99.9")
        return self


class AlertConditionType(Shape):
    """When an alert is due."""

    kind: Literal["burnrate"] = "burnrate"
    op: Operator | None = None
    threshold: float = Field(description="the burn rate that is too fast, such as 14.4")
    lookback_window: Duration = Field(description="over which the burn rate is taken, such as 1h")
    alert_after: Duration | None = None


class AlertConditionSpec(Shape):
    """When an alert is due, and how grave it is."""

    description: Description = None
    severity: str = Field(description="page or ticket")
    condition: AlertConditionType = Field(description="kind, op, threshold, lookbackWindow, alertAfter")


class AlertNotificationTargetSpec(Shape):
    """Who is told."""

    target: str = Field(description="such as email or slack")
    description: Description = None


class Condition(Shape):
    """A condition of a policy: written here, or a reference."""

    condition_ref: ObjectName | None = None
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: AlertConditionSpec | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Condition":
        _one_of("conditionRef", self.condition_ref, self.kind, self.metadata, self.spec)
        return self


class Target(Shape):
    """A target of a policy: written here, or a reference."""

    target_ref: ObjectName | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: AlertNotificationTargetSpec | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Target":
        _one_of("targetRef", self.target_ref, self.kind, self.metadata, self.spec)
        return self


class AlertPolicySpec(Shape):
    """Which condition alerts whom."""

    description: Description = None
    alert_when_no_data: bool | None = None
    alert_when_resolved: bool | None = None
    alert_when_breaching: bool | None = None
    conditions: list[Condition] = Field(min_length=1, max_length=1, description="a list with one condition")
    notification_targets: list[Target] = Field(min_length=1, description="a list of targetRef")


class Policy(Shape):
    """A policy of an SLO: written here, or a reference."""

    alert_policy_ref: ObjectName | None = None
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: AlertPolicySpec | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Policy":
        _one_of("alertPolicyRef", self.alert_policy_ref, self.kind, self.metadata, self.spec)
        return self


class SLOSpec(Shape):
    """A promise about a service."""

    description: Description = None
    service: str = Field(min_length=1, description="a service of beaconmart.yml")
    indicator: Indicator | None = None
    indicator_ref: ObjectName | None = None
    time_window: list[TimeWindow] | None = Field(default=None, min_length=1, max_length=1)
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"] = Field(description="Occurrences")
    objectives: list[Objective] = Field(min_length=1, description="a list with a target: - {target: 0.999}")
    alert_policies: list[Policy] | None = None


class DataSourceSpec(Shape):
    """How a source of metrics is reached."""

    description: Description = None
    type: str
    connection_details: Any = None


class ServiceSpec(Shape):
    """A service."""

    description: Description = None


class Envelope(Shape, Generic[SpecT]):
    """What every document has."""

    api_version: Literal["openslo/v1"] = Field(description="openslo/v1")
    kind: str = Field(description="such as SLO")
    metadata: Metadata = Field(description="a mapping with a name")
    spec: SpecT = Field(description="what the document says")


SHAPES: dict[str, type[Envelope[Any]]] = {
    "SLO": Envelope[SLOSpec],
    "SLI": Envelope[SLISpec],
    "AlertPolicy": Envelope[AlertPolicySpec],
    "AlertCondition": Envelope[AlertConditionSpec],
    "AlertNotificationTarget": Envelope[AlertNotificationTargetSpec],
    "DataSource": Envelope[DataSourceSpec],
    "Service": Envelope[ServiceSpec],
}


def _one_of(reference: str, ref: str | None, *inline: Any) -> None:
    if (ref is None) == all(part is None for part in inline) or (ref is None and None in inline):
        raise ValueError(f"is a reference or is written here; {reference}, or kind, metadata and spec")
