"""JSON that goes over several lines, or is one array, as lines of one record each.

A file whose first line is a whole value has records on its lines already and passes through untouched. Anything else is
taken apart by its brackets, in bounded memory: the elements of an array are records, and so is an object by itself.
What a record means does not belong here.
"""

import json
import re
from collections.abc import Iterable, Iterator

import numpy as np

from orchestration.sources.contents import BLOCK_BYTES
from orchestration.sources.structure import (
    BRACKET,
    COMMA,
    IS_BLANK,
    LINE_FEED,
    SPACE,
    Array,
    Quoting,
    line_ends,
    structure,
)

# So much is looked at to tell a document from lines; no record is longer than that.
_LOOKED_AT = 1 << 20
_INDENTED = re.compile(rb"\n[ \t]+")


class Records:
    """The records of a file as lines, and on which line of the file each of them began."""

    def __init__(self, contents: Iterable[bytes]):
        self._contents = iter(contents)
        self.is_document = False
        self._quoting = Quoting()
        self._depth, self._in_array = 0, False
        self._line, self._began = 1, 0
        self._numbers, self._taken = np.empty(0, np.int64), 0

    def lines(self) -> Iterator[bytes]:
        """Yields the bytes of the file with one record a line."""
        start: list[bytes] = []
        for data in self._contents:
            if not start and not data.strip():
                self._line += data.count(b"\n")
                yield data
                continue
            start.append(data)
            if self._is_decided(start):
                break
        text = b"".join(start)
        blank = len(text) - len(text.lstrip())
        yield text[:blank]
        self._line += text.count(b"\n", 0, blank)
        self.is_document = _begins_document(text[blank:])
        if not self.is_document:
            yield text[blank:]
            yield from self._contents
            return
        yield self._split(text[blank:])
        for data in self._contents:
            yield self._split(data)

    def numbers(self, count: int) -> Array:
        """Returns on which line of the file each of the next records began."""
        found, self._numbers = self._numbers[:count], self._numbers[count:]
        missing = count - len(found)
        if missing:
            # A record may be given up before its end is found: the number that it gets then is taken already.
            self._taken += missing
            found = np.concatenate((found, np.full(missing, self._began or self._line)))
        return found

    def _is_decided(self, start: list[bytes]) -> bool:
        """Tells whether the first line is a whole value, or as much was seen as is looked at."""
        if sum(map(len, start)) > _LOOKED_AT:
            return True
        if b"\n" not in start[-1] or len(start) > 1:
            return False
        line = start[0].lstrip().split(b"\n", 1)
        return len(line) == 2 and (line[0][:1] not in (b"{", b"[") or _is_whole(line[0]))

    def _split(self, block: bytes) -> bytes:
        """Returns a block with a line feed behind each record and no other."""
        block = _INDENTED.sub(b"\n", block)
        data = np.frombuffer(block, np.uint8).copy()
        feeds = line_ends(block)
        found, change = structure(data, feeds, self._quoting)
        depth = self._depth + np.cumsum(change)
        # A bracket too many closes nothing.
        depth -= np.minimum(np.minimum.accumulate(depth), 0)
        char = data[found]
        opens = (change > 0) & (depth == 1)
        within = np.maximum.accumulate(np.where(opens, np.arange(len(found)), -1))
        in_array = np.where(within >= 0, char[within] == BRACKET, self._in_array)
        closes = (change < 0) & (depth == 0)
        data[feeds] = SPACE
        data[found[opens & in_array]] = SPACE
        data[found[(char == COMMA) & (depth == 0)]] = SPACE
        ends = ((char == COMMA) & (depth == 1) & in_array) | closes
        data[found[ends & in_array]] = LINE_FEED
        self._number(data, feeds, found[ends])
        if len(found):
            self._depth, self._in_array = int(depth[-1]), bool(in_array[-1])
        behind = found[closes & ~in_array] + 1
        return (np.insert(data, behind, LINE_FEED) if len(behind) else data).tobytes().replace(b"\n ", b"\n")

    def _number(self, data: Array, feeds: Array, ends: Array) -> None:
        """Notes the lines of the records that end in a block, and of the one that is left open."""
        content = np.flatnonzero(~IS_BLANK[data])
        # Behind the end of each record, and first of all at the start, the next one begins with what is no blank.
        at = np.searchsorted(content, np.concatenate(([0], ends + 1)))
        first = content.take(at, mode="clip") if len(content) else np.zeros(len(at), np.int64)
        lines = np.searchsorted(feeds, first) + self._line
        if self._began:
            lines[0] = self._began
        is_open = at[-1] < len(content) or (self._began and not len(ends))
        self._began = int(lines[-1]) if is_open else 0
        ended = lines[:-1][self._taken :]
        self._taken = max(self._taken - len(ends), 0)
        self._numbers = np.concatenate((self._numbers, ended))
        self._line += len(feeds)


def _is_whole(line: bytes) -> bool:
    """Tells whether the brackets of a line are closed where it ends, and not before."""
    data = np.frombuffer(line, np.uint8)
    depth = np.cumsum(structure(data, np.empty(0, np.int64), Quoting())[1])
    return len(depth) > 0 and int(depth[-1]) == 0


def _begins_document(text: bytes) -> bool:
    """Tells whether a text, from its first bracket on, begins with a record that goes on behind its line's end.

    That record is valid JSON, or laid out as people read it: a torn first line of a file of records is neither.
    """
    end = text.find(b"\n")
    if text[:1] not in (b"{", b"[") or (end < 0 and len(text) <= _LOOKED_AT) or (end >= 0 and _is_whole(text[:end])):
        return False
    records, found = Records([]), b""
    for at in range(0, len(text), BLOCK_BYTES):
        found = (found + records._split(text[at : at + BLOCK_BYTES])).lstrip()
        if b"\n" in found:
            break
    try:
        json.loads(found[: found.index(b"\n")])
    except (ValueError, RecursionError):  # none that is whole, none that is valid, or none that anybody meant
        return text[end + 1 : end + 2] in (b" ", b"\t")
    return True
