"""YAML files read so that a mistake can name its line: values, the line of every key, and what is malformed.

What the values mean belongs in `model` and `slos`; how mistakes are found in `check`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Mistake:
    """One thing to mend in a configuration file: where it stands, what is wrong, what would be right."""

    file: Path
    line: int | None
    where: str
    message: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        where = f" {self.where}:" if self.where else ""
        return f"{place}:{where} {self.message}" + (f" — {self.expected}" if self.expected else "")


class ConfigError(Exception):
    """The configuration cannot be used; `mistakes` says all that is wrong with it."""

    def __init__(self, mistakes: list[Mistake]):
        self.mistakes = mistakes
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
        super().__init__("\n".join([f"The configuration has {count}:", *(f"  {m}" for m in mistakes)]))


@dataclass(frozen=True)
class Document:
    """One YAML document: its plain values, and the line at which each of them stands."""

    file: Path
    values: Any
    lines: dict[Loc, int]

    def line(self, loc: Loc) -> int:
        """Returns the line of a place, or of the nearest thing around it that is there."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def mistake(self, loc: Loc, message: str, expected: str) -> Mistake:
        """Returns a mistake at a place in this document."""
        return Mistake(self.file, self.line(loc), place(loc), message, expected)

    def at(self, loc: Loc) -> Any:
        """Returns what stands at a place; None if nothing does."""
        value = self.values
        for part in loc:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def items(self, loc: Loc) -> list[Loc]:
        """Returns the places of the items of a list; none if no list stands there."""
        found = self.at(loc)
        return [(*loc, index) for index in range(len(found))] if isinstance(found, list) else []

    def parts(self) -> list["Document"]:
        """Returns the items of a list, each a document with lines of its own; what is no list is itself."""
        if not isinstance(self.values, list) or not self.values:
            return [self]
        lines: list[dict[Loc, int]] = [{} for _ in self.values]
        for loc, line in self.lines.items():
            if loc:
                lines[int(loc[0])][loc[1:]] = line
        return [Document(self.file, values, found) for values, found in zip(self.values, lines, strict=True)]

    def names(self, loc: Loc, key: str = "name") -> set[str]:
        """Returns the texts that stand under one key of each item of a list."""
        return {name for item in self.items(loc) if isinstance(name := self.at((*item, key)), str)}


def place(loc: Loc) -> str:
    """Returns a place as people write it: `journeys[1].steps[0].service`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_documents(file: Path) -> tuple[list[Document], list[Mistake]]:
    """Reads a YAML file (one or several documents).

    Returns:
        The documents, and what is malformed: broken syntax, or a key that is given twice.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return [], [Mistake(file, None, "", "the file is missing", "create it; the repository's config/ is an example")]
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return [], [Mistake(file, line, "", "a byte that is not UTF-8", "save the file as UTF-8")]
    except OSError as error:
        return [], [Mistake(file, None, "", f"cannot be read: {error.strerror}", "a readable file")]
    return documents_in(file, text)


def documents_in(file: Path, text: str) -> tuple[list[Document], list[Mistake]]:
    """Reads YAML that stands in a file, as `read_documents` does; lines count from the start of the text."""
    parsed, broken = _parsed(text)
    documents = [Document(file, part.values, part.lines) for part in parsed]
    mistakes = [
        Mistake(file, line, place(loc), "this key is given twice", "one of them")
        for part in parsed
        for loc, line in part.repeated
    ]
    return documents, mistakes + ([Mistake(file, *broken, "valid YAML 1.2")] if broken else [])


@dataclass(frozen=True)
class _Parsed:
    """One YAML document of a text: its values, the line of every place, and the keys that stand there twice."""

    values: Any
    lines: dict[Loc, int]
    repeated: list[tuple[Loc, int]]


# The daemon asks for the settings every second, and a pure YAML parser takes a tenth of one for a folder of objectives.
@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[list[_Parsed], tuple[int | None, str, str] | None]:
    """Returns the documents of a text, and line, place and message of what is no YAML at all."""
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    parsed: list[_Parsed] = []
    try:
        for node in yaml.compose_all(text):
            part = _Parsed(None, {}, [])
            for loc, line, repeated in _walk(node, ()):
                part.lines.setdefault(loc, line)
                if repeated:
                    part.repeated.append((loc, line))
            parsed.append(replace(part, values=yaml.constructor.construct_document(node)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return parsed, (mark.line + 1 if mark else None, "", str(error.problem))
    except (YAMLError, ValueError) as error:
        return parsed, (None, "", str(error).splitlines()[0])
    return parsed, None


def _walk(node: Node, loc: Loc, above: tuple[int, ...] = ()) -> Iterator[tuple[Loc, int, bool]]:
    """Yields (place, line, whether the key stood there already) for everything in a tree of nodes."""
    if not loc:
        yield loc, node.start_mark.line + 1, False
    if id(node) in above:
        raise ValueError(f"line {node.start_mark.line + 1}: an alias that contains itself")
    above = (*above, id(node))
    if isinstance(node, MappingNode):
        seen = set()
        for key, value in node.value:
            yield (*loc, key.value), key.start_mark.line + 1, key.value in seen
            seen.add(key.value)
            yield from _walk(value, (*loc, key.value), above)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield (*loc, index), item.start_mark.line + 1, False
            yield from _walk(item, (*loc, index), above)
