"""Reads a configuration folder and finds every mistake at once; nothing is read twice and nothing stops at the first.

The rules of single values live in `model` and `openslo`, the ones between values in `between`, what is odd but allowed
in `doubts`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from orchestration.settings.between import between_values, declared
from orchestration.settings.documents import Document, Mistake, read_documents
from orchestration.settings.doubts import doubts
from orchestration.settings.model import Config
from orchestration.settings.openslo import Scope, read_openslo
from orchestration.settings.openslo.objectives import Objective
from orchestration.settings.wording import worded


@dataclass(frozen=True)
class Reading:
    """What a configuration folder says. With a mistake it cannot be used; a note is about what may not be meant."""

    config: Config | None
    objectives: list[Objective]
    mistakes: list[Mistake]
    notes: list[Mistake]


def read_config(config_dir: Path) -> Reading:
    """Reads `beaconmart.yml` and `slos/*.yml`; mistakes and notes are in the order of files and lines."""
    documents, mistakes = read_documents(config_dir / "beaconmart.yml")
    if len(documents) > 1:
        mistakes.append(documents[1].mistake((), "a second YAML document", "one document in beaconmart.yml"))
    promised: list[Document] = []
    for file in sorted([*(config_dir / "slos").glob("*.yml"), *(config_dir / "slos").glob("*.yaml")]):
        parts, malformed = read_documents(file)
        mistakes += malformed
        # A file may end with the line that separates documents.
        promised += [part for part in parts if part.values is not None or len(parts) == 1]
    main = documents[0] if documents else None
    slos = read_openslo(promised, _scope(main))
    config, notes = None, slos.notes
    if main:
        config, wrong = _validated(main)
        # Names are compared on what was written, so that one wrong value does not hide a dangling name elsewhere.
        mistakes += [*wrong, *between_values(main, slos)]
    elif not mistakes:
        mistakes.append(Mistake(config_dir / "beaconmart.yml", 1, "", "the file is empty", "at least site, sources, …"))
    mistakes += slos.mistakes
    if config and main and not mistakes:
        notes = [*notes, *doubts(config, main, slos.promises)]
    return Reading(config, [promise.objective for promise in slos.promises], _in_order(mistakes), _in_order(notes))


def _validated(document: Document) -> tuple[Config | None, list[Mistake]]:
    try:
        return Config.model_validate(document.values), []
    except ValidationError as error:
        return None, [worded(document, Config, details) for details in error.errors()]


def _scope(main: Document | None) -> Scope:
    """Returns what documents may name, as it is written, whatever else is wrong."""
    if main is None:
        return Scope(None, None, None)
    services: dict[str, set[str]] = {}
    for item in main.items(("services",)):
        name, locations = main.at((*item, "name")), main.at((*item, "locations"))
        if isinstance(name, str):
            services[name] = (
                {place for place in locations if isinstance(place, str)} if isinstance(locations, list) else set()
            )
    return Scope(services or None, declared(main, "page_groups"), main.names(("alerts", "targets")))


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    return sorted(dict.fromkeys(mistakes), key=lambda m: (m.file.name != "beaconmart.yml", m.file, m.line or 0))
