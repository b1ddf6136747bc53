"""The part `alerts` of `beaconmart.yml`: which rules are evaluated and who is told.

The burn rates at which an objective alerts belong to its document (`openslo`); evaluating and sending is elsewhere.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

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
    "predicted_breach",
    "error_group_new",
    "error_escalation",
    "error_regression",
]


# Thresholds: request_error_rate, share of failed requests; predicted_exhaustion and predicted_breach, probability
# within the window.
# Windows: missing_data, silence of a feed beyond when its next rows were due.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "burn_rate": {"minimum_event_count": 1, "resolve_after_s": 3600},
    "outage": {"severity": "critical", "minimum_event_count": 0, "resolve_after_s": 600},
    "health_critical": {"severity": "critical", "minimum_event_count": 1, "resolve_after_s": 600},
    "request_error_rate": {
        "severity": "critical",
        "threshold": 0.05,
        "window_s": 900,
        "minimum_event_count": 5,
        "resolve_after_s": 900,
    },
    "vitals_degradation": {"severity": "warning", "minimum_event_count": 13, "resolve_after_s": 86400},
    "missing_data": {"severity": "warning", "window_s": 86400, "minimum_event_count": 0, "resolve_after_s": 0},
    "data_quality": {"severity": "warning", "minimum_event_count": 0, "resolve_after_s": 0},
    "predicted_exhaustion": {
        "severity": "warning",
        "threshold": 0.8,
        "window_s": 7 * 86400,
        "minimum_event_count": 0,
        "resolve_after_s": 86400,
    },
    "predicted_breach": {
        "severity": "warning",
        "threshold": 0.8,
        "window_s": 14 * 86400,
        "minimum_event_count": 0,
        "resolve_after_s": 86400,
    },
    "error_group_new": {"severity": "warning", "minimum_event_count": 10, "resolve_after_s": 86400},
    "error_escalation": {"severity": "warning", "minimum_event_count": 10, "resolve_after_s": 86400},
    "error_regression": {"severity": "warning", "minimum_event_count": 10, "resolve_after_s": 86400},
}


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

    @model_validator(mode="after")
    def _says_what_its_kind_can_hear(self) -> "AlertRule":
        usual = _DEFAULTS[self.kind]
        for key in ("threshold", "window_s"):
            if getattr(self, key) is not None and key not in usual:
                raise ValueError(f"a rule of kind {self.kind} has no {key}; leave it out")
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(
                f"threshold {self.threshold:g} is not a share; between 0 and 1, such as {usual['threshold']}"
            )
        return self


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
    pages_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description="where the published pages are served, such as https://status.shop.example/; messages link there",
    )

    def effective_rules(self) -> list[AlertRule]:
        """Returns the rules with every default filled in, and the default rule of each kind that has none."""
        named = {rule.kind for rule in self.rules}
        rules = [*self.rules, *(AlertRule(kind=kind) for kind in get_args(RuleKind) if kind not in named)]
        return [_filled(rule) for rule in rules]


def _filled(rule: AlertRule) -> AlertRule:
    given = rule.model_dump(exclude_none=True)
    return AlertRule(**{"name": rule.kind, **_DEFAULTS[rule.kind], **given})
