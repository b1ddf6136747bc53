"""The bytes of an export as UTF-8 text with line feeds, whatever it was packed, encoded and ended with.

Pieces are small, so that everything behind this holds little at a time. Which of them make a line or a record belongs
to `segments` and `documents`.
"""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from orchestration.sources.inflate import Inflater, inflater_of

# What is read at a time stays in the processor's cache while it is hashed, looked through and copied.
BLOCK_BYTES = 1 << 17
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# What is no UTF-16 becomes what is no UTF-8, so that its line says so.
codecs.register_error("beaconmart.bad", lambda error: ("\udcff", getattr(error, "end", 0)))


@dataclass
class Reading:
    """One file to read, and what was found; complete once the file is read.

    Lines up to `skipped` are its header. Of `json` each line is an object or an array of objects, and a value may go
    over several lines; lines of a CSV file with a known header end where its quotes are closed and have `width` fields.
    No more than `most` lines are read, if it is set.
    """

    index: int
    path: Path
    skipped: int = 0
    is_json: bool = False
    delimiter: str = ","
    width: int = 0
    most: int = 0
    content_hash: str = ""
    bytes: int = 0
    is_cut: bool = False


def contents(reading: Reading) -> Iterator[bytes]:
    """Yields the text of a file in pieces of at most BLOCK_BYTES; hashes and counts the bytes as they lie on disk."""
    yield from _with_line_feeds(_pieces(_as_utf8(_unpacked(reading))))


def content_hash(stream: BinaryIO) -> str:
    """Returns the hash of all bytes of a stream."""
    digest = blake3()
    for raw in iter(lambda: stream.read(BLOCK_BYTES), b""):
        digest.update(raw)
    return digest.hexdigest()


def _unpacked(reading: Reading) -> Iterator[bytes]:
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


def _as_utf8(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Takes the byte order mark off, and decodes the UTF-16 that spreadsheets write as "Unicode text"."""
    start = b""
    for data in parts:
        start += data
        if len(start) > len(codecs.BOM_UTF8):
            break
    encoding = _UTF16.get(start[:2])
    if encoding is None:
        yield start.removeprefix(codecs.BOM_UTF8)
        yield from parts
        return
    decoder = codecs.getincrementaldecoder(encoding)("beaconmart.bad")
    yield _encoded(decoder.decode(start[2:]))
    for data in parts:
        yield _encoded(decoder.decode(data))
    yield _encoded(decoder.decode(b"", final=True))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    for data in parts:
        if len(data) <= BLOCK_BYTES:
            yield data
        else:
            yield from (data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES))


def _with_line_feeds(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Ends lines with a line feed in place of CR LF and of CR; a CR at the end of a piece waits for the next."""
    held = b""
    for data in parts:
        if held or b"\r" in data:
            data = held + data
            held = data[-1:] if data.endswith(b"\r") else b""
            data = data[: len(data) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield data
    if held:
        yield b"\n"
