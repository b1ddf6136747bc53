"""Files of other tools whose JSON goes over several lines, or is one array, as lines of one record each.

A file whose first line is a whole value has a record a line already and passes through untouched. What a record means
does not belong here.
"""

import json
from collections.abc import Iterable, Iterator

# A document is held in memory; what is longer is read as lines, each of which then says what is wrong with it.
LONGEST_DOCUMENT = 256 << 20


def lines(contents: Iterable[bytes]) -> Iterator[bytes]:
    """Yields the bytes of a file with one record a line; a document that is no JSON becomes one line."""
    stream = iter(contents)
    start = b""
    for data in stream:
        start += data
        if b"\n" in start.lstrip() or len(start) > LONGEST_DOCUMENT:
            break
    if _is_record(start.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]):
        yield start
        yield from stream
        return
    held = [start]
    size = len(start)
    for data in stream:
        held.append(data)
        size += len(data)
        if size > LONGEST_DOCUMENT:
            yield b"".join(held)
            yield from stream
            return
    yield from _records(b"".join(held))


def _is_record(line: bytes) -> bool:
    """Whether a line is an object by itself; an array is one document however it is laid out."""
    if not line.startswith(b"{"):
        return False
    try:
        json.loads(line)
    except ValueError:
        # Lines of a file of records may be torn too; a document's first line leaves its brace open.
        return line.rstrip().endswith(b"}")
    return True


def _records(document: bytes) -> Iterator[bytes]:
    try:
        found = json.loads(document.decode("utf-8-sig", errors="surrogateescape"))
    except (ValueError, RecursionError):
        if document.strip():
            yield b" ".join(document.split()) + b"\n"
        return
    for record in found if isinstance(found, list) else [found]:
        yield json.dumps(record, separators=(",", ":")).encode() + b"\n"
