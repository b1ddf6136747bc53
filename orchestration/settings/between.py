"""The rules between values of `beaconmart.yml`, and between it and the objectives: names exist, and each is taken once.

The rules of one value live in the models; those between OpenSLO documents in `openslo`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from orchestration.settings.documents import Document, Loc, Mistake
from orchestration.settings.openslo import OpenSlo
from orchestration.settings.openslo.objectives import Objective
from orchestration.settings.parts import RESERVED
from orchestration.settings.reliability import PRESETS
from orchestration.settings.wording import said, unknown_name

_NAMED: tuple[Loc, ...] = (
    ("sources",),
    ("page_groups",),
    ("services",),
    ("journeys",),
    ("accounting", "methods"),
    ("corrections",),
    ("error_budget_policies",),
    ("alerts", "targets"),
    ("errors", "merges"),
    ("exports",),
)

_TOTALLED: tuple[Loc, ...] = (
    ("page_groups",),
    ("services",),
    ("journeys",),
    ("accounting", "methods"),
    ("alerts", "rules"),
)


def between_values(document: Document, slos: OpenSlo) -> Iterator[Mistake]:
    """Yields what is wrong between the values of `beaconmart.yml`, read as they are written."""
    for part in _NAMED:
        yield from _repeated(document, _values(document, part, "name"), "this name is taken")
    yield from _repeated(document, _values(document, ("sources",), "path"), "this path is read")
    yield from _repeated(document, _values(document, ("exports",), "to"), "this file is written")
    yield from _repeated(document, _values(document, ("page_groups",), "pattern"), "the first match wins: it stands")
    for loc, name in _names(document):
        if isinstance(name, str) and name in RESERVED:
            text = f"'{name}' is a reserved word: on pages and in tables it stands for {RESERVED[name]}"
            yield document.mistake(loc, text, "a name of its own")
    for item in document.items(("services",)):
        places = document.items((*item, "locations"))
        yield from _repeated(document, [(loc, document.at(loc)) for loc in places], "this location is named")
    site = document.at(("site",))
    rates = site.get("exchange_rates") if isinstance(site, dict) else None
    if isinstance(rates, dict) and site.get("currency") in rates:
        rate: Loc = ("site", "exchange_rates", site["currency"])
        yield document.mistake(rate, "the site's own currency needs no rate", "leave it out")
    has_orders = "orders" in {value for _, value in _values(document, ("sources",), "system")}
    if isinstance(site, dict) and has_orders and "currency" not in site:
        yield document.mistake(("site",), "has no currency, and orders are delivered", "currency: EUR, or another")
    yield from _journeys(document, slos)
    yield from _reliability(document, slos.names)
    yield from _alerts(document)
    merged = [loc for merge in document.items(("errors", "merges")) for loc in document.items((*merge, "groups"))]
    yield from _repeated(document, [(loc, document.at(loc)) for loc in merged], "this group is merged")
    yield from _repeated(document, _values(document, ("errors", "ignores"), "group"), "this group is ignored")


def _names(document: Document) -> Iterator[tuple[Loc, Any]]:
    """Yields the names that tables set beside a total; those of objectives are read with their documents."""
    for part in _TOTALLED:
        yield from _values(document, part, "name")
    for service in document.items(("services",)):
        yield from ((loc, document.at(loc)) for loc in document.items((*service, "locations")))
    for journey in document.items(("journeys",)):
        yield from _values(document, (*journey, "steps"), "name")


def _journeys(document: Document, slos: OpenSlo) -> Iterator[Mistake]:
    objectives = {promise.objective.name: promise.objective for promise in slos.promises}
    known = {"page_group": declared(document, "page_groups"), "service": declared(document, "services")}
    for journey in document.items(("journeys",)):
        yield from _repeated(document, _values(document, (*journey, "steps"), "name"), "this name is taken")
        for step in document.items((*journey, "steps")):
            for key, names in {**known, "objective": slos.names}.items():
                yield from _dangling(document, (*step, key), names)
            objective = objectives.get(str(document.at((*step, "objective"))))
            for key, about in _about(objective).items():
                here = document.at((*step, key))
                names = known[key]
                is_known = isinstance(here, str) and about is not None and (names is None or {about, here} <= names)
                if is_known and about != here:
                    text = f"this objective is about the {said(key)} '{about}', the step is on '{here}'"
                    yield document.mistake((*step, "objective"), text, "an objective about what the step uses")


def _about(objective: Objective | None) -> dict[str, str | None]:
    return {"service": objective.service, "page_group": objective.measure.page_group} if objective else {}


def _reliability(document: Document, objectives: set[str]) -> Iterator[Mistake]:
    own = document.names(("accounting", "methods"))
    yield from _dangling(document, ("accounting", "method"), {*PRESETS, *own})
    for loc, name in _values(document, ("accounting", "methods"), "name"):
        if name in PRESETS:
            yield document.mistake(loc, f"'{name}' is a preset", "a name of its own")
    for item in document.items(("corrections",)):
        yield from _dangling(document, (*item, "service"), declared(document, "services"))
        yield from _dangling(document, (*item, "objective"), objectives)
    for item in document.items(("error_budget_policies",)):
        places = document.items((*item, "objectives"))
        yield from _repeated(document, [(loc, document.at(loc)) for loc in places], "this objective is named")
        for loc in places:
            yield from _dangling(document, loc, objectives, "objective")


def _alerts(document: Document) -> Iterator[Mistake]:
    rules = document.items(("alerts", "rules"))
    named = [((*rule, "name"), document.at((*rule, "name")) or document.at((*rule, "kind"))) for rule in rules]
    yield from _repeated(document, named, "this rule is named")
    for target in document.items(("alerts", "targets")):
        for loc in document.items((*target, "services")):
            yield from _dangling(document, loc, declared(document, "services"), "service")


def declared(document: Document, part: str) -> set[str] | None:
    """Returns the names of a list that may be left out; None without it: the data name them, and nobody can tell."""
    return document.names((part,)) if document.at((part,)) else None


def _dangling(document: Document, loc: Loc, known: set[str] | None, what: str = "") -> Iterator[Mistake]:
    name = document.at(loc)
    if known is not None and isinstance(name, str) and name not in known:
        yield unknown_name(document, loc, name, known, what)


def _repeated(document: Document, values: Iterable[tuple[Loc, Any]], what: str) -> Iterator[Mistake]:
    seen: dict[Any, Loc] = {}
    for loc, value in values:
        if isinstance(value, str) and value in seen:
            text = f"'{value}': {what} already in line {document.line(seen[value])}"
            yield document.mistake(loc, text, "each of them once")
        elif isinstance(value, str):
            seen[value] = loc


def _values(document: Document, loc: Loc, key: str) -> list[tuple[Loc, Any]]:
    return [((*item, key), document.at((*item, key))) for item in document.items(loc)]
