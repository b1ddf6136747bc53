"""Exports made into segments: work files of whole, clean lines that DuckDB can read without surprises.

A segment holds a slice of a large file, or many small files one after the other, and knows which of its lines came from
which file and line. Broken UTF-8, overlong lines, records over several lines and cut-off files end here; what a line
means does not belong here. Time is linear in the bytes, and memory does not grow with them, whatever they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from orchestration.sources.aside import Aside
from orchestration.sources.contents import Reading, contents
from orchestration.sources.documents import Records
from orchestration.sources.quoting import Joining
from orchestration.sources.segment import Segment, Slice
from orchestration.sources.structure import Array, complexity, line_ends, unpacked

# Some 250 000 beacons: to plan a statement costs 3 % of reading them, and a typed read that stumbles has to begin anew.
SEGMENT_BYTES = 128 << 20
# DuckDB holds 2048 lines at a time, several times over: where they are long, a segment has fewer.
_LONG_LINE, _LONG_LINES_BYTES = 4096, 8 << 20
# What is remembered of where lines came from stays small, too.
_MOST_SLICES, _MOST_LINES = 50_000, 250_000
# A single report of a browser that is longer than 1 MB says nothing that we could use.
LONGEST_LINE = 1 << 20
KEPT_OF_LONG_LINE = 8192
# JSON that is nested deeper, or has more values in a line, says nothing, either: parsers take up to a hundred times its
# size for it.
DEEPEST, MOST_VALUES = 1000, 150_000

# What stands for bytes that could not be kept; strangers' own become CONTROL, so that a mark is always ours.
NOT_UTF8, CUT_OFF, TOO_LONG, TOO_COMPLEX, CONTROL = "\x02", "\x03", "\x04", "\x06", "\x1a"
# Splits no line of ours: cleaning takes it out. `read_csv` needs some delimiter.
DELIMITER = "\x01"
_RESERVED = tuple(bytes([code]) for code in range(7))
_CONTROLS = bytes.maketrans(bytes(range(7)), b"\x1a" * 7)
_BAD_BYTES = re.compile("[\udc80-\udcff]+")


@dataclass
class _Lines:
    """Whole clean lines: where each ends, the number of the first and of each if they do not follow one another."""

    block: bytes
    ends: Array
    line: int
    numbers: Array | None = None
    is_open: bool = False
    has_breaks: bool = False

    def place(self, file: int) -> Slice:
        """Returns where they come from, if they are of a file."""
        last = self.line + len(self.ends) - 1 if self.numbers is None else int(self.numbers[-1])
        return Slice(file, self.line, len(self.ends), last if self.is_open else 0, self.numbers)

    def drop(self, count: int) -> None:
        """Leaves out the first lines."""
        count = min(count, len(self.ends))
        self.block, self.line = self.block.split(b"\n", count)[-1], self.line + count
        self.ends = line_ends(self.block)


def read_segments(readings: list[Reading], work: Path, head: bytes, aside: Aside | None = None) -> Iterator[Segment]:
    """Yields the lines of all files as segments of about SEGMENT_BYTES, in order.

    With `aside` lines that do not look like objects go there, unless they are very many: then the segment `is_odd`, and
    no line of it was set aside. It is full at times. The work file is used again: a segment is gone when the next one
    is asked for.
    """
    with work.open("w+b") as stream:
        segment = _begin(stream, work, head)
        for reading in readings:
            for lines in _lines(reading):
                block, place = lines.block, lines.place(reading.index)
                if aside and not segment.is_odd:
                    if sorted_out := aside.sorted_out(block, lines.ends, place):
                        block, blanks = sorted_out
                        segment.blanks += blanks
                    else:
                        if segment.bytes:
                            yield _finish(stream, segment)
                            segment = _begin(stream, work, head)
                        segment.is_odd = True
                stream.write(block)
                segment.note(place, len(block), int(np.diff(lines.ends, prepend=-1).max()), lines.has_breaks)
                if _is_full(segment) or (aside and aside.is_full):
                    yield _finish(stream, segment)
                    segment = _begin(stream, work, head)
        if segment.bytes:
            yield _finish(stream, segment)


def first_lines(path: Path, most: int = 1) -> list[tuple[int, str]]:
    """Returns the first lines of a file that are not blank, without their ends, and their numbers."""
    found: list[tuple[int, str]] = []
    line = 1
    for block, ends, _ in clean_blocks(Reading(0, path)):
        if block.strip():
            for offset, text in enumerate(block.split(b"\n")):
                if text.strip():
                    found.append((line + offset, text.decode()))
                if len(found) == most:
                    return found
        line += len(ends)
    return found


def _lines(reading: Reading) -> Iterator[_Lines]:
    """Yields the lines of a file below its header, block by block: one record each, and not all of them blank."""
    joining = Joining(reading.delimiter, reading.width) if reading.width else None
    records = Records(contents(reading)) if reading.is_json else None
    line = 1
    for block, ends, is_open in clean_blocks(reading, records):
        lines = _Lines(block, ends, line, is_open=is_open)
        line += len(ends)
        if records and records.is_document:
            lines.numbers = records.numbers(len(ends))
        if lines.line <= reading.skipped:
            lines.drop(reading.skipped + 1 - lines.line)
        if joining and (joining.held_lines or lines.block.strip()):
            lines = _joined(joining, lines.block, lines.line)
        elif records and lines.numbers is None and (batches := unpacked(lines.block, lines.ends)):
            lines = _Lines(batches[0], line_ends(batches[0]), lines.line, lines.line + batches[1], is_open)
        if lines.block.strip():
            yield lines
        if reading.most and line > reading.skipped + reading.most:
            break
    if joining and joining.held_lines:
        yield _joined(joining, b"", line, is_last=True)


def _joined(joining: Joining, block: bytes, line: int, is_last: bool = False) -> _Lines:
    """Returns the records that lines, of which `line` is the first, complete or are."""
    first = line - joining.held_lines
    block, origin = joining.joined(block, is_last)
    numbers = None if origin is None else first + origin
    return _Lines(block, line_ends(block), first, numbers, has_breaks=joining.has_breaks)


def _is_full(segment: Segment) -> bool:
    if segment.bytes >= SEGMENT_BYTES or len(segment.slices) >= _MOST_SLICES or segment.line_count >= _MOST_LINES:
        return True
    return segment.bytes >= _LONG_LINES_BYTES and segment.bytes > segment.line_count * _LONG_LINE


def _begin(stream: BinaryIO, work: Path, head: bytes) -> Segment:
    # Overwriting in place reuses the pages that the kernel holds already.
    stream.seek(0)
    stream.write(head)
    return Segment(work)


def _finish(stream: BinaryIO, segment: Segment) -> Segment:
    stream.truncate()
    stream.flush()
    return segment


def clean_blocks(reading: Reading, records: Records | None = None) -> Iterator[tuple[bytes, Array, bool]]:
    """Yields (clean lines, where each ends, whether the last of them had no end) of one file, block by block."""
    rest, skipping = b"", False
    for data in records.lines() if records else contents(reading):
        cut = data.rfind(b"\n") + 1
        if skipping:
            start = data.find(b"\n") + 1
            if not start:
                continue
            data, cut, skipping = data[start:], cut - start, False
        if cut and len(rest) + data.find(b"\n") > LONGEST_LINE:
            yield _cleaned(rest[:KEPT_OF_LONG_LINE] + b"\n", TOO_LONG)
            start = data.find(b"\n") + 1
            rest, data, cut = b"", data[start:], cut - start
        if cut:
            block, rest = rest + data[:cut], data[cut:]
            yield _cleaned(block, is_json=reading.is_json)
        else:
            rest += data
        if len(rest) > LONGEST_LINE:
            yield _cleaned(rest[:KEPT_OF_LONG_LINE] + b"\n", TOO_LONG)
            rest, skipping = b"", True
    if rest or reading.is_cut:
        block, ends, _ = _cleaned(rest + b"\n", CUT_OFF if reading.is_cut else "", reading.is_json)
        yield block, ends, True


def _cleaned(block: bytes, mark: str = "", is_json: bool = False) -> tuple[bytes, Array, bool]:
    """Returns whole lines without what is reserved for our marks; `mark` is put at the end of the last one."""
    if any(control in block for control in _RESERVED):
        block = block.translate(_CONTROLS)
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            block = _BAD_BYTES.sub(NOT_UTF8, block.decode(errors="surrogateescape")).encode()
    if mark:
        block = block[:-1] + mark.encode() + b"\n"
    ends = line_ends(block)
    return (*_without_complex(block, ends), False) if is_json else (block, ends, False)


def _without_complex(block: bytes, ends: Array) -> tuple[bytes, Array]:
    """Returns whole lines of JSON, and where each ends, with a mark and only the beginning of those too complex."""
    starts = np.concatenate(([0], ends[:-1] + 1))
    long = np.flatnonzero(ends - starts > DEEPEST)
    kept, begin = [], 0
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        opened = block.count(b"[", start, end) + block.count(b"{", start, end)
        if opened > DEEPEST or (end - start > MOST_VALUES and block.count(b",", start, end) > MOST_VALUES):
            depth, values = complexity(block[start:end])
            if depth > DEEPEST or values > MOST_VALUES:
                beginning = block[start : min(start + KEPT_OF_LONG_LINE, end)].decode(errors="ignore").encode()
                kept += [block[begin:start], beginning, TOO_COMPLEX.encode()]
                begin = end
    if not kept:
        return block, ends
    block = b"".join([*kept, block[begin:]])
    return block, line_ends(block)
