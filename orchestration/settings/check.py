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
from orchestration.settings.slos import Slo, read_slo


def read_config(config_dir: Path) -> tuple[Config | None, list[Slo], list[Mistake]]:
    """Reads `beaconmart.yml` and `slos/*.yml`; returns what could be read, and every mistake in the order of lines."""
    documents, mistakes = read_documents(config_dir / "beaconmart.yml")
    if len(documents) > 1:
        mistakes.append(documents[1].mistake((), "a second YAML document", "one document in beaconmart.yml"))
    slos = []
    for file in sorted([*(config_dir / "slos").glob("*.yml"), *(config_dir / "slos").glob("*.yaml")]):
        parts, malformed = read_documents(file)
        mistakes += malformed
        for document in parts:
            slo, wrong = read_slo(document)
            mistakes += wrong
            slos += [(slo, document)] if slo else []
    config = None
    if documents:
        config, wrong = _validated(documents[0])
        mistakes += wrong
        # Names are compared on what was written, so that one wrong value does not hide a dangling name elsewhere.
        mistakes += _between_values(documents[0], slos)
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
        message = "three capital letters, such as EUR" if upper else "lower-case letters, digits, and - _ . after them"
    return document.mistake(loc, f"{given!r:.60} is wrong here", message)


def _between_values(document: Document, slos: list[tuple[Slo, Document]]) -> Iterator[Mistake]:
    names = {part: _names(document, (part,)) for part in ("sources", "page_groups", "services", "journeys")}
    for found in names.values():
        yield from _repeated(document, found)
    steps: list[Loc] = [("journeys", index, "steps") for index in range(_length(document, ("journeys",)))]
    for loc in steps:
        yield from _repeated(document, _names(document, loc))
        for step in range(_length(document, loc)):
            for key, known in (
                ("page_group", _set(names["page_groups"])),
                ("service", _set(names["services"])),
                ("objective", {slo.name for slo, _ in slos}),
            ):
                yield from _dangling(document, (*loc, step, key), known, key.replace("_", " "))
    for index in range(_length(document, ("services",))):
        places: Loc = ("services", index, "locations")
        listed = _get(document, places)
        if isinstance(listed, list):
            yield from _repeated(document, [((*places, i), name) for i, name in enumerate(listed)])
    seen: dict[str, Document] = {}
    for slo, file in slos:
        if slo.name in seen:
            text = f"'{slo.name}' is already the name of an objective in {seen[slo.name].file.name}"
            yield file.mistake(("metadata", "name"), text, "a name of its own")
        seen[slo.name] = file
        yield from _dangling(file, ("spec", "service"), _set(names["services"]), "service")
        group = ("spec", "indicator", "spec", "ratioMetric", "good", "metricSource", "spec", "page_group")
        yield from _dangling(file, group, _set(names["page_groups"]), "page group")
    site = _get(document, ("site",))
    if isinstance(site, dict) and site.get("currency") in (site.get("exchange_rates") or {}):
        rate: Loc = ("site", "exchange_rates", site["currency"])
        yield document.mistake(rate, "the site's own currency needs no rate", "leave it out")


def _dangling(document: Document, loc: Loc, known: set[str], what: str) -> Iterator[Mistake]:
    name = _get(document, loc)
    if isinstance(name, str) and name not in known:
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean '{close[0]}'?" if close else "one of " + (", ".join(sorted(known)) or "none is declared")
        yield document.mistake(loc, f"there is no {what} '{name}'", hint)


def _repeated(document: Document, names: list[tuple[Loc, Any]]) -> Iterator[Mistake]:
    seen: dict[Any, Loc] = {}
    for loc, name in names:
        if isinstance(name, str) and name in seen:
            text = f"'{name}' is already taken in line {document.line(seen[name])}"
            yield document.mistake(loc, text, "a name of its own")
        elif isinstance(name, str):
            seen[name] = loc


def _names(document: Document, loc: Loc) -> list[tuple[Loc, Any]]:
    return [((*loc, i, "name"), _get(document, (*loc, i, "name"))) for i in range(_length(document, loc))]


def _set(names: list[tuple[Loc, Any]]) -> set[str]:
    return {name for _, name in names if isinstance(name, str)}


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
