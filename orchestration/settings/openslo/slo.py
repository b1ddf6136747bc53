"""An SLO document read into its objectives.

How its parts are read belongs to `indicators`, `windows` and `policies`; here is how they come together.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestration.settings.openslo.indicators import Reading, Scope, read_indicator
from orchestration.settings.openslo.objectives import AlertWindow, Measure, Objective, Window
from orchestration.settings.openslo.place import Place
from orchestration.settings.openslo.policies import Library, follow, read_policies
from orchestration.settings.openslo.windows import read_slice, read_window
from orchestration.settings.parts import RESERVED

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Promise:
    """An objective and the place that it was read from."""

    objective: Objective
    place: Place


@dataclass(frozen=True)
class _Common:
    """What all objectives of one SLO have in common."""

    slo: str
    service: str
    description: str
    method: Any
    window: Window
    alert_windows: tuple[AlertWindow, ...] | None
    sources: Mapping[str, Place]
    library: Library
    scope: Scope


def objective_names(document: Any) -> list[str]:
    """Returns the names of the objectives of an SLO document, whatever is wrong with it."""
    spec = document.get("spec") if isinstance(document, dict) else None
    metadata = document.get("metadata") if isinstance(document, dict) else None
    slo = str(metadata.get("name")) if isinstance(metadata, dict) else ""
    listed = spec.get("objectives") if isinstance(spec, dict) else None
    items = [item if isinstance(item, dict) else {} for item in listed] if isinstance(listed, list) else [{}]
    if len(items) == 1 and not _has_indicator(items[0]):
        return [slo]
    slugs = [_slug(item.get("displayName")) or str(at) for at, item in enumerate(items, 1)]
    unique = [slug if slugs.count(slug) == 1 else str(at) for at, slug in enumerate(slugs, 1)]
    composite = [slo] if any(_has_indicator(item) for item in items) else []
    return [*(f"{slo}.{slug}" for slug in unique), *composite]


def read_slo(document: Place, library: Library, scope: Scope) -> list[Promise]:
    """Reads one SLO; returns its objectives, and none if it has mistakes."""
    spec, name = document / "spec", document / "metadata" / "name"
    if name.text() and not _LABEL.fullmatch(name.text()):
        name.unsupported(
            f"'{name.text():.80}' is not the name of an SLO here", "up to 63 lower-case letters, digits, dashes"
        )
    elif name.text() in RESERVED:
        text = f"'{name.text()}' is a reserved word: on pages and in tables it stands for {RESERVED[name.text()]}"
        name.wrong(text, "a name of its own")
    (spec / "service").known(scope.services)
    window = read_window(spec / "timeWindow")
    common = _Common(
        slo=name.text(),
        service=(spec / "service").text(),
        description=(spec / "description").text() or (document / "metadata" / "displayName").text(),
        method=(spec / "budgetingMethod").text(),
        window=window or Window(0),
        alert_windows=read_policies(spec / "alertPolicies", library, scope),
        sources=library["DataSource"],
        library=library,
        scope=scope,
    )
    items = (spec / "objectives").items()
    is_composite = any(_has_indicator(item.value) for item in items)
    whole = _indicator(spec, common) if not is_composite else None
    if is_composite and _has_indicator(spec.value):
        key = "indicator" if "indicator" in spec.keys else "indicatorRef"
        (spec / key).wrong("stands beside indicators of the objectives", "an indicator here, or one in each objective")
    if whole and whole.is_threshold and len(items) > 1:
        (spec / "objectives").wrong("a thresholdMetric has one objective", "an SLO for each of them")
    if not is_composite and not _has_indicator(spec.value):
        spec.wrong("has no indicator", "indicator or indicatorRef, here or in each objective (composite)")
    names = objective_names(document.document.values)
    promises = list(_objectives(items, names, common, whole, is_composite=is_composite))
    if document.mistakes or len(promises) < len(items):
        return []
    return [*promises, Promise(_composite(promises, common), document)] if is_composite else promises


def _objectives(
    items: list[Place], names: list[str], common: _Common, whole: Reading | None, *, is_composite: bool
) -> Iterator[Promise]:
    for item, name in zip(items, names, strict=False):
        reading = whole
        if is_composite:
            if not _has_indicator(item.value):
                item.wrong("has no indicator, but other objectives have", "an indicator in each of them, or in spec")
            reading = _indicator(item, common)
        elif (item / "compositeWeight").value is not None:
            text = "belongs to a composite, whose objectives have indicators of their own"
            (item / "compositeWeight").wrong(text, "leave it out")
        measure = _with_threshold(item, reading)
        target = _target(item)
        slice_target, slice_s = read_slice(item, common.method)
        if measure is None or target is None:
            continue
        title = (item / "displayName").text()
        objective = Objective(
            name=name,
            slo=common.slo,
            service=common.service,
            description=common.description
            if len(items) == 1
            else " — ".join(filter(None, (title, common.description))),
            measure=measure,
            target=target,
            window=common.window,
            budgeting_method=common.method,
            slice_target=slice_target,
            slice_s=slice_s,
            alert_windows=common.alert_windows,
        )
        if is_composite:
            weight = (item / "compositeWeight").number()
            objective = replace(objective, composite_slo=common.slo, composite_weight=1.0 if weight is None else weight)
        yield Promise(objective, item)


def _indicator(holder: Place, common: _Common) -> Reading | None:
    if (holder / "indicator").value is not None and (holder / "indicatorRef").value is not None:
        (holder / "indicatorRef").wrong("stands beside an indicator", "one of the two")
        return None
    item = holder / "indicator" if (holder / "indicator").value is not None else holder
    found = follow(item, "indicatorRef", "SLI", common.library)
    reading = read_indicator(found / "spec", common.sources, common.scope) if found else None
    location = reading.measure.location if reading else None
    if location and common.scope.services and location not in common.scope.services.get(common.service, {location}):
        holder.wrong(f"'{location}' is not a location of {common.service}", "one of its locations in beaconmart.yml")
    return reading


def _with_threshold(item: Place, reading: Reading | None) -> Measure | None:
    op, value = item / "op", item / "value"
    if reading is None:
        return None
    if not reading.is_threshold:
        # Documents say `op: gt` of a ratio too; more is better there anyway.
        if value.value is not None or op.value in ("lt", "lte"):
            place = value if value.value is not None else op
            place.wrong("belongs to a thresholdMetric", "leave it out, or compare a thresholdMetric with it")
        return reading.measure
    limit = value.number()
    if limit is None or op.value is None:
        item.wrong("has no threshold for its thresholdMetric", "op: lte and value: 800 (milliseconds)")
        return None
    if limit <= 0:
        value.wrong(f"{value.value!r} is not a time", "milliseconds, such as 800")
    return replace(reading.measure, threshold=limit, threshold_op=op.value)


def _target(item: Place) -> float | None:
    for key, scale in (("target", 1.0), ("targetPercent", 100.0)):
        number = (item / key).number()
        if number is not None:
            # 99.9 / 100 is 0.9990000000000001 in binary, and targets are kept with eight digits.
            share = round(number / scale, 12)
            if share == 0 or round(share, 8) != share:
                right = f"above 0, with at most {8 if scale == 1 else 6} digits after the point"
                (item / key).unsupported(f"{number:g} asks for nothing, or for more than can be told apart", right)
            return share
    return None


def _composite(promises: list[Promise], common: _Common) -> Objective:
    parts = [promise.objective for promise in promises]
    weights = [part.composite_weight or 1.0 for part in parts]
    target = sum(part.target * weight for part, weight in zip(parts, weights, strict=True)) / sum(weights)
    return Objective(
        name=common.slo,
        slo=common.slo,
        service=common.service,
        description=common.description,
        measure=Measure("composite"),
        target=round(target, 8),
        window=common.window,
        budgeting_method=common.method,
        alert_windows=(),
    )


def _has_indicator(holder: Any) -> bool:
    return isinstance(holder, dict) and not {"indicator", "indicatorRef"}.isdisjoint(holder)


def _slug(text: Any) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") if isinstance(text, str) else ""
