"""OpenSLO v1 documents, read into objectives; whatever Beaconmart does not account for is refused with the reason.

`shapes` is the specification, the other modules are what of it is accounted. Both are asked about every document, so
that all its mistakes are said at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pydantic import ValidationError

from orchestration.settings.documents import Document, Mistake
from orchestration.settings.openslo.indicators import Scope, read_indicator
from orchestration.settings.openslo.place import Place
from orchestration.settings.openslo.policies import read_condition, read_policy
from orchestration.settings.openslo.shapes import SHAPES
from orchestration.settings.openslo.slo import Promise, objective_names, read_slo
from orchestration.settings.wording import worded

__all__ = ["OpenSlo", "Promise", "Scope", "read_openslo"]

_ELSE = {
    "openslo/v1alpha": "openslo/v1: timeWindow for timeWindows, indicator.spec.ratioMetric for ratioMetrics",
    "openslo.com/v2alpha": "openslo/v1: version 2 is not final",
}


@dataclass
class OpenSlo:
    """What a folder of documents holds; `names` are those of all its objectives, the wrong ones included."""

    promises: list[Promise] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)
    notes: list[Mistake] = field(default_factory=list)


def read_openslo(documents: Iterable[Document], scope: Scope) -> OpenSlo:
    """Reads all documents of a folder together, for they name each other; a list holds one in each item."""
    found = OpenSlo()
    library: dict[str, dict[str, Place]] = {kind: {} for kind in SHAPES}
    for document in chain.from_iterable(document.parts() for document in documents):
        place = Place(document, (), [], found.notes)
        kind = (place / "kind").text()
        if _is_foreign(place):
            found.mistakes += place.mistakes
            # What names it is not blamed as well.
            found.names.update(objective_names(document.values))
            continue
        place.mistakes.extend(_misshapen(document, kind))
        name = (place / "metadata" / "name").text()
        if name and name in library[kind]:
            first = library[kind][name].document
            text = f"'{name}' is already the name of another {kind}, in {first.file.name}:{first.line(())}"
            (place / "metadata" / "name").wrong(text, "a name of its own")
            name = ""
        # One whose name is taken or missing is read as well: it has mistakes of its own to tell.
        library[kind][name or f"{document.file}:{document.line(())}"] = place
    for kind, places in library.items():
        for place in places.values():
            _read(kind, place, library, scope, found)
    return found


def _read(kind: str, place: Place, library: dict[str, dict[str, Place]], scope: Scope, found: OpenSlo) -> None:
    if kind == "SLO":
        found.names.update(objective_names(place.document.values))
        found.promises += read_slo(place, library, scope)
    elif kind == "SLI":
        read_indicator(place / "spec", library["DataSource"], scope)
    elif kind == "AlertPolicy":
        read_policy(place, library, scope)
    elif kind == "AlertCondition":
        read_condition(place, "")
    elif kind == "DataSource" and (place / "spec" / "type").text() not in ("", "beaconmart"):
        source = place / "spec" / "type"
        source.unsupported(f"'{source.text():.60}' is not asked: Beaconmart counts what has landed", "type: beaconmart")
    elif kind == "Service":
        (place / "metadata" / "name").known(scope.services, "service")
    found.mistakes += place.mistakes


def _is_foreign(place: Place) -> bool:
    """Says whether a document is none of OpenSLO v1, with one mistake that says why."""
    version, kind = place / "apiVersion", place / "kind"
    if not isinstance(place.value, dict):
        place.wrong("is not an OpenSLO document", "a mapping with apiVersion: openslo/v1, kind, metadata and spec")
    elif kind.text() == "PrometheusServiceLevel" or (place / "version").text().startswith("prometheus/"):
        place.wrong(
            "is a document of Sloth, whose queries only Prometheus answers", "apiVersion: openslo/v1, kind: SLO"
        )
    elif version.text() != "openslo/v1":
        said = f"is '{version.text():.60}'" if version.value is not None else "is missing"
        version.wrong(said, _ELSE.get(version.text(), "apiVersion: openslo/v1"))
    elif kind.text() not in SHAPES:
        kind.wrong(f"'{kind.text():.60}' is not a kind of OpenSLO v1", "one of " + ", ".join(SHAPES))
    return bool(place.mistakes)


def _misshapen(document: Document, kind: str) -> list[Mistake]:
    shape: Any = SHAPES[kind]
    try:
        shape.model_validate(document.values)
    except ValidationError as error:
        return [worded(document, shape, details) for details in error.errors()]
    return []
