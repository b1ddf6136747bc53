"""Alert policies and their conditions: at which burn rate an objective alerts.

Who is told is said in `beaconmart.yml`: targets of a policy are read, and their names checked.
"""

from collections.abc import Collection, Mapping

from orchestration.settings.openslo.indicators import Scope
from orchestration.settings.openslo.objectives import BUCKET_S, AlertWindow
from orchestration.settings.openslo.place import Place
from orchestration.settings.openslo.windows import seconds

SEVERITIES = {"page": "critical", "critical": "critical", "ticket": "warning", "warning": "warning"}
LONGEST_S = 3 * 86400
# The specification leaves annotations to the implementation; a condition itself has one window only.
SHORT_WINDOW = "beaconmart.short-window"

Library = Mapping[str, Mapping[str, Place]]


def read_policies(place: Place, library: Library, scope: Scope) -> tuple[AlertWindow, ...] | None:
    """Reads `alertPolicies` of an SLO; None where it names none, so that the usual windows hold."""
    if place.value is None:
        return None
    windows = []
    for item in place.items():
        policy = follow(item, "alertPolicyRef", "AlertPolicy", library)
        window = read_policy(policy, library, scope) if policy else None
        windows += [window] if window else []
    return tuple(windows)


def read_policy(policy: Place, library: Library, scope: Scope) -> AlertWindow | None:
    """Reads one policy: the factor, window and severity of its one condition."""
    spec = policy / "spec"
    if spec.value is not None and (spec / "alertWhenBreaching").value is not True:
        where = spec / "alertWhenBreaching" if "alertWhenBreaching" in spec.keys else spec
        where.unsupported("an alert is written when the condition is breached", "alertWhenBreaching: true")
    if (spec / "alertWhenResolved").value is False:
        (spec / "alertWhenResolved").note("is not heeded: whoever was told of an alert is told of its end", "true")
    if (spec / "alertWhenNoData").value is True:
        text = "is not heeded: data that is missing is a rule of its own, for every feed"
        (spec / "alertWhenNoData").note(text, "alerts.rules of kind missing_data in beaconmart.yml")
    for item in (spec / "notificationTargets").items():
        _target(item, library, scope)
    name = (policy / "metadata" / "name").text()
    for item in (spec / "conditions").items():
        condition = follow(item, "conditionRef", "AlertCondition", library)
        return read_condition(condition, name) if condition else None
    return None


def read_condition(document: Place, policy: str) -> AlertWindow | None:
    """Reads one condition of kind burnrate."""
    spec = document / "spec"
    condition, severity = spec / "condition", spec / "severity"
    grave = SEVERITIES.get(severity.text().lower())
    if grave is None and severity.text():
        severity.unsupported(f"'{severity.text():.60}' is not a severity here", "page or ticket (critical or warning)")
    op, threshold = condition / "op", condition / "threshold"
    if op.value in ("lt", "lte"):
        op.unsupported("a budget that burns slowly is no reason to alert", "op: gt")
    factor = threshold.number()
    if factor is not None and factor <= 0:
        threshold.wrong(f"{threshold.value!r} is passed by any burn rate", "a burn rate above 0, such as 14.4")
    long = _window(condition / "lookbackWindow")
    annotation = document / "metadata" / "annotations" / SHORT_WINDOW
    short = _window(annotation) if annotation.value is not None else long
    if long and short and short > long:
        annotation.wrong("is longer than the lookbackWindow", "a shorter one, such as a twelfth of it")
    after = condition / "alertAfter"
    wait = seconds(after) if after.value is not None else 0
    if wait is not None and (wait % BUCKET_S or wait > LONGEST_S):
        after.unsupported(
            f"{after.value!r} cannot be judged: conditions are judged every 5 minutes", "0m, 5m, … up to 3d"
        )
    if grave is None or factor is None or long is None or short is None or wait is None:
        return None
    return AlertWindow(grave, long, short, 0.0, factor, wait, policy)


def follow(
    item: Place, reference: str, kind: str, library: Library, elsewhere: Collection[str] | None = ()
) -> Place | None:
    """Returns the document that a reference names, or the item itself where it is written inline.

    `elsewhere` are names that stand outside the documents; None if they cannot be told.
    """
    ref = item / reference
    if ref.value is None:
        return item if (item / "spec").value is not None else None
    name = ref.text()
    if name in library[kind]:
        return library[kind][name].seen_from(ref)
    ref.known(None if elsewhere is None else {*library[kind], *elsewhere}, kind)
    return None


def _window(place: Place) -> int | None:
    length = seconds(place)
    if length is None:
        if place.value is not None and not isinstance(place.value, str | int | float):
            place.wrong("is not a duration", "such as 5m")
        return None
    if length <= 0 or length % BUCKET_S or length > LONGEST_S:
        right = "a multiple of 5 minutes up to 3 days, such as 1h"
        place.unsupported(f"{place.value!r} is not a window that burn rates are kept for", right)
        return None
    return length


def _target(item: Place, library: Library, scope: Scope) -> None:
    found = follow(item, "targetRef", "AlertNotificationTarget", library, scope.targets)
    name = (item / "targetRef").text()
    if (found and (found / "spec" / "target").text() not in ("", "beaconmart")) or (
        scope.targets and name in scope.targets
    ):
        text = "is not heeded: alerts.targets of beaconmart.yml say who is told of which severity and service"
        item.note(text, "target: beaconmart, in a document of kind AlertNotificationTarget")
