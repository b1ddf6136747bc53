"""The shape of what OpenSLO v1 documents share: names, durations, metadata, indicators.

The documents themselves are in `shapes`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel

_DURATION = r"^[0-9]+[mhdwMQY]$"
_NAME = r"^[A-Za-z0-9]([-._|/\\A-Za-z0-9]*[A-Za-z0-9])?$"
_KEY = r"^([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$"


def _duration(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(_DURATION, value):
        raise ValueError(f"{value!r:.40} is not a duration; a number and one of m h d w M Q Y, such as 5m, 28d or 1M")
    return value


def _slice(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6:
        return value  # minutes
    return _duration(value)


def _name(value: str) -> str:
    if len(value) > 255 or not re.fullmatch(_NAME, value):
        raise ValueError(f"'{value:.60}' is not a name; letters, digits and dashes, such as checkout-availability")
    return value


def _labels(value: dict[str, Any]) -> dict[str, Any]:
    for key, label in value.items():
        many = label if isinstance(label, list) else [label]
        if not all(isinstance(one, str) for one in many):
            raise ValueError(f"the label '{key}' holds something else than text; put the value in quotes")
    return value


Duration = Annotated[Any, AfterValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION})]
Slice = Annotated[
    Any,
    AfterValidator(_slice),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": _DURATION}, {"type": "number", "exclusiveMinimum": 0}]}),
]
ObjectName = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": _NAME, "maxLength": 255})]
Key = Annotated[str, Field(max_length=317, pattern=_KEY)]
Description = Annotated[str | None, Field(max_length=1050)]
Operator = Literal["lte", "gte", "lt", "gt"]


class Shape(BaseModel):
    """A part of a document: an unknown key is a mistake, and no value is read as another type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, alias_generator=to_camel)


class Metadata(Shape):
    """What a document is called."""

    name: ObjectName = Field(description="a name, such as checkout-availability")
    display_name: str | None = None
    labels: Annotated[dict[str, Any], AfterValidator(_labels)] | None = None
    annotations: dict[Key, str] | None = None


class MetricSource(Shape):
    """Where a metric comes from; what stands in its spec is the source's own affair."""

    metric_source_ref: ObjectName | None = None
    type: str | None = None
    spec: dict[str, Any] = Field(min_length=1, description="what the source is asked for")


class Metric(Shape):
    """One metric."""

    metric_source: MetricSource = Field(description="type and spec of the source")


class RatioMetric(Shape):
    """A share: good or bad of total, or a ratio that is computed elsewhere."""

    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None

    @model_validator(mode="after")
    def _is_one_share(self) -> "RatioMetric":
        if (self.total is None) == (self.raw is None):
            raise ValueError("needs one of total and raw; good and total, or bad and total")
        if self.total and (self.good is None) == (self.bad is None):
            raise ValueError("needs one of good and bad beside total; good and total, or bad and total")
        if self.raw and (self.good or self.bad or self.raw_type is None):
            raise ValueError("raw stands alone with its rawType; rawType: success or failure")
        return self


class SLISpec(Shape):
    """How an indicator is measured."""

    description: Description = None
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def _is_one_metric(self) -> "SLISpec":
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            raise ValueError("needs one of ratioMetric and thresholdMetric; a ratioMetric of good and total")
        return self


class Indicator(Shape):
    """An indicator inside an SLO."""

    metadata: Metadata
    spec: SLISpec
