"""Records of CSV that go over several lines, made into one line each, file by file.

A line with an odd number of quotes is joined with the following ones up to the next such line, unless a line between
them is a whole record by itself: a stray quote then costs its own line and not the rest. What the fields of a record
mean does not belong here.
"""

import numpy as np

from orchestration.sources.structure import LINE_FEED, Array

# Stands for a line break inside of a record; strangers' own is taken out by cleaning.
BREAK = "\x05"
# A quote that is not closed within so much is a stray one.
LONGEST_RECORD = 1 << 20
_QUOTE = ord('"')


class Joining:
    """Joins the lines of one file, whose records have `width` fields; what a block leaves open waits for the next."""

    def __init__(self, delimiter: str, width: int):
        self._delimiter, self._width = ord(delimiter), width
        self._held = b""
        self.held_lines = 0
        self.has_breaks = False

    def joined(self, block: bytes, is_last: bool = False) -> tuple[bytes, Array | None]:
        """Returns whole records as lines.

        Args:
            block: Whole lines.
            is_last: Whether the file ends here, and nothing is held back.

        Returns:
            The block, and for each of its lines which one it was, counted from 0, of what was held and is given; None
            if all are as they were.
        """
        if not self._held and b'"' not in block:
            return block, None
        data = np.frombuffer(self._held + block, np.uint8).copy()
        ends = np.flatnonzero(data == LINE_FEED)
        starts = np.concatenate(([0], ends[:-1] + 1))[: len(ends)]
        first, last, held = self._pairs(data, starts, ends)
        if is_last or (held < len(ends) and len(data) - starts[held] > LONGEST_RECORD):
            held = len(ends)
        change = np.zeros(len(ends) + 1, np.int64)
        change[first], change[last] = 1, -1
        breaks = np.cumsum(change[:-1]) > 0
        self.has_breaks |= bool(breaks.any())
        data[ends[breaks]] = ord(BREAK)
        given = int(ends[held - 1]) + 1 if held else 0
        self._held = data[given:].tobytes()
        records = np.flatnonzero(~np.concatenate(([False], breaks[:-1])))
        self.held_lines = len(ends) - held
        return data[:given].tobytes(), records[records < held] if breaks.any() else None

    def _pairs(self, data: Array, starts: Array, ends: Array) -> tuple[Array, Array, int]:
        """Returns the first and last lines of records over several lines, and from which line on more must be known."""
        quotes = np.flatnonzero(data == _QUOTE)
        before = np.searchsorted(quotes, starts)
        is_odd = (np.searchsorted(quotes, ends) - before) % 2 == 1
        delimiters = np.flatnonzero(data == self._delimiter)
        line = np.searchsorted(ends, delimiters)
        outside = (np.searchsorted(quotes, delimiters) - before[line]) % 2 == 0
        fields = np.bincount(line[outside], minlength=len(ends)) + 1
        # Lines with an odd number of quotes open and close by turns, from one whole record to the next.
        records = np.cumsum(~is_odd & (fields == self._width))
        odd = np.flatnonzero(is_odd)
        if not len(odd):
            return odd, odd, len(ends)
        group = records[odd]
        is_first = np.concatenate(([True], group[1:] != group[:-1]))
        at = np.arange(len(odd))
        opens = (at - np.maximum.accumulate(np.where(is_first, at, 0))) % 2 == 0
        is_paired = opens & np.concatenate((group[1:] == group[:-1], [False]))
        first, last = odd[is_paired], odd[np.flatnonzero(is_paired) + 1]
        short = ends[last] - starts[first] <= LONGEST_RECORD
        is_waiting = opens[-1] and group[-1] == records[-1]
        return first[short], last[short], int(odd[-1]) if is_waiting else len(ends)
