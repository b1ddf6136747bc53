"""Finds every mistake of a configuration folder at once; nothing is read twice and nothing stops at the first.

The rules of single values live in `model` and `slos`; here are the ones between values, and the wording of them all.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestration.settings.documents import Document, Loc, Mistake, read_documents
from orchestration.settings.model import Config
from orchestration.settings.openslo.objectives import Objective
from orchestration.settings.reliability import PRESETS
from orchestration.settings.slos import read_slo


def read_config(config_dir: Path) -> tuple[Config | None, list[Objective], list[Mistake]]:
    """Reads `beaconmart.yml` and `slos/*.yml`; returns what could be read, and every mistake in the order of lines."""
    documents, mistakes = read_documents(config_dir / "beaconmart.yml")
    if len(documents) > 1:
        mistakes.append(documents[1].mistake((), "a second YAML document", "one document in beaconmart.yml"))
    slos: list[tuple[Objective, Document]] = []
    promised: set[str] = set()
    for file in sorted([*(config_dir / "slos").glob("*.yml"), *(config_dir / "slos").glob("*.yaml")]):
        parts, malformed = read_documents(file)
        mistakes += malformed
        for document in parts:
            slo, wrong = read_slo(document)
            mistakes += wrong
            slos += [(slo, document)] if slo else []
            # An objective that has a mistake is still there: its name is not missing as well.
            promised.add(str(_get(document, ("metadata", "name"))))
    config = None
    if documents:
        config, wrong = _validated(documents[0])
        # Names are compared on what was written, so that one wrong value does not hide a dangling name elsewhere.
        mistakes += [*wrong, *_between_values(documents[0], slos, promised)]
    elif not mistakes:
        mistakes.append(Mistake(config_dir / "beaconmart.yml", 1, "", "the file is empty", "at least site, sources, …"))
    mistakes = sorted(dict.fromkeys(mistakes), key=lambda m: (m.file.name != "beaconmart.yml", m.file, m.line or 0))
    return config, [slo for slo, _ in slos], mistakes


def _validated(document: Document) -> tuple[Config | None, list[Mistake]]:
    try:
        return Config.model_validate(document.values), []
    except ValidationError as error:
        return None, [_worded(document, details) for details in error.errors()]


def _worded(document: Document, details: ErrorDetails) -> Mistake:
    """Says a pydantic error in the words of somebody who edits YAML."""
    loc: Loc = tuple(part for part in details["loc"] if part != "[key]")
    kind, context, given = details["type"], details.get("ctx", {}), details["input"]
    if kind == "extra_forbidden":
        known = _keys_at(loc[:-1])
        close = difflib.get_close_matches(str(loc[-1]), known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "one of " + ", ".join(known)
        return document.mistake(loc, "is not known here", hint)
    if kind == "missing":
        return document.mistake(loc, "is missing", _described(loc))
    if kind == "value_error":
        message, _, expected = str(context["error"]).partition("; ")
        return document.mistake(loc, message, expected)
    if kind == "literal_error":
        close = difflib.get_close_matches(str(given), str(context["expected"]).replace("'", "").split(", "), n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"one of {context['expected']}"
        return document.mistake(loc, f"'{given}' is not known", hint)
    message = details["msg"][0].lower() + details["msg"][1:]
    if kind == "string_pattern_mismatch":
        upper = context["pattern"].startswith("^[A-Z]")
        message = "three capital letters, such as EUR" if upper else "one line of text, no space at either end"
    return document.mistake(loc, f"{given!r:.60} is wrong here", message)


def _between_values(
    document: Document, slos: list[tuple[Objective, Document]], promised: set[str]
) -> Iterator[Mistake]:
    for part in ("sources", "page_groups", "services", "journeys"):
        yield from _repeated(document, _values(document, (part,), "name"), "this name is taken")
    yield from _repeated(document, _values(document, ("sources",), "path"), "this path is read")
    yield from _repeated(document, _values(document, ("page_groups",), "pattern"), "the first match wins: it stands")
    for index in range(_length(document, ("services",))):
        places: Loc = ("services", index, "locations")
        named = [((*places, i), _get(document, (*places, i))) for i in range(_length(document, places))]
        yield from _repeated(document, named, "this location is named")
    site = _get(document, ("site",))
    if isinstance(site, dict) and site.get("currency") in (site.get("exchange_rates") or {}):
        rate: Loc = ("site", "exchange_rates", site["currency"])
        yield document.mistake(rate, "the site's own currency needs no rate", "leave it out")
    own = {name for _, name in _values(document, ("accounting", "methods"), "name")}
    yield from _dangling(document, ("accounting", "method"), {*PRESETS, *own})
    yield from _between_steps_and_slos(document, {slo.name: slo for slo, _ in slos}, promised)
    yield from _between_slos(document, slos)


def _between_steps_and_slos(document: Document, slos: dict[str, Objective], promised: set[str]) -> Iterator[Mistake]:
    known = {
        "page_group": _names(document, "page_groups"),
        "service": _names(document, "services"),
        "objective": promised,
    }
    for journey in range(_length(document, ("journeys",))):
        steps: Loc = ("journeys", journey, "steps")
        yield from _repeated(document, _values(document, steps, "name"), "this name is taken")
        for step in range(_length(document, steps)):
            for key, names in known.items():
                yield from _dangling(document, (*steps, step, key), names)
            slo = slos.get(str(_get(document, (*steps, step, "objective"))))
            about_what = {"service": slo.service, "page_group": slo.measure.page_group} if slo else {}
            for key, about in about_what.items():
                here = _get(document, (*steps, step, key))
                if {about, here} <= known[key] and about != here:
                    text = f"this objective is about the {_said(key)} '{about}', the step is on '{here}'"
                    yield document.mistake((*steps, step, "objective"), text, "an objective about what the step uses")


def _between_slos(document: Document, slos: list[tuple[Objective, Document]]) -> Iterator[Mistake]:
    seen: dict[str, Document] = {}
    group: Loc = ("spec", "indicator", "spec", "ratioMetric", "good", "metricSource", "spec", "page_group")
    for slo, file in slos:
        if slo.name in seen:
            text = f"'{slo.name}' is already the name of an objective in {seen[slo.name].file.name}"
            yield file.mistake(("metadata", "name"), text, "a name of its own")
        seen[slo.name] = file
        yield from _dangling(file, ("spec", "service"), _names(document, "services"))
        yield from _dangling(file, group, _names(document, "page_groups"))


def _dangling(document: Document, loc: Loc, known: set[str]) -> Iterator[Mistake]:
    name = _get(document, loc)
    if isinstance(name, str) and name not in known:
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean '{close[0]}'?" if close else "one of " + (", ".join(sorted(known)) or "none is declared")
        yield document.mistake(loc, f"there is no {_said(str(loc[-1]))} '{name}'", hint)


def _repeated(document: Document, values: list[tuple[Loc, Any]], said: str) -> Iterator[Mistake]:
    seen: dict[Any, Loc] = {}
    for loc, value in values:
        if isinstance(value, str) and value in seen:
            text = f"'{value}': {said} already in line {document.line(seen[value])}"
            yield document.mistake(loc, text, "each of them once")
        elif isinstance(value, str):
            seen[value] = loc


def _values(document: Document, loc: Loc, key: str) -> list[tuple[Loc, Any]]:
    return [((*loc, i, key), _get(document, (*loc, i, key))) for i in range(_length(document, loc))]


def _names(document: Document, part: str) -> set[str]:
    return {name for _, name in _values(document, (part,), "name") if isinstance(name, str)}


def _said(key: str) -> str:
    return key.replace("_", " ")


def _length(document: Document, loc: Loc) -> int:
    found = _get(document, loc)
    return len(found) if isinstance(found, list) else 0


def _get(document: Document, loc: Loc) -> Any:
    value = document.values
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _keys_at(loc: Loc) -> list[str]:
    model = _model_at(loc)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _described(loc: Loc) -> str:
    model = _model_at(loc[:-1])
    field = model.model_fields.get(str(loc[-1])) if model else None
    return f"write {loc[-1]}: {field.description}" if field and field.description else f"write {loc[-1]}: …"


def _model_at(loc: Loc) -> type[BaseModel] | None:
    """Returns the model that a place in the document is read into."""
    model: type[BaseModel] | None = Config
    for part in loc:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(str(part)) if model else None
        model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
