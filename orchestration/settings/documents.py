"""YAML files read so that a mistake can name its line: values, the line of every key, and what is malformed.

What the values mean belongs in `model` and `slos`; how mistakes are found in `check`.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

Loc = tuple[str | int, ...]

# Far beyond what a configuration needs, and far below what costs a stack or minutes: aliases multiply what they name.
_DEEPEST, _MOST_PLACES, _MOST_TEXT = 50, 100_000, 4_000_000
_VALID = "valid YAML 1.2"


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
    return documents, mistakes + ([Mistake(file, *broken)] if broken else [])


@dataclass(frozen=True)
class _Parsed:
    """One YAML document of a text: its values, the line of every place, and the keys that stand there twice."""

    values: Any
    lines: dict[Loc, int]
    repeated: list[tuple[Loc, int]]


class _Malformed(Exception):
    """What is no configuration, though it may be YAML; `line` counts from 1."""

    def __init__(self, line: int, message: str, expected: str):
        super().__init__(message)
        self.line, self.message, self.expected = line, message, expected


# The daemon asks for the settings every second, and a pure YAML parser takes a tenth of one for a folder of objectives.
@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[list[_Parsed], tuple[int | None, str, str, str] | None]:
    """Returns the documents of a text, and line, place, message and remedy of what is no YAML, or none of ours."""
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    parsed: list[_Parsed] = []
    try:
        if len(text) > _MOST_TEXT:
            raise _Malformed(1, f"is longer than {_MOST_TEXT:,} characters", "a configuration that people can read")
        _hold_depth(yaml, text)
        for node in yaml.compose_all(text):
            part = _Parsed(None, {}, [])
            for loc, line, repeated in _walk(node, ()):
                if len(part.lines) >= _MOST_PLACES:
                    raise _Malformed(line, f"more than {_MOST_PLACES:,} values", "fewer values, or fewer aliases")
                part.lines.setdefault(loc, line)
                if repeated:
                    part.repeated.append((loc, line))
            parsed.append(replace(part, values=_constructed(yaml, node)))
    except _Malformed as error:
        return parsed, (error.line, "", error.message, error.expected)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return parsed, (mark.line + 1 if mark else None, "", str(error.problem or error.context), _VALID)
    except ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        return parsed, (line, "", "a character that YAML does not allow", "text without control characters")
    except YAMLError as error:
        return parsed, (None, "", str(error).splitlines()[0], _VALID)
    return parsed, None


def _hold_depth(yaml: YAML, text: str) -> None:
    """Looks for what is nested too deeply: everything behind this recurses, and would run out of stack."""
    depth = 0
    # What is no YAML at all is met again, and reported, when the documents before it have been read.
    with suppress(YAMLError):
        for event in yaml.parse(text):
            if isinstance(event, CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    line = event.start_mark.line + 1
                    raise _Malformed(line, f"is nested more than {_DEEPEST} levels deep", "brackets that close")
            elif isinstance(event, CollectionEndEvent):
                depth -= 1


def _constructed(yaml: YAML, node: Node) -> Any:
    """Returns the values of a document.

    Raises:
        _Malformed: A scalar is not what its form or tag says, such as a date in month 13.
    """
    try:
        return yaml.constructor.construct_document(node)
    except MarkedYAMLError:
        raise
    except Exception as error:  # constructors raise whatever their conversion does: IndexError for an empty `!!int`
        line, text = _culprit(node)
        raise _Malformed(line, f"'{text[:60]}' cannot be read as what it looks like", "the text in quotes") from error


def _culprit(root: Node) -> tuple[int, str]:
    """Returns line and text of the first scalar that cannot be read; of the whole document if each can."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            waiting += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, SequenceNode):
            waiting += reversed(node.value)
        else:
            yaml = YAML(typ="safe", pure=True)
            try:
                yaml.constructor.construct_document(node)
            except Exception:  # the same as above, for this one scalar
                return node.start_mark.line + 1, str(node.value)
    return root.start_mark.line + 1, "this"


def _walk(node: Node, loc: Loc, above: tuple[int, ...] = ()) -> Iterator[tuple[Loc, int, bool]]:
    """Yields (place, line, whether the key stood there already) for everything in a tree of nodes."""
    if not loc:
        yield loc, node.start_mark.line + 1, False
    if id(node) in above:
        raise _Malformed(node.start_mark.line + 1, "an alias that contains itself", "values that end")
    above = (*above, id(node))
    if isinstance(node, MappingNode):
        seen = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                kind = "mapping" if isinstance(key, MappingNode) else "list"
                raise _Malformed(line, f"a {kind} where a name is due", "a name; put text that begins with { or [ in "
                                 "quotes, and fill in templates such as {{ service }} first")  # fmt: skip
            yield (*loc, key.value), line, key.value in seen
            seen.add(key.value)
            yield from _walk(value, (*loc, key.value), above)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield (*loc, index), item.start_mark.line + 1, False
            yield from _walk(item, (*loc, index), above)
