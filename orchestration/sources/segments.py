"""Bytes of export files made into segments: work files of whole, clean lines that DuckDB can read without surprises.

A segment holds a slice of a large file, or many small files one after the other, and knows which of its lines came from
which file and line. Compression, byte order marks, broken UTF-8, overlong lines and cut-off files end here; what a line
means does not belong here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from blake3 import blake3

from orchestration.sources import documents
from orchestration.sources.aside import Aside
from orchestration.sources.inflate import Inflater, inflater_of
from orchestration.sources.segment import Segment, Slice

# What is read at a time stays in the processor's cache while it is hashed, looked through and copied.
BLOCK_BYTES = 1 << 17
# Some 250 000 beacons: to plan a statement costs 3 % of reading them, and a typed read that stumbles has to begin anew.
SEGMENT_BYTES = 128 << 20
# A single report of a browser that is longer than 1 MB says nothing that we could use.
LONGEST_LINE = 1 << 20
KEPT_OF_LONG_LINE = 8192

# What stands for bytes that could not be kept; strangers' own become CONTROL, so that a mark is always ours.
NOT_UTF8, CUT_OFF, TOO_LONG, CONTROL = "\x02", "\x03", "\x04", "\x1a"
# Splits no line of ours: cleaning takes it out. `read_csv` needs some delimiter.
DELIMITER = "\x01"
_RESERVED = tuple(bytes([code]) for code in (0, 1, 2, 3, 4, 13))
_CONTROLS = bytes.maketrans(b"\x00\x01\x02\x03\x04\r", b"\x1a\x1a\x1a\x1a\x1a ")


@dataclass
class Reading:
    """One file to read, below `skipped` lines of header, and what was found; complete once the file is read.

    One that `may_be_document` may hold JSON over several lines, or an array: its lines are then the records in it.
    """

    index: int
    path: Path
    skipped: int = 0
    may_be_document: bool = False
    content_hash: str = ""
    bytes: int = 0
    is_cut: bool = False


def read_segments(
    readings: list[Reading], work: Path, head: bytes, is_quoted: bool, aside: Aside | None = None
) -> Iterator[Segment]:
    """Yields the lines of all files as segments of about SEGMENT_BYTES, in order.

    With `is_quoted` a segment ends where the quotes are balanced, so that a quoted line break is not torn apart. With
    `aside` lines that do not look like objects go there; it is full at times. The work file is used again: a segment is
    gone when the next one is asked for.
    """
    with work.open("w+b") as stream:
        segment = _begin(stream, work, head)
        for reading in readings:
            line, quotes = 1, 0
            for block, ends, is_open in clean_blocks(reading):
                if line <= reading.skipped:
                    dropped = min(reading.skipped + 1 - line, len(ends))
                    block, line = block.split(b"\n", dropped)[-1], line + dropped
                    if not block:
                        continue
                    ends = line_ends(block)
                count = len(ends)
                if aside:
                    first = Slice(reading.index, line, 1, line + count - 1 if is_open else 0)
                    block, taken = aside.sorted_out(block, ends, first)
                    segment.blanks += taken
                stream.write(block)
                segment.bytes += len(block)
                segment.note(reading.index, line, count, is_open)
                line += count
                if is_quoted and (here := _quotes(block, ends)).any():
                    segment.has_open_quotes |= bool((here % 2).any())
                    quotes += int(here.sum())
                # A stray quote leaves them unbalanced for good: a segment must end all the same.
                is_long = segment.bytes >= SEGMENT_BYTES and (quotes % 2 == 0 or segment.bytes >= 4 * SEGMENT_BYTES)
                if is_long or (aside and aside.is_full):
                    yield _finish(stream, segment)
                    segment = _begin(stream, work, head)
        if segment.bytes:
            yield _finish(stream, segment)


def first_line(path: Path) -> tuple[str, int]:
    """Returns the first line of a file that is not blank, without its end, and its number; ("", 0) if there is none."""
    line = 1
    for block, ends, _ in clean_blocks(Reading(0, path)):
        for offset, text in enumerate(block.split(b"\n")):
            if text.strip():
                return text.decode(), line + offset
        line += len(ends)
    return "", 0


def _begin(stream: BinaryIO, work: Path, head: bytes) -> Segment:
    # Overwriting in place reuses the pages that the kernel holds already.
    stream.seek(0)
    stream.write(head)
    return Segment(work)


def _finish(stream: BinaryIO, segment: Segment) -> Segment:
    stream.truncate()
    stream.flush()
    return segment


def clean_blocks(reading: Reading) -> Iterator[tuple[bytes, "np.ndarray[Any, Any]", bool]]:
    """Yields (clean lines, where each ends, whether the last of them had no end) of one file, block by block."""
    rest, first, skipping = b"", True, False
    contents = _contents(reading)
    for data in documents.lines(contents) if reading.may_be_document else contents:
        if first and data:
            data, first = data.removeprefix(b"\xef\xbb\xbf"), False
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
            yield _cleaned(block)
        else:
            rest += data
        if len(rest) > LONGEST_LINE:
            yield _cleaned(rest[:KEPT_OF_LONG_LINE] + b"\n", TOO_LONG)
            rest, skipping = b"", True
    if rest or reading.is_cut:
        block, ends, _ = _cleaned(rest + b"\n", CUT_OFF if reading.is_cut else "")
        yield block, ends, True


def _cleaned(block: bytes, mark: str = "") -> tuple[bytes, "np.ndarray[Any, Any]", bool]:
    """Returns whole lines without what is reserved for our marks; `mark` is put at the end of the last one."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if any(control in block for control in _RESERVED):
        block = block.translate(_CONTROLS)
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            block = block.decode(errors="surrogateescape").translate(_Surrogates()).encode()
    if mark:
        block = block[:-1] + mark.encode() + b"\n"
    return block, line_ends(block), False


def line_ends(block: bytes) -> "np.ndarray[Any, Any]":
    """Returns the positions of the line breaks."""
    return np.flatnonzero(np.frombuffer(block, np.uint8) == 10)


def _quotes(block: bytes, ends: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Returns how many quotes each line has."""
    starts = np.concatenate(([0], ends[:-1] + 1))
    return np.add.reduceat((np.frombuffer(block, np.uint8) == ord('"')).astype(np.int32), starts)


class _Surrogates(dict[int, str]):
    """Maps what `surrogateescape` makes of a bad byte to our mark, and every other character to itself."""

    def __missing__(self, code: int) -> str:
        return NOT_UTF8 if 0xDC80 <= code <= 0xDCFF else chr(code)


def content_hash(stream: BinaryIO) -> str:
    """Returns the hash of all bytes of a stream."""
    digest = blake3()
    for raw in iter(lambda: stream.read(BLOCK_BYTES), b""):
        digest.update(raw)
    return digest.hexdigest()


def _contents(reading: Reading) -> Iterator[bytes]:
    """Yields the decompressed bytes of a file; hashes and counts the bytes as they lie on disk."""
    digest = blake3()
    with reading.path.open("rb") as stream:
        inflater: Inflater | None = None
        for raw in iter(lambda: stream.read(BLOCK_BYTES), b""):
            digest.update(raw)
            if not reading.bytes:
                inflater = inflater_of(raw)
            reading.bytes += len(raw)
            if inflater is None:
                yield raw
            else:
                yield from inflater.inflated(raw)
        if inflater is not None and not inflater.is_whole:
            reading.is_cut = True
    reading.content_hash = digest.hexdigest()
