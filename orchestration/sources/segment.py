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
    """Consecutive lines of one file inside a segment. `line` is the number in the file of the first of them."""

    file: int
    line: int
    count: int
    open_line: int = 0


@dataclass
class Segment:
    """A work file of clean lines below a head of a few lines, and where each of its lines came from.

    Of its lines, `blanks` stand for others that were set aside. `has_open_quotes` if one of them has an odd number of
    quotes; told of CSV only.
    """

    path: Path
    slices: list[Slice] = field(default_factory=list)
    bytes: int = 0
    blanks: int = 0
    has_open_quotes: bool = False

    @property
    def line_count(self) -> int:
        """Lines below the head."""
        return sum(part.count for part in self.slices)

    def note(self, file: int, line: int, count: int, is_open: bool) -> None:
        """Notes where the next lines came from, and whether the last of them had no end."""
        last = self.slices[-1] if self.slices else None
        if last and last.file == file and last.line + last.count == line:
            last.count += count
        else:
            last = Slice(file, line, count)
            self.slices.append(last)
        if is_open:
            last.open_line = line + count - 1

    def origins(self) -> dict[str, list[int]]:
        """Returns the slices as columns: first (its number in the segment), file, line, count and open_line."""
        counts = [part.count for part in self.slices]
        return {
            "first": [1, *(1 + np.cumsum(counts[:-1])).tolist()],
            "file": [part.file for part in self.slices],
            "line": [part.line for part in self.slices],
            "count": counts,
            "open_line": [part.open_line for part in self.slices],
        }

    def places(self, numbers: "np.ndarray[Any, Any]") -> list[Slice]:
        """Returns for each of some lines, by their number in the segment, the place it came from."""
        last = np.cumsum([part.count for part in self.slices])
        found = [self.slices[at] for at in np.searchsorted(last, numbers)]
        first = [last[at] - self.slices[at].count + 1 for at in np.searchsorted(last, numbers)]
        return [
            Slice(part.file, part.line + int(number - begin), 1, part.open_line)
            for part, number, begin in zip(found, numbers, first, strict=True)
        ]

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
