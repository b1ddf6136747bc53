"""A place in a document that can be asked for what stands there, and told what is wrong with it.

It is lenient: whatever has the wrong shape reads as absent, for `shapes` has said so already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestration.settings.documents import Document, Loc, Mistake
from orchestration.settings.wording import unknown_name


@dataclass(frozen=True)
class Place:
    """Somewhere in a document; `mistakes` and `notes` are shared by all places of one reading."""

    document: Document
    loc: Loc
    mistakes: list[Mistake]
    notes: list[Mistake]

    def __truediv__(self, key: str | int) -> Place:
        return Place(self.document, (*self.loc, key), self.mistakes, self.notes)

    @property
    def value(self) -> Any:
        """What stands here; None if nothing does."""
        return self.document.at(self.loc)

    @property
    def keys(self) -> list[str]:
        """The keys of the mapping that stands here."""
        return [str(key) for key in self.value] if isinstance(self.value, dict) else []

    def text(self) -> str:
        """Returns the text that stands here, else an empty one."""
        return self.value.strip() if isinstance(self.value, str) else ""

    def number(self) -> float | None:
        """Returns the number that stands here, if it is one that can be reckoned with."""
        value = self.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if is_number and abs(value) < 1e15 else None

    def items(self) -> list[Place]:
        """Returns the places of the items of the list that stands here."""
        places = self.document.items(self.loc)
        return [Place(self.document, loc, self.mistakes, self.notes) for loc in places]

    def wrong(self, message: str, expected: str) -> None:
        """Notes a mistake at this place."""
        self.mistakes.append(self.document.mistake(self.loc, message, expected))

    def unsupported(self, reason: str, expected: str) -> None:
        """Notes a mistake that the specification would not call one."""
        self.wrong(f"not supported, though OpenSLO has it: {reason}", expected)

    def note(self, message: str, expected: str) -> None:
        """Notes what is read, but may not be meant."""
        self.notes.append(self.document.mistake(self.loc, message, expected))

    def seen_from(self, other: Place) -> Place:
        """Returns this place as part of what `other` reads: what is wrong here is wrong there too."""
        other.mistakes.extend(self.mistakes)
        return Place(self.document, self.loc, other.mistakes, other.notes)

    def known(self, names: Iterable[str] | None, what: str = "") -> bool:
        """Says whether the name that stands here is known; if not, that is a mistake. None: nobody can tell."""
        name = self.value
        if names is None or not isinstance(name, str) or name in (names := set(names)):
            return True
        self.mistakes.append(unknown_name(self.document, self.loc, name, names, what))
        return False
