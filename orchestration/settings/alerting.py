"""The part `alerts` of `beaconmart.yml`: which rules are evaluated and who is told.

The burn rates at which an objective alerts belong to its document (`openslo`); evaluating and sending is elsewhere.
"""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from orchestration.settings.parts import Name, Part

Severity = Literal["critical", "warning"]
RuleKind = Literal[
    "burn_rate",
    "outage",
    "health_critical",
    "request_error_rate",
    "vitals_degradation",
    "missing_data",
    "data_quality",
    "predicted_exhaustion",
]


def _variable(value: str) -> str:
    # The value may be the secret itself, put in the wrong place: it is not repeated.
    if not value.isascii() or not value.replace("_", "a").isalnum() or value.upper() != value or value[0].isdigit():
        raise ValueError("is not the name of an environment variable; write one such as BEACONMART_ALERT_URL")
    return value


class AlertRule(Part):
    """One rule; what is left out is the default of its kind."""

    name: Name | None = Field(default=None, description="left out: the kind")
    kind: RuleKind
    enabled: bool = True
    severity: Severity | None = Field(default=None, description="burn_rate: that of the window, which it replaces")
    threshold: float | None = Field(default=None, description="what it means depends on the kind")
    window_s: int | None = Field(default=None, ge=300, le=30 * 86400, multiple_of=300)
    minimum_event_count: int | None = Field(default=None, ge=0, description="fewer events are insufficient data")
    resolve_after_s: int | None = Field(default=None, ge=0, le=7 * 86400, description="good this long: resolved")


class AlertTarget(Part):
    """Somebody who is told: an apprise URL in an environment variable."""

    name: Name
    url_env: Annotated[str, Field(min_length=1), AfterValidator(_variable)] = Field(
        description="environment variable that holds the apprise URL"
    )
    severities: list[Severity] = Field(default_factory=lambda: list(get_args(Severity)), min_length=1)
    services: list[Name] | None = Field(default=None, min_length=1, description="left out: every service")


class Alerts(Part):
    """Which rules are evaluated, and who is told."""

    rules: list[AlertRule] = Field(default_factory=list, description="a kind that is not named has its default rule")
    targets: list[AlertTarget] = Field(default_factory=list)
    cascade_window_s: int = Field(default=900, ge=0, le=86400, description="alerts this close are told as one")
    storm_limit: int = Field(default=20, ge=1, le=1000, description="most notifications to a target in storm_window_s")
    storm_window_s: int = Field(default=3600, ge=60, le=86400)

    def effective_rules(self) -> list[AlertRule]:
        """Returns the rules with every default filled in, and the default rule of each kind that has none."""
        named = {rule.kind for rule in self.rules}
        rules = [*self.rules, *(AlertRule(kind=kind) for kind in get_args(RuleKind) if kind not in named)]
        return [_filled(rule) for rule in rules]


# Thresholds: request_error_rate, share of failed requests; predicted_exhaustion, probability within the window.
# Windows: missing_data, silence of a feed beyond when its next rows were due.
_DEFAULTS: dict[str, AlertRule] = {
    rule.kind: rule
    for rule in (
        AlertRule(kind="burn_rate", minimum_event_count=1, resolve_after_s=900),
        AlertRule(kind="outage", severity="critical", minimum_event_count=2, resolve_after_s=600),
        AlertRule(kind="health_critical", severity="critical", minimum_event_count=1, resolve_after_s=600),
        AlertRule(
            kind="request_error_rate",
            severity="critical",
            threshold=0.05,
            window_s=900,
            minimum_event_count=100,
            resolve_after_s=900,
        ),
        AlertRule(kind="vitals_degradation", severity="warning", minimum_event_count=13, resolve_after_s=86400),
        AlertRule(kind="missing_data", severity="warning", window_s=86400, minimum_event_count=0, resolve_after_s=0),
        AlertRule(kind="data_quality", severity="warning", minimum_event_count=0, resolve_after_s=0),
        AlertRule(
            kind="predicted_exhaustion",
            severity="warning",
            threshold=0.8,
            window_s=7 * 86400,
            minimum_event_count=0,
            resolve_after_s=86400,
        ),
    )
}


def _filled(rule: AlertRule) -> AlertRule:
    given = rule.model_dump(exclude_none=True)
    return AlertRule(**{**_DEFAULTS[rule.kind].model_dump(), "name": rule.kind, **given})
