"""A segment: a work file of lines, and which of them came from which file and line.

How bytes of exports become segments belongs to `segments`; what a line means belongs to neither.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_SCAN_BYTES = 1 << 20


@dataclass
class Slice:
    """Lines of one file inside a segment; `line` is the number in the file of the first of them.

    The others follow it, unless `numbers` says where each of them began: some records go over several lines, and some
    lines hold several records. `open_line` is the number of the last one if it had no end.
    """

    file: int
    line: int
    count: int
    open_line: int = 0
    numbers: "np.ndarray[Any, Any] | None" = None

    def line_at(self, at: int) -> int:
        """Returns the number of one of the lines, counted from 0."""
        return self.line + at if self.numbers is None else int(self.numbers[at])


@dataclass
class Segment:
    """A work file of clean lines below a head of a few lines, and where each of its lines came from.

    Of its lines, `blanks` stand for others that were set aside; none of one that `is_odd`, because so few of its lines
    look like objects that none was looked at. `has_breaks` if line breaks inside of records may be marked.
    """

    path: Path
    slices: list[Slice] = field(default_factory=list)
    bytes: int = 0
    longest: int = 0
    line_count: int = 0
    blanks: int = 0
    is_odd: bool = False
    has_breaks: bool = False

    @property
    def is_consecutive(self) -> bool:
        """Whether its lines follow one another in one file."""
        return len(self.slices) == 1 and self.slices[0].numbers is None

    @property
    def has_batches(self) -> bool:
        """Whether several records may share the number of a line."""
        return any(part.numbers is not None for part in self.slices)

    def note(self, place: Slice, size: int, longest: int, has_breaks: bool = False) -> None:
        """Notes where the next lines, of so many bytes and with a longest one, came from."""
        last = self.slices[-1] if self.slices else None
        is_next = last and (last.file, last.line + last.count) == (place.file, place.line)
        if last and is_next and last.numbers is None and place.numbers is None:
            last.count += place.count
            last.open_line = place.open_line
        else:
            self.slices.append(place)
        self.bytes += size
        self.longest = max(self.longest, longest)
        self.line_count += place.count
        self.has_breaks |= has_breaks

    def origins(self) -> dict[str, "np.ndarray[Any, Any]"]:
        """Returns for each line, as columns: number (in the segment), file, line, is_open."""
        parts, counts = self.slices, [part.count for part in self.slices]
        number = np.arange(1, self.line_count + 1)
        begins = np.repeat(np.cumsum(counts) - counts, counts)
        line = np.repeat([part.line for part in parts], counts) + number - 1 - begins
        for part, begin in zip(parts, np.cumsum(counts) - counts, strict=True):
            if part.numbers is not None:
                line[begin : begin + part.count] = part.numbers
        file = np.repeat([part.file for part in parts], counts)
        is_open = line == np.repeat([part.open_line for part in parts], counts)
        return {"number": number, "file": file, "line": line, "is_open": is_open}

    def places(self, numbers: "np.ndarray[Any, Any]") -> list[Slice]:
        """Returns for each of some lines, by their number in the segment, the place it came from."""
        last = np.cumsum([part.count for part in self.slices])
        found = np.searchsorted(last, numbers)
        parts = [
            (self.slices[at], int(number - last[at] + self.slices[at].count - 1))
            for at, number in zip(found, numbers, strict=True)
        ]
        return [Slice(part.file, part.line_at(at), 1, part.open_line) for part, at in parts]

    def extents(self, numbers: "np.ndarray[Any, Any]", head_lines: int) -> list[tuple[int, int]]:
        """Returns where each of some lines, in ascending order, begins and ends in the work file."""
        after = numbers + head_lines - 1
        # Each line lies between two line breaks; both may be looked for by others too.
        wanted = np.union1d(after - 1, after)
        before, offset, found = 0, 0, []
        with self.path.open("rb") as stream:
            for block in iter(lambda: stream.read(_SCAN_BYTES), b""):
                ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10)
                here = wanted[slice(*np.searchsorted(wanted, (before, before + len(ends))))]
                found.append(np.column_stack((here, ends[here - before] + offset)))
                before, offset = before + len(ends), offset + len(block)
        position = dict(np.concatenate(found).tolist())
        return [(position[end - 1] + 1, position[end]) for end in after.tolist()]
