"""Lines taken out of a segment because a typed read would stumble over them, to be looked at one by one.

Each leaves a blank object in its place, so that the numbers of the others hold, and goes into a small segment. Whether
a line is set aside decides how it is read, never what becomes of it.
"""

from collections.abc import Iterable
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.sources.segment import Segment, Slice

# A line that begins with it is ours: a stranger's is set aside.
BLANK = b"{}"
_FULL_BYTES, _FULL_SLICES = 16 << 20, 50_000
# One by one, lines cost a microsecond each: so many of a block are left in their segment, which is then read carefully.
_MOST_OF_BLOCK = 2000
# More lines of a block than this with an uneven count of braces have them in their texts.
_UNEVEN_SHARE = 0.05


class Aside:
    """The segment of lines set aside; the work file is used again after `taken`."""

    def __init__(self, path: Path, head: bytes):
        self._segment, self._head = Segment(path), head
        self._has_met_torn_lines = False
        self._stream = path.open("wb")
        self._stream.write(head)

    @property
    def is_full(self) -> bool:
        """Whether it should be taken before more lines come."""
        return self._segment.bytes >= _FULL_BYTES or len(self._segment.slices) >= _FULL_SLICES

    def taken(self) -> Segment | None:
        """Returns the lines set aside since the last time, or None; to be read before more are added."""
        segment, self._segment = self._segment, Segment(self._segment.path)
        self._stream.truncate()
        self._stream.flush()
        self._stream.seek(0)
        self._stream.write(self._head)
        return segment if segment.slices else None

    def close(self) -> None:
        """Closes the work file."""
        self._stream.close()

    def sorted_out(self, block: bytes, ends: "np.ndarray[Any, Any]", place: Slice) -> tuple[bytes, int] | None:
        """Returns whole lines, of which each ends where `ends` says, with blanks for those that are no objects.

        Args:
            block: The lines.
            ends: Positions of their line breaks.
            place: Where they came from.

        Returns:
            The block, and how many of its lines are blanks; None if lines that are no objects are too many for it.
        """
        odd = _odd_lines(block, ends)
        if len(odd) > _MOST_OF_BLOCK:
            return None
        self._has_met_torn_lines |= bool(odd)
        # Where lines are torn, some are behind an object within them, and end as a whole one does. A typed read that
        # stumbles over one has to begin anew; to count braces costs 3 % of it, and clean files are spared that.
        if self._has_met_torn_lines and _is_uneven(block):
            odd = sorted({*odd, *_uneven_lines(block)})
        if not odd:
            return block, 0
        lines = block.split(b"\n")
        for at in odd:
            self._add(lines[at], Slice(place.file, place.line_at(at), 1, place.open_line))
            lines[at] = BLANK
        return b"\n".join(lines), len(odd)

    def take_out(self, segment: Segment, numbers: Iterable[int]) -> None:
        """Takes lines, by their number in a segment, out of its work file."""
        wanted = np.unique(np.fromiter(numbers, np.int64))
        wanted = wanted[(wanted > 0) & (wanted <= segment.line_count)]
        origins = segment.places(wanted)
        extents = segment.extents(wanted, self._head.count(b"\n"))
        with segment.path.open("r+b") as stream, mmap(stream.fileno(), 0) as text:
            for place, (begin, end) in zip(origins, extents, strict=True):
                line = text[begin:end]
                if not line.startswith(BLANK):
                    self._add(line, place)
                    text[begin:end] = BLANK.ljust(end - begin)
                    segment.blanks += 1

    def lines_with(self, segment: Segment, text: bytes) -> list[int]:
        """Returns the numbers of the lines of a segment that hold a text, wherever in them."""
        with segment.path.open("rb") as stream:
            first = 1 - self._head.count(b"\n")
            return [number for number, line in enumerate(stream, first) if text in line and number > 0]

    def _add(self, text: bytes, place: Slice) -> None:
        self._stream.write(text + b"\n")
        if place.open_line != place.line:
            place.open_line = 0
        self._segment.note(place, len(text) + 1, len(text) + 1)


def _odd_lines(block: bytes, ends: "np.ndarray[Any, Any]") -> list[int]:
    """Returns which lines do not begin and end as an object does, or begin as an empty one."""
    data = np.frombuffer(block, np.uint8)
    starts = np.concatenate(([0], ends[:-1] + 1))
    # The byte after the first one of an empty line is the next line's, and the one before its end the last line's.
    plain = (data[starts] == ord("{")) & (data[ends - 1] == ord("}")) & (data.take(starts + 1, mode="clip") != ord("}"))
    return [] if plain.all() else np.flatnonzero(~plain).tolist()


def _uneven_lines(block: bytes) -> list[int]:
    """Returns which lines do not close as many braces as they open; none where so many do that it says nothing."""
    lines = block.split(b"\n")
    uneven = [at for at, line in enumerate(lines) if _is_uneven(line)]
    return uneven if len(uneven) <= max(1, len(lines) * _UNEVEN_SHARE) else []


def _is_uneven(text: bytes) -> bool:
    return text.count(b"{") != text.count(b"}")
