"""What a configuration allows and its author may not mean: alerts that can never fire, targets that nobody has set.

None of it keeps anything from running; what does is a mistake (`between`, `openslo`).
"""

import os
from collections.abc import Iterator

from orchestration.settings.documents import Document, Loc, Mistake
from orchestration.settings.model import Config
from orchestration.settings.openslo import Promise
from orchestration.settings.openslo.objectives import USUAL_INTERVAL_S, burn_rate_windows, can_fire


def doubts(config: Config, main: Document, promises: list[Promise]) -> Iterator[Mistake]:
    """Yields notes on a configuration without mistakes."""
    intervals = {service.name: service.probe_interval_s for service in config.services}
    feeds = {source.feed for source in config.sources}
    for promise in promises:
        yield from _about_alerts(promise, intervals.get(promise.objective.service) or USUAL_INTERVAL_S)
        feed = promise.objective.feed
        if feed and feed not in feeds:
            yield _note(promise, f"is counted from {feed}, which no source brings", f"a source of {feed}")
    for at, target in enumerate(config.alerts.targets):
        if not os.environ.get(target.url_env):
            loc: Loc = ("alerts", "targets", at, "url_env")
            text = f"{target.url_env} is not set here: nothing would be delivered to {target.name}"
            yield main.mistake(loc, text, f"export {target.url_env}=… where Beaconmart runs")


def _about_alerts(promise: Promise, probe_interval_s: int) -> Iterator[Mistake]:
    objective = promise.objective
    if objective.feed is None:
        return
    windows = list(burn_rate_windows(objective, probe_interval_s))
    # An empty list of policies says so on purpose.
    if not windows and objective.alert_windows is None:
        yield _note(promise, "has a period too short for the usual alerts", "an AlertPolicy with a window that fits it")
    dead = [f"{window.factor:.4g}" for window in windows if not can_fire(objective, window.factor)]
    if dead:
        text = f"can never fire at a burn rate of {', '.join(dead)}: with everything bad it is {_fastest(promise):.4g}"
        yield _note(promise, text, "an AlertPolicy with a lower threshold, or a higher target")


def _fastest(promise: Promise) -> float:
    return 1 / (1 - promise.objective.target)


def _note(promise: Promise, message: str, expected: str) -> Mistake:
    return promise.place.document.mistake(promise.place.loc, f"{promise.objective.name} {message}", expected)
